"""What do continuity and completeness of one or two runs say, and no more than the numbers decide?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from trainer.metrics.continuity import Completeness
from trainer.metrics.run_continuity import RunContinuity
from trainer.numerals import count, percent

SURELY = 2.0  # standard errors of a difference
SMALL_ERROR = 0.001  # a tenth of a per cent


def steps_sentence(found: Mapping[str, RunContinuity], place: int) -> str:
    """What the step at that place of the lengths changes, and whether two runs differ in it."""
    told, values = [], []
    for name, each in found.items():
        steps = each.continuity
        value, error = float(steps.relative[place]), float(steps.relative_error[place])
        if not math.isfinite(value):
            return f"All codes of {name} decode to the same picture: a step of the code changes nothing."
        told.append(f"{_with_error(value, error)} in {name}")
        values.append((value, error))
    share = percent(float(next(iter(found.values())).continuity.shares[place]))
    beginning = f"A step of {share} of the codes’ spread changes the picture by {' and '.join(told)}"
    return f"{beginning}{_compared(values, list(found), 'in')}."


def completeness_sentence(found: Mapping[str, RunContinuity]) -> str:
    """How many draws from N(0, I) the classifier knows, and whether two runs differ in it; or why that is not known."""
    draws = {name: each.prior for name, each in found.items()}
    known = {name: each for name, each in draws.items() if each is not None}
    if not known:
        return "Whether random codes decode to pictures is not known: there is no classifier that is right often enough for these images."
    told = [_known(name, each) for name, each in known.items()]
    values = [(each.known.value, each.known.standard_error) for each in known.values()]
    return f"Of random codes from N(0, I) the classifier knows {' and '.join(told)}{_compared(values, list(known), 'of')}."


def calibration_sentence(name: str, found: RunContinuity) -> str:
    """Threshold of a run, and what it does with reconstructions that did not choose it; empty without one."""
    threshold = found.threshold
    if threshold is None:
        return ""
    right = "" if threshold.right is None else f" and is right for {percent(threshold.right.value)} of these"
    passed = f"{percent(threshold.passed.value)} of {count(threshold.passed.n)} other reconstructions"
    return f"{name}: known from a probability of {percent(threshold.value)} on, which the classifier gives to {passed}{right}."


def _known(name: str, draws: Completeness) -> str:
    return f"{_with_error(draws.known.value, draws.known.standard_error)} of {name} ({count(draws.known.n)} draws)"


def _with_error(value: float, error: float) -> str:
    """“7.8 % ± 0.5 %”: one decimal, two where the error is small."""
    digits = 1 if error >= SMALL_ERROR else 2
    return f"{percent(value, digits)} ± {percent(error, digits)}"


def _compared(values: list[tuple[float, float]], names: list[str], where: str) -> str:
    """Of two (value, standard error): which is smaller, or that the difference is within two standard errors."""
    if len(values) != 2:
        return ""
    (first, first_error), (second, second_error) = values
    if abs(first - second) <= SURELY * math.hypot(first_error, second_error):
        return "; the difference is within two standard errors"
    less = names[0] if first < second else names[1]
    return f": less {where} {less}"
