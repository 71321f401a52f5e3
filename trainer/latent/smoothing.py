"""How is a path through latent space moved so that the picture changes less along it?

The path of least energy Σ (w_i ‖x_{i+1} − x_i‖)² is the shortest one at constant speed. Damped Gauss-Newton steps (Marquardt 1963) with
numerical derivatives of the pictures lower it. Letters: T moments, K latent dimensions, P pixels.
"""

from __future__ import annotations

import numpy as np

from trainer.latent.decoded_length import Doubles, Measure, Report, row_norms

MAX_STEPS, MAX_DAMPING, ENOUGH = 40, 1e6, 1e-3  # of the smoothing; ENOUGH: relative fall of the energy
DIFFERENCE = 1e-3  # step of a numerical derivative, as a share of the path's width: pictures may come in float32


def smoothed(path: Doubles, measure: Measure, report: Report = lambda share: None) -> Doubles:
    """A path (T, K) of least energy Σ (w_i ‖x_{i+1} − x_i‖)², w the factor of low support, near the given one; the ends stay.

    The least energy is the shortest path at constant speed. Damped Gauss-Newton (Marquardt 1963) on all inner points at once, with
    numerical derivatives of the pictures; a step is taken only where it lowers the energy.
    """
    damping, (energy, x, w) = 1e-3, _energy(path, measure)
    for step_number in range(MAX_STEPS):
        report(step_number / MAX_STEPS)
        gradient, curvature = _normal_equations(path, measure, x, w)
        scale = float(np.trace(curvature)) / len(curvature)
        if not scale > 0:
            return path  # the picture does not change: every path is as good
        fall = 0.0
        while fall <= 0 and damping < MAX_DAMPING:
            try:
                step = _banded_solution(curvature, 2 * path.shape[1] - 1, damping * scale, -gradient)
            except np.linalg.LinAlgError:  # rounding ate a damping that small
                damping *= 5
                continue
            candidate = path.copy()
            candidate[1:-1] += step.reshape(candidate[1:-1].shape)
            energy_then, x_then, w_then = _energy(candidate, measure)
            fall = energy - energy_then if np.isfinite(energy_then) else 0.0
            damping = damping / 5 if fall > 0 else damping * 5
        if fall <= 0:
            return path
        path, energy, x, w = candidate, energy_then, x_then, w_then
        damping = max(damping, 1e-9)
        if fall < ENOUGH * energy:
            return path
    return path


def _banded_solution(matrix: Doubles, n_beside: int, ridge: float, right: Doubles) -> Doubles:
    """x with (matrix + ridge · I) x = right, for a symmetric matrix ≥ 0 with n_beside diagonals on either side: a step joins two points."""
    from scipy.linalg import solveh_banded

    n_beside = min(n_beside, len(matrix) - 1)
    lower = np.zeros((n_beside + 1, len(matrix)))
    for i in range(n_beside + 1):
        lower[i, : len(matrix) - i] = np.diagonal(matrix, -i)
    lower[0] += ridge
    return np.asarray(solveh_banded(lower, right, lower=True))


def _energy(path: Doubles, measure: Measure) -> tuple[float, Doubles, Doubles]:
    """Energy, pictures (T, P) and factors (T−1,) of a path."""
    x, w = measure.pictures(path), measure.factor((path[1:] + path[:-1]) / 2)
    return float((w * row_norms(np.diff(x, axis=0))) @ (w * row_norms(np.diff(x, axis=0)))), x, w


def _normal_equations(path: Doubles, measure: Measure, x: Doubles, w: Doubles) -> tuple[Doubles, Doubles]:
    """Gradient (n,) and Gauss-Newton matrix (n, n) of half the energy in the inner points, n = (T−2)K.

    Step i has the residual r_i = w_i (x_{i+1} − x_i). Its derivatives are ±w_i J of its two ends, plus what moving the middle does to w_i.
    """
    n_inner, n_dims = len(path) - 2, path.shape[1]
    h = DIFFERENCE * float(np.ptp(path, axis=0).max())
    moved = path[1:-1, None] + h * np.eye(n_dims)  # (T−2, K, K): every inner point, moved along every axis
    slope = (measure.pictures(moved.reshape(-1, n_dims)).reshape(n_inner, n_dims, -1) - x[1:-1, None]) / h
    step = np.diff(x, axis=0)
    of_factor = _factor_slope((path[1:] + path[:-1]) / 2, measure, w, h)
    gradient, matrix = np.zeros((n_inner, n_dims)), np.zeros((n_inner, n_dims, n_inner, n_dims))
    for i in range(n_inner + 1):
        moves = of_factor[i][:, None] * step[i] / 2  # (K, P): the middle moves half as far as an end
        sides = [(j, sign * w[i] * slope[j] + moves) for j, sign in ((i - 1, -1), (i, 1)) if 0 <= j < n_inner]
        for j, of_j in sides:
            gradient[j] += of_j @ (w[i] * step[i])
            for k, of_k in sides:
                matrix[j, :, k] += of_j @ of_k.T
    size = n_inner * n_dims
    return gradient.ravel(), matrix.reshape(size, size)


def _factor_slope(middles: Doubles, measure: Measure, w: Doubles, h: float) -> Doubles:
    """∂w/∂middle, (T−1, K)."""
    if measure.support is None or measure.support_cost == 0:
        return np.zeros(middles.shape)
    return np.stack([(measure.factor(middles + h * axis) - w) / h for axis in np.eye(middles.shape[1])], axis=1)
