"""Which class and which split does a picture have by where it lies?

circle/0.png                    class circle
train/circle/0.png              a given split, then the class; any case and spelling (train_images), one part may be missing
circle/train/0.png              the other way round
shapes/train/circle/0.png       one outer folder, as archives have it, does not count
0.png                           no class
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trainer.datasets.kinds import files_word, named, natural
from trainer.datasets.splits import is_division, split_of


@dataclass(frozen=True)
class Entry:
    """A file of pictures."""

    file: str
    """its path"""
    label: str | None = None
    """its class by name; None for none"""
    split: str | None = None
    """the word that gives its split; None where none does"""


@dataclass(frozen=True)
class Arranged:
    """Files with class and split."""

    entries: tuple[Entry, ...]
    """in the order of their paths"""
    notes: tuple[str, ...] = ()
    """what was assumed or set aside"""


def arrange(files: Sequence[str], folders: Iterable[str] = (), *, outer_is_class: bool = True) -> Arranged:
    """Classes and splits of picture files by their paths, parts separated by `/`.

    folders: all of them, so that a class without pictures is told. outer_is_class: whether a single folder with all pictures directly in
    it is a class; in an archive it is its packing.
    """
    outer = _outer(files, outer_is_class)
    inner = [file[len(outer) :] for file in files]
    notes = [f"what counts is inside of '{outer.rstrip('/')}', the only folder"] if outer else []
    tops = sorted({file.split("/")[0] for file in inner if "/" in file})
    if is_division(tops):
        entries, more = _divided(files, inner)
    elif _is_divided_below(inner):
        entries = [Entry(file, *_two(rest)) for file, rest in zip(files, inner, strict=True)]
        more = []
    else:
        entries, more = _in_classes(files, inner)
    depth = outer.count("/") + (1 if is_division(tops) else 0)
    return Arranged(tuple(entries), (*notes, *more, *_told_empty(entries, folders, outer, depth)))


def _outer(files: Sequence[str], outer_is_class: bool) -> str:
    """The folders around everything, with a slash at the end; empty where the first folders are classes."""
    outer = ""
    while True:
        rest = [file[len(outer) :] for file in files]
        first = rest[0].split("/")[0] if rest else ""
        if not rest or any(not file.startswith(f"{first}/") for file in rest):
            break
        outer += f"{first}/"
    below = [file[len(outer) :] for file in files]
    if not outer or (all("/" not in file for file in below) and not outer_is_class):
        return outer
    is_packing = all("/" in file for file in below) and len({file.split("/")[0] for file in below}) > 1
    return outer if is_packing else ""


def _divided(files: Sequence[str], inner: Sequence[str]) -> tuple[list[Entry], list[str]]:
    """Below folders that are splits: classes, or pictures directly."""
    entries, beside = list[Entry](), list[str]()
    for file, rest in zip(files, inner, strict=True):
        top, slash, below = rest.partition("/")
        if not slash or not split_of(top):
            beside.append(file)
        else:
            entries.append(Entry(file, below.split("/")[0] if "/" in below else None, top))
    if any(entry.label is not None for entry in entries):
        beside += [entry.file for entry in entries if entry.label is None]
        entries = [entry for entry in entries if entry.label is not None]
    return entries, [f"{files_word(len(beside))} beside the folders of train and test left out: {named(beside)}"] if beside else []


def _is_divided_below(inner: Sequence[str]) -> bool:
    parts = [file.split("/") for file in inner]
    return bool(parts) and all(len(part) > 2 and split_of(part[1]) for part in parts) and is_division([part[1] for part in parts])


def _two(rest: str) -> tuple[str, str]:
    label, split, *_ = rest.split("/")
    return label, split


def _in_classes(files: Sequence[str], inner: Sequence[str]) -> tuple[list[Entry], list[str]]:
    """Where there are class folders, a file beside them has no class and is set aside; where most lie beside them, they are no classes."""
    n_inside = sum("/" in rest for rest in inner)
    has_classes = n_inside >= len(inner) / 2 and n_inside > 0
    stray = [file for file, rest in zip(files, inner, strict=True) if has_classes and "/" not in rest]
    entries = [
        Entry(file, rest.split("/")[0] if has_classes else None)
        for file, rest in zip(files, inner, strict=True)
        if not has_classes or "/" in rest
    ]
    if n_inside and not has_classes:
        return entries, ["more pictures lie beside the folders than in them, so the folders are not classes"]
    return entries, [f"{files_word(len(stray))} outside every class folder left out: {named(stray)}"] if stray else []


def _told_empty(entries: Sequence[Entry], folders: Iterable[str], outer: str, depth: int) -> list[str]:
    """Class folders in which no picture is, of any split."""
    labels = {entry.label for entry in entries} - {None}
    if not labels:
        return []
    found = {folder.split("/")[depth] for folder in folders if folder.startswith(outer) and folder.count("/") == depth}
    empty = sorted(found - labels, key=natural)
    word = "folder" if len(empty) == 1 else "folders"
    return [f"{word} without a picture, so no {'class' if len(empty) == 1 else 'classes'}: {named(empty)}"] if empty else []
