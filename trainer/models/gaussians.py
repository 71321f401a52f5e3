"""How far is a diagonal Gaussian from the standard normal distribution? KL(N(mu, exp logvar) ‖ N(0, 1)), for torch and for numpy.

    KL = ½ (mu² + exp(logvar) − 1 − logvar), of every dimension, nats, ≥ 0 (Kingma & Welling 2014, appendix B)

Written with `expm1`, because `exp(logvar) − 1 − logvar` cancels near the prior and goes negative in float32. The browser has the third one
(`data/quantities.ts`). No torch is imported here: the app, which has no need of it, imports this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


def kl_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    """Of every dimension of tensors mu, logvar of one shape; differentiable."""
    return 0.5 * (mu.square() + logvar.expm1() - logvar)


def kl_standard_normal_numpy(mu: NDArray[Any], logvar: NDArray[Any]) -> NDArray[Any]:
    """The same of arrays, in their precision; ∞ for a point, whose logvar is −∞."""
    return np.asarray(0.5 * (np.square(mu) + np.expm1(logvar) - logvar))
