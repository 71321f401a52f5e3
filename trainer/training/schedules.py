"""What changes from step to step of a training: the KL weight, the learning rate, the phase? Pure functions of how far training is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainer.config import FitConfig

BURDA_STAGES = 8
MOMENTS = 1000  # of a training, over which a mean is taken


@dataclass(frozen=True)
class StepSettings:
    """What moves during training."""

    beta: float
    """The weight of the KL."""
    phase: str = "elbo"
    """The bound ("elbo", "iwae"), or which of M1 and M2 is trained ("m1", "m2")."""


@dataclass(frozen=True)
class Setting:
    """What a person may change while it goes on."""

    beta: float
    learning_rate: float


def setting_at(config: FitConfig, epochs_done: float) -> Setting:
    """KL weight and step size after so many epochs; a fraction counts."""
    return Setting(settings_at(config, epochs_done).beta, rate_at(config, epochs_done / config.epochs))


def settings_at(config: FitConfig, epochs_done: float) -> StepSettings:
    """KL weight and phase of a step; a fraction of an epoch counts."""
    beta = beta_at(epochs_done, config.beta, config.warmup_epochs, config.beta_cycles, config.epochs)
    if config.model == "m1+m2":
        return StepSettings(beta, "m1" if epochs_done < config.feature_epochs else "m2")
    return StepSettings(beta, "iwae" if config.importance_samples > 1 and epochs_done >= config.elbo_epochs else "elbo")


def rate_at(config: FitConfig, progress: float) -> float:
    """The step size; M1 and M2 each have a schedule of their own."""
    if config.model == "m1+m2":
        cut = config.feature_epochs / config.epochs
        progress = progress / cut if progress < cut else (progress - cut) / (1 - cut)
    return learning_rate_at(progress, config.learning_rate, config.schedule)


def mean_rate_of(config: FitConfig) -> float:
    """The step size, a mean over the whole training."""
    return sum(rate_at(config, (i + 0.5) / MOMENTS) for i in range(MOMENTS)) / MOMENTS


def beta_at(epochs_done: float, beta: float, warmup_epochs: int, n_cycles: int = 0, n_epochs: int = 1) -> float:
    """KL weight after `epochs_done` (a fraction counts), from 0 to beta and never above.

    Warm-up: linear over `warmup_epochs`, then beta (Bowman 2016). Cyclical: training is cut into `n_cycles` equal parts; in each the
    weight rises linearly over the first half and stays (Fu et al. 2019, eq. 6 and 7, R = .5).
    """
    if n_cycles:
        position = min(epochs_done / n_epochs, 1.0) * n_cycles
        within = 1.0 if position == n_cycles else position % 1.0
        return beta * min(1.0, within / 0.5)
    return beta if warmup_epochs == 0 else beta * min(1.0, epochs_done / warmup_epochs)


def learning_rate_at(progress: float, rate: float, schedule: str) -> float:
    """Step size at `progress` in [0, 1]: constant, half a cosine from `rate` to 1 % of it (Loshchilov & Hutter 2017), or Burda's stages.

    Burda 2016, section 5: stage i = 0 … 7 lasts 3^i of 3280 parts and has the rate 10^(−i/7) of the first.
    """
    if schedule == "constant":
        return rate
    if schedule == "stages":
        parts = (3**BURDA_STAGES - 1) / 2
        done = min(max(progress, 0.0), 1.0) * parts
        stage = next((i for i in range(BURDA_STAGES) if done < (3 ** (i + 1) - 1) / 2), BURDA_STAGES - 1)
        return float(rate * 10 ** (-stage / (BURDA_STAGES - 1)))
    return rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))
