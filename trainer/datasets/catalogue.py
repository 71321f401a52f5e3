"""Which data sets are there by name, is each on this machine, and how is it loaded?

To add a built-in one: a file in `built_in` that loads it, and a record in `BUILT_IN`, or a line in `drawn` where this program
draws it; `tests/trainer/datasets/test_catalogue.py` loads each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType

from trainer.datasets import names
from trainer.datasets.built_in import digits, idx, melodies, olivetti
from trainer.datasets.dataset import OWN_LICENCE, Dataset
from trainer.datasets.drawn import DRAWN
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


@dataclass(frozen=True)
class PianoRoll:
    """How an image is heard whose columns are steps of time and whose rows are pitches, the lowest below."""

    lowest_pitch: int
    """of the lowest row, in semitones as MIDI counts them: 69 is the A of 440 Hz"""
    steps_per_beat: int
    beats_per_minute: int


@dataclass(frozen=True)
class BuiltIn:
    """A data set that has a name here."""

    name: str
    load: Callable[[bool, bool], Dataset]
    """(download, progress): whether it may be fetched, and whether a bar shows how far that is"""
    availability: Callable[[], Availability]
    """cheap: looks for files, decodes nothing, fetches nothing"""
    has_factors: bool = False
    """whether each of its images comes with the numbers that it was drawn from"""
    roll: PianoRoll | None = None
    """how its images are heard, where they are piano rolls"""


def dataset_names() -> tuple[str, ...]:
    """The built-in names; a path of one's own images is allowed besides (`names`)."""
    return tuple(BUILT_IN)


def names_with_factors() -> tuple[str, ...]:
    """The built-in names whose images come with known factors: only of those disentanglement can be measured."""
    return tuple(name for name, known in BUILT_IN.items() if known.has_factors)


def piano_roll(name: str) -> PianoRoll | None:
    """How the images of a data set are heard; None where they are no piano rolls."""
    return BUILT_IN[name].roll if name in BUILT_IN else None


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
    return name in BUILT_IN


def load_dataset(name: str, *, download: bool = True, progress: bool = False, held_out: float | None = None) -> Dataset:
    """A data set by its name or path; fetched from its authors where it is not on this machine, if `download` allows it.

    held_out: share of one's own images that becomes the test split. The data set's name is absolute: a run that remembers it finds it.
    """
    if held_out is not None:
        name = with_held_out(name, held_out)
    if name in BUILT_IN:
        return BUILT_IN[name].load(download, progress)
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
    if name in BUILT_IN:
        return BUILT_IN[name].availability()
    if name.startswith(names.OWN):  # of an imported run, whose pictures, if there are any, are in the run itself
        return Availability(name, False, "its run", None, None, "images of your own", "")
    return _own_availability(names.parse(name, dataset_names()))


def _digits_availability() -> Availability:
    where, shape = "scikit-learn", digits.IMAGE_SHAPE
    return Availability(digits.NAME, digits.are_here(), where, digits.N_IMAGES, shape, digits.DESCRIPTION, digits.LICENCE)


def _drawn_availability(what: ModuleType) -> Availability:
    return Availability(what.NAME, True, "this program", what.N_IMAGES, what.IMAGE_SHAPE, what.DESCRIPTION, OWN_LICENCE)


def _drawn(what: ModuleType, load: Callable[[], Dataset], roll: PianoRoll | None = None) -> BuiltIn:
    """One that this program draws, image by image from its factors."""
    return BuiltIn(what.NAME, lambda download, progress: load(), partial(_drawn_availability, what), has_factors=True, roll=roll)


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


def _load_idx(source: idx.Source, download: bool, progress: bool) -> Dataset:
    return idx.load_idx(source, download=download, progress=progress)


ROLLS = {melodies.NAME: PianoRoll(melodies.LOWEST_PITCH, melodies.STEPS_PER_BEAT, melodies.BEATS_PER_MINUTE)}
BUILT_IN = {
    known.name: known
    for known in (
        BuiltIn(digits.NAME, lambda download, progress: digits.load_digits(), _digits_availability),
        *(_drawn(what, load, ROLLS.get(what.NAME)) for what, load in DRAWN),
        *(BuiltIn(name, partial(_load_idx, source), partial(_idx_availability, source)) for name, source in idx.SOURCES.items()),
        BuiltIn(olivetti.NAME, lambda download, progress: olivetti.load_olivetti(download=download), _olivetti_availability),
    )
}
"""By name, in the order in which `atlas list` names them."""
