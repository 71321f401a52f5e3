"""How are a model without a posterior and its training drawn? By the variance of its codes and its reconstruction loss."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explorer.charts.style import ACCENT, MUTED, styled
from trainer.numerals import dimension


def variance_bars(variance: ArrayLike) -> go.Figure:
    """Variance of the codes in every dimension, largest first. variance (K,), latent units squared."""
    values = np.asarray(variance, float)
    order = np.argsort(-values, kind="stable")
    figure = go.Figure()
    figure.add_bar(
        x=[dimension(int(k)) for k in order],
        y=values[order],
        marker_color=ACCENT,
        hovertemplate="dimension %{x}<br>variance %{y:.3f}<extra></extra>",
    )
    figure.update_xaxes(title="latent dimension, by variance")
    figure.update_yaxes(title="variance of the codes", rangemode="tozero")
    return styled(figure, height=320, legend=False)


def reconstruction_history(epoch: ArrayLike, train: ArrayLike, test: ArrayLike) -> go.Figure:
    """−log p(x|z) at the code over the epochs, nats per image, lower is better; all (T,)."""
    figure = go.Figure()
    for name, values, colour in (("train", train, MUTED), ("test", test, ACCENT)):
        figure.add_scatter(
            x=np.asarray(epoch),
            y=np.asarray(values),
            name=name,
            mode="lines",
            line={"color": colour, "width": 2},
            hovertemplate=f"{name}, epoch %{{x}}<br>reconstruction loss %{{y:.2f}} nats<extra></extra>",
        )
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title="reconstruction loss, nats per image")
    return styled(figure, height=320)
