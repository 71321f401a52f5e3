"""Can a decoder and an encoder that were brought along be layers of ours, and if not, what stands in for them?

`trainer.importers.tracing` finds layers; here they are held against the functions that they replace, for all classes in turn where a model
is told them. What cannot be layers is stored as pictures of the decoder, and how far what lies between them is from it is measured where
the app looks: near the codes of images, and at draws from the prior.

Letters: N images, C×H×W their shape, K latent dimensions, Y classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.errors import ExternalModelError
from trainer.importers.declared import HowTrained
from trainer.importers.model_adapter import ModelAdapter
from trainer.importers.tracing.network import without
from trainer.importers.tracing.recording import disagreement, trace, trace_joined
from trainer.importers.tracing.steps import TracedNetwork, UntraceableError
from trainer.maps.projection import pca
from trainer.metrics.evaluate import seeded
from trainer.models import layers as spec
from trainer.models.layer_shapes import largest_tensor, multiply_adds
from trainer.models.layers import ImageShape

Floats = NDArray[np.float32]

TRACED = 11  # images or codes of the example: a size that hardly occurs in a network, so that the batch is not mistaken for it
CHECKED = 200  # images and codes on which what was traced is held against the model
SAME = 1e-4  # how far the two may be apart
MOST_PICTURE_BYTES, MOST_PICTURES, LATTICE = 12_000_000, 6000, 128  # where a decoder is stored as pictures
MOST_CODE_BYTES = 24_000_000  # of the codes beside them
MOST_MULTIPLY_ADDS = 150_000_000
"""Of a decoder in the browser; above, pictures are stored. At 134 million (pythae's for MNIST) a picture takes 7 ms, and 36 with the
processor slowed four times: under a moving mouse 37 and 13 pictures a second, on two busy cores (tests/bench/brought.py)."""

MOST_NUMBERS = 4_000_000
"""Of the largest tensor on the way of one picture: many pictures are computed at once here, and a browser keeps several such tensors.
Sixteen times as many as 64 channels of 64 × 64."""


@dataclass(frozen=True)
class Off:
    """How far stored pictures are from the decoder, grey levels from 0 to 1."""

    mean: float
    """over pixels"""
    most: float
    """the 99th percentile over pixels"""


@dataclass(frozen=True)
class OwnDecoder:
    """The decoder as layers, and how it came to them."""

    found: TracedNetwork
    """the layers"""
    is_exact: bool
    """whether they give the decoder's own numbers"""
    why: str = ""
    """what keeps the decoder from being layers"""
    near: Off | None = None
    """the error of stored pictures near codes of images"""
    prior: Off | None = None
    """the same at draws from the prior"""


def decoder_layers(decode: Callable[..., Tensor], how: HowTrained, mu: Floats, shape: ImageShape, n_classes: int = 0) -> OwnDecoder:
    """The decoder as layers that give what the likelihood is told, logits or means; n_classes: 0 unless it is told the class.

    Raises `ExternalModelError` where a decoder that is told the class is no chain of layers: its pictures cannot be stored.
    """
    try:
        found = _traced_decoder(decode, how, mu, n_classes)
        spent = multiply_adds(found.layers, (mu.shape[1],), n_classes)
        if spent > MOST_MULTIPLY_ADDS:
            raise UntraceableError(
                f"takes {spent / 1e6:.0f} million multiply-adds a picture, and a browser has time for {MOST_MULTIPLY_ADDS / 1e6:.0f}"
            )
    except (UntraceableError, ValueError) as error:
        if n_classes:
            raise ExternalModelError(
                f"decode is class-conditional and {error}, so it cannot be run here, and pictures of it are not stored for every class; "
                "allowed: a decoder of operations that layers here do."
            ) from None
        return pictured(decode, how, mu, shape, str(error))
    return OwnDecoder(found, is_exact=True)


def _traced_decoder(decode: Callable[..., Tensor], how: HowTrained, mu: Floats, n_classes: int) -> TracedNetwork:
    """Layers that give the same pictures. Raises `UntraceableError`."""
    found = trace(decode, _random_codes(mu, TRACED), n_classes)[0]
    _check_size(found, (mu.shape[1],), n_classes)
    found = _to_output(found, how) if how.likelihood == "bernoulli" else found
    own, theirs = _means(found, how), _mean_of(decode, how)
    apart = max(disagreement(own, theirs, z, _labels(len(z), n_classes), n_classes) for z in _codes_to_check(mu))
    if apart > SAME + 1.01 * found.clamp:
        raise UntraceableError(f"gives other pictures than the layers that were found (they differ by {apart:.1g})")
    return found


def _check_size(found: TracedNetwork, shape: tuple[int, ...], n_classes: int) -> None:
    """Raises `UntraceableError` where a tensor on the way is too large; before anything is run, which is when memory would be short."""
    largest = largest_tensor(found.layers, shape, n_classes)
    if largest > MOST_NUMBERS:
        raise UntraceableError(
            f"has a tensor of {largest / 1e6:.3g} million numbers a picture on its way, and there is room for {MOST_NUMBERS / 1e6:.0f}"
        )


def _labels(n: int, n_classes: int) -> Tensor | None:
    """All classes in turn, or none."""
    return torch.arange(n) % n_classes if n_classes else None


def pictured(decode: Callable[[Tensor], Tensor], how: HowTrained, mu: Floats, shape: ImageShape, why: str) -> OwnDecoder:
    """Pictures in place of a decoder, and how far what lies between them is from it."""
    mean, n_codes, rng = _mean_of(decode, how), mu.shape[1], np.random.default_rng(0)
    most = max(2 * spec.NEAREST, min(MOST_PICTURE_BYTES // int(np.prod(shape)), MOST_CODE_BYTES // (4 * n_codes)))
    layer: spec.Lattice | spec.Gallery
    if n_codes <= 2:
        size = min(LATTICE, int(most ** (1 / n_codes)))
        half = float(max(3.5, 1.1 * np.abs(mu).max()))
        layer = spec.Lattice(shape, n_codes, size, -half, half)
        line = np.linspace(-half, half, size)
        codes = np.stack(np.meshgrid(*[line] * n_codes), -1).reshape(-1, n_codes).astype(np.float32)
        own: dict[str, Any] = {}
        asked_for = (rng.choice(mu, CHECKED) + rng.normal(0, 0.1, (CHECKED, n_codes))).astype(np.float32)
    else:
        codes, asked_for = codes_to_store(mu, min(most, MOST_PICTURES), rng)
        layer, own = spec.Gallery(shape, len(codes), n_codes), {"0.codes": codes}
    pictures = np.concatenate([_bytes(mean, codes[at : at + 500]) for at in range(0, len(codes), 500)])
    stored = TracedNetwork((layer,), {"0.pictures": pictures, **own})
    draws = np.random.default_rng(1).standard_normal((CHECKED, n_codes)).astype(np.float32)  # others than those that are stored
    near, prior = (_off(stored, mean, codes) for codes in (asked_for, draws))
    if how.likelihood == "bernoulli":
        stored = replace(stored, layers=(layer, spec.Activation("logit")))
    return OwnDecoder(stored, is_exact=False, why=why, near=near, prior=prior)


def _off(stored: TracedNetwork, mean: Callable[[Tensor], Tensor], codes: Floats) -> Off:
    """How far stored pictures are from the decoder's at these codes."""
    off = np.abs(stored.run(codes).reshape(len(codes), -1) - _bytes(mean, codes) / 255.0)
    return Off(float(off.mean()), float(np.quantile(off, 0.99)))


def codes_to_store(mu: Floats, most: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Codes (n, K), K > 2, whose pictures are stored, and others like them on which the error is measured.

    Half of them codes of images, then the plane of the two main axes, a line along every dimension, and draws from the prior.
    """
    n_dims = mu.shape[1]
    order = rng.permutation(len(mu))
    n_images = min(len(mu), most // 2)
    side = int(np.sqrt(most // 4))
    plane = pca(mu)
    x0, x1, y0, y1 = plane.extent
    places = np.stack(np.meshgrid(np.linspace(x0, x1, side), np.linspace(y0, y1, side)), -1).reshape(-1, 2)
    n_lines = min(n_dims, max(1, most // 24))  # of very many dimensions those that vary most
    steps = max(3, most // 8 // n_lines)
    lines = np.zeros((n_lines, steps, n_dims), np.float32)
    lines[np.arange(n_lines), :, np.argsort(-mu.var(0))[:n_lines]] = np.linspace(-3, 3, steps)
    parts = [mu[order[:n_images]], plane.to_latent(places), lines.reshape(-1, n_dims)]
    prior = rng.standard_normal((max(0, most - sum(map(len, parts))), n_dims))
    codes = np.concatenate([*parts, prior]).astype(np.float32)[: max(most, n_images)]
    others = order[n_images : n_images + CHECKED]
    asked_for = mu[others] if len(others) >= CHECKED // 4 else rng.choice(mu, CHECKED) + rng.normal(0, 0.3, (CHECKED, n_dims))
    return np.unique(codes, axis=0), np.asarray(asked_for, np.float32)


def _bytes(mean: Callable[[Tensor], Tensor], codes: Floats) -> NDArray[np.uint8]:
    """(n, C·H·W) of the mean pictures, grey levels from 0 to 255."""
    with torch.no_grad():
        pictures = mean(torch.from_numpy(codes)).flatten(1).numpy()
    return np.asarray(np.round(255 * np.clip(pictures, 0, 1)), np.uint8)


def encoder_layers(adapter: ModelAdapter, images: NDArray[np.uint8] | None, n_classes: int = 0) -> tuple[TracedNetwork | None, str]:
    """The encoder as layers that give mu, then logvar; or None, and why not, words that end a sentence."""
    encode = adapter.encode
    if encode is None or images is None or not adapter.is_given:
        return None, "was not given"
    try:
        found = _traced_encoder(encode, images, n_classes)
    except (UntraceableError, ValueError) as error:
        return None, str(error)
    return found, ""


def _traced_encoder(encode: Callable[..., tuple[Tensor, ...]], images: NDArray[np.uint8], n_classes: int) -> TracedNetwork:
    """Layers that give the same codes. Raises `UntraceableError`."""
    found = trace_joined(encode, _unit(images[:TRACED]), n_classes)
    _check_size(found, tuple(images.shape[1:]), n_classes)
    for x in _images_to_check(images):
        y = _labels(len(x), n_classes)
        apart = disagreement(found, lambda *given: torch.cat(encode(*given), dim=1), x, y, n_classes)
        if apart > SAME:
            raise UntraceableError(f"gives other codes than the layers that were found (they differ by {apart:.1g})")
    return found


def _to_output(found: TracedNetwork, how: HowTrained) -> TracedNetwork:
    """Layers that end in a logit: without the sigmoid at the end, or with its inverse after the means."""
    if how.output == "logits":
        return found
    at = len(found.layers) - 1
    while at >= 0 and isinstance(found.layers[at], spec.Flatten | spec.Unflatten | spec.Reshape) and not found.layers[at].inputs:
        at -= 1
    if at >= 0 and replace(found.layers[at], inputs=()) == spec.Activation("sigmoid") and not _is_read_later(found, at):
        return without(found, at)
    return replace(found, layers=(*found.layers, spec.Activation("logit")))


def _is_read_later(found: TracedNetwork, at: int) -> bool:
    """Whether another than the next layer takes the output of this one."""
    return any(at in layer.inputs for layer in found.layers)


def _means(found: TracedNetwork, how: HowTrained) -> TracedNetwork:
    """The same with the mean picture at the end."""
    return replace(found, layers=(*found.layers, spec.Activation("sigmoid"))) if how.likelihood == "bernoulli" else found


def _mean_of(decode: Callable[..., Tensor], how: HowTrained) -> Callable[..., Tensor]:
    """decode, as the mean picture."""
    if how.likelihood == "bernoulli" and how.output == "logits":
        return lambda z, *y: decode(z, *y).sigmoid()
    return lambda z, *y: decode(z, *y)


def _random_codes(mu: Floats, n: int) -> Tensor:
    return torch.randn((n, mu.shape[1]), generator=seeded(0, n))


def _codes_to_check(mu: Floats) -> Iterator[Tensor]:
    """Draws from the prior, far ones, and codes of images."""
    yield _random_codes(mu, CHECKED)
    yield 3 * _random_codes(mu, CHECKED)
    yield torch.from_numpy(mu[:CHECKED].copy())


def _images_to_check(images: NDArray[np.uint8]) -> Iterator[Tensor]:
    """Images, and noise."""
    yield _unit(images[:CHECKED])
    yield torch.rand((CHECKED, *images.shape[1:]), generator=seeded(0, 1))


def _unit(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images.copy()).float() / 255
