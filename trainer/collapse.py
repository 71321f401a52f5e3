"""Which latent dimensions carry information, and which have collapsed onto the prior?

Letters: N images, K latent dimensions. A dimension that switches off where others suffice does no harm: say so, raise no alarm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ACTIVE_VARIANCE = 0.01  # Burda, Grosse & Salakhutdinov 2016, section 5.1


def kl_per_dim(mu: Floats, logvar: Floats) -> NDArray[np.float64]:
    """Mean KL(q(z_k|x) ‖ N(0, 1)) of every dimension over the images, (K,) nats, from mu and logvar (N, K).

    Kingma & Welling 2014, app. B. In double precision: this is the number people read.
    """
    m, v = mu.astype(float), logvar.astype(float)
    return np.asarray(0.5 * (m**2 + np.expm1(v) - v).mean(0))


def is_active(mu: Floats) -> NDArray[np.bool_]:
    """(K,): whether the posterior mean varies over the images by more than 0.01 in variance (Burda 2016)."""
    return np.asarray(mu.astype(float).var(0) > ACTIVE_VARIANCE)


def active_units(mu: Floats) -> int:
    """Number of active dimensions of mu (N, K)."""
    return int(is_active(mu).sum())


def sentence(kl: NDArray[np.float64], active: NDArray[np.bool_]) -> str:
    """One sentence that says how many dimensions are used; kl (K,) nats and active (K,)."""
    n_dims, n_active = len(kl), int(active.sum())
    if n_active == 0:
        return f"No dimension carries information: all {n_dims} sit still and the decoder ignores them (posterior collapse)."
    share = float(kl[active].sum() / max(kl.sum(), 1e-12))
    part = "practically all" if share > 0.995 else f"{share:.0%}"
    if n_active == n_dims:
        who = {1: "The one dimension carries", 2: "Both dimensions carry"}.get(n_dims, f"All {n_dims} dimensions carry")
        return f"{who} information, {kl.sum():.1f} nats in all."
    rest = n_dims - n_active
    switched = "the other one switched off" if rest == 1 else f"the other {rest} switched off"
    return (
        f"{n_active} of {n_dims} dimensions carry information, {part} of the {kl.sum():.1f} nats; "
        f"{switched}, which is fine here: the model needs no more."
    )
