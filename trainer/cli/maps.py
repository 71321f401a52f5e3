"""`maps`: make the maps of a finished run anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainer.cli.arguments import NewName, RunName, RunsToRead, parse
from trainer.cli.finished_run import dataset_of, run_to_change
from trainer.console import program
from trainer.numerals import number, percent

if TYPE_CHECKING:
    from trainer.maps.projection import Projection


@dataclass(frozen=True)
class MapsOptions:
    """Compute the maps of a finished run again from its weights, codes and data set; nothing else of the run changes."""

    run: RunName
    """name of the run"""
    runs: RunsToRead = None
    """folder of runs (default: your own, then those of the checkout and the shipped ones)"""
    name: NewName = None
    """leave the run as it is, and keep the result in a copy of it under this name"""


def maps_command(argv: list[str]) -> None:
    options = parse(MapsOptions, argv, f"{program()} maps")
    run = run_to_change(options)
    from trainer.training.refresh import refresh_maps

    for projection in refresh_maps(run, dataset_of(run)):
        print(f"{run.id}: {projection.title}{_losses(projection)}")


def _losses(projection: Projection) -> str:
    """What a map keeps of neighbourhoods, and what its approximate inverse gives back."""
    kept, back = projection.quality, projection.inverse_quality
    parts = []
    if kept is not None:
        parts.append(
            f"keeps {percent(kept.neighbours_kept)} of the {kept.k} neighbours, trustworthiness {number(kept.trustworthiness, 3)}"
        )
    if back is not None:
        parts.append(f"approximate inverse R² {number(back.r2)}{' (held out)' if back.is_held_out else ''}")
        if back.nll is not None and back.own_nll is not None:
            parts.append(f"reconstruction loss {number(back.nll, 1)} nats (own codes {number(back.own_nll, 1)})")
        if back.agreement is not None:
            parts.append(f"label agreement {number(back.agreement, 3)}")
    return f": {', '.join(parts)}" if parts else ""
