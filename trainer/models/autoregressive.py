"""What does a decoder say of a pixel that has seen the pixels before it?

An autoregressive part of p(x|z), so strong that it can do without z: the patient for the lesson that a decoder which explains pictures
alone lets the posterior collapse (Chen et al. 2017, "Variational Lossy Autoencoder", section 2). To every pixel's logit it adds
out · tanh(weight · x + bias), masked so that pixel d hears only of pixels 1 … d−1 in raster order (MADE, Germain et al. 2015, eq. 12).

Letters: B images, D pixels, H hidden units. The masks follow from the sizes: hidden unit k has degree 1 + k mod (D − 1), hears of the
pixels up to its degree and is heard by those beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Masks:
    """Which connections there are, as zeros and ones."""

    into: Floats
    """(H, D): from pixel to hidden unit"""
    out: Floats
    """(D, H): from hidden unit to pixel"""


def degrees(n_pixels: int, n_hidden: int) -> NDArray[np.int64]:
    """(H,): how many of the first pixels each hidden unit hears of."""
    return 1 + np.arange(n_hidden) % max(1, n_pixels - 1)


def masks(n_pixels: int, n_hidden: int) -> Masks:
    """Germain et al. 2015, eq. 12 and 13."""
    degree, pixel = degrees(n_pixels, n_hidden), np.arange(1, n_pixels + 1)
    return Masks(
        (degree[:, None] >= pixel).astype(np.float32),
        (pixel[:, None] > degree).astype(np.float32),
    )


def heard(x: Floats, weight: Floats, bias: Floats, out: Floats) -> Floats:
    """What the true pixels before each pixel add to its logit, (B, C, H, W), for pictures x; weights as in `unrolled`."""
    known = masks(out.shape[0], len(bias))
    hidden = np.tanh(x.reshape(len(x), -1) @ (weight * known.into).T + bias)
    return np.asarray(hidden @ (out * known.out).T, np.float32).reshape(x.shape)


def unrolled(logits: Floats, weight: Floats, bias: Floats, out: Floats, rng: np.random.Generator | None = None) -> Floats:
    """Logits (B, C, H, W) of the mean picture: each pixel is told the probabilities of those before it, not a draw of them.

    Deterministic, so that the same code always gives the same picture; weight (H, D), bias (H,), out (D, H), unmasked. With a generator
    each pixel is drawn and told to those after it: logits of ±∞, a picture that is drawn already.
    """
    flat = logits.reshape(len(logits), -1).copy()
    known = masks(flat.shape[1], len(bias))
    into, heard = weight * known.into, out * known.out
    hidden = np.broadcast_to(bias, (len(flat), len(bias))).astype(np.float32)
    for d in range(flat.shape[1]):
        flat[:, d] += np.tanh(hidden) @ heard[d]
        p = 0.5 * (1 + np.tanh(0.5 * flat[:, d]))
        if rng is not None:
            p = np.asarray(rng.random(len(p)) < p, np.float32)
            flat[:, d] = np.where(p > 0, np.inf, -np.inf)
        hidden = hidden + p[:, None] * into[:, d]
    return flat.reshape(logits.shape)
