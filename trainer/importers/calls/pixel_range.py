"""In which range does somebody else's model want its pixels, and in which does it give them back?

Here pixels are grey levels from 0 (black) to 1 (white). Others train on −1 to 1, on 0 to 255, or on (x − mean) / std, one mean and one
standard deviation for all channels or one for each. `Pixels` leads there and back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.errors import ConfigError

ALLOWED = "0..1, -1..1, 0..255, another LOW..HIGH, or MEAN,STD such as 0.1307,0.3081 (R/G/B for one of each channel)"
USUAL = ("0..1", "-1..1", "0..255", "0.1307,0.3081", "0.5/0.5/0.5,0.25/0.25/0.25", "0.485/0.456/0.406,0.229/0.224/0.225")


@dataclass(frozen=True)
class Pixels:
    """A range of pixels: x becomes x · scale + shift."""

    name: str = ""
    """as it was typed; empty where nobody said anything"""
    scale: tuple[float, ...] = (1.0,)
    """one number, or one of each channel"""
    shift: tuple[float, ...] = (0.0,)
    """one number, or one of each channel"""

    @property
    def is_plain(self) -> bool:
        """Whether nothing changes."""
        return self.scale == (1.0,) and self.shift == (0.0,)

    @property
    def unit(self) -> float:
        """How much of the model's range one grey level from 0 to 1 is; where channels differ, their geometric mean."""
        return math.exp(sum(map(math.log, self.scale)) / len(self.scale))

    def into(self, x: Tensor) -> Tensor:
        """x (B, C, H, W) in [0, 1] as the model wants it."""
        return x if self.is_plain else x * _channels(self.scale) + _channels(self.shift)

    def back(self, x: Tensor) -> Tensor:
        """What the model gives, (B, C, H, W), as grey levels from 0 to 1."""
        return x if self.is_plain else (x - _channels(self.shift)) / _channels(self.scale)


def pixels_of(text: str, n_channels: int = 0) -> Pixels:
    """The range that somebody typed; nothing means 0..1. Raises `ConfigError`. n_channels: of the images, 0 where not known."""
    found = _parsed(text.strip().replace("\u2212", "-"))
    if found is None or not all(math.isfinite(number) for number in (*found.scale, *found.shift)):
        raise ConfigError("--pixels", text, ALLOWED)
    if n_channels and max(len(found.scale), len(found.shift)) not in (1, n_channels):
        raise ConfigError("--pixels", text, f"one mean and standard deviation, or {n_channels} of each, one a channel")
    return found


def _parsed(text: str) -> Pixels | None:
    try:
        if not text:
            return Pixels()
        if ".." in text:
            low, high = (float(part) for part in text.split(".."))
            return Pixels(text, (high - low,), (low,)) if high > low else None
        means, stds = ([float(number) for number in part.split("/")] for part in text.split(","))
    except ValueError:
        return None
    if len(means) not in (1, len(stds)) or any(std <= 0 for std in stds):
        return None
    means = means * (len(stds) // len(means))
    return Pixels(text, tuple(1 / std for std in stds), tuple(-mean / std for mean, std in zip(means, stds, strict=True)))


def usual(images: NDArray[np.uint8]) -> list[Pixels]:
    """The ranges that are usual, and the mean and standard deviation of these images (N, C, H, W) themselves."""
    n_channels = images.shape[1]
    grey = images.astype(float) / 255
    own = [f"{grey.mean():.4f},{max(grey.std(), 1e-3):.4f}"]
    if n_channels > 1:
        means, stds = grey.mean((0, 2, 3)), np.maximum(grey.std((0, 2, 3)), 1e-3)
        own.append(",".join("/".join(f"{number:.4f}" for number in numbers) for numbers in (means, stds)))
    fitting = [found for text in (*USUAL, *own) if (found := _parsed(text)) is not None]
    return [found for found in fitting if len(found.scale) in (1, n_channels)]


def _channels(numbers: tuple[float, ...]) -> Tensor:
    return torch.tensor(numbers)[:, None, None]
