"""How do the weights of a file get into a model?

The mapping in the file whose names and shapes fit best is taken; what it is called decides only between equals. What was found, left over
and assumed is said in notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from trainer.importers.process.external_errors import listed
from trainer.importers.weights.alignment import Alignment, Shape, align, is_optional, is_same_shape, shapes_of
from trainer.importers.weights.candidates import Candidate, candidates, is_copy_name
from trainer.importers.weights.misfits import MOST_NAMED, check_all
from trainer.importers.weights.reading import WeightsError
from trainer.numerals import count


def modules_of(model: Any) -> dict[str, nn.Module]:
    """The modules of torch that a model is or holds, by the names under which weights know them ("" for the model itself)."""
    if isinstance(model, nn.Module):
        return {"": model}
    held = model if isinstance(model, Mapping) else getattr(model, "__dict__", {})
    return {f"{name}.": part for name, part in held.items() if isinstance(part, nn.Module)}


def load_weights(
    model: Any, tree: Mapping[str, Any], file: str, key: str | None = None, made_with: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Puts the weights in `tree` into the model, and says what was found, left over and assumed.

    tree: from `read_weights`.
    file: its name.
    key: where in the file to look (default: wherever they fit best).
    made_with: the arguments that the model was made with, to say which of them does not fit.

    Raises `WeightsError`.
    """
    modules = modules_of(model)
    if not modules:
        raise WeightsError(f"--weights needs a model of torch, and this is a {type(model).__name__}; leave --weights out.")
    own = {
        f"{prefix}{name}": value for prefix, module in modules.items() for name, value in module.state_dict(keep_vars=True).items()
    }
    wanted = {name: _shape(value) for name, value in own.items() if isinstance(value, Tensor)}
    if not wanted:
        raise WeightsError("--weights was given, and the model has no parameters; leave --weights out.")
    chosen, alignment, equals = _best(_chosen_by(candidates(tree), key, file), wanted)
    check_all(chosen, alignment, wanted, file, type(model).__name__, made_with or {})
    state = {name: _as(chosen.tensors[alignment.names[name]], own[name], name, file) for name in alignment.names}
    for prefix, module in modules.items():
        module.load_state_dict(
            {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}, strict=False
        )
    return tuple(_notes(chosen, alignment, equals, wanted, file))


def _shape(value: Tensor) -> Shape:
    return None if isinstance(value, UninitializedParameter | UninitializedBuffer) else tuple(value.shape)


def _chosen_by(found: list[Candidate], key: str | None, file: str) -> list[Candidate]:
    if not found:
        raise WeightsError(
            f"{file} holds no tensors; allowed: a file of torch.save(model.state_dict(), FILE), or a checkpoint with one."
        )
    if key is None:
        return found
    chosen = [candidate for candidate in found if ".".join(candidate.path) == key.rstrip(".")]
    for candidate in found:
        below = {name: value for name, value in candidate.tensors.items() if name.startswith(f"{key.rstrip('.')}.")}
        if below and not chosen:
            chosen.append(
                Candidate((*candidate.path, key.rstrip(".")), {n[len(key.rstrip(".")) + 1 :]: v for n, v in below.items()})
            )
    if not chosen:
        there = sorted({".".join(candidate.path) for candidate in found} - {""}) or sorted(
            {n.partition(".")[0] for n in found[0].tensors}
        )
        raise WeightsError(f"--weights-key is {key!r}; in {file} there are {listed(there, 12)}.")
    return chosen


def _best(found: list[Candidate], wanted: Mapping[str, Shape]) -> tuple[Candidate, Alignment, list[Candidate]]:
    """The mapping that fits best, how, and others that fit as well."""
    tried = [(candidate, align(shapes_of(candidate), wanted)) for candidate in found]

    def fits(candidate: Candidate, alignment: Alignment) -> tuple[int, int]:
        shapes = shapes_of(candidate)
        return sum(is_same_shape(shapes[other], wanted[name]) for name, other in alignment.names.items()), alignment.n

    most = max(fits(*pair) for pair in tried)
    equal = [pair for pair in tried if fits(*pair) == most]
    # the innermost of those that fit alike, and no average of the weights
    equal.sort(key=lambda pair: (pair[0].is_copy or is_copy_name(pair[1].prefix), len(pair[0].tensors)))
    chosen, alignment = equal[0]
    others = [pair[0] for pair in equal[1:] if pair[0].path[: len(chosen.path)] != chosen.path[: len(pair[0].path)]]
    return chosen, alignment, others


def _as(value: Tensor, own: Tensor, name: str, file: str) -> Tensor:
    """A tensor of the file as the model keeps its own: full precision, and a number everywhere."""
    if value.is_complex() and not own.is_complex():
        raise WeightsError(f"{name} in {file} holds complex numbers ({value.dtype}); allowed: floats.")
    if own.is_floating_point() and not value.is_floating_point():
        raise WeightsError(f"{name} in {file} holds whole numbers ({value.dtype}), as quantised weights do; allowed: floats.")
    if value.is_floating_point():
        given, value = value, value.float()
        if not bool(torch.isfinite(value).all()):
            raise WeightsError(f"{name} in {file} holds {_no_single(given.detach())}")
    return value


def _no_single(value: Tensor) -> str:
    """Why not all of a tensor are finite numbers of single precision."""
    if bool(torch.isfinite(value).all()):
        return f"{float(value.abs().max()):.3g}, too large for the single precision (float32) in which models are computed here."
    return "values that are not finite numbers: the training diverged; choose an earlier file."


def _notes(
    chosen: Candidate, alignment: Alignment, equals: Sequence[Candidate], wanted: Mapping[str, Shape], file: str
) -> list[str]:
    used = set(alignment.names.values())
    where = f" under {'.'.join(chosen.path)!r}" if chosen.path else ""
    off = f", without the prefix {alignment.prefix!r}" if alignment.prefix else ""
    into = f", into {alignment.own_prefix.rstrip('.')!r}" if alignment.own_prefix else ""
    notes = [f"weights: {count(alignment.n)} tensors of {file}{where}{off}{into}: all that the model has"]
    notes += [f"weights: {there!r} in the file was taken for {own!r} of the model" for there, own in alignment.renamed]
    left = [name for name in chosen.tensors if name not in used and not is_optional(name)]
    if left:
        notes.append(f"weights: left over in the file, {count(len(left))}: {listed(left, MOST_NAMED)}")
    dtypes = {chosen.tensors[name].dtype for name in used}
    halves = {str(dtype).removeprefix("torch.") for dtype in dtypes if dtype.is_floating_point and dtype.itemsize < 4}
    if halves:
        notes.append(f"weights: {' and '.join(sorted(halves))}, computed here in float32")
    also = [".".join(candidate.path) for candidate in equals] + [prefix.rstrip(".") for prefix in alignment.others]
    if also:
        notes.append(f"weights: the file holds as much under {listed([repr(name) for name in also])}; --weights-key takes those")
    return notes
