"""Which of the values that a function gives for images are mean and spread, and which encoder reads them?

Where a code is drawn, the draw decides (`trainer.importers.adapters.roles`). Letters: B images, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from trainer.errors import ExternalModelError
from trainer.importers.adapters.decoders import has_decoder, redraws, takes
from trainer.importers.adapters.records import Encoder
from trainer.importers.adapters.refusals import said_by
from trainer.importers.adapters.roles import NoisyError, Roles, Spread, Unfit, by_draw, by_looks, by_name, draws_codes, told
from trainer.importers.calls import noise
from trainer.importers.calls.feeding import Feed, Labels, feeds, wants_more
from trainer.importers.calls.outputs import Value, described
from trainer.importers.calls.subject import Seen, Subject


@dataclass(frozen=True)
class ImageFunction:
    """A function of images and how it is called."""

    function: Callable[..., Any]
    """of somebody else's"""
    feed: Feed
    """how it takes images"""
    training: bool = False
    """whether it must be told that it trains, since it draws only then"""
    inside: bool = False
    """whether what its modules give on the way is looked at too"""

    def see(self, subject: Subject, x: Tensor, y: Labels, give: noise.Give) -> Seen:
        return subject.see(self.function, self.feed.arguments(x, y), give, None, self.training, self.inside)


def fed_function(subject: Subject, function: Callable[..., Any]) -> ImageFunction:
    """The first way to hand over images that a function takes. Raises `ExternalModelError` that says what it answered."""
    said: list[str] = []
    for feed in feeds(subject.n_classes if subject.y is not None else 0):
        call = ImageFunction(function, feed)
        try:
            with torch.no_grad():
                seen = call.see(subject, subject.pixels.into(subject.x), subject.y, noise.zeros)
            if any(value.tensor.ndim >= 2 for value in seen.values):
                return call
            said.append(f"gave {described(seen.answer)}")
        except ExternalModelError:
            raise
        except Exception as error:  # somebody else's code, asked in a way that it may not know
            said.append(f"raised {said_by(error)}")
    c, h, w = subject.image_shape
    more = wants_more(function)
    if more and subject.y is None:
        raise ExternalModelError(
            f"encode takes {more!r} beside the images: if it is the class, say --conditional (the data set's labels are then handed over); "
            "allowed otherwise: encode(x)."
        )
    vectors = "" if len(said) < 2 or said[1] == said[0] else f" (and for vectors of {c * h * w} pixels it {said[1]})"
    raise ExternalModelError(
        f"encode {said[0]} for {len(subject.x)} images of shape {c} × {h} × {w}{vectors}; allowed: mu of shape ({len(subject.x)}, K) for a "
        "batch of any size; look whether it takes a whole batch, and whether --data is what the model was trained on."
    )


def encoder_from(subject: Subject, name: str, call: ImageFunction, spread: Spread | None) -> Encoder:
    """Roles for what a function gives, and the encoder that reads them."""
    x, y = subject.pixels.into(subject.x), subject.y
    with torch.no_grad():
        zero, one = (call.see(subject, x, y, give) for give in (noise.zeros, noise.ones))
        first, second = (call.see(subject, x, y, noise.random(seed)) for seed in (1, 2))
    values = [*zero.values, *zero.inside]
    _check_finite(values)
    truth = _truth(subject, zero, one)
    if truth is not None:
        roles = by_draw(values, *truth)
        if roles is None:
            own = subject.codes_of(zero)
            if len(own) != 1:
                raise Unfit("gives other numbers than the mean and the spread of the code that forward draws")
            passed = subject.forward is not None and subject.forward.code is not None  # then z can take the place of any draw
            if not passed and has_decoder(subject) and not takes(subject, truth[0]):
                raise draws_codes(NoisyError)
            _check_contradiction(name, spread)
            return _from_draw(subject, name, call, own[0], truth[0], replace(call, inside=False))
        roles = told(roles, spread, values)
        return _with_roles(subject, name, call, roles, values)
    roles = by_name([*first.values]) or by_looks(
        first.values, second.values, x, lambda z: takes(subject, z), lambda z: redraws(subject, z)
    )
    roles = told(roles, spread, first.values)
    return _with_roles(subject, name, call, roles, first.values)


def _check_contradiction(name: str, spread: Spread | None) -> None:
    if spread is not None:
        raise ExternalModelError(
            f"--spread is {spread}, but {name} gives no spread of its own: it is read from the draw; allowed: leave the option out."
        )


def _truth(subject: Subject, zero: Seen, one: Seen) -> tuple[Tensor, Tensor] | None:
    """Mean and standard deviation of the code that is drawn: by the function itself, else by the forward pass."""
    own = subject.codes_of(zero)
    if len(own) == 1:
        mean = zero.draws[own[0]].z
        return mean, one.draws[own[0]].z - mean
    passing, function = subject.forward, subject.forwards()
    if own or passing is None or passing.code is None or function is None:
        return None
    arguments = passing.feed.arguments(subject.pixels.into(subject.x), subject.y)
    with torch.no_grad():
        low, high = (
            subject.see(function, arguments, give, None, passing.needs_training).draws[passing.code].z
            for give in (noise.zeros, noise.ones)
        )
    return low, high - low


def _with_roles(subject: Subject, name: str, call: ImageFunction, roles: Roles, values: list[Value]) -> Encoder:
    def encode(x: Tensor, y: Labels = None) -> tuple[Tensor, ...]:
        seen = call.see(subject, x, y, noise.zeros)
        return tuple(part.flatten(1) for part in roles.read([*seen.values, *seen.inside]))

    latent = tuple(roles.mu.of(values).shape[1:])
    return Encoder(
        f"{name} of {call.feed.name}",
        encode,
        latent,
        roles.spread is None,
        roles.words,
        roles,
        roles.is_sure,
        call.feed.has_class,
    )


def _from_draw(subject: Subject, name: str, call: ImageFunction, draw: int, mean: Tensor, plain: ImageFunction) -> Encoder:
    """Mean and spread from two draws: eps = 0 and eps = 1."""

    def encode(x: Tensor, y: Labels = None) -> tuple[Tensor, ...]:
        low, high = (plain.see(subject, x, y, give).draws[draw].z for give in (noise.zeros, noise.ones))
        return low.flatten(1), 2 * (high - low).flatten(1).log()

    words = "mean and standard deviation are those of the code that it draws"
    return Encoder(f"{name} of {call.feed.name}", encode, tuple(mean.shape[1:]), False, words, None, True, call.feed.has_class)


def _check_finite(values: list[Value]) -> None:
    for value in values:
        if value.tensor.is_floating_point():
            bad = (~torch.isfinite(value.tensor)).flatten(1).any(1).nonzero()
            if len(bad):
                raise ExternalModelError(
                    f"encode's {value.name if value.name and not value.name.isdigit() else 'mu'} is not a finite number for input "
                    f"{int(bad[0])}; allowed: finite numbers; look whether the training diverged, and whether weights are loaded."
                )
