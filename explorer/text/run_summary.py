"""What are the figures of a run, in short, and what does each figure of it mean?"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.text.numbers import format_number
from trainer import numerals
from trainer.diagnosis.sentences import LITTLE
from trainer.numerals import percent
from trainer.runs.records import RunInfo

MEANINGS = {
    "ELBO": "E log p(x|z) − KL(q(z|x) ‖ p(z)), a lower bound of log p(x); higher is better (Kingma & Welling 2014, eq. 3).",
    "NLL": "−log p(x) by importance sampling, log-mean-exp of the weights p(x|z)p(z)/q(z|x); lower is better (Burda et al. 2016, eq. 8).",
    "given y": "the model is given the class, so these are bounds of log p(x|y), which is larger than log p(x).",
    "Reconstruction": "of a deterministic model = log p(x|z) at the code: a point has no KL, so there is no bound; higher is better.",
    "Squared error": "Σ over pixels of (x − x̂)² at the code.",
    "Test error": "share of test images whose most probable class under q(y|x) is wrong (Kingma et al. 2014).",
    "15-NN": "share of test images whose class the 15 nearest training codes (posterior means) vote for. Where a share from "
    "samples is beside it, both are of the neighbours among the examined test images, not the training images. Neighbours compare means "
    "on any scale: in a collapsed model they still differ, by far less than the noise of the posterior that the decoder is given, so a "
    "high share does not mean that the code is used. Where the model is given the class, the code need not hold it, and a low share "
    "means that style and class are separate.",
}
UNITS = "Nats per image, sums over pixels, means over the test images. Bernoulli and Gaussian values cannot be compared with each other."

NETWORKS = {"own": "imported", "residual": "residual convolutional"}

HELP = "\n\n".join([*(f"**{term}**: {meaning}" for term, meaning in MEANINGS.items()), UNITS])


@dataclass(frozen=True)
class SummaryItem:
    """A piece of the line."""

    text: str
    terms: tuple[str, ...] = ()
    """The names in `MEANINGS` that explain it."""


def summary_items(info: RunInfo) -> tuple[SummaryItem, ...]:
    """Of a finished run: data set, dimensions, model, figures, parameters."""
    metrics, config = info.metrics, info.config
    assert metrics is not None  # a finished run has them
    told = [
        info.dataset.name,
        f"{config.latent_dim}-D",
        model_words(info),
        f"{NETWORKS.get(config.network, config.network)}, {config.likelihood}",
    ]
    found = [SummaryItem(text) for text in told]
    if metrics.reconstruction is None:
        found.append(SummaryItem("without pictures: no bound"))
    elif metrics.elbo is None or metrics.nll is None:
        found.append(SummaryItem(f"reconstruction {format_number(-metrics.reconstruction)}", ("Reconstruction",)))
        if metrics.squared_error is not None:
            found.append(SummaryItem(f"squared error {format_number(metrics.squared_error, 2)}", ("Squared error",)))
    else:
        given, terms = (" given y", ("given y",)) if config.is_conditional else ("", ())
        found.append(SummaryItem(f"β {config.beta:g}"))
        found.append(SummaryItem(f"ELBO{given} {format_number(metrics.elbo)}", ("ELBO", *terms)))
        found.append(SummaryItem(f"NLL{given} {format_number(metrics.nll)}", ("NLL", *terms)))
    if metrics.classifier_error is not None:
        labels = f" with {info.dataset.n_labelled} labels" if info.dataset.n_labelled else ""
        found.append(SummaryItem(f"test error {percent(metrics.classifier_error, 1)}{labels}", ("Test error",)))
    if metrics.knn_accuracy is not None:
        found.append(SummaryItem(f"15-NN {neighbours(info, metrics.knn_accuracy)}", ("15-NN",)))
    found.append(SummaryItem(parameters(info.n_parameters)))
    return tuple(found)


def neighbours(info: RunInfo, accuracy: float) -> str:
    """The share, and what samples of the codes give where they carry next to nothing: the means alone would say that they do.

    Means and samples are then compared among the same images, those of the examination.
    """
    found = info.examination
    if found is None or found.knn_means is None or found.knn_draws is None or found.information >= LITTLE:
        return percent(accuracy)
    return f"{percent(found.knn_means)} from posterior means, {percent(found.knn_draws)} from samples"


def parameters(n: int) -> str:
    """How many a model has: counted where they are few, else in millions."""
    if n < 100_000:
        return "1 parameter" if n == 1 else f"{numerals.count(n)} parameters"
    return f"{format_number(n / 1e6, 2)} M parameters"


def size(n_bytes: int) -> str:
    """Bytes on disk for people, of 1000 and of 1 000 000: 40 kB, 1.5 MB."""
    if n_bytes < 1000:
        return f"{n_bytes} bytes"
    return f"{format_number(n_bytes / 1e3, 0)} kB" if n_bytes < 100_000 else f"{format_number(n_bytes / 1e6, 1)} MB"


def brief_summary(info: RunInfo) -> str:
    """What fits into a narrow column: dimensions, model, β and the bound, or reconstruction where there is none."""
    is_bound = {"ELBO", "Reconstruction"}
    first, rest = summary_items(info)[1:3], summary_items(info)[4:]
    return " · ".join(
        item.text for item in (*first, *rest) if item in first or item.text.startswith("β") or is_bound & {*item.terms}
    )


def model_words(info: RunInfo) -> str:
    """What kind of model, as a lecture would say it."""
    config = info.config
    words = {"vae": "VAE", "conditional-vae": "conditional VAE", "m2": "M2", "m1+m2": "M1+M2", "pca": "PCA"}
    if config.model == "vae" and config.importance_samples > 1:
        return f"IWAE, k = {config.importance_samples}"
    words_of_kind = words.get(config.model, config.model)
    return f"linear {words_of_kind}" if config.network == "linear" and config.model in ("vae", "autoencoder") else words_of_kind
