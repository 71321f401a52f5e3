"""Which data sets are there by name, is each on this machine, and how is it loaded?"""

from __future__ import annotations

import difflib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from trainer.datasets import digits, folder, idx, npz, olivetti, pendulum, shapes
from trainer.datasets.dataset import Dataset
from trainer.errors import DataError

OWN = "own:"


@dataclass(frozen=True)
class Availability:
    """What can be said without loading. n_images, image_shape (C, H, W): None where only reading would tell."""

    name: str
    is_here: bool
    where: str
    n_images: int | None
    image_shape: tuple[int, int, int] | None
    description: str
    licence: str


def dataset_names() -> tuple[str, ...]:
    """The built-in names; `folder:PATH` and `npz:PATH` are allowed besides."""
    return (digits.NAME, shapes.NAME, pendulum.NAME, *idx.SOURCES, olivetti.NAME)


def load_dataset(name: str, *, download: bool = True, progress: bool = False) -> Dataset:
    """A data set by its name; fetched from its authors where it is not on this machine, if `download` allows it."""
    if name == digits.NAME:
        return digits.load_digits()
    if name == shapes.NAME:
        return shapes.load_shapes()
    if name == pendulum.NAME:
        return pendulum.load_pendulum()
    if name == olivetti.NAME:
        return olivetti.load_olivetti(download=download)
    if name in idx.SOURCES:
        return idx.load_idx(idx.SOURCES[name], download=download, progress=progress)
    if name.startswith(folder.PREFIX):
        return folder.load_folder(name, progress=progress)
    if name.startswith(npz.PREFIX):
        return npz.load_npz(name)
    raise _unknown(name)


def availability(name: str) -> Availability:
    """Cheap: looks for files, decodes nothing, fetches nothing."""
    if name == digits.NAME:
        is_here = importlib.util.find_spec("sklearn") is not None
        return Availability(name, is_here, "scikit-learn", digits.N_IMAGES, digits.IMAGE_SHAPE, digits.DESCRIPTION, digits.LICENCE)
    if name == shapes.NAME:
        return Availability(name, True, "this program", shapes.N_IMAGES, shapes.IMAGE_SHAPE, shapes.DESCRIPTION, shapes.LICENCE)
    if name == pendulum.NAME:
        return Availability(
            name, True, "this program", pendulum.N_IMAGES, pendulum.IMAGE_SHAPE, pendulum.DESCRIPTION, pendulum.LICENCE
        )
    if name == olivetti.NAME:
        return _olivetti_availability()
    if name in idx.SOURCES:
        return _idx_availability(idx.SOURCES[name])
    if name.startswith(folder.PREFIX):
        return _folder_availability(name)
    if name.startswith(npz.PREFIX):
        path = Path(name.removeprefix(npz.PREFIX))
        return Availability(name, path.is_file(), str(path), None, None, "images of your own", npz.LICENCE)
    if name.startswith(OWN):  # of an imported run, whose pictures, if there are any, are in the run itself
        return Availability(name, False, "its run", None, None, "images of your own", "")
    raise _unknown(name)


def _idx_availability(source: idx.Source) -> Availability:
    here = idx.found(source)
    is_here = len(here) == len(idx.FILES)
    where = str(next(iter(here.values())).parent) if is_here else source.url
    description = f"{source.n // 1000} 000 images, 28 × 28, grey: {source.title}"
    return Availability(source.name, is_here, where, source.n, idx.IMAGE_SHAPE, description, source.licence)


def _olivetti_availability() -> Availability:
    path = olivetti.found()
    where = olivetti.URL if path is None else str(path.parent)
    return Availability(
        olivetti.NAME, path is not None, where, olivetti.N_IMAGES, olivetti.IMAGE_SHAPE, olivetti.DESCRIPTION, olivetti.LICENCE
    )


def _folder_availability(name: str) -> Availability:
    asked = folder.parse(name)
    is_here = asked.path.is_dir()
    n_images = len(folder.list_files(asked.path).files) if is_here else 0
    return Availability(name, is_here, str(asked.path), n_images, None, f"{n_images} image files of your own", folder.LICENCE)


def _unknown(name: str) -> DataError:
    near = difflib.get_close_matches(name, dataset_names(), n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return DataError(
        f"no data set {name!r}{hint}; available: {', '.join(dataset_names())}, or folder:PATH or npz:PATH for your own images."
    )
