"""How are the clinic's findings drawn? Arrays in, a Plotly `Figure` out; house colours as in `figures`, no more than positions computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from explorer.charts.style import ACCENT, MUTED, SECOND, styled
from trainer.numerals import dimension, number

Doubles = NDArray[np.float64]
THIRD = "#0b7285"
REACH = 4.0  # standard deviations of the prior that a density shows
AS_GOOD_AS_NONE = 0.05  # nats
MOST_ROWS = 300  # images of a heat map: more are not told apart on a screen


def kl_heat_map(kl: Doubles, order: Sequence[int], rows: Sequence[str]) -> go.Figure:
    """KL of every image and dimension, log scale. kl (R, K) nats · order: dimensions, most KL first · rows (R,): names of the images."""
    shown = np.log10(np.maximum(kl[:, order], 1e-4))
    figure = go.Figure()
    figure.add_heatmap(
        z=shown, x=[dimension(k) for k in order], y=list(range(len(rows))), colorscale="Cividis", zmin=-4,
        zmax=max(1.0, float(shown.max())),
        customdata=np.dstack([kl[:, order], np.repeat(np.asarray(rows, object)[:, None], len(order), 1)]),
        hovertemplate="%{customdata[1]}<br>%{x}: KL %{customdata[0]:.3f} nats<extra></extra>",
        colorbar={
            "title": {"text": "nats", "side": "right"}, "tickvals": [-4, -3, -2, -1, 0, 1],
            "ticktext": ["≤ .0001", ".001", ".01", ".1", "1", "10"], "thickness": 12,
        },
    )  # fmt: skip
    figure.update_xaxes(title="latent dimension, by KL")
    figure.update_yaxes(title="test images, by class", showticklabels=False, autorange="reversed")
    return styled(figure, height=420, legend=False)


def kl_ribbon(epoch: Doubles, kl: Doubles, beta: Doubles, order: Sequence[int]) -> go.Figure:
    """KL of the dimensions over the epochs, stacked, beside the KL weight; a slider below moves a line through it.

    epoch (T,) · kl (T, K) nats · beta (T,) · order: dimensions, most KL first.
    """
    figure = make_subplots(specs=[[{"secondary_y": True}]])
    shades = _shades(len(order))
    for rank, k in enumerate(order):
        figure.add_scatter(
            x=epoch, y=kl[:, k], name=dimension(k), mode="lines", stackgroup="kl", line={"width": 0.5, "color": "#ffffff"},
            fillcolor=shades[rank], hovertemplate=f"{dimension(k)}, epoch %{{x}}: %{{y:.3f}} nats<extra></extra>", showlegend=False,
        )  # fmt: skip
    figure.add_scatter(
        x=epoch, y=beta, name="weight of the KL, β(t)", mode="lines", line={"color": SECOND, "width": 2.5, "dash": "dot"},
        hovertemplate="epoch %{x}: β %{y:.2f}<extra></extra>", secondary_y=True,
    )  # fmt: skip
    figure.add_vline(x=float(epoch[-1]), line_color=MUTED, line_width=2)
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title="KL by dimension, stacked, nats", rangemode="tozero", secondary_y=False)
    top = max(float(np.max(beta)), 1e-3)
    figure.update_yaxes(
        title="β(t)", range=[0, 1.05 * top], tickvals=[0, top / 2, top], tickformat=".2~f", showgrid=False, secondary_y=True
    )
    figure.update_layout(sliders=[_scrubber(epoch, kl, beta)])
    return styled(figure, height=440)


def _scrubber(epoch: Doubles, kl: Doubles, beta: Doubles) -> dict[str, Any]:
    """A slider that moves the line in the browser, without a rerun, and says what was so at that epoch."""
    picks = np.unique(np.linspace(0, len(epoch) - 1, min(60, len(epoch))).round().astype(int))
    steps = [
        {
            "method": "relayout",
            "args": [{"shapes[0].x0": float(epoch[t]), "shapes[0].x1": float(epoch[t])}],
            "label": f"{epoch[t]:g}: KL {number(float(kl[t].sum()))} nats, β {float(beta[t]):.4g}",
            "value": str(t),
        }
        for t in picks
    ]
    return {
        "active": len(steps) - 1, "steps": steps, "currentvalue": {"prefix": "epoch ", "font": {"size": 13}}, "pad": {"t": 44},
        "ticklen": 0, "minorticklen": 0, "font": {"color": "rgba(0,0,0,0)", "size": 1}, "len": 1.0,
    }  # fmt: skip


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
            y=["mean KL"], x=[value], name=name, orientation="h", marker_color=colour,
            hovertemplate=f"{name}: {number(value, 3)} nats<extra></extra>",
            text=[number(value)], textposition="inside", insidetextanchor="middle", showlegend=value >= 0.005 or name == "information",
        )  # fmt: skip
    figure.add_vline(x=ceiling, line_dash="dot", line_color=MUTED, annotation_text="log N", annotation_position="top")
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_xaxes(title="nats per image", rangemode="tozero")
    figure.update_yaxes(showticklabels=False)
    figure = styled(figure, height=210)
    figure.update_layout(margin_t=72, legend_y=1.75)  # above the name of the line
    return figure


def intervention_bars(
    shuffled: Sequence[float], zeroed: Sequence[float], order: Sequence[int], threshold: float,
    shuffled_error: Sequence[float] | None = None, zeroed_error: Sequence[float] | None = None,
) -> go.Figure:  # fmt: skip
    """What reconstruction loses without each dimension. shuffled, zeroed (K,) nats, with their standard errors where they are known,
    drawn twice as long · order: dimensions, most KL first."""
    figure = go.Figure()
    names = [dimension(k) for k in order]
    bars = (("from another image", shuffled, shuffled_error, ACCENT), ("set to 0", zeroed, zeroed_error, MUTED))
    for name, values, errors, colour in bars:
        figure.add_bar(
            x=names, y=[values[k] for k in order], name=name, marker_color=colour,
            error_y=None if errors is None else {"type": "data", "array": [2 * errors[k] for k in order], "thickness": 1, "width": 2},
            hovertemplate=f"%{{x}} {name}<br>reconstruction loss +%{{y:.3f}} nats<extra></extra>",
        )  # fmt: skip
    figure.add_hline(y=threshold, line_dash="dot", line_color=MUTED)
    figure.update_xaxes(title="latent dimension, by KL")
    figure.update_yaxes(title="rise of reconstruction loss, nats")
    return styled(figure, height=320)


def sensitivity_bars(sensitivity: Sequence[float], order: Sequence[int]) -> go.Figure:
    """How far the picture moves with each dimension. sensitivity (K,), grey levels per unit of z · order: dimensions, most KL first."""
    figure = go.Figure()
    figure.add_bar(
        x=[dimension(k) for k in order], y=[sensitivity[k] for k in order], marker_color=ACCENT,
        hovertemplate="%{x}: %{y:.3f} grey levels per unit of z<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title="latent dimension, by KL")
    figure.update_yaxes(title="‖∂x̂/∂z‖", rangemode="tozero")
    return styled(figure, height=260, legend=False)


def marginals(samples: Doubles, order: Sequence[int]) -> go.Figure:
    """Aggregated posterior of single dimensions over N(0, 1). samples (M, K) · order: which dimensions, most KL first."""
    columns = min(4, len(order))
    rows = -(-len(order) // columns)
    figure = make_subplots(rows, columns, subplot_titles=[dimension(k) for k in order], vertical_spacing=0.14 if rows > 1 else 0)
    reach = max(3.5, float(np.quantile(np.abs(samples[:, order]), 0.999)))
    at = np.linspace(-reach, reach, 121)
    density = np.exp(-0.5 * at**2) / np.sqrt(2 * np.pi)
    edges = np.linspace(-reach, reach, 61)
    for i, k in enumerate(order):
        place = {"row": i // columns + 1, "col": i % columns + 1}
        heights, _ = np.histogram(samples[:, k], edges, density=True)
        figure.add_bar(
            x=(edges[1:] + edges[:-1]) / 2, y=heights, marker_color=ACCENT, name="codes", showlegend=i == 0, marker_line_width=0,
            hovertemplate=f"{dimension(k)} = %{{x:.2f}}: density %{{y:.3f}}<extra></extra>", **place,
        )  # fmt: skip
        figure.add_scatter(
            x=at, y=density, mode="lines", line={"color": SECOND, "width": 2}, name="prior N(0, 1)", showlegend=i == 0,
            hovertemplate="prior %{y:.3f}<extra></extra>", **place,
        )  # fmt: skip
    figure.update_yaxes(showticklabels=False)
    figure = styled(figure, height=170 + 170 * rows)
    figure.update_layout(bargap=0, margin_t=64, legend_y=1 + 0.3 / rows)
    return figure


def pair_density(samples: Doubles, first: int, second: int) -> go.Figure:
    """Codes in two dimensions with the prior's 1, 2 and 3 σ. samples (M, K)."""
    figure = go.Figure()
    bins = {"start": -REACH, "end": REACH, "size": REACH / 40}
    figure.add_histogram2d(
        x=samples[:, first], y=samples[:, second], xbins=bins, ybins=bins, colorscale="Cividis", showscale=False,
        hovertemplate=f"{dimension(first)} %{{x}}, {dimension(second)} %{{y}}: %{{z}} codes<extra></extra>",
    )  # fmt: skip
    angle = np.linspace(0, 2 * np.pi, 121)
    for radius in (1, 2, 3):
        figure.add_scatter(
            x=radius * np.cos(angle), y=radius * np.sin(angle), mode="lines", line={"color": SECOND, "width": 2, "dash": "dot"},
            name="prior, 1, 2 and 3 σ", showlegend=radius == 1, hoverinfo="skip",
        )  # fmt: skip
    figure.update_xaxes(title=dimension(first), range=[-REACH, REACH], constrain="domain")
    figure.update_yaxes(title=dimension(second), range=[-REACH, REACH], scaleanchor="x", scaleratio=1, constrain="domain")
    return styled(figure, height=480)


def beta_sweep(beta: Sequence[float], values: Sequence[float], names: Sequence[str], title: str) -> go.Figure:
    """One figure of many runs over β, a point a run; β on a log scale."""
    figure = go.Figure()
    figure.add_scatter(
        x=list(beta), y=list(values), mode="markers", marker={"color": ACCENT, "size": 10, "line": {"width": 1.5, "color": "#ffffff"}},
        customdata=list(names), hovertemplate="%{customdata}<br>β %{x:g}: %{y:.2f}<extra></extra>",
    )  # fmt: skip
    ticks = sorted(set(beta))
    figure.update_xaxes(title="β", type="log", tickvals=ticks, ticktext=[f"{value:g}" for value in ticks], tickangle=0)
    figure.update_yaxes(title=title)
    return styled(figure, height=300, legend=False)


def _shades(n: int) -> list[str]:
    """From the accent to a light grey, evenly, so that the most used dimensions are darkest."""
    dark, light = np.array([66, 99, 235]), np.array([206, 212, 218])
    mix = np.linspace(0, 1, max(2, n))[:n, None]
    return [f"rgb({r:.0f},{g:.0f},{b:.0f})" for r, g, b in dark + mix * (light - dark)]
