"""What pictures does a model make up, and what does it make of given ones?

Four kinds: codes from the prior or from the posterior of given pictures, and of each code the mean of p(x|z) or one draw from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from trainer.errors import ConfigError
from trainer.models.torch_engine import Vae

Source = Literal["prior", "posterior"]
Pixels = Literal["mean", "draw"]


@dataclass(frozen=True)
class Samples:
    """Images, and what they were decoded from."""

    images: Tensor
    """(n, C, H, W) in [0, 1]"""
    z: Tensor
    """(n, K)"""


@torch.no_grad()
def sample_images(
    model: Vae, n: int, source: Source, pixels: Pixels, generator: torch.Generator, x: Tensor | None = None, y: Tensor | None = None
) -> Samples:
    """n pictures. source: z ~ N(0, I), or z ~ q(z|x), x (B, C, H, W) taken in turns; pixels: the mean of p(x|z), or one draw from it.

    y: classes for a conditional model, (n,) for the prior, (B,) beside x. Raises `ConfigError` for what does not go together.
    """
    if pixels not in get_args(Pixels):
        raise ConfigError("pixels", pixels, "mean or draw")
    if source == "prior":
        if model.is_deterministic:
            raise ConfigError("source", source, "posterior: a deterministic model has no prior")
        _check_labels(model, y, n)
        z, labels = torch.randn((n, model.config.latent_dim), generator=generator), y
    elif source == "posterior":
        if x is None or len(x) == 0:
            raise ConfigError("x", None if x is None else len(x), "at least one picture where z comes from the posterior")
        _check_labels(model, y, len(x))
        turn = torch.arange(n) % len(x)
        labels = None if y is None else y[turn]
        z = model.posterior(x[turn], labels).sample(generator)
    else:
        raise ConfigError("source", source, "prior or posterior")
    output = model.output(z, labels)
    return Samples(model.mean(output) if pixels == "mean" else model.draw(output, generator), z)


def _check_labels(model: Vae, y: Tensor | None, n: int) -> None:
    if model.is_conditional and (y is None or len(y) != n):
        raise ConfigError("y", None if y is None else f"{len(y)} classes", f"{n} classes for a conditional model, one each")
