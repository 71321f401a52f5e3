"""What is said of weights that do not fit a model?

Names that are missing with the nearest ones of the file, shapes that differ, and the argument of the class that may be meant.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from trainer.importers.process.external_errors import listed
from trainer.importers.weights.alignment import Alignment, Shape, is_optional, is_same_shape, shapes_of
from trainer.importers.weights.candidates import Candidate
from trainer.importers.weights.reading import WeightsError
from trainer.numerals import count

MOST_NAMED = 5


def check_all(
    chosen: Candidate, alignment: Alignment, wanted: Mapping[str, Shape], file: str, model: str, made_with: Mapping[str, Any]
) -> None:
    """Raises `WeightsError` where a tensor of the model is missing or of another shape, with the names that are nearest."""
    shapes = shapes_of(chosen)
    missing = [name for name in wanted if name not in alignment.names and not is_optional(name)]
    misfits = [name for name, other in alignment.names.items() if not is_same_shape(shapes[other], wanted[name])]
    if not missing and not misfits:
        return
    spare = [name for name in shapes if name not in set(alignment.names.values())]
    n = len(wanted)
    what = [f"{count(len(missing))} of {count(n)} tensors are missing"] if missing else []
    what += [f"{count(len(misfits))} of {count(n)} are of another shape"] if misfits else []
    lines = [
        f"{name} {_written(wanted[name])} is missing{_nearest(name, wanted[name], spare, shapes)}" for name in missing[:MOST_NAMED]
    ]
    lines += [f"… and {count(len(missing) - MOST_NAMED)} more"] if len(missing) > MOST_NAMED else []
    lines += [
        f"{name} is {_written(shapes[alignment.names[name]])} in the file, {_written(wanted[name])} in the model"
        for name in misfits[:MOST_NAMED]
    ]
    lines += [f"… and {count(len(misfits) - MOST_NAMED)} more"] if len(misfits) > MOST_NAMED else []
    if spare:
        lines.append(f"left over in the file: {listed([f'{name} {_written(shapes[name])}' for name in spare], MOST_NAMED)}")
    hint = _sizes_hint([(wanted[name], shapes[alignment.names[name]]) for name in misfits], made_with)
    remedy = hint or "choose the file of this model, or make the model with the sizes that it was trained with (--arguments)"
    raise WeightsError("\n  ".join([f"{file} does not fit {model}: {' and '.join(what)}; {remedy}.", *lines]))


def _nearest(name: str, shape: Shape, spare: Sequence[str], shapes: Mapping[str, Shape]) -> str:
    """Names of the file that may be meant: alike in name, and first those of its shape."""
    ranked = sorted(spare, key=lambda other: (not is_same_shape(shapes[other], shape), -_alike(name, other)))
    near = [other for other in ranked if is_same_shape(shapes[other], shape) or _alike(name, other) > 0.6][:3]
    return f"; nearest in the file: {', '.join(f'{other} {_written(shapes[other])}' for other in near)}" if near else ""


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _sizes_hint(pairs: Sequence[tuple[Shape, Shape]], made_with: Mapping[str, Any]) -> str:
    """Which argument of the class has one size in the model and another in the file."""
    turned: dict[int, set[int]] = defaultdict(set)
    for ours, theirs in pairs:
        if ours is not None and theirs is not None and len(ours) == len(theirs):
            for a, b in zip(ours, theirs, strict=True):
                if a != b:
                    turned[a].add(b)
    hints = []
    for a, found in turned.items():
        named = [name for name, value in made_with.items() if type(value) is int and value == a]
        if len(found) == 1 and len(named) == 1:
            hints.append((named[0], a, next(iter(found))))
    if not hints:
        return ""
    words = ", ".join(f'"{name}": {theirs}' for name, _, theirs in hints)
    made = ", ".join(f"{name} = {ours}" for name, ours, _ in hints)
    return f"the model was made with {made}, and the file speaks for --arguments '{{{words}}}'"


def _written(shape: Shape) -> str:
    return "(any shape)" if shape is None else f"({', '.join(map(str, shape))})"
