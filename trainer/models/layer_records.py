"""How does run.json hold a layer, and what of a record is refused?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from math import isfinite
from typing import Any, get_args, get_type_hints

from trainer.models import layers as spec
from trainer.models.layer_shapes import MOST_AXES, MOST_NUMBERS
from trainer.models.layers import CLASS, Layer

NOT_STORED = (spec.First, spec.Autoregress)
"""Layers of our own configurations, whose networks are not written out."""
STORABLE: dict[str, type[Layer]] = {kind.__name__: kind for kind in get_args(Layer) if kind not in NOT_STORED}
MOST_INPUTS = 64
_FROM_ZERO = {"padding", "output_padding", "n_labels", "left", "right", "top", "bottom", "axis", "axes", "start"}
"""Fields whose whole numbers may be 0; those of all others are at least 1."""


def layer_record(layer: Layer) -> dict[str, Any]:
    """A layer as run.json holds it: its kind, and the fields that are not what they are anyway."""
    given = {field.name: getattr(layer, field.name) for field in fields(layer)}
    defaults = {field.name: field.default for field in fields(layer)}
    return {"op": type(layer).__name__, **{name: value for name, value in given.items() if value != defaults[name]}}


def layer_of(record: Mapping[str, Any]) -> Layer:
    """The layer of `layer_record`. Raises `ValueError` for what is none."""
    kind = STORABLE.get(str(record.get("op")))
    if kind is None:
        raise ValueError(f"layer {record.get('op')!r} is not known; allowed: {', '.join(STORABLE)}")
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in record.items() if name != "op"}
    types = _types(kind.__name__)
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    if not needed <= set(given) <= set(types) or not all(_fits(name, value, types[name]) for name, value in given.items()):
        raise ValueError(f"layer {record.get('op')!r} has fields {given}")
    build: Callable[..., Layer] = kind
    return build(**given)


@cache
def _types(name: str) -> dict[str, Any]:
    """Of the fields."""
    return get_type_hints(STORABLE[name])


def _fits(name: str, value: Any, wanted: Any) -> bool:
    """Whether a field of a layer holds what can be one."""
    if wanted is bool:
        return type(value) is bool
    if wanted is float:
        return type(value) in (int, float) and isfinite(value) and (name != "eps" or value > 0)
    if wanted == spec.Side:
        return _fits(name, value, int) or (
            type(value) is tuple and len(value) == 2 and all(_fits(name, side, int) for side in value)
        )
    if wanted is int:
        return type(value) is int and (0 if name in _FROM_ZERO else 1) <= value <= MOST_NUMBERS
    if name == "inputs":
        return (
            type(value) is tuple and len(value) <= MOST_INPUTS and all(type(n) is int and CLASS <= n < MOST_NUMBERS for n in value)
        )
    if get_args(wanted) and isinstance(get_args(wanted)[0], str):
        return value in get_args(wanted)
    if type(value) is not tuple:
        return False
    sides = get_args(wanted)
    is_as_long = len(value) <= MOST_AXES if Ellipsis in sides else len(value) == len(sides)
    return is_as_long and all(_fits(name, side, int) for side in value)
