"""What do the commands share that make something anew of a finished run?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from trainer.runs.catalogue import default_roots, load_run
from trainer.runs.read import Run
from trainer.runs.write import RunWriter, copy_of

if TYPE_CHECKING:
    from trainer.datasets import Dataset


class ChangeOptions(Protocol):
    """What is typed to change a run."""

    @property
    def run(self) -> str: ...

    @property
    def runs(self) -> str | None: ...

    @property
    def name(self) -> str | None:
        """Leave the run as it is, and keep the result in a copy under this name."""


def run_to_change(options: ChangeOptions) -> Run:
    """The run, or the copy of it that was asked for; tried before minutes of work, and said where nothing will be kept."""
    run = load_run(options.run, options.runs)
    run.check_measurable()
    if options.name is not None:
        return copy_of(run, options.name, options.runs or default_roots()[0])
    writer = RunWriter(run.folder)
    if writer.is_kept:
        told = f"{run.id} comes with the program and stays as it is: the result is shown and not kept (--name COPY keeps it in a copy)."
        print(told, file=sys.stderr)
    else:
        writer.check_writable()
    return run


def dataset_of(run: Run) -> Dataset:
    """Fetched where it is not on this machine."""
    from trainer.datasets import load_dataset

    return load_dataset(run.info.dataset.name, progress=True)


@contextmanager
def progress_bar() -> Iterator[Callable[[float], None]]:
    """A bar on stderr, where that is a terminal; gives the function that takes the share that is done."""
    from tqdm import tqdm

    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}", file=sys.stderr, leave=False, disable=None) as bar:
        yield lambda share: bar.update(100 * share - bar.n)
