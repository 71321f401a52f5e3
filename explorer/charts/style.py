"""What do all charts have in common?

Arrays in, a Plotly `Figure` out; nothing is computed in this folder but positions. One accent colour, grey for what is switched off, no
chart junk; text and grid colours come from Streamlit's theme, so light and dark both read well.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

ACCENT, MUTED, SECOND = "#4263eb", "#9aa3ad", "#d9480f"
CONFIG: dict[str, Any] = {"displayModeBar": False}


TYPE_PX = 14  # the page's smallest; Streamlit's theme would make ticks and legends 11
GAP, BAR_SHARE = 0.25, 0.15


def styled(figure: go.Figure, height: int, legend: bool = True) -> go.Figure:
    """The figure with the margins, the type and the legend of all charts. height: in CSS pixels."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        showlegend=legend,
        bargap=_bar_gap(figure),
        hovermode="closest",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )
    return legible(figure)


def legible(figure: go.Figure) -> go.Figure:
    """Everything that is written in it as large as the page's smallest type."""
    font = {"size": TYPE_PX}
    figure.update_layout(font=font, legend={"font": font}, hoverlabel={"font": font})
    figure.update_annotations(font=font)
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(tickfont=font, title={"font": font})
    return figure


def _bar_gap(figure: go.Figure) -> float:
    """Share of the axis between bars: few named bars stay bars and do not become areas."""
    n = max((len(bar.x) for bar in figure.select_traces({"type": "bar"}) if bar.orientation != "h"), default=0)
    return max(GAP, 1 - BAR_SHARE * n)
