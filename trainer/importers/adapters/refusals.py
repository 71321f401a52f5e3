"""What is said of a model in which nothing encodes or decodes, and what would have to be added?"""

from __future__ import annotations

import math
import re

from trainer.errors import ExternalModelError
from trainer.importers.calls.subject import Pass, Subject
from trainer.importers.process.external_errors import lines_of, said
from trainer.numerals import number


def disagrees(name: str, apart: float) -> ExternalModelError:
    if not math.isfinite(apart):
        return ExternalModelError(
            f"{name}(encode(x)) gives values that are not finite numbers; allowed: pictures of finite numbers."
        )
    return ExternalModelError(
        f"{name}(encode(x)) gives other pictures than forward(x) at the same noise (pixels differ by {number(apart, 3)} on average): "
        "layers stand between the two; allowed: encode and decode that hold all layers between picture and code."
    )


def draws_pictures() -> ExternalModelError:
    return ExternalModelError(
        "decode gave two different pictures for the same codes; allowed: the mean picture, not a draw, from a model in evaluation "
        "(call eval() in the factory)."
    )


def without(subject: Subject, what: str, complaints: list[str]) -> ExternalModelError:
    """What is missing, and what to add."""
    kind = type(subject.model).__name__
    if complaints:
        return ExternalModelError(
            f"{complaints[0]}; allowed: (mu, logvar), mu alone, a torch.distributions.Normal, or fields such as mu and logvar."
        )
    passing = subject.forward
    if passing is not None and len(passing.codes) > 1:
        shapes = ", ".join(" × ".join(map(str, shape)) for shape in passing.codes)
        return ExternalModelError(
            f"the factory gave a {kind} whose forward draws {len(passing.codes)} codes ({shapes}), a hierarchy, and one code is shown "
            "here; allowed: add encode and decode for one of them, the others at their means."
        )
    if passing is not None and (passing.others or passing.is_odd):
        return not_gaussian(subject, passing)
    if passing is not None and what == "decode":
        return ExternalModelError(
            f"the factory gave a {kind} whose forward draws no code, and there is no decode, so no code can be decoded; allowed: add "
            "decode(z), the part of forward after the code."
        )
    return ExternalModelError(
        f"the factory gave a {kind} without {what}; allowed: an object with encode(x), which gives mu and logvar, and "
        "decode(z), which gives pictures."
    )


def not_gaussian(subject: Subject, passing: Pass) -> ExternalModelError:
    return ExternalModelError(
        f"the factory gave a {type(subject.model).__name__} whose forward draws codes that are not Gaussian with a mean and a standard "
        f"deviation for each number{f' ({passing.others[0]})' if passing.others else ''}; allowed: a code that is mean + standard "
        "deviation · noise."
    )


def said_by(error: BaseException) -> str:
    """An exception of somebody else's code in a line: all that it says, and the last place of it that lies in a file of theirs."""
    places = lines_of(error)
    words = " ".join(said(error).split()) + (f" ({places[-1]})" if places else "")
    if re.search(r"same dtype|expected .*(Float|float).* but (got|found)", words):
        words += (
            "; models are asked in single precision (float32): encode and decode must leave their input as it is (no x.double())"
        )
    return words
