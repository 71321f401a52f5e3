"""What does somebody else's model answer, and is it what a VAE answers?

Any object with `encode(x)` and `decode(z)` in PyTorch (or, as in pythae, `encoder` and `decoder`) is asked a few times, and its answers are
brought into one form: mu and logvar (B, K), pictures (B, C, H, W). Each way in which that can fail is one sentence. How the model gets
into this process is the question of `trainer.loading`.

Letters: B images, C×H×W their shape, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import torch
from torch import Tensor, nn

from trainer.errors import LatentError
from trainer.layers import ImageShape

Output = Literal["means", "logits"]
MEANS = ("mu", "mean", "loc", "embedding", "z_mean", "mu_z")
LOGVARS = ("logvar", "log_var", "log_variance", "log_covariance", "z_log_var", "logvar_z")
STDS = ("std", "sigma", "scale", "stddev", "z_std")
PICTURES = ("reconstruction", "recon_x", "x_hat", "x_recon", "recon", "mean", "logits", "sample")
SLACK = 1e-4  # by which rounding may carry a probability out of [0, 1]
IS_LOGIT = (
    "if they are logits, say so with --output logits, and if the decoder was trained on pixels of another range, scale its answer"
)


class ForeignError(LatentError):
    """A model that was brought along does not answer as one; `str(error)` is the sentence to show."""


@dataclass(frozen=True)
class Asked:
    """What a model answers, in our form.

    encode: x (B, C, H, W) in [0, 1] to mu and logvar (B, K), without logvar for a deterministic model; None where there is no encoder ·
    decode: z (B, K) to (B, C, H, W), means or logits.
    """

    encode: Callable[[Tensor], tuple[Tensor, ...]] | None
    decode: Callable[[Tensor], Tensor]
    latent_dim: int
    is_deterministic: bool
    n_parameters: int


def asked(model: Any, x: Tensor) -> Asked:
    """How a model is to be asked, found out with a few images x (B, C, H, W) in [0, 1]. Raises `ForeignError`."""
    _prepare(model)
    encode, decode = _method(model, "encode"), _method(model, "decode")
    encoding, mu = _encoding(encode, x)
    first = encoding(x)
    again = encoding(x)
    for name, one, other in zip(("mu", "logvar"), first, again, strict=False):
        _check_numbers(f"encode's {name}", one)
        if not torch.allclose(one, other, rtol=1e-4, atol=1e-5):
            raise ForeignError(
                f"encode gave two different {name} for the same images; allowed: mean and log variance of the posterior, not a draw, "
                "from a model in evaluation (call eval() in the factory)."
            )
    shape = (x.shape[1], x.shape[2], x.shape[3])
    latent = tuple(mu.shape[1:])
    return Asked(encoding, decoding(decode, shape, latent), prod(latent), len(first) == 1, _n_parameters(model))


def decoding(decode: Callable[..., Any], image_shape: ImageShape, latent_shape: tuple[int, ...] = ()) -> Callable[[Tensor], Tensor]:
    """decode with codes (B, K) and pictures (B, C, H, W), whatever shapes of the same numbers it has itself."""

    def of(z: Tensor) -> Tensor:
        answer = _picture(decode(z.reshape(len(z), *latent_shape) if latent_shape else z))
        allowed = {tuple(image_shape), (prod(image_shape),), *([image_shape[1:]] if image_shape[0] == 1 else [])}
        if answer.ndim < 1 or answer.shape[0] != len(z) or tuple(answer.shape[1:]) not in allowed:
            c, h, w = image_shape
            raise ForeignError(
                f"decode gave a tensor of shape {tuple(answer.shape)} for {len(z)} codes; allowed: ({len(z)}, {c}, {h}, {w}) or "
                f"({len(z)}, {c * h * w}), as the images have; choose the --data that the model was trained on."
            )
        return answer.reshape(len(z), *image_shape)

    return of


def check_pictures(decode: Callable[[Tensor], Tensor], z: Tensor, output: Output, likelihood: str) -> None:
    """Whether codes z (B, K) decode to numbers that can be what they are said to be. Raises `ForeignError`."""
    pictures, again = _decoded(decode, z), _decoded(decode, z)
    _check_numbers("decode", pictures)
    if not torch.allclose(pictures, again, rtol=1e-4, atol=1e-5):
        raise ForeignError(
            "decode gave two different pictures for the same codes; allowed: the mean picture, not a draw, from a model in evaluation "
            "(call eval() in the factory)."
        )
    low, high = float(pictures.min()), float(pictures.max())
    if output == "logits":
        if low >= 0 and high <= 1:
            raise ForeignError(
                f"decode gave values from {low:.2f} to {high:.2f}, which are no logits but means; allowed with --output logits: numbers "
                "before the sigmoid; leave the option out."
            )
    elif likelihood == "bernoulli" and (low < -SLACK or high > 1 + SLACK):
        raise ForeignError(f"decode gave values from {low:.2f} to {high:.2f}; allowed for {likelihood} pixels: 0 to 1; {IS_LOGIT}.")
    elif low < -1 or high > 2:
        raise ForeignError(f"decode gave values from {low:.2f} to {high:.2f}; allowed: about 0 to 1; {IS_LOGIT}.")


def _prepare(model: Any) -> None:
    """Evaluation on the processor, for the model and for modules that it holds."""
    parts = [model] if isinstance(model, nn.Module) else list(vars(model).values()) if hasattr(model, "__dict__") else []
    for part in parts:
        if isinstance(part, nn.Module):
            part.eval().cpu().float()


def settle(model: Any) -> None:
    """Evaluation, where it is a module of torch: no dropout, no statistics of the batch."""
    if isinstance(model, nn.Module):
        model.eval()


def _n_parameters(model: Any) -> int:
    parts = [model] if isinstance(model, nn.Module) else list(vars(model).values()) if hasattr(model, "__dict__") else []
    return sum(p.numel() for part in parts if isinstance(part, nn.Module) for p in part.parameters())


def _method(model: Any, name: str) -> Callable[..., Any]:
    """`encode`, or a module named `encoder`; of a mapping its entries."""
    for key in (name, f"{name}r"):
        found = model.get(key) if isinstance(model, Mapping) else getattr(model, key, None)
        if callable(found):
            return found  # type: ignore[no-any-return]
    raise ForeignError(
        f"the factory gave a {type(model).__name__} without {name}; allowed: an object with encode(x), which gives mu and logvar, and "
        "decode(z), which gives pictures."
    )


def _encoding(encode: Callable[..., Any], x: Tensor) -> tuple[Callable[[Tensor], tuple[Tensor, ...]], Tensor]:
    """encode in our form, and mu as the model itself shapes it: pictures are tried first, then vectors of their pixels."""
    said: list[str] = []
    for flat in (False, True):

        def of(images: Tensor, flat: bool = flat) -> tuple[Tensor, ...]:
            answer = posterior_of(encode(images.flatten(1) if flat else images))
            return tuple(part.flatten(1) for part in answer)

        try:
            with torch.no_grad():
                mu = posterior_of(encode(x.flatten(1) if flat else x))[0]
            if mu.ndim >= 2 and mu.shape[0] == len(x) and all(part.shape[0] == len(x) for part in of(x)):
                return of, mu
            said.append(f"gave mu of shape {tuple(mu.shape)}")
        except ForeignError:
            raise
        except Exception as error:
            said.append(f"raised {_said(error)}")
    c, h, w = x.shape[1:]
    raise ForeignError(
        f"encode {said[0]} for {len(x)} images of shape {c} × {h} × {w} (and for vectors of {c * h * w} pixels it {said[1]}); allowed: "
        f"mu of shape ({len(x)}, K); choose the --data that the model was trained on."
    )


def posterior_of(answer: Any) -> tuple[Tensor, ...]:
    """(mu, logvar), or (mu,) for a point, of what `encode` gave: tensors, a distribution, or an object with named fields."""
    if isinstance(answer, torch.distributions.Distribution):
        return _of_distribution(answer)
    if isinstance(answer, Tensor):
        return (answer,)
    mu = _field(answer, MEANS)
    if mu is not None:
        logvar, std = _field(answer, LOGVARS), _field(answer, STDS)
        logvar = 2 * std.log() if logvar is None and std is not None else logvar
        return (mu,) if logvar is None else _alike(mu, logvar)
    if isinstance(answer, tuple | list) and 1 <= len(answer) <= 2 and all(isinstance(part, Tensor) for part in answer):
        return (answer[0],) if len(answer) == 1 else _alike(answer[0], answer[1])
    raise ForeignError(
        f"encode gave {_what(answer)}; allowed: (mu, logvar), mu alone, a torch.distributions.Normal, or an object with fields such as mu "
        "and logvar."
    )


def _of_distribution(answer: torch.distributions.Distribution) -> tuple[Tensor, ...]:
    inner = answer.base_dist if isinstance(answer, torch.distributions.Independent) else answer
    if not isinstance(inner, torch.distributions.Normal):
        raise ForeignError(
            f"encode gave a {type(inner).__name__}; allowed: torch.distributions.Normal, alone or in Independent, because the clinic "
            "measures diagonal Gaussians."
        )
    return inner.loc, 2 * inner.scale.log()


def _alike(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    if mu.shape != logvar.shape:
        raise ForeignError(
            f"encode gave mu of shape {tuple(mu.shape)} and logvar of shape {tuple(logvar.shape)}; allowed: the same shape, a log "
            "variance for every dimension."
        )
    return mu, logvar


def _picture(answer: Any) -> Tensor:
    if isinstance(answer, torch.distributions.Distribution):
        answer = answer.mean
    if not isinstance(answer, Tensor):
        found = _field(answer, PICTURES)
        if found is None and isinstance(answer, tuple | list) and answer and isinstance(answer[0], Tensor):
            found = answer[0]  # some give the pictures and their scale
        if found is None:
            raise ForeignError(
                f"decode gave {_what(answer)}; allowed: a tensor of pictures, or an object with a field reconstruction."
            )
        answer = found
    return answer  # type: ignore[no-any-return]


def _decoded(decode: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    try:
        with torch.no_grad():
            return decode(z)
    except LatentError:
        raise
    except Exception as error:
        raise ForeignError(
            f"decode raised {_said(error)} for codes of shape {tuple(z.shape)}; allowed: one picture for each code of as many numbers as "
            "encode gives."
        ) from None


def _check_numbers(what: str, numbers: Tensor) -> None:
    bad = (~torch.isfinite(numbers.detach())).flatten(1).any(1).nonzero()
    if len(bad):
        raise ForeignError(
            f"{what} is not a finite number for input {int(bad[0])}; allowed: finite numbers; look whether the training diverged, and "
            "whether weights are loaded."
        )


def _field(answer: Any, names: tuple[str, ...]) -> Tensor | None:
    for name in names:
        value = answer.get(name) if isinstance(answer, Mapping) else getattr(answer, name, None)
        if isinstance(value, Tensor):
            return value
    return None


def _what(answer: Any) -> str:
    if isinstance(answer, tuple | list):
        return f"{len(answer)} values ({', '.join(type(part).__name__ for part in answer[:4])})"
    return f"a {type(answer).__name__}"


def _said(error: BaseException) -> str:
    """An exception of somebody else's code in a line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200].rstrip('.')}" if lines else type(error).__name__
