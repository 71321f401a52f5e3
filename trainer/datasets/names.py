"""Which data set does a name mean? One grammar for every command, for Python and for `run.json`.

    digits, mnist, …                     a built-in data set
    photos, ../photos, own.npz, a.csv    a path: the kind is seen from what is there
    folder:PATH  zip:PATH  npz:PATH  npy:PATH  csv:PATH      the same, its kind said

After a path may follow options, `photos?size=64&held-out=0.3`:

    size=8…128             pixels of a side, of pictures in files (32)
    held-out=0.05…0.6      share of the images that is test split (0.2); half as many again are for validation
    fit=crop|pad|stretch   pictures in files that are not square: cut to the middle (crop), padded with the tone of their edge, stretched
    links=follow           links that lead out of the folder are followed

A question mark belongs to the path unless options follow it. `absolute` is what a run remembers: it means the same from every folder.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from trainer.errors import DataError

Kind = Literal["folder", "zip", "npz", "npy", "csv"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Fit = Literal["crop", "pad", "stretch"]
FITS: tuple[Fit, ...] = get_args(Fit)
FIT: Fit = "crop"
ENDINGS: dict[str, Kind] = {".zip": "zip", ".npz": "npz", ".npy": "npy", ".csv": "csv", ".tsv": "csv"}
OWN = "own:"  # of an imported run whose pictures were in no data set of ours
SIZE, MIN_SIZE, MAX_SIZE = 32, 8, 128
HELD_OUT, LEAST_HELD_OUT, MOST_HELD_OUT = 0.2, 0.05, 0.6
OPTIONS = re.compile(r"[a-z-]+=[^?&=]*(&[a-z-]+=[^?&=]*)*")
ALLOWED = (
    f"folder:PATH, zip:PATH, npz:PATH, npy:PATH or csv:PATH, then ?size={MIN_SIZE} to {MAX_SIZE}, "
    f"&held-out={LEAST_HELD_OUT} to {MOST_HELD_OUT}, &fit=crop, pad or stretch, or &links=follow"
)
WHAT = "a folder, or a file .zip, .npz, .npy or .csv"


@dataclass(frozen=True)
class OwnData:
    """A person's own images, as a name of a data set says it."""

    kind: Kind
    """of folder or file"""
    path: Path
    """where they are"""
    size: int | None = None
    """pixels of a side; None where it was not said"""
    held_out: float = HELD_OUT
    """share of the images in the test split"""
    follows_links: bool = False
    """whether links in a folder are followed"""
    fit: Fit | None = None
    """how a picture from a file becomes square; None where it was not said"""

    @property
    def name(self) -> str:
        """As `parse` understands it again; what is as usual is left out."""
        options = [] if self.size is None else [f"size={self.size}"]
        options += [] if self.held_out == HELD_OUT else [f"held-out={self.held_out:g}"]
        options += [] if self.fit is None else [f"fit={self.fit}"]
        options += ["links=follow"] if self.follows_links else []
        return f"{self.kind}:{self.path}{'?' if options else ''}{'&'.join(options)}"

    @property
    def side(self) -> int:
        """Pixels of a side of pictures from files."""
        return SIZE if self.size is None else self.size

    @property
    def squaring(self) -> Fit:
        """How a picture from a file becomes square, as usual where it was not said."""
        return FIT if self.fit is None else self.fit


def is_own(name: str) -> bool:
    """Whether the name says that it is a person's own data, of an imported run too: such data is never downloaded."""
    return name.startswith((OWN, *(f"{kind}:" for kind in KINDS)))


def parse(name: str, builtin: Sequence[str] = ()) -> OwnData:
    """What a name that is not built in says; nothing is opened. Raises `DataError` with what is allowed."""
    kind, colon, rest = name.partition(":")
    is_said = bool(colon) and kind.lower() in KINDS
    path, options = _options(rest if is_said else name, name)
    if not path.strip() or "\0" in path:
        raise DataError(f"data set is {name!r}; allowed: {ALLOWED}.")
    place = Path(path).expanduser() if path.startswith("~") else Path(path)
    return replace(options, kind=cast(Kind, kind.lower()) if is_said else _seen(place, name, builtin), path=place)


def absolute(name: str, builtin: Sequence[str] = ()) -> str:
    """The name that means the same from every folder; a built-in one is itself. Raises `DataError` where nothing is there."""
    if name in builtin or name.startswith(OWN):
        return name
    own = parse(name, builtin)
    place = Path(os.path.abspath(own.path))  # not resolved: a link may be moved to newer data on purpose
    if not place.exists():
        raise DataError(f"data set {name!r}: {place} does not exist; give the path of {WHAT}.")
    if place.is_dir() != (own.kind == "folder") or (ENDINGS.get(place.suffix.lower(), own.kind) != own.kind and place.is_file()):
        raise DataError(
            f"data set {name!r}: {place} is {_is(place)}; allowed: {_wanted(own.kind)}, or the path without '{own.kind}:'."
        )
    return replace(own, path=place).name


def with_held_out(name: str, share: float, builtin: Sequence[str] = ()) -> str:
    """The name with another share of images in the test split. Raises `DataError` for a built-in data set, whose split is fixed."""
    if name in builtin or name.startswith(OWN):
        raise DataError(
            f"held-out is {share:g} with data set {name!r}, whose split is fixed; allowed: for images of your own; leave it out."
        )
    return replace(parse(name, builtin), held_out=_share(f"{share:g}", name)).name


def fit_of(name: str) -> Fit:
    """How the pictures of a data set became square; as usual where its name does not say it."""
    if not is_own(name) or name.startswith(OWN):
        return FIT
    try:
        return parse(name).squaring
    except DataError:  # of a run by another version
        return FIT


def _options(rest: str, name: str) -> tuple[str, OwnData]:
    """The path and what its options say; the kind is filled in later."""
    path, mark, text = rest.rpartition("?")
    if not mark or not OPTIONS.fullmatch(text) or os.path.exists(os.path.expanduser(rest)):
        return rest, OwnData("folder", Path())
    told = OwnData("folder", Path())
    for option in text.split("&"):
        key, _, value = option.partition("=")
        if key == "size" and value.isascii() and value.isdigit() and MIN_SIZE <= int(value) <= MAX_SIZE:
            told = replace(told, size=int(value))
        elif key == "held-out":
            told = replace(told, held_out=_share(value, name))
        elif key == "fit" and value in FITS:
            told = replace(told, fit=value)
        elif key == "links" and value == "follow":
            told = replace(told, follows_links=True)
        else:
            raise DataError(f"data set is {name!r}, with option {option!r}; allowed: {ALLOWED}.")
    return path, told


def _share(text: str, name: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not LEAST_HELD_OUT <= share <= MOST_HELD_OUT:
        raise DataError(
            f"held-out is {text} in data set {name!r}; allowed: {LEAST_HELD_OUT} to {MOST_HELD_OUT}, the share of "
            "the images that is not learned from."
        )
    return share


def _seen(path: Path, name: str, builtin: Sequence[str]) -> Kind:
    """The kind of a path that does not say it. Raises `DataError` for what is none, with the nearest built-in name."""
    if path.is_dir():
        return "folder"
    kind = ENDINGS.get(path.suffix.lower())
    if kind is not None:
        return kind
    if path.exists():
        raise DataError(f"data set {name!r} is {_is(path)}; allowed: {WHAT}.")
    if len(path.parts) > 1 or name.startswith((".", "~", "/")):
        raise DataError(f"data set {name!r}: {path} does not exist; give the path of {WHAT}.")
    near = difflib.get_close_matches(name, builtin, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise DataError(f"no data set {name!r}{hint}; available: {', '.join(builtin)}, or the path of {WHAT} with your own images.")


def _is(path: Path) -> str:
    return "a folder" if path.is_dir() else f"a file {path.suffix.lower()}" if path.suffix else "a file without an ending"


def _wanted(kind: Kind) -> str:
    return "a folder of pictures" if kind == "folder" else f"a file .{kind}"
