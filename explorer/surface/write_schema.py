"""How does the browser's `schema.ts` follow from `schema.py`? `python -m explorer.surface.write_schema` writes it; the check compares.

A record becomes an interface, a type alias a type, a constant a constant, and the string that stands below a name its comment. Read is the
source, not the objects: the names of aliases and the sentences are only there. What both sides must agree on and Python keeps elsewhere
is listed in `borrowed.py`.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from explorer.pictures import protocols
from explorer.surface import lesson_schema, network_schema, schema, site_schema, training_schema
from explorer.surface.borrowed import BORROWED
from trainer.datasets import names
from trainer.latent import interpolation, paths
from trainer.likelihoods import registry
from trainer.maps import projection
from trainer.models import layers

TARGET = Path(__file__).parent / "frontend" / "src" / "wire" / "schema.ts"
WIDTH = 120
HEAD = """/**
 * What do Python and the browser tell each other?
 *
 * Written by `python -m explorer.surface.write_schema` from explorer/surface/schema.py: change that file, then run it again.
 */
"""
SCALARS = {"str": "string", "int": "number", "float": "number", "bool": "boolean", "None": "null"}
# the reader completes these, with the defaults that schema.py has
COMPLETED: tuple[type[schema.Options | schema.Dynamic], ...] = (schema.Options, schema.Dynamic)
# names of types that schema.py takes from elsewhere
LITERALS = {
    "PathKind": interpolation.PathKind,
    "LatentPathKind": paths.LatentPathKind,
    "ProjectionKind": projection.Kind,
    "LikelihoodName": registry.LikelihoodName,
    "ActivationKind": layers.ActivationKind,
    "PadKind": layers.PadKind,
    "PoolKind": layers.PoolKind,
    "ResizeKind": layers.ResizeKind,
    "CombineKind": layers.CombineKind,
    "ReduceKind": layers.ReduceKind,
    "Fit": names.Fit,
    "Ground": protocols.Ground,
}


def main() -> int:
    """Writes the file; with --check only says whether it is what would be written."""
    if sys.argv[1:] == ["--check"]:
        is_current = TARGET.read_text(encoding="utf-8") == schema_text()
        if not is_current:
            print(f"{TARGET.name} is not what schema.py says: run python -m explorer.surface.write_schema and commit it.")
        return 0 if is_current else 1
    TARGET.write_text(schema_text(), encoding="utf-8")
    return 0


def schema_text() -> str:
    """The whole file."""
    protocol = next(node for node in _body(protocols) if getattr(node, "name", "") == "PictureProtocol")
    blocks = [
        *(_alias(name, list(map(json.dumps, get_args(kind)))) for name, kind in LITERALS.items()),
        *(_comment(doc) + f"export const {name} = {_value(value)};" for name, value, doc in BORROWED),
        _interface(protocol),
        *_declarations(_body(network_schema)),
        *_declarations(_body(schema)),
        *_declarations(_body(training_schema)),
        *_declarations(_body(lesson_schema)),
        *_declarations(_body(site_schema)),
        *map(_defaults, COMPLETED),
    ]
    return "\n".join([HEAD.rstrip(), "", *_spaced(blocks), ""])


def _body(module: Any) -> list[ast.stmt]:
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body


def _spaced(blocks: list[str]) -> Iterator[str]:
    """A line between blocks, none between constants or between types of one line."""
    for before, block in zip(["", *blocks], blocks, strict=False):
        if before and (_sort(before) != _sort(block) or _sort(block) == "export interface"):
            yield ""
        yield block


def _sort(block: str) -> str:
    """How a declaration begins; one of several lines stands alone, as an interface does."""
    first = next(line for line in block.split("\n") if line.startswith("export "))
    return " ".join(first.split()[:2]) if block.endswith(first) else "export interface"


def _declarations(body: list[ast.stmt]) -> Iterator[str]:
    for node, doc in _documented(body):
        match node:
            case ast.ClassDef():
                yield _interface(node)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="TypeAlias"), value=ast.expr() as value):
                yield _comment(doc) + _alias(name, _type(value).split(" | "))
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="Final"), value=ast.Constant(value=value)):
                yield _comment(doc) + f"export const {name} = {_value(value)};"


def _documented(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Every statement with the string that stands below it."""
    for node, below in zip(body, [*body[1:], None], strict=True):
        match below:
            case ast.Expr(value=ast.Constant(value=str(doc))):
                yield node, doc
            case _:
                yield node, ""


def _alias(name: str, members: list[str]) -> str:
    line = f"export type {name} = {' | '.join(members)};"
    return line if len(line) <= WIDTH else "\n  | ".join([f"export type {name} =", *members]) + ";"


def _defaults(kind: type[schema.Options | schema.Dynamic]) -> str:
    """What the reader puts where a field was left out."""
    fields = [f"  {name}: {_value(value)}," for name, value in asdict(kind()).items()]
    return "\n".join([f"export const DEFAULT_{kind.__name__.upper()}: {kind.__name__} = {{", *fields, "};"])


def _interface(node: ast.stmt) -> str:
    assert isinstance(node, ast.ClassDef)
    bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id != "TypedDict"]
    heading = f"export interface {node.name}{' extends ' + bases[0] if bases else ''} {{"
    fields = [
        _field(field, doc, node.name in [kind.__name__ for kind in COMPLETED])
        for field, doc in _documented(node.body)
        if isinstance(field, ast.AnnAssign)
    ]
    return "\n".join([_comment(ast.get_docstring(node) or "") + heading, *fields, "}"])


def _field(field: ast.AnnAssign, doc: str, is_completed: bool) -> str:
    assert isinstance(field.target, ast.Name)
    kind, mark = field.annotation, "?" if field.value is not None and not is_completed else ""
    if isinstance(kind, ast.Subscript) and isinstance(kind.value, ast.Name) and kind.value.id == "NotRequired":
        kind, mark = kind.slice, "?"
    return _comment(doc, "  ") + f"  readonly {field.target.id}{mark}: {_type(kind)};"


def _comment(doc: str, indent: str = "") -> str:
    """As TypeScript has it, None by its name there."""
    words = " ".join(doc.replace("None", "null").replace("``", "`").split())
    if not words:
        return ""
    if len(line := f"{indent}/** {words} */\n") <= WIDTH + 1:
        return line
    lines = [f"{indent}/**"]
    for word in words.split(" "):
        if lines[-1].endswith("/**") or len(lines[-1]) + len(word) + 1 > WIDTH:
            lines.append(f"{indent} * {word}")
        else:
            lines[-1] += f" {word}"
    return "\n".join([*lines, f"{indent} */", ""])


def _type(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=None):
            return "null"
        case ast.Name(id=name):
            return SCALARS.get(name, name)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return f"{_type(left)} | {_type(right)}"
        case ast.Subscript(value=ast.Name(id="Literal"), slice=values):
            return _literal(ast.literal_eval(values))
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=parts)):
            return f"readonly [{', '.join(map(_type, parts))}]"
        case ast.Subscript(value=ast.Name(id="Sequence" | "list"), slice=item):
            inner = _type(item)
            return f"readonly {f'({inner})' if ' ' in inner else inner}[]"
        case ast.Subscript(value=ast.Name(id="Mapping"), slice=ast.Tuple(elts=[key, value])):
            return f"Readonly<Record<{_type(key)}, {_type(value)}>>"
        case _:
            raise TypeError(f"no TypeScript for {ast.unparse(node)}")


def _literal(values: Any) -> str:
    return " | ".join(json.dumps(value) for value in (values if isinstance(values, tuple) else (values,)))


def _value(value: Any) -> str:
    """A constant; lists are read-only, as their types are."""
    match value:
        case dict() if value == asdict(schema.Options()):
            return "DEFAULT_OPTIONS"
        case dict():
            return "{ " + ", ".join(f"{key}: {_value(item)}" for key, item in value.items()) + " }"
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]" + (" as const" if value else "")
        case int() if not isinstance(value, bool) and value >= 100_000:
            return f"{value:_}"
        case float() if value == int(value):
            return str(int(value))
        case float():
            return repr(value).replace("e-0", "e-")
        case _:
            return json.dumps(value)


if __name__ == "__main__":
    sys.exit(main())
