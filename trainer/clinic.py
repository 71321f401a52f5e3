"""Did dimensions of this run die, does it matter, why, and what can be done?

`trainer.examine` measures a model once, on held-out images; `diagnose` turns the figures into a verdict, in words, with the numbers that it
rests on and the remedies that fit. Sums over pixels and latents, means over images: nats per image. Letters: N images, K latent dimensions.

KL alone is no witness: a constant encoder N(4, I) pays 8 nats a dimension for nothing. So the verdict rests on how many nats tell images
apart (mutual information of image and code, at most log N) and on what reconstruction loses when codes are exchanged between images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from trainer.collapse import is_active
from trainer.config import FitConfig, checked
from trainer.errors import ConfigError

Kind = Literal["healthy", "surplus", "over-regularised", "collapsed", "strong-decoder", "kl-without-information"]

USED = 0.05  # nats that reconstruction must lose when a dimension is shuffled, for it to count as used
LITTLE = 0.1  # share of log N below which a code tells next to nothing of its image
EMPTY = 0.5  # share of the KL that must be information, else most of it is not
PRESSURE = 1.5  # effective beta from which the KL term is called too heavy


class Examination(BaseModel):
    """What was measured of a run on `n` held-out images, nats per image; stored in run.json.

    information, marginal_kl, total_correlation, dimension_wise_kl (K): see `trainer.information`; ceiling = log n · baseline =
    E_q[−log p(x|z)] · shuffled, zeroed (K): its rise without dimension k, see `trainer.collapse.Interventions` · all_shuffled: its rise
    when the whole code is another image's · sensitivity (K): mean ‖∂x_hat/∂z_k‖ · residual: mean squared error of a pixel at sampled
    codes · sigma: the fixed or learned scale of a pixel, None where there is none or every pixel has its own.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    n: int
    mean_kl: float
    information: float
    information_error: float
    marginal_kl: float
    total_correlation: float
    dimension_wise_kl: tuple[float, ...]
    baseline: float
    shuffled: tuple[float, ...]
    zeroed: tuple[float, ...]
    all_shuffled: float
    sensitivity: tuple[float, ...]
    residual: float
    sigma: float | None = None

    @property
    def ceiling(self) -> float:
        """log n nats: a code cannot tell more than n images apart."""
        return math.log(self.n)

    @model_validator(mode="after")
    def _fits_together(self) -> Examination:
        lengths = {len(values) for values in (self.dimension_wise_kl, self.shuffled, self.zeroed, self.sensitivity)}
        if len(lengths) != 1 or self.n < 1:
            raise ValueError(f"the examination has {sorted(lengths)} dimensions of {self.n} images")
        return self


@dataclass(frozen=True)
class Remedy:
    """Something that can be done: what, why in one sentence, and the settings to train with."""

    name: str
    why: str
    changes: dict[str, Any]


@dataclass(frozen=True)
class Diagnosis:
    """The verdict. used (K,): dimensions that the decoder needs · headline: the verdict in a sentence · because: what it rests on."""

    kind: Kind
    used: NDArray[np.bool_]
    headline: str
    because: tuple[str, ...]
    remedies: tuple[Remedy, ...]

    @property
    def is_alarm(self) -> bool:
        return self.kind not in ("healthy", "surplus")


def diagnose(config: FitConfig, found: Examination, mu: NDArray[Any]) -> Diagnosis:
    """The verdict on a run, from what was measured and the held-out posterior means mu (N, K)."""
    used = is_active(np.asarray(mu)) & (np.asarray(found.shuffled) > USED)
    kind = _kind(config, found, used)
    return Diagnosis(
        kind, used, _headline(kind, config, found, used), _because(config, found, used), _remedies(kind, config, found)
    )


def pressure(config: FitConfig, found: Examination) -> float:
    """Effective beta: how heavy the KL term weighs beside the pixels as they are.

    With Gaussian pixels of a fixed σ a nat of reconstruction is counted in units of σ²; measured against the error that is really left it
    weighs β σ² / MSE. 1 where σ is learned, optimal or there is none, times β.
    """
    is_fixed = config.likelihood == "gaussian" and config.scale == "fixed"
    return config.beta * (config.sigma**2 / max(found.residual, 1e-12) if is_fixed else 1.0)


def _kind(config: FitConfig, found: Examination, used: NDArray[np.bool_]) -> Kind:
    tells_little = found.information < LITTLE * found.ceiling
    if tells_little and found.mean_kl > max(1.0, found.information / EMPTY):
        return "kl-without-information"
    if tells_little and config.context:
        return "strong-decoder"
    if tells_little and not used.any():
        return "collapsed"
    if tells_little or pressure(config, found) >= PRESSURE:
        return "over-regularised"
    return "healthy" if used.all() else "surplus"


def _headline(kind: Kind, config: FitConfig, found: Examination, used: NDArray[np.bool_]) -> str:
    n_used, n_dims = int(used.sum()), len(used)
    match kind:
        case "healthy":
            return f"Healthy: {_all(n_dims)} latent dimensions are used."
        case "surplus":
            rest = n_dims - n_used
            return f"Healthy: {n_used} of {n_dims} latent dimensions are used; {_the_other(rest)} switched off, which does no harm."
        case "over-regularised":
            return (
                f"Over-regularised: {n_used} of {n_dims} dimensions are used, and the KL term holds them below what they could say."
            )
        case "collapsed":
            return "Collapsed: the codes say next to nothing of the pictures, and the decoder draws the same mean picture for all."
        case "strong-decoder":
            return "Collapsed: the decoder explains the pictures by their own pixels and does without the code."
        case "kl-without-information":
            return (
                f"The KL of {found.mean_kl:.1f} nats is no information: the codes differ from the prior, but not from each other."
            )


def _because(config: FitConfig, found: Examination, used: NDArray[np.bool_]) -> tuple[str, ...]:
    share = max(0.0, found.information / found.ceiling)
    lines = [
        f"Image and code share {_nats(found.information)} nats of information, {share:.0%} of the {found.ceiling:.2f} (log {found.n:,}) "
        f"that could be; the mean KL is {_nats(found.mean_kl)} nats.",
        f"Exchanging whole codes between images costs reconstruction {_nats(found.all_shuffled)} nats; "
        f"exchanging one dimension costs more than {USED:g} in {int(used.sum())} of {len(used)}.",
        f"The aggregated posterior is {_nats(found.marginal_kl)} nats away from the prior: "
        + (
            "draws from the prior land where codes are."
            if found.marginal_kl < 1
            else "part of the prior's draws land where no codes are."
        ),
    ]
    weight = pressure(config, found)
    if weight >= PRESSURE and config.likelihood == "gaussian" and config.scale == "fixed":
        lines.append(
            f"σ is fixed at {config.sigma:g} while the error left in a pixel is {math.sqrt(found.residual):.3f}: with "
            f"β {config.beta:g} the KL term weighs {weight:.1f} times as much as the pixels justify (β σ² / MSE)."
        )
    elif weight >= PRESSURE:
        lines.append(f"β is {config.beta:g}: every nat of information must save {config.beta:g} nats of reconstruction.")
    if config.is_conditional:
        lines.append(
            "The class is told to encoder and decoder, so the code only has to hold what the class does not say of a picture."
        )
    if config.context:
        lines.append("The decoder also sees the pixels before each pixel, so most of what a code could tell it is known already.")
    return tuple(lines)


def _remedies(kind: Kind, config: FitConfig, found: Examination) -> tuple[Remedy, ...]:
    """Those that fit, the likeliest first."""
    ramp = max(1, (3 * config.epochs) // 4)
    warm = Remedy(
        "KL warm-up", f"The KL weight rises from 0 over {ramp} epochs, so that codes are in use before they are charged for.",
        {"warmup_epochs": ramp, "beta_cycles": 0},
    )  # fmt: skip
    cyclic = Remedy(
        "Cyclical annealing", "The weight starts anew four times, and each time the decoder finds codes already in use (Fu et al. 2019).",
        {"beta_cycles": 4, "warmup_epochs": 0},
    )  # fmt: skip
    free = Remedy(
        "Free bits", "Half a nat of every dimension is not charged, so that none gains by switching off (Kingma et al. 2016).",
        {"free_bits": 0.5},
    )  # fmt: skip
    lagging = Remedy(
        "Lagging inference", "The encoder takes many steps before each of the decoder, so that it is not left behind (He et al. 2019).",
        {"lagging_steps": 100},
    )  # fmt: skip
    lower = Remedy("Lower β", "At β = 1 the loss is the bound itself again: a nat pays for a nat.", {"beta": 1.0})
    learned = Remedy(
        "Learned σ", "σ then follows the error that is left, and pixels count for what they are worth (Rybkin et al. 2021).",
        {"scale": "learned"},
    )  # fmt: skip
    plain = Remedy(
        "Decoder without context",
        "Without the pixels before, what is to be known of a picture must come through its code.",
        {"context": 0},
    )
    anew = Remedy(
        "Train it anew", "Codes that are the same for every image are not learned but set: training moves them apart.", {}
    )
    is_fixed = config.likelihood == "gaussian" and config.scale == "fixed"
    match kind:
        case "healthy" | "surplus":
            chosen: list[Remedy] = []
        case "strong-decoder":
            chosen = [free, cyclic, warm, lagging, plain]
        case "kl-without-information":
            chosen = [*([lower] if config.beta > 1 else []), *([learned] if is_fixed else []), anew]
        case _:
            chosen = [*([learned] if is_fixed else []), *([lower] if config.beta > 1 else [])]
            chosen += [warm, free] if not chosen else []
    return tuple(remedy for remedy in chosen if _fits(config, remedy))


def _fits(config: FitConfig, remedy: Remedy) -> bool:
    """Whether the configuration with the remedy is one that can be trained, and another one."""
    try:
        changed = checked(config, **remedy.changes)
    except ConfigError:
        return False
    return changed != config or not remedy.changes


def _nats(value: float) -> str:
    """Two digits; an estimate that chance put below 0 is 0."""
    text = f"{value:.2f}".replace("-", "−")
    return "0.00" if text == "−0.00" else text


def _all(n: int) -> str:
    return {1: "the one", 2: "both"}.get(n, f"all {n}")


def _the_other(n: int) -> str:
    return "the other one" if n == 1 else f"the other {n}"
