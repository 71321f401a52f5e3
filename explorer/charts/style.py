"""How are numbers drawn as charts?

Arrays in, a Plotly `Figure` out; nothing is computed here but positions. One accent colour, grey for what is switched off, no chart junk;
text and grid colours come from Streamlit's theme, so light and dark both read well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from explorer.charts.label_placement import label_sides
from trainer.numerals import dimension

ACCENT, MUTED, SECOND = "#4263eb", "#9aa3ad", "#d9480f"
CONFIG: dict[str, Any] = {"displayModeBar": False}
CHART_PX = (1100, 380)  # about the room between the axes of a chart as wide as the page
NARROW_PX = 300  # its width on a phone


def variance_bars(variance: ArrayLike) -> go.Figure:
    """Variance of the codes in every dimension, largest first. variance (K,), latent units squared."""
    values = np.asarray(variance, float)
    order = np.argsort(-values, kind="stable")
    figure = go.Figure()
    figure.add_bar(
        x=[dimension(int(k)) for k in order], y=values[order], marker_color=ACCENT,
        hovertemplate="dimension %{x}<br>variance %{y:.3f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title="latent dimension, by variance")
    figure.update_yaxes(title="variance of the codes", rangemode="tozero")
    return styled(figure, height=320, legend=False)


def reconstruction_history(epoch: ArrayLike, train: ArrayLike, test: ArrayLike) -> go.Figure:
    """−log p(x|z) at the code over the epochs, nats per image, lower is better; all (T,)."""
    figure = go.Figure()
    for name, values, colour in (("train", train, MUTED), ("test", test, ACCENT)):
        figure.add_scatter(
            x=np.asarray(epoch), y=np.asarray(values), name=name, mode="lines", line={"color": colour, "width": 2},
            hovertemplate=f"{name}, epoch %{{x}}<br>reconstruction loss %{{y:.2f}} nats<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title="reconstruction loss, nats per image")
    return styled(figure, height=320)


def code_dots(z: ArrayLike) -> go.Figure:
    """One picture's code under a deterministic model: a point for every dimension. z (K,)."""
    values = np.asarray(z, float)
    figure = go.Figure()
    figure.add_scatter(
        x=[dimension(k) for k in range(len(values))], y=values, mode="markers", marker={"color": ACCENT, "size": 8},
        hovertemplate="%{x}<br>%{y:.2f}<extra></extra>",
    )  # fmt: skip
    reach = max(3.0, 1.1 * float(np.abs(values).max()))
    figure.update_yaxes(title="z", range=[-reach, reach])
    return styled(figure, height=260, legend=False)


def posterior_dots(mu: ArrayLike, std: ArrayLike) -> go.Figure:
    """One picture's posterior: mu with a bar of one std for every dimension, on the prior's ±1 band. mu, std (K,)."""
    means, widths = np.asarray(mu, float), np.asarray(std, float)
    names = [dimension(k) for k in range(len(means))]
    figure = go.Figure()
    figure.add_hrect(y0=-1, y1=1, fillcolor=MUTED, opacity=0.15, line_width=0)
    figure.add_scatter(
        x=names, y=means, mode="markers", marker={"color": ACCENT, "size": 8}, customdata=widths,
        error_y={"type": "data", "array": widths, "color": ACCENT, "thickness": 1.5, "width": 4},
        hovertemplate="%{x}<br>μ %{y:.2f}<br>σ %{customdata:.2f}<extra></extra>",
    )  # fmt: skip
    reach = max(3.0, float(np.abs(means).max()) + 0.3)
    figure.update_yaxes(title="z", range=[-reach, reach])
    return styled(figure, height=260, legend=False)


def rate_distortion(
    names: Sequence[str], rate: ArrayLike, distortion: ArrayLike, *, notes: Sequence[str], is_shown: ArrayLike, is_given_label: ArrayLike
) -> go.Figure:  # fmt: skip
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
        x=r, y=d, mode="markers+text", text=texts, textposition=sides, cliponaxis=False, showlegend=False, textfont={"size": 13},
        marker={
            "size": 12, "color": [ACCENT if yes else MUTED for yes in shown], "line": {"width": 1.5, "color": ACCENT},
            "symbol": ["diamond-open" if yes else "circle" for yes in given],
        },
        unselected={"marker": {"opacity": 1}}, customdata=[list(row) for row in zip(names, notes, -(r + d), strict=True)],
        hovertemplate="%{customdata[0]}, %{customdata[1]}<br>rate %{x:.1f} + distortion %{y:.1f}<br>"
        "ELBO %{customdata[2]:.1f} nats<extra></extra>",
    )  # fmt: skip
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
        x=xs, y=total - xs, mode="lines", line={"color": MUTED, "width": 1, "dash": "dash"}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    goes_right = total - x1 >= y0  # else it leaves through the bottom; the name lies beside the line, not on it
    figure.add_annotation(
        x=xs[1], y=total - xs[1], text=f"ELBO {0.0 - total:g}".replace("-", "−"), showarrow=False, font={"size": 12},
        xanchor="right" if goes_right else "left", yanchor="top" if goes_right else "bottom",
    )  # fmt: skip


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


def styled(figure: go.Figure, height: int, legend: bool = True) -> go.Figure:
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 28, "b": 8}, showlegend=legend, bargap=0.25, hovermode="closest",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )  # fmt: skip
    return figure
