"""How does a person's own data become a data set? Folder, archive, arrays or table: the same steps, the same notes.

Pictures in files are turned upright, cut to the square in their middle (or padded, or stretched: `fit` in `names`) and
resized to `size` × `size` pixels. All grey: one channel; else RGB. What cannot be read is skipped, counted and named.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import replace

from trainer.datasets.archive import ZipSource
from trainer.datasets.dataset import SPLITS, Dataset, Places
from trainer.datasets.decoding.cache import decoded
from trainer.datasets.decoding.order import lay_out
from trainer.datasets.decoding.records import Source, TooFewError, Wanted
from trainer.datasets.folder import FolderSource, Listing, list_files
from trainer.datasets.kinds import ALLOWED, files_word, left_out, named, natural
from trainer.datasets.labels import of_one_case, told_one_case
from trainer.datasets.layout import Entry, arrange
from trainer.datasets.names import OwnData
from trainer.datasets.splits import digest, is_division, split_of
from trainer.errors import DataError
from trainer.numerals import count, counted

LICENCE = "unknown: images of your own"


def load_folder(own: OwnData, *, progress: bool) -> Dataset:
    """The pictures of a folder, decoded once; afterwards they are read from the cache as long as no file has changed."""
    listing = list_files(own.path, follows_links=own.follows_links)
    return _of_listing(own, FolderSource(own.path), listing, progress=progress)


def load_zip(own: OwnData, *, progress: bool) -> Dataset:
    """The pictures of a zip archive, in the same way."""
    with contextlib.closing(ZipSource(own.path)) as source:
        return _of_listing(own, source, source.listing(), progress=progress, outer_is_class=False)


def _of_listing(own: OwnData, source: Source, listing: Listing, *, progress: bool, outer_is_class: bool = True) -> Dataset:
    arranged = arrange(listing.files, listing.folders, outer_is_class=outer_is_class)
    notes = (*arranged.notes, *told(listing), *_told_replaced(listing))
    return of_pictures(own, source, arranged.entries, notes, progress=progress)


def of_pictures(own: OwnData, source: Source, entries: Sequence[Entry], notes: Sequence[str], *, progress: bool) -> Dataset:
    """A data set of picture files whose classes and splits are known. Raises `DataError` where too few can be read."""
    entries, same = _of_one_case(entries)
    notes = (*notes, *same)
    wanted = Wanted(tuple(sorted(entries, key=lambda entry: natural(entry.file))), own.side, own.held_out, own.squaring)
    try:
        found = decoded(source, wanted, progress=progress)
    except TooFewError as error:
        raise _too_few(own, error, notes) from None
    layout = lay_out(wanted, found.pages)
    return Dataset(
        name=own.name,
        images=found.images,
        labels=layout.labels,
        class_names=layout.class_names,
        factors=None,
        factor_names=(),
        splits=layout.splits,
        licence=LICENCE,
        notes=tuple(dict.fromkeys((*layout.notes, *found.notes, *_told_lost(wanted, found.pages), *notes))),
        known_sha256=sha256(found.sha256, layout.labels, layout.splits),
    )


def _of_one_case(entries: Sequence[Entry]) -> tuple[Sequence[Entry], tuple[str, ...]]:
    """train/Cat and test/cat are one class: a file system that does not tell them apart has made both."""
    words = [entry.split or "" for entry in entries]
    if not is_division(list(set(words))):
        return entries, ()
    same = of_one_case([entry.label for entry in entries], list(map(split_of, words)))
    return [replace(entry, label=same.get(entry.label or "", entry.label)) for entry in entries], told_one_case(same)


def sha256(of_pixels: str, labels: Places | None, splits: dict[str, Places]) -> str:
    """The checksum of a person's own data set: what its images, labels and splits are. With other splits it is another data set: a model
    would be judged on images that it has learned."""
    total = hashlib.sha256(f"{of_pixels} {digest(splits)} ".encode())
    if labels is not None:
        total.update(labels.astype("<i8").tobytes())
    return total.hexdigest()


def told(listing: Listing) -> tuple[str, ...]:
    """What of a folder or an archive is no picture of it."""
    others, n = left_out(listing.others), listing.n_litter
    if n and others:  # in one note: two that begin alike read as if one were said twice
        others += f"; {count(n)} more, hidden or of other programs"
    elif n:
        others = f"{files_word(n)} left out, hidden or of other programs"
    notes = [others, listing.told_links()]
    if listing.closed:
        notes.append(f"{count(len(listing.closed))} that cannot be opened left out: {named(listing.closed)}")
    return tuple(note for note in notes if note)


def _told_replaced(listing: Listing) -> tuple[str, ...]:
    """Pictures of one path in an archive."""
    n, paths = len(listing.replaced), list(dict.fromkeys(listing.replaced))
    return (f"{counted(n, 'picture')} left out, as a later one of the archive has the same name: {named(paths)}",) if n else ()


def _told_lost(wanted: Wanted, pages: Sequence[int]) -> tuple[str, ...]:
    """Classes of which no picture can be read."""
    asked = {entry.label for entry in wanted.entries}
    there = {entry.label for entry, n in zip(wanted.entries, pages, strict=True) if n}
    lost = sorted((label for label in asked - there if label is not None), key=natural)
    return (f"no picture can be read of {named(lost)}: no {'class' if len(lost) == 1 else 'classes'}",) if lost else ()


def _too_few(own: OwnData, error: TooFewError, notes: Sequence[str]) -> DataError:
    why = [*error.unreadable[:1], *notes]
    hint = f" Found: {'; '.join(note.rstrip('.') for note in why)}." if why else ""
    return DataError(
        f"{own.kind} {own.path} holds {counted(error.n_readable, 'readable image')}; allowed: at least {len(SPLITS)} ({ALLOWED}), "
        f"in one subfolder per class or all directly in it.{hint}"
    )
