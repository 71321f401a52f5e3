"""How does the browser replay a training? The film's codes, the terms of the bound as they were, and the decoder at some of its moments."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.surface.lowering import PlainNetwork, ops, plain_network
from explorer.surface.payload import deflated, pack_arrays, static_in_planes, with_length
from explorer.surface.training_schema import FilmMap, FilmPlaneRecord, FilmShown
from explorer.text.map_notes import axis_name, map_title
from trainer.errors import RunError
from trainer.maps.projection import Projection
from trainer.runs.read import Run
from trainer.runs.records import Film

NO_WEIGHTS = (
    "This run kept no weights of its film, so pictures of earlier moments cannot be decoded; trainings on this machine keep them."
)
NO_PLANE = "{} lays out the codes of the end only, so the film is seen on {}."
NOT_TRAINED_HERE = "run {!r} was not trained here, so it has no film of its training; allowed: a run that this program trained."
SOLVED_AT_ONCE = "run {!r} was solved in one step, so it has no film of its training; allowed: a run that was trained for more."
NONE_KEPT = "run {!r} was trained to be compared, so it has no film of its training; train its settings again to watch them learn."


def pack_film(run: Run, label: int | None = None, most_codes: int | None = None, most_weights: int | None = None) -> bytes:
    """The film of a run for `frontend/src/wire/film.ts`. Raises `RunError` where it has none.

    label: the class as which a conditional model decodes, the first where none is given; no use to any other model
    most_codes, most_weights: bytes; of more, images and moments are taken evenly, the first and the last among them
    """
    if not has_film(run):
        raise RunError(why_no_film(run))
    film = run.film
    images = _evenly(film.mu.shape[1], film.mu.nbytes, most_codes)
    planes = {p.name: p for p in run.projections.values() if p.kind == "linear" and p.basis is not None and p.origin is not None}
    maps: list[FilmMap] = [
        {"name": name, "title": map_title(p), "x_label": axis_name(p.labels[0]), "y_label": axis_name(p.labels[1])}
        for name, p in planes.items()
    ]
    arrays: dict[str, NDArray[Any]] = {
        "mu": film.mu[:, images],
        "epoch": film.epoch,
        "label": film.label[images].astype(np.int16),
        "index": film.index[images].astype(np.int32),
        **terms_at(run, film),
    }
    for name, projection in planes.items():
        arrays |= {f"basis.{name}": np.asarray(projection.basis), f"origin.{name}": np.asarray(projection.origin)}
    told = (label or 0) if run.config.is_conditional else None
    decoder, weights = _decoders(run, told, most_weights)
    header = {
        "run": run.id,
        "dataset": run.info.dataset.name,
        "image_shape": run.image_shape,
        "latent_dim": run.config.latent_dim,
        "class_names": run.info.dataset.class_names,
        "is_deterministic": run.config.is_deterministic,
        "likelihood": run.config.likelihood,
        "decoder": decoder,
        "decoded_as": None if told is None else run.info.dataset.class_names[told],
        "why_no_decoder": NO_WEIGHTS if run.film_weights is None else "",
        "maps": maps,
    }
    return pack_arrays(header, arrays | weights)


MOST_CODES = 1_200_000
"""Bytes of the codes in a page without a server: of more, only some of the images are in its film."""
MOST_WEIGHTS = 4_000_000
"""Bytes of the decoders there: of more, only some of the moments."""


def pack_film_bundle(run: Run) -> bytes:
    """The film for a page that has no server, on every map of the run, at most about five megabytes; nothing where the run has none.

    Its arrays lie in planes, see `payload.in_planes`; `readFilmBundle` of `frontend/src/wire/film.ts` takes it.
    """
    if not has_film(run):
        return b""
    shown = {name: shown_on(run, projection) for name, projection in run.projections.items()}
    film = pack_film(run, most_codes=MOST_CODES, most_weights=MOST_WEIGHTS)
    return deflated(with_length({"shown": shown}) + static_in_planes(film))


def has_film(run: Run) -> bool:
    """Whether its training was watched: not of an imported model, nor of one that was solved at once."""
    return run.info.origin is None and run.config.model != "pca" and run.has_film and len(run.film.mu) > 1


def why_no_film(run: Run) -> str:
    """One sentence, for a run without."""
    if run.info.origin is not None:
        return NOT_TRAINED_HERE.format(run.id)
    return (SOLVED_AT_ONCE if run.has_film else NONE_KEPT).format(run.id)


def terms_at(run: Run, film: Film) -> dict[str, NDArray[np.float32]]:
    """Reconstruction, KL (T,) and KL of each dimension (T, K) on test images at the film's moments, nats.

    Of the last row of the history that is not later than the moment; NaN where there is none. All KL are 0 for a deterministic model.
    """
    history = run.history
    row = np.searchsorted(history["epoch"], film.epoch + 1e-6, side="right") - 1

    def at(column: NDArray[Any]) -> NDArray[np.float32]:
        return np.where(row < 0, np.nan, column[np.maximum(row, 0)]).astype(np.float32)

    n, k = len(film.epoch), run.config.latent_dim
    if run.config.is_deterministic:
        kl_per_dim = np.zeros((n, k), np.float32)
        kl = np.zeros(n, np.float32)
    else:
        kl_per_dim = np.stack([at(history[f"kl_{i + 1}"]) for i in range(k)], axis=1)
        kl = at(history["test_kl"])
    return {"reconstruction": at(history["test_reconstruction"]), "kl": kl, "kl_per_dim": kl_per_dim}


def shown_on(run: Run, projection: Projection, link: str = "", leaves: bool = True, height: int = 0) -> FilmShown:
    """The film on a map of the run, or on its main axes where the map is no plane."""
    plane, note = projection, ""
    if projection.kind == "lattice":
        plane = next(other for other in run.projections.values() if other.kind == "linear")
        note = NO_PLANE.format(map_title(projection), map_title(plane))
    return {"plane": _plane(plane), "note": note, "link": link, "leaves": leaves, "height": height}


def _plane(projection: Projection) -> FilmPlaneRecord | None:
    if projection.basis is None or projection.origin is None:
        return None
    return {
        "title": map_title(projection),
        "x_label": axis_name(projection.labels[0]),
        "y_label": axis_name(projection.labels[1]),
        "basis": projection.basis.ravel().tolist(),
        "origin": projection.origin.tolist(),
    }


def _evenly(n: int, n_bytes: int, most: int | None) -> NDArray[np.intp]:
    """Numbers of so many of n parts, n_bytes large together, as have room; two at least."""
    room = n if most is None else max(2, min(n, most * n // max(1, n_bytes)))
    return np.unique(np.rint(np.linspace(0, n - 1, min(n, room))).astype(np.intp))


def _decoders(run: Run, label: int | None, most: int | None) -> tuple[list[Any], dict[str, NDArray[Any]]]:
    """The decoder's operations, and its arrays at the moments at which it was kept; where it was not, at the end alone."""
    kept = run.film_weights
    if kept is None:
        moments = np.array([len(run.film.mu) - 1])
        networks: list[PlainNetwork] = [plain_network(run, "decoder", label)]
    else:
        n_bytes = len(kept.moment) * sum(2 * array.size for array in plain_network(run, "decoder", label).arrays.values())
        some = _evenly(len(kept.moment), n_bytes, most)
        moments = kept.moment[some]
        networks = [plain_network(run.decoder_at(int(i)), "decoder", label) for i in some]
    arrays: dict[str, NDArray[Any]] = {"moment": moments.astype(np.int32)}
    for name in networks[0].arrays:
        arrays[f"w.decoder.{name}"] = np.stack([network.arrays[name] for network in networks]).astype(np.float16)
    return list(ops("decoder", networks[0])), arrays
