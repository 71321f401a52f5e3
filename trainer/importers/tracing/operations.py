"""Which layers are one recorded operation of torch?

Every handler takes the arguments of an operation by their names, with a traced value among them, and gives the value one step further; it
raises `UntraceableError` where none of our layers does the same.
"""

from __future__ import annotations

from typing import Any

from trainer.importers.tracing.arithmetic import ARITHMETIC, Arguments, Handler
from trainer.importers.tracing.moves import MOVES
from trainer.importers.tracing.weighted import WEIGHTED

HANDLERS: dict[str, Handler] = {**ARITHMETIC, **MOVES, **WEIGHTED}
"""By the operation's name without a last underscore: relu_ writes where it reads, and is relu."""
OF_SHAPES = {
    "sym_size",
    "sym_numel",
    "sym_stride",
    "size",
    "dim",
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
    "new_zeros",
    "new_ones",
    "new_full",
    "new_empty",
    "sym_constrain_range_for_size",
    "is_floating_point",
}
"""Operations that look at the shape or the kind of a tensor alone, not at its numbers."""


def arguments_of(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """The arguments of an operation by their names, in its own order, with those that were left out."""
    found: Arguments = {}
    for i, argument in enumerate(target._schema.arguments):
        if i < len(args):
            found[argument.name] = args[i]
        elif argument.name in kwargs:
            found[argument.name] = kwargs[argument.name]
        elif argument.has_default_value():
            found[argument.name] = argument.default_value
    return found


def name_of(target: Any) -> str:
    """An operation's name: relu of aten.relu_.default."""
    name = str(getattr(target, "_opname", None) or getattr(target, "__name__", target))
    return name.rstrip("_") if not name.startswith("__") else name


def writes_in_place(target: Any) -> bool:
    """Whether an operation writes where it reads."""
    name = getattr(target, "_opname", "")
    return bool(name.endswith("_") and not name.endswith("__"))
