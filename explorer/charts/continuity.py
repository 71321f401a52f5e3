"""How are steps of codes and draws of codes drawn for one run, or for two beside each other?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.style import ACCENT, MUTED, SECOND, styled

COLOURS = (ACCENT, SECOND)


@dataclass(frozen=True)
class Curve:
    """One run's change over the length of the step."""

    name: str
    """of the run"""
    shares: NDArray[np.float64]
    """(S,): of the codes' spread"""
    value: NDArray[np.float64]
    """(S,): a share, 0 to about 1"""
    error: NDArray[np.float64]
    """(S,): its standard error"""
    low: NDArray[np.float64]
    """(S,): where its bar begins"""
    high: NDArray[np.float64]
    """(S,): where it ends"""


@dataclass(frozen=True)
class Bar:
    """One share with its 95 % interval."""

    name: str
    """of the run"""
    where: str
    """what it is a share of"""
    value: float
    low: float
    high: float
    n: int
    """draws"""


def step_curves(curves: Sequence[Curve], what: str, linear: bool) -> go.Figure:
    """what: the axis of what changes; linear: whether the line of a linear decoder, s²/2, stands beside them."""
    figure = go.Figure()
    for curve, colour in zip(curves, COLOURS, strict=False):
        figure.add_scatter(
            x=100 * curve.shares,
            y=100 * curve.value,
            name=curve.name,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": 100 * (curve.high - curve.value),
                "arrayminus": 100 * (curve.value - curve.low),
                "thickness": 1,
                "width": 3,
            },
            hovertemplate=f"{curve.name}<br>step of %{{x:.0f}} % of the spread<br>%{{y:.2f}} %<extra></extra>",
        )
    if linear and curves:
        shares = curves[0].shares
        figure.add_scatter(
            x=100 * shares,
            y=50 * shares**2,
            name="linear decoder",
            mode="lines",
            line={"color": MUTED, "width": 2, "dash": "dot"},
            hovertemplate="linear decoder<br>%{y:.2f} %<extra></extra>",
        )
        figure.update_yaxes(type="log", dtick=1)
    ticks: dict[str, Any] = {"tickvals": 100 * curves[0].shares, "type": "log"} if curves else {}
    figure.update_xaxes(title="length of the step, % of the codes' spread", **ticks)
    figure.update_yaxes(title=what)
    return styled(figure, height=320)


def share_bars(bars: Sequence[Bar]) -> go.Figure:
    """Shares with their 95 % intervals, a group for each of what they are shares of, a colour for each run."""
    figure = go.Figure()
    names = list(dict.fromkeys(bar.name for bar in bars))
    for name, colour in zip(names, COLOURS, strict=False):
        own = [bar for bar in bars if bar.name == name]
        figure.add_bar(
            x=[bar.where for bar in own],
            y=[100 * bar.value for bar in own],
            name=name,
            marker_color=colour,
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [100 * (bar.high - bar.value) for bar in own],
                "arrayminus": [100 * (bar.value - bar.low) for bar in own],
                "thickness": 1,
                "width": 4,
            },
            customdata=[bar.n for bar in own],
            hovertemplate=f"{name}, %{{x}}<br>%{{y:.1f}} % of %{{customdata}}<extra></extra>",
        )
    figure.update_yaxes(title="pictures that the classifier recognises, %", range=[0, 105])
    return styled(figure, height=320)
