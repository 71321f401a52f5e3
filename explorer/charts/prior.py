"""How are codes drawn against the prior, one dimension at a time and two?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from explorer.charts.style import ACCENT, SECOND, styled
from trainer.numerals import dimension

Doubles = NDArray[np.float64]
MOST_DRAWS = 20_000
REACH = 4.0  # standard deviations of the prior that a density shows


def posterior_draws(mu: NDArray[Any], logvar: NDArray[Any]) -> Doubles:
    """Codes (M, K) of the aggregated posterior, about 20 000, the same number of every image. mu, logvar (N, K): of the posteriors."""
    each = max(1, MOST_DRAWS // len(mu))
    means, stds = np.repeat(mu, each, axis=0), np.repeat(np.exp(logvar / 2), each, axis=0)
    return np.asarray(means + stds * np.random.default_rng(0).standard_normal(means.shape))


def marginals(samples: Doubles, order: Sequence[int]) -> go.Figure:
    """Aggregated posterior of single dimensions over N(0, 1).

    samples: (M, K), codes drawn from it.
    order: which dimensions, most KL first.
    """
    columns = min(4, len(order))
    rows = -(-len(order) // columns)
    figure = make_subplots(rows, columns, subplot_titles=[dimension(k) for k in order], vertical_spacing=0.14 if rows > 1 else 0)
    reach = max(3.5, float(np.quantile(np.abs(samples[:, order]), 0.999)))
    for i, k in enumerate(order):
        _marginal(figure, samples[:, k], k, reach, showlegend=i == 0, row=i // columns + 1, col=i % columns + 1)
    figure.update_yaxes(showticklabels=False)
    figure = styled(figure, height=170 + 170 * rows)
    figure.update_layout(bargap=0, margin_t=64, legend_y=1 + 0.3 / rows)
    return figure


def _marginal(figure: go.Figure, samples: Doubles, k: int, reach: float, **place: int) -> None:
    """The histogram of one dimension (M,) and the prior's density, from −reach to reach."""
    edges, at = np.linspace(-reach, reach, 61), np.linspace(-reach, reach, 121)
    heights, _ = np.histogram(samples, edges, density=True)
    figure.add_bar(
        x=(edges[1:] + edges[:-1]) / 2,
        y=heights,
        marker_color=ACCENT,
        name="codes",
        marker_line_width=0,
        hovertemplate=f"{dimension(k)} = %{{x:.2f}}: density %{{y:.3f}}<extra></extra>",
        **place,
    )
    figure.add_scatter(
        x=at,
        y=np.exp(-0.5 * at**2) / np.sqrt(2 * np.pi),
        mode="lines",
        line={"color": SECOND, "width": 2},
        name="prior N(0, 1)",
        hovertemplate="prior %{y:.3f}<extra></extra>",
        **place,
    )


def pair_density(samples: Doubles, first: int, second: int) -> go.Figure:
    """Codes in two dimensions with the prior's 1, 2 and 3 σ. samples (M, K)."""
    figure = go.Figure()
    bins = {"start": -REACH, "end": REACH, "size": REACH / 40}
    figure.add_histogram2d(
        x=samples[:, first],
        y=samples[:, second],
        xbins=bins,
        ybins=bins,
        colorscale="Cividis",
        showscale=False,
        hovertemplate=f"{dimension(first)} %{{x}}, {dimension(second)} %{{y}}: %{{z}} codes<extra></extra>",
    )
    angle = np.linspace(0, 2 * np.pi, 121)
    for radius in (1, 2, 3):
        figure.add_scatter(
            x=radius * np.cos(angle),
            y=radius * np.sin(angle),
            mode="lines",
            line={"color": SECOND, "width": 2, "dash": "dot"},
            name="prior, 1, 2 and 3 σ",
            showlegend=radius == 1,
            hoverinfo="skip",
        )
    figure.update_xaxes(title=dimension(first), range=[-REACH, REACH], constrain="domain")
    figure.update_yaxes(title=dimension(second), range=[-REACH, REACH], scaleanchor="x", scaleratio=1, constrain="domain")
    return styled(figure, height=480)
