"""May anything be concluded from a model's figures? What must hold before there is a verdict, measured and in words.

A model that somebody brings can be read wrongly without an error: its pixels in another range, its standard deviation taken for a log
variance, its batch normalisation still in training mode. Each such mistake leaves a trace that can be measured without knowing the right
answer. `measure` takes the figures, `checks` says what they mean; a check that forbids a verdict is told apart from a note.

Letters: N images, P = C·H·W pixels, K latent dimensions. Nats per image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.config import FitConfig, ImportedConfig
from trainer.numerals import count, number, percent, three_figures
from trainer.runs.examination import Implied, Measured

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.models.torch_engine import Vae

FEWEST_IMAGES = 30  # below it a figure of a mean has no meaning (its error is a fifth of the spread and more)
ALONE = 20  # images that are also encoded one by one
SAME_CODE = 1e-3  # how far a code may be off when its image is encoded alone, beside 1 + its size
OUTSIDE, MOST_OUTSIDE = 0.25, 0.01  # how far beyond black or white a pixel counts as outside; the share of them that is allowed
CLEARLY_WORSE = 1.0  # nats beyond sampling error by which a picture is worse than the mean picture
WORSE_CONSTANT = (
    0.2  # by which share of the mean picture's own loss the one picture of a decoder that ignores its code may be worse
)
POSITIVE = 0.01  # a mean log variance above it, with none below 0, is no log variance
DIFFERS = 1.25  # factor between the implied and the declared beta that is worth a word
NEAR = 1.35  # factor up to which an implied beta is called near the declared one
LEAST_KL = 0.05  # nats: a dimension with less is off, and the equation of its implied beta 0 = 0
LEAST_SHRINKAGE = 0.02  # mean 1 − σ² that can be divided by
UNEVEN, VERY_UNEVEN = 0.1, 0.3  # spread of the implied beta over the dimensions: worth a word; no verdict on a model from elsewhere
HELD = 2.0  # factor between the beta that the means and the one that the spreads imply
SHIFTED = 0.1  # by which share the means would have to change; encoders that are a little off on held-out images have up to .05
FEW_EFFECTIVE = 2.0  # effective draws, of 200 or so
CLOSE = 0.12  # relative: how near the ratio of two betas must be to a number that explains it
SCORED = 1000  # images at once


class Pixels(NamedTuple):
    """What of an image a difference of beta may be explained by, before anything is measured: n_pixels P, n_positions H·W."""

    n_pixels: int
    n_positions: int


PASSED = {
    "images": f"there are {FEWEST_IMAGES} test images or more",
    "mean image": "reconstructions are not clearly worse than one image for all",
    "encoded alone": "an image has the same code alone as among others",
    "pixel range": "nearly all decoded pixels lie between 0 and 1",
    "log variances": "they are not all above 0, as a standard deviation or a variance would be",
    "implied β by dimension": "dimensions imply nearly the same β",
    "posterior means": "they do not contradict the prior N(0, I)",
    "importance weights": f"on average at least {FEW_EFFECTIVE:g} draws count in importance sampling",
    "implied β": "it is not clearly another one than declared",
}


@dataclass(frozen=True)
class Check:
    """One of them; `PASSED` has in words what holds where it passed.

    figure: what was measured, in the unit that the sentence names · decides: whether failing it forbids a verdict.
    """

    name: str
    passed: bool
    figure: float
    sentence: str
    decides: bool


def measure(
    model: Vae, x: Tensor, y: Tensor | None, mu: NDArray[Any], logvar: NDArray[Any], mean_picture: Tensor, ess: float | None = None,
    ess_draws: int | None = None,
) -> Measured:  # fmt: skip
    """Of images x (N, C, H, W) in [0, 1], their posteriors mu, logvar (N, K), and the mean picture (C, H, W) of the data set."""
    import torch

    with torch.no_grad():
        nll, outside = _redrawn(model, x, y, torch.from_numpy(np.asarray(mu, np.float32)))
        constant = _mean_output(model, mean_picture[None], x)
        # the mean picture knows no pixel before another, so the likelihood alone scores it
        parts = [x[start : start + SCORED] for start in range(0, len(x), SCORED)]
        null = torch.cat([model.likelihood.nll(constant.expand(len(part), -1, -1, -1), part, model.log_sigma) for part in parts])
        perfect = [model.likelihood.nll(_mean_output(model, part, x), part, model.log_sigma).double().sum() for part in parts]
        alone = _alone(model, x, y)
    excess = (nll - null.double()).numpy()
    spread = np.asarray(logvar, float)
    return Measured(
        n=len(x), n_pixels=x[0].numel(), n_positions=x[0, 0].numel(), nll=float(nll.mean()), mean_nll=float(null.mean()),
        perfect_nll=float(torch.stack(perfect).sum()) / len(x), excess=float(excess.mean()),
        excess_error=float(excess.std() / np.sqrt(len(excess))), alone=alone, outside=outside, least_logvar=float(spread.min()),
        mean_logvar=float(spread.mean()), ess=ess, ess_draws=ess_draws,
    )  # fmt: skip


def _redrawn(model: Vae, x: Tensor, y: Tensor | None, mu: Tensor) -> tuple[Tensor, float]:
    """−log p(x|z) at the mean codes, (N,), and the share of decoded pixels far outside of 0 to 1."""
    import torch

    nll, outside = [], 0
    for start in range(0, len(x), SCORED):
        part = slice(start, start + SCORED)
        output = model.output(mu[part], None if y is None else y[part])
        nll.append(model.nll(output, x[part]).double())
        if model.config.has_scale:
            place = output[:, : x.shape[1]]
            outside += int(((place < -OUTSIDE) | (place > 1 + OUTSIDE)).sum())
    return torch.cat(nll), outside / x.numel()


def _mean_output(model: Vae, pictures: Tensor, x: Tensor) -> Tensor:
    """The output (B, C or 2C, H, W) of a decoder that gives these pictures (B, C, H, W); pixels of their own scale get that of x."""
    import torch

    place = model.likelihood.output_for(pictures)
    if not (model.config.has_scale and model.config.scale == "per-pixel"):
        return place
    spread = x.std(0, unbiased=False).clamp_min(1e-3).log()
    return torch.cat((place, spread.expand(len(place), -1, -1, -1)), 1)


def _alone(model: Vae, x: Tensor, y: Tensor | None) -> float:
    """The largest difference between a code from a batch and from its image alone, over 1 + its size."""
    if not model.config.has_encoder and type(model).posterior.__qualname__.startswith("Vae."):
        return 0.0  # there is nothing to ask
    few, worst = min(ALONE, len(x)), 0.0
    together = model.posterior(x[:few], None if y is None else y[:few])
    for i in range(few):
        single = model.posterior(x[i : i + 1], None if y is None else y[i : i + 1])
        for a, b in ((together.mu[i], single.mu[0]), (together.logvar[i], single.logvar[0])):
            worst = max(worst, float(((a - b).abs() / (1 + b.abs())).max()))
    return worst


def checks(
    config: FitConfig, n: int, measured: Measured | None, implied: Implied | None, uses_code: bool = True
) -> tuple[Check, ...]:  # fmt: skip
    """All of them that can be made, those that forbid a verdict first.

    n: held-out images that the verdict would rest on · uses_code: whether the code says anything of its image. Where it does not, the
    decoder has one picture for all, which need not be the mean.
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
    found += _of_implied(config, measured, implied)
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
        "mean image", found.excess <= max(allowed, CLEARLY_WORSE + 3 * found.excess_error), found.excess,
        f"Reconstructions are worse than one image for all, the mean image: −log p(x|z) at the posterior mean, z = μ, is "
        f"{number(found.nll, 1)} against {number(found.mean_nll, 1)} nats per image. {why}", True,
    )  # fmt: skip


def _of_reading(found: Measured) -> Iterator[Check]:
    """What a model from elsewhere may have been mistaken for."""
    yield Check(
        "encoded alone", found.alone <= SAME_CODE, found.alone,
        f"An image that is encoded alone gets another code than among others (off by {number(found.alone, 3)} of 1 + its size): batch "
        "normalisation or dropout is still in training mode; call eval() on the model.", True,
    )  # fmt: skip
    yield Check(
        "pixel range", found.outside <= MOST_OUTSIDE, found.outside,
        f"{percent(found.outside)} of decoded pixels lie outside 0 to 1 by more than {OUTSIDE}: the decoder's pixels have another range "
        "(tanh gives −1 to 1), which has to be told.", True,
    )  # fmt: skip
    is_spread = found.least_logvar >= 0 and found.mean_logvar > POSITIVE
    yield Check(
        "log variances", not is_spread, found.least_logvar,
        f"Every log variance is above 0 (the smallest is {number(found.least_logvar, 3)}), so that every posterior would be wider than the "
        "prior: what is read as a log variance is probably a standard deviation or a variance.", True,
    )  # fmt: skip


def _of_weights(found: Measured) -> Iterator[Check]:
    if found.ess is not None and found.ess_draws is not None:
        yield Check(
            "importance weights", found.ess >= FEW_EFFECTIVE, found.ess,
            f"Of {found.ess_draws} draws from the posterior only {number(found.ess, 1)} count in importance sampling: the encoder's "
            "posterior is far from that of this decoder, and the NLL is an upper bound that need not be tight.", False,
        )  # fmt: skip


def _of_implied(config: FitConfig, measured: Measured | None, implied: Implied | None) -> Iterator[Check]:
    if implied is None or config.importance_samples > 1:
        return  # an importance-weighted bound has another optimum
    is_foreign = isinstance(config, ImportedConfig)
    limit = VERY_UNEVEN if is_foreign else UNEVEN
    why = (
        "a standard deviation or a variance read as log variance, another prior than N(0, I), or an encoder far from its optimum"
        if is_foreign
        else "the encoder is not at its optimum: more epochs would bring it there"
    )
    if implied.value <= 0:
        yield Check("implied β", False, implied.value, implied_sentence(config, measured, implied), is_foreign)
        return
    yield Check(
        "implied β by dimension", implied.spread <= limit, implied.spread, f"{_between_dimensions(implied)}: {why}.", is_foreign
    )
    yield from _of_means(implied, is_foreign)
    if implied.spread <= VERY_UNEVEN:
        told = implied_differs(config, implied)
        yield Check("implied β", not told, implied.value, implied_sentence(config, measured, implied), False)


def _of_means(implied: Implied, is_foreign: bool) -> Iterator[Check]:
    """Whether the posterior means are held at 0 as strongly as the spreads at 1: one prior N(0, I) does both."""
    means, low, high, shift = implied.means, implied.means_low, implied.means_high, implied.means_shift
    if means is None or low is None or high is None or shift is None:
        return
    is_apart = high < implied.low / HELD or low > implied.high * HELD
    why = (
        "another prior, or an encoder that is not at its optimum"
        if is_foreign
        else "the encoder is not at its optimum: more epochs would bring it there"
    )
    yield Check(
        "posterior means", not (is_apart and abs(shift) > SHIFTED), means,
        f"The posterior means are not held as a prior N(0, I) would hold them (the means imply β {number(means)}, the spreads "
        f"{number(implied.value)}): {why}.", is_foreign,
    )  # fmt: skip


def implied_differs(config: FitConfig, implied: Implied) -> bool:
    """Whether the model says clearly that it was trained with another β than declared: by a quarter or more, beyond sampling error."""
    if config.importance_samples > 1 or implied.value <= 0 or implied.spread > VERY_UNEVEN:
        return False
    return implied.low > DIFFERS * config.beta or implied.high < config.beta / DIFFERS


def implied_sentence(config: FitConfig, measured: Measured | Pixels | None, implied: Implied) -> str:
    """The implied β beside the declared one: the same where its interval holds it, near it, or another, and what would explain that."""
    places, declared = three_figures(implied.value), f"{config.beta:g}"
    value, low, high = (number(beta, places) for beta in (implied.value, implied.low, implied.high))
    told = f"implied β {value} (95 % interval {low} to {high}, on {count(implied.n)} images)"
    if implied.value <= 0:
        return f"The {told} is one that no training gives: the posterior does not belong to this decoder or this likelihood."
    if implied.spread > VERY_UNEVEN:
        return f"{_between_dimensions(implied)}, so the {told} says little of the declared {declared}."
    if implied_differs(config, implied):
        reason = _reason(config, measured, implied.value / config.beta) if config.beta > 0 else ""
        return f"The model looks trained as if β were {value}, not {declared}: {told}.{reason}"
    if round(implied.low, places) <= config.beta <= round(implied.high, places):  # as they are written
        return f"The declared β {declared} is what the model implies: {told}."
    side = "above" if implied.value > config.beta else "below"
    if max(implied.value, config.beta) <= NEAR * min(implied.value, config.beta):
        often = ", as in models whose training has not converged" if side == "above" else ""
        return f"I{told[1:]}, near the declared {declared} but {side} it{often}."
    return f"I{told[1:]}, {side} the declared {declared}; so wide an interval does not tell by how much."


def why_not_implied(mu: NDArray[Any], logvar: NDArray[Any]) -> str:
    """Why posteriors mu, logvar (N, K) have no implied β, in a sentence: they are the prior, as wide as it, or decoding has no gradient."""
    mu, logvar = np.asarray(mu, float), np.asarray(logvar, float)
    if not (np.isfinite(mu).all() and np.isfinite(logvar).all()):
        return "No implied β: some posteriors are not finite."
    is_used, narrower = kl_and_shrinkage(mu, logvar)
    if not is_used.any():
        return f"No implied β: the mean KL is at most {LEAST_KL:g} nats in every dimension, so no posterior differs enough from the prior."
    if not (is_used & narrower).any():
        return (
            "No implied β: in every dimension that differs from the prior the mean variance of the posteriors is that of the prior, 1, "
            f"within {LEAST_SHRINKAGE:g}."
        )
    return "No implied β: decoding has no finite gradient with respect to z."


def kl_and_shrinkage(mu: NDArray[Any], logvar: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of dimensions, (K,): whether the mean KL is more than none, and whether the mean variance differs from the prior's."""
    excess = np.expm1(logvar)
    kl = 0.5 * (np.square(mu) + excess - logvar).mean(0)
    return np.asarray(kl > LEAST_KL), np.asarray(np.abs(excess.mean(0)) > LEAST_SHRINKAGE)


def _between_dimensions(implied: Implied) -> str:
    values = [value for value in implied.per_dim if value is not None]
    places = three_figures(max(map(abs, values), default=1.0))
    between = f" (from {number(min(values), places)} to {number(max(values), places)})" if values else ""
    return f"The implied β differs between dimensions{between}, while one training has one β"


def _reason(config: FitConfig, measured: Measured | Pixels | None, ratio: float) -> str:
    """What is often done that gives this ratio, as a question: others would give it too."""
    is_gaussian, latents = config.likelihood == "gaussian", config.latent_dim
    pixels = 0 if measured is None else measured.n_pixels
    positions = 0 if measured is None else measured.n_positions
    size = f"{count(pixels)} pixels" if pixels == positions else f"{count(pixels)} pixel values"
    candidates: list[tuple[float, str]] = [
        (pixels, f" Was the reconstruction averaged over its {size}?"),
        (1 / max(1, pixels), f" Was the KL divided by the {size}?"),
        (pixels / latents, f" Were both terms averaged, the reconstruction over {size}, the KL over {latents} dimensions?"),
        (latents, f" Was the reconstruction summed over pixels and the KL multiplied by {latents}, its dimensions?"),
        (1 / latents, f" Was the KL averaged over its {latents} dimensions?"),
        (positions, f" Was the reconstruction averaged over {count(positions)} positions?"),
    ]
    if is_gaussian:
        candidates.insert(0, (0.5, " Was the loss Σ(x − x̂)², without the ½? Then σ is 0.7071 times the declared one."))
        candidates.insert(1, (pixels / 2, f" Was the squared error averaged over its {size}, without the ½?"))
    for wanted, words in candidates:
        if wanted not in (0, 1) and abs(ratio / wanted - 1) < CLOSE:
            return words
    if is_gaussian and config.scale == "fixed":
        return (
            f" For β {config.beta:g} the scale of a pixel would be σ = {config.sigma * ratio**0.5:.3g} instead of {config.sigma:g}."
        )
    return " Is the likelihood the one that it was trained with, summed over pixels?"


def failed(found: tuple[Check, ...]) -> tuple[Check, ...]:
    """Those that forbid a verdict."""
    return tuple(check for check in found if check.decides and not check.passed)


def notes(found: tuple[Check, ...]) -> tuple[Check, ...]:
    """What is worth a word beside a verdict."""
    return tuple(check for check in found if not check.decides and not check.passed)
