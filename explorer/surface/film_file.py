"""How does the film of a training become a file, GIF, WebP or MP4?"""

from __future__ import annotations

import numpy as np

from explorer.pictures.export import Film, Report, animation
from explorer.pictures.map_film import MapFilm, between, frames_of
from explorer.surface.film import has_film, shown_on, terms_at, why_no_film
from explorer.text.map_notes import axis_name
from trainer.errors import LatentError, RunError
from trainer.maps.projection import Projection
from trainer.runs.read import Run

FPS = 12
STEPS = 3  # frames from a moment to the next
REST = 12  # frames that the end stays


def film_file(run: Run, projection: Projection, kind: Film, report: Report = lambda share: None) -> bytes:
    """The points of a run on one of its maps while it was trained. Raises `RunError` where there is no film."""
    return animation(frames_of(map_film(run, projection)), FPS, 1, kind, report)


def map_for_film(run: Run, name: str | None = None) -> Projection:
    """A map of the run by its name, the first one that is a plane where none is given. Raises `LatentError` for a name that is none."""
    if name is None:
        return next(one for one in run.projections.values() if one.kind != "lattice")
    if name not in run.projections:
        raise LatentError(f"run {run.id!r} has no map {name!r}; allowed: {', '.join(run.projections)}.")
    return run.projections[name]


def map_film(run: Run, projection: Projection) -> MapFilm:
    """What is to be drawn, points gliding from moment to moment as in the browser."""
    if not has_film(run):
        raise RunError(why_no_film(run))
    film, terms = run.film, terms_at(run, run.film)
    codes = film.mu.astype(np.float32)
    plane = shown_on(run, projection)["plane"]
    if plane is None:
        places, labels = codes, tuple(map(axis_name, projection.labels))
    else:
        basis = np.asarray(plane["basis"], np.float32).reshape(2, -1)
        places = (codes - np.asarray(plane["origin"], np.float32)) @ basis.T
        labels = (plane["x_label"], plane["y_label"])

    def held(values: np.ndarray) -> np.ndarray:
        moving = between(values, STEPS)
        return np.concatenate([moving, np.repeat(moving[-1:], REST, axis=0)])

    return MapFilm(
        title=run.id,
        x_label=labels[0],
        y_label=labels[1],
        places=held(places),
        epoch=held(film.epoch),
        kl_per_dim=None if run.config.is_deterministic else held(terms["kl_per_dim"]),
        label=film.label,
    )
