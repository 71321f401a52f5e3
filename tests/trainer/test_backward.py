"""Are the gradients that are written out those of autograd, and is a training by them the same training?"""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from trainer.config import FitConfig, checked
from trainer.errors import TrainingDiverged
from trainer.models import layers as spec
from trainer.models.torch_engine import Vae, model_of
from trainer.training.backward.flat import FlatAdam
from trainer.training.backward.pixels import bernoulli
from trainer.training.backward.rules import is_known
from trainer.training.backward.step import WrittenStep, reason_against
from trainer.training.distributed import Noise, Team
from trainer.training.fit import fit
from trainer.training.objectives import Batch, Objective
from trainer.training.schedules import StepSettings

IMAGE = (1, 5, 6)
SCALED = [*product(("gaussian", "laplace"), ("fixed", "learned", "optimal"))]
TRAINED = FitConfig(hidden=(12,), epochs=5, batch_size=17, umap=False, classifier=False)


def optimiser_of(parameters, **options) -> torch.optim.AdamW:
    return torch.optim.AdamW([p for p in parameters if p.requires_grad], fused=True, **options)


def both(
    config: FitConfig, n: int, beta: float, dtype: torch.dtype, seed: int = 0
) -> tuple[dict, dict, torch.Tensor, torch.Tensor]:
    """Gradients by name and the two terms: autograd's and the written ones, of the same weights, pictures and noise."""
    torch.manual_seed(seed)
    model = model_of(config, IMAGE, 0).to(dtype)
    x, eps = torch.rand(n, *IMAGE, dtype=dtype), torch.randn(n, config.latent_dim, dtype=dtype)
    loss, terms = Objective(model)(Batch(x), lambda *_: eps, StepSettings(beta))
    loss.backward()
    wanted = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    step = WrittenStep(model, optimiser_of(model.parameters()))
    found = step.differentiate(Batch(x), eps, beta)
    return wanted, step.gradients(), terms, found.clone()


def check(config: FitConfig, n: int, beta: float, dtype: torch.dtype, tolerance: float, seed: int = 0) -> None:
    """Each gradient, beside the largest number in it; that of log σ is a difference of two sums of about as many nats as pixels."""
    wanted, found, terms, written_terms = both(config, n, beta, dtype, seed)
    assert wanted.keys() <= found.keys()
    for name, gradient in wanted.items():
        size = 30.0 if name == "log_sigma" else max(float(gradient.abs().max()), 1e-3)
        torch.testing.assert_close(
            found[name], gradient, rtol=0, atol=tolerance * size, msg=lambda words, name=name: f"{name}: {words}"
        )
    torch.testing.assert_close(written_terms, terms, rtol=tolerance, atol=30 * tolerance)


@pytest.mark.parametrize("activation", ["relu", "silu", "gelu", "tanh"])
@pytest.mark.parametrize(("likelihood", "scale"), [("bernoulli", "fixed"), *SCALED])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-6)])
def test_gradients_are_those_of_autograd(activation, likelihood, scale, dtype, tolerance):
    for beta, free_bits in product((0.0, 1.0, 4.0), (0.0, 0.05)):
        config = FitConfig(
            hidden=(17, 9), latent_dim=3, activation=activation, likelihood=likelihood, scale=scale, sigma=0.5, free_bits=free_bits
        )
        check(config, 23, beta, dtype, tolerance)


@settings(max_examples=25, deadline=None)
@given(
    hidden=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    n_dims=st.integers(1, 6),
    n=st.integers(1, 40),
    beta=st.floats(0, 20),
    free_bits=st.sampled_from([0.0, 0.01, 0.3]),
    seed=st.integers(0, 10_000),
)
def test_gradients_of_any_widths_and_batches(hidden, n_dims, n, beta, free_bits, seed):
    config = FitConfig(hidden=tuple(hidden), latent_dim=n_dims, free_bits=free_bits)
    check(config, n, beta, torch.float64, 1e-10, seed)


def test_a_linear_network_with_coins():
    check(FitConfig(network="linear", latent_dim=4), 11, 1.0, torch.float64, 1e-10)


def test_coins_at_any_logit():
    logits = torch.tensor([[-500.0, -88.0, -20.0, -1e-3, 0.0, 0.7, 18.0, 500.0]]).repeat(3, 1)
    x = torch.tensor([0.0, 0.4, 1.0])[:, None].repeat(1, 8)
    known = logits.clone().requires_grad_()
    nll = functional.binary_cross_entropy_with_logits(known, x, reduction="sum")
    nll.backward()
    slope = torch.empty_like(logits)
    assert bernoulli(logits, x, slope).item() == pytest.approx(nll.item(), rel=1e-6)
    torch.testing.assert_close(slope, known.grad, rtol=0, atol=1e-6)


def test_the_flat_step_is_that_of_torch():
    torch.manual_seed(1)
    shapes = [(7, 5), (7,), (), (33, 2)]
    mine, theirs = ([nn.Parameter(torch.ones(shape)) for shape in shapes] for _ in range(2))
    options = {"lr": 1e-2, "weight_decay": 0.1, "eps": 1e-6}
    ours, reference = optimiser_of(mine, **options), optimiser_of(theirs, **options)
    flat = FlatAdam(mine, ours)
    for rate in (1e-2, 1e-2, 5e-3, 1e-3):
        for a, b in zip(mine, theirs, strict=True):
            b.grad = torch.randn_like(b)
            flat.gradient_of(a).copy_(b.grad)
        flat.update(rate)
        reference.param_groups[0]["lr"] = rate
        reference.step()
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=0)
        for key, value in reference.state[b].items():
            torch.testing.assert_close(ours.state[a][key], value, rtol=1e-6, atol=0)


# --- which way


def reason(config: FitConfig, device: str = "cpu", n_processes: int = 1) -> str:
    n_classes = 3 if config.is_conditional else 0
    return reason_against(Vae(config, (1, 8, 8), n_classes), device, n_processes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"likelihood": "gaussian"}, ""),
        ({"precision": "bf16"}, ""),
        ({"network": "conv", "hidden": (4,)}, "network conv"),
        ({"model": "conditional-vae"}, "model conditional-vae"),
        ({"model": "autoencoder"}, "model autoencoder"),
        ({"context": 5}, "a context"),
        ({"importance_samples": 5}, "importance samples"),
        ({"lagging_steps": 5}, "lagging inference"),
        ({"network": "linear", "likelihood": "gaussian"}, "pixels whose expectation has a closed form"),
        ({"likelihood": "continuous-bernoulli"}, "pixels that are continuous-bernoulli"),
        ({"likelihood": "gaussian", "scale": "per-pixel"}, "a scale for every pixel"),
        ({"precision": "autocast"}, "mixed precision"),
    ],
)
def test_what_autograd_is_left(changes, words):
    assert reason(checked(FitConfig(hidden=(6,)), **changes)) == words


def test_other_devices_and_several_processes_are_left_to_autograd():
    assert reason(FitConfig(), device="cuda") == "a cuda device"
    assert reason(FitConfig(), n_processes=2) == "2 processes"


def test_a_graph_that_is_no_row_of_dense_layers_is_not_known():
    row = (spec.Linear(4, 3), spec.Activation("relu"), spec.Linear(3, 2))
    assert is_known(row)
    assert not is_known((spec.Activation("relu"), *row))  # it would overwrite the pictures
    assert not is_known((*row[:2], spec.Activation("tanh"), row[2]))  # the second would overwrite what the first needs
    assert not is_known((*row[:2], spec.Linear(3, 2, inputs=(0,))))
    assert not is_known((*row, spec.Clamp(0.0, 1.0)))


# --- a whole training


@pytest.fixture
def by_autograd(monkeypatch):
    """For as long as it is called with True."""

    def choose(wanted: bool) -> None:
        import trainer.training.loop as loop

        monkeypatch.setattr(loop, "reason_against", (lambda *_: "asked for") if wanted else reason_against)

    return choose


def history(folder) -> np.ndarray:
    return np.genfromtxt(folder / "history.csv", delimiter=",", names=True).view(float).reshape(TRAINED.epochs, -1)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"likelihood": "gaussian", "free_bits": 0.1, "weight_decay": 0.01}, {"binarise": True}])
def test_both_ways_learn_the_same(tiny_dataset, tmp_path, by_autograd, changes):
    config = checked(TRAINED, **changes)
    for name in ("written", "autograd"):
        by_autograd(name == "autograd")
        list(fit(config, tiny_dataset, name, tmp_path))
    np.testing.assert_allclose(history(tmp_path / "written"), history(tmp_path / "autograd"), rtol=1e-5, atol=1e-5)
    machine = {name: json.loads((tmp_path / name / "run.json").read_text())["machine"] for name in ("written", "autograd")}
    assert machine["written"].endswith(", gradients written out")
    assert machine["autograd"].endswith(", gradients by autograd (asked for)")


@pytest.mark.slow
@pytest.mark.parametrize("first_by_autograd", [False, True])
def test_a_checkpoint_of_one_way_goes_on_in_the_other(tiny_dataset, tmp_path, by_autograd, monkeypatch, first_by_autograd):
    monkeypatch.setattr("trainer.training.loop.CHECKPOINT_S", 0.0)
    monkeypatch.setattr("trainer.training.loop.STEP_EVENTS_S", 0.0)
    by_autograd(first_by_autograd)
    list(fit(TRAINED, tiny_dataset, "whole", tmp_path))
    events = fit(TRAINED, tiny_dataset, "cut", tmp_path)
    for _ in range(11):
        next(events)
    events.close()
    by_autograd(not first_by_autograd)
    list(fit(TRAINED, tiny_dataset, "cut", tmp_path, resume=True))
    np.testing.assert_allclose(history(tmp_path / "cut"), history(tmp_path / "whole"), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_what_is_no_number_is_found_at_its_step(tiny_dataset, tmp_path, monkeypatch):
    calls = []

    def poisoned(self, *dims):
        calls.append(dims)
        return torch.full((self.rows.n, *dims), float("nan") if len(calls) > 6 else 0.5)

    monkeypatch.setattr(Noise, "__call__", poisoned)
    with pytest.raises(TrainingDiverged, match="step 6: the reconstruction term is not a finite number"):
        list(fit(TRAINED, tiny_dataset, "bad", tmp_path))


def test_the_last_batch_may_be_short():
    torch.manual_seed(3)
    model = model_of(TRAINED, IMAGE, 0)
    step = WrittenStep(model, optimiser_of(model.parameters()))
    for n in (17, 5, 17):
        noise = Noise(torch.Generator().manual_seed(n), Team().rows(n), torch.device("cpu"))
        terms = step(Batch(torch.rand(n, *IMAGE)), noise, 1.0, 1e-3)
        assert terms.shape == (2,)
        assert torch.isfinite(terms).all()
