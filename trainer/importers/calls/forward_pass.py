"""What does a model's forward pass do with images: which codes does it draw, and what picture does it make of them?

Letters: B images, C×H×W their shape.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor

from trainer.errors import ExternalModelError
from trainer.importers.calls.feeding import feeds
from trainer.importers.calls.outputs import Value
from trainer.importers.calls.subject import Pass, Seen, Subject, is_repeated
from trainer.models.layers import ImageShape

PICTURES = (
    "recon_x",
    "reconstruction",
    "x_recon",
    "x_hat",
    "recon",
    "recon_batch",
    "x_reconst",
    "x_rec",
    "reconstructed",
    "reconstructions",
    "decoded",
    "output",
    "y",
    "out",
    "px",
    "mean",
    "logits",
    "sample",
)


def forward_of(subject: Subject) -> Pass | None:
    """The forward pass, where the model has one that gives pictures: how it is fed, what it draws."""
    function = subject.forwards()
    if function is None:
        return None
    found = _passed(subject, function)
    if found is None or found.codes:
        return found
    subject.with_seeded = True
    seeded = _passed(subject, function)
    if seeded is not None and seeded.codes:
        return seeded
    subject.with_seeded = False
    return found


def _passed(subject: Subject, function: Callable[..., Any]) -> Pass | None:
    """The same with draws by generators of its own either held or not, as the subject says."""
    for feed in feeds(subject.n_classes if subject.y is not None else 0):
        for training in (False, True):
            arguments = feed.arguments(subject.pixels.into(subject.x), subject.y)
            seen = _seen(subject, function, arguments, training)
            if seen is None:
                break
            picture = picture_of(subject, seen.values)
            if picture is None:
                break
            if any(map(is_repeated, seen.draws)):
                return Pass(feed, picture, None, (), False, tuple(seen.others), True) if seen.others else None
            codes = subject.codes_of(seen)
            if not codes and not training:
                without = Pass(feed, picture, None, (), False, tuple(seen.others), _is_odd(subject, seen))
                continue
            shapes = tuple(tuple(seen.draws[at].z.shape[1:]) for at in codes)
            if codes:
                return Pass(feed, picture, codes[0] if len(codes) == 1 else None, shapes, training)
            return without
    return None


def _seen(subject: Subject, function: Callable[..., Any], arguments: tuple[Any, ...], training: bool) -> Seen | None:
    """A forward pass without noise; None where it does not go. Some need gradients (Hamiltonian ones)."""
    for needs_gradient in (False, True):
        subject.needs_gradient = needs_gradient
        try:
            with torch.no_grad():
                return subject.see(function, arguments, training=training)
        except ExternalModelError:
            raise
        except Exception:  # somebody else's code, asked in a way that it may not know
            continue
    subject.needs_gradient = False
    return None


def _is_odd(subject: Subject, seen: Seen) -> bool:
    """Whether noise of another size than a picture's is drawn, and yet no code that is mean + σ · noise."""
    n_pixels = prod(subject.image_shape) * len(subject.x)
    return any(prod(draw.shape) != n_pixels and not is_repeated(draw) for draw in seen.draws)


def picture_of(subject: Subject, values: list[Value]) -> int | None:
    """Which value is the reconstruction: of a picture's size, not the input itself; by its name, or the nearest to the images."""
    n_pixels = prod(subject.image_shape)
    x = subject.pixels.into(subject.x).flatten(1)
    fitting = [
        at
        for at, value in enumerate(values)
        if value.width == n_pixels
        and value.tensor.is_floating_point()
        and not torch.equal(_flat(value.tensor, subject.image_shape), x)
    ]
    if len(fitting) <= 1:
        return fitting[0] if fitting else None
    named = [at for name in PICTURES for at in fitting if values[at].name == name]
    if named:
        return named[0]
    errors = {at: float((_flat(values[at].tensor, subject.image_shape) - x).square().mean()) for at in fitting}
    return min(fitting, key=errors.__getitem__)


def _flat(pictures: Tensor, shape: ImageShape) -> Tensor:
    """(B, C·H·W), whether channels come first or last."""
    c, h, w = shape
    if pictures.ndim == 4 and tuple(pictures.shape[1:]) == (h, w, c) and (h, w, c) != (c, h, w):
        pictures = pictures.movedim(-1, 1)
    return pictures.reshape(len(pictures), -1)


def as_pictures(pictures: Tensor, shape: ImageShape) -> Tensor:
    """(B, C, H, W) of what has so many numbers."""
    return _flat(pictures, shape).reshape(len(pictures), *shape)
