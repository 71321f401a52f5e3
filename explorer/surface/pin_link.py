"""How does a link carry pins? The app's and a page's without a server alike; `frontend/src/hosts/page-url.ts` is the browser's side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote

from explorer.surface.schema import MAX_NAME, MAX_PINS

FAR = 1e3  # no code is that far from the prior; a larger number in a link is a mistake

Code = tuple[float, ...]


@dataclass(frozen=True)
class Pin:
    """A pinned code."""

    z: Code
    """The latent code, (K,)."""
    on: str = ""
    """The map on which it was clicked, where that map has no exact way from code to place; "" for any other."""
    place: tuple[float, float] | None = None
    """Where it was clicked on the map `on`, in map units."""
    name: str = ""
    """What the person calls it, or nothing."""


def pin_text(pin: Pin) -> str:
    """0.41_-1.2, for a place that was clicked on a map without an exact way there …!umap_7.1_3.02, and with a name …*tall%20seven."""
    code = "_".join(f"{value:.7g}" for value in pin.z)
    where = f"!{pin.on}_{pin.place[0]:.7g}_{pin.place[1]:.7g}" if pin.place else ""
    name = f"*{quote(pin.name, safe='').replace('~', '%7E')}" if pin.name else ""
    return code + where + name


def parse_pins(parts: Sequence[str]) -> tuple[Pin, ...]:
    """The pins of a link; what is no list of moderate numbers is left out."""
    found: list[Pin] = []
    for part in parts:
        with suppress(ValueError):
            found.append(_parse_pin(part))
    return tuple(found[:MAX_PINS])


def _parse_pin(text: str) -> Pin:
    place, _, escaped = text.partition("*")
    name = clean_name(unquote(escaped))
    code, _, where = place.partition("!")
    z = tuple(_moderate(value) for value in code.split("_"))
    if not where:
        return Pin(z, name=name)
    on, x, y = where.split("_")
    return Pin(z, on if on.isalnum() else "", (_moderate(x), _moderate(y)), name)


def clean_name(text: str) -> str:
    """One line of at most `MAX_NAME` letters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:MAX_NAME]


def _moderate(text: str) -> float:
    """A number that can be a coordinate. Raises `ValueError` for any other."""
    value = float(text)
    if not (math.isfinite(value) and abs(value) < FAR):
        raise ValueError(text)
    return value
