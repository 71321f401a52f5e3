"""Which run and which map are in each column of a comparison, as a link says it?

with=mnist-20d:umap~mnist-20d:axes_3_1     a column each beside the first, whose run and map a link names as everywhere else
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from explorer.text.escape import shortened

MOST_COLUMNS = 4
AXES = "axes"


@dataclass(frozen=True)
class Column:
    """A column of a comparison."""

    run_id: str = ""
    """"" where none was chosen yet."""
    map_name: str = ""
    """"" for the first map of the run."""
    axes: tuple[int, int] | None = None
    """Two dimensions, from 0, of the map of that name."""


@dataclass(frozen=True)
class Link:
    """What a link asks for, and what of it cannot be had, in sentences."""

    columns: tuple[Column, ...] = ()
    complaints: tuple[str, ...] = ()


def text_of(columns: Iterable[Column]) -> str:
    """The columns as a link carries them; those without a run are left out."""
    return "~".join(_text(column) for column in columns if column.run_id)


def link_of(text: str, known: Collection[str]) -> Link:
    """The columns of a link; a run that is not among `known` is left out, and so is what goes beyond the fourth column."""
    parts = [part for part in text.split("~") if part]
    found, complaints = [], []
    for part in parts[: MOST_COLUMNS - 1]:
        column = _column(part)
        if column.run_id in known:
            found.append(column)
        else:
            complaints.append(f"There is no run “{shortened(column.run_id, 40)}” to compare with; its column is left out.")
    if len(parts) > MOST_COLUMNS - 1:
        complaints.append(
            f"A comparison has at most {MOST_COLUMNS} columns; the link asks for {len(parts) + 1}, the rest is left out."
        )
    return Link(tuple(found), tuple(complaints))


def fitting(column: Column, maps: Sequence[str], latent_dim: int) -> Column:
    """The column with a map that its run has: the one that was asked for, else the run's first."""
    if column.map_name not in maps:
        return Column(column.run_id, maps[0])
    if column.map_name != AXES:
        return replace(column, axes=None)
    is_there = column.axes is not None and column.axes[0] != column.axes[1] and all(0 <= k < latent_dim for k in column.axes)
    return column if is_there else replace(column, axes=None)


def complaint(column: Column, maps: Sequence[str], latent_dim: int) -> str | None:
    """Why a column of a link is not as it was asked for."""
    fits = fitting(column, maps, latent_dim)
    if column.map_name and fits.map_name != column.map_name:
        there = f"it has {', '.join(maps)}. Showing {fits.map_name} instead."
        return f"Run {column.run_id} has no map “{shortened(column.map_name, 40)}”; {there}"
    if column.axes is not None and fits.axes is None and fits.map_name == AXES:
        first, second = (k + 1 for k in column.axes)
        return f"Run {column.run_id} has no pair of axes {first} and {second}: two different dimensions from 1 to {latent_dim}."
    return None


def proposal(shown: Sequence[str], runs: Sequence[str], maps: Sequence[str]) -> Column:
    """A column to begin with, beside those of the runs `shown`: another of these runs, else another map of the first, else an empty one."""
    others = [run_id for run_id in runs if run_id not in shown]
    if others:
        return Column(others[0])
    n_maps = shown.count(shown[0])
    return Column(shown[0], maps[n_maps]) if n_maps < len(maps) else Column()


def _text(column: Column) -> str:
    axes = "" if column.axes is None else "_{}_{}".format(*(k + 1 for k in column.axes))
    return f"{column.run_id}:{column.map_name}{axes}" if column.map_name else column.run_id


def _column(text: str) -> Column:
    run_id, _, rest = text.partition(":")
    map_name, *numbers = rest.split("_")
    if map_name == AXES and len(numbers) == 2 and all(n.isascii() and n.isdigit() and len(n) < 4 for n in numbers):
        return Column(run_id, map_name, (int(numbers[0]) - 1, int(numbers[1]) - 1))
    return Column(run_id, rest)
