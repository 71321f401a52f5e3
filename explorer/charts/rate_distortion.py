"""How are runs drawn in the plane of rate and distortion?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from explorer.charts.label_placement import Side, label_sides
from explorer.charts.style import ACCENT, MUTED, TYPE_PX, styled

CHART_PX = (1100, 380)  # about the room between the axes of a chart as wide as the page
NARROW_PX = 300  # its width on a phone


def rate_distortion(
    names: Sequence[str],
    rate: ArrayLike,
    distortion: ArrayLike,
    *,
    notes: Sequence[str],
    is_shown: ArrayLike,
    is_given_label: ArrayLike,
) -> go.Figure:
    """Runs as points on dashed lines of equal ELBO = −(rate + distortion).

    names: of the runs, each the first of its point's custom data.
    rate, distortion: (N,), nats per image.
    notes: a line for the hover.
    is_shown: filled in the accent colour.
    is_given_label: an open diamond.
    """
    r, d = np.asarray(rate, float), np.asarray(distortion, float)
    across = (-0.02 * r.max(), 1.16 * r.max() + 1e-3)  # from 0, where the codes say nothing
    up = _widened(d.min(), d.max(), 0.16)
    figure = _frame(across, up)
    shown = np.asarray(is_shown, bool)
    figure.add_scatter(
        x=r,
        y=d,
        mode="markers+text",
        text=_texts(names, shown),
        textposition=_label_sides(r, d, names, across, up),
        cliponaxis=False,
        showlegend=False,
        textfont={"size": TYPE_PX},
        marker=_markers(shown, np.asarray(is_given_label, bool)),
        unselected={"marker": {"opacity": 1}},
        customdata=[list(row) for row in zip(names, notes, -(r + d), strict=True)],
        hovertemplate="%{customdata[0]}, %{customdata[1]}<br>rate %{x:.1f} + distortion %{y:.1f}<br>"
        "ELBO %{customdata[2]:.1f} nats<extra></extra>",
    )
    return styled(figure, height=CHART_PX[1] + 80, legend=False)


def _frame(across: tuple[float, float], up: tuple[float, float]) -> go.Figure:
    """Both axes, and between them the lines of equal ELBO."""
    figure = go.Figure()
    for total in _round_steps(across[0] + up[0], across[1] + up[1], about=7):
        _equal_elbo(figure, total, across, up)
    figure.update_xaxes(title="rate (KL), nats per image", range=list(across), zeroline=False, showgrid=False)
    figure.update_yaxes(title="distortion (reconstruction loss), nats per image", range=list(up), zeroline=False, showgrid=False)
    figure.update_layout(dragmode=False)
    return figure


def _texts(names: Sequence[str], shown: NDArray[np.bool_]) -> list[str]:
    """The names beside the points. Runs of a sweep are told apart by their place, and two dozen names would bury all others."""
    return [name if yes or not name.startswith("sweep-") else "" for name, yes in zip(names, shown, strict=True)]


def _markers(shown: NDArray[np.bool_], given: NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "size": 12,
        "color": [ACCENT if yes else MUTED for yes in shown],
        "line": {"width": 1.5, "color": ACCENT},
        "symbol": ["diamond-open" if yes else "circle" for yes in given],
    }


def _label_sides(
    rate: NDArray[np.float64],
    distortion: NDArray[np.float64],
    names: Sequence[str],
    across: tuple[float, float],
    up: tuple[float, float],
) -> list[Side]:
    """On which side of its point a name stands, so that names cover neither each other nor points."""
    x = CHART_PX[0] * (rate - across[0]) / (across[1] - across[0])
    y = CHART_PX[1] * (up[1] - distortion) / (up[1] - up[0])
    return label_sides(list(zip(x, y, strict=True)), names, *CHART_PX, narrow=NARROW_PX)


def _equal_elbo(figure: go.Figure, total: float, across: tuple[float, float], up: tuple[float, float]) -> None:
    """The line rate + distortion = total within the frame, named where it leaves it."""
    (x0, x1), (y0, y1) = across, up
    xs = np.array([max(x0, total - y1), min(x1, total - y0)])
    if xs[1] - xs[0] < 0.02 * (x1 - x0):
        return
    figure.add_scatter(
        x=xs, y=total - xs, mode="lines", line={"color": MUTED, "width": 1, "dash": "dash"}, hoverinfo="skip", showlegend=False
    )
    goes_right = total - x1 >= y0  # else it leaves through the bottom; the name lies beside the line, not on it
    figure.add_annotation(
        x=xs[1],
        y=total - xs[1],
        text=f"ELBO {0.0 - total:g}".replace("-", "−"),
        showarrow=False,
        xanchor="right" if goes_right else "left",
        yanchor="top" if goes_right else "bottom",
    )


def _widened(low: float, high: float, share: float) -> tuple[float, float]:
    """The range with a margin; one number alone gets some room."""
    margin = share * (high - low) or max(1.0, 0.05 * abs(high))
    return low - margin, high + margin


def _round_steps(low: float, high: float, about: int) -> NDArray[np.float64]:
    """About so many round numbers from low to high: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / about
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough)
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)
