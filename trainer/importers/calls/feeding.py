"""How does somebody else's function want its images: as pictures, vectors, a dictionary, with a class?

Letters: B images, C×H×W their shape, Y classes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

Labels = Tensor | None


@dataclass(frozen=True)
class Feed:
    """One way to hand over images x (B, C, H, W) with or without classes y (B,)."""

    name: str
    """for people"""
    arguments: Callable[[Tensor, Labels], tuple[Any, ...]]
    """what the function is called with, from x and y"""
    has_class: bool = False
    """whether the class is among them"""


def feeds(n_classes: int) -> tuple[Feed, ...]:
    """All ways to hand over images, the usual first; with a class where n_classes is not 0."""
    plain = (
        Feed("pictures", lambda x, y: (x,)),
        Feed("vectors of their pixels", lambda x, y: (x.flatten(1),)),
        Feed("a dictionary with 'data'", lambda x, y: ({"data": x, "labels": y},)),
        Feed("pictures with the channels last", lambda x, y: (x.movedim(1, -1),)),
        Feed("pictures without a channel", lambda x, y: (x[:, 0],)),
        Feed("codes of shape (B, C, H·W)", lambda x, y: (x.flatten(2),)),
    )
    if not n_classes:
        return plain
    told = []
    for feed in plain[:2]:
        for name, form in class_forms(n_classes):
            told.append(Feed(f"{feed.name} and {name}", _with_class(feed, form), has_class=True))
    return (*told, *plain)


def _with_class(feed: Feed, form: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Labels], tuple[Any, ...]]:
    def arguments(x: Tensor, y: Labels) -> tuple[Any, ...]:
        assert y is not None
        return *feed.arguments(x, y), form(y)

    return arguments


def class_forms(n_classes: int) -> tuple[tuple[str, Callable[[Tensor], Tensor]], ...]:
    """How a class may be told: its number or one hot."""
    return (
        ("the class one hot", lambda y: nn.functional.one_hot(y, n_classes).float()),
        ("the number of the class", lambda y: y),
        ("the number of the class as a column", lambda y: y[:, None].float()),
    )


def wants_more(function: Callable[..., Any] | None, given: int = 1) -> str:
    """The name of the next argument that a function needs, where it needs more than are given; else nothing."""
    if function is None:
        return ""
    target = function.forward if isinstance(function, nn.Module) else function
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        return ""
    needed = [p.name for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return needed[given] if len(needed) > given else ""
