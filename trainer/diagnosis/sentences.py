"""In which words is an examination told? Every sentence says no more than n images decide.

Nats per image throughout.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trainer.config import FitConfig
from trainer.numerals import count, counted, dimension, number, percent, three_figures
from trainer.runs.examination import SURELY, Examination
from trainer.runs.overfitting import Overfitting

NAMED = 12  # dimensions in a sentence
LITTLE = math.log(2)  # nats below which a code does not even tell one half of the images from the other
USED = 0.05  # nats that reconstruction must lose when a dimension is shuffled, for it to count as used
NEAR = 1.0  # nats: a distance to the prior surely below it is worth a conclusion
FAR = 1.0  # and one surely above it
SAME = 0.05  # nats from the prior that are as good as none
TIGHT = 0.1  # relative width of a bracket that is told as one number


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


def samples_sentence(found: Examination) -> str:
    """That samples from the prior are not spread as codes are, where that is sure; else empty."""
    low, _ = found.prior_distance
    if low <= FAR:
        return ""
    return f"Codes are not spread as the prior is: where they lie they are at least {_times(low)} as dense (geometric mean)."


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


def interventions_sentence(found: Examination, used: NDArray[np.bool_]) -> str:
    error = "" if found.interventions_n in (None, found.n) else f" (on {count(found.interventions_n or 0)} images)"
    return (
        f"Shuffling the codes across images raises the reconstruction loss by {number(_at_least_zero(found.all_shuffled))} nats{error}; "
        f"shuffling a single dimension raises it by more than {USED:g} in {int(used.sum())} of {len(used)}."
    )


def shuffled_errors(found: Examination) -> NDArray[np.float64]:
    """(K,): standard errors of what reconstruction loses by shuffling a dimension, nats; 0 where they were not measured."""
    return np.zeros(len(found.shuffled)) if found.shuffled_error is None else np.asarray(found.shuffled_error, np.float64)


def undecided(found: Examination, used: NDArray[np.bool_], varies: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(K,): dimensions of which reconstruction may miss `LITTLE` nats or more, but too few images were examined to say that it does.
    used, varies: (K,)."""
    lost = np.asarray(found.shuffled)
    return np.asarray(~used & varies & (lost + SURELY * shuffled_errors(found) >= LITTLE))


def unused_sentence(found: Examination, used: NDArray[np.bool_], varies: NDArray[np.bool_]) -> str:
    """Which dimensions are not used, by name, and what decided it; empty where all are or none is. used, varies: (K,)."""
    if used.all() or not used.any():
        return ""
    lost, errors = np.asarray(found.shuffled), shuffled_errors(found)
    is_open = undecided(found, used, varies)
    still, missed, untold = (np.flatnonzero(~used & these) for these in (~varies, varies & ~is_open, is_open))
    parts = []
    if len(still):
        parts.append(f"{_names(still)}, whose posterior mean hardly varies (variance at most 0.01)")
    if len(missed):
        most = max(0.0, float(lost[missed].max()))
        error = float(errors[missed].max())
        why = f"shuffling raises the loss by at most {number(most, 3)} nats" + (
            f", sampling error up to {number(error, 3)}" if most > USED else ""
        )
        parts.append(f"{_names(missed)}, whose posterior mean varies, but {why}")
    sentences = [f"Not used: {'; and '.join(parts)}."] if parts else []
    if len(untold):
        error = float(errors[untold].max())
        sentences.append(
            f"Not known: {_names(untold)}; shuffling raises the loss by up to {number(float(lost[untold].max()), 3)} nats, which is within "
            f"two standard errors (of up to {number(error, 3)})."
        )
    return " ".join(sentences)


def as_far(epochs: int, epoch: int) -> str:
    """That a training of so many epochs leads to where another one was after `epoch`; empty where both are the same number."""
    return f"; in {count(epochs)} the falling step size leads about as far" if epochs != epoch else ""


def overfitting_sentence(found: Overfitting) -> str:
    """What the history says, in nats and epochs."""
    return (
        f"The loss on test images was lowest after about {counted(found.epoch, 'epoch')} and is {number(found.rise, 1)} nats higher "
        "at the end, while that on training images fell: the model overfits. The usual remedies are fewer epochs and more images."
    )


def _names(dimensions: NDArray[np.int64]) -> str:
    """A handful by name, the rest as a number."""
    named = [dimension(int(k)) for k in dimensions[:NAMED]]
    if len(dimensions) > NAMED:
        return f"{', '.join(named)} and {len(dimensions) - NAMED} more"
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


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


def pressure_sentence(config: FitConfig, found: Examination, weight: float, beta: float) -> str:
    as_written = f"{config.beta:g}" if beta == config.beta else number(beta, three_figures(beta))
    named = f"β {as_written}" if beta == config.beta else f"an implied β of {as_written}"
    if config.likelihood == "gaussian" and config.scale == "fixed":
        return (
            f"σ is fixed at {config.sigma:g} while the error left in a pixel is {number(math.sqrt(found.residual), 3)}: with {named} "
            f"the KL term weighs {number(weight, 1)} times as much as in a model whose σ fits (β σ² / MSE)."
        )
    told = f"β is {as_written}" if beta == config.beta else f"The implied β is {as_written}"
    return f"{told}: at the optimum one more nat of KL must lower the reconstruction loss by {as_written} nats."


def _at_least_zero(value: float) -> float:
    """A loss that chance put a little below 0 is none."""
    return 0.0 if -USED < value < 0 else value


def _small(value: float) -> str:
    """A share of a standard deviation, with as many digits as it needs."""
    return number(value, 3) if value >= 0.001 else "0.001"
