"""How does somebody else's model get into this process?

`--module` names a file or a module and what in it is the model: an instance, a class, which is made with `--arguments`, or a function that
returns one. It is imported and run here, by the command of the person who wrote it, in a process of its own
(`trainer.importers.process.parent_process`); the app never does, and nothing is unpickled. Each way in which that can fail is one sentence.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from trainer.errors import ExternalModelError
from trainer.importers.process.external_errors import ExternalCodeError, complaint, listed
from trainer.importers.process.module_names import Namesakes, is_theirs
from trainer.importers.process.module_reference import Place, place_of
from trainer.importers.weights.candidates import hyper_parameters
from trainer.importers.weights.loading import load_weights, modules_of
from trainer.importers.weights.reading import read_all

WRAPPED = (
    ("module", ("DataParallel", "DistributedDataParallel", "FullyShardedDataParallel", "FSDP")),
    ("_orig_mod", ("OptimizedModule",)),
)
MOST_SHOWN = 60  # characters of a default value


@dataclass(frozen=True)
class Loaded:
    """A model, and what was found and assumed on the way to it."""

    model: Any
    """as its own code made it"""
    notes: tuple[str, ...] = ()
    """each a sentence without its full stop"""


class Settings(dict[str, Any]):
    """A JSON object for a class that wants its settings as one thing: `settings["latent"]` and `settings.latent`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def load_model(
    module: str,
    arguments: str | None = None,
    weights: str | Sequence[str] = (),
    key: str | None = None,
    namesakes: Namesakes | None = None,
) -> Loaded:
    """The model that `module` names, with its weights; runs that module's code.

    arguments: JSON for the class or function.
    weights: a file, or several for parts that were saved apart.
    key: where in it.
    namesakes: whose modules are meant by a name, in a process of its own.

    Raises `PlaceError`, `ExternalModelError`, `ExternalCodeError` or `WeightsError` for whatever goes wrong there.
    """
    place, given = place_of(module), arguments_of(arguments)
    files = [weights] if isinstance(weights, str) else list(weights)
    tree = read_all(files) if files else None  # before minutes of somebody's code
    found, label, notes = _found(place, namesakes)
    hyper = {} if tree is None else hyper_parameters(tree)
    model, made_with, how = _made(found, label, given, hyper)
    notes += how
    model, unwrapped = unwrap(_checked(model, label))
    notes += [f"{kind} was taken off: what it wraps is the model" for kind in unwrapped]
    if tree is not None:
        notes += load_weights(model, tree, " and ".join(Path(file).name for file in files), key, made_with)
    elif isinstance(found, type):
        notes.append(f"no --weights: {label} has the weights that its own code gives it, random ones unless it loads some")
    _set_right(model)
    return Loaded(model, tuple(notes))


# --- the module


def _found(place: Place, namesakes: Namesakes | None) -> tuple[Any, str, list[str]]:
    """What is named, how to call it in a sentence, and notes."""
    found = _imported(place, namesakes)
    if place.name is None:
        return _only_model(found, place)
    part: Any = found
    for word in place.name.split("."):
        if not hasattr(part, word):
            there = _names_of(found)
            raise ExternalModelError(
                f"module {place.shown} has no {place.name!r}; it has: {listed(there, 12) or 'nothing that can be called'}."
            )
        part = getattr(part, word)
    return part, place.name, []


def _imported(place: Place, namesakes: Namesakes | None) -> ModuleType:
    top = place.dotted.partition(".")[0]
    with _folders_first(place.folders) if namesakes is None else namesakes.seen_by(top, by_them=True):
        try:
            return _import_file(place) if place.file is not None else importlib.import_module(place.dotted)
        except ModuleNotFoundError as error:
            if place.file is None and error.name and (place.dotted == error.name or place.dotted.startswith(f"{error.name}.")):
                raise ExternalModelError(
                    f"there is no module {place.dotted!r} here; allowed: one that Python finds (go to the folder above it, or set "
                    f"PYTHONPATH), or the file itself, {place.dotted.replace('.', '/')}.py."
                ) from None
            raise complaint(f"module {place.shown} cannot be imported", error) from None
        except BaseException as error:  # it may end itself, and that is told as well
            raise complaint(f"module {place.shown} cannot be imported", error) from None


def _import_file(place: Place) -> ModuleType:
    if "." in place.dotted or (place.file is not None and place.file.stem == "__init__"):
        found = importlib.import_module(place.dotted)
        there = getattr(found, "__file__", None)
        if there is not None and place.file is not None and Path(there).resolve() == place.file:
            return found
    spec = importlib.util.spec_from_file_location(place.dotted, place.file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[place.dotted] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(place.dotted, None)
        raise
    return sys.modules.get(place.dotted, module)


@contextmanager
def _folders_first(folders: Sequence[str]) -> Iterator[None]:
    """Where the process is not theirs alone: their folders stay on the path, since functions import when they are called."""
    for folder in reversed(folders):
        if folder not in sys.path and not (folder == os.getcwd() and "" in sys.path):
            sys.path.insert(0, folder)
    yield


def _names_of(module: ModuleType) -> list[str]:
    """What in a module may be a model or make one: its own before what it imports."""
    named = {key: value for key, value in vars(module).items() if not key.startswith("_") and not isinstance(value, ModuleType)}
    usable = {key: value for key, value in named.items() if callable(value) or isinstance(value, nn.Module)}
    own = [key for key, value in usable.items() if getattr(value, "__module__", None) == module.__name__]
    return [*own, *(key for key in usable if key not in own and _is_of_theirs(usable[key]))]


def _is_of_theirs(value: Any) -> bool:
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    return is_theirs(getattr(module, "__file__", None) or "")


def _only_model(module: ModuleType, place: Place) -> tuple[Any, str, list[str]]:
    """The model of a module that is named alone: its only class of torch, the only one with encode and decode, or an instance."""
    classes = {key: value for key, value in vars(module).items() if isinstance(value, type) and issubclass(value, nn.Module)}
    own = {key: value for key, value in classes.items() if value.__module__ == module.__name__}
    own = own or {key: value for key, value in classes.items() if _is_of_theirs(value)}
    whole = {key: value for key, value in own.items() if all(callable(getattr(value, name, None)) for name in ("encode", "decode"))}
    instances = {key: value for key, value in vars(module).items() if isinstance(value, nn.Module) and not key.startswith("_")}
    if len(own) == 1 or (len(whole) == 1 and not instances):
        name, value = next(iter(own.items() if len(own) == 1 else whole.items()))
        others = sorted(set(own) - {name})
        return (
            value,
            name,
            [
                f"of {place.shown} the class {name}"
                + (f", the only one with encode and decode beside {listed(others, 5)}" if others else "")
            ],
        )
    if not own and len(instances) == 1:
        name, instance = next(iter(instances.items()))
        return instance, name, [f"of {place.shown} the model {name}"]
    there = [*own, *instances, *(name for name in _names_of(module) if name not in own and name not in instances)]
    what = f"{len(own)} classes of models" if len(own) > 1 else "no class of torch.nn.Module" if not own else "a class and a model"
    raise ExternalModelError(
        f"module {place.shown} has {what}; say after a colon which is meant: {listed(there, 12) or 'it has nothing that can be called'}."
    )


# --- the model


def arguments_of(text: str | None) -> tuple[list[Any], dict[str, Any]]:
    """`--arguments`: a JSON object for keywords, an array for values in their order. Raises `ExternalModelError`."""
    if text is None or not text.strip():
        return [], {}
    try:
        given = json.loads(text, object_hook=Settings)
    except ValueError as error:
        where = f"at character {error.pos + 1}, {error.msg}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise ExternalModelError(
            f"--arguments is {text!r}, which is not JSON ({where}); allowed: keywords as '{{\"latent_dim\": 20}}', or values in their "
            "order as '[784, 20]', with the single quotes for the shell."
        ) from None
    if isinstance(given, dict):
        return [], dict(given)
    return (list(given), {}) if isinstance(given, list) else ([given], {})


def _made(
    found: Any, label: str, given: tuple[list[Any], dict[str, Any]], hyper: Mapping[str, Any]
) -> tuple[Any, dict[str, Any], list[str]]:
    """The model of an instance, a class or a function, what it was made with, and notes."""
    is_maker = isinstance(found, type) or (
        callable(found) and not isinstance(found, nn.Module) and not hasattr(found, "encode") and not hasattr(found, "encoder")
    )
    if not is_maker:
        if given[0] or given[1]:
            raise ExternalModelError(
                f"--arguments is given, and {label} is not a class or function but a {type(found).__name__}; leave it out."
            )
        return found, {}, []
    values, keywords = given
    taken = _of_checkpoint(found, values, keywords, hyper)
    made_with = _bound(found, label, values, {**taken, **keywords})
    try:
        model = found(*values, **taken, **keywords)
    except BaseException as error:
        raise complaint(f"{label} gave no model", error) from None
    notes = []
    if taken:
        named = ", ".join(f"{name} = {_short(value)}" for name, value in taken.items())
        notes.append(f"{label} was made with what the checkpoint keeps of its settings: {named}")
    return model, made_with, notes


def _signature(maker: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(maker)
    except (ValueError, TypeError):
        return None


def _of_checkpoint(
    maker: Callable[..., Any], values: Sequence[Any], keywords: Mapping[str, Any], hyper: Mapping[str, Any]
) -> dict[str, Any]:
    """Arguments by name that a checkpoint keeps and nobody gave, for a class."""
    signature = _signature(maker)
    if signature is None or not isinstance(maker, type):
        return {}
    named = [p.name for p in signature.parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return {name: hyper[name] for name in named[len(values) :] if name in hyper and name not in keywords}


def _bound(maker: Callable[..., Any], label: str, values: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name, with defaults. Raises `ExternalModelError` for what is missing or unknown, by name."""
    signature = _signature(maker)
    if signature is None:
        return dict(keywords)
    parameters = signature.parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    takes = ", ".join(_parameter(p) for p in parameters) or "no arguments"
    unknown = [] if takes_any else [name for name in keywords if name not in signature.parameters]
    if unknown:
        near = difflib.get_close_matches(unknown[0], list(signature.parameters), 1)
        hint = f" (is {near[0]!r} meant?)" if near else ""
        raise ExternalModelError(f"{label} takes no {listed([repr(name) for name in unknown])}{hint}; it takes {takes}.")
    if len(values) > len(positional) and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise ExternalModelError(f"--arguments gives {len(values)} values, and {label} takes {len(positional)}: {takes}.")
    filled = {p.name for p in positional[: len(values)]} | set(keywords)
    missing = [
        p.name
        for p in parameters
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.name not in filled
    ]
    if missing:
        words = ", ".join(f'"{name}": …' for name in missing)
        raise ExternalModelError(f"{label} needs {_and(missing)}: --arguments '{{{words}}}'; it takes {takes}.")
    try:
        bound = signature.bind(*values, **keywords)
    except TypeError as error:
        raise ExternalModelError(f"{label} does not take these --arguments: {error}; it takes {takes}.") from None
    bound.apply_defaults()
    return dict(bound.arguments)


def _parameter(p: inspect.Parameter) -> str:
    star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
    return f"{star}{p.name}" if p.default is p.empty else f"{p.name} = {_short(p.default)}"


def _short(value: Any) -> str:
    text = getattr(value, "__name__", None) or repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _checked(model: Any, label: str) -> Any:
    """What came back, if it can be a model. Raises `ExternalModelError` for what is known to be something else."""
    if model is None:
        raise ExternalModelError(f"{label} returned nothing; end the function with return and the model.")
    if isinstance(model, type):
        raise ExternalModelError(
            f"{label} returned the class {model.__name__}, not a model; return {model.__name__}(…), or name the class here."
        )
    if inspect.iscoroutine(model) or inspect.isgenerator(model):
        raise ExternalModelError(f"{label} gave a {type(model).__name__}; allowed: a function that returns the model with return.")
    if isinstance(model, tuple | list):
        parts = [part for part in model if isinstance(part, nn.Module)]
        return parts[0] if len(parts) == 1 else model
    if isinstance(model, Mapping):
        tensors = [value for value in model.values() if isinstance(value, Tensor)]
        inside = [
            key for key, value in model.items() if isinstance(value, Mapping) and any(isinstance(v, Tensor) for v in value.values())
        ]
        if tensors or inside:
            what = f"a dictionary of {len(tensors)} tensors" if tensors else f"a checkpoint with {listed(inside)}"
            raise ExternalModelError(
                f"{label} gave weights, {what}, and not a model; name the class and the file of weights: --module FILE.py:CLASS --weights "
                "FILE, or load them into a model and return that."
            )
    if isinstance(model, str | bytes | Path | int | float | Tensor):
        raise ExternalModelError(
            f"{label} gave a {type(model).__name__}, {_short(model)}; allowed: a model, an object with encode and decode."
        )
    return model


def _set_right(model: Any) -> None:
    """What their code switched for all of torch is as it was, and parameters that were made without gradients can have some."""
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.use_deterministic_algorithms(False)
    torch.autograd.set_detect_anomaly(False)
    for module in modules_of(model).values():
        for part in module.modules():
            for name, value in [*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)]:
                if value.is_inference():  # of @torch.inference_mode()
                    copy = value.detach().clone()
                    delattr(part, name)
                    if isinstance(value, nn.Parameter):
                        part.register_parameter(name, nn.Parameter(copy))
                    else:
                        part.register_buffer(name, copy)


def unwrap(model: Any) -> tuple[Any, list[str]]:
    """The model inside DataParallel, torch.compile and their like, also where it is one of several parts; and what was taken off."""
    off: list[str] = []
    inner = _unwrapped(model, off)
    if isinstance(inner, dict):
        inner = type(inner)({key: _unwrapped(value, off) for key, value in inner.items()})
    elif isinstance(inner, nn.Module):
        for parent in list(inner.modules()):
            for name, part in list(parent.named_children()):
                plain = _unwrapped(part, off)
                if plain is not part:
                    setattr(parent, name, plain)
    return inner, list(dict.fromkeys(off))


def _unwrapped(model: Any, off: list[str]) -> Any:
    for _ in range(8):
        kind = type(model).__name__
        attribute = next((name for name, kinds in WRAPPED if kind in kinds), None)
        if attribute is None or not isinstance(getattr(model, attribute, None), nn.Module):
            return model
        off.append("torch.compile" if attribute == "_orig_mod" else kind)
        model = getattr(model, attribute)
    return model


__all__ = ["ExternalCodeError", "Loaded", "Place", "load_model", "place_of", "unwrap"]
