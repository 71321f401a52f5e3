"""How do words on a command line become a record, and a mistake among them one sentence?"""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Annotated, Any, TypeVar, get_type_hints

import tyro
from pydantic import BaseModel, ValidationError
from tyro.conf import OmitArgPrefixes, Positional, arg

from trainer.config import config_error
from trainer.console import meant
from trainer.errors import LatentError

T = TypeVar("T")

# options of many commands; --help says their default in words, not as None
RunName = Annotated[Positional[str], arg(metavar="RUN")]
NewName = Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")]
RunsToRead = Annotated[str | None, arg(metavar="FOLDER", help_behavior_hint="")]
RunsToWrite = Annotated[str, arg(metavar="FOLDER", help_behavior_hint="")]
OutFile = Annotated[str | None, arg(metavar="FILE", help_behavior_hint="")]
AtMost = Annotated[int | None, arg(metavar="INT", help_behavior_hint="")]
MaybeNumber = Annotated[float | None, arg(metavar="NUMBER", help_behavior_hint="")]


def parse(options: type[T], argv: list[str], prog: str, default: T | None = None) -> T:
    """tyro's parser with its complaint as one sentence, a `LatentError`."""
    from tyro._errors import ParseErrorEvent, on_parse_error

    def complain(event: ParseErrorEvent) -> None:
        cause: BaseException | None = sys.exception()
        while cause is not None:
            if isinstance(cause, ValidationError):
                raise config_error(cause) from None
            cause = cause.__context__
        raise LatentError(f"{_sentence(event, _known(options))} ({prog} --help).") from None

    with on_parse_error(complain):
        if default is None:
            return tyro.cli(options, args=argv, prog=prog, config=(OmitArgPrefixes,))
        return tyro.cli(options, args=argv, prog=prog, default=default, config=(OmitArgPrefixes,))


def _known(options: type[Any]) -> list[str]:
    """Every option of a record and of the records in it, as typed."""
    hints = get_type_hints(options)
    names = []
    for item in fields(options):
        kind = hints[item.name]
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += list(kind.model_fields)
        else:
            names.append(item.name)
    return ["--" + name.replace("_", "-") for name in names]


def _sentence(event: Any, known: list[str]) -> str:
    """What tyro found wrong, in a line: the option, the value, what is allowed."""
    from tyro import _errors as kinds

    option = _option(getattr(event, "argument", None))
    match event:
        case kinds.UnrecognizedArgs(tokens=tokens):
            return f"unknown option {tokens[0]!r}{meant(tokens[0].partition('=')[0], known)}"
        case kinds.MissingArgs(missing_arguments=missing):
            return f"{', '.join(_option(context.arg) for context in missing)} is missing"
        case kinds.InvalidChoice(value=value, choices=choices):
            return f"{option} is {value!r}; allowed: {', '.join(choices)}"
        case kinds.BadValue():
            return f"{option} needs a value"
        case kinds.InstantiationFailure(message=message):
            return f"{option}: {_one_line(message)}" if option else _one_line(message)
        case _:
            return "these options do not go together"


def _option(argument: Any) -> str:
    """The option's name as typed."""
    if argument is None:
        return ""
    return str(argument.lowered.name_or_flags[-1]) if argument.lowered.name_or_flags else "a value"


def _one_line(message: str) -> str:
    """Python's own complaint about a number in our words; anything else with its line breaks removed."""
    value = message.rpartition(": ")[2]
    if message.startswith("invalid literal for int()"):
        return f"{value} is not a whole number"
    if message.startswith("could not convert string to float"):
        return f"{value} is not a number"
    return " ".join(message.split())


def between(option: str, value: int, most: int | None = None) -> None:
    """Raises `LatentError` for a value below 1 or above the most."""
    if value < 1 or (most is not None and value > most):
        raise LatentError(f"{option} is {value}; allowed: {f'1 to {most}' if most else '1 or more'}.")
