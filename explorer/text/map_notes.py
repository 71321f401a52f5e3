"""What is a map called, and what is to be said of it? Sentences for the map's corner and for the chooser."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainer.maps.projection import Projection, lattice_note
from trainer.numerals import count, dimension, number, percent
from trainer.runs.read import Run


def map_note(run: Run, projection: Projection) -> str:
    """What a place on the map stands for, and how far to trust the map; nothing is said of a prior where there is none."""
    first, second = map(axis_name, projection.labels)
    if projection.kind == "lattice":
        note = lattice_note(projection.inverse_quality)
    elif projection.name == "axes":
        mean = "" if run.config.is_deterministic else ", the mean of the prior"
        note = f"Each map point sets {first} and {second}; all others are 0{mean}."
    else:
        note = re.sub(r"(\d)\s?%", "\\1\u00a0%", projection.note)  # as an older run says it
    return " ".join([note, *_quality(projection)])


def map_title(projection: Projection) -> str:
    """The name of a map; of two axes, which ones."""
    return " and ".join(map(axis_name, projection.labels)) if projection.name == "axes" else projection.title


def axis_name(name: str) -> str:
    """z₁ for the z1 of an older run."""
    return dimension(int(name[1:]) - 1) if re.fullmatch(r"z[0-9]+", name) else name


def _quality(projection: Projection) -> Iterator[str]:
    """Measured at the end of training, where the run has it."""
    if quality := projection.quality:
        yield (
            f"Of a point's {quality.k} nearest codes the map keeps {percent(quality.neighbours_kept)} near it; "
            f"trustworthiness {number(quality.trustworthiness)}."
        )
    if back := projection.inverse_quality:
        if projection.kind != "lattice":  # whose note says it already
            yield f"From point to code, R² {number(back.r2)} on {count(back.n)} points."
        if back.nll is not None and back.own_nll is not None:
            yield (
                f"−log p(x|z) with the mapped codes {number(back.nll, 0)} nats per image, with the images' own codes "
                f"{number(back.own_nll, 0)}."
            )
