"""What was found in all the pictures of a set, and what is the person told of it?"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from trainer.datasets.decoding.records import Wanted
from trainer.datasets.kinds import files_word, named
from trainer.datasets.names import Fit
from trainer.datasets.pictures import BLACK, MAX_PAGES, WHITE, deep_scale
from trainer.datasets.values import DARK, USUAL, Scale
from trainer.numerals import count, counted

DEEP = Scale(0.0, 65535.0)
OTHER_COLOURS = {"CMYK": "CMYK", "YCbCr": "YCbCr", "LAB": "CIELAB", "HSV": "HSV"}  # modes of Pillow; a palette loses nothing


TOLD_FIT: dict[Fit, str] = {
    "crop": "the middle was cut out (?fit=pad after the path keeps all of it)",
    "pad": "the tone of their edge was added around them (fit=pad)",
    "stretch": "they were stretched to a square (fit=stretch)",
}


@dataclass
class Seen:
    """What one pass over all files found."""

    pages: list[int] = field(default_factory=list)
    """pictures of each file, 0 where it cannot be read"""
    digests: list[str] = field(default_factory=list)
    """of the bytes of each file"""
    reasons: list[str] = field(default_factory=list)
    """why files could not be read"""
    animated: list[str] = field(default_factory=list)
    """files of which only the first moment was taken"""
    cut: list[str] = field(default_factory=list)
    """files with more pages than are taken"""
    other_colours: Counter[str] = field(default_factory=Counter)
    """pictures by the mode that was neither grey nor RGB"""
    oblong: int = 0
    """pictures that are not square"""
    transparent: int = 0
    """pictures with transparent parts"""
    on_black: int = 0
    """of them, those whose visible part would vanish on white"""
    ground: int = WHITE
    """grey level behind what is transparent"""
    is_grey: bool = True
    """whether every picture is"""
    brightest: int = 0
    """pixel of all pictures of 8 bits"""
    low: float = math.inf
    """darkest pixel of deeper pictures"""
    high: float = -math.inf
    """brightest pixel of deeper pictures"""
    scales: tuple[Scale, Scale] = (USUAL, DEEP)
    """black and white of pictures of 8 bits, and of deeper ones"""

    def fitting(self) -> tuple[Scale, Scale, int]:
        """Black and white of all pictures of 8 bits, and of all deeper ones; the ground behind what is transparent, of all."""
        of_bytes = Scale(0.0, 1.0) if self.brightest == 1 else USUAL
        deep = deep_scale(self.low, self.high) if self.low <= self.high else DEEP
        return of_bytes, deep, BLACK if 2 * self.on_black > self.transparent else WHITE


def notes_of(wanted: Wanted, seen: Seen) -> list[str]:
    """What was left out, and what was taken as black and white."""
    unreadable = [file for file, n in zip(wanted.files, seen.pages, strict=True) if not n]
    stacks = [n for n in seen.pages if n > 1]
    notes = []
    if unreadable:
        notes.append(
            f"{counted(len(unreadable), 'unreadable file')} {'was' if len(unreadable) == 1 else 'were'} skipped: {named(unreadable)}"
        )
    if stacks:
        notes.append(f"{files_word(len(stacks))} with several pages: each page is a picture, {count(sum(stacks))} together")
    if seen.cut:
        notes.append(f"{files_word(len(seen.cut))} with more than {count(MAX_PAGES)} pages, the rest left out: {named(seen.cut)}")
    if seen.animated:
        n, they = len(seen.animated), "it" if len(seen.animated) == 1 else "each"
        notes.append(
            f"{n} animated picture{'s' if n > 1 else ''}: of {they} only the first moment was taken: {named(seen.animated)}"
        )
    return notes + _told_changed(wanted, seen) + _told_white(seen)


def _told_changed(wanted: Wanted, seen: Seen) -> list[str]:
    """Pictures of which the model sees something else than what is in their files."""
    n, notes = sum(seen.pages), []
    if seen.oblong:
        are = "is" if seen.oblong == 1 else "are"
        notes.append(f"{count(seen.oblong)} of {count(n)} pictures {are} not square: {TOLD_FIT[wanted.fit]}")
    for mode, m in sorted(seen.other_colours.items()):
        notes.append(f"{count(m)} {'picture was' if m == 1 else 'pictures were'} {OTHER_COLOURS[mode]} and converted to RGB")
    if seen.transparent and seen.ground == WHITE:
        has = "picture has" if seen.transparent == 1 else "pictures have"
        notes.append(f"{count(seen.transparent)} {has} transparent parts: taken as white")
    return notes


def _told_white(seen: Seen) -> list[str]:
    of_bytes, deep = seen.scales
    notes = (
        ["parts of pictures that are transparent were taken as black: what is visible would vanish on white"]
        if (seen.ground == BLACK)
        else []
    )
    if not of_bytes.is_usual:
        notes.append("pixels are 0 and 1 only: 1 was taken as white in every picture")
    elif 0 < seen.brightest < DARK:
        notes.append(f"the brightest pixel of all pictures is {seen.brightest} of 255: they are almost black")
    if seen.low <= seen.high:
        ends = (
            f"{deep.black:g} was taken as black and {deep.white:g} as white" if deep.black else f"{deep.white:g} was taken as white"
        )
        notes.append(f"pictures of more than 8 bits, pixels from {seen.low:g} to {seen.high:g}: {ends}, in all of them")
    return notes
