"""`fit`: train a run on a data set, from a preset and options for every setting."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from trainer.cli.arguments import MaybeNumber, NewName, RunsToWrite, parse
from trainer.cli.list import print_presets
from trainer.cli.progress import show
from trainer.config import FitConfig, check_run_name, checked
from trainer.console import program
from trainer.errors import ConfigError, LatentError, RunError
from trainer.preflight import keep_compiled_code
from trainer.presets import PRESETS, preset
from trainer.runs.catalogue import default_roots, free_name, list_runs, own_name, shipped_names
from trainer.runs.folder import RUN_JSON
from trainer.runs.read import read_info
from trainer.runs.records import RunInfo
from trainer.runs.storage import place
from trainer.runs.write import RunWriter


@dataclass(frozen=True)
class FitOptions:
    """Train a run. Every option that is not given comes from the preset."""

    config: FitConfig
    name: NewName = None
    """name of the run (default: the preset's, or the next one like it that is free)"""
    runs: RunsToWrite = field(default_factory=lambda: str(default_roots()[0]))
    """folder of runs, a path or an fsspec URL such as s3://bucket/runs (default: $LATENT_RUNS, else runs)"""
    device: str = "cpu"
    """cpu, cuda or cuda:NUMBER"""
    held_out: MaybeNumber = None
    """of images of your own, the share that becomes the test split, 0.05 to 0.6 (default: 0.2; half as many again are for validation)"""
    resume: bool = False
    """go on with a run that was interrupted"""
    overwrite: bool = False
    """replace a run of this name"""


def fit_command(argv: list[str]) -> None:
    """Parses, trains and shows how far it is."""
    if argv and argv[0] in ("-h", "--help"):
        print_presets()
        parse(FitOptions, ["--help"], f"{program()} fit PRESET", FitOptions(PRESETS["digits-2d"]))
    if not argv or argv[0].startswith("-"):
        raise LatentError(f"fit needs a preset first; allowed: {', '.join(PRESETS)} (or {program()} fit --help).")
    preset_name = argv[0]
    options = _parsed(argv[1:], preset_name)
    if options.resume and options.overwrite:
        raise LatentError("--resume goes on with a run, --overwrite starts it again; allowed: one of them.")
    if not str(options.runs).strip():
        raise LatentError("--runs is ''; allowed: a folder or an fsspec address.")
    run_name = _name_for(options, preset_name)
    folder = place(options.runs) / run_name
    if options.resume and (folder / RUN_JSON).is_file():
        began = read_info(folder).config  # what is typed is held against it by `fit`
        options = parse(FitOptions, argv[1:], f"{program()} fit {preset_name}", replace(options, config=began))
    _train(options, preset_name, run_name)


def _parsed(words: list[str], preset_name: str) -> FitOptions:
    """What was typed after the preset; of a run that goes on only what says which one it is, where the rest is not allowed by itself."""
    base = preset(preset_name)
    try:
        return parse(FitOptions, words, f"{program()} fit {preset_name}", FitOptions(base))
    except ConfigError:  # with the settings of the run that goes on it may be allowed
        if "--resume" not in words:
            raise
        runs = _typed(words, "--runs") or FitOptions(base).runs
        options = FitOptions(base, name=_typed(words, "--name"), runs=runs, resume=True)
        if not (place(options.runs) / _name_for(options, preset_name) / RUN_JSON).is_file():
            raise
        return options


def _train(options: FitOptions, preset_name: str, run_name: str) -> None:
    """Fetches the data set and trains, alone or as one of several processes."""
    from trainer.datasets import absolute_name, load_dataset, with_held_out

    data = options.config.data if options.held_out is None else with_held_out(options.config.data, options.held_out)
    config = checked(options.config, data=absolute_name(data))
    from trainer.training.distributed import device_of, team
    from trainer.training.fit import fit, refuse_to_lose

    device_of(options.device)  # what needs no data set, before it is fetched
    if "RANK" not in os.environ:  # of a team only the first process may ask: it may have begun to write already
        refuse_to_lose(RunWriter.at(options.runs, run_name), options.resume, options.overwrite)
    if config.umap and config.latent_dim > 2 and (note := keep_compiled_code()):
        print(note, file=sys.stderr)
    with team(options.device) as processes:
        dataset = load_dataset(config.data, progress=processes.is_writer)
        how = (options.runs, preset_name, options.resume, options.overwrite, options.device, processes)
        start = partial(fit, config, dataset, run_name, *how)
        if not processes.is_writer:
            for _ in start():
                pass
            return
        for note in dataset.notes:
            print(note, file=sys.stderr)
        runs = "" if place(options.runs) == default_roots()[0] else f" --runs {shlex.quote(options.runs)}"
        goes_on = f"fit {preset_name} --name {run_name}{runs} --resume"
        show(lambda heard: start(heard=heard), config, goes_on, _told_name(run_name, options, preset_name))


def _name_for(options: FitOptions, preset_name: str) -> str:
    """The name of the run: the one that was typed, else one like the preset's that is free, or that goes on or is replaced."""
    if options.name is not None:
        return check_run_name(options.name)
    wish = preset_name.replace("+", "-")
    if options.resume:
        return _unfinished_like(wish, preset_name, options.runs)
    return own_name(wish, options.runs) if options.overwrite else free_name(wish, options.runs)


def _told_name(name: str, options: FitOptions, preset_name: str) -> str:
    """What is said where the run did not get the name that one would look for; empty where it did."""
    wish = preset_name.replace("+", "-")
    if options.name is not None or name == wish:
        return ""
    why = "is a run that comes with the program" if wish in shipped_names() else f"is in {options.runs} already"
    return f"This run is called {name}: {wish} {why} (--name chooses another)."


def _unfinished_like(wish: str, preset_name: str, root: str) -> str:
    """The one unfinished run of a preset, else the run that has the wish. Raises `RunError` where there are several or none."""
    found = [
        name
        for name, info in list_runs(root).items()
        if isinstance(info, RunInfo)
        and info.preset == preset_name
        and info.state != "finished"
        and re.fullmatch(rf"{re.escape(wish)}(-[0-9]+)?", name)
    ]
    if len(found) > 1:
        raise RunError(f"several runs of {preset_name} in {root} were not finished: {', '.join(found)}; say which with --name.")
    if not found and not (place(root) / wish / RUN_JSON).is_file():
        raise RunError(f"nothing to resume: no run of {preset_name} in {root} is unfinished; leave --resume out to start one.")
    return found[0] if found else wish


def _typed(argv: Sequence[str], option: str) -> str | None:
    """The value of an option as it was typed, `--option value` or `--option=value`."""
    for word, following in zip(argv, [*argv[1:], None], strict=True):
        if word == option:
            return following
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
