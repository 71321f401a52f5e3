"""Is what the browser gets of a training that goes on the state that the trainer wrote: codes, terms, decoder, history?"""

from __future__ import annotations

import numpy as np
import pytest

from explorer.surface import live as wire
from explorer.surface.live import pack_live
from explorer.surface.lowering import plain_network
from explorer.surface.payload import arrays_of
from trainer.config import FitConfig, checked
from trainer.models.networks import decoder_parameter_shapes
from trainer.runs.live import Live

CONFIG = FitConfig(hidden=(7,), epochs=10, beta=3.0, learning_rate=0.02)
SHAPE = (1, 3, 4)


def live(config: FitConfig, n_rows: int = 4) -> Live:
    draw = np.random.default_rng(0)
    names = ("a", "b", "c")
    shapes = decoder_parameter_shapes(config, SHAPE, len(names) if config.is_conditional else 0)
    weights = {name: draw.normal(size=shape).astype(np.float16).astype(np.float32) for name, shape in shapes.items()}
    row = {"train_reconstruction": 5.0, "test_reconstruction": 6.0, "train_kl": 1.0, "test_kl": 2.0}
    return Live(
        config=config,
        image_shape=SHAPE,
        class_names=names,
        step=170,
        n_steps=400,
        epoch=4.25,
        beta=1.5,
        learning_rate=0.01,
        reconstruction=float("nan"),
        kl=2.5,
        history=tuple({**row, "epoch": float(epoch + 1)} for epoch in range(n_rows)),
        kl_per_dim=np.zeros(0, np.float32) if config.is_deterministic else draw.random(config.latent_dim).astype(np.float32),
        mu=draw.normal(size=(9, config.latent_dim)).astype(np.float16),
        label=np.arange(9) % 4 - 1,
        index=np.arange(9) * 3,
        weights=weights,
    )


@pytest.mark.parametrize("changes", [{}, {"model": "autoencoder"}, {"model": "conditional-vae"}, {"latent_dim": 5}])
def test_it_is_the_state_that_was_written(changes):
    state = live(checked(CONFIG, **changes))
    header, arrays = arrays_of(pack_live(state, CONFIG, 7, "mine", "running", True))
    assert (header["number"], header["run"], header["phase"], header["steers"], header["is_begun"]) == (
        7,
        "mine",
        "running",
        True,
        True,
    )
    assert (header["step"], header["n_steps"], header["epoch"], header["kl"]) == (170, 400, 4.25, 2.5)
    assert header["reconstruction"] == 0  # what is not a number has no form in JSON
    assert (header["beta"], header["set_beta"], header["set_learning_rate"]) == (1.5, 3.0, 0.02)
    assert header["decoded_as"] == ("a" if state.config.is_conditional else None)
    for name in ("mu", "label", "index"):
        np.testing.assert_array_equal(arrays[name], getattr(state, name))
    assert arrays["kl_per_dim"].shape == (state.config.latent_dim,)
    np.testing.assert_array_equal(arrays["history.step"], [40, 80, 120, 160])
    np.testing.assert_array_equal(arrays["history.test_reconstruction"], [6, 6, 6, 6])
    expected = plain_network(state, "decoder", 0 if state.config.is_conditional else None).arrays
    named = {key for op in header["decoder"] for key in op.values() if isinstance(key, str) and key.startswith("w.")}
    assert named == {f"w.decoder.{name}" for name in expected}
    for name, array in expected.items():
        np.testing.assert_allclose(arrays[f"w.decoder.{name}"], array, rtol=1e-3, atol=1e-3)


def test_before_its_first_step_it_is_what_was_asked_for():
    header, arrays = arrays_of(pack_live(None, CONFIG, 2, "mine", "waiting", False))
    assert (header["is_begun"], header["phase"], header["set_beta"], header["latent_dim"]) == (False, "waiting", 3.0, 2)
    assert arrays == {}


def test_a_decoder_that_is_too_large_is_not_sent_and_that_is_said(monkeypatch):
    monkeypatch.setattr(wire, "MOST_WEIGHTS", 10)
    header, arrays = arrays_of(pack_live(live(CONFIG), CONFIG, 1, "r", "running", True))
    assert "too many to be sent" in header["why_no_decoder"]
    assert [op["op"] for op in header["decoder"]] == ["constant"]
    assert arrays["w.decoder.0.weight"].shape == SHAPE
