"""From which codes are pictures sampled? From the prior, from the posterior of one picture, or from a Gaussian fitted to codes.

The temperature is a factor on the standard deviation: 0 gives the mean of the distribution every time, 1 the distribution itself. The same
seed gives the same noise ε whatever the temperature, so that only the temperature's doing is seen. Letters: n draws, N codes, K latent
dimensions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def prior_draws(n: int, n_dims: int, temperature: float, rng: np.random.Generator) -> Floats:
    """z (n, K) = temperature · ε, ε ~ N(0, I): the prior itself at temperature 1."""
    return np.asarray(temperature * rng.standard_normal((n, n_dims)), np.float32)


def posterior_draws(mu: Floats, std: Floats, n: int, temperature: float, rng: np.random.Generator) -> Floats:
    """z (n, K) = μ + temperature · σ · ε for one posterior N(μ, diag σ²); mu (K,), std (K,)."""
    return np.asarray(mu + temperature * std * rng.standard_normal((n, len(mu))), np.float32)


def fitted_draws(codes: Floats, n: int, temperature: float, rng: np.random.Generator) -> Floats:
    """z (n, K) from N(mean, temperature² · covariance) of codes (N, K): for a model without a prior, of which the Gaussian is no part.

    The root of the covariance is that of its eigenvalues, so that dimensions that do not vary, or are sums of others, do no harm.
    """
    centre = codes.astype(float).mean(0)
    covariance = np.atleast_2d(np.cov(codes.astype(float), rowvar=False)) if len(codes) > 1 else np.zeros((len(centre),) * 2)
    values, vectors = np.linalg.eigh(covariance)
    noise = rng.standard_normal((n, len(centre)))
    return np.asarray(centre + temperature * (noise * np.sqrt(np.maximum(values, 0))) @ vectors.T, np.float32)
