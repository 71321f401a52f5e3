"""What do continuity and completeness of one or two runs say, and no more than the numbers decide?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from trainer.numerals import count, percent
from trainer.runs.continuity_figures import ContinuityFigures, Share

SURELY = 2.0  # standard errors of a difference
SMALL_ERROR = 0.001  # a tenth of a per cent
Runs = Mapping[str, ContinuityFigures]


def steps_sentence(found: Runs) -> str:
    """What a step of the code changes, and whether two runs differ in it."""
    values = []
    for name, each in found.items():
        if each.change is None:
            return f"All codes of {name} decode to the same picture: a step of the code changes nothing."
        values.append((each.change, math.nan if each.change_error is None else each.change_error))
    told = [f"{with_error(*value)} in {name}" for name, value in zip(found, values, strict=True)]
    share = percent(next(iter(found.values())).step)
    beginning = f"A step of {share} of the codes' spread changes the picture by {' and '.join(told)}"
    return f"{beginning}{_compared(values, list(found), 'in')}."


def completeness_sentence(found: Runs) -> str:
    """How many draws from N(0, I) the classifier knows, and whether two runs differ in it; and where that is not known, why."""
    known = {name: share for name, each in found.items() if (share := each.prior_share) is not None}
    return " ".join([*([_known(known)] if known else []), *_unknown(found)])


def without_classifier(found: Runs) -> list[str]:
    """Those that were measured without a classifier of pictures."""
    return [name for name, each in found.items() if each.class_changes is None and each.prior_share is None]


def _known(known: Mapping[str, Share]) -> str:
    told = [f"{share_words(share)} of {name} ({count(share.n)} draws)" for name, share in known.items()]
    values = [(share.value, share.standard_error) for share in known.values()]
    return f"Of random codes from N(0, I) the classifier recognises {' and '.join(told)}{_compared(values, list(known), 'of')}."


def _unknown(found: Runs) -> list[str]:
    """A sentence for each reason for which it is not known."""
    bare = without_classifier(found)
    poor = [name for name, each in found.items() if name not in bare and each.prior_share is None]
    whys = [(bare, "without a classifier of pictures"), (poor, "whose classifier is too often wrong about reconstructed images")]
    return [
        f"Whether random codes of {' and '.join(names)} decode to pictures is not known: {_run_or_runs(names)} {why}."
        for names, why in whys
        if names
    ]


def _run_or_runs(names: Sequence[str]) -> str:
    return "a run" if len(names) == 1 else "runs"


def share_words(share: Share) -> str:
    """A share with its standard error."""
    return with_error(share.value, share.standard_error)


def with_error(value: float, error: float) -> str:
    """“7.8 % ± 0.5 %”: one decimal, two where the error is small."""
    digits = 2 if error < SMALL_ERROR else 1
    return f"{percent(value, digits)} ± {percent(error, digits)}"


def _compared(values: Sequence[tuple[float, float]], names: Sequence[str], where: str) -> str:
    """Of two (value, standard error): which is smaller, or that the difference is within two standard errors."""
    if len(values) != 2:
        return ""
    (first, first_error), (second, second_error) = values
    if not abs(first - second) > SURELY * math.hypot(first_error, second_error):
        return "; the difference is within two standard errors"
    less = names[0] if first < second else names[1]
    return f": less {where} {less}"
