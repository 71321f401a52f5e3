"""How is a figure of many runs drawn over β?"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.charts.style import ACCENT, styled


def beta_sweep(beta: Sequence[float], values: Sequence[float], names: Sequence[str], title: str) -> go.Figure:
    """One figure of many runs over β, a point a run; β on a log scale."""
    figure = go.Figure()
    figure.add_scatter(
        x=list(beta),
        y=list(values),
        mode="markers",
        marker={"color": ACCENT, "size": 10, "line": {"width": 1.5, "color": "#ffffff"}},
        customdata=list(names),
        hovertemplate="%{customdata}<br>β %{x:g}: %{y:.2f}<extra></extra>",
    )
    ticks = sorted(set(beta))
    figure.update_xaxes(title="β", type="log", tickvals=ticks, ticktext=[f"{value:g}" for value in ticks], tickangle=0)
    figure.update_yaxes(title=title)
    return styled(figure, height=300, legend=False)
