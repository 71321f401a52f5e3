"""May anything be concluded from a model's figures? What must hold before there is a verdict, measured and in words.

A model that somebody brings can be read wrongly without an error: its pixels in another range, its standard deviation taken for a log
variance, its batch normalisation still in training mode. Each such mistake leaves a trace that can be measured without knowing the right
answer. `measure` takes the figures, `checks` says what they mean; a check that forbids a verdict is told apart from a note.

Letters: N images, P = C·H·W pixels, K latent dimensions. Nats per image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trainer.config import FitConfig, ImportedConfig
from trainer.diagnosis.implied import UNEVEN, VERY_UNEVEN, between_dimensions, implied_differs, implied_sentence
from trainer.diagnosis.reading import OUTSIDE
from trainer.numerals import count, number, percent
from trainer.runs.examination import Implied, Measured

FEWEST_IMAGES = 30  # below it a figure of a mean has no meaning (its error is a fifth of the spread and more)
SAME_CODE = 1e-3  # how far a code may be off when its image is encoded alone, beside 1 + its size
MOST_OUTSIDE = 0.01  # the share of them that is allowed
CLEARLY_WORSE = 1.0  # nats beyond sampling error by which a picture is worse than the mean picture
WORSE_CONSTANT = (
    0.2  # by which share of the mean picture's own loss the one picture of a decoder that ignores its code may be worse
)
POSITIVE = 0.01  # a mean log variance above it, with none below 0, is no log variance
HELD = 2.0  # factor between the beta that the means and the one that the spreads imply
SHIFTED = 0.1  # by which share the means would have to change; encoders that are a little off on held-out images have up to .05
FEW_EFFECTIVE = 2.0  # effective draws, of 200 or so
PASSED = {
    "images": f"there are {FEWEST_IMAGES} test images or more",
    "mean image": "reconstructions are not clearly worse than one image for all",
    "encoded alone": "an image has the same code alone as among others",
    "pixel range": "nearly all decoded pixels lie between 0 and 1",
    "log variances": "they are not all above 0, as a standard deviation or a variance would be",
    "implied β by dimension": "dimensions imply nearly the same β",
    "posterior means": "they do not contradict the prior N(0, I)",
    "importance weights": f"on average at least {FEW_EFFECTIVE:g} samples count in importance sampling",
    "implied β": "it is not clearly another one than declared",
}


@dataclass(frozen=True)
class Check:
    """One check; `PASSED` has in words what holds where it passed."""

    name: str
    """a key of `PASSED`, or `as understood`"""
    passed: bool
    """whether it holds"""
    figure: float
    """what was measured, in the unit that the sentence names"""
    sentence: str
    """what is said where it failed"""
    decides: bool
    """whether failing it forbids a verdict"""


def checks(
    config: FitConfig,
    n: int,
    measured: Measured | None,
    implied: Implied | None,
    uses_code: bool = True,
    is_overfitted: bool = False,
) -> tuple[Check, ...]:
    """All of them that can be made, those that forbid a verdict first.

    n: held-out images that the verdict would rest on.
    uses_code: whether the code says anything of its image. Where it does not, the decoder has one picture for all, which need not
        be the mean.
    is_overfitted: whether its history says so: then more epochs are no advice.
    """
    found = [
        Check(
            "images",
            n >= FEWEST_IMAGES,
            n,
            f"Too few test images ({count(n)}): at least {FEWEST_IMAGES} are needed.",
            True,
        )
    ]
    if isinstance(config, ImportedConfig):
        found += [Check("as understood", False, 0.0, doubt, True) for doubt in config.doubts]
    if measured is not None:
        found += _of_pictures(config, measured, uses_code)
        found += _of_reading(measured) if isinstance(config, ImportedConfig) else ()
        found += _of_weights(measured)
    found += _of_implied(config, measured, implied, is_overfitted)
    return tuple(sorted(found, key=lambda check: not check.decides))


def _of_pictures(config: FitConfig, found: Measured, uses_code: bool) -> Iterator[Check]:
    why = (
        "The data set, the range or normalisation of its pixels, the likelihood or the weights are not those that the model was trained "
        "with, or the values of encode were misread (mean and spread swapped, layers left out)."
        if isinstance(config, ImportedConfig)
        else "It was trained too little, or on images unlike these."
    )
    allowed = 0.0 if uses_code else WORSE_CONSTANT * max(0.0, found.mean_nll - found.perfect_nll)
    yield Check(
        "mean image",
        found.excess <= max(allowed, CLEARLY_WORSE + 3 * found.excess_error),
        found.excess,
        f"Reconstructions are worse than one image for all, the mean image: −log p(x|z) at the posterior mean, z = μ, is "
        f"{number(found.nll, 1)} against {number(found.mean_nll, 1)} nats per image. {why}",
        True,
    )


def _of_reading(found: Measured) -> Iterator[Check]:
    """What a model from elsewhere may have been mistaken for."""
    yield Check(
        "encoded alone",
        found.alone <= SAME_CODE,
        found.alone,
        f"An image that is encoded alone gets another code than among others (off by {number(found.alone, 3)} of 1 + its size): batch "
        "normalisation or dropout is still in training mode; call eval() on the model.",
        True,
    )
    yield Check(
        "pixel range",
        found.outside <= MOST_OUTSIDE,
        found.outside,
        f"{percent(found.outside)} of decoded pixels lie outside 0 to 1 by more than {OUTSIDE}: the decoder's pixels have another range "
        "(tanh gives −1 to 1): say so with --pixels.",
        True,
    )
    is_spread = found.least_logvar >= 0 and found.mean_logvar > POSITIVE
    yield Check(
        "log variances",
        not is_spread,
        found.least_logvar,
        f"Every log variance is above 0 (the smallest is {number(found.least_logvar, 3)}), so that every posterior would be wider than the "
        "prior: what is read as a log variance is probably a standard deviation or a variance.",
        True,
    )


def _of_weights(found: Measured) -> Iterator[Check]:
    if found.ess is not None and found.ess_draws is not None:
        yield Check(
            "importance weights",
            found.ess >= FEW_EFFECTIVE,
            found.ess,
            f"Of {found.ess_draws} samples from the posterior only {number(found.ess, 1)} count in importance sampling: the encoder's "
            "posterior is far from that of this decoder, and the NLL is an upper bound that need not be tight.",
            False,
        )


def _of_implied(config: FitConfig, measured: Measured | None, implied: Implied | None, is_overfitted: bool) -> Iterator[Check]:
    if implied is None or config.importance_samples > 1:
        return  # an importance-weighted bound has another optimum
    is_foreign = isinstance(config, ImportedConfig)
    limit = VERY_UNEVEN if is_foreign else UNEVEN
    why = (
        "a standard deviation or a variance read as log variance, another prior than N(0, I), or an encoder far from its optimum"
        if is_foreign
        else _of_optimum(is_overfitted)
    )
    if implied.value <= 0:
        yield Check("implied β", False, implied.value, implied_sentence(config, measured, implied), is_foreign)
        return
    yield Check(
        "implied β by dimension", implied.spread <= limit, implied.spread, f"{between_dimensions(implied)}: {why}.", is_foreign
    )
    yield from _of_means(implied, is_foreign, is_overfitted)
    if implied.spread <= VERY_UNEVEN:
        told = implied_differs(config, implied)
        yield Check("implied β", not told, implied.value, implied_sentence(config, measured, implied), False)


def _of_optimum(is_overfitted: bool) -> str:
    """What an uneven implied β says of a model that was trained here."""
    if is_overfitted:
        return "on images that it did not learn from, the encoder of an overfitted model is not at its optimum"
    return "the encoder is not at its optimum: more epochs would bring it there"


def _of_means(implied: Implied, is_foreign: bool, is_overfitted: bool) -> Iterator[Check]:
    """Whether the posterior means are held at 0 as strongly as the spreads at 1: one prior N(0, I) does both."""
    means, low, high, shift = implied.means, implied.means_low, implied.means_high, implied.means_shift
    if means is None or low is None or high is None or shift is None:
        return
    is_apart = high < implied.low / HELD or low > implied.high * HELD
    why = "another prior, or an encoder that is not at its optimum" if is_foreign else _of_optimum(is_overfitted)
    yield Check(
        "posterior means",
        not (is_apart and abs(shift) > SHIFTED),
        means,
        f"The posterior means are not held as a prior N(0, I) would hold them (the means imply β {number(means)}, the spreads "
        f"{number(implied.value)}): {why}.",
        is_foreign,
    )


def failed(found: tuple[Check, ...]) -> tuple[Check, ...]:
    """Those that forbid a verdict."""
    return tuple(check for check in found if check.decides and not check.passed)


def notes(found: tuple[Check, ...]) -> tuple[Check, ...]:
    """What is worth a word beside a verdict."""
    return tuple(check for check in found if not check.decides and not check.passed)
