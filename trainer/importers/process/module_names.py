"""Whose module is meant by a name that two sides use?

A project has a `trainer.py`, and so has this package; there may be a `random.py` or a `copy.py` beside it that the standard library never
hears of. An import is answered by who asks: a file of theirs gets theirs, everything else (ours, the standard library, what is
installed) gets what it would get if their folders were not there.

A name that only one side has is imported as ever. For one that both have, the modules of the side that asks lie in `sys.modules` while its
import statement runs, and the others' again after it. Only for the process that runs somebody's module: `Namesakes.install` is not undone.
"""

from __future__ import annotations

import builtins
import importlib
import site
import sys
import sysconfig
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

OURS = ("trainer", "explorer")
ROOT = str(Path(__file__).resolve().parents[3])  # the folder that holds our packages


def installed_folders() -> tuple[str, ...]:
    """Folders of the standard library and of installed packages."""
    found = {path for key, path in sysconfig.get_paths().items() if key in ("stdlib", "platstdlib", "purelib", "platlib")}
    found.update(site.getsitepackages())
    found.add(site.getusersitepackages())
    return tuple(sorted({form for path in found for form in (path, str(Path(path).resolve()))}))


INSTALLED = installed_folders()


@lru_cache(maxsize=4096)
def is_ours(file: str) -> bool:
    """Whether a file is of this program."""
    return any(Path(file).is_relative_to(Path(ROOT, name)) for name in OURS)


@lru_cache(maxsize=4096)
def is_theirs(file: str) -> bool:
    """Whether a file belongs to the project of whoever brings a model: not ours, not installed, not the standard library."""
    if not file or file.startswith("<"):
        return False
    return not is_ours(file) and not any(Path(file).is_relative_to(folder) for folder in INSTALLED)


class Namesakes:
    """The import statements of this process, told apart by who asks.

    folders: theirs, in the order in which Python is to look.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = tuple(dict.fromkeys(folders))
        self._shared: dict[str, bool] = {}  # name: whether both sides have one of their own
        self._theirs_now: set[str] = set()  # names of which their modules lie in sys.modules now
        self._stored: dict[str, dict[str, ModuleType]] = {}  # name: modules of the side that is not in sys.modules
        self._lock = threading.RLock()
        self._import, self._import_module = builtins.__import__, importlib.import_module

    def install(self) -> None:
        """From now on their folders are searched first, and imports are answered by who asks."""
        sys.path[:] = self._path_of(sys.path, "", by_them=True)
        importlib.invalidate_caches()
        builtins.__import__ = self._asked  # type: ignore[assignment]
        importlib.import_module = self._asked_by_name

    def _asked(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        package = (globals or {}).get("__package__") or ""
        top = (name if level == 0 else package).partition(".")[0]
        if not self.is_shared(top):
            return self._import(name, globals, locals, fromlist, level)
        by_them = self._is_their_view(top, (globals or {}).get("__file__"))
        if by_them and level == 0 and top in sys.stdlib_module_names:
            by_them = not self._is_standard(top, name, fromlist)
        with self.seen_by(top, by_them):
            return self._import(name, globals, locals, fromlist, level)

    def _is_standard(self, top: str, name: str, fromlist: Sequence[str]) -> bool:
        """Whether the standard library has what is asked of one of its names: a stray `random.py` is not what `import random` means."""
        with self.seen_by(top, by_them=False):
            try:
                found = self._import(name, None, None, fromlist, 0)
            except ImportError:
                return False
            return all(hasattr(found, item) for item in fromlist or () if item != "*")

    def _asked_by_name(self, name: str, package: str | None = None) -> ModuleType:
        top = (package or "" if name.startswith(".") else name).partition(".")[0]
        if not self.is_shared(top):
            return self._import_module(name, package)
        by_them = self._is_their_view(top, sys._getframe(1).f_globals.get("__file__")) and top not in sys.stdlib_module_names
        with self.seen_by(top, by_them):
            return self._import_module(name, package)

    def _is_their_view(self, top: str, file: object) -> bool:
        """For a name of ours everybody but us is on the other side: what is installed may belong to a namesake of this package."""
        if not isinstance(file, str):
            return False
        return not is_ours(file) if top in OURS else is_theirs(file)

    def is_shared(self, top: str) -> bool:
        """Whether a name without dots means one module to them and another to the rest."""
        if top not in self._shared:
            self._shared[top] = False  # while it is looked for
            self._shared[top] = bool(top) and self._find_both(top)
        return self._shared[top]

    def _find_both(self, top: str) -> bool:
        if top in sys.builtin_module_names:
            return False  # no file on a path ever stands for these
        theirs = _spec(top, _without(sys.path, (ROOT,)) if top in OURS else self._folders)
        if theirs is None:
            return False
        there = sys.modules.get(top)
        others = there.__spec__ if there is not None else _spec(top, _without(sys.path, self._folders))
        if others is None or _origin(others) == _origin(theirs):
            return False
        # a folder without __init__.py never stands for a package that is installed; for ours it does
        return theirs.origin is not None or top in OURS

    @contextmanager
    def seen_by(self, top: str, by_them: bool) -> Iterator[None]:
        """`top` and what is below it, as one side sees them."""
        if not self.is_shared(top):
            yield
            return
        with self._lock:
            before, is_turn = list(sys.path), by_them != (top in self._theirs_now)
            sys.path[:] = during = self._path_of(before, top, by_them)
            if is_turn:
                self._swap(top)
            try:
                yield
            finally:
                # what the module itself did to the path stays
                added = [path for path in sys.path if path not in before and path not in during]
                sys.path[:] = [*(path for path in before if path in sys.path or path not in during), *added]
                if is_turn:
                    self._swap(top)

    def _path_of(self, paths: Sequence[str], top: str, by_them: bool) -> list[str]:
        """Where one side looks for `top`."""
        rest = [path for path in paths if path not in self._folders and path != ""]
        if top not in OURS:
            return [*self._folders, *rest] if by_them else rest
        return _without([*self._folders, *rest], (ROOT,)) if by_them else [ROOT, *rest]

    def _swap(self, top: str) -> None:
        here = {name: module for name, module in sys.modules.items() if name == top or name.startswith(f"{top}.")}
        for name in here:
            del sys.modules[name]
        sys.modules.update(self._stored.get(top, {}))
        self._stored[top] = here
        self._theirs_now ^= {top}


def _without(paths: Sequence[str], away: Sequence[str]) -> list[str]:
    return [path for path in paths if path not in away]


def _spec(top: str, paths: Sequence[str]) -> ModuleSpec | None:
    try:
        return PathFinder.find_spec(top, list(paths))
    except (ImportError, ValueError):
        return None


def _origin(spec: ModuleSpec | None) -> object:
    """Where a module comes from: its file, or the folders of one without."""
    if spec is None:
        return None
    return str(Path(spec.origin).resolve()) if spec.origin else tuple(spec.submodule_search_locations or ())
