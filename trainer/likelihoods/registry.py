"""Which likelihoods p(x|z) of a pixel are there, and what is known of each before anything is computed? No torch, no numpy.

To add one: its name and a line here, a class in `torch_.py` and in `numpy_.py`, its twin in the browser
(`explorer/surface/frontend/src/engine/likelihoods.ts`). `tests/trainer/test_likelihoods.py` names what is missing. Values of different
likelihoods are not comparable with each other: coins have probabilities, the others densities, which may exceed 1, so that an NLL may be
negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

LikelihoodName = Literal["bernoulli", "continuous-bernoulli", "gaussian", "laplace"]


@dataclass(frozen=True)
class LikelihoodKind:
    """What is known of a likelihood."""

    output: Literal["logit", "place"]
    """What the decoder's numbers are: the logit of the mean, or the mean itself before it is clipped to [0, 1]."""
    is_density: bool
    """Whether a grey pixel has a density; else it is a coin with a probability."""
    has_scale: bool = False
    """Whether a pixel has a scale parameter, whose best value has a closed form and which may be another one for each pixel."""


LIKELIHOODS: dict[LikelihoodName, LikelihoodKind] = {
    "bernoulli": LikelihoodKind("logit", is_density=False),
    "continuous-bernoulli": LikelihoodKind("logit", is_density=True),
    "gaussian": LikelihoodKind("place", is_density=True, has_scale=True),
    "laplace": LikelihoodKind("place", is_density=True, has_scale=True),
}


class PixelChoice(Protocol):
    """What of a configuration (`trainer.config.FitConfig`) says which likelihood it is."""

    @property
    def likelihood(self) -> LikelihoodName: ...

    @property
    def scale(self) -> str: ...
