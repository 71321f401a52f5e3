"""How is the KL of every dimension drawn, image by image and over the epochs?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from explorer.charts.style import MUTED, SECOND, TYPE_PX, styled
from trainer.numerals import dimension, number

Doubles = NDArray[np.float64]
MOST_ROWS = 300  # images of a heat map: more are not told apart on a screen


def kl_heat_map(kl: Doubles, order: Sequence[int], rows: Sequence[str]) -> go.Figure:
    """KL of every image and dimension, log scale.

    kl: (R, K), nats.
    order: dimensions, most KL first.
    rows: (R,), names of the images.
    """
    shown = np.log10(np.maximum(kl[:, order], 1e-4))
    figure = go.Figure()
    figure.add_heatmap(
        z=shown,
        x=[dimension(k) for k in order],
        y=list(range(len(rows))),
        colorscale="Cividis",
        zmin=-4,
        zmax=max(1.0, float(shown.max())),
        customdata=np.dstack([kl[:, order], np.repeat(np.asarray(rows, object)[:, None], len(order), 1)]),
        hovertemplate="%{customdata[1]}<br>%{x}: KL %{customdata[0]:.3f} nats<extra></extra>",
        colorbar={
            "title": {"text": "nats", "side": "right"},
            "tickvals": [-4, -3, -2, -1, 0, 1],
            "ticktext": ["≤ .0001", ".001", ".01", ".1", "1", "10"],
            "thickness": 12,
        },
    )
    figure.update_xaxes(title="latent dimension, by KL")
    figure.update_yaxes(title="test images, by class", showticklabels=False, autorange="reversed")
    return styled(figure, height=420, legend=False)


def kl_ribbon(epoch: Doubles, kl: Doubles, beta: Doubles, order: Sequence[int]) -> go.Figure:
    """KL of the dimensions over the epochs, stacked, beside the KL weight; a slider below moves a line through it.

    epoch: (T,).
    kl: (T, K), nats.
    beta: (T,), the weight of the KL.
    order: dimensions, most KL first.
    """
    figure = make_subplots(specs=[[{"secondary_y": True}]])
    shades = _shades(len(order))
    for rank, k in enumerate(order):
        figure.add_scatter(
            x=epoch,
            y=kl[:, k],
            name=dimension(k),
            mode="lines",
            stackgroup="kl",
            line={"width": 0.5, "color": "#ffffff"},
            fillcolor=shades[rank],
            hovertemplate=f"{dimension(k)}, epoch %{{x}}: %{{y:.3f}} nats<extra></extra>",
            showlegend=False,
        )
    figure.add_scatter(
        x=epoch,
        y=beta,
        name="weight of the KL, β(t)",
        mode="lines",
        line={"color": SECOND, "width": 2.5, "dash": "dot"},
        hovertemplate="epoch %{x}: β %{y:.2f}<extra></extra>",
        secondary_y=True,
    )
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
        "active": len(steps) - 1,
        "steps": steps,
        "currentvalue": {"prefix": "epoch ", "font": {"size": TYPE_PX}},
        "pad": {"t": 44},
        "ticklen": 0,
        "minorticklen": 0,
        "font": {"color": "rgba(0,0,0,0)", "size": 1},
        "len": 1.0,
    }


def _shades(n: int) -> list[str]:
    """From the accent to a light grey, evenly, so that the most used dimensions are darkest."""
    dark, light = np.array([66, 99, 235]), np.array([206, 212, 218])
    mix = np.linspace(0, 1, max(2, n))[:n, None]
    return [f"rgb({r:.0f},{g:.0f},{b:.0f})" for r, g, b in dark + mix * (light - dark)]
