"""How does a configuration become a run?

`fit` is a generator of events (`trainer.training.events`), so that whoever calls it decides what is shown and when it stops.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from trainer.config import MEASURED, FitConfig, check_run_name, checked
from trainer.datasets import Dataset
from trainer.errors import ConfigError, LatentError, RunError, TrainingDiverged
from trainer.preflight import keep_compiled_code
from trainer.runs.read import other_data, read_info
from trainer.runs.records import RunInfo, Settled
from trainer.runs.write import RunWriter
from trainer.training.choosing.early_stopping import Shorter, check_validation
from trainer.training.choosing.trial import measured_precision
from trainer.training.distributed import Team
from trainer.training.events import Event, Finishing, StartedAgain
from trainer.training.finish import now
from trainer.training.loop import Trainer
from trainer.training.snapshots import SNAPSHOTS
from trainer.training.steering import Steering


def fit(
    config: FitConfig,
    dataset: Dataset,
    name: str,
    runs: str | Path = "runs",
    preset: str = "custom",
    resume: bool = False,
    overwrite: bool = False,
    device: str = "cpu",
    team: Team | None = None,
    snapshots: int = SNAPSHOTS,
    heard: Callable[[Finishing], None] = lambda event: None,
    steering: Steering | None = None,
    chosen: tuple[str, ...] = (),
) -> Iterator[Event]:
    """Trains and writes the run `runs/name`, yielding events. Closing the generator (or Ctrl-C) leaves a run that resumes.

    device: cpu, cuda or cuda:N. snapshots: moments of training at which the codes are kept, 0 for no film. team: the processes that
    share every batch (`distributed.team`); only its first one writes. heard: is told how far a part is while it goes on, where a
    generator cannot yield. steering: other settings while it goes on, of a training by one process, and the file that shows how far it
    is. chosen: settings that were chosen from the data, a sentence each, for the run to remember.
    Raises `TrainingDiverged` with step, term and remedy; `RunError` where the run is already there or the disk is full.
    """
    team = team or Team()
    writer = RunWriter.at(runs, check_run_name(name), is_silent=not team.is_writer)
    config = _agreed(team, partial(_prepare_folder, writer, config, dataset, resume, overwrite), config)
    check_validation(config, dataset, team.size)  # before steps are timed
    if config.umap and config.latent_dim > 2:
        keep_compiled_code()
    stored = read_info(writer.folder) if resume else None
    config = _as_measured(stored.config if stored else config, dataset, writer, device, team, stored)
    began = (stored.preset, stored.created) if stored else (preset, now())
    make = partial(_trainer, dataset, writer, *began, device, team, snapshots, steering)
    trainer = make(config, Settled(stored.chosen, stored.before) if stored else Settled(chosen))
    _take_place(trainer, resume)
    yield from _trained(trainer, heard)
    if (found := trainer.shorter) is not None:
        settled = Settled(found.retold(trainer.settled.chosen), config)
        del trainer  # and what it holds in memory
        yield from _trained_again(make(found.config, settled), found, heard)


def _trainer(
    dataset: Dataset,
    writer: RunWriter,
    preset: str,
    created: str,
    device: str,
    team: Team,
    snapshots: int,
    steering: Steering | None,
    config: FitConfig,
    settled: Settled,
) -> Trainer:
    """A training that remembers how its settings came to be."""
    trainer = Trainer(config, dataset, writer, preset, created, device, team, snapshots, steering)
    trainer.settled = settled
    return trainer


def _take_place(trainer: Trainer, resume: bool) -> None:
    """In the run's folder: on from what is there, or instead of it."""
    trainer.writer.check_room(trainer.bytes_on_disk())
    if resume:
        trainer.restore()
    elif trainer.team.is_writer:
        trainer.writer.clear()  # only now: what cannot even begin must not cost the run that is there


def _trained_again(trainer: Trainer, shorter: Shorter, heard: Callable[[Finishing], None]) -> Iterator[Event]:
    """All events of a training that takes the place of one that overfits."""
    _take_place(trainer, resume=False)
    trainer.write_state("training")
    yield from _trained(trainer, heard, [StartedAgain(shorter.config, shorter.sentence)])


def _as_measured(
    config: FitConfig, dataset: Dataset, writer: RunWriter, device: str, team: Team, stored: RunInfo | None
) -> FitConfig:
    """The configuration with a precision that was measured, where it is to be; several processes, which would not measure the same, have
    float32. A run whose threads were chosen goes on with as many."""
    if stored and stored.chosen and (found := re.search(r"(\d+) threads", stored.machine)):
        torch.set_num_threads(min(max(1, int(found[1])), os.cpu_count() or 1))  # sums of as many parts as before
    if team.size == 1:
        return measured_precision(config, dataset, writer, device)[0]
    return checked(config, precision="fp32") if config.precision == MEASURED else config


def _agreed(team: Team, prepare: Callable[[], FitConfig], config: FitConfig) -> FitConfig:
    """What the first process makes of the configuration; the others keep theirs. Raises in all of them where it refuses."""
    refusal: LatentError | None = None
    if team.is_writer:
        try:
            config = prepare()
        except LatentError as error:
            refusal = error
    if team.any_of_first(refusal is not None):  # all leave together, or the others would wait for one that has gone
        raise refusal or RunError("the first process refused to begin; its sentence says why.")
    return config


def _trained(trainer: Trainer, heard: Callable[[Finishing], None], first: Sequence[Event] = ()) -> Iterator[Event]:
    """All events of a training, after those that come first; however it ends, its state is on disk."""
    try:
        yield from first
        with _matmul_precision(trainer.config.precision):
            yield from trainer.epochs()
        if trainer.shorter is None:
            yield from trainer.finish(heard)
    except TrainingDiverged:
        trainer.write_state("diverged")
        raise
    except (KeyboardInterrupt, GeneratorExit):
        if not trainer.is_whole:  # a consumer that stops after the last event must not undo it
            trainer.write_state("interrupted")
        raise


def _prepare_folder(writer: RunWriter, config: FitConfig, dataset: Dataset, resume: bool, overwrite: bool) -> FitConfig:
    """Refuses to lose a run that is there; for --resume gives the configuration that it began with."""
    name = writer.folder.name
    refuse_to_lose(writer, resume, overwrite)
    writer.check_writable()
    if resume:
        info = read_info(writer.folder)
        began = info.before or info.config  # it may have started again since
        for key, value in config.model_dump().items():
            stored = getattr(began, key)
            if config != info.config and value != stored and (key, value) != ("precision", MEASURED):
                raise ConfigError(key, value, f"{stored!r}, with which run {name!r} began (--resume goes on as it began)")
        if info.dataset.sha256 != dataset.sha256:
            raise RunError(other_data(dataset, name, "began with"))
        return info.config
    return config


def refuse_to_lose(writer: RunWriter, resume: bool, overwrite: bool) -> None:
    """Raises `RunError` where a run is there that nobody said to replace, or none to go on with."""
    name, root = writer.folder.name, writer.folder.parent
    if writer.is_kept:
        raise RunError(f"runs in {root} come with the program and stay as they are; choose another --runs folder.")
    if not writer.has_run:
        if resume:
            raise RunError(f"nothing to resume: there is no run {name!r} in {root}; leave --resume out to start it.")
        return
    if resume:
        info = read_info(writer.folder)
        if info.state == "finished":
            raise RunError(f"run {name!r} is finished ({info.epoch} epochs); --overwrite trains it again, --name starts another.")
    elif not overwrite:
        goes_on = "" if read_info(writer.folder).state == "finished" else "--resume goes on, "
        raise RunError(f"run {name!r} is already in {root}; {goes_on}--overwrite replaces it, --name starts another.")


@contextlib.contextmanager
def _matmul_precision(precision: str) -> Iterator[None]:
    """bf16: matrix products of float32 tensors are computed in bfloat16 with float32 sums, where the processor has it."""
    backend: Any = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]  # made at run time
    before = backend.fp32_precision
    backend.fp32_precision = "bf16" if precision == "bf16" else "ieee"
    try:
        yield
    finally:
        backend.fp32_precision = before
