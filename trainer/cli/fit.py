"""`fit`: train a run on a data set, from a preset or from what is in the data, with options for every setting."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from trainer.cli.arguments import MaybeNumber, NewName, RunsToWrite, parse
from trainer.cli.list import print_presets
from trainer.cli.progress import show
from trainer.config import MEASURED, FitConfig, check_run_name, checked
from trainer.console import program
from trainer.errors import ConfigError, LatentError, RunError
from trainer.preflight import keep_compiled_code
from trainer.presets import CHOSEN, PRESETS, SIDES, preset
from trainer.runs.catalogue import default_roots, free_name, list_runs, own_name, shipped_names
from trainer.runs.folder import RUN_JSON
from trainer.runs.read import read_info
from trainer.runs.records import RunInfo
from trainer.runs.storage import place
from trainer.runs.write import RunWriter

if TYPE_CHECKING:
    from trainer.datasets import Dataset


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


@dataclass(frozen=True)
class Asked:
    """What the first word after `fit` means."""

    word: str
    """as it was typed"""
    preset: str
    """the name of a preset, or `CHOSEN`"""
    wish: str
    """the name of the run, where it is free"""
    base: FitConfig
    """what every option that is not given comes from; with `CHOSEN` it is chosen later"""

    @property
    def is_chosen(self) -> bool:
        """Whether it is a data set, whose settings are chosen from what is in it."""
        return self.preset == CHOSEN


def fit_command(argv: list[str]) -> None:
    """Parses, trains and shows how far it is."""
    if argv and argv[0] in ("-h", "--help"):
        print_presets()
        parse(FitOptions, ["--help"], f"{program()} fit PRESET", FitOptions(PRESETS["digits-2d"]))
    if not argv or argv[0].startswith("-"):
        raise LatentError(
            f"fit needs a preset first; allowed: {', '.join(PRESETS)}, or the path of your own images, whose settings are then chosen "
            f"from what is in them (or {program()} fit --help)."
        )
    asked = _asked(argv[0])
    options = _parsed(argv[1:], asked)
    if options.resume and options.overwrite:
        raise LatentError("--resume goes on with a run, --overwrite starts it again; allowed: one of them.")
    if not str(options.runs).strip():
        raise LatentError("--runs is ''; allowed: a folder or an fsspec address.")
    run_name = _name_for(options, asked)
    folder = place(options.runs) / run_name
    if options.resume and (folder / RUN_JSON).is_file():
        info = read_info(folder)  # what is typed is held against it by `fit`
        options = _options(argv[1:], asked, replace(options, config=info.before or info.config))
    elif asked.is_chosen:
        _fit_chosen(argv[1:], options, asked, run_name)
        return
    _train(options, asked, run_name)


def _asked(word: str) -> Asked:
    """A preset by its name, or a data set: one of ours, or the path of a person's own."""
    from trainer.datasets.names import is_own
    from trainer.training.choosing.settings import MOST

    if word in PRESETS:
        return Asked(word, word, word.replace("+", "-"), PRESETS[word])
    if word not in names_of_data() and not is_own(word) and not os.path.exists(word.partition("?")[0]) and os.sep not in word:
        preset(word)  # which says what is allowed
    stem = re.sub(r"[^a-z0-9]+", "-", os.path.basename(_path_of(word)).lower()).strip("-")
    # epochs are chosen later; what is held against their number while the options are read must not be held against the default
    return Asked(word, CHOSEN, stem[:40].strip("-") or "pictures", FitConfig(data=word, epochs=MOST))


def names_of_data() -> tuple[str, ...]:
    """Of the data sets that have a name here."""
    from trainer.datasets import dataset_names

    return dataset_names()


def _path_of(word: str) -> str:
    """Of a data set that is a person's own, without the ending of a file; a name of ours is itself."""
    from trainer.datasets.names import ENDINGS
    from trainer.datasets.names import parse as parsed

    if word in names_of_data():
        return word
    path = parsed(word, names_of_data()).path
    return os.path.abspath(path.with_suffix("") if path.suffix.lower() in ENDINGS else path)


def _options(words: list[str], asked: Asked, default: FitOptions) -> FitOptions:
    options = parse(FitOptions, words, f"{program()} fit {asked.word}", default)
    if asked.is_chosen and not options.resume and options.config.data != default.config.data:
        raise LatentError(f"--data is {options.config.data!r}, and {asked.word!r} is said already; allowed: one of them.")
    return options


def _parsed(words: list[str], asked: Asked) -> FitOptions:
    """What was typed after the preset; of a run that goes on only what says which one it is, where the rest is not allowed by itself."""
    base = asked.base
    try:
        return _options(words, asked, FitOptions(base))
    except ConfigError:  # with the settings of the run that goes on it may be allowed
        if "--resume" not in words:
            raise
        runs = _typed(words, "--runs") or FitOptions(base).runs
        options = FitOptions(base, name=_typed(words, "--name"), runs=runs, resume=True)
        if not (place(options.runs) / _name_for(options, asked) / RUN_JSON).is_file():
            raise
        return options


def _data_of(options: FitOptions, asked: Asked) -> str:
    """The data set by its absolute name, its pictures as large as the preset wants them where nobody said a size."""
    from trainer.datasets import absolute_name, with_held_out
    from trainer.datasets.names import is_own
    from trainer.datasets.names import parse as parsed

    if not options.config.data:
        raise LatentError(
            f"{asked.word} is for pictures of your own; say where they are: {program()} fit {asked.word} --data PATH "
            "(a folder, or a file .zip, .npz, .npy or .csv)."
        )
    data = options.config.data if options.held_out is None else with_held_out(options.config.data, options.held_out)
    data = absolute_name(data)
    side = SIDES.get(asked.preset)
    if side is None or not is_own(data):
        return data
    own = parsed(data)
    return data if own.size is not None or own.kind not in ("folder", "zip") else replace(own, size=side).name


def _fit_chosen(words: list[str], options: FitOptions, asked: Asked, run_name: str) -> None:
    """Looks at the pictures, chooses what was not typed, says all of it and trains."""
    if "RANK" in os.environ:
        raise LatentError(
            f"fit {asked.word} chooses by what it measures, which one process does alone; several train a preset: "
            f"fit folder-64 --data {asked.word}."
        )
    from trainer.training.choosing.table import chosen_for, print_choices

    data = _data_of(options, asked)
    _refuse_early(options, run_name)
    first = chosen_for(data)
    for note in first.dataset.notes:
        print(note, file=sys.stderr)
    typed = partial(_typed_over, words, asked, options)
    config, chosen = first.settled(typed, RunWriter.at(options.runs, run_name), options.device)
    print_choices(first.dataset, chosen)
    sentences = tuple(choice.sentence() for choice in chosen)
    run_name = _name_for(options, asked)  # once more: another training may have taken the name while this one chose
    _train(replace(options, config=config), asked, run_name, first.dataset, sentences)


def _typed_over(words: list[str], asked: Asked, options: FitOptions, config: FitConfig) -> FitConfig:
    """A configuration with what was typed for it."""
    return _options(words, asked, FitOptions(config, runs=options.runs)).config


def _refuse_early(options: FitOptions, run_name: str) -> None:
    """What needs no data set, before it is fetched."""
    from trainer.training.distributed import device_of
    from trainer.training.fit import refuse_to_lose

    device_of(options.device)
    if "RANK" not in os.environ:  # of a team only the first process may ask: it may have begun to write already
        refuse_to_lose(RunWriter.at(options.runs, run_name), options.resume, options.overwrite)


def _train(options: FitOptions, asked: Asked, run_name: str, dataset: Dataset | None = None, chosen: tuple[str, ...] = ()) -> None:
    """Fetches the data set, where it is not there yet, and trains, alone or as one of several processes."""
    from trainer.datasets import load_dataset

    is_new = dataset is None
    config = checked(options.config, data=_data_of(options, asked)) if is_new else options.config
    from trainer.training.distributed import team
    from trainer.training.fit import fit

    _refuse_early(options, run_name)
    if config.umap and config.latent_dim > 2 and (note := keep_compiled_code()):
        print(note, file=sys.stderr)
    with team(options.device) as processes:
        data = load_dataset(config.data, progress=processes.is_writer) if dataset is None else dataset
        how = (options.runs, asked.preset, options.resume, options.overwrite, options.device, processes)
        start = partial(fit, config, data, run_name, *how, chosen=chosen)
        if not processes.is_writer:
            for _ in start():
                pass
            return
        for note in data.notes if is_new else ():
            print(note, file=sys.stderr)
        runs = "" if place(options.runs) == default_roots()[0] else f" --runs {shlex.quote(options.runs)}"
        goes_on = f"fit {shlex.quote(asked.word)} --name {run_name}{runs} --resume"
        if config.precision == MEASURED and processes.size == 1 and not options.resume:
            config = _said_precision(config, data, RunWriter.at(options.runs, run_name), options.device)
            start = partial(fit, config, data, run_name, *how, chosen=chosen)
        show(lambda heard: start(heard=heard), config, goes_on, _told_name(run_name, options, asked))


def _said_precision(config: FitConfig, dataset: Dataset, writer: RunWriter, device: str) -> FitConfig:
    """The configuration with the precision that is faster on this machine, and a line that says so."""
    from trainer.training.choosing.trial import measured_precision

    found, why = measured_precision(config, dataset, writer, device)
    print(f"precision {found.precision}: {why} (another: --precision fp32, bf16 or autocast)", file=sys.stderr)
    return found


def _name_for(options: FitOptions, asked: Asked) -> str:
    """The name of the run: the one that was typed, else one like the preset's that is free, or that goes on or is replaced."""
    if options.name is not None:
        return check_run_name(options.name)
    if options.resume:
        return _unfinished_like(asked, options.runs)
    return own_name(asked.wish, options.runs) if options.overwrite else free_name(asked.wish, options.runs)


def _told_name(name: str, options: FitOptions, asked: Asked) -> str:
    """What is said where the run did not get the name that one would look for; empty where it did."""
    wish = asked.wish
    if options.name is not None or name == wish:
        return ""
    why = "is a run that comes with the program" if wish in shipped_names() else f"is in {options.runs} already"
    return f"This run is called {name}: {wish} {why} (--name chooses another)."


def _unfinished_like(asked: Asked, root: str) -> str:
    """The one unfinished run of a preset or of a data set, else the run that has the wish. Raises `RunError`."""
    wish = asked.wish
    found = [
        name
        for name, info in list_runs(root).items()
        if isinstance(info, RunInfo)
        and info.preset == asked.preset
        and info.state != "finished"
        and re.fullmatch(rf"{re.escape(wish)}(-[0-9]+)?", name)
    ]
    if len(found) > 1:
        raise RunError(f"several runs of {asked.word} in {root} were not finished: {', '.join(found)}; say which with --name.")
    if not found and not (place(root) / wish / RUN_JSON).is_file():
        raise RunError(f"nothing to resume: no run of {asked.word} in {root} is unfinished; leave --resume out to start one.")
    return found[0] if found else wish


def _typed(argv: Sequence[str], option: str) -> str | None:
    """The value of an option as it was typed, `--option value` or `--option=value`."""
    for word, following in zip(argv, [*argv[1:], None], strict=True):
        if word == option:
            return following
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
