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

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.config import FitConfig
from trainer.diagnosis.checks import FEWEST_IMAGES, Check, checks, failed, notes
from trainer.diagnosis.implied import implied_sentence, why_not_implied
from trainer.diagnosis.pressure import PRESSURE, pressure, weight_of_kl
from trainer.diagnosis.remedies import Kind, Remedy, remedies_for
from trainer.diagnosis.sentences import (
    LITTLE,
    USED,
    information_sentence,
    interventions_sentence,
    neighbours_sentence,
    overfitting_sentence,
    pressure_sentence,
    prior_sentence,
    shuffled_errors,
    undecided,
    unused_sentence,
)
from trainer.metrics.collapse import ACTIVE_VARIANCE
from trainer.numerals import counted, number
from trainer.runs.examination import SURELY, Examination
from trainer.runs.overfitting import Overfitting

NO_ALARM = ("healthy", "surplus", "overfitted", "no-verdict")  # nothing is wrong with the code, so nothing has a cause
AUTOREGRESSIVE = "The decoder is also given the pixels before each pixel, which already determine most of the image."
EMPTY = 0.5  # share of the KL that must be information, else most of it is not


@dataclass(frozen=True)
class Diagnosis:
    """The verdict on a run."""

    kind: Kind
    """"no-verdict" where a check that decides failed"""
    used: NDArray[np.bool_]
    """(K,): dimensions that the decoder needs"""
    undecided: NDArray[np.bool_]
    """(K,): of the others those of which too few images were examined to tell"""
    headline: str
    """the verdict in a sentence"""
    because: tuple[str, ...]
    """what it rests on, sentences; of an alarm first those of `causes`"""
    remedies: tuple[Remedy, ...]
    """those that fit, the likeliest first"""
    checks: tuple[Check, ...] = ()
    """all that were made"""
    causes: tuple[str, ...] = ()
    """of an alarm, the sentences that say why the KL term had its way; none where the figures show no reason"""

    @property
    def is_alarm(self) -> bool:
        return self.kind not in ("healthy", "surplus")


def diagnose(
    config: FitConfig, found: Examination, mu: NDArray[Any] | None = None, overfitting: Overfitting | None = None
) -> Diagnosis:
    """The verdict on a run, from what was measured.

    mu (N, K): held-out posterior means, where the examination is older than `variance`. overfitting: what its history says.
    """
    varies, used = _varying(found, mu), used_dimensions(found, mu)
    says_something = found.information >= LITTLE
    made = checks(config, found.n, found.measured, found.implied, uses_code=says_something, is_overfitted=overfitting is not None)
    kind: Kind = "no-verdict" if failed(made) else _kind(config, found, used)
    if overfitting and kind in ("healthy", "surplus"):
        kind = "overfitted"
    why = _causes(kind, config, found)
    course = (overfitting_sentence(overfitting),) if overfitting else ()
    return Diagnosis(
        kind,
        used,
        undecided(found, used, varies),
        _headline(kind, found, used, varies, made),
        (*course, *why, *_because(kind, config, found, used, varies, made)),
        remedies_for(kind, config, overfitting),
        made,
        why,
    )


def used_dimensions(found: Examination, mu: NDArray[Any] | None = None) -> NDArray[np.bool_]:
    """(K,): whose posterior mean varies (Burda et al. 2016) and which reconstruction misses, beyond sampling error."""
    lost = np.asarray(found.shuffled)
    return np.asarray(_varying(found, mu) & (lost > USED) & (lost > SURELY * shuffled_errors(found)))


def _varying(found: Examination, mu: NDArray[Any] | None) -> NDArray[np.bool_]:
    """(K,): the active units of Burda et al. 2016; all where the variance is not known."""
    variance = found.variance if found.variance is not None else None if mu is None else np.asarray(mu).astype(float).var(0)
    return np.ones(len(found.shuffled), bool) if variance is None else np.asarray(variance) > ACTIVE_VARIANCE


def implied_line(config: FitConfig, found: Examination, mu: NDArray[Any], logvar: NDArray[Any]) -> str:
    """The implied β beside the declared one, or why there is none; mu, logvar (N, K): held-out posteriors. Empty where not measured."""
    if config.is_deterministic:
        return ""
    if config.importance_samples > 1:
        return "It was trained with several importance samples, an objective that has no implied β."
    if found.implied is not None:
        return implied_sentence(config, found.measured, found.implied)
    return "" if found.measured is None else why_not_implied(mu, logvar)


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


def _headline(kind: Kind, found: Examination, used: NDArray[np.bool_], varies: NDArray[np.bool_], made: tuple[Check, ...]) -> str:
    n_used, n_dims = int(used.sum()), len(used)
    match kind:
        case "no-verdict":
            return f"No verdict: {_lower(failed(made)[0].sentence)}"
        case "healthy":
            return f"Healthy: {_all(n_dims)} latent dimensions are used."
        case "surplus":
            return f"Healthy: {n_used} of {n_dims} latent dimensions are used; {_of_the_rest(found, used, varies)}."
        case "overfitted":
            return "Overfitted: trained for too long for its images."
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


def _of_the_rest(found: Examination, used: NDArray[np.bool_], varies: NDArray[np.bool_]) -> str:
    """Of the dimensions that are not known to be used: whether they are off, or whether that cannot be told."""
    n_open = int(undecided(found, used, varies).sum())
    n_off = int((~used).sum()) - n_open
    if not n_open:
        return f"{_the_other(n_off)} switched off, which does no harm"
    off = f"{n_off} switched off, which does no harm; " if n_off else ""
    whose = "the other one is" if n_open == 1 else f"the other {n_open} are"
    return f"{off}whether {whose}, {counted(found.n, 'image')} are too few to tell"


def _causes(kind: Kind, config: FitConfig, found: Examination) -> tuple[str, ...]:
    """Of an alarm: the weight of the KL term, and a decoder that hardly needs a code; nothing is concluded from few images."""
    if kind in NO_ALARM or found.n < FEWEST_IMAGES:
        return ()
    weight, beta = pressure(config, found), weight_of_kl(config, found)
    pressed = (pressure_sentence(config, found, weight, beta),) if weight >= PRESSURE else ()
    return (*pressed, AUTOREGRESSIVE) if config.context else pressed


def _because(
    kind: Kind, config: FitConfig, found: Examination, used: NDArray[np.bool_], varies: NDArray[np.bool_], made: tuple[Check, ...]
) -> tuple[str, ...]:
    """What the verdict rests on, besides the causes of an alarm."""
    if found.n < FEWEST_IMAGES:
        return ("Figures of so few images describe these images more than the model; the charts show them as they are.",)
    lines = [check.sentence for check in failed(made)[1:]]
    lines += [information_sentence(found), interventions_sentence(found, used), unused_sentence(found, used, varies)]
    lines = [line for line in (*lines, prior_sentence(found)) if line]
    if kind in ("collapsed", "strong-decoder", "over-regularised") and found.information < LITTLE:
        lines += [line for line in (neighbours_sentence(found),) if line]
    if config.is_conditional:
        lines.append("Encoder and decoder are given the class, so the code only has to hold what the class does not determine.")
    if config.context and kind in NO_ALARM:
        lines.append(AUTOREGRESSIVE)
    return tuple(lines + [check.sentence for check in notes(made)])


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _dimensions(n: int) -> str:
    return "1 dimension" if n == 1 else f"{n} dimensions"


def _all(n: int) -> str:
    return {1: "the one", 2: "both"}.get(n, f"all {n}")


def _the_other(n: int) -> str:
    return "the other one" if n == 1 else f"the other {n}"
