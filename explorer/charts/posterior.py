"""How is the code of one picture drawn, with its posterior where there is one?"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explorer.charts.style import ACCENT, MUTED, styled
from trainer.numerals import dimension


def code_dots(z: ArrayLike) -> go.Figure:
    """One picture's code under a deterministic model: a point for every dimension. z (K,)."""
    values = np.asarray(z, float)
    figure = go.Figure()
    figure.add_scatter(
        x=[dimension(k) for k in range(len(values))],
        y=values,
        mode="markers",
        marker={"color": ACCENT, "size": 8},
        hovertemplate="%{x}<br>%{y:.2f}<extra></extra>",
    )
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
        x=names,
        y=means,
        mode="markers",
        marker={"color": ACCENT, "size": 8},
        customdata=widths,
        error_y={"type": "data", "array": widths, "color": ACCENT, "thickness": 1.5, "width": 4},
        hovertemplate="%{x}<br>μ %{y:.2f}<br>σ %{customdata:.2f}<extra></extra>",
    )
    reach = max(3.0, float(np.abs(means).max()) + 0.3)
    figure.update_yaxes(title="z", range=[-reach, reach])
    return styled(figure, height=260, legend=False)
