"""What is a run, in one sentence? “IWAE with 20 latent dimensions on MNIST: ELBO −91.4 nats = reconstruction −70.6 − KL 20.8”.

The ELBO is E log p(x|z) − KL, nats per image: both terms as they enter it, so a reconstruction is negative for Bernoulli pixels and may be
positive for densities. It never carries β. What is told is rounded to a tenth, and the terms add up as they are told.
"""

from __future__ import annotations

from pathlib import PurePath

from explorer.text.escape import capitalised
from explorer.text.numbers import format_number
from trainer.numerals import count
from trainer.runs.records import Metrics, RunInfo

TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "kmnist": "KMNIST", "olivetti": "Olivetti faces"}
"""Data sets whose name is not what people write."""


def run_sentence(info: RunInfo) -> str:
    """What a model it is, of how many dimensions, on which data, and how good: without its full stop."""
    return f"{what_it_is(info)}: {how_good(info)}"


def what_it_is(info: RunInfo) -> str:
    """“Conditional VAE with 8 latent dimensions on digits”."""
    config, labels = info.config, info.dataset.n_labelled
    unit = "component" if config.model == "pca" else "latent dimension"
    parts = ["autoregressive decoder"] if config.context else []
    parts.append(f"{count(config.latent_dim)} {unit}{'' if config.latent_dim == 1 else 's'}")
    parts += [f"{count(labels)} labels"] if config.is_semi_supervised and labels else []
    *others, last = parts
    return f"{_kind(info)} with {' and '.join(filter(None, [', '.join(others), last]))} on {data_title(info.dataset.name)}"


def data_title(name: str) -> str:
    """A data set as people write it; of one's own images, their folder or file."""
    kind, _, rest = name.partition(":")
    if not rest:
        return TITLES.get(name, name)
    return f"“{PurePath(rest.split('?')[0]).name or kind}”"


def model_title(info: RunInfo) -> str:
    """The family of the model: VAE, linear VAE, IWAE, conditional VAE, M2, M1+M2, autoencoder, linear autoencoder, PCA."""
    config = info.config
    if config.network == "linear" and config.model in ("vae", "autoencoder") and config.importance_samples == 1:
        return {"vae": "linear VAE"}.get(config.model, "linear autoencoder")
    if config.model == "vae" and config.importance_samples > 1:
        return "IWAE"
    return {"vae": "VAE", "conditional-vae": "conditional VAE", "m2": "M2", "m1+m2": "M1+M2", "pca": "PCA"}.get(
        config.model, config.model
    )


def how_good(info: RunInfo) -> str:
    """The bound with its two terms; of a model without a bound, what stands in its place."""
    metrics = info.metrics
    assert metrics is not None  # a finished run has them
    if metrics.reconstruction is None:
        return "imported without its images, so nothing is known of its reconstruction"
    if metrics.elbo is None or metrics.kl is None:
        return _points(metrics)
    given = " given the class" if info.config.is_conditional else ""
    return f"ELBO{given} {bound(metrics.elbo, metrics.kl)}"


def bound(elbo: float, kl: float) -> str:
    """“−91.4 nats = reconstruction −70.6 − KL 20.8”: the reconstruction term is what is left of the told bound, so that the sum holds."""
    told, rate = round(elbo, 1), round(kl, 1)
    return f"{format_number(told)} nats = reconstruction {format_number(told + rate)} − KL {format_number(rate)}"


def _kind(info: RunInfo) -> str:
    config = info.config
    words = model_title(info)
    if config.beta != 1 and not config.is_deterministic:
        words = f"{words.replace('VAE', 'β-VAE') if words in ('VAE', 'linear VAE') else words} (β = {config.beta:g})"
    if info.origin is not None:
        words = f"imported {words}"
    return capitalised(words) if words[0].isascii() else words  # a large β would be read as B


def _points(metrics: Metrics) -> str:
    """A deterministic model: each image has one code, so there is no KL and no bound."""
    assert metrics.reconstruction is not None
    if metrics.squared_error is not None:
        told = f"squared error {format_number(metrics.squared_error, 2)} per image"
    else:
        told = f"log p(x|z) {format_number(-metrics.reconstruction)} nats at the code"
    return f"{told}; a code is a point, so there is no KL and no ELBO"
