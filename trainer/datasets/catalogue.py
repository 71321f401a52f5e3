"""Which data sets are there by name, is each on this machine, and how is it loaded?"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from trainer.datasets import names
from trainer.datasets.built_in import digits, idx, olivetti, pendulum, shapes
from trainer.datasets.dataset import Dataset
from trainer.numerals import count


@dataclass(frozen=True)
class Availability:
    """What can be said of a data set without loading it."""

    name: str
    """for load_dataset"""
    is_here: bool
    """whether it needs no download"""
    where: str
    """where it is, or would come from"""
    n_images: int | None
    """None where only reading would tell"""
    image_shape: tuple[int, int, int] | None
    """(C, H, W); None where only reading would tell"""
    description: str
    """for people"""
    licence: str
    """of the images"""


def dataset_names() -> tuple[str, ...]:
    """The built-in names; a path of one's own images is allowed besides (`names`)."""
    return (digits.NAME, shapes.NAME, pendulum.NAME, *idx.SOURCES, olivetti.NAME)


def absolute_name(name: str) -> str:
    """The name that means the same from every folder: what is typed after `--data` becomes what a run remembers.

    A built-in name is itself, a path gets its kind: `../photos?size=64` → `folder:/home/me/photos?size=64`. Raises `DataError` with one
    sentence for what is not there.
    """
    return names.absolute(name, dataset_names())


def with_held_out(name: str, share: float) -> str:
    """The name of one's own images with another share of them in the test split, 0.05 to 0.6. Raises `DataError`."""
    return names.with_held_out(name, share, dataset_names())


def is_built_in(name: str) -> bool:
    """Whether the data set is one of ours, which can be fetched and made again anywhere."""
    return name in dataset_names()


def load_dataset(name: str, *, download: bool = True, progress: bool = False, held_out: float | None = None) -> Dataset:
    """A data set by its name or path; fetched from its authors where it is not on this machine, if `download` allows it.

    held_out: share of one's own images that becomes the test split. The data set's name is absolute: a run that remembers it finds it.
    """
    if held_out is not None:
        name = with_held_out(name, held_out)
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
    return _load_own(names.parse(absolute_name(name), dataset_names()), progress=progress)


def _load_own(own: names.OwnData, *, progress: bool) -> Dataset:
    from trainer.datasets import arrays, table
    from trainer.datasets import own as pictures

    match own.kind:
        case "folder":
            return pictures.load_folder(own, progress=progress)
        case "zip":
            return pictures.load_zip(own, progress=progress)
        case "csv":
            return table.load_csv(own, progress=progress)
        case "npz":
            return arrays.load_npz(own)
        case "npy":
            return arrays.load_npy(own)


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
    if name.startswith(names.OWN):  # of an imported run, whose pictures, if there are any, are in the run itself
        return Availability(name, False, "its run", None, None, "images of your own", "")
    return _own_availability(names.parse(name, dataset_names()))


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


def _own_availability(own: names.OwnData) -> Availability:
    from trainer.datasets.folder import list_files
    from trainer.datasets.own import LICENCE

    if own.kind != "folder":
        return Availability(own.name, own.path.is_file(), str(own.path), None, None, "images of your own", LICENCE)
    is_here = own.path.is_dir()
    n_images = len(list_files(own.path, follows_links=own.follows_links).files) if is_here else 0
    return Availability(own.name, is_here, str(own.path), n_images, None, f"{count(n_images)} image files of your own", LICENCE)
