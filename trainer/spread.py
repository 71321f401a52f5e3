"""Is what was read by convention alone what the model means? Put to the test with its own decoder.

A second value of an encoder that is read as a log variance may be a standard deviation, a variance or a log standard deviation; pixels
that are handed over from 0 to 1 may be wanted from −1 to 1. Both leave a trace. At the optimum of a bound every dimension implies the
same β (`trainer.implied_beta`), under the right reading only; in the right range the model redraws its images, in a wrong one it does
not. What the trace says clearly is asked, in a sentence with the option that settles it.

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

from trainer.foreign import Asked, ForeignError
from trainer.implied_beta import ImpliedBeta, implied_beta_of
from trainer.numerals import number
from trainer.pixels import Pixels, usual
from trainer.roles import WORDS, Spread
from trainer.told import HowTrained

IMAGES = 200
EVEN = 0.25  # spread of the implied β over dimensions below which a reading explains the model
BETTER = 0.6  # of another reading's cost, from which one is clearly the better
PER_FACTOR = 0.1  # cost of a factor e between implied and declared β, beside the spread over dimensions
OTHERS: dict[str, tuple[Spread, ...]] = {
    "logvar": ("log-sigma",), "log-sigma": ("logvar",), "sigma": ("variance",), "variance": ("sigma",)
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """A kind of spread, the β that the model implies under it, and how badly that fits one training with one β."""

    kind: Spread
    implied: ImpliedBeta | None
    cost: float


def check_spread(asking: Asked, images: NDArray[np.uint8], how: HowTrained, labels: NDArray[np.int64] | None = None) -> str:
    """A note on the kind of spread, empty where nothing had to be tested. Raises `ForeignError` where it has to be asked."""
    if asking.is_sure or asking.is_deterministic or asking.encode is None:
        return ""
    x, y = _unit(images[:IMAGES]), None if labels is None else torch.from_numpy(labels[:IMAGES].copy())
    readings = sorted(_readings(asking, x, y, how), key=lambda reading: reading.cost)
    now = next(reading for reading in readings if reading.kind == asking.spread)
    best = readings[0]
    is_never_negative = asking.spread in ("sigma", "variance")
    if is_never_negative and asking.is_by_name and best is now:
        return ""
    if is_never_negative:
        raise ForeignError(_asks_for_sigma(best if best.cost < BETTER * max(r.cost for r in readings) else None))
    is_clear = best is not now and best.cost < EVEN + PER_FACTOR and best.cost < BETTER * now.cost
    if is_clear:
        raise ForeignError(_asks(now, best))
    return ""


def _readings(asking: Asked, x: Tensor, y: Tensor | None, how: HowTrained) -> Iterator[Reading]:
    """The kind that was presumed, and those that the signs allow too."""
    nll = nll_of(how, asking.unit)
    classes = () if y is None else (y,)
    shape = (x.shape[1], x.shape[2], x.shape[3])

    def nll_at(z: Tensor, rows: Tensor) -> Tensor:
        return nll(asking.decode(z, *(part[rows] for part in classes)), x[rows])

    for kind in (asking.spread, *OTHERS.get(asking.spread, ())):
        reading = asking.with_spread(kind)  # type: ignore[arg-type]
        assert reading.encode is not None
        with torch.no_grad():
            mu, logvar = reading.encode(x, *classes)
        implied = implied_beta_of(nll_at, mu, logvar)
        yield Reading(kind, implied, _cost(implied, how.effective_beta(shape)))  # type: ignore[arg-type]


def _cost(implied: ImpliedBeta | None, beta: float) -> float:
    if implied is None or implied.value <= 0:
        return math.inf
    return implied.spread + (PER_FACTOR * abs(math.log(implied.value / beta)) if beta > 0 else 0.0)


def nll_of(how: HowTrained, unit: float = 1.0) -> Callable[[Tensor, Tensor], Tensor]:
    """−log p(x|z), (B,) nats, of what decode gives, (B, C, H, W), and x; without constants. unit: see `Asked`."""
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
        "encode's spread is never negative, so it is no log variance but a standard deviation or a variance; allowed: --spread sigma or "
        f"--spread variance; {hint}."
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
    """Mean squared error of an image, Σ over pixels, when handed over in this range."""

    pixels: Pixels
    error: float


def check_range(asking: Asked, images: NDArray[np.uint8], how: HowTrained, labels: NDArray[np.int64] | None = None) -> None:
    """Whether images are redrawn best in the range in which they are handed over. Raises `ForeignError` where another is clearly better."""
    if how.pixels or asking.in_range is None or asking.encode is None:
        return
    x, y = _unit(images[:IMAGES]), None if labels is None else torch.from_numpy(labels[:IMAGES].copy())
    null = float((x - x.mean(0)).square().flatten(1).sum(1).mean())
    now = _redrawn(asking, Pixels(), x, y, how)
    if not now.error > 0.5 * null:
        return
    others = [_redrawn(asking.in_range(pixels), pixels, x, y, how) for pixels in usual(images) if not pixels.is_plain]
    best = min(others, key=lambda redrawn: redrawn.error)
    if best.error < 0.6 * now.error and best.error < 0.9 * null:
        raise ForeignError(
            f"handed over from 0 to 1, images are redrawn with a squared error of {number(now.error)} (their mean picture alone has "
            f"{number(null)}); handed over as {best.pixels.name} with {number(best.error)}; say --pixels {best.pixels.name}, or "
            "--pixels 0..1 to keep to it."
        )


def _redrawn(asking: Asked, pixels: Pixels, x: Tensor, y: Tensor | None, how: HowTrained) -> Redrawn:
    classes = () if y is None else (y,)
    assert asking.encode is not None
    try:
        with torch.no_grad():
            pictures = asking.decode(asking.encode(x, *classes)[0], *classes)
    except Exception:  # somebody else's code, with numbers that it may not take
        return Redrawn(pixels, math.inf)
    pictures = pictures.sigmoid() if how.output == "logits" and how.likelihood == "bernoulli" else pictures
    error = float((pictures - x).square().flatten(1).sum(1).mean())
    return Redrawn(pixels, error if math.isfinite(error) else math.inf)


def _unit(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images.copy()).float() / 255
