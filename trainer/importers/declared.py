"""What does only the person know who trained a model?

The verdict on an imported run rests on it: the likelihood, how its loss weighs, in which range its pixels are, what its encoder gives
beside the mean. What can be seen is seen (`trainer.importers.model_adapter`, `trainer.importers.conventions`); what is told goes before
it, and a contradiction is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trainer.errors import ConfigError
from trainer.importers.adapters.roles import SPREADS, Spread
from trainer.importers.calls.pixel_range import Pixels, pixels_of
from trainer.importers.model_adapter import Output
from trainer.models.layers import ImageShape

Likelihood = Literal["bernoulli", "gaussian", "laplace"]
Loss = Literal["sum", "mean"]


@dataclass(frozen=True)
class HowTrained:
    """How a model was trained, in the words of its own loop."""

    likelihood: Likelihood = "bernoulli"
    """p(x|z) of a pixel: bernoulli for cross-entropy, gaussian for squared error, laplace for absolute error"""
    sigma: float = 1.0
    """its scale, in the range of `pixels`: a loss Σ(x − x̂)²/2 means 1, Σ(x − x̂)² means √½"""
    beta: float = 1.0
    """weight of the KL term in the loss, the KL summed over dimensions"""
    output: Output = "means"
    """whether decode gives means or logits"""
    binarise: bool = False
    """whether it was trained on black and white pixels drawn from grey ones"""
    pixels: str = ""
    """the range that it was trained on, see `trainer.importers.calls.pixel_range`; empty for 0..1, unless another is seen"""
    loss: Loss = "sum"
    """whether the reconstruction was summed over the pixels of an image or averaged over them, as `mse_loss` does by itself"""
    spread: Spread | Literal[""] = ""
    """what its encoder gives beside the mean; empty where it may be seen"""
    conditional: bool = False
    """whether it is told the class"""

    @property
    def kind_of_spread(self) -> Spread | None:
        """Where it is told. Raises `ConfigError` for another word."""
        if not self.spread:
            return None
        if self.spread not in SPREADS:
            raise ConfigError("--spread", self.spread, ", ".join(SPREADS))
        return self.spread

    def range_of(self, shape: ImageShape) -> Pixels:
        """The range of pixels that is told. Raises `ConfigError`."""
        return pixels_of(self.pixels, shape[0])

    def effective_beta(self, shape: ImageShape) -> float:
        """β beside a reconstruction that is summed over the P pixels of an image.

        A loss mean(error) + β KL is 1/P of Σ error + P β KL: the weight is P times as large. Raises `ConfigError`.
        """
        if self.loss not in ("sum", "mean"):
            raise ConfigError("--loss", self.loss, "sum or mean")
        c, h, w = shape
        return self.beta * (c * h * w if self.loss == "mean" else 1)
