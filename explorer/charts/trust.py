"""How is a number drawn among those of the test images? A strip: their distribution in grey, the picture's own number as a mark."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.style import ACCENT, MUTED, legible
from trainer.numerals import decimals, number

BINS = 48
HEIGHT_PX = 88
TAIL = 0.002  # of the population that the strip's ends cut off: one odd image would squeeze all others
ROOM = 0.3  # of the strip's length, beyond the population, within which a mark is drawn to scale


def strip_gauge(ordered: NDArray[np.float64], value: float, unit: str, is_low_bad: bool = False) -> go.Figure:
    """The strip; worse is always on the right, and a value beyond its end is an arrow there.

    ordered: (N,), the population's numbers, smallest first; larger is worse.
    value: the picture's.
    is_low_bad: the numbers are the negative of what the axis tells.
    """
    low, high = float(np.quantile(ordered, TAIL)), float(np.quantile(ordered, 1 - TAIL))
    length = max(high - low, 1e-6 * max(1.0, abs(high)))
    left = max(min(low, value), low - ROOM * length) - 0.03 * length
    right = min(max(high, value), high + ROOM * length) + 0.03 * length
    is_off = not left <= value <= right
    sign = -1 if is_low_bad else 1
    figure = go.Figure()
    _population(figure, sign, *np.histogram(ordered, bins=BINS, range=(low, high)))
    edge = 0.02 * length  # so that no arrow is cut
    place = sign * (value if not is_off else right - edge if value > right else left + edge)
    figure.add_scatter(
        x=[place, place],
        y=[0, 1.12],
        mode="lines+markers",
        cliponaxis=False,
        line={"color": ACCENT, "width": 2.5},
        marker={"color": ACCENT, "size": [0, 13], "symbol": ["circle", _symbol(value, right, is_off)]},
        hovertemplate=f"this picture: {number(sign * value, decimals(length))} {unit}<extra></extra>",
    )
    ends = [sign * left, sign * right]
    figure.update_xaxes(range=ends, showgrid=False, zeroline=False, nticks=4, ticks="outside", linecolor=MUTED, showline=True)
    figure.update_xaxes(ticklabeloverflow="hide past div")  # a number that is cut off is another number
    figure.update_yaxes(visible=False, range=[0, 1.3], fixedrange=True)
    figure.update_layout(height=HEIGHT_PX, margin={"l": 6, "r": 18, "t": 4, "b": 34}, showlegend=False, hovermode="closest")
    return legible(figure)


def _population(figure: go.Figure, sign: int, counts: NDArray[np.int64], edges: NDArray[np.float64]) -> None:
    """The distribution as a grey area of steps, 1 high where it is highest."""
    figure.add_scatter(
        x=sign * np.repeat(edges, 2)[1:-1],
        y=np.repeat(counts / max(1, counts.max()), 2),
        mode="lines",
        line={"width": 0},
        fill="tozeroy",
        fillcolor="rgba(154, 163, 173, 0.55)",
        hoverinfo="skip",
    )


def _symbol(value: float, right: float, is_off: bool) -> str:
    if not is_off:
        return "triangle-down"
    return "triangle-right" if value > right else "triangle-left"
