"""Which mappings in a file of weights may be those of a model?

People save weights bare, under `state_dict` or `model` beside an optimiser, or as part of a larger model (`vae.`). So every mapping in the
file is a candidate; the settings that a checkpoint keeps beside its weights are read here too.
"""

from __future__ import annotations

import argparse
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

COPIES = ("ema", "avg", "average", "shadow", "swa", "teacher", "target")
HYPER = (
    "hyper_parameters",
    "hparams",
    "hyperparameters",
    "hyper_params",
    "config",
    "cfg",
    "args",
    "arguments",
    "opt",
    "model_args",
    "model_config",
    "model_kwargs",
    "init_args",
    "kwargs",
)
DEEPEST = 6  # mappings inside one another


@dataclass(frozen=True)
class Candidate:
    """A mapping in the file that may be the weights."""

    path: tuple[str, ...]
    """the names on the way to it"""
    tensors: dict[str, Tensor]
    """the tensors below it by their dotted names"""

    @property
    def is_copy(self) -> bool:
        return any(is_copy_name(name) for name in self.path)


def candidates(tree: Mapping[str, Any]) -> list[Candidate]:
    """Every mapping with tensors below it, the outermost first."""
    found: list[Candidate] = []

    def visit(node: Mapping[Any, Any], path: tuple[str, ...]) -> None:
        tensors = dict(tensors_below(node, "", 0))
        if tensors:
            found.append(Candidate(path, tensors))
        for key, value in node.items() if len(path) < DEEPEST else ():
            if isinstance(value, Mapping):
                visit(value, (*path, str(key)))

    visit(tree, ())
    return found


def tensors_below(node: Mapping[Any, Any], prefix: str, depth: int) -> Iterable[tuple[str, Tensor]]:
    for key, value in node.items():
        if isinstance(value, Tensor):
            yield f"{prefix}{key}", value
        elif isinstance(value, Mapping) and depth < DEEPEST:
            yield from tensors_below(value, f"{prefix}{key}.", depth + 1)


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


def is_copy_name(name: str) -> bool:
    """Whether a name says that what is below it is an average of the weights."""
    return any(word in COPIES for word in name.lower().replace(".", "_").split("_"))
