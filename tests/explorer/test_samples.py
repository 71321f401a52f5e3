"""Does the page of samples draw what it says? The sheets' pictures against torch, the words, the files."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.pages.samples.drawn import FITTED, POSTERIOR, PRIOR, Choice, arrays_file, caution, drawn, sentence, sources, title
from tests.explorer.conftest import KINDS
from tests.explorer.shown import app, said, sound, words
from trainer.runs.catalogue import load_run

pytestmark = pytest.mark.usefixtures("fresh_app")


def sheets(test) -> list[tuple[str, np.ndarray]]:
    found = []
    for image in test.get("image"):
        one = image.proto.imgs[0]
        found.append((image.proto.alt if hasattr(image.proto, "alt") else "", _pixels(one.url)))
    return found


def _pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))


def choice(**change) -> Choice:
    return Choice(**{"source": PRIOR, "pixels": "mean", "n": 20, "temperature": 1.0, "seed": 0, **change})


def test_the_first_sheet_is_decoded_from_the_prior_and_real_images_stand_beside_it():
    run = load_run("mnist-2d")
    test = sound(app(run="mnist-2d", view="samples").run())
    assert "20 pictures from the prior" in words(test)
    assert "20 test images" in words(test)
    ours, real = (pixels for _, pixels in sheets(test))
    assert ours.shape == real.shape
    z = drawn(run, choice()).z
    first = run.model.decode(z[:1])[0, 0].numpy()
    factor = ours.shape[0] // (4 * 28 + 3)
    np.testing.assert_allclose(ours[: 28 * factor : factor, : 28 * factor : factor], 255 * first, atol=1)


def test_a_seed_gives_the_same_sheet_and_mean_and_draw_have_the_same_codes():
    run = load_run("mnist-20d")
    one, again, other = drawn(run, choice()), drawn(run, choice()), drawn(run, choice(seed=1))
    np.testing.assert_array_equal(one.images, again.images)
    assert (one.z != other.z).any()
    coins = drawn(run, choice(pixels="draw"))
    np.testing.assert_array_equal(one.z, coins.z)
    assert set(np.unique(coins.images)) == {0.0, 1.0}
    # Bernoulli: mean over pixels of draws is that of the means, to five standard errors
    assert abs(float(coins.images.mean() - one.images.mean())) < 5 * 0.5 / np.sqrt(coins.images.size)


def test_where_the_codes_are_not_spread_as_the_prior_the_page_says_by_how_much():
    """The bound is that of the run's own record: the density's factor is its exponential."""
    run = load_run("walker-2d")
    low, _ = run.info.examination.prior_distance
    factor = f"at least {np.exp(low):.1f} times as dense"
    assert factor in caution(run, choice()) and factor in words(sound(app(run="walker-2d", view="samples").run()))
    assert caution(run, choice(source=POSTERIOR)) == ""
    assert caution(load_run("mnist-2d"), choice()) == ""
    unjudged = run.info.model_copy(update={"examination": None})
    assert caution(replace(run, info=unjudged), choice()) == ""


def test_temperature_0_decodes_the_mean():
    run = load_run("mnist-20d")
    origin = run.model.decode(torch.zeros(1, 20))[0].numpy()
    np.testing.assert_allclose(drawn(run, choice(temperature=0.0)).images, np.tile(origin, (20, 1, 1, 1)), atol=1e-5)
    of_image = drawn(run, choice(source=POSTERIOR, temperature=0.0, row=7))
    np.testing.assert_allclose(of_image.z, np.tile(run.encodings.mu[7], (20, 1)))


@pytest.mark.parametrize("name", list(KINDS))
@pytest.mark.parametrize("pixels", ["mean", "draw"])
def test_every_kind_of_model_is_drawn_from_and_says_what_was_sampled(name, pixels, kinds):
    run = load_run(name, kinds)
    for source in sources(run):
        if pixels == "draw" and run.config.is_deterministic:
            continue
        what = choice(source=source, pixels=pixels, n=12)
        found = drawn(run, what)
        assert found.images.shape == (12, *run.image_shape)
        assert np.isfinite(found.images).all()
        assert 0 <= found.images.min() <= found.images.max() <= 1
        said = f"{title(run, what)}. {sentence(run, what)}"
        assert ("N(0, I)" in said) != run.config.is_deterministic
        assert ("one draw from p(x|z)" in said) == (pixels == "draw")
        assert ("as " in said) or not run.config.is_conditional
        with np.load(io.BytesIO(arrays_file(run, what, found))) as stored:
            np.testing.assert_array_equal(stored["images"], found.images)
            np.testing.assert_array_equal(stored["z"], found.z)
            assert str(stored["what"]) == f"{name}: {said}"


def test_a_model_without_a_prior_says_so_and_names_the_gaussian(kinds, monkeypatch):
    monkeypatch.setenv("LATENT_RUNS", str(kinds))
    name = next(name for name in KINDS if load_run(name, kinds).config.is_deterministic)
    assert sources(load_run(name, kinds)) == (FITTED,)
    text = words(sound(app(run=name, view="samples").run()))
    assert "it has no prior to sample from" in text
    assert "from a Gaussian fitted to the codes" in text
    assert "from the prior" not in text


def test_a_conditional_model_is_asked_for_every_class_in_turn_or_for_one(kinds, monkeypatch):
    monkeypatch.setenv("LATENT_RUNS", str(kinds))
    run = load_run("conditional", kinds)
    found = drawn(run, choice(n=20))
    assert found.labels.tolist() == [i % run.n_classes for i in range(20)]
    expected = run.model.decode(found.z, found.labels).numpy()
    np.testing.assert_allclose(found.images, expected, atol=1e-4)
    assert set(drawn(run, choice(label=3)).labels) == {3}
    test = sound(app(run="conditional", view="samples").run())
    assert "as every class in turn" in words(test)
    test.selectbox(key="samples-class").set_value(3)
    assert "test images of class 3" in words(sound(test.run()))


def test_without_the_data_set_the_real_images_are_said_to_be_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("LATENT_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    test = sound(app(run="mnist-2d", view="samples").run())
    assert "mnist is not on this machine, so no test images stand beside the samples." in [said(box) for box in test.info]
    assert "Download mnist" in [button.label for button in test.button]
