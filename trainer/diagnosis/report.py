"""What else can be said of a finished run, beyond its bound?

Parts of `atlas evaluate RUN --parts …`, each a function of a model and its data set that gives a record for JSON. All on
held-out images, nats per image where nothing else is said. Letters: N images, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch

from trainer.datasets import Dataset, Split, names_with_factors
from trainer.diagnosis.bounds_record import bounds_record
from trainer.errors import ConfigError, DataError
from trainer.metrics.collapse import (
    decoder_sensitivity,
    epsilon_delta_curve,
    intervention_losses,
    is_active,
    kl_per_dim,
    population_kl,
)
from trainer.metrics.disentanglement import disentanglement
from trainer.metrics.evaluate import EVALUATION_SEED, as_labels, encode_all, labels_told, seeded, to_unit
from trainer.metrics.gradient_variance import ESTIMATORS, gradient_variance
from trainer.metrics.implied_beta import implied_beta, record
from trainer.metrics.information import information_split
from trainer.metrics.information_bracket import prior_distance
from trainer.metrics.quadrature import gap_map
from trainer.metrics.run_continuity import LEAST_CODES, figures, run_continuity
from trainer.models.torch_engine import Vae
from trainer.runs.examination import CAPPED
from trainer.runs.read import Run

Part = Literal[
    "collapse",
    "information",
    "interventions",
    "sensitivity",
    "implied-beta",
    "gaps",
    "gradients",
    "bounds",
    "continuity",
    "disentanglement",
]
PARTS: tuple[Part, ...] = get_args(Part)
OF_POINTS: tuple[Part, ...] = ("sensitivity", "continuity", "disentanglement")  # of models without a posterior too
Record = dict[str, Any]

EPSILONS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
GAP_IMAGES = 200
SENSITIVITY_IMAGES, IMPLIED_IMAGES = 1000, 1000
GRADIENT_IMAGES, GRADIENT_DRAWS = 20, 200


def check_part(model: Vae, dataset: Dataset, part: Part) -> None:
    """Raises `ConfigError` where the model, `DataError` where the data set has nothing to say of a part."""
    if model.is_deterministic and part not in OF_POINTS:
        raise ConfigError("parts", part, f"{', '.join(OF_POINTS)} for a deterministic model, whose codes are points")
    if part == "bounds" and not model.config.is_semi_supervised:
        raise ConfigError("parts", part, f"for m2 and m1+m2, which have a classifier q(y|x); this model is {model.config.model}")
    if part == "continuity" and len(dataset.splits["test"]) < LEAST_CODES:
        raise DataError(
            f"data set {dataset.name!r} has fewer than {LEAST_CODES} test images; continuity needs {LEAST_CODES} or more."
        )
    if part == "disentanglement" and dataset.factors is None:
        raise _without_factors(dataset)


def _without_factors(dataset: Dataset) -> DataError:
    known = ", ".join(names_with_factors())
    return DataError(f"data set {dataset.name!r} has no known factors; disentanglement needs one that has: {known}.")


def report(run: Run, dataset: Dataset, part: Part, split: str = "test") -> Record:
    """One part; continuity of the run's stored codes. Raises `ConfigError` where the model, `DataError` where the data set has nothing to
    say of it."""
    check_part(run.model, dataset, part)
    if part == "continuity":
        return dict(plain(_continuity(run)))
    makers: dict[str, Callable[[Vae, Dataset, Split], Record]] = {
        "collapse": _collapse,
        "information": _information,
        "interventions": _interventions,
        "sensitivity": _sensitivity,
        "implied-beta": _implied_beta,
        "gaps": _gaps,
        "gradients": _gradients,
        "bounds": bounds_record,
        "disentanglement": _disentanglement,
    }
    found: Record = plain(makers[part](run.model, dataset, dataset.subset(split)))
    return found


def plain(value: Any) -> Any:
    """Records and arrays as what JSON knows; a number that is not finite becomes None."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _encoded(model: Vae, part: Split) -> tuple[torch.Tensor, torch.Tensor | None, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Pictures as the model sees them, labels where it is told them, mu and logvar."""
    x = to_unit(torch.from_numpy(part.images.copy()), model.config.binarise, seeded(EVALUATION_SEED, len(part.index)))
    labels = labels_told(model, x, part.labels)
    return (x, as_labels(labels, x.device), *encode_all(model, x, labels))


def _collapse(model: Vae, dataset: Dataset, part: Split) -> Record:
    _, _, mu, logvar = _encoded(model, part)
    curve = epsilon_delta_curve(population_kl(mu, logvar), EPSILONS)
    return {
        "kl_per_dim": kl_per_dim(mu, logvar),
        "is_active": is_active(mu),
        "active_units": int(is_active(mu).sum()),
        "epsilons": curve.epsilons,
        "delta": curve.delta,
        "collapsed_share": curve.share,
    }


def _information(model: Vae, dataset: Dataset, part: Split) -> Record:
    """The split of these N images, and what it leaves open: both figures between two bounds, the lower one of the distance ± its error."""
    _, _, mu, logvar = _encoded(model, part)
    split = information_split(mu, logvar, np.random.default_rng(EVALUATION_SEED))
    far = prior_distance(mu, logvar, np.random.default_rng(EVALUATION_SEED))
    return {
        **asdict(split),
        "ceiling": split.ceiling,
        "is_capped": split.mutual_information > CAPPED * split.ceiling,
        "information_at_least": split.mutual_information,
        "information_at_most": split.mean_kl - far.low,
        "marginal_kl_at_least": far.low,
        "marginal_kl_at_least_error": far.error,
        "marginal_kl_at_most": split.marginal_kl,
        "density": far.density,
    }


def _interventions(model: Vae, dataset: Dataset, part: Split) -> Record:
    x, y, _, _ = _encoded(model, part)
    return asdict(intervention_losses(model, x, seeded(EVALUATION_SEED, 1), y))


def _sensitivity(model: Vae, dataset: Dataset, part: Split) -> Record:
    _, y, mu, _ = _encoded(model, part)
    first = slice(0, SENSITIVITY_IMAGES)
    found = decoder_sensitivity(model, torch.from_numpy(mu[first]), None if y is None else y[first])
    return {"sensitivity": found, "n": len(mu[first])}


def _implied_beta(model: Vae, dataset: Dataset, part: Split) -> Record:
    x, y, _, _ = _encoded(model, part)
    first = slice(0, IMPLIED_IMAGES)
    found = implied_beta(model, x[first], None if y is None else y[first])
    return {"declared": model.config.beta, **({"value": None} if found is None else record(found))}


def _gaps(model: Vae, dataset: Dataset, part: Split) -> Record:
    x, y, _, _ = _encoded(model, part)
    found = gap_map(model, x[:GAP_IMAGES], None if y is None else y[:GAP_IMAGES])
    gaps = {"amortisation": found.amortisation, "approximation": found.approximation, "kl_to_truth": found.kl_to_truth}
    return asdict(found) | gaps


def _gradients(model: Vae, dataset: Dataset, part: Split) -> Record:
    x, y, _, _ = _encoded(model, part)
    few = slice(0, GRADIENT_IMAGES)
    labels, found = None if y is None else y[few], dict[str, Any]()
    for i, name in enumerate(ESTIMATORS):
        one = gradient_variance(model, x[few], GRADIENT_DRAWS, seeded(EVALUATION_SEED, i), name, labels)
        found[name] = asdict(one) | {"standard_error": one.standard_error}
    return found


def _continuity(run: Run) -> Record:
    """Both figures at the step that a run keeps, and every pair and draw."""
    found = run_continuity(run)
    steps, kept = found.continuity, figures(found)
    draws = {name: draws for name, draws in (("prior", found.prior), ("box", found.box)) if draws is not None}
    of_draws = {
        name: {"known": d.known.value, "error": d.known.standard_error, "probability": d.probability} for name, d in draws.items()
    }
    place = steps.shares.tolist().index(kept.step)
    changes = steps.class_changes(place)
    return {
        **kept.model_dump(),
        "class_changes": None if changes is None else changes.value,
        "class_changes_error": None if changes is None else changes.standard_error,
        "steps": {"share": steps.shares, "change": steps.relative, "error": steps.relative_error},
        "squared": steps.squared,
        "reference": steps.reference,
        "spread": steps.spread,
        **of_draws,
    }


def _disentanglement(model: Vae, dataset: Dataset, part: Split) -> Record:
    if part.factors is None:
        raise _without_factors(dataset)
    _, _, mu, _ = _encoded(model, part)
    found = disentanglement(mu, part.factors, dataset.factor_names, seed=0)
    return {
        **asdict(found),
        "mig_score": found.mig.score,
        "sap_score": found.sap.score,
        "disentanglement": found.dci.disentanglement,
        "completeness": found.dci.completeness,
        "informativeness": found.dci.informativeness,
    }
