"""How many nats tell images apart, and how many only say that the codes as a whole miss the prior?

mean KL(q(z|x) ‖ p(z)) = index-code mutual information + KL(q(z) ‖ p(z)), and KL(q(z) ‖ p(z)) = total correlation +
Σ_k KL(q(z_k) ‖ p(z_k)) (Hoffman & Johnson 2016; Chen et al. 2018, eq. 2). The aggregate posterior q(z) = (1/N) Σ_n q(z|x_n) is
taken over all N posteriors: an estimate from a minibatch of B is capped at log B or off by up to log N.

Letters: M samples, N posteriors, K latent dimensions. Sums over latents, means over samples: nats per image. All expectations
are means over the same samples, so that the parts add up whatever the sampling error. The KL of every posterior is known in closed form:
what its sample misses of it is a control variate, taken off the two parts as it enters them (by regression), so that their sum is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.errors import ConfigError, DataError
from trainer.models.gaussians import kl_standard_normal_numpy

Doubles = NDArray[np.float64]

LOG_2PI = math.log(2 * math.pi)
ROWS, COLUMNS = 500, 8192  # samples × posteriors of one product: 33 MB in double precision
PAIRS = 2_000_000  # pairs of one direct evaluation: 16 MB
FLOOR = -80.0  # exp(−80) · N is nothing beside the largest term, and smaller floats are denormal: seven times slower

# A marginal is tabulated class by class; a class holds the posteriors with s ≤ std < 2^¼ s.
CLASSES_PER_OCTAVE = 4
NODES_PER_STD = 6  # the table's step is s / 6
REACH = 8.0  # standard deviations: beyond them a density is exp(−32) of its peak, and is left out
WINDOW = math.ceil(REACH * 2 ** (1 / CLASSES_PER_OCTAVE) * NODES_PER_STD)  # nodes on either side of a mean
POINTS = 20  # nodes of the interpolating polynomial
MOST_NODES = 1 << 23  # 64 MB; a longer table is not made
FEW = 32  # a class as small as this is evaluated pair by pair
# Bound of the table's error over the peak density of the class. In the middle of 20 equal steps of 1/6 standard deviation a
# polynomial differs from a Gaussian by Π|t − t_i| / 20! · 6^−20 · max|f^(20)| = 3.0e-14 of its peak, where max|f^(20)| = 19!!, the
# value at 0, since the Fourier transform is positive; what lies beyond 8 standard deviations, 1.3e-14, counts less than five times.
TABLE_ERROR = 1e-13
TOLERANCE = 1e-7  # a log density that the table cannot promise to this is evaluated pair by pair


@dataclass(frozen=True)
class InformationSplit:
    """Where the mean KL goes, nats per image, means over the same samples."""

    mean_kl: float
    """in closed form where the samples are ours; = mutual_information + marginal_kl"""
    mutual_information: float
    """E[log q(z|x) − log q(z)], between an image's index and its code: at most log N up to sampling error where every sampled
    posterior is one of the n_posteriors"""
    mutual_information_error: float
    """its standard error"""
    marginal_kl: float
    """KL(q(z) ‖ p(z)) = total_correlation + Σ dimension_wise_kl"""
    total_correlation: float
    """KL(q(z) ‖ Π q(z_k))"""
    dimension_wise_kl: Doubles
    """(K,): KL(q(z_k) ‖ p(z_k))"""
    n_samples: int
    """codes that were drawn"""
    n_posteriors: int
    """N, posteriors in the mixture q(z)"""

    @property
    def ceiling(self) -> float:
        """log N nats: a code cannot tell more than N images apart."""
        return math.log(self.n_posteriors)


def information_split(
    mu: NDArray[Any],
    logvar: NDArray[Any],
    z: NDArray[Any] | np.random.Generator,
    reference_mu: NDArray[Any] | None = None,
    reference_logvar: NDArray[Any] | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> InformationSplit:
    """The split for samples z (M, K) of the posteriors mu, logvar (M, K), or one sample each by a generator.

    q(z) is the mixture of the reference posteriors (N, K), by default of mu and logvar themselves. To sample the first M of N
    images give their rows as mu and logvar and all N rows as the reference.
    """
    if (reference_mu is None) != (reference_logvar is None):
        raise ConfigError("reference", "only one of reference_mu and reference_logvar", "both or neither")
    m, v = _posteriors("posteriors", mu, logvar)
    all_m, all_v = (m, v) if reference_mu is None else _posteriors("reference posteriors", reference_mu, reference_logvar)
    if all_m.shape[1] != m.shape[1]:
        raise DataError(f"The reference posteriors have {all_m.shape[1]} dimensions; allowed: {m.shape[1]}, as the posteriors.")
    codes = _samples(z, m, v)
    own = _log_normal(codes, m, v)
    prior = _log_normal(codes, 0.0, 0.0)
    joint = log_aggregate(codes, all_m, all_v, lambda share: on_progress(0.6 * share))
    marginals = _log_marginals(codes, all_m, all_v, lambda share: on_progress(0.6 + 0.4 * share))
    information = own.sum(1) - joint
    # what the samples miss of each KL, and how much of it is in the information; draws of somebody else's choice are left as they are
    off = own - prior - kl_standard_normal_numpy(m, v) if isinstance(z, np.random.Generator) else np.zeros_like(own)
    share = slope_of(information, off.sum(1))
    rest = (1 - share) * off
    exact = information - share * off.sum(1)
    return InformationSplit(
        mean_kl=float((own - prior - off).sum(1).mean()),
        mutual_information=float(exact.mean()),
        mutual_information_error=float(exact.std() / math.sqrt(len(codes))),
        marginal_kl=float((joint - (prior + rest).sum(1)).mean()),
        total_correlation=float((joint - marginals.sum(1)).mean()),
        dimension_wise_kl=(marginals - prior - rest).mean(0),
        n_samples=len(codes),
        n_posteriors=len(all_m),
    )


def _samples(z: NDArray[Any] | np.random.Generator, mu: Doubles, logvar: Doubles) -> Doubles:
    """(M, K): one sample of each posterior, those that are given or drawn. Raises `DataError`."""
    codes = mu + np.exp(logvar / 2) * z.standard_normal(mu.shape) if isinstance(z, np.random.Generator) else np.asarray(z, float)
    if codes.shape != mu.shape:
        raise DataError(f"z has shape {codes.shape}; allowed: {mu.shape}, one sample a posterior.")
    if not np.isfinite(codes).all():
        raise DataError(f"z is not finite at row {int(np.argmin(np.isfinite(codes).all(1)))}; allowed: numbers.")
    return codes


def _log_marginals(codes: Doubles, mu: Doubles, logvar: Doubles, on_progress: Callable[[float], None]) -> Doubles:
    """log q(z_k), (M, K), of every dimension by itself."""
    marginals = np.empty_like(codes)
    for k in range(codes.shape[1]):
        marginals[:, k] = log_aggregate_marginal(codes[:, k], mu[:, k], logvar[:, k])
        on_progress((k + 1) / codes.shape[1])
    return marginals


def slope_of(values: Doubles, control: Doubles) -> float:
    """The share of a control variate that is in the values, 0 to 1, by least squares."""
    around = control - control.mean()
    square = float(around @ around)
    return 0.0 if square == 0 else float(np.clip(values @ around / square, 0, 1))


def log_aggregate(z: Doubles, mu: Doubles, logvar: Doubles, on_progress: Callable[[float], None] = lambda share: None) -> Doubles:
    """log q(z) = log (1/N) Σ_n N(z; mu_n, exp logvar_n), (M,) nats, for z (M, K) and posteriors (N, K).

    All M × N log densities are one matrix product, [z², z, 1] · [−½ e^−v, mu e^−v, c]ᵀ. In double precision: z² e^−v cancels, and in
    single a pair is off by up to .01 nats at a standard deviation of .01. Once the largest of a row is taken off, single precision
    is enough for exp.
    """
    import torch

    centre = mu.mean(0)  # squares of small numbers cancel less
    x, m, precision = z - centre, mu - centre, np.exp(-logvar)
    constant = -0.5 * (m**2 * precision + logvar + LOG_2PI).sum(1, keepdims=True)
    left = torch.from_numpy(np.hstack([x**2, x, np.ones((len(x), 1))]))
    right = torch.from_numpy(np.hstack([-0.5 * precision, m * precision, constant]).T.copy())
    # every block writes here, instead of into 49 MB of fresh memory
    doubles, singles = (torch.empty(ROWS * COLUMNS, dtype=kind) for kind in (torch.float64, torch.float32))
    log_q = np.empty(len(z))
    for start in range(0, len(z), ROWS):
        rows = left[start : start + ROWS]
        parts = []
        for column in range(0, len(mu), COLUMNS):
            block = right[:, column : column + COLUMNS]
            shape = len(rows), block.shape[1]
            pairs = torch.mm(rows, block, out=doubles[: math.prod(shape)].view(shape))
            largest = pairs.amax(1, keepdim=True)
            scaled = singles[: math.prod(shape)].view(shape).copy_(pairs.sub_(largest)).clamp_(min=FLOOR).exp_().sum(1)
            parts.append(largest[:, 0] + scaled.double().log())
        log_q[start : start + ROWS] = torch.stack(parts).logsumexp(0).numpy()
        on_progress(min(1.0, (start + ROWS) / len(z)))
    return log_q - math.log(len(mu))


def log_aggregate_marginal(z: Doubles, mu: Doubles, logvar: Doubles) -> Doubles:
    """log q(z_k) of one dimension, (M,) nats, for z (M,) and posteriors (N,); right to 1e-7 at every point.

    Posteriors of nearly one width are summed on a grid whose step is a sixth of that width, each within 8 standard deviations,
    and the sum is interpolated by polynomials of degree 19. The error has a bound (TABLE_ERROR); points whose density is too small
    beside it are evaluated pair by pair.
    """
    std = np.exp(logvar / 2)
    classes = np.floor(np.log2(std) * CLASSES_PER_OCTAVE)
    density, error = np.zeros(len(z)), 0.0
    for each in np.unique(classes):
        members = classes == each
        width = 2 ** (each / CLASSES_PER_OCTAVE)
        part, its_error = _class_density(z, mu[members], std[members], width)
        density += part
        error += its_error
    uncertain = density <= max(error / TOLERANCE, 1e-290)
    with np.errstate(divide="ignore", invalid="ignore"):  # at points that the next line replaces
        log_q = np.log(density) - math.log(len(mu))
    log_q[uncertain] = _log_pairs(z[uncertain], mu, logvar)
    return log_q


def _class_density(z: Doubles, mu: Doubles, std: Doubles, width: float) -> tuple[Doubles, float]:
    """Σ_n N(z; mu_n, std_n²), (M,), for width ≤ std < 2^¼ width, and a bound of its absolute error."""
    step = width / NODES_PER_STD
    n_nodes = (mu.max() - mu.min()) / step + 2 * (WINDOW + POINTS)
    if len(mu) <= FEW or len(z) <= 2 * WINDOW or n_nodes > MOST_NODES:
        return _density_of_pairs(z, mu, std), 0.0
    first = math.floor(mu.min() / step) - WINDOW - POINTS
    table = _tabulate(mu / step - first, std / step, int(n_nodes) + 4)
    return _interpolate(table, z / step - first) / step, TABLE_ERROR * len(mu) / (width * math.sqrt(2 * math.pi))


def _tabulate(mu: Doubles, std: Doubles, n_nodes: int) -> Doubles:
    """Σ_n N(i; mu_n, std_n²) at the nodes i = 0 … n_nodes − 1; lengths in steps."""
    order = np.argsort(mu)
    mu, std = mu[order], std[order]
    nearest = np.rint(mu).astype(np.int64)
    offsets = np.arange(-WINDOW, WINDOW + 1)
    table = np.zeros(n_nodes)
    rows = PAIRS // len(offsets) // 4  # a block that stays in the cache
    for start in range(0, len(mu), rows):
        part = slice(start, start + rows)
        scale = math.sqrt(0.5) / std[part]
        values = scale[:, None] * offsets
        values -= ((mu[part] - nearest[part]) * scale)[:, None]
        np.square(values, out=values)
        np.negative(values, out=values)
        np.exp(values, out=values)
        values *= scale[:, None] / math.sqrt(math.pi)
        nodes, begins = np.unique(nearest[part], return_index=True)
        sums = np.add.reduceat(values, begins, axis=0)
        for offset, column in zip(offsets, sums.T, strict=True):
            table[nodes + offset] += column
    return table


def _interpolate(table: Doubles, at: Doubles) -> Doubles:
    """The table at fractional nodes, by the polynomial through the POINTS nodes around each; 0 beyond its ends."""
    left = np.floor(at)
    inside = (left >= POINTS // 2 - 1) & (left < len(table) - POINTS // 2)
    below = left[inside].astype(np.int64)
    fraction = at[inside] - below
    nodes = np.arange(POINTS) - (POINTS // 2 - 1)
    distance = fraction - nodes[:, None]
    ones = np.ones((1, len(below)))
    before = np.cumprod(np.vstack([ones, distance[:-1]]), axis=0)
    after = np.cumprod(np.vstack([ones, distance[:0:-1]]), axis=0)[::-1]
    scale = [math.prod(int(a - b) for b in nodes if b != a) for a in nodes]
    values = np.zeros(len(at))
    values[inside] = sum(before[i] * after[i] / scale[i] * table[below + nodes[i]] for i in range(POINTS))
    return values


def _density_of_pairs(z: Doubles, mu: Doubles, std: Doubles) -> Doubles:
    """Σ_n N(z; mu_n, std_n²), (M,), pair by pair."""
    density = np.empty(len(z))
    rows = max(1, PAIRS // len(mu))
    for start in range(0, len(z), rows):
        scaled = (z[start : start + rows, None] - mu) / std
        density[start : start + rows] = np.exp(-0.5 * scaled**2) @ (1 / (std * math.sqrt(2 * math.pi)))
    return density


def _log_pairs(z: Doubles, mu: Doubles, logvar: Doubles) -> Doubles:
    """log (1/N) Σ_n N(z; mu_n, exp logvar_n), (M,), pair by pair, however far z lies."""
    log_q = np.empty(len(z))
    rows = max(1, PAIRS // len(mu))
    for start in range(0, len(z), rows):
        pairs = _log_normal(z[start : start + rows, None], mu, logvar)
        largest = pairs.max(1)
        log_q[start : start + rows] = largest + np.log(np.exp(pairs - largest[:, None]).mean(1))
    return log_q


def _log_normal(z: Doubles, mu: Doubles | float, logvar: Doubles | float) -> Doubles:
    return np.asarray(-0.5 * ((z - mu) ** 2 * np.exp(-np.asarray(logvar)) + logvar + LOG_2PI))


def _posteriors(what: str, mu: NDArray[Any], logvar: NDArray[Any] | None) -> tuple[Doubles, Doubles]:
    m, v = np.asarray(mu, float), np.asarray(logvar, float)
    if m.ndim != 2 or m.shape != v.shape or m.size == 0:
        raise DataError(f"The {what} have shapes {m.shape} and {v.shape}; allowed: mu and logvar (N, K), both not empty.")
    if not (np.isfinite(m).all() and np.isfinite(v).all()):
        row = int(np.argmin((np.isfinite(m) & np.isfinite(v)).all(1)))
        raise DataError(f"The {what} are not finite at row {row}; allowed: numbers (a deterministic code has no posterior).")
    return m, v
