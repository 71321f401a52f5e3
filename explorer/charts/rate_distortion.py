"""How are runs drawn in the plane of rate and distortion?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from explorer.charts.label_placement import label_sides
from explorer.charts.style import ACCENT, MUTED, styled

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

    names: of the runs, each the first of its point's custom data · rate, distortion (N,) nats per image · notes: a line for the hover ·
    is_shown: filled in the accent colour · is_given_label: an open diamond.
    """
    r, d = np.asarray(rate, float), np.asarray(distortion, float)
    x0, x1 = -0.02 * r.max(), 1.16 * r.max() + 1e-3  # from 0, where the codes say nothing
    y0, y1 = _widened(d.min(), d.max(), 0.16)
    figure = go.Figure()
    for total in _round_steps(x0 + y0, x1 + y1, about=7):
        _equal_elbo(figure, total, (x0, x1), (y0, y1))
    inside = (CHART_PX[0] * (r - x0) / (x1 - x0), CHART_PX[1] * (y1 - d) / (y1 - y0))
    sides = label_sides(list(zip(*inside, strict=True)), names, *CHART_PX, narrow=NARROW_PX)
    shown, given = np.asarray(is_shown, bool), np.asarray(is_given_label, bool)
    # the runs of a sweep are told apart by their place, and two dozen names would bury all others
    texts = [name if yes or not name.startswith("sweep-") else "" for name, yes in zip(names, shown, strict=True)]
    figure.add_scatter(
        x=r,
        y=d,
        mode="markers+text",
        text=texts,
        textposition=sides,
        cliponaxis=False,
        showlegend=False,
        textfont={"size": 13},
        marker={
            "size": 12,
            "color": [ACCENT if yes else MUTED for yes in shown],
            "line": {"width": 1.5, "color": ACCENT},
            "symbol": ["diamond-open" if yes else "circle" for yes in given],
        },
        unselected={"marker": {"opacity": 1}},
        customdata=[list(row) for row in zip(names, notes, -(r + d), strict=True)],
        hovertemplate="%{customdata[0]}, %{customdata[1]}<br>rate %{x:.1f} + distortion %{y:.1f}<br>"
        "ELBO %{customdata[2]:.1f} nats<extra></extra>",
    )
    figure.update_xaxes(title="rate (KL), nats per image", range=[x0, x1], zeroline=False, showgrid=False)
    figure.update_yaxes(title="distortion (reconstruction loss), nats per image", range=[y0, y1], zeroline=False, showgrid=False)
    figure.update_layout(dragmode=False)
    return styled(figure, height=CHART_PX[1] + 80, legend=False)


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
        font={"size": 12},
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
