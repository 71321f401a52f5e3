"""What is compared: the columns, the test image, and the runs that can be chosen, as the session keeps them and as the runs allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.cache.runs import get_run
from explorer.pages.compare.rate_distortion import of_data_set
from explorer.session import columns as comparison
from explorer.session.column_link import Column, complaint, fitting, proposal
from explorer.session.columns import Comparison
from trainer.errors import LatentError
from trainer.runs.records import RunInfo


@dataclass(frozen=True)
class Compared:
    """What the page shows."""

    run_id: str
    """Of the first column: the page's run."""
    chosen: Comparison
    """The other columns and the image."""
    runs: Mapping[str, RunInfo]
    """All that can be chosen, by name."""

    @property
    def first(self) -> RunInfo:
        return self.runs[self.run_id]

    @property
    def data_set(self) -> str:
        """Its content's name, under which the comparison is kept."""
        return self.first.dataset.sha256

    @property
    def columns(self) -> tuple[Column, ...]:
        return (Column(self.run_id), *self.chosen.columns)

    @property
    def names(self) -> list[str]:
        """The run of every column, "" where none was chosen."""
        return [column.run_id for column in self.columns]


def compared(run_id: str, runs: Mapping[str, RunInfo]) -> Compared:
    """What is compared beside a run, without what is not there any more, and with a proposal before anything was chosen."""
    first = runs[run_id]
    kept = comparison.compared(first.dataset.sha256)
    if kept is None:
        kept, complaints = comparison.from_link(runs, first.dataset.n_test)
        comparison.complain([*complaints, *(why for column in kept.columns if (why := _complaint(column)))])
    columns = [column if column.run_id in runs else Column() for column in kept.columns] or [another_column([run_id], runs)]
    now = Comparison(tuple(map(_fitting, columns)), min(kept.image, first.dataset.n_test - 1))
    comparison.remember(first.dataset.sha256, now)
    return Compared(run_id, now, runs)


def another_column(shown: list[str], runs: Mapping[str, RunInfo]) -> Column:
    """A column to begin with, beside those of the runs `shown`."""
    return proposal(shown, list(of_data_set(runs, runs[shown[0]])), _maps(shown[0]))


def _maps(run_id: str) -> list[str]:
    """Names of a run's maps; none where they cannot be read, which its column says."""
    try:
        return list(get_run(run_id).projections)
    except LatentError:
        return []


def _fitting(column: Column) -> Column:
    maps = _maps(column.run_id) if column.run_id else []
    return fitting(column, maps, get_run(column.run_id).config.latent_dim) if maps else column


def _complaint(column: Column) -> str | None:
    maps = _maps(column.run_id)
    return complaint(column, maps, get_run(column.run_id).config.latent_dim) if maps else None
