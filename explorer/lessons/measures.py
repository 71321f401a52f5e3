"""Which numbers of a run can a lesson show, and where does each come from? A lesson names them; none is typed.

    mnist-2d.elbo            a run and a number of it
    mnist-20d.kl_of 3        a number of a dimension, from 1

All are of the run's records (run.json): means over the test images, nats per image, sums over pixels, unless the definition says otherwise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from explorer.lessons.problems import Mistake, one_of, quoted
from trainer.config import RUN_NAME
from trainer.metrics.collapse import LEAST_KL
from trainer.numerals import count, number, percent
from trainer.runs.bound_figures import GapFigures
from trainer.runs.continuity_figures import ContinuityFigures, Share
from trainer.runs.records import RunInfo

NATS, SHARE = "nats", "share"
MEASURE = re.compile(r"(\S+)\.([a-z_]+)(?:[ \t]+([1-9]\d{0,3}))?", re.ASCII)


UNITS = {
    "de": {
        "nats": "Nats",
        "dimensions": "Dimensionen",
        "images": "Bilder",
        "epochs": "Epochen",
        "parameters": "Parameter",
        "pixels": "Pixel",
    }
}
"""The units of numbers by a language's code."""
WITH_COMMA = ("de",)
"""Languages that write 0,5 for a half."""


@dataclass(frozen=True)
class Measure:
    """A number that every run has, or runs of a kind."""

    unit: str
    """`NATS`, `SHARE` (0 to 1, shown in per cent), "" for a number without one, else what is counted."""
    definition: str
    """With its formula, and its source where it is somebody's."""
    value: Callable[[RunInfo], float | None]
    """None where a run does not have it."""


@dataclass(frozen=True)
class MeasureOfDimension:
    """A number that a run has of every latent dimension."""

    unit: str
    definition: str
    values: Callable[[RunInfo], tuple[float, ...] | None]
    """(K,)."""


@dataclass(frozen=True)
class MeasureName:
    """Which number of which run."""

    run: str
    name: str
    """Of `MEASURES`, or of `OF_DIMENSIONS`."""
    dimension: int | None = None
    """From 1; None for a number of the whole run."""

    def __str__(self) -> str:
        return f"{self.run}.{self.name}" + ("" if self.dimension is None else f" {self.dimension}")


def _metric(field: str, sign: float = 1) -> Callable[[RunInfo], float | None]:
    def value(info: RunInfo) -> float | None:
        found = None if info.metrics is None else getattr(info.metrics, field)
        return None if found is None else sign * float(found)

    return value


def _examined(field: str) -> Callable[[RunInfo], float | None]:
    def value(info: RunInfo) -> float | None:
        found = None if info.examination is None else getattr(info.examination, field)
        return None if found is None else float(found)

    return value


def _kl(info: RunInfo) -> tuple[float, ...] | None:
    return None if info.metrics is None else info.metrics.kl_per_dim


def _interventions(info: RunInfo) -> tuple[float, ...] | None:
    return None if info.examination is None else info.examination.shuffled


def _continuity(share: Callable[[ContinuityFigures], float | Share | None]) -> Callable[[RunInfo], float | None]:
    """Of the figures of continuity and completeness, where the run has them."""

    def value(info: RunInfo) -> float | None:
        found = None if info.continuity is None else share(info.continuity)
        return found.value if isinstance(found, Share) else found

    return value


def _gap(figure: Callable[[GapFigures], float | None]) -> Callable[[RunInfo], float | None]:
    """Of the two gaps of the bound, where the run keeps them."""
    return lambda info: None if info.bounds is None or info.bounds.gaps is None else figure(info.bounds.gaps)


def _class_bound(field: str) -> Callable[[RunInfo], float | None]:
    """Of M2's two bounds, where the run keeps them."""
    return lambda info: None if info.bounds is None or info.bounds.classes is None else float(getattr(info.bounds.classes, field))


def _bound_gap(info: RunInfo) -> float | None:
    """Only where both estimates are of the same images."""
    found = info.metrics
    if found is None or found.elbo is None or found.nll is None or found.nll_n != found.n:
        return None
    return -found.nll - found.elbo


def _uncertain_classes(info: RunInfo) -> float | None:
    return None if not info.config.is_conditional else math.log(info.n_classes)


def _variance(info: RunInfo) -> tuple[float, ...] | None:
    return None if info.examination is None else info.examination.variance


def _largest_kl(info: RunInfo) -> float | None:
    found = _kl(info)
    return None if not found else max(found)


def _n_with_kl(info: RunInfo) -> float | None:
    found = _kl(info)
    return None if found is None else float(sum(kl >= LEAST_KL for kl in found))


def _implied(info: RunInfo) -> float | None:
    implied = None if info.examination is None else info.examination.implied
    return None if implied is None else implied.value


def _threshold(info: RunInfo) -> float | None:
    """Of a Gaussian likelihood of one fixed σ."""
    is_fixed = info.config.likelihood == "gaussian" and info.config.scale == "fixed"
    return info.config.beta * info.config.sigma**2 if is_fixed else None


MEASURES: Mapping[str, Measure] = {
    "elbo": Measure(
        NATS, "E log p(x|z) − KL(q(z|x) ‖ p(z)), a lower bound of log p(x) (Kingma & Welling 2014, eq. 3)", _metric("elbo")
    ),
    "nll": Measure(NATS, "−log p(x), estimated by importance sampling (Burda et al. 2016, eq. 8)", _metric("nll")),
    "distortion": Measure(NATS, "−E log p(x|z): the reconstruction loss", _metric("reconstruction")),
    "reconstruction": Measure(NATS, "E log p(x|z), the reconstruction term as it enters the ELBO", _metric("reconstruction", -1)),
    "kl": Measure(NATS, "KL(q(z|x) ‖ p(z)), the rate: the sum over latent dimensions", _metric("kl")),
    "largest_kl": Measure(NATS, "KL of the dimension that has most of it", _largest_kl),
    "dimensions_with_kl": Measure(
        "dimensions", f"latent dimensions with a KL of at least {number(LEAST_KL)} nats an image", _n_with_kl
    ),
    "active_units": Measure(
        "dimensions",
        "latent dimensions whose posterior mean has a variance above 0.01 over the images (Burda et al. 2016, section 5.1)",
        _metric("active_units"),
    ),
    "latent_dim": Measure("dimensions", "latent dimensions that the model has", lambda info: float(info.config.latent_dim)),
    "accuracy": Measure(SHARE, "share of test images whose class the 15 nearest training codes vote for", _metric("knn_accuracy")),
    "classifier_error": Measure(
        SHARE, "share of test images whose most probable class under q(y|x) is wrong", _metric("classifier_error")
    ),
    "squared_error": Measure("", "Σ over pixels of (x − x̂)² at the code", _metric("squared_error")),
    "labels": Measure(
        "images",
        "training images whose class was given to the model",
        lambda info: None if info.dataset.n_labelled is None else float(info.dataset.n_labelled),
    ),
    "labelled_bound": Measure(
        NATS, "−L(x, y) ≤ log p(x, y), the bound of an image with its class (Kingma et al. 2014, eq. 6)", _class_bound("labelled")
    ),
    "unlabelled_bound": Measure(
        NATS,
        "−U(x) = Σ over y of q(y|x) (−L(x, y)) + H(q(y|x)) ≤ log p(x), without the class (Kingma et al. 2014, eq. 7)",
        _class_bound("unlabelled"),
    ),
    "class_entropy": Measure(NATS, "H(q(y|x)): how undecided the classifier is, the mean over the images", _class_bound("entropy")),
    "most_class_entropy": Measure(NATS, "log Y: the entropy of a classifier that knows nothing of Y classes", _uncertain_classes),
    "class_gap": Measure(
        NATS, "KL(q(y|x) ‖ softmax of −L(x, y)): what −U(x) loses because it asks the classifier", _class_bound("class_gap")
    ),
    "bound_gap": Measure(
        NATS, "log p(x) by importance sampling − ELBO: about KL(q(z|x) ‖ p(z|x)), from below (Burda et al. 2016, eq. 8)", _bound_gap
    ),
    "amortisation_gap": Measure(
        NATS,
        "ELBO of the best diagonal Gaussian of each image − ELBO of the encoder's (Cremer, Li & Duvenaud 2018, eq. 7)",
        _gap(lambda found: found.amortisation),
    ),
    "approximation_gap": Measure(
        NATS,
        "log p(x) by quadrature − ELBO of the best diagonal Gaussian of each image (Cremer, Li & Duvenaud 2018, eq. 7)",
        _gap(lambda found: found.approximation),
    ),
    "small_gaps": Measure(
        SHARE, "share of the images whose amortisation gap is below 1 nat", _gap(lambda found: found.small / found.n)
    ),
    "largest_gap": Measure(NATS, "the largest amortisation gap of an image", _gap(lambda found: found.largest)),
    "gap_images": Measure("images", "test images for which a best Gaussian was found", _gap(lambda found: float(found.n))),
    "information": Measure(NATS, "mutual information of image and code, of the examined images", _examined("information")),
    "most_information": Measure(
        NATS,
        "log n: more information cannot be seen with the n images that were examined",
        lambda info: None if info.examination is None else math.log(info.examination.n),
    ),
    "marginal_kl": Measure(NATS, "KL(q(z) ‖ p(z)) of the aggregated posterior, estimated from above", _examined("marginal_kl")),
    "shuffling_loss": Measure(
        NATS, "rise of the reconstruction loss when the whole code is another image's", _examined("all_shuffled")
    ),
    "step_change": Measure(
        SHARE,
        "squared change of the picture by a step of a tenth of the codes' spread, as a share of that between two test images",
        _continuity(lambda found: found.change),
    ),
    "class_changes": Measure(
        SHARE, "share of such steps after which the classifier names another class", _continuity(lambda found: found.class_share)
    ),
    "known_prior": Measure(
        SHARE,
        "share of random codes from N(0, I) whose pictures the classifier recognises (completeness)",
        _continuity(lambda found: found.prior_share),
    ),
    "known_box": Measure(
        SHARE,
        "share of random codes from the box around the codes whose pictures the classifier recognises",
        _continuity(lambda found: found.box_share),
    ),
    "implied_beta": Measure("", "the β under which the finished model would be optimal", _implied),
    "beta": Measure("", "weight of the KL in the loss that the model was trained with", lambda info: info.config.beta),
    "threshold": Measure("", "βσ²: a linear VAE keeps the directions with more variance than that (Lucas et al. 2019)", _threshold),
    "epochs": Measure("epochs", "passes over the training images", lambda info: float(info.epoch)),
    "images": Measure("images", "test images that the figures are of", _metric("n")),
    "training_images": Measure("images", "images that the model learned from", lambda info: float(info.dataset.n_train)),
    "parameters": Measure("parameters", "weights of encoder and decoder", lambda info: float(info.n_parameters)),
    "pixels": Measure(
        "pixels", "values of an image, channels × height × width", lambda info: float(math.prod(info.dataset.image_shape))
    ),
}

OF_DIMENSIONS: Mapping[str, MeasureOfDimension] = {
    "kl_of": MeasureOfDimension(NATS, "KL(q(zₖ|x) ‖ N(0, 1)) of this dimension, the mean over the test images", _kl),
    "variance_of": MeasureOfDimension(
        "", "variance of the posterior mean of this dimension over the images; the prior's is 1", _variance
    ),
    "shuffling_loss_of": MeasureOfDimension(
        NATS, "rise of the reconstruction loss when this dimension is another image's", _interventions
    ),
}
"""A number of one dimension."""


@dataclass(frozen=True)
class Measured:
    """A number as a lesson shows it."""

    name: MeasureName
    value: float
    text: str
    """With its unit."""
    definition: str


def read_measure(text: str) -> MeasureName:
    """The number that a text names. Raises `Mistake`."""
    match = MEASURE.fullmatch(text.strip())
    if match is None or not RUN_NAME.fullmatch(match[1]):
        raise Mistake(
            f"{quoted(text)} names no number of a run",
            "write RUN.NUMBER such as mnist-2d.elbo, or mnist-20d.kl_of 3 for a dimension",
        )
    run, name, dimension = match.groups()
    one_of(name, (*MEASURES, *OF_DIMENSIONS), "the number")
    if name in OF_DIMENSIONS and dimension is None:
        raise Mistake(f"{quoted(name)} is of a dimension, and none is named", f"write {run}.{name} 1 for the first")
    if name in MEASURES and dimension is not None:
        raise Mistake(f"{quoted(name)} is of the whole run, and a dimension is named", f"write {run}.{name}")
    return MeasureName(run, name, None if dimension is None else int(dimension))


def measured(name: MeasureName, info: RunInfo, language: str = "en") -> Measured:
    """The number of a run, in words of the lesson's language where we have them. Raises `Mistake` where the run does not have it."""
    if name.dimension is None:
        measure = MEASURES[name.name]
        value = measure.value(info)
        if value is None:
            raise Mistake(f"run {name.run} has no number “{name.name}”", f"use one that it has: {', '.join(measures_of(info))}")
        return Measured(name, value, _text(value, measure.unit, language), measure.definition)
    of = OF_DIMENSIONS[name.name]
    values = of.values(info)
    if values is None:
        raise Mistake(f"run {name.run} has no numbers of dimensions under “{name.name}”", "use a run of a VAE that was examined")
    if name.dimension > len(values):
        raise Mistake(f"run {name.run} has no dimension {name.dimension}", f"use one from 1 to {len(values)}")
    value = values[name.dimension - 1]
    return Measured(name, value, _text(value, of.unit, language), of.definition)


def measures_of(info: RunInfo) -> list[str]:
    """The names of those that a run has."""
    return [name for name, measure in MEASURES.items() if measure.value(info) is not None]


def unit_in(unit: str, language: str) -> str:
    """A unit in the words of a language; as it is where we have none."""
    return UNITS.get(language.partition("-")[0], {}).get(unit, unit)


def _text(value: float, unit: str, language: str) -> str:
    if unit == SHARE:
        text = percent(value, 1)
    elif unit == NATS:
        text = f"{number(value)} {unit_in('nats', language)}"
    elif unit:
        text = f"{count(round(value))} {unit_in(unit, language)}"
    else:
        text = f"{value:.4g}".replace("-", "−")
    return text.replace(".", ",") if language.partition("-")[0] in WITH_COMMA else text
