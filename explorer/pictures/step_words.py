"""What is said of each step of a preparation?"""

from __future__ import annotations

from collections.abc import Collection

from PIL import Image

from explorer.pictures.protocols import Protocol
from trainer.datasets.pictures import BLACK
from trainer.datasets.reduced import full_size, n_in_file
from trainer.numerals import count


def size_words(image: Image.Image) -> str:
    """As the file has it, before it was reduced."""
    width, height = full_size(image)
    return f"{width} × {height}"


def first_of_many_words(image: Image.Image) -> str:
    """Of a stack of pages or an animation only the first picture is looked at."""
    n = n_in_file(image)
    return f", the first of {count(n)} pictures in the file" if n > 1 else ""


def mode_words(image: Image.Image, is_mixed: bool, behind: int) -> str:
    """What was done with transparency, depth and colours."""
    if is_mixed:
        return f", on {'black' if behind == BLACK else 'white'} where it is transparent"
    deep = {"I": "32 bits", "F": "real numbers"}
    if image.mode.startswith("I;16") or image.mode in deep:
        return f", {deep.get(image.mode, '16 bits')} scaled to 8"
    return ", CMYK turned into RGB" if image.mode == "CMYK" else ""


def own_size_words(is_own_size: bool, is_mixed: bool, off: Collection[str]) -> str:
    """Why a picture of the model's own size was not fed as it is; nothing for other sizes."""
    if not is_own_size:
        return ""
    if "own" in off:
        return " It has the model's own size and was prepared like any other."
    if is_mixed:
        return " It has the model's own size, but is transparent in parts: it was prepared as a drawing."
    return " It has the model's own size, but a light background, where the data set's is dark: it was prepared as a drawing."


def grey_words(off: Collection[str], why: str) -> str:
    """Which grey was taken."""
    return "The red channel alone." if "grey" in off else why


def stroke_words(stroke: float, is_thin: bool, protocol: Protocol, height: int, is_whole: bool) -> str:
    """How wide the pen is, and whether it was thickened."""
    told = f"{'Not cut' if is_whole else 'Cut to the ink'}; the pen is {stroke:.1f} pixels of the model wide"
    if is_thin:
        return f"{told}, thinner than the data set's, and was thickened to {protocol.usual * height:.1f}."
    return f"{told}."
