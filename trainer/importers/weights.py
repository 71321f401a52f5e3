"""Which of the tensors in a file are the weights of this model?

A file of weights is read as tensors only (`weights_only`, safetensors), on the processor. People save them bare, under `state_dict` or
`model` beside an optimiser, from a wrapped model (`module.`, `_orig_mod.`), as part of a larger one (`vae.`), in half precision. So every
mapping in the file is tried, and the one whose names and shapes fit best is taken; what it is called decides only between equals. A
prefix is whatever has to be taken off one side so that the names meet. Every parameter and buffer of the model has to be found.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import pathlib
import types
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from trainer.errors import LatentError
from trainer.importers.process.external_errors import cleaned, listed, refused_class, said
from trainer.importers.process.module_reference import WEIGHTS as USUAL
from trainer.numerals import count

Shape = tuple[int, ...] | None  # None: not known before the first use (lazy modules)
ENDINGS = (*USUAL, ".tar", ".pkl", ".model")
WRAPPERS = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module", "module")
OPTIONAL = ("num_batches_tracked",)  # a counter that no evaluation reads
COPIES = ("ema", "avg", "average", "shadow", "swa", "teacher", "target")
HYPER = (
    "hyper_parameters", "hparams", "hyperparameters", "hyper_params", "config", "cfg", "args", "arguments", "opt", "model_args",
    "model_config", "model_kwargs", "init_args", "kwargs",
)  # fmt: skip
DEEPEST, MOST_PAIRS, MOST_NAMED = 6, 40, 5
SAFE: list[Any] = [argparse.Namespace, types.SimpleNamespace, pathlib.PosixPath, pathlib.PurePosixPath, defaultdict, dict, set]


class WeightsError(LatentError):
    """A file of weights cannot be read, or is not of this model; `str(error)` is the sentence to show."""


@dataclass(frozen=True)
class Candidate:
    """A mapping in the file that may be the weights: the names on the way to it, and the tensors below it by their dotted names."""

    path: tuple[str, ...]
    tensors: dict[str, Tensor]

    @property
    def is_copy(self) -> bool:
        return any(_is_copy(name) for name in self.path)


@dataclass(frozen=True)
class Alignment:
    """Which name in the file stands for which name of the model; prefixes are those taken off the file's names and the model's."""

    names: dict[str, str] = field(default_factory=dict)  # of the model: in the file
    prefix: str = ""
    own_prefix: str = ""
    others: tuple[str, ...] = ()  # further prefixes under which the file holds as much
    renamed: tuple[tuple[str, str], ...] = ()  # parts of the file that are taken for parts of another name

    @property
    def n(self) -> int:
        return len(self.names)


# --- reading


def read_weights(file: str) -> Mapping[str, Any]:
    """What a file holds: nested mappings with tensors on the processor. Raises `WeightsError`."""
    path = _file_of(Path(file).expanduser())
    _check_kind(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            found: Any = load_file(str(path), device="cpu")
        elif path.suffix == ".npz":
            import numpy as np

            with np.load(path, allow_pickle=False) as arrays:
                found = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
        else:
            with torch.serialization.safe_globals(SAFE + _scalars_of_numpy()):
                found = torch.load(path, map_location="cpu", weights_only=True)
    except LatentError:
        raise
    except Exception as error:
        raise WeightsError(_why_unreadable(path, error)) from None
    if isinstance(found, Tensor) or not isinstance(found, Mapping):
        raise WeightsError(
            f"{path.name} holds a {type(found).__name__}; allowed: a file of torch.save(model.state_dict(), FILE), a checkpoint that "
            "holds one, or .safetensors."
        )
    return found


def read_all(files: Sequence[str]) -> Mapping[str, Any]:
    """What one file holds; of several, each under its own name, since they are parts of one model. Raises `WeightsError`."""
    if len(files) == 1:
        return read_weights(files[0])
    trees = {Path(file).stem.replace(".", "_"): _inner(read_weights(file)) for file in files}
    if len(trees) < len(files):
        raise WeightsError(f"--weights names {len(files)} files, and two have one name; allowed: files of different names.")
    return trees


def _inner(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one mapping with tensors, where there is nothing else."""
    while not any(isinstance(value, Tensor) for value in tree.values()):
        inside = [value for value in tree.values() if isinstance(value, Mapping) and any(_flat(value, "", 0))]
        if len(inside) != 1:
            break
        tree = inside[0]
    return tree


def _file_of(path: Path) -> Path:
    """The file, or the only one of weights in a folder."""
    if path.is_dir():
        inside = sorted(found for found in path.iterdir() if found.suffix in ENDINGS and found.is_file())
        if len(inside) == 1:
            return inside[0]
        names = listed([found.name for found in inside], 8) or "none with such an ending"
        raise WeightsError(f"--weights is the folder {path}, which holds {names}; allowed: one file, {', '.join(USUAL)}.")
    if not path.is_file():
        beside = sorted(found.name for found in path.parent.glob("*") if found.suffix in ENDINGS) if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, beside, 3, 0.3) or beside[:3]
        there = f"; beside it are {listed(near)}" if near else ""
        raise WeightsError(f"--weights is {str(path)!r}, and there is no such file{there}; allowed: a file of weights.")
    return path


def _check_kind(path: Path) -> None:
    """Raises `WeightsError` for a file that is known to be something else."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise WeightsError(f"{path.name} is empty; allowed: a file of weights; save it once more.")
    if head.startswith(b"version https://git-lfs"):
        raise WeightsError(
            f"{path.name} is a pointer of Git LFS and not the weights themselves; run git lfs pull where it comes from."
        )
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise WeightsError(f"{path.name} is a web page and not a file of weights; download the file itself.")
    if path.suffix in (".h5", ".hdf5", ".keras") or head.startswith(b"\x89HDF"):
        raise WeightsError(
            f"{path.name} is of Keras; allowed: weights of PyTorch; make_run takes codes and a decoder of any origin."
        )
    if path.suffix in (".onnx", ".gguf", ".msgpack"):
        raise WeightsError(f"{path.name} ends in {path.suffix}; allowed: {', '.join(USUAL)} of PyTorch.")


def _scalars_of_numpy() -> list[Any]:
    """What torch.save keeps of a loss or an accuracy that was a number of numpy: plain numbers, no code."""
    import numpy as np

    kinds = [type(np.dtype(kind)) for kind in ("f8", "f4", "f2", "i8", "i4", "u1", "?")]
    core: Any = importlib.import_module("numpy._core.multiarray")
    return [core.scalar, core._reconstruct, np.dtype, np.ndarray, *kinds, (core.scalar, "numpy.core.multiarray.scalar"),
            (core._reconstruct, "numpy.core.multiarray._reconstruct")]  # fmt: skip


def _why_unreadable(path: Path, error: Exception) -> str:
    text = cleaned(str(error))
    if "TorchScript" in text:
        return (
            f"{path.name} is a TorchScript archive, a program and not weights alone; save torch.jit.load(FILE).state_dict() with "
            "torch.save, and give that."
        )
    refused = refused_class(error)
    if refused is None:
        return f"{path.name} cannot be read as weights ({said(error)}); allowed: {', '.join(USUAL)}, whole and not damaged."
    if path.suffix == ".ckpt":
        take, whole = "checkpoint['state_dict']", "['state_dict']"
        why = f"keeps an object of the class {refused} beside its weights (among hyper_parameters, or in a callback)"
    else:
        take, whole = "model.state_dict()", ".state_dict()"
        why = f"holds an object of the class {refused} (a whole model, or settings beside the weights)"
    return (
        f"{path.name} {why}, and nothing but tensors is loaded here, since such an object may run any code; where the model was trained, "
        f"save the weights alone, torch.save({take}, 'weights.pt'), and give that; or, if you trust the file, once in the folder of its "
        f"code: python -c \"import torch; torch.save(torch.load('{path.name}', 'cpu', weights_only=False){whole}, 'weights.pt')\"."
    )


# --- looking for them


def candidates(tree: Mapping[str, Any]) -> list[Candidate]:
    """Every mapping with tensors below it, the outermost first."""
    found: list[Candidate] = []

    def visit(node: Mapping[Any, Any], path: tuple[str, ...]) -> None:
        tensors = dict(_flat(node, "", 0))
        if tensors:
            found.append(Candidate(path, tensors))
        for key, value in node.items() if len(path) < DEEPEST else ():
            if isinstance(value, Mapping):
                visit(value, (*path, str(key)))

    visit(tree, ())
    return found


def _flat(node: Mapping[Any, Any], prefix: str, depth: int) -> Iterable[tuple[str, Tensor]]:
    for key, value in node.items():
        if isinstance(value, Tensor):
            yield f"{prefix}{key}", value
        elif isinstance(value, Mapping) and depth < DEEPEST:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)


def hyper_parameters(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that a checkpoint keeps beside its weights, by name; of a name that occurs twice with two values none."""
    found: dict[str, Any] = {}
    clash: set[str] = set()

    def visit(node: Any, depth: int) -> None:
        named = vars(node) if isinstance(node, argparse.Namespace | types.SimpleNamespace) else node
        if not isinstance(named, Mapping) or depth > 3:
            return
        for key, value in named.items():
            if isinstance(value, Tensor):
                continue
            if str(key) in found and found[str(key)] != value:
                clash.add(str(key))
            found.setdefault(str(key), value)
            visit(value, depth + 1)

    for key in HYPER:
        if key in tree:
            visit(tree[key], 0)
    return {key: value for key, value in found.items() if key not in clash}


def _is_copy(name: str) -> bool:
    """Whether a name says that what is below it is an average of the weights."""
    return any(word in COPIES for word in name.lower().replace(".", "_").split("_"))


def align(there: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> Alignment:
    """The names in a file and the names of a model, brought together by taking one prefix off each side.

    there, wanted: shapes by name. Names meet where they are equal after that; shapes decide between prefixes.
    """
    plain = {_plain(name): name for name in there}
    own = {_plain(name): name for name in wanted}
    best, equals = Alignment(), list[tuple[str, str]]()
    most = (-1, -1)
    for prefix, own_prefix in _pairs(plain, there, own, wanted):
        names, fitting = {}, 0
        for name, full in own.items():
            stem = name.removeprefix(own_prefix) if name.startswith(own_prefix) else None
            other = None if stem is None else plain.get(prefix + stem)
            if other is not None:
                names[full] = other
                fitting += _same(there[other], wanted[full])
        score = (fitting, len(names))
        if score > most or (score == most and (_is_copy(best.prefix), len(best.prefix)) > (_is_copy(prefix), len(prefix))):
            equals = [*equals, (best.prefix, best.own_prefix)] if score == most else []
            best, most = Alignment(names, prefix, own_prefix), score
        elif score == most:
            equals.append((prefix, own_prefix))
    others = tuple(sorted({p for p, q in equals if p != best.prefix and q == best.own_prefix})) if best.n == len(wanted) else ()
    best = Alignment(best.names, best.prefix, best.own_prefix, others)
    return _with_renamed_parts(best, there, wanted)


def _plain(name: str) -> str:
    """A name without the words that wrappers put into it, but for one before all others, which is a prefix like any other."""
    words = name.split(".")
    at = next((i for i, word in enumerate(words) if word not in WRAPPERS), 0)
    return ".".join(words[:at] + [word for word in words[at:] if word not in WRAPPERS])


def _pairs(
    plain: Mapping[str, str], there: Mapping[str, Shape], own: Mapping[str, str], wanted: Mapping[str, Shape]
) -> list[tuple[str, str]]:
    """Prefixes to take off, of the file's names and of the model's: those that bring the most names of one shape together."""
    by_leaf: dict[str, list[list[str]]] = defaultdict(list)
    for name in plain:
        words = name.split(".")
        by_leaf[words[-1]].append(words)
    votes: Counter[tuple[str, str]] = Counter({("", ""): 1})
    for name, full in own.items():
        words = name.split(".")
        for other in by_leaf[words[-1]]:
            if not _same(there[plain[".".join(other)]], wanted[full]):
                continue
            k = 0
            while k < min(len(words), len(other)) and words[-1 - k] == other[-1 - k]:
                k += 1
            prefix, own_prefix = ".".join(other[: len(other) - k]), ".".join(words[: len(words) - k])
            votes[(f"{prefix}." if prefix else "", f"{own_prefix}." if own_prefix else "")] += 1
    return [pair for pair, _ in votes.most_common(MOST_PAIRS)] + [("", "")]


def _with_renamed_parts(best: Alignment, there: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> Alignment:
    """Parts that are called otherwise (`enc` for `encoder`), where names below and shapes are all the same and no other part is so."""
    spare = _parts({name: shape for name, shape in there.items() if name not in set(best.names.values())})
    lacking = _parts({name: shape for name, shape in wanted.items() if name not in best.names and not _is_optional(name)})
    names, renamed = dict(best.names), []
    for own, inside in lacking.items():
        alike = [part for part, other in spare.items() if _without_optional(other) == inside and len(inside) >= 4]
        twins = [part for part, other in lacking.items() if other == inside]
        if len(alike) == 1 and len(twins) == 1 and own:
            names.update({f"{own}.{rest}": f"{alike[0]}.{rest}" for rest in inside})
            renamed.append((alike[0], own))
    return Alignment(names, best.prefix, best.own_prefix, best.others, tuple(renamed))


def _parts(names: Mapping[str, Shape]) -> dict[str, dict[str, Shape]]:
    parts: dict[str, dict[str, Shape]] = defaultdict(dict)
    for name, shape in names.items():
        part, _, rest = name.partition(".")
        if rest:
            parts[part][rest] = shape
    return parts


def _without_optional(names: Mapping[str, Shape]) -> dict[str, Shape]:
    return {name: shape for name, shape in names.items() if not _is_optional(name)}


def _is_optional(name: str) -> bool:
    return name.rpartition(".")[2] in OPTIONAL


def _same(one: Shape, other: Shape) -> bool:
    return one is None or other is None or one == other


# --- putting them in place


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

    tree: from `read_weights` · file: its name · key: where in the file to look (default: wherever they fit best) · made_with: the
    arguments that the model was made with, to say which of them does not fit. Raises `WeightsError`.
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
    _check_all(chosen, alignment, wanted, file, type(model).__name__, made_with or {})
    state = {name: _as(chosen.tensors[alignment.names[name]], own[name], name, file) for name in alignment.names}
    for prefix, module in modules.items():
        module.load_state_dict(
            {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}, strict=False
        )
    return tuple(_notes(chosen, alignment, equals, wanted, file))


def _shape(value: Tensor) -> Shape:
    return None if isinstance(value, UninitializedParameter | UninitializedBuffer) else tuple(value.shape)


def _shapes(candidate: Candidate) -> dict[str, Shape]:
    return {name: tuple(value.shape) for name, value in candidate.tensors.items()}


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
    tried = [(candidate, align(_shapes(candidate), wanted)) for candidate in found]

    def fits(candidate: Candidate, alignment: Alignment) -> tuple[int, int]:
        shapes = _shapes(candidate)
        return sum(_same(shapes[other], wanted[name]) for name, other in alignment.names.items()), alignment.n

    most = max(fits(*pair) for pair in tried)
    equal = [pair for pair in tried if fits(*pair) == most]
    # the innermost of those that fit alike, and no average of the weights
    equal.sort(key=lambda pair: (pair[0].is_copy or _is_copy(pair[1].prefix), len(pair[0].tensors)))
    chosen, alignment = equal[0]
    others = [pair[0] for pair in equal[1:] if pair[0].path[: len(chosen.path)] != chosen.path[: len(pair[0].path)]]
    return chosen, alignment, others


def _check_all(
    chosen: Candidate, alignment: Alignment, wanted: Mapping[str, Shape], file: str, model: str, made_with: Mapping[str, Any]
) -> None:  # fmt: skip
    """Raises `WeightsError` where a tensor of the model is missing or of another shape, with the names that are nearest."""
    shapes = _shapes(chosen)
    missing = [name for name in wanted if name not in alignment.names and not _is_optional(name)]
    misfits = [name for name, other in alignment.names.items() if not _same(shapes[other], wanted[name])]
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
    lines += [f"{name} is {_written(shapes[alignment.names[name]])} in the file, {_written(wanted[name])} in the model"
              for name in misfits[:MOST_NAMED]]  # fmt: skip
    lines += [f"… and {count(len(misfits) - MOST_NAMED)} more"] if len(misfits) > MOST_NAMED else []
    if spare:
        lines.append(f"left over in the file: {listed([f'{name} {_written(shapes[name])}' for name in spare], MOST_NAMED)}")
    hint = _sizes_hint([(wanted[name], shapes[alignment.names[name]]) for name in misfits], made_with)
    remedy = hint or "choose the file of this model, or make the model with the sizes that it was trained with (--arguments)"
    raise WeightsError("\n  ".join([f"{file} does not fit {model}: {' and '.join(what)}; {remedy}.", *lines]))


def _nearest(name: str, shape: Shape, spare: Sequence[str], shapes: Mapping[str, Shape]) -> str:
    """Names of the file that may be meant: alike in name, and first those of its shape."""
    ranked = sorted(spare, key=lambda other: (not _same(shapes[other], shape), -_alike(name, other)))
    near = [other for other in ranked if _same(shapes[other], shape) or _alike(name, other) > 0.6][:3]
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


def _as(value: Tensor, own: Tensor, name: str, file: str) -> Tensor:
    """A tensor of the file as the model keeps its own: full precision, and a number everywhere."""
    if own.is_floating_point() and not value.is_floating_point():
        raise WeightsError(f"{name} in {file} holds whole numbers ({value.dtype}), as quantised weights do; allowed: floats.")
    if value.is_floating_point():
        value = value.float()
        if not bool(torch.isfinite(value).all()):
            raise WeightsError(
                f"{name} in {file} holds values that are no finite numbers: the training diverged; choose an earlier file."
            )
    return value


def _notes(
    chosen: Candidate, alignment: Alignment, equals: Sequence[Candidate], wanted: Mapping[str, Shape], file: str
) -> list[str]:  # fmt: skip
    used = set(alignment.names.values())
    where = f" under {'.'.join(chosen.path)!r}" if chosen.path else ""
    off = f", without the prefix {alignment.prefix!r}" if alignment.prefix else ""
    into = f", into {alignment.own_prefix.rstrip('.')!r}" if alignment.own_prefix else ""
    notes = [f"weights: {count(alignment.n)} tensors of {file}{where}{off}{into}: all that the model has"]
    notes += [f"weights: {there!r} in the file was taken for {own!r} of the model" for there, own in alignment.renamed]
    left = [name for name in chosen.tensors if name not in used and not _is_optional(name)]
    if left:
        notes.append(f"weights: left over in the file, {count(len(left))}: {listed(left, MOST_NAMED)}")
    halves = {str(chosen.tensors[name].dtype).removeprefix("torch.") for name in used} & {"float16", "bfloat16"}
    if halves:
        notes.append(f"weights: {' and '.join(sorted(halves))}, computed here in float32")
    also = [".".join(candidate.path) for candidate in equals] + [prefix.rstrip(".") for prefix in alignment.others]
    if also:
        notes.append(f"weights: the file holds as much under {listed([repr(name) for name in also])}; --weights-key takes those")
    return notes
