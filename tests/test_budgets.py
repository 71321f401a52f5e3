"""Is every part of the house small enough to be held in the head? Not a style rule: an alarm.

A function of more than 40 lines, a class of more than 250 lines or 15 fields that change, a file of more than 400 lines, a folder of
more than 20 files, a module that imports more than 15 of ours: each has a list of what is over its limit today. An entry that is no longer
needed fails too. The front end has the same in `explorer/surface/frontend/tests/budgets.test.ts`.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT

FUNCTION_LINES, CLASS_LINES, FIELDS, FILE_LINES, FOLDER_FILES, FAN_OUT = 40, 250, 15, 400, 20, 15
# what is over its limit today: the writing of a run brings many parts together, the training loop is one walk through an epoch
OVER: dict[str, set[str]] = {
    "function lines": set(),
    "class lines": {"trainer.training.loop.Trainer"},
    "fields": set(),
    "file lines": set(),
    "folder files": set(),
    "fan-out": {
        "trainer.training.loop",
        "trainer.training.finish",
        "trainer.importers.dry_run",
        "trainer.importers.run_import",
        "trainer.cli.fit",
    },
}


def modules() -> dict[str, Path]:
    """Every module of the two packages by its dotted name."""
    found = [path for top in ("trainer", "explorer") for path in (ROOT / top).rglob("*.py") if "frontend" not in path.parts]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in found}


def imported(tree: ast.AST, known: dict[str, Path]) -> set[str]:
    """The modules of ours that a file imports, functions included; for types alone too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names if f"{node.module}.{name.name}" in known} or {node.module}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found & set(known)


def fields(node: ast.ClassDef) -> set[str]:
    """Names that methods other than `__init__` assign to the object: what changes while it lives."""
    changed = set()
    for method in node.body:
        if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and method.name not in ("__init__", "__post_init__"):
            for part in ast.walk(method):
                targets = (
                    part.targets
                    if isinstance(part, ast.Assign)
                    else [part.target]
                    if isinstance(part, (ast.AugAssign, ast.AnnAssign))
                    else []
                )
                for target in targets:
                    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                        changed.add(target.attr)
    return changed


def measured() -> dict[str, Counter[str]]:
    """Every figure by kind and by what it is of."""
    known = modules()
    found: dict[str, Counter[str]] = {kind: Counter() for kind in OVER}
    for name, path in known.items():
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        found["file lines"][name] = text.count("\n")
        found["fan-out"][name] = len(imported(tree, known) - {name})
        found["folder files"][str(path.parent.relative_to(ROOT))] += 1
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                found["function lines"][f"{name}.{node.name}"] = max(lines, found["function lines"][f"{name}.{node.name}"])
            if isinstance(node, ast.ClassDef) and node.end_lineno is not None:
                found["class lines"][f"{name}.{node.name}"] = node.end_lineno - node.lineno + 1
                found["fields"][f"{name}.{node.name}"] = len(fields(node))
    return found


LIMITS = {
    "function lines": FUNCTION_LINES,
    "class lines": CLASS_LINES,
    "fields": FIELDS,
    "file lines": FILE_LINES,
    "folder files": FOLDER_FILES,
    "fan-out": FAN_OUT,
}


@pytest.mark.parametrize("kind", OVER)
def test_nothing_is_larger_than_its_budget_but_what_is_listed(kind):
    over = {name: n for name, n in measured()[kind].items() if n > LIMITS[kind]}
    assert set(over) - OVER[kind] == set(), f"over {LIMITS[kind]} {kind}: {over}"
    assert OVER[kind] - set(over) == set(), "these are within their budget now: take them off the list"
