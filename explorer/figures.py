"""How are numbers drawn as charts?

Arrays in, a Plotly `Figure` out; nothing is computed here but positions. One accent colour, grey for what is switched off, no chart junk;
text and grid colours come from Streamlit's theme, so light and dark both read well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

ACCENT, MUTED, SECOND = "#4263eb", "#9aa3ad", "#d9480f"
CONFIG: dict[str, Any] = {"displayModeBar": False}


def kl_bars(kl_per_dim: ArrayLike, active: ArrayLike, threshold: float) -> go.Figure:
    """Mean KL of every dimension, largest first; active ones in the accent colour. kl_per_dim (K,) nats, active (K,) booleans."""
    kl, is_active = np.asarray(kl_per_dim, float), np.asarray(active, bool)
    order = np.argsort(-kl, kind="stable")
    figure = go.Figure()
    for name, wanted, colour in (("carries information", True, ACCENT), ("switched off", False, MUTED)):
        rows = [k for k in order if is_active[k] == wanted]
        figure.add_bar(
            x=[f"z{k + 1}" for k in rows], y=kl[rows], name=name, marker_color=colour,
            hovertemplate="dimension %{x}<br>KL %{y:.3f} nats<extra></extra>",
        )  # fmt: skip
    figure.add_hline(
        y=threshold, line_dash="dot", line_color=MUTED, name=f"{threshold:g} nats, a guide for the eye", showlegend=True
    )
    figure.update_xaxes(categoryorder="array", categoryarray=[f"z{k + 1}" for k in order], title="latent dimension, by KL")
    figure.update_yaxes(title="mean KL, nats per image", rangemode="tozero")
    return styled(figure, height=320)


def variance_bars(variance: ArrayLike) -> go.Figure:
    """Variance of the codes in every dimension, largest first. variance (K,), latent units squared."""
    values = np.asarray(variance, float)
    order = np.argsort(-values, kind="stable")
    figure = go.Figure()
    figure.add_bar(
        x=[f"z{k + 1}" for k in order], y=values[order], marker_color=ACCENT,
        hovertemplate="dimension %{x}<br>variance %{y:.3f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title="latent dimension, by variance")
    figure.update_yaxes(title="variance of the codes", rangemode="tozero")
    return styled(figure, height=320, legend=False)


def reconstruction_history(epoch: ArrayLike, train: ArrayLike, test: ArrayLike) -> go.Figure:
    """−log p(x|z) at the code over the epochs, nats per image, lower is better; all (T,)."""
    figure = go.Figure()
    for name, values, colour in (("train", train, MUTED), ("test", test, ACCENT)):
        figure.add_scatter(
            x=np.asarray(epoch), y=np.asarray(values), name=name, mode="lines", line={"color": colour, "width": 2},
            hovertemplate=f"{name}, epoch %{{x}}<br>reconstruction %{{y:.2f}} nats<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title="reconstruction, nats per image")
    return styled(figure, height=320)


def kl_history(epoch: ArrayLike, kl: NDArray[np.float64], names: Sequence[str], active: ArrayLike) -> go.Figure:
    """KL of every dimension over the epochs, test split. epoch (T,) · kl (T, K) nats · names (K,) · active (K,)."""
    figure = go.Figure()
    for column, name, is_on in zip(kl.T, names, np.asarray(active, bool), strict=True):
        figure.add_scatter(
            x=np.asarray(epoch), y=column, name=name, mode="lines", opacity=0.9 if is_on else 0.5,
            line={"width": 1.8 if is_on else 1, "color": ACCENT if is_on else MUTED},
            hovertemplate=f"{name}, epoch %{{x}}<br>KL %{{y:.3f}} nats<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title="KL, nats per image", rangemode="tozero")
    return styled(figure, height=320, legend=False)


def elbo_history(epoch: ArrayLike, train: ArrayLike, test: ArrayLike) -> go.Figure:
    """ELBO over the epochs: train and test, nats per image, higher is better; all (T,)."""
    figure = go.Figure()
    for name, values, colour in (("train", train, MUTED), ("test", test, ACCENT)):
        figure.add_scatter(
            x=np.asarray(epoch), y=np.asarray(values), name=name, mode="lines", line={"color": colour, "width": 2},
            hovertemplate=f"{name}, epoch %{{x}}<br>ELBO %{{y:.2f}} nats<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title="ELBO, nats per image")
    return styled(figure, height=320)


def code_dots(z: ArrayLike) -> go.Figure:
    """One picture's code under a deterministic model: a point for every dimension. z (K,)."""
    values = np.asarray(z, float)
    figure = go.Figure()
    figure.add_scatter(
        x=[f"z{k + 1}" for k in range(len(values))], y=values, mode="markers", marker={"color": ACCENT, "size": 8},
        hovertemplate="%{x}<br>%{y:.2f}<extra></extra>",
    )  # fmt: skip
    reach = max(3.0, 1.1 * float(np.abs(values).max()))
    figure.update_yaxes(title="z", range=[-reach, reach])
    return styled(figure, height=260, legend=False)


def posterior_dots(mu: ArrayLike, std: ArrayLike) -> go.Figure:
    """One picture's posterior: mu with a bar of one std for every dimension, on the prior's ±1 band. mu, std (K,)."""
    means, widths = np.asarray(mu, float), np.asarray(std, float)
    names = [f"z{k + 1}" for k in range(len(means))]
    figure = go.Figure()
    figure.add_hrect(y0=-1, y1=1, fillcolor=MUTED, opacity=0.15, line_width=0)
    figure.add_scatter(
        x=names, y=means, mode="markers", marker={"color": ACCENT, "size": 8}, customdata=widths,
        error_y={"type": "data", "array": widths, "color": ACCENT, "thickness": 1.5, "width": 4},
        hovertemplate="%{x}<br>μ %{y:.2f}<br>σ %{customdata:.2f}<extra></extra>",
    )  # fmt: skip
    reach = max(3.0, float(np.abs(means).max()) + 0.3)
    figure.update_yaxes(title="z", range=[-reach, reach])
    return styled(figure, height=260, legend=False)


def styled(figure: go.Figure, height: int, legend: bool = True) -> go.Figure:
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 28, "b": 8}, showlegend=legend, bargap=0.25, hovermode="closest",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )  # fmt: skip
    return figure
