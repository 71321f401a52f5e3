"""Is what was read by convention alone what the model means? Put to the test with its own decoder.

A second value of an encoder that is read as a log variance may be a standard deviation, a variance or a log standard deviation; pixels
that are handed over from 0 to 1 may be wanted from −1 to 1. Both leave a trace. At the optimum of a bound every dimension implies the
same β (`trainer.metrics.implied_beta`), under the right reading only; in the right range the model redraws its images, in a wrong one it
does not. What the trace says clearly is asked, in a sentence with the option that settles it.

Letters: N images, K latent dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.errors import ExternalModelError
from trainer.importers.adapters.roles import WORDS, Spread
from trainer.importers.calls.pixel_range import Pixels, usual
from trainer.importers.declared import HowTrained
from trainer.importers.model_adapter import ModelAdapter
from trainer.metrics.implied_beta import ImpliedBeta, implied_beta_of, pulls_of
from trainer.numerals import number

Floats = NDArray[np.float64]

IMAGES = 200
WIDTHS = 8  # groups of posteriors, by their width, whose implied β are compared
NO_WORSE = 0.15  # by how much the groups of another reading may differ more, when the declared β speaks for it
FITS, MISFITS = math.log(1.35), math.log(1.6)  # log of implied over declared β
MEANS_SAY = 0.3  # width of the interval of β by the means, relative, up to which they say something
EVEN, UNEVEN = 0.2, 0.25  # how much the groups may differ under the right reading, and must under a wrong one
OTHERS: dict[str, tuple[Spread, ...]] = {
    "logvar": ("log-sigma",),
    "log-sigma": ("logvar",),
    "sigma": ("variance",),
    "variance": ("sigma",),
}


@dataclass(frozen=True)
class Reading:
    """A kind of spread, and the β that the model implies under it."""

    kind: Spread
    """of spread"""
    implied: ImpliedBeta | None
    """over all used dimensions; None where there is none"""
    uneven: float
    """how much groups of posteriors of one width differ in it, root mean square relative to all of them: under the right
    reading all groups agree"""
    off: float
    """|log| of implied over declared β"""

    @property
    def from_means(self) -> float:
        """|log| of β by the spreads over β by the means, which need no reading; ∞ where there is none, 0 where the means say little."""
        found = self.implied
        if found is None or found.value <= 0:
            return math.inf
        if not (found.means > 0 and found.means_high - found.means_low < MEANS_SAY * found.means):
            return 0.0
        return abs(math.log(found.value / found.means))

    def is_clearly_better_than(self, other: Reading) -> bool:
        """As even and nearer to the declared β, far more even, or the one whose β the means imply too."""
        if self.implied is None or other.implied is None:  # a posterior at the prior as it was read tells nothing of how to read it
            return False
        is_nearer = self.uneven <= other.uneven + NO_WORSE and self.off < FITS and other.off > MISFITS
        if other.off > MISFITS and self.uneven <= other.uneven + NO_WORSE and self.from_means < FITS and other.from_means > MISFITS:
            return True  # the declared β fits not what was read, and the means speak for this one
        return is_nearer or (self.uneven < EVEN and other.uneven > max(UNEVEN, 2 * self.uneven))


def check_spread(
    adapter: ModelAdapter, images: NDArray[np.uint8], how: HowTrained, labels: NDArray[np.int64] | None = None
) -> None:
    """Puts a kind of spread that only convention or a name says to the test. Raises `ExternalModelError` where it has to be asked."""
    if adapter.is_sure or adapter.is_deterministic or adapter.encode is None:
        return
    x, y = _unit(images[:IMAGES]), None if labels is None else torch.from_numpy(labels[:IMAGES].astype(np.int64))
    now, *others = _readings(adapter, x, y, how)
    better = next((other for other in others if other.is_clearly_better_than(now)), None)
    if adapter.spread in ("sigma", "variance") and not adapter.is_by_name:
        first, second = sorted([now, *others], key=lambda reading: reading.uneven + reading.off)
        is_told_apart = first.off < MISFITS and first.uneven + first.off < 0.7 * (second.uneven + second.off)
        raise ExternalModelError(_asks_for_sigma(first if is_told_apart else None))
    if better is not None:
        raise ExternalModelError(_asks(now, better))


def _readings(adapter: ModelAdapter, x: Tensor, y: Tensor | None, how: HowTrained) -> Iterator[Reading]:
    """The kind that was presumed, and those that the signs allow too."""
    nll, beta = nll_of(how, adapter.unit), how.effective_beta((x.shape[1], x.shape[2], x.shape[3]))
    classes = () if y is None else (y,)

    def nll_at(z: Tensor, rows: Tensor) -> Tensor:
        return nll(adapter.decode(z, *(part[rows] for part in classes)), x[rows])

    for kind in (adapter.spread, *OTHERS.get(adapter.spread, ())):
        reading = adapter.with_spread(kind)  # type: ignore[arg-type]
        assert reading.encode is not None
        with torch.no_grad():
            mu, logvar = reading.encode(x, *classes)
        implied, pulls = implied_beta_of(nll_at, mu, logvar), pulls_of(nll_at, mu, logvar)
        off = abs(math.log(implied.value / beta)) if implied is not None and implied.value > 0 and beta > 0 else math.inf
        uneven = math.inf if pulls is None or implied is None else _uneven(pulls.spread, logvar, np.isfinite(implied.per_dim))
        yield Reading(kind, implied, uneven, off)  # type: ignore[arg-type]


def _uneven(pulls: Floats, logvar: Tensor, used: NDArray[np.bool_]) -> float:
    """How much the implied β differs between posteriors of different widths, (N, K) of the used dimensions."""
    width = logvar.double().numpy()[:, used].ravel()
    pull, shrinkage = pulls[:, used].ravel(), -np.expm1(width)
    groups = np.array_split(np.argsort(width), WIDTHS)
    sums = np.array([[pull[group].sum(), shrinkage[group].sum()] for group in groups])
    total = sums[:, 0].sum() / sums[:, 1].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = float(np.sqrt(np.mean(np.square(sums[:, 0] / sums[:, 1] / total - 1))))
    return apart if math.isfinite(apart) else math.inf


def nll_of(how: HowTrained, unit: float = 1.0) -> Callable[[Tensor, Tensor], Tensor]:
    """−log p(x|z), (B,) nats, of what decode gives, (B, C, H, W), and x; without constants. unit: see `ModelAdapter`."""
    sigma = how.sigma / unit
    if how.likelihood == "bernoulli":

        def bernoulli(pictures: Tensor, x: Tensor) -> Tensor:
            logits = pictures if how.output == "logits" else pictures.clamp(1e-6, 1 - 1e-6).logit()
            return (torch.nn.functional.softplus(logits) - x * logits).flatten(1).sum(1)

        return bernoulli
    if how.likelihood == "laplace":
        return lambda pictures, x: (pictures - x).abs().flatten(1).sum(1) / sigma
    return lambda pictures, x: (pictures - x).square().flatten(1).sum(1) / (2 * sigma**2)


def _asks_for_sigma(best: Reading | None) -> str:
    if best is None:
        hint = "neither fits this decoder clearly"
    else:
        hint = f"read as {WORDS[best.kind]} it implies {_implied(best)}, so that is what it looks like"
    return (
        "what is read as encode's spread is never negative here, as a standard deviation or a variance is and a log variance hardly ever; "
        f"allowed: --spread sigma, --spread variance, or --spread logvar to keep to it; {hint}."
    )


def _asks(now: Reading, best: Reading) -> str:
    return (
        f"encode's spread was read as {WORDS[now.kind]}, the usual one, and the model does not fit that (it would imply "
        f"{_implied(now)}); read as {WORDS[best.kind]} it implies {_implied(best)}; say --spread {best.kind}, or --spread {now.kind} to "
        "keep to it."
    )


def _implied(reading: Reading) -> str:
    if reading.implied is None:
        return "no β at all"
    values = reading.implied.per_dim[np.isfinite(reading.implied.per_dim)]
    if len(values) < 2 or values.max() < 1.5 * values.min():
        return f"β {number(reading.implied.value)} in every dimension"
    return f"β from {number(values.min())} to {number(values.max())}"


# --- the range of pixels


@dataclass(frozen=True)
class Redrawn:
    """How well an image is redrawn when it is handed over in a range."""

    pixels: Pixels
    """the range"""
    error: float
    """mean squared error of an image, Σ over pixels"""


def check_range(adapter: ModelAdapter, images: NDArray[np.uint8], how: HowTrained, labels: NDArray[np.int64] | None = None) -> None:
    """Raises `ExternalModelError` where images are clearly redrawn better in another range than the one in which they are handed over."""
    if how.pixels or adapter.in_range is None or adapter.encode is None:
        return
    x, y = _unit(images[:IMAGES]), None if labels is None else torch.from_numpy(labels[:IMAGES].copy())
    null = float((x - x.mean(0)).square().flatten(1).sum(1).mean())
    now = _redrawn(adapter, Pixels(), x, y, how)
    if not now.error > 0.5 * null:
        return
    others = [_redrawn(adapter.in_range(pixels), pixels, x, y, how) for pixels in usual(images) if not pixels.is_plain]
    best = min(others, key=lambda redrawn: redrawn.error)
    if best.error < 0.6 * now.error and best.error < 0.9 * null:
        raise ExternalModelError(
            f"handed over from 0 to 1, images are redrawn with a squared error of {number(now.error)} (their mean picture alone has "
            f"{number(null)}); handed over as {best.pixels.name} with {number(best.error)}; say --pixels {best.pixels.name}, or "
            f"--pixels 0..1 to keep to it{_loss_of(how)}."
        )


def _loss_of(how: HowTrained) -> str:
    """What else is to be said, since pixels of another range than 0..1 have no cross-entropy."""
    if how.likelihood != "bernoulli":
        return ""
    return ", and what the loss was: pixels of such a range have no cross-entropy (for Σ(x − x̂)²: --likelihood gaussian --sigma 0.7071)"


def _redrawn(adapter: ModelAdapter, pixels: Pixels, x: Tensor, y: Tensor | None, how: HowTrained) -> Redrawn:
    classes = () if y is None else (y,)
    assert adapter.encode is not None
    try:
        with torch.no_grad():
            pictures = adapter.decode(adapter.encode(x, *classes)[0], *classes)
    except Exception:  # somebody else's code, with numbers that it may not take
        return Redrawn(pixels, math.inf)
    pictures = pictures.sigmoid() if how.output == "logits" and how.likelihood == "bernoulli" else pictures
    error = float((pictures - x).square().flatten(1).sum(1).mean())
    return Redrawn(pixels, error if math.isfinite(error) else math.inf)


def _unit(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images.copy()).float() / 255
