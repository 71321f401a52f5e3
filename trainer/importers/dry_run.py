"""How is a model to be asked, what is understood of it, and what would forbid a verdict? Nothing is written here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from trainer.config import ImportedConfig, config_error
from trainer.datasets import Dataset
from trainer.diagnosis.checks import checks, failed, notes
from trainer.diagnosis.implied import Pixels, implied_sentence, why_not_implied
from trainer.diagnosis.reading import measure
from trainer.diagnosis.sentences import LITTLE
from trainer.errors import ExternalModelError
from trainer.importers.arrays import ASKED, Floats, Labels, check_finite, in_unit
from trainer.importers.assembled import AssembledVae
from trainer.importers.conventions import check_range, check_spread, nll_of
from trainer.importers.declared import HowTrained
from trainer.importers.model_adapter import ModelAdapter, adapt_model, check_pictures
from trainer.importers.run_import import config_of, scale_lines
from trainer.likelihoods.registry import LIKELIHOODS
from trainer.metrics.evaluate import EVALUATION_SEED
from trainer.metrics.implied_beta import ImpliedBeta, implied_beta_of, record
from trainer.metrics.information import information_split
from trainer.models.layers import ImageShape
from trainer.numerals import count, number, percent
from trainer.runs.examination import Implied

IMPLIED = 500  # images of which the implied β is told by `check_model`


def understood(model: Any, dataset: Dataset, how: HowTrained) -> ModelAdapter:
    """How a model is to be asked, with all that can be seen of it held against what is told.

    Raises `ExternalModelError` or `ConfigError`.
    """
    test, shape = dataset.subset("test"), dataset.image_shape
    how.effective_beta(shape)
    if how.conditional and (test.labels is None or len(dataset.class_names) < 2):
        raise ExternalModelError(
            "--conditional needs a data set with classes, and this one has none; allowed: leave the option out."
        )
    labels = test.labels if how.conditional else None
    if labels is not None and len(labels) and labels.min() < 0:
        raise ExternalModelError("--conditional needs the class of every test image, and some have none; allowed: labels from 0.")
    y = None if labels is None else torch.from_numpy(labels[:ASKED].astype(np.int64))
    adapter = adapt_model(
        model,
        in_unit(test.images[:ASKED]),
        y=y,
        n_classes=len(dataset.class_names) if how.conditional else 0,
        pixels=how.range_of(shape),
        spread=how.kind_of_spread,
        output=how.output,
    )
    assert adapter.encode is not None
    check_range(adapter, test.images, how, labels)
    with torch.no_grad():
        mu = adapter.encode(in_unit(test.images[:ASKED]), y)[0]
    check_pictures(lambda z: adapter.decode(z, y), mu, how.output, how.likelihood)
    check_spread(adapter, test.images, how, labels)
    return adapter


def encoded(adapter: ModelAdapter, images: NDArray[np.uint8], labels: Labels | None = None) -> tuple[Floats, Floats | None]:
    """mu and logvar (N, K) of all images, a batch at a time; labels (N,): for a model that is told the class."""
    assert adapter.encode is not None
    answers = []
    with torch.no_grad():
        for at in range(0, len(images), 1000):
            y = None if labels is None else torch.from_numpy(labels[at : at + 1000].astype(np.int64))
            answers.append([part.float() for part in adapter.encode(in_unit(images[at : at + 1000]), y)])
    columns = [torch.cat(parts).numpy() for parts in zip(*answers, strict=True)]
    for what, column in zip(("mu", "logvar"), columns, strict=False):
        check_finite(column, f"encode's {what}")
    return columns[0], columns[1] if len(columns) > 1 else None


def check_model(model: Any, dataset: Dataset, how: HowTrained | None = None) -> tuple[ModelAdapter, tuple[str, ...]]:
    """A dry run: how a model is asked, and what was understood of it, a line each. Raises as `import_model` does."""
    how = how or HowTrained()
    adapter = understood(model, dataset, how)
    test = dataset.subset("test")
    labels = test.labels if adapter.has_class else None
    mu, logvar = encoded(adapter, test.images[:IMPLIED], None if labels is None else labels[:IMPLIED])
    lines = [*adapter.understood.lines(), *scale_lines(adapter, how)]
    lines.append(f"images: {count(len(test.images))} test images of {' × '.join(map(str, dataset.image_shape))}")
    told = None if labels is None else labels[: len(mu)]
    if logvar is None:
        lines.append("no posterior: codes are points, so there is no KL and no bound")
        return adapter, (*lines, *what_forbids(adapter, how, dataset, told, mu, None, None))
    lines.append(f"means: {_span(mu)}; standard deviations: {_span(np.exp(logvar / 2))}")
    implied = _implied(adapter, how, test.images[: len(mu)], told, mu, logvar)
    if implied is None:
        lines.append(why_not_implied(mu, logvar))
    else:
        lines += _said_of_beta(adapter, how, dataset.image_shape, Implied(**record(implied)))
    forbids = what_forbids(adapter, how, dataset, told, mu, logvar, implied)
    return adapter, (*lines, *(line for line in forbids if line.removeprefix("note: ") not in lines))


def what_forbids(
    adapter: ModelAdapter,
    how: HowTrained,
    dataset: Dataset,
    labels: Labels | None,
    mu: Floats,
    logvar: Floats | None,
    implied: ImpliedBeta | None,
) -> tuple[str, ...]:
    """What an import would give as the reasons for no verdict and as notes, a line each, from codes mu and logvar (N, K) of test images."""
    shape = dataset.image_shape
    config = config_of(adapter, how, shape, logvar is None, dataset.name, {})
    n_classes = len(dataset.class_names) if adapter.has_class else 0
    model = AssembledVae(config, shape, adapter.encode, adapter.decode, how.output == "logits", n_classes).eval()
    model.load_state_dict({"log_sigma": torch.tensor(float(np.log(config.sigma)))}, strict=False)
    pictures = dataset.subset("train" if "train" in dataset.splits else "test").images
    mean = torch.from_numpy((pictures.mean(0, dtype=np.float64) / 255).astype(np.float32))
    x, y = in_unit(dataset.subset("test").images[: len(mu)]), None if labels is None else torch.from_numpy(labels.astype(np.int64))
    measured = measure(model, x, y, mu, np.full_like(mu, -np.inf) if logvar is None else logvar, mean)
    found = checks(
        config,
        len(dataset.splits["test"]),
        measured,
        None if implied is None else Implied(**record(implied)),
        _uses_code(mu, logvar),
    )
    against = [f"no verdict: {check.sentence}" for check in failed(found) if check.sentence not in config.doubts]
    return (*against, *(f"note: {check.sentence}" for check in notes(found)))


def _uses_code(mu: Floats, logvar: Floats | None) -> bool:
    """Whether codes tell images apart, as the clinic has it; points always do."""
    if logvar is None:
        return True
    return information_split(mu, logvar, np.random.default_rng(EVALUATION_SEED)).mutual_information >= LITTLE


def _span(values: Floats) -> str:
    return f"from {number(float(values.min()))} to {number(float(values.max()))}"


def _implied(
    adapter: ModelAdapter, how: HowTrained, images: NDArray[np.uint8], labels: Labels | None, mu: Floats, logvar: Floats
) -> ImpliedBeta | None:
    x, y = in_unit(images), None if labels is None else torch.from_numpy(labels.copy())
    nll = nll_of(how, adapter.unit)
    return implied_beta_of(
        lambda z, rows: nll(adapter.decode(z, None if y is None else y[rows]), x[rows]),
        torch.from_numpy(mu),
        torch.from_numpy(logvar),
    )


def _said_of_beta(adapter: ModelAdapter, how: HowTrained, shape: ImageShape, implied: Implied) -> list[str]:
    """The clinic's sentence, of as many images as were asked, and how far its dimensions agree."""
    try:
        config = ImportedConfig(
            latent_dim=adapter.latent_dim,
            likelihood=how.likelihood,
            sigma=how.sigma / adapter.unit,
            scale="fixed" if LIKELIHOODS[how.likelihood].has_scale else "learned",
            beta=how.effective_beta(shape),
            parts={},
        )
    except ValidationError as error:
        raise config_error(error) from None
    pixels = Pixels(math.prod(shape), math.prod(shape[1:]))
    varies = f"between dimensions the implied β varies by {percent(implied.spread)}"
    return [implied_sentence(config, pixels, implied), *([varies] if adapter.latent_dim > 1 else [])]
