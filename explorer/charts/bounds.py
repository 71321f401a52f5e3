"""How are gaps of a bound, noise of a gradient and bounds of a semi-supervised model drawn?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.style import ACCENT, MUTED, SECOND, styled

Doubles = NDArray[np.float64]
COLOURS = (ACCENT, SECOND, MUTED)


@dataclass(frozen=True)
class Mean:
    """A mean over images."""

    name: str
    value: float
    error: float
    """its standard error, drawn twice as long"""


def mean_of(name: str, values: Doubles) -> Mean:
    """Of values (N,), with its standard error."""
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
    return Mean(name, float(values.mean()), error)


def mean_bars(means: Sequence[Mean], unit: str, log: bool = False) -> go.Figure:
    """A bar for each mean; log: for values that differ by powers of ten."""
    figure = go.Figure()
    figure.add_bar(
        x=[mean.name for mean in means],
        y=[mean.value for mean in means],
        marker_color=ACCENT,
        error_y={"type": "data", "array": [2 * mean.error for mean in means], "thickness": 1, "width": 4},
        hovertemplate=f"%{{x}}<br>%{{y:.4g}} {unit}<extra></extra>",
    )
    figure.update_yaxes(title=unit, **({"type": "log", "dtick": 1, "exponentformat": "power"} if log else {}))
    return styled(figure, height=320, legend=False)


def gap_histogram(gaps: Sequence[tuple[str, Doubles]]) -> go.Figure:
    """How often a gap has which size, nats; each (N,)."""
    figure = go.Figure()
    most = max(float(np.quantile(values, 0.98)) for _, values in gaps)
    edges = np.linspace(0, max(most, 1e-6), 31)
    for (name, values), colour in zip(gaps, COLOURS, strict=False):
        heights, _ = np.histogram(np.clip(values, 0, edges[-1]), edges)
        figure.add_bar(
            x=(edges[1:] + edges[:-1]) / 2,
            y=heights,
            name=name,
            marker_color=colour,
            opacity=0.7,
            hovertemplate=f"{name}, about %{{x:.2f}} nats: %{{y}} images<extra></extra>",
        )
    figure.update_xaxes(title="gap, nats; the largest 2 % are in the last bar")
    figure.update_yaxes(title="images")
    figure = styled(figure, height=320)
    figure.update_layout(barmode="overlay", bargap=0.05)
    return figure


def gap_map(places: Doubles, gap: Doubles) -> go.Figure:
    """Where on the plane of two dimensions images have a large gap. places (N, 2), gap (N,) nats."""
    figure = go.Figure()
    figure.add_scatter(
        x=places[:, 0],
        y=places[:, 1],
        mode="markers",
        marker={
            "color": gap,
            "colorscale": "Cividis",
            "size": 7,
            "colorbar": {"title": "nats"},
            "cmax": float(np.quantile(gap, 0.98)),
        },
        hovertemplate="z₁ %{x:.2f}, z₂ %{y:.2f}<br>gap %{marker.color:.2f} nats<extra></extra>",
    )
    figure.update_xaxes(title="z₁")
    figure.update_yaxes(title="z₂", scaleanchor="x", scaleratio=1)
    return styled(figure, height=320, legend=False)


def bound_points(labelled: Doubles, unlabelled: Doubles, is_wrong: NDArray[np.bool_]) -> go.Figure:
    """Both bounds of every image, nats, each (N,); images whose class q(y|x) gets wrong in another colour."""
    figure = go.Figure()
    for name, rows, colour in (("q(y|x) right", ~is_wrong, ACCENT), ("q(y|x) wrong", is_wrong, SECOND)):
        figure.add_scatter(
            x=unlabelled[rows],
            y=labelled[rows],
            mode="markers",
            name=name,
            marker={"color": colour, "size": 6, "opacity": 0.7},
            hovertemplate=f"{name}<br>−U(x) %{{x:.2f}}<br>−L(x, y) %{{y:.2f}} nats<extra></extra>",
        )
    ends = [float(min(unlabelled.min(), labelled.min())), float(max(unlabelled.max(), labelled.max()))]
    figure.add_scatter(x=ends, y=ends, mode="lines", line={"color": MUTED, "dash": "dot"}, name="both the same", hoverinfo="skip")
    figure.update_xaxes(title="class not given: −U(x), nats")
    figure.update_yaxes(title="class given: −L(x, y), nats")
    return styled(figure, height=380)
