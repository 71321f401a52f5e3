"""Which runs are there, where are they looked for, and which names are free?"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from trainer.config import check_run_name
from trainer.console import meant, program
from trainer.errors import ConfigError, RunError, RunNotFound
from trainer.presets import CHOSEN, PRESETS
from trainer.runs.folder import RUN_JSON
from trainer.runs.naming import numbered
from trainer.runs.read import Root, Run, read_info
from trainer.runs.records import RunInfo
from trainer.runs.storage import Place, RemoteFolder, place, store_of

HOME = Path(__file__).resolve().parents[2]  # the checkout


def load_run(name: str, runs: Root | Sequence[Root] | None = None) -> Run:
    """The run of that name from `runs` (a folder or fsspec address, or several; default: your own, then the pretrained ones).

    Raises `ConfigError` for what cannot be a name, `RunNotFound` with the names that are there, `RunCorrupt` for a damaged or newer one,
    `RunError` where a store cannot be reached.
    """
    check_run_name(name)
    roots = _roots(runs)
    for root in roots:
        if store_of(root / name).exists(RUN_JSON):
            info = read_info(root / name)
            if info.metrics is None:
                raise RunError(_unfinished(name, root, info))
            return Run(name, root / name, info)
    there = dict.fromkeys(run.name for root in roots for run in _run_folders(root))
    known = f"available: {', '.join(there)}" if there else "there are none yet"
    raise RunNotFound(f"no run {name!r}{meant(name, there)}; {known} ({program()} list).")


def list_runs(runs: Root | Sequence[Root] | None = None) -> dict[str, RunInfo | RunError]:
    """Every run by name, the first root winning; a damaged one is its error. Raises `RunError` where a store cannot be reached."""
    found: dict[str, RunInfo | RunError] = {}
    for root in _roots(runs):
        for folder in _run_folders(root):
            if folder.name not in found:
                try:
                    _check_folder_name(folder)
                    found[folder.name] = read_info(folder)
                except RunError as error:
                    found[folder.name] = error
    return found


def default_roots() -> tuple[Place, ...]:
    """Where runs are looked for, the first one being where they are written: `$LATENT_RUNS`, a path or an address, or `runs/` here;
    `runs/` of the checkout; the shipped ones, first the main ones.
    """
    own = place(os.environ.get("LATENT_RUNS") or "runs")
    beside = HOME / "runs"
    is_same = isinstance(own, Path) and own.absolute() == beside
    return (own, *(() if is_same else (beside,)), *shipped_roots())


def shipped_roots() -> tuple[Path, ...]:
    """The folders of the runs that come with the program, first the main ones."""
    return tuple(HOME / "assets" / name for name in ("runs", "clinic", "sweep"))


def shipped_names() -> frozenset[str]:
    """Names of the runs that come with the program: no other run gets one of them, or two runs would have one name."""
    return frozenset(folder.name for root in shipped_roots() for folder in _run_folders(root))


def is_shipped(folder: Place) -> bool:
    """Whether a folder lies among the runs that come with the program."""
    return isinstance(folder, Path) and (HOME / "assets").resolve() in folder.resolve().parents


def may_write_shipped() -> bool:
    """Whether this process makes the shipped runs: `assets/train.sh` sets $LATENT_SHIP to 1. For all others they are fixed."""
    return os.environ.get("LATENT_SHIP") == "1"


def own_name(wish: str, root: Root) -> str:
    """The wish, or wish-2, wish-3 …: the first that no shipped run has. Raises `ConfigError` for what cannot be a name."""
    return next(_names_like(wish, root))


def free_name(wish: str, root: Root) -> str:
    """The wish, or wish-2, wish-3 …: the first that neither a shipped run nor anything in the folder has."""
    there = set(store_of(place(root)).list())
    return next(name for name in _names_like(wish, root) if name not in there)


def _names_like(wish: str, root: Root) -> Iterator[str]:
    """Names for a new run in a folder, the nearest to the wish first."""
    check_run_name(wish)
    taken = frozenset() if may_write_shipped() and is_shipped(place(root) / wish) else shipped_names()
    return (name for name in numbered(wish) if name not in taken)


def _roots(runs: Root | Sequence[Root] | None) -> tuple[Place, ...]:
    if runs is None:
        return default_roots()
    if isinstance(runs, str | Path | RemoteFolder):
        return (place(runs),)
    return tuple(map(place, runs))


def _run_folders(root: Place) -> list[Place]:
    store = store_of(root)
    return [root / name for name in store.list() if not name.startswith(".") and store.join(name).exists(RUN_JSON)]


def _unfinished(name: str, root: Place, info: RunInfo) -> str:
    """Why a run cannot be opened yet, and what to do."""
    where = f"run {name!r} is {info.state} after {info.epoch} of {info.config.epochs} epochs"
    if info.state == "diverged":
        return f"{where}; train it again with other settings and --overwrite."
    if info.preset == CHOSEN:
        return f"{where}; {program()} fit {shlex.quote(info.config.data)} --name {name} --runs {root} --resume finishes it."
    if info.preset not in PRESETS:
        return f"{where}; call trainer.training.fit.fit again with resume=True."
    return f"{where}; {program()} fit {info.preset} --name {name} --runs {root} --resume finishes it."


def _check_folder_name(folder: Place) -> None:
    try:
        check_run_name(folder.name)
    except ConfigError as error:
        raise RunError(f"{error} Rename the folder {folder}.") from None
