"""How are the parts of `evaluate --parts` read? Means with units in a table for people, every number in a file for programs.

Letters: N images, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trainer.diagnosis.report import Part
from trainer.errors import LatentError
from trainer.numerals import count, number

SUFFIX = ".npz"
Over = Literal["", "images", "dimensions", "thresholds"]
Record = Mapping[str, Any]
GRADIENTS = "nats² per unit of z², mean over images and dimensions"
OF_TWO, OF_ALL = "share of the change between two images", "share"


@dataclass(frozen=True)
class Line:
    """One figure of a part."""

    key: str
    """of the record; a part of a part by `/`"""
    words: str
    """what it is"""
    unit: str = "nats"
    over: Over = ""
    """what a list of numbers runs over: of images their mean ± its standard error, of others mean, lowest and highest; "": one number"""
    digits: int = 2
    """decimals"""
    error: str = ""
    """key of its standard error, where the record has one"""


def _of_estimator(name: str, words: str) -> Line:
    return Line(f"{name}/variance", f"variance of a draw, {words}", GRADIENTS, error=f"{name}/standard_error")


TABLES: Mapping[Part, tuple[Line, ...]] = {
    "collapse": (
        Line("kl_per_dim", "KL of a dimension", over="dimensions"),
        Line("active_units", "active dimensions", "of all, Var(μ) > 0.01", digits=0),
        Line("collapsed_share", "collapsed dimensions, ε from 0.001 to 1", "share, δ = 0.01", "thresholds"),
    ),
    "information": (
        Line("mean_kl", "mean KL"),
        Line("mutual_information", "information that these images show", error="mutual_information_error"),
        Line("ceiling", "at most, log N"),
        Line("information_at_least", "information, at least"),
        Line("information_at_most", "information, at most"),
        Line("marginal_kl_at_least", "distance to the prior, at least", error="marginal_kl_at_least_error"),
        Line("marginal_kl_at_most", "distance to the prior, at most"),
        Line("total_correlation", "total correlation"),
        Line("dimension_wise_kl", "distance to the prior of a dimension", over="dimensions"),
    ),
    "interventions": (
        Line("baseline", "reconstruction loss"),
        Line("shuffled", "its rise with a dimension of another image", over="dimensions"),
        Line("zeroed", "its rise with a dimension at 0", over="dimensions"),
    ),
    "sensitivity": (Line("sensitivity", "‖∂x̂/∂z‖ of a dimension", "grey levels per unit of z", "dimensions", 3),),
    "implied-beta": (
        Line("declared", "β that is declared", "", digits=3),
        Line("value", "β that the model implies", "", digits=3),
        Line("low", "95 % interval, from", "", digits=3),
        Line("high", "95 % interval, to", "", digits=3),
        Line("per_dim", "β of a dimension", "", "dimensions", 3),
    ),
    "gaps": (
        Line("elbo_encoder", "ELBO of the encoder's q", over="images"),
        Line("elbo_optimal", "ELBO of the best Gaussian of each image", over="images"),
        Line("log_px", "log p(x), by quadrature", over="images"),
        Line("amortisation", "amortisation gap", over="images"),
        Line("approximation", "approximation gap", over="images"),
        Line("kl_to_truth", "both, KL(q(z|x) ‖ p(z|x))", over="images"),
    ),
    "gradients": (
        _of_estimator("reparameterisation", "reparameterised"),
        _of_estimator("score-baseline", "score function with baseline"),
        _of_estimator("score", "score function"),
        Line("reparameterisation/mean_square", "squared gradient, for scale", GRADIENTS),
    ),
    "bounds": (
        Line("labelled", "labelled bound −L(x, y)", over="images"),
        Line("unlabelled", "unlabelled bound −U(x)", over="images"),
        Line("difference", "labelled less unlabelled", over="images"),
        Line("class_nll", "−log q(y|x) of the true class", over="images"),
        Line("entropy", "entropy of q(y|x)", over="images"),
        Line("class_gap", "loss by q(y|x), KL(q(y|x) ‖ p(y|x))", over="images"),
        Line("error", "images that q(y|x) gets wrong", OF_ALL, digits=3),
    ),
    "continuity": (
        Line("change", "change of the picture by a step of 10 % of the codes' spread", OF_TWO, digits=4, error="change_error"),
        Line(
            "class_changes", "steps after which the classifier names another class", OF_ALL, digits=3, error="class_changes_error"
        ),
        Line("prior/known", "random codes from N(0, I) that the classifier recognises", OF_ALL, digits=3, error="prior/error"),
        Line("box/known", "random codes of the box around the codes that it recognises", OF_ALL, digits=3, error="box/error"),
    ),
    "disentanglement": (
        Line("mig_score", "mutual information gap (MIG)", "0 to 1", digits=3),
        Line("sap_score", "separated attribute predictability (SAP)", "0 to 1", digits=3),
        Line("disentanglement", "disentanglement (DCI)", "0 to 1", digits=3),
        Line("completeness", "completeness (DCI)", "0 to 1", digits=3),
        Line("informativeness", "informativeness (DCI)", "0 to 1", "dimensions", 3),
    ),
}


def table_lines(part: Part, record: Record) -> list[str]:
    """A part as a table: what it is, the mean, ± its standard error or the range, unit, and over how many. A figure
    that a run has not is left out."""
    values = flat(record)
    cells = [_cells(line, values) for line in TABLES[part] if _is_there(values.get(line.key))]
    if not cells:
        return [part, "  this run has no such figure"]
    widths = [max(len(row[i]) for row in cells) for i in range(3)]
    return [part, *(f"  {w:<{widths[0]}}  {m:>{widths[1]}} {s:<{widths[2]}}  {unit}".rstrip() for w, m, s, unit in cells)]


def _is_there(value: Any) -> bool:
    return value is not None and not (isinstance(value, list) and np.isnan(_numbers(value)).all())


def _cells(line: Line, values: Record) -> tuple[str, str, str, str]:
    """Words, mean, spread, unit with what the mean is over."""
    value = values[line.key]
    if not isinstance(value, list):
        error = values.get(line.error)
        return line.words, number(value, line.digits), "" if error is None else f"± {number(error, line.digits)}", line.unit
    known = _numbers(value)
    known = known[np.isfinite(known)]
    over = f"{line.unit}, {count(len(known))} {line.over}".lstrip(", ")
    if line.over == "images":
        error = float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else float("nan")
        return line.words, number(float(known.mean()), line.digits), f"± {number(error, line.digits)}", over
    low, high = (number(float(end), line.digits) for end in (known.min(), known.max()))
    return line.words, number(float(known.mean()), line.digits), f"from {low} to {high}", over


def checked_file(name: str, parts: tuple[str, ...]) -> Path:
    """Where the arrays go, before minutes of work. Raises `LatentError` for a file that cannot be written, and without parts."""
    path = Path(name)
    if not parts:
        raise LatentError(f"--out is {name!r} without --parts; allowed: with at least one part, whose arrays it keeps.")
    if path.suffix != SUFFIX:
        raise LatentError(f"--out is {name!r}; allowed: a file whose name ends in {SUFFIX}.")
    if not path.parent.is_dir():
        raise LatentError(f"--out is {name!r}, and its folder is not there; make it first.")
    return path


def save_arrays(path: Path, parts: Mapping[Part, Record]) -> int:
    """Every number of the parts under `part/key`, what is not finite as nan; how many arrays. Text as text. Raises `LatentError`."""
    arrays = {f"{part}/{key}": _array(value) for part, record in parts.items() for key, value in flat(record).items()}
    try:
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the names for its own options
    except OSError as error:
        raise LatentError(f"--out {path}: {error.strerror or error}; choose another place.") from error
    return len(arrays)


def flat(record: Record) -> dict[str, Any]:
    """Records in a record by `/`."""
    return dict(_flat(record, ""))


def _flat(record: Record, before: str) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}/")
        else:
            yield f"{before}{key}", value


def _array(value: Any) -> NDArray[Any]:
    """Numbers as numbers, words as words."""
    try:
        return _numbers(value)
    except ValueError:
        return np.asarray(value, str)


def _numbers(value: Any) -> NDArray[np.float64]:
    """None, which JSON has for what is not finite, as nan."""
    return np.asarray(value, float)
