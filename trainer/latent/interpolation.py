"""Which codes lie between two codes, by formula?

Letters: T moments, K latent dimensions.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.errors import ConfigError

PathKind = Literal["linear", "variance-preserving", "spherical"]


PATH_KINDS: tuple[PathKind, ...] = get_args(PathKind)


PARALLEL = 1e-4  # rad: below this angle the sine ratio of slerp is noise and the chord is the arc


def interpolate(a: ArrayLike, b: ArrayLike, t: ArrayLike, kind: PathKind = "linear") -> NDArray[np.float64]:
    """Codes (T, K) on the way from `a` to `b`, both (K,), at the moments `t` (T,) in [0, 1]. Raises `ConfigError` for a kind unknown.

    Before 0 and after 1 they go on: along the line, as draws from the prior still, or round the circle at the length of the end passed.

    linear: (1−t)a + tb, right between two encoded images. variance-preserving: the same divided by √((1−t)² + t²), which keeps two
    draws from the prior distributed as the prior at every t; the end points are unchanged. spherical: slerp of the directions
    (Shoemake 1985) with linearly interpolated norms; linear where the directions agree or oppose to 1e-4 rad, or one end is 0.
    """
    start, end = np.asarray(a, float), np.asarray(b, float)
    moments = np.asarray(t, float)[:, None]
    chord = (1 - moments) * start + moments * end
    if kind == "linear":
        return np.asarray(chord)
    if kind == "variance-preserving":
        return np.asarray(chord / np.sqrt((1 - moments) ** 2 + moments**2))
    if kind == "spherical":
        path = _slerp(start, end, moments, chord)
        path[moments[:, 0] == 0], path[moments[:, 0] == 1] = start, end  # exactly, whatever the sines round to
        return path
    raise ConfigError("path", kind, ", ".join(PATH_KINDS))


def _slerp(
    a: NDArray[np.float64], b: NDArray[np.float64], t: NDArray[np.float64], chord: NDArray[np.float64]
) -> NDArray[np.float64]:
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    if min(norm_a, norm_b) == 0:
        return chord
    # atan2 of the half chords keeps its digits where arccos of a cosine near ±1 loses them (Kahan)
    u, v = a / norm_a, b / norm_b
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    if angle < PARALLEL or np.pi - angle < PARALLEL:
        return chord  # opposite ends have no shortest arc: every plane through them is as good
    directions = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)
    inside = np.clip(t, 0, 1)  # beyond the ends lengths would go on to below 0
    return np.asarray(directions * ((1 - inside) * norm_a + inside * norm_b))
