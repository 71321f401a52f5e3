"""Where does the KL go, and what does each dimension do for the picture? Drawn as bars."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.charts.style import ACCENT, MUTED, SECOND, styled
from trainer.numerals import dimension, number

THIRD = "#0b7285"
AS_GOOD_AS_NONE = 0.05  # nats


def information_stack(
    information: float, total_correlation: float, dimension_wise: float, ceiling: float, most: float
) -> go.Figure:
    """Where the mean KL goes, nats: information that N images show, what they leave open, total correlation, dimension-wise KL.

    most: the most that the information can be: what lies between is either information or part of the other two. A line at log N.
    """
    undecided = max(0.0, most - max(0.0, information))
    undecided = 0.0 if undecided <= AS_GOOD_AS_NONE else undecided
    rest = max(0.0, total_correlation - undecided)
    parts = (
        ("information", max(0.0, information), ACCENT),
        ("not decided", undecided, MUTED),
        ("total correlation", rest, THIRD),
        ("dimension-wise KL", max(0.0, dimension_wise - max(0.0, undecided - total_correlation)), SECOND),
    )
    figure = go.Figure()
    for name, value, colour in parts:
        figure.add_bar(
            y=["mean KL"],
            x=[value],
            name=name,
            orientation="h",
            marker_color=colour,
            hovertemplate=f"{name}: {number(value, 3)} nats<extra></extra>",
            text=[number(value)],
            textposition="inside",
            insidetextanchor="middle",
            showlegend=value >= 0.005 or name == "information",
        )
    figure.add_vline(x=ceiling, line_dash="dot", line_color=MUTED, annotation_text="log N", annotation_position="top")
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_xaxes(title="nats per image", rangemode="tozero")
    figure.update_yaxes(showticklabels=False)
    figure = styled(figure, height=210)
    figure.update_layout(margin_t=72, legend_y=1.75)  # above the name of the line
    return figure


def intervention_bars(
    shuffled: Sequence[float],
    zeroed: Sequence[float],
    order: Sequence[int],
    threshold: float,
    shuffled_error: Sequence[float] | None = None,
    zeroed_error: Sequence[float] | None = None,
) -> go.Figure:
    """What reconstruction loses without each dimension.

    shuffled, zeroed: (K,), nats, with their standard errors, where they are known, drawn twice as long.
    order: dimensions, most KL first.
    threshold: nats, below which a dimension counts as unused.
    """
    figure = go.Figure()
    names = [dimension(k) for k in order]
    bars = (("from another image", shuffled, shuffled_error, ACCENT), ("set to 0", zeroed, zeroed_error, MUTED))
    for name, values, errors, colour in bars:
        figure.add_bar(
            x=names,
            y=[values[k] for k in order],
            name=name,
            marker_color=colour,
            error_y=None
            if errors is None
            else {"type": "data", "array": [2 * errors[k] for k in order], "thickness": 1, "width": 2},
            hovertemplate=f"%{{x}} {name}<br>reconstruction loss +%{{y:.3f}} nats<extra></extra>",
        )
    figure.add_hline(y=threshold, line_dash="dot", line_color=MUTED)
    figure.update_xaxes(title="latent dimension, by KL")
    figure.update_yaxes(title="rise of reconstruction loss, nats")
    return styled(figure, height=320)


def sensitivity_bars(sensitivity: Sequence[float], order: Sequence[int]) -> go.Figure:
    """How far the picture moves with each dimension.

    sensitivity: (K,), grey levels per unit of z.
    order: dimensions, most KL first.
    """
    figure = go.Figure()
    figure.add_bar(
        x=[dimension(k) for k in order],
        y=[sensitivity[k] for k in order],
        marker_color=ACCENT,
        hovertemplate="%{x}: %{y:.3f} grey levels per unit of z<extra></extra>",
    )
    figure.update_xaxes(title="latent dimension, by KL")
    figure.update_yaxes(title="‖∂x̂/∂z‖", rangemode="tozero")
    return styled(figure, height=260, legend=False)
