"""How do the gap of a run's bound and M2's two bounds get into its run.json? From the parts of `atlas evaluate`, as means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.diagnosis.report import Part, Record
from trainer.errors import ConfigError, RunError
from trainer.runs.bound_figures import BoundFigures, ClassBoundFigures, GapFigures
from trainer.runs.read import Run
from trainer.runs.records import RunInfo
from trainer.runs.write import RunWriter

KEPT: tuple[Part, ...] = ("gaps", "bounds")
SMALL = 1.0  # nats


def check_kept(run: Run, parts: Sequence[Part]) -> None:
    """Before minutes of evaluation: raises `ConfigError` where none of the parts is kept, `RunError` for a run that stays as it is."""
    if not set(parts) & set(KEPT):
        raise ConfigError("keep", True, f"with --parts {' or '.join(KEPT)}, of which a run keeps the means")
    writer = RunWriter(run.folder)
    if writer.is_kept:
        raise RunError(f"{run.id} comes with the program and stays as it is; leave out --keep.")
    writer.check_writable()


def keep_bounds(run: Run, parts: Mapping[Part, Record]) -> RunInfo:
    """Writes what the parts say into run.json; what a run keeps of another part stays."""
    before = run.info.bounds or BoundFigures()
    gaps, classes = parts.get("gaps"), parts.get("bounds")
    found = BoundFigures(
        gaps=before.gaps if gaps is None else gap_figures(gaps),
        classes=before.classes if classes is None else class_figures(classes),
    )
    info = run.info.model_copy(update={"bounds": found})
    RunWriter(run.folder).write_info(info)
    return info


def gap_figures(record: Mapping[str, Any]) -> GapFigures:
    """Of the part `gaps`."""
    amortisation = np.asarray(record["amortisation"], float)
    has_truth = record["log_px"] is not None
    return GapFigures(
        n=len(amortisation),
        elbo=_mean(record["elbo_encoder"]),
        best_elbo=_mean(record["elbo_optimal"]),
        log_px=_mean(record["log_px"]) if has_truth else None,
        amortisation_error=_error(amortisation),
        approximation_error=_error(np.asarray(record["approximation"], float)) if has_truth else None,
        small=int((amortisation < SMALL).sum()),
        largest=float(amortisation.max()),
    )


def class_figures(record: Mapping[str, Any]) -> ClassBoundFigures:
    """Of the part `bounds`."""
    names = ("labelled", "unlabelled", "entropy", "class_nll", "class_gap")
    return ClassBoundFigures(n=len(record["label"]), **{name: _mean(record[name]) for name in names})


def _mean(values: Any) -> float:
    return float(np.mean(values))


def _error(values: NDArray[np.float64]) -> float:
    """Standard error of the mean; 0 of one image."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
