"""What do all charts have in common?

Arrays in, a Plotly `Figure` out; nothing is computed in this folder but positions. One accent colour, grey for what is switched off, no
chart junk; text and grid colours come from Streamlit's theme, so light and dark both read well.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

ACCENT, MUTED, SECOND = "#4263eb", "#9aa3ad", "#d9480f"
CONFIG: dict[str, Any] = {"displayModeBar": False}


def styled(figure: go.Figure, height: int, legend: bool = True) -> go.Figure:
    """The figure with the margins and the legend of all charts. height: in CSS pixels."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        showlegend=legend,
        bargap=0.25,
        hovermode="closest",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )
    return figure
