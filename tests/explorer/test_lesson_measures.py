"""Is each number that a lesson can name what its definition says? A second opinion from the stored arrays: scipy, scikit-learn, own sums.

Every measure has a line in `SECOND` or `SECOND_OF_DIMENSIONS`, or a test fails.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import log_softmax, logsumexp
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from torch.distributions import Normal, kl_divergence

from explorer.lessons.measures import MEASURES, OF_DIMENSIONS, MeasureName, measured
from trainer.datasets import load_dataset
from trainer.runs.catalogue import load_run, shipped_roots
from trainer.runs.read import Run

PLANE, LABELS = "digits-2d", "digits-m2"
N_GAPS = 200


@lru_cache
def run_of(name: str) -> Run:
    return load_run(name, shipped_roots())


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@lru_cache
def pictures(split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """Digits (N, 64) from 0 to 1 and their classes."""
    part = load_dataset("digits").subset(split)
    return part.images.reshape(len(part.images), -1) / 255, part.labels


def layers(weights: dict, part: str, x: np.ndarray) -> np.ndarray:
    """A dense network with SiLU between its layers, by hand."""
    numbers = sorted({int(key.split(".")[1]) for key in weights if key.startswith(f"{part}.")})
    for i in numbers:
        x = x @ weights[f"{part}.{i}.weight"].T.astype(float) + weights[f"{part}.{i}.bias"]
        if i != numbers[-1]:
            x = x / (1 + np.exp(-x))
    return x


def decoded(z: np.ndarray) -> np.ndarray:
    return layers(run_of(PLANE).weights, "decoder", z)


def sigma() -> float:
    return math.exp(float(run_of(PLANE).weights["log_sigma"]))


def nll(z: np.ndarray, x: np.ndarray) -> np.ndarray:
    return -stats.norm.logpdf(x, decoded(z), sigma()).sum(-1)


def draws(rows: slice = slice(None)) -> np.ndarray:
    """One code of each posterior."""
    codes = run_of(PLANE).encodings
    return codes.mu[rows] + np.exp(codes.logvar[rows] / 2) * rng().standard_normal(codes.mu[rows].shape)


@lru_cache
def distortion() -> float:
    codes, noise, x = run_of(PLANE).encodings, rng(), pictures()[0]
    return float(np.mean([nll(codes.mu + np.exp(codes.logvar / 2) * noise.standard_normal(codes.mu.shape), x) for _ in range(20)]))


@lru_cache
def kl_by_torch() -> np.ndarray:
    """(K,): the mean over the images."""
    codes = run_of(PLANE).encodings
    q = Normal(torch.tensor(codes.mu).double(), torch.tensor(np.exp(codes.logvar / 2)).double())
    return kl_divergence(q, Normal(0.0, 1.0)).mean(0).numpy()


@lru_cache
def log_px() -> float:
    """By draws of each posterior and their weights."""
    codes, x = run_of(PLANE).encodings, pictures()[0]
    std = np.exp(codes.logvar / 2)
    eps = rng().standard_normal((200, *codes.mu.shape))
    z = codes.mu + std * eps
    weights = [-nll(one, x) + (stats.norm.logpdf(one) - stats.norm.logpdf(one, codes.mu, std)).sum(1) for one in z]
    return float((logsumexp(weights, 0) - math.log(len(z))).mean())


@lru_cache
def information() -> float:
    """E log q(z|x) − log (1/N) Σ_j q(z|x_j), both over the images and draws."""
    codes, noise, found = run_of(PLANE).encodings, rng(), []
    std = np.exp(codes.logvar / 2)
    for _ in range(8):
        z = codes.mu + std * noise.standard_normal(codes.mu.shape)
        each = stats.norm.logpdf(z[:, None], codes.mu, std).sum(2)
        found.append(np.diag(each) - logsumexp(each, 1) + math.log(len(z)))
    return float(np.mean(found))


def shuffled(k: int | None = None) -> float:
    """Rise of the loss where dimension k, or the whole code, is another image's: the mean of several shuffles."""
    z, x, noise, found = draws(), pictures()[0], rng(), []
    for _ in range(12):
        other = z.copy()
        order = noise.permutation(len(z))
        columns = slice(None) if k is None else [k]
        other[:, columns] = z[order][:, columns]
        found.append(nll(other, x).mean() - nll(z, x).mean())
    return float(np.mean(found))


# --- the gaps


@lru_cache
def gaps() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ELBO of the encoder's Gaussian and of the best, both by Gauss-Hermite and the latter by L-BFGS in float64; log p(x) on a grid."""
    run, x = run_of(PLANE), torch.from_numpy(pictures()[0][:N_GAPS])
    codes = run.encodings
    nodes, weights = np.polynomial.hermite_e.hermegauss(7)
    eps = torch.tensor(np.stack(np.meshgrid(nodes, nodes), -1).reshape(-1, 2))
    mass = torch.tensor(np.outer(weights, weights).ravel() / (2 * math.pi))
    net = {key: torch.tensor(value).double() for key, value in run.weights.items() if key.startswith("decoder")}

    def bound(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
        z = mu + (logvar / 2).exp() * eps[:, None]
        for i in (0, 2, 4):
            z = z @ net[f"decoder.{i}.weight"].T + net[f"decoder.{i}.bias"]
            z = z if i == 4 else torch.nn.functional.silu(z)
        likelihood = Normal(z, sigma()).log_prob(x).sum(2)
        kl = 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1)
        return (mass[:, None] * likelihood).sum(0) - kl

    mu, logvar = (torch.tensor(part[:N_GAPS]).double().requires_grad_() for part in (codes.mu, codes.logvar))
    start = bound(mu, logvar).detach().numpy()
    optimiser = torch.optim.LBFGS([mu, logvar], max_iter=25, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        total = -bound(mu, logvar).sum()
        total.backward()
        return total

    optimiser.step(loss)
    best = np.maximum(bound(mu, logvar).detach().numpy(), start)
    return start, best, np.array(_grid_log_px(x.numpy()))


def _grid_log_px(x: np.ndarray) -> list[float]:
    axis = np.arange(-6, 6.001, 0.03)
    z = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    images = decoded(z)
    prior = stats.norm.logpdf(z).sum(1) + 2 * math.log(0.03)
    scale = -0.5 / sigma() ** 2
    squares, constant = (images**2).sum(1), -64 * math.log(sigma() * math.sqrt(2 * math.pi))
    return [float(logsumexp(scale * (squares - 2 * images @ one + one @ one) + prior) + constant) for one in x]


# --- M2


@lru_cache
def class_bounds() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """−L(x, y) (N, 10) by torch's model and 16 draws, q(y|x) (N, 10) by hand, classes (N,)."""
    run, (x, label) = run_of(LABELS), pictures()
    images, generator = torch.from_numpy(x).float().view(-1, 1, 8, 8), torch.Generator().manual_seed(5)
    eps = torch.randn((16, len(x), run.config.latent_dim), generator=generator)
    bounds = []
    with torch.no_grad():
        for y in range(10):
            told = torch.full((len(x),), y)
            q = run.model.posterior(images, told)
            losses = [run.model.nll(run.model.output(q.mu + q.std * one, told), images) for one in eps]
            kl = kl_divergence(Normal(q.mu, q.std), Normal(0.0, 1.0)).sum(1)
            bounds.append(-torch.stack(losses).mean(0) - kl - math.log(10))
    logits = layers({key: value for key, value in run.weights.items() if key.startswith("classifier")}, "classifier", x)
    return torch.stack(bounds, 1).double().numpy(), np.exp(log_softmax(logits, 1)), label


def labelled() -> float:
    of_class, _, label = class_bounds()
    return float(np.take_along_axis(of_class, label[:, None], 1).mean())


def unlabelled() -> float:
    of_class, q, _ = class_bounds()
    return float(((q * of_class).sum(1) + stats.entropy(q, axis=1)).mean())


def class_gap() -> float:
    of_class, q, _ = class_bounds()
    return float(stats.entropy(q, np.exp(log_softmax(of_class, 1)), axis=1).mean())


def wrong() -> float:
    _, q, label = class_bounds()
    return float((q.argmax(1) != label).mean())


# --- continuity and completeness


def probable(z: np.ndarray) -> np.ndarray:
    """(N, Y) of decoded codes, by the run's classifier of pictures."""
    return run_of(PLANE).classifier.probabilities(decoded(z).astype(np.float32).reshape(-1, 1, 8, 8))


def known(z: np.ndarray) -> float:
    return float((probable(z).max(1) >= run_of(PLANE).info.continuity.threshold).mean())


@lru_cache
def steps() -> tuple[float, float]:
    """Change of the picture and share of changed classes, by pairs of all images."""
    mu = run_of(PLANE).encodings.mu.astype(float)
    other = mu[rng().permutation(len(mu))]
    away = np.linalg.norm(other - mu, axis=1)
    mu, other, away = mu[away > 0], other[away > 0], away[away > 0]
    there = mu + 0.1 * math.sqrt(mu.var(0).sum()) * (other - mu) / away[:, None]
    change = ((decoded(there) - decoded(mu)) ** 2).sum(1).mean() / ((decoded(other) - decoded(mu)) ** 2).sum(1).mean()
    return float(change), float((probable(there).argmax(1) != probable(mu).argmax(1)).mean())


def neighbours() -> float:
    """scikit-learn's vote, of codes by the encoder by hand."""
    run = run_of(PLANE)
    x, label = pictures("train")
    train = layers(run.weights, "encoder", x)[:, :2]
    vote = KNeighborsClassifier(15).fit(train, label)
    return float(vote.score(run.encodings.mu, run.encodings.label))


def pca_error() -> float:
    fitted = PCA(8).fit(pictures("train")[0])
    x = pictures()[0]
    return float(((fitted.inverse_transform(fitted.transform(x)) - x) ** 2).sum(1).mean())


def epochs() -> float:
    data = (run_of(PLANE).folder / "history.csv").read_text(encoding="utf-8")
    return float(list(csv.DictReader(io.StringIO(data)))[-1]["epoch"])


def box() -> np.ndarray:
    mu = run_of(PLANE).encodings.mu
    return rng().uniform(mu.min(0), mu.max(0), (8000, 2))


def prior() -> np.ndarray:
    return rng().standard_normal((8000, 2))


SECOND: dict[str, tuple[str, Callable[[], float], float]] = {
    "elbo": (PLANE, lambda: -distortion() - kl_by_torch().sum(), 0.15),
    "nll": (PLANE, lambda: -log_px(), 0.3),
    "distortion": (PLANE, distortion, 0.15),
    "reconstruction": (PLANE, lambda: -distortion(), 0.15),
    "kl": (PLANE, lambda: float(kl_by_torch().sum()), 1e-3),
    "largest_kl": (PLANE, lambda: float(kl_by_torch().max()), 1e-3),
    "dimensions_with_kl": (PLANE, lambda: float((kl_by_torch() >= 0.05).sum()), 0),
    "active_units": (PLANE, lambda: float((np.cov(run_of(PLANE).encodings.mu.T).diagonal() > 0.01).sum()), 0),
    "latent_dim": (PLANE, lambda: float(run_of(PLANE).weights["decoder.0.weight"].shape[1]), 0),
    "accuracy": (PLANE, neighbours, 0.005),
    "classifier_error": (LABELS, wrong, 1e-9),
    "squared_error": ("digits-pca", pca_error, 1e-3),
    "labels": (LABELS, lambda: float(10 * 5), 0),  # of ten classes five each
    "labelled_bound": (LABELS, labelled, 0.3),
    "unlabelled_bound": (LABELS, unlabelled, 0.3),
    "class_entropy": (LABELS, lambda: float(stats.entropy(class_bounds()[1], axis=1).mean()), 1e-4),
    "most_class_entropy": (LABELS, lambda: float(stats.entropy(np.ones(10))), 1e-9),
    "class_gap": (LABELS, class_gap, 0.2),
    "bound_gap": (PLANE, lambda: log_px() + distortion() + kl_by_torch().sum(), 0.35),
    "amortisation_gap": (PLANE, lambda: float((gaps()[1] - gaps()[0]).mean()), 0.15),
    "approximation_gap": (PLANE, lambda: float((gaps()[2] - gaps()[1]).mean()), 0.15),
    "small_gaps": (PLANE, lambda: float((gaps()[1] - gaps()[0] < 1).mean()), 0.03),
    "largest_gap": (PLANE, lambda: float((gaps()[1] - gaps()[0]).max()), 1.0),
    "gap_images": (PLANE, lambda: float(N_GAPS), 0),
    "information": (PLANE, information, 0.1),
    "most_information": (PLANE, lambda: float(stats.entropy(np.ones(len(pictures()[0])))), 1e-9),
    "marginal_kl": (PLANE, lambda: kl_by_torch().sum() - information(), 0.1),
    "shuffling_loss": (PLANE, shuffled, 5),
    "step_change": (PLANE, lambda: steps()[0], 0.005),
    "class_changes": (PLANE, lambda: steps()[1], 0.06),
    "known_prior": (PLANE, lambda: known(prior()), 0.045),
    "known_box": (PLANE, lambda: known(box()), 0.045),
    "implied_beta": ("sweep-linear-beta-3", lambda: 3.0, 0.15),  # what it was trained with, to the optimum
    "beta": ("sweep-linear-beta-3", lambda: 3.0, 0),
    "threshold": ("sweep-linear-beta-3", lambda: 3 * math.exp(2 * float(run_of("sweep-linear-beta-3").weights["log_sigma"])), 1e-6),
    "epochs": (PLANE, epochs, 0),
    "images": (PLANE, lambda: float(len(pictures()[0])), 0),
    "training_images": (PLANE, lambda: float(len(pictures("train")[0])), 0),
    "parameters": (
        PLANE,
        lambda: float(sum(value.size for name, value in run_of(PLANE).weights.items() if name != "log_sigma")),
        1,
    ),
    "pixels": (PLANE, lambda: float(pictures()[0].shape[1]), 0),
}
"""By the name of the measure: a run, its value by another way, and how far both may be apart (draws and shuffles differ)."""

SECOND_OF_DIMENSIONS: dict[str, tuple[str, Callable[[int], float], float]] = {
    "kl_of": (PLANE, lambda k: float(kl_by_torch()[k]), 1e-3),
    "variance_of": (
        PLANE,
        lambda k: float(np.square(run_of(PLANE).encodings.mu[:, k] - run_of(PLANE).encodings.mu[:, k].mean()).mean()),
        0.01,
    ),
    "shuffling_loss_of": (PLANE, shuffled, 5),
}


def test_every_measure_has_a_second_opinion():
    assert set(SECOND) == set(MEASURES)
    assert set(SECOND_OF_DIMENSIONS) == set(OF_DIMENSIONS)


@pytest.mark.parametrize("name", SECOND)
def test_a_number_of_a_run_is_what_its_definition_says(name):
    run, second, tolerance = SECOND[name]
    assert measured(MeasureName(run, name), run_of(run).info).value == pytest.approx(second(), abs=tolerance or 1e-9)


@pytest.mark.parametrize("dimension", [1, 2])
@pytest.mark.parametrize("name", SECOND_OF_DIMENSIONS)
def test_so_is_a_number_of_a_dimension(name, dimension):
    run, second, tolerance = SECOND_OF_DIMENSIONS[name]
    assert measured(MeasureName(run, name, dimension), run_of(run).info).value == pytest.approx(
        second(dimension - 1), abs=tolerance
    )
