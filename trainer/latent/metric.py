"""How does the decoder stretch the space of codes at a point?

`pullback_metric` says how much the picture changes for a small step of the code: Δzᵀ G Δz is the squared change of the picture
(Arvanitidis, Hansen & Hauberg 2018). Letters: N codes, B codes at once, K latent dimensions, P pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from trainer.errors import ConfigError, DataError
from trainer.latent.decoded_length import Doubles

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.models.torch_engine import Vae


MetricKind = Literal["euclidean", "fisher"]


def pullback_metric(
    decode: Vae | Callable[[Tensor], Tensor],
    z: ArrayLike | Tensor,
    kind: MetricKind = "euclidean",
    y: ArrayLike | Tensor | None = None,
    chunk: int = 64,
) -> Doubles:
    """G (N, K, K) at codes z (N, K), symmetric and ≥ 0. decode: a model, or a differentiable function of z (B, K) with one row a code.

    euclidean: JᵀJ with J = ∂x_hat/∂z, squared grey levels per squared unit of z (Arvanitidis 2018, eq. 4). fisher: Jᵀ diag(p(1−p)) J with
    J = ∂logits/∂z, p = sigmoid(logits): Δzᵀ G Δz is twice the KL in nats between the Bernoulli pictures of z and z + Δz, to second order;
    a function then gives logits. y (N,): classes for a conditional model. A mean that is cut off at 0 or 1 does not move there.
    """
    import torch

    if kind not in get_args(MetricKind):
        raise ConfigError("metric", kind, ", ".join(get_args(MetricKind)))
    picture, codes, labels = _differentiable(decode, z, kind, y)
    if codes.ndim != 2:
        raise DataError(f"codes have shape {tuple(codes.shape)}; allowed: (N, K), one row a code.")
    found = np.empty((len(codes), codes.shape[1], codes.shape[1]))
    with torch.no_grad():
        for start in range(0, len(codes), chunk):
            part = slice(start, start + chunk)
            slope = _jacobian(picture, codes[part], None if labels is None else labels[part])
            if kind == "fisher":
                p = picture(codes[part], None if labels is None else labels[part]).flatten(1).double().sigmoid()
                slope = slope * (p * (1 - p)).sqrt()[..., None]
            found[part] = (slope.mT @ slope).cpu().numpy()
    return found


def magnification(metric: ArrayLike) -> Doubles:
    """√det G (N,) of metrics (N, K, K): how much larger a small volume of z is in pictures. 0 where the decoder loses a dimension."""
    with np.errstate(divide="ignore"):  # log 0 is −∞ and comes back as 0; eigenvalues below 0 are rounding
        return np.asarray(np.exp(0.5 * np.log(np.linalg.eigvalsh(np.asarray(metric, float)).clip(0)).sum(-1)))


def _differentiable(
    decode: Vae | Callable[[Tensor], Tensor], z: ArrayLike | Tensor, kind: MetricKind, y: ArrayLike | Tensor | None
) -> tuple[Callable[[Tensor, Tensor | None], Tensor], Tensor, Tensor | None]:
    """What is differentiated, as a function of codes and classes, and both as tensors that suit it."""
    from trainer.models.torch_engine import Vae, as_tensor

    labels = None if y is None else as_tensor(y)
    if not isinstance(decode, Vae):
        return lambda codes, _: decode(codes), as_tensor(z), labels
    if kind == "fisher" and decode.config.likelihood != "bernoulli":
        raise ConfigError(
            "metric", kind, f"euclidean for a model with likelihood {decode.config.likelihood!r}; fisher for 'bernoulli'"
        )
    home = decode.log_sigma
    codes = as_tensor(z).to(home.device, home.dtype)
    labels = None if labels is None else labels.to(home.device)
    if kind == "fisher":
        return decode.output, codes, labels
    return lambda codes, y: decode.mean(decode.output(codes, y)), codes, labels


def _jacobian(picture: Callable[[Tensor, Tensor | None], Tensor], z: Tensor, y: Tensor | None) -> Tensor:
    """∂picture/∂z (B, P, K), in double precision after the derivative, by forward mode: K is small beside P."""
    from torch.func import jacfwd, vmap

    def one(code: Tensor, label: Tensor | None = None) -> Tensor:
        return picture(code[None], None if label is None else label[None])[0].flatten()

    slope: Tensor = vmap(jacfwd(one))(z) if y is None else vmap(jacfwd(one))(z, y)
    return slope.double()
