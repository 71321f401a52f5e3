"""Which geodesics did the page find for this visitor? Leg by leg, as plain values; what does not fit the leg is not kept.

The browser computes them and what it sends may be anything: a way must join the leg's own stops, and it is kept for this visitor alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.surface.schema import LegRecord

MAX_LEGS = 128
MAX_CODES = 1000  # of a leg
FAR = 1e3  # no code is that far from the prior; a larger number is a mistake


def way_along(leg: LegRecord) -> NDArray[np.float64] | None:
    """The codes (n, K) of a leg's geodesic, from its first stop to its second; None while the page has not told it."""
    way = _all().get(_key(leg))
    return None if way is None else np.array(way)


def take_ways(sent: Sequence[object]) -> None:
    """What the page found, in its own words: of every leg what it was asked and the codes."""
    found = dict(_all())
    for one in sent[:MAX_LEGS]:
        match one:
            case {"a": a, "b": b, "z": [_, _, *_] as z, **rest} if len(z) <= MAX_CODES:
                codes = [_code(row) for row in (a, *z, b)]
                labels = _label(rest.get("label_a")), _label(rest.get("label_b"))
                if all(code and len(code) == len(codes[0] or ()) for code in codes):
                    leg = LegRecord(codes[0] or (), codes[-1] or (), *labels, str(rest.get("of")))
                    found[_key(leg)] = [leg.a, *codes[2:-2], leg.b]
    st.session_state["ways"] = dict(list(found.items())[-MAX_LEGS:])


def _all() -> Mapping[Any, Any]:
    return st.session_state.get("ways", {})  # type: ignore[no-any-return]


def _key(leg: LegRecord) -> tuple[object, ...]:
    return leg.of, leg.label_a, leg.label_b, tuple(leg.a), tuple(leg.b)


def _label(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _code(values: object) -> tuple[float, ...] | None:
    match values:
        case [*numbers] if all(isinstance(x, int | float) and abs(x) < FAR for x in numbers):
            return tuple(float(x) for x in numbers)  # type: ignore[arg-type]
    return None
