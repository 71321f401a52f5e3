"""What can be done about a verdict?

A remedy is a set of changes of the configuration. Offered are those that fit the verdict and give another configuration that can be
trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from trainer.config import FitConfig, checked, of_epochs
from trainer.diagnosis.sentences import as_far
from trainer.errors import ConfigError
from trainer.numerals import count, counted
from trainer.runs.overfitting import Overfitting

Kind = Literal[
    "healthy", "surplus", "overfitted", "over-regularised", "collapsed", "strong-decoder", "kl-without-information", "no-verdict"
]


@dataclass(frozen=True)
class Remedy:
    """Something that can be done."""

    name: str
    """for people"""
    why: str
    """one sentence"""
    changes: dict[str, Any]
    """the settings to train with"""


CYCLIC = Remedy(
    "Cyclical annealing",
    "The KL weight rises from 0 four times, each time from codes that the decoder already uses (Fu et al. 2019).",
    {"beta_cycles": 4, "warmup_epochs": 0},
)
FREE_BITS = Remedy(
    "Free bits",
    "The first half nat of KL of every dimension is not penalised: none gains by switching off (Kingma et al. 2016).",
    {"free_bits": 0.5},
)
LAGGING = Remedy(
    "Lagging inference",
    "The encoder takes many steps for each step of the decoder, so that it does not lag behind (He et al. 2019).",
    {"lagging_steps": 100},
)
LOWER_BETA = Remedy("Lower β", "With β = 1 the loss is the negative ELBO.", {"beta": 1.0})
LEARNED_SIGMA = Remedy(
    "Learned σ",
    "The reconstruction term is then weighted by the noise that the data really has (Rybkin et al. 2021).",
    {"scale": "learned"},
)
WITHOUT_CONTEXT = Remedy(
    "Decoder without context",
    "Without the pixels before it, a pixel can be predicted only from the latent code.",
    {"context": 0},
)
ANEW = Remedy("Train it again", "The posterior is the same for every image, which training from a new start can change.", {})


def _warm_up(config: FitConfig) -> Remedy:
    ramp = max(1, (3 * config.epochs) // 4)
    return Remedy(
        "KL warm-up",
        f"The KL weight rises from 0 over {count(ramp)} epochs, so that the code is in use before the KL term takes effect.",
        {"warmup_epochs": ramp, "beta_cycles": 0},
    )


def _fewer_epochs(config: FitConfig, overfitting: Overfitting) -> Remedy:
    """As many as lead about as far as the best of those that were trained, where the step size falls over them."""
    n = overfitting.fewer(config.epochs)
    why = f"The loss on test images was lowest after about {counted(overfitting.epoch, 'epoch')}{as_far(n, overfitting.epoch)}."
    return Remedy("Fewer epochs", why, of_epochs(config, n))


def remedies_for(kind: Kind, config: FitConfig, overfitting: Overfitting | None = None) -> tuple[Remedy, ...]:
    """Those that fit, the likeliest first."""
    lighter = [LOWER_BETA] if config.beta > 1 else []
    scale = [LEARNED_SIGMA] if config.likelihood == "gaussian" and config.scale == "fixed" else []
    match kind:
        case "healthy" | "surplus" | "no-verdict":
            chosen: list[Remedy] = []
        case "overfitted":
            chosen = [_fewer_epochs(config, overfitting)] if overfitting else []
        case "strong-decoder":
            chosen = [FREE_BITS, CYCLIC, _warm_up(config), LAGGING, WITHOUT_CONTEXT]
        case "kl-without-information":
            chosen = [*lighter, *scale, ANEW]
        case _:
            chosen = [*scale, *lighter] or [_warm_up(config), FREE_BITS]
    return tuple(remedy for remedy in chosen if _fits(config, remedy))


def _fits(config: FitConfig, remedy: Remedy) -> bool:
    """Whether the configuration with the remedy is one that can be trained, and another one."""
    try:
        changed = checked(config, **remedy.changes)
    except ConfigError:
        return False
    return changed != config or not remedy.changes
