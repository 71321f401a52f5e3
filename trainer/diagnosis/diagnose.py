"""Did dimensions of this run die, does it matter, why, and what can be done?

`trainer.diagnosis.measure` measures a model once, on held-out images; `diagnose` turns the figures into a verdict, in words, with the
numbers that it rests on and the remedies that fit. Sums over pixels and latents, means over images: nats per image. Letters: N images, K
latent dimensions.

KL alone is no witness: a constant encoder N(4, I) pays 8 nats a dimension for nothing. So the verdict rests on how many nats tell images
apart (mutual information of image and code) and on what reconstruction loses when codes are exchanged between images. From N images no
more than log N nats can be seen: where a code holds more, the information and the distance to the prior are known between two bounds
(`trainer.metrics.information_bracket`), and nothing is said that they do not decide. No threshold depends on N. Where a check of
`trainer.diagnosis.checks` fails there is no verdict but the sentence why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trainer.config import FitConfig, checked
from trainer.diagnosis.checks import FEWEST_IMAGES, Check, checks, failed, implied_differs, implied_sentence, notes, why_not_implied
from trainer.errors import ConfigError
from trainer.metrics.collapse import ACTIVE_VARIANCE
from trainer.numerals import count, number, percent, three_figures
from trainer.runs.examination import SURELY, Examination

Kind = Literal["healthy", "surplus", "over-regularised", "collapsed", "strong-decoder", "kl-without-information", "no-verdict"]

USED = 0.05  # nats that reconstruction must lose when a dimension is shuffled, for it to count as used
LITTLE = math.log(2)  # nats below which a code does not even tell one half of the images from the other
EMPTY = 0.5  # share of the KL that must be information, else most of it is not
PRESSURE = 1.5  # effective beta from which the KL term is called too heavy
NEAR, FAR = 1.0, 1.0  # nats: a distance to the prior surely below the first, or surely above the second, is worth a conclusion
SAME = 0.05  # nats from the prior that are as good as none
TIGHT = 0.1  # relative width of a bracket that is told as one number


@dataclass(frozen=True)
class Remedy:
    """Something that can be done: what, why in one sentence, and the settings to train with."""

    name: str
    why: str
    changes: dict[str, Any]


@dataclass(frozen=True)
class Diagnosis:
    """The verdict. used (K,): dimensions that the decoder needs · headline: the verdict in a sentence · because: what it rests on ·
    checks: all that were made; where one that decides fails, kind is "no-verdict"."""

    kind: Kind
    used: NDArray[np.bool_]
    headline: str
    because: tuple[str, ...]
    remedies: tuple[Remedy, ...]
    checks: tuple[Check, ...] = ()

    @property
    def is_alarm(self) -> bool:
        return self.kind not in ("healthy", "surplus")


def diagnose(config: FitConfig, found: Examination, mu: NDArray[Any] | None = None) -> Diagnosis:
    """The verdict on a run, from what was measured; mu (N, K), held-out posterior means, where the examination is older than `variance`."""
    used = used_dimensions(found, mu)
    made = checks(config, found.n, found.measured, found.implied, uses_code=found.information >= LITTLE)
    kind: Kind = "no-verdict" if failed(made) else _kind(config, found, used)
    return Diagnosis(
        kind, used, _headline(kind, config, found, used, made), _because(kind, config, found, used, made),
        _remedies(kind, config, found), made,
    )  # fmt: skip


def headline(config: FitConfig, found: Examination | None) -> Diagnosis | None:
    """The verdict from run.json alone, without opening the codes: for the header of every view. None where there was no examination."""
    return None if found is None else diagnose(config, found)


def used_dimensions(found: Examination, mu: NDArray[Any] | None = None) -> NDArray[np.bool_]:
    """(K,): whose posterior mean varies (Burda et al. 2016) and which reconstruction misses, beyond sampling error."""
    lost = np.asarray(found.shuffled)
    error = np.zeros_like(lost) if found.shuffled_error is None else np.asarray(found.shuffled_error)
    variance = found.variance if found.variance is not None else None if mu is None else np.asarray(mu).astype(float).var(0)
    varies = np.ones(len(lost), bool) if variance is None else np.asarray(variance) > ACTIVE_VARIANCE
    return np.asarray(varies & (lost > USED) & (lost > SURELY * error))


def implied_line(config: FitConfig, found: Examination, mu: NDArray[Any], logvar: NDArray[Any]) -> str:
    """The implied β beside the declared one, or why there is none; mu, logvar (N, K): held-out posteriors. Empty where not measured."""
    if config.is_deterministic:
        return ""
    if config.importance_samples > 1:
        return "It was trained with several importance samples, an objective that has no implied β."
    if found.implied is not None:
        return implied_sentence(config, found.measured, found.implied)
    return "" if found.measured is None else why_not_implied(mu, logvar)


def weight_of_kl(config: FitConfig, found: Examination) -> float:
    """β: what the model implies where that is clearly another than what was declared."""
    if found.implied is not None and implied_differs(config, found.implied):
        return found.implied.value
    return config.beta


def pressure(config: FitConfig, found: Examination) -> float:
    """Effective beta: how heavy the KL term weighs beside the pixels as they are.

    With Gaussian pixels of a fixed σ a nat of reconstruction is counted in units of σ²; measured against the error that is really left it
    weighs β σ² / MSE. 1 where σ is learned, optimal or there is none, times β.
    """
    is_fixed = config.likelihood == "gaussian" and config.scale == "fixed"
    return weight_of_kl(config, found) * (config.sigma**2 / max(found.residual, 1e-12) if is_fixed else 1.0)


def _kind(config: FitConfig, found: Examination, used: NDArray[np.bool_]) -> Kind:
    tells_little = found.information < LITTLE
    if tells_little and found.mean_kl > max(1.0, found.information / EMPTY):
        return "kl-without-information"
    if tells_little and config.context:
        return "strong-decoder"
    if tells_little and not used.any():
        return "collapsed"
    if tells_little or pressure(config, found) >= PRESSURE:
        return "over-regularised"
    return "healthy" if used.all() else "surplus"


def _headline(kind: Kind, config: FitConfig, found: Examination, used: NDArray[np.bool_], made: tuple[Check, ...]) -> str:
    n_used, n_dims = int(used.sum()), len(used)
    match kind:
        case "no-verdict":
            return f"No verdict: {_lower(failed(made)[0].sentence)}"
        case "healthy":
            return f"Healthy: {_all(n_dims)} latent dimensions are used."
        case "surplus":
            rest = n_dims - n_used
            return f"Healthy: {n_used} of {n_dims} latent dimensions are used; {_the_other(rest)} switched off, which does no harm."
        case "over-regularised":
            if n_used == 0:
                return f"Over-regularised: the KL term leaves none of the {_dimensions(n_dims)} in use."
            return f"Over-regularised: {n_used} of {_dimensions(n_dims)} are used, and the KL term limits the information that they carry."
        case "collapsed":
            return (
                "Collapsed: the latent code carries almost no information about the image, and the decoder gives the same mean image "
                "for all."
            )
        case "strong-decoder":
            return (
                "Collapsed: the decoder predicts each pixel from the pixels before it and makes almost no use of the latent code."
            )
        case "kl-without-information":
            return (
                f"The KL of {number(found.mean_kl, 1)} nats carries no information: the posteriors differ from the prior, but not from "
                "each other."
            )


def _because(
    kind: Kind, config: FitConfig, found: Examination, used: NDArray[np.bool_], made: tuple[Check, ...]
) -> tuple[str, ...]:  # fmt: skip
    if found.n < FEWEST_IMAGES:
        return ("Figures of so few images say more of these images than of the model; the charts show them as they are.",)
    lines = [check.sentence for check in failed(made)[1:]]
    lines += [information_sentence(found), _interventions_sentence(found, used), prior_sentence(found)]
    weight, beta = pressure(config, found), weight_of_kl(config, found)
    if kind != "no-verdict" and weight >= PRESSURE:
        lines.append(_pressure_sentence(config, found, weight, beta))
    if kind in ("collapsed", "strong-decoder", "over-regularised") and found.information < LITTLE:
        lines += [line for line in (neighbours_sentence(found),) if line]
    if config.is_conditional:
        lines.append(
            "Encoder and decoder are given the class, so the code only has to hold what the class does not say of an image."
        )
    if config.context:
        lines.append("The decoder also sees the pixels before each pixel, which already tell most of what a code could.")
    return tuple(lines + [check.sentence for check in notes(made)])


def information_sentence(found: Examination) -> str:
    """How much a code says of its image, no more than n images decide."""
    low, high = found.information_between
    kl = f"the mean KL is {number(found.mean_kl)} nats"
    if found.is_capped:
        above = f" and at most {number(high)}" if found.prior_low is not None else ""
        return (
            f"The latent code carries at least {number(low)} nats of information about the image{above}; more than "
            f"log {count(found.n)} = {number(found.ceiling)} cannot be seen with {count(found.n)} images. The mean KL is "
            f"{number(found.mean_kl)} nats."
        )
    if high - low > max(TIGHT * high, SURELY * found.information_error, 0.05):
        return f"The latent code carries {number(low)} to {number(high)} nats of information about the image; {kl}."
    return f"The latent code carries {number(low)} nats of information about the image; {kl}."


def prior_sentence(found: Examination) -> str:
    """How far the codes as a whole are from the prior, and what follows from it, if anything does."""
    low, high = found.prior_distance
    text, what = prior_bracket(found), "The aggregated posterior is"
    if high < SAME:
        return f"{what} {text} from the prior: codes as a whole are spread as the prior is."
    if high < NEAR:
        return (
            f"{what} {text} from the prior: where codes lie they are at most {_times(high)} as dense as the prior (geometric mean)."
        )
    if low > FAR:
        return (
            f"{what} {text} from the prior: where codes lie they are at least {_times(low)} as dense as the prior (geometric mean), so "
            "that samples from the prior are not spread as codes are."
        )
    return f"{what} {text} from the prior; {count(found.n)} images do not decide whether codes are spread as the prior is."


def _times(nats: float) -> str:
    """A distance in nats as a factor of density."""
    return f"{number(math.exp(nats), 1)} times" if nats < math.log(1000) else "1000 times"


def prior_bracket(found: Examination) -> str:
    """The distance to the prior in words: one number where the bounds nearly meet, "at most" or "between" elsewhere."""
    low, high = found.prior_distance
    if high - low <= max(TIGHT * high, 0.05):
        return f"{number(high)} nats"
    return f"at most {number(high)} nats" if low < 0.005 else f"{number(low)} to {number(high)} nats"


def _interventions_sentence(found: Examination, used: NDArray[np.bool_]) -> str:
    error = "" if found.interventions_n in (None, found.n) else f" (on {count(found.interventions_n or 0)} images)"
    return (
        f"Shuffling the codes across images raises the reconstruction loss by {number(_at_least_zero(found.all_shuffled))} nats{error}; "
        f"shuffling a single dimension raises it by more than {USED:g} in {int(used.sum())} of {len(used)}."
    )


def neighbours_sentence(found: Examination) -> str:
    """Why nearest neighbours may still read classes from codes that carry next to nothing; empty where that was not measured."""
    if found.knn_means is None or found.knn_draws is None or found.signal_to_noise is None:
        return ""
    ratio = math.sqrt(max(found.signal_to_noise, default=0.0))
    return (
        f"15-NN among the {count(found.n)} examined images tells the class from the posterior means in {percent(found.knn_means)}, because "
        f"it compares means on any scale: in no dimension do these spread by more than {_small(ratio)} posterior standard deviations. "
        f"The decoder is given samples, from which it tells it in {percent(found.knn_draws)}."
    )


def _pressure_sentence(config: FitConfig, found: Examination, weight: float, beta: float) -> str:
    as_written = f"{config.beta:g}" if beta == config.beta else number(beta, three_figures(beta))
    named = f"β {as_written}" if beta == config.beta else f"an implied β of {as_written}"
    if config.likelihood == "gaussian" and config.scale == "fixed":
        return (
            f"σ is fixed at {config.sigma:g} while the error left in a pixel is {number(math.sqrt(found.residual), 3)}: with {named} "
            f"the KL term weighs {number(weight, 1)} times as much as in a model whose σ fits (β σ² / MSE)."
        )
    told = f"β is {as_written}" if beta == config.beta else f"The implied β is {as_written}"
    return f"{told}: at the optimum one more nat of KL must lower the reconstruction loss by {as_written} nats."


def _remedies(kind: Kind, config: FitConfig, found: Examination) -> tuple[Remedy, ...]:
    """Those that fit, the likeliest first."""
    ramp = max(1, (3 * config.epochs) // 4)
    warm = Remedy(
        "KL warm-up", f"The KL weight rises from 0 over {count(ramp)} epochs, so that the code is in use before the KL term is felt.",
        {"warmup_epochs": ramp, "beta_cycles": 0},
    )  # fmt: skip
    cyclic = Remedy(
        "Cyclical annealing", "The KL weight rises from 0 four times, each time from codes that the decoder already uses (Fu et al. 2019).",
        {"beta_cycles": 4, "warmup_epochs": 0},
    )  # fmt: skip
    free = Remedy(
        "Free bits", "The first half nat of KL of every dimension is not penalised: none gains by switching off (Kingma et al. 2016).",
        {"free_bits": 0.5},
    )  # fmt: skip
    lagging = Remedy(
        "Lagging inference", "The encoder takes many steps for each step of the decoder, so that it does not lag behind (He et al. 2019).",
        {"lagging_steps": 100},
    )  # fmt: skip
    lower = Remedy("Lower β", "With β = 1 the loss is the negative ELBO.", {"beta": 1.0})
    learned = Remedy(
        "Learned σ", "The reconstruction term is then weighted by the noise that the data really has (Rybkin et al. 2021).",
        {"scale": "learned"},
    )  # fmt: skip
    plain = Remedy(
        "Decoder without context",
        "Without the pixels before it, a pixel can be predicted only from the latent code.",
        {"context": 0},
    )
    anew = Remedy("Train it anew", "The posterior is the same for every image, which training from a new start can change.", {})
    is_fixed = config.likelihood == "gaussian" and config.scale == "fixed"
    match kind:
        case "healthy" | "surplus" | "no-verdict":
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


def _at_least_zero(value: float) -> float:
    """A loss that chance put a little below 0 is none."""
    return 0.0 if -USED < value < 0 else value


def _small(value: float) -> str:
    """A share of a standard deviation, with as many digits as it needs."""
    return number(value, 3) if value >= 0.001 else "0.001"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _dimensions(n: int) -> str:
    return "1 dimension" if n == 1 else f"{n} dimensions"


def _all(n: int) -> str:
    return {1: "the one", 2: "both"}.get(n, f"all {n}")


def _the_other(n: int) -> str:
    return "the other one" if n == 1 else f"the other {n}"
