"""What does a step show? A map of a run in a state, in the same words as the address of the page has, so that a link can be pasted too.

    run: mnist-20d               link: ?run=mnist-20d&projection=umap#v=1&bg=density&cam=0.4_-1.2_7.5
    projection: umap
    bg: density

A step's block says all of the state; what it leaves out is as at first. `frontend/src/hosts/screen/screen-url.ts` reads the part after #.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from explorer.lessons.fields import Field, Fields
from explorer.lessons.problems import Mistake, one_of, quoted
from explorer.surface.pin_link import parse_pins
from trainer.config import RUN_NAME

BACKGROUNDS = ("none", "manifold", "density", "holes", "magnification")
OVERLAYS = ("rings", "points", "shapes", "thumbnails", "contours", "ellipses", "truth", "neighbours")
"""Layers that can be switched by themselves; tests hold both lists, and that of the tabs, against the browser's."""
TABS = ("draw", "details", "neighbours", "pins", "path", "group", "posterior", "sliders", "slices", "layers")
TILES = ("steps", "shares")
COORDINATE = r"-?\d{1,4}(?:\.\d{1,9})?"
LONGEST_LINK = 20_000


def _name(field: Field) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", field.value, re.ASCII):
        raise Mistake(f"“{field.key}” is {quoted(field.value)}", "use a name of small letters, such as umap", field.line)


def _matches(pattern: str, example: str) -> Callable[[Field], None]:
    whole = re.compile(pattern, re.ASCII)

    def check(field: Field) -> None:
        if not whole.fullmatch(field.value):
            raise Mistake(f"“{field.key}” is {quoted(field.value)}", f"write it as the address has it: {example}", field.line)

    return check


def _among(known: tuple[str, ...], is_list: bool = False) -> Callable[[Field], None]:
    def check(field: Field) -> None:
        try:
            for word in field.value.split("_") if is_list else (field.value,):
                one_of(word, known, f"the value of “{field.key}”")
        except Mistake as mistake:
            raise Mistake(mistake.what, mistake.remedy, field.line) from None

    return check


def _pins(field: Field) -> None:
    parts = field.value.split("~")
    if len(parse_pins(parts)) != len(parts):
        raise Mistake(f"“pins” is {quoted(field.value)}", "write codes as the address has them: 0.41_-1.2~-0.3_2.2", field.line)


def _run(field: Field) -> None:
    if not RUN_NAME.fullmatch(field.value):
        raise Mistake(f"“{field.key}” is {quoted(field.value)}", "write the name of a run, such as mnist-2d", field.line)


def _class(field: Field) -> None:
    if not field.value.isprintable() or len(field.value) > 100:
        raise Mistake(f"“{field.key}” is {quoted(field.value)}", "write the name of a class", field.line)


OPAQUE = r"[A-Za-z0-9_.,~!%*:+ -]+"
QUERY: Mapping[str, Callable[[Field], None]] = {
    "run": _run,
    "projection": _name,
    "x": _matches(r"[1-9]\d{0,3}", "3, a dimension from 1"),
    "y": _matches(r"[1-9]\d{0,3}", "4, a dimension from 1"),
    "as": _class,
    "pins": _pins,
}
"""What stands before # in the address."""
FRAGMENT: Mapping[str, Callable[[Field], None]] = {
    "cam": _matches(
        rf"{COORDINATE}_{COORDINATE}_\d{{1,4}}(?:\.\d{{1,9}})?", "0.41_-1.2_7.5, the middle and how much is seen across"
    ),
    "bg": _among(BACKGROUNDS),
    "over": _among(OVERLAYS, is_list=True),
    "tiles": _among(TILES),
    "by": _matches(r"[A-Za-z][\w .-]{0,99}", "kl"),
    "hide": _matches(r"\d{1,3}(?:_\d{1,3})*", "3_4, places of classes in the legend from 0"),
    "tab": _among(TABS),
    "side": _among(("0", "1")),
    "at": _matches(rf"{COORDINATE}_{COORDINATE}(?:~[\d._-]{{1,4000}}(?:~.{{0,400}})?)?", "0.41_-1.2, a place of the map"),
    "walk": _matches(r"[a-z-]{1,40}_\d{1,2}_\d{1,2}(?:_all)?", "linear_1_2, numbers of pins from 1"),
    "film": _matches(r"[01](?:\.\d{1,9})?", "0.5, from 0 to 1"),
    "group": _matches(OPAQUE, "the text of a link"),
    "groups": _matches(OPAQUE, "the text of a link"),
    "plane": _matches(OPAQUE, "the text of a link"),
    "ink": _matches(OPAQUE, "the text of a link"),
}
"""What stands after it."""
KEYS = (*QUERY, *FRAGMENT)
LINK = "link"
IGNORED = ("v", "of", "view")
"""Of a pasted link: its version, and what the run and the map say already."""


@dataclass(frozen=True)
class Word:
    """A word of the address."""

    key: str
    """Of `KEYS`."""
    value: str
    """As it is, not as an address escapes it."""


@dataclass(frozen=True)
class Show:
    """A map of a run in a state."""

    words: tuple[Word, ...]
    """In the order of `KEYS`, each once."""

    def get(self, key: str) -> str | None:
        """What it says of that."""
        return next((word.value for word in self.words if word.key == key), None)

    def address(self, run: str) -> str:
        """The link that opens the same in the app. run: shown where the block names none."""
        asked = {"run": run, **{word.key: word.value for word in self.words if word.key in QUERY}}
        return f"?{urlencode(asked)}{f'#{fragment}' if (fragment := self.fragment()) else ''}"

    def fragment(self) -> str:
        """What the browser reads of the state; "" where all is as at first."""
        found = {word.key: word.value for word in self.words if word.key in FRAGMENT}
        return urlencode({"v": "1", **found}) if found else ""


def read_show(fields: Fields) -> Show:
    """What a block says, in words or as a pasted link. Raises `Mistake`."""
    pasted = fields.get(LINK)
    every = {key: field for key in KEYS if (field := fields.get(key)) is not None}
    if pasted is not None and every:
        raise Mistake("there are a link and other words", "keep the link alone, or write its words", pasted.line)
    if pasted is not None:
        every = {field.key: field for field in read_link(pasted)}
    for field in every.values():
        (QUERY.get(field.key) or FRAGMENT[field.key])(field)
    return Show(tuple(Word(key, every[key].value) for key in KEYS if key in every))


def read_link(link: Field) -> list[Field]:
    """The words of a link of the app. Raises `Mistake`."""
    if len(link.value) > LONGEST_LINK:
        raise Mistake(f"the link has {len(link.value)} letters", f"use at most {LONGEST_LINK}", link.line)
    before, _, after = link.value.partition("#")
    try:
        pairs = parse_qsl(before.partition("?")[2], max_num_fields=60) + parse_qsl(after, max_num_fields=60)
    except ValueError:
        raise Mistake("the link has more than 60 parts", "use a link of the app", link.line) from None
    for key, value in pairs:
        if key == "view" and value != "atlas":
            raise Mistake(f"the link shows the page {quoted(value)}", "a step shows the map: use a link of Atlas", link.line)
        if key not in (*KEYS, *IGNORED):
            raise Mistake(f"the link says {quoted(key)}, which a step does not show", "use a link of Atlas", link.line)
    found = {key: Field(key, value, link.line) for key, value in pairs if key in KEYS}
    if not found:
        raise Mistake(f"the link {quoted(link.value)} says nothing of a map", "use a link of Atlas", link.line)
    return list(found.values())
