"""How does a link carry the path of Interpolate: its stops, and a line drawn by hand?

stops=0.41_-1.2*tall%20seven~-0.3_2.2:3        a stop each: its code, its name after *, the class as which it is decoded after :
drawn=umap!-3.2_0.5_0.001!AAIEAg               the map and its axes, where the line begins and how long a step is, and the steps
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote

from explorer.session.packed import packed, unpacked
from explorer.session.pins import MAX_URL_NUMBERS, clean_name

MAX_STOPS = 12
MAX_NAME = 60  # letters
MAX_DRAWN = 400  # places of a line drawn by hand
FAR = 1e3  # no place and no code is that far out; a larger number is a mistake
FINE = 4096
"""Steps in which the longer side of a drawn line is told."""


@dataclass(frozen=True)
class Stop:
    """A code that the path goes through."""

    name: str
    """What it is called; not yet Markdown."""
    z: tuple[float, ...]
    """(K,)."""
    label: int | None = None
    """The class as which a class-conditional model decodes it; None: as the class that is chosen on the page."""


@dataclass(frozen=True)
class Drawn:
    """Places (T, 2) on the map of that name, and the two axes that it showed, where it has them."""

    places: tuple[tuple[float, float], ...]
    on: str
    axes: tuple[int, int] | None = None


# --- stops


def stops_text(stops: Iterable[Stop]) -> str:
    """The stops as a link carries them; "" for more numbers than a link has room for."""
    every = list(stops)
    return "~".join(map(_stop_text, every)) if fits(every) else ""


def fits(stops: Sequence[Stop]) -> bool:
    """Whether a link has room for them."""
    return sum(len(stop.z) for stop in stops) <= MAX_URL_NUMBERS


def linked_stops(text: str, n_dims: int) -> tuple[Stop, ...]:
    """The stops of a link that have codes of (n_dims,); what is none is left out."""
    found: list[Stop] = []
    for part in text.split("~")[:MAX_STOPS]:
        with suppress(ValueError):
            stop = _stop_of(part)
            found += [stop] if len(stop.z) == n_dims else []
    return tuple(found)


def _stop_text(stop: Stop) -> str:
    code = "_".join(f"{value:.6g}" for value in stop.z)
    label = "" if stop.label is None else f":{stop.label}"
    return f"{code}{label}*{quote(stop.name, safe='').replace('~', '%7E')}"


def _stop_of(text: str) -> Stop:
    place, _, name = text.partition("*")
    code, _, label = place.partition(":")
    z = tuple(moderate(value) for value in code.split("_"))
    if label and not (label.isascii() and label.isdigit() and len(label) < 4):
        raise ValueError(label)
    return Stop(clean_name(unquote(name))[:MAX_NAME] or "stop", z, int(label) if label else None)


# --- a line


def drawn_text(line: Drawn) -> str:
    """The line as a link carries it."""
    (left, right), (low, high) = _span(line, 0), _span(line, 1)
    step = max(right - left, high - low, 1e-9) / FINE
    xs = [round((x - left) / step) for x, _ in line.places]
    ys = [round((y - low) / step) for _, y in line.places]
    on = line.on if line.axes is None else "{}_{}_{}".format(line.on, *(k + 1 for k in line.axes))
    return f"{on}!{left:.6g}_{low:.6g}_{step:.6g}!{packed([*xs, *ys])}"


def linked_line(text: str) -> Drawn | None:
    """The line of a link; None for a text that is none."""
    try:
        on, where, steps = text.split("!")
        left, low, step = map(moderate, where.split("_"))
        numbers = unpacked(steps)
        n = len(numbers) // 2
        places = tuple((_near(left + x * step), _near(low + y * step)) for x, y in zip(numbers[:n], numbers[n:], strict=True))
        name, *axes = on.split("_")
        pair = tuple(int(k) - 1 for k in axes)
    except ValueError:
        return None
    if not (name.isalnum() and 2 <= n <= MAX_DRAWN and step > 0 and len(pair) in (0, 2)):
        return None
    return Drawn(places, name, (pair[0], pair[1]) if pair else None)


def _span(line: Drawn, side: int) -> tuple[float, float]:
    values = [place[side] for place in line.places]
    return min(values), max(values)


def moderate(text: str) -> float:
    """A number that can be a coordinate. Raises `ValueError` for any other."""
    return _near(float(text))


def _near(value: float) -> float:
    if not (math.isfinite(value) and abs(value) < FAR):
        raise ValueError(value)
    return value
