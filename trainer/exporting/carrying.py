"""Which functions of ours does a program take along, and how are they found with all that they need?

They are cut out of the files in which the project itself uses them, so that a formula stands in one place; what they import from
libraries comes too. Files are read, not imported: torch takes seconds.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

OPS = "trainer.models.numpy_ops"
SOURCES: Mapping[str, str] = {
    "adaptive_pool": f"{OPS}.pooling",
    "bilinear": f"{OPS}.pooling",
    "max_pool": f"{OPS}.pooling",
    "mean_pool": f"{OPS}.pooling",
    "nearest": f"{OPS}.pooling",
    "conv2d": f"{OPS}.convolution",
    "conv_transpose2d": f"{OPS}.convolution",
    "exact_gelu": f"{OPS}.elementwise",
    "gelu": f"{OPS}.elementwise",
    "hard_sigmoid": f"{OPS}.elementwise",
    "logit": f"{OPS}.elementwise",
    "selu": f"{OPS}.elementwise",
    "softplus": f"{OPS}.elementwise",
    "pixel_shuffle": f"{OPS}.movement",
    "pixel_unshuffle": f"{OPS}.movement",
    "group_norm": f"{OPS}.reduction",
    "layer_norm": f"{OPS}.reduction",
    "softmax": f"{OPS}.reduction",
    "in_gallery": "trainer.models.tabulated_decoder",
    "on_lattice": "trainer.models.tabulated_decoder",
    "unrolled": "trainer.models.autoregressive",
    "sigmoid": "trainer.likelihoods.numpy_",
    "continuous_bernoulli_mean": "trainer.likelihoods.numpy_",
    "torch_continuous_bernoulli_mean": "trainer.likelihoods.torch_",
}
"""In which file a function is; one of torch under its name with `torch_` before it."""


@dataclass(frozen=True)
class Carried:
    """What stands before a program's own lines."""

    imports: tuple[str, ...]
    """Statements, each a line."""
    constants: tuple[str, ...]
    functions: tuple[str, ...]
    """And classes, each after those that it needs."""


@dataclass(frozen=True)
class _File:
    """What a file defines and imports, by name."""

    text: str
    defined: Mapping[str, ast.stmt]
    imported: Mapping[str, tuple[str, str]]
    """The module, and the name there; nothing for the module itself."""


def carried(names: Iterable[str]) -> Carried:
    """The functions of those names in `SOURCES`, and everything that they need."""
    taken = _Taken()
    for name in names:
        taken.take(SOURCES[name], name.removeprefix("torch_"))
    # one statement may define several names; it is written once
    is_function = {text: text.startswith(("def ", "class ", "@")) for text in taken.texts}
    return Carried(
        tuple(taken.imports),
        *(tuple(text for text, function in is_function.items() if function is wanted) for wanted in (False, True)),
    )


class _Taken:
    """What was taken so far: each statement after those that it needs."""

    def __init__(self) -> None:
        self.imports: dict[str, None] = {}
        self.texts: list[str] = []
        self._begun: dict[str, str] = {}  # by name; functions may call each other

    def take(self, module: str, name: str) -> None:
        file = _read(module)
        if name in file.imported:
            home, there = file.imported[name]
            if home.startswith("trainer"):
                self.take(home, there)
            else:
                self.imports[_import_line(home, there, name)] = None
            return
        statement = file.defined.get(name)
        if statement is None:
            return  # an argument, a variable within, or Python's own
        text = _text(file, statement)
        if name in self._begun:
            assert self._begun[name] == text, f"two definitions of {name}"
            return
        self._begun[name] = text
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self.take(module, node.id)
        self.texts.append(text)


@cache
def _read(module: str) -> _File:
    spec = find_spec(module)
    assert spec is not None and spec.origin is not None, module
    text = Path(spec.origin).read_text(encoding="utf-8")
    defined: dict[str, ast.stmt] = {}
    imported: dict[str, tuple[str, str]] = {}
    for statement in ast.parse(text).body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                defined[name] = statement
            case ast.Assign(targets=[ast.Name(id=name)]):
                defined[name] = statement
            case ast.Assign(targets=[ast.Tuple(elts=names)]):
                defined |= {name.id: statement for name in names if isinstance(name, ast.Name)}
            case ast.ImportFrom(module=str(home), names=aliases) if home != "__future__":
                imported |= {alias.asname or alias.name: (home, alias.name) for alias in aliases}
            case ast.Import(names=aliases):
                imported |= {alias.asname or alias.name: (alias.name, "") for alias in aliases}
    return _File(text, defined, imported)


def _text(file: _File, statement: ast.stmt) -> str:
    """As it stands in its file, decorators too."""
    decorators = statement.decorator_list if isinstance(statement, ast.FunctionDef | ast.ClassDef) else []
    first = min((decorator.lineno for decorator in decorators), default=statement.lineno)
    assert statement.end_lineno is not None
    return "\n".join(file.text.splitlines()[first - 1 : statement.end_lineno])


def _import_line(module: str, name: str, alias: str) -> str:
    if not name:
        return f"import {module}" + f" as {alias}" * (alias != module)
    return f"from {module} import {name}" + f" as {alias}" * (alias != name)
