"""What does `--module` name: which file or module, what in it, and from which folders does it import?

    models.py:VAE   /path/to/models.py:VAE   pkg.models:trained   pkg/models.py   models.py

A file in a package is imported by its name within the package, so that its relative imports work; so is one whose folder is a package
only by the dots in its imports. Nothing is imported here.
"""

from __future__ import annotations

import ast
import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from trainer.errors import LatentError
from trainer.importers.process.external_errors import listed, shown_path

NAME = r"[^\W\d]\w*"
DOTTED = re.compile(rf"{NAME}(\.{NAME})*")
EXAMPLES = "FILE.py:CLASS or PACKAGE.MODULE:FACTORY, such as models.py:VAE or models.vae:trained"
WEIGHTS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")  # endings of files of weights


class PlaceError(LatentError):
    """`--module` names nothing that is there; `str(error)` is the sentence to show."""


@dataclass(frozen=True)
class Place:
    """Where somebody's code is."""

    dotted: str
    """the module's name for Python"""
    file: Path | None
    """None for a module that Python finds by its name"""
    name: str | None
    """what in it is meant; None where that was not said"""
    folders: tuple[str, ...]
    """those that it imports from"""

    @property
    def shown(self) -> str:
        return repr(self.dotted) if self.file is None else shown_path(str(self.file))


def place_of(module: str) -> Place:
    """What `--module` names. Raises `PlaceError`."""
    where, colon, name = module.rpartition(":")
    if not colon or (len(where) == 1 and "\\" in name):  # a drive of Windows
        where, name = module, ""
    where, name = where.strip(), name.strip()
    if "(" in name:
        raise PlaceError(f"--module is {module!r}; allowed: a name alone after the colon; what is in brackets goes to --arguments.")
    if not where or (name and not DOTTED.fullmatch(name)) or (colon and not name):
        raise PlaceError(f"--module is {module!r}; allowed: {EXAMPLES}.")
    path = Path(where).expanduser()
    if path.suffix == ".ipynb":
        raise PlaceError(f"--module is the notebook {where}; allowed: a file .py; copy the cells that make the model into one.")
    if path.suffix.lower() in WEIGHTS:
        raise PlaceError(f"--module is {where}, which is a file of weights; allowed: {EXAMPLES}; the file goes to --weights.")
    if path.suffix == ".py" or "/" in where or "\\" in where or where.startswith(("~", ".")) or Path(f"{where}.py").is_file():
        return _place_of_file(_file_of(path, module), name or None)
    if not DOTTED.fullmatch(where):
        raise PlaceError(f"--module is {module!r}; allowed: {EXAMPLES}.")
    return Place(where, None, name or None, (os.getcwd(),))


def _file_of(path: Path, module: str) -> Path:
    for file in (path, path.with_name(f"{path.name}.py"), path / "__init__.py"):
        if file.is_file():
            return file.resolve()
    folder = path if path.is_dir() else path.parent
    there = sorted(found.name for found in folder.glob("*.py")) if folder.is_dir() else []
    near = difflib.get_close_matches(path.name, there, 3, 0.3) or there[:5]
    hint = f"; in {folder} there are {listed(near, 5)}" if near else ""
    what = "a folder without an __init__.py" if path.is_dir() else "not there"
    raise PlaceError(f"--module is {module!r}, and {path} is {what}{hint}; allowed: {EXAMPLES}.")


def _place_of_file(file: Path, name: str | None) -> Place:
    """A file by the name that its project imports it by: within its package, where it is in one."""
    folder = file.parent
    root = folder
    while (root / "__init__.py").is_file() and root.parent != root:
        root = root.parent
    if root == folder:
        for _ in range(_relative_levels(file)):  # from .net import …: the folder is a package without an __init__.py
            root = root.parent
    parts = [*file.relative_to(root).parts[:-1], *([] if file.stem == "__init__" else [file.stem])]
    if all(re.fullmatch(NAME, part) for part in parts):
        # a script finds what lies beside it first, a module of a package what lies beside the package
        order = (str(folder), os.getcwd()) if root == folder else (str(root), os.getcwd(), str(folder))
        return Place(".".join(parts), file, name, order)
    return Place(re.sub(r"\W", "_", f"_{file.stem}"), file, name, (str(folder), os.getcwd()))


def _relative_levels(file: Path) -> int:
    """How many dots its relative imports begin with, at most; none for a file that cannot be parsed, which its import will tell."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return 0
    return max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)
