"""How do codes, images and labels come as arrays, and do they fit together? What `make_run` is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from trainer.errors import ConfigError, DataError
from trainer.importers.model_adapter import ModelAdapter, adapt_model
from trainer.models.layers import ImageShape

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

ASKED = 64  # images that a model is asked about before anything is believed


def adapter_of_codes(
    encode: Callable[[Tensor], Any] | None,
    decode: Callable[[Tensor], Tensor],
    mu: Floats,
    logvar: Floats | None,
    pixels: NDArray[np.uint8] | None,
) -> ModelAdapter:
    """For a run from codes: the encoder, if any, must give them; without one the stored codes are looked up by picture."""
    if pixels is None:
        return ModelAdapter(None, decode, mu.shape[1], logvar is None, 0)
    if encode is None:
        return ModelAdapter(_lookup(pixels, mu, logvar), decode, mu.shape[1], logvar is None, 0, is_given=False)
    adapter = adapt_model({"encode": encode, "decode": decode}, in_unit(pixels[:ASKED]))
    assert adapter.encode is not None
    with torch.no_grad():
        found = adapter.encode(in_unit(pixels[:ASKED]))
    if len(found) != (1 if logvar is None else 2) or found[0].shape[1] != mu.shape[1]:
        raise DataError(
            f"encode gives {len(found)} × {found[0].shape[1]} numbers an image and mu{'' if logvar is None else ' and logvar'} hold "
            f"{1 if logvar is None else 2} × {mu.shape[1]}; allowed: the encoder that made them."
        )
    apart = float((found[0] - torch.from_numpy(mu[:ASKED])).abs().max())
    if apart > 1e-2:
        raise DataError(
            f"encode gives other codes than mu for the same images (they differ by {apart:.2g}); allowed: images in the order of mu, and "
            "the encoder that made them, in evaluation."
        )
    return replace(adapter, decode=decode)


def _lookup(pixels: NDArray[np.uint8], mu: Floats, logvar: Floats | None) -> Callable[[Tensor], tuple[Tensor, ...]]:
    """An encoder of these pictures alone: their stored codes."""
    rows = {image.tobytes(): row for row, image in enumerate(pixels)}
    columns = [torch.from_numpy(column) for column in (mu, *([] if logvar is None else [logvar]))]

    def encode(x: Tensor) -> tuple[Tensor, ...]:
        raw = (x * 255).round().to(torch.uint8).numpy()
        chosen = torch.tensor([rows[image.tobytes()] for image in raw])
        return tuple(column[chosen] for column in columns)

    return encode


def codes_of(values: ArrayLike, what: str) -> Floats:
    array = np.array(values.detach().cpu() if isinstance(values, Tensor) else values, np.float32)
    if array.ndim != 2 or min(array.shape) < 1:
        raise DataError(f"{what} has shape {array.shape}; allowed: (N, K), one row an image.")
    check_finite(array, what)
    return array


def posterior_of(mu: ArrayLike, logvar: ArrayLike | None) -> tuple[Floats, Floats | None]:
    """Means and log variances (N, K) as they come; no log variances of points."""
    means, spread = codes_of(mu, "mu"), None if logvar is None else codes_of(logvar, "logvar")
    if spread is not None and spread.shape != means.shape:
        raise DataError(f"logvar has shape {spread.shape}; allowed: that of mu, {means.shape}.")
    return means, spread


def check_finite(array: Floats, what: str) -> None:
    bad = np.flatnonzero(~np.isfinite(array).all(1))
    if len(bad):
        raise DataError(
            f"{what} is not a finite number for image {bad[0]}; allowed: finite numbers; look whether the training diverged, and "
            "whether weights are loaded."
        )


def pixels_of(values: ArrayLike, n: int) -> NDArray[np.uint8]:
    """(N, C, H, W) uint8 of images as they come."""
    array = np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values)
    array = array[:, None] if array.ndim == 3 else array
    if array.ndim != 4 or len(array) != n:
        raise DataError(f"images have shape {array.shape}; allowed: ({n}, C, H, W) or ({n}, H, W), one for each row of mu.")
    if array.dtype == np.uint8:
        return array.copy()
    low, high = float(np.min(array)), float(np.max(array))
    if not (low >= 0 and high <= 1):
        raise DataError(f"images have values from {low:.2f} to {high:.2f}; allowed: floats from 0 to 1, or uint8.")
    return np.asarray(np.round(array.astype(float) * 255), np.uint8)


def labels_of(values: ArrayLike, n: int) -> Labels:
    array = np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values)
    if array.shape != (n,) or array.dtype.kind not in "iu" or (n and array.min() < 0):
        raise DataError(f"labels have shape {array.shape} and type {array.dtype}; allowed: ({n},), whole numbers from 0.")
    return array.astype(np.int64)


def image_shape_of(
    decode: Callable[[Tensor], Any], mu: Floats, pixels: NDArray[np.uint8] | None, given: ImageShape | None
) -> ImageShape:
    """From the images, from the person, or from what decode gives."""
    if pixels is not None:
        c, h, w = pixels.shape[1:]
        return c, h, w
    if given is not None:
        return given
    with torch.no_grad():
        answer = decode(torch.from_numpy(mu[:1]))
    if isinstance(answer, Tensor) and answer.ndim == 4:
        c, h, w = answer.shape[1:]
        return c, h, w
    shape = tuple(answer.shape) if isinstance(answer, Tensor) else type(answer).__name__
    raise ConfigError("image_shape", None, f"(C, H, W) where there are no images and decode gives no pictures (it gives {shape})")


def in_unit(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images.copy()).float() / 255
