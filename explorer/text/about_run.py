"""Which figures has a run, what is each by its formula, and where is that from? For the panel “About this run”.

Figures are nats per image: sums over pixels and latents, means over the test images. They are told with two decimals, the run's sentence
with one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from explorer.text.continuity import COMPLETENESS, CONTINUITY, change_words, completeness_words
from explorer.text.run_sentence import data_title, model_title
from explorer.text.run_summary import MEANINGS, NETWORKS, UNITS, neighbours, parameters, size
from trainer.diagnosis.sentences import LITTLE, neighbours_sentence
from trainer.numerals import count, number, percent
from trainer.runs.records import Metrics, RunInfo

LEAST_ESS = 3.0  # samples: of fewer one alone decides most weights
GIVEN = " The model is given the class, so this is a bound of log p(x|y), which is larger than log p(x)."
LIKELIHOODS = {
    "bernoulli": "each pixel is a coin whose probability the decoder gives: log p is at most 0",
    "continuous-bernoulli": "a density on [0, 1] (Loaiza-Ganem & Cunningham 2019): log p may be positive",
    "gaussian": "a density around the decoder's mean: log p may be positive",
    "laplace": "a density around the decoder's median: log p may be positive",
}


@dataclass(frozen=True)
class Figure:
    """A line of the panel. Not yet Markdown."""

    name: str
    value: str
    """With its unit."""
    meaning: str = ""
    """Definition and source; empty where the name says it."""


def figures(info: RunInfo, n_bytes: int) -> tuple[Figure, ...]:
    """Of a finished run. n_bytes: of its folder."""
    assert info.metrics is not None  # a finished run has them
    return (*_model(info), *_bound(info, info.metrics), *_classes(info, info.metrics), *_latent_space(info), *_size(info, n_bytes))


def _model(info: RunInfo) -> Iterator[Figure]:
    config, data = info.config, info.dataset
    yield Figure("Model", f"{model_title(info)}, {NETWORKS.get(config.network, config.network)} network")
    if config.importance_samples > 1:
        yield Figure(
            "Importance samples", f"k = {config.importance_samples}", "in the objective of training (Burda et al. 2016, eq. 8)."
        )
    yield Figure("Likelihood p(x|z)", config.likelihood, f"{LIKELIHOODS[config.likelihood]}.")
    if not config.is_deterministic:
        yield Figure(
            "β", f"{config.beta:g}", "weight of the KL term in training (Higgins et al. 2017); the ELBO does not contain it."
        )
    of = f"{data_title(data.name)}: {count(data.n_train)} training and {count(data.n_test)} test images"
    yield Figure("Data set", of)


def _bound(info: RunInfo, metrics: Metrics) -> Iterator[Figure]:
    """The bound with its terms, and what replaces it where there is none."""
    given = GIVEN if info.config.is_conditional else ""
    if metrics.elbo is not None:
        yield Figure("ELBO", _nats(metrics.elbo), f"{MEANINGS['ELBO']}{given}")
    if metrics.reconstruction is not None:
        of_bound = "E log p(x|z) over z ~ q(z|x), the first term of the ELBO; higher is better."
        what = of_bound if metrics.elbo is not None else MEANINGS["Reconstruction"]
        yield Figure("Reconstruction", _nats(-metrics.reconstruction), what)
    if metrics.kl is not None:
        yield Figure("KL", _nats(metrics.kl), "KL(q(z|x) ‖ p(z)), the rate: closed form (Kingma & Welling 2014, appendix B).")
    if metrics.nll is not None:
        yield Figure("NLL", _with_error(metrics.nll, metrics.nll_standard_error), f"{MEANINGS['NLL']}{_sampled(metrics)}{given}")
    if metrics.squared_error is not None:
        yield Figure("Squared error", f"{number(metrics.squared_error)} per image", MEANINGS["Squared error"])


def _with_error(nll: float, error: float | None) -> str:
    return _nats(nll) if error is None else f"{number(nll)} ± {number(error)} nats"


def _sampled(metrics: Metrics) -> str:
    """How the NLL was estimated, and how far that goes."""
    told = "" if metrics.samples is None else f" {count(metrics.samples)} samples an image"
    told += f", {count(metrics.nll_n)} test images; ± one standard error of their mean" if told and metrics.nll_n else ""
    if metrics.ess is not None and metrics.ess < LEAST_ESS:
        told += f". The weights are as uneven as those of {number(metrics.ess, 1)} samples: the NLL may lie well below this"
    return f"{told}." if told else ""


def _classes(info: RunInfo, metrics: Metrics) -> Iterator[Figure]:
    if metrics.classifier_error is not None:
        labels = f" with {count(info.dataset.n_labelled)} labels" if info.dataset.n_labelled else ""
        yield Figure("Test error", f"{percent(metrics.classifier_error, 1)}{labels}", MEANINGS["Test error"])
    if metrics.knn_accuracy is not None:
        found = info.examination
        why = neighbours_sentence(found) if found is not None and found.information < LITTLE else ""
        yield Figure("15-NN", neighbours(info, metrics.knn_accuracy), " ".join(filter(None, [MEANINGS["15-NN"], why])))


def _latent_space(info: RunInfo) -> Iterator[Figure]:
    """The two figures that a model has with a posterior and without; a run of before may lack them."""
    found = info.continuity
    if found is None:
        return
    yield Figure("Continuity", f"a step of {percent(found.step)} changes the picture by {change_words(found)}", CONTINUITY)
    if told := completeness_words(found):
        yield Figure("Completeness", told, COMPLETENESS)


def _size(info: RunInfo, n_bytes: int) -> Iterator[Figure]:
    yield Figure("Size", f"{parameters(info.n_parameters)}, {size(n_bytes)} on disk")
    yield Figure("Units", "nats per image", UNITS)


def _nats(value: float) -> str:
    return f"{number(value)} nats"
