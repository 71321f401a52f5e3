"""Which tensors are in what somebody else's function gave back, and under which names?

Tuples in tuples, dictionaries, dataclasses, arrays, distributions, objects with fields: all become a flat list of named tensors with one
row an image. A distribution's mean and standard deviation carry names that say so. Nothing is decided here about what they mean.

Letters: B images or codes, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch import distributions as laws

from trainer.errors import ExternalModelError

MOST_DEPTH, MOST_VALUES = 5, 64
MEAN, SIGMA = "the distribution's mean", "the distribution's standard deviation"


OTHER_LAW = "the mean of a "  # and the name of a distribution that is not Gaussian


@dataclass(frozen=True)
class Value:
    """One tensor of an answer."""

    name: str
    """its key or field, the number of its place, or of a distribution `MEAN`, `SIGMA`"""
    tensor: Tensor
    """(B, …)"""

    @property
    def width(self) -> int:
        """Numbers of one image."""
        return self.tensor[0].numel() if len(self.tensor) else 0


def values_of(answer: Any, n: int) -> list[Value]:
    """The tensors of an answer that have n rows, with gradients only where they are asked for: a view of a parameter, as of one variance
    for all images, has one under `no_grad` too. Raises `ExternalModelError` for a Gaussian whose dimensions are correlated.
    """
    found: list[Value] = []
    for name, tensor in _walk("", answer, 0):
        if tensor.ndim >= 1 and tensor.shape[0] == n and len(found) < MOST_VALUES:
            asked = tensor if torch.is_grad_enabled() else tensor.detach()
            found.append(Value(name, asked.float() if asked.is_floating_point() else asked))
    return found


def described(answer: Any) -> str:
    """An answer in a few words, with shapes: (Tensor (7, 4), Tensor (7, 4))."""
    if isinstance(answer, Tensor | np.ndarray):
        return f"{type(answer).__name__} {tuple(answer.shape)}"
    if isinstance(answer, tuple | list):
        return f"{len(answer)} values ({', '.join(map(described, answer[:4]))}{', …' if len(answer) > 4 else ''})"
    if isinstance(answer, Mapping):
        return f"a {type(answer).__name__} of {', '.join(str(key) for key in list(answer)[:8]) or 'nothing'}"
    return "nothing" if answer is None else f"a {type(answer).__name__}"


def _walk(name: str, item: Any, depth: int) -> Iterator[tuple[str, Tensor]]:
    if item is None or depth > MOST_DEPTH or isinstance(item, str | bytes | bool | int | float | nn.Module):
        return
    if isinstance(item, Tensor):
        yield name, item
    elif isinstance(item, np.ndarray) and item.dtype.kind in "fiub":
        yield name, torch.from_numpy(np.array(item, np.float32))
    elif isinstance(item, laws.Distribution):
        yield from _of_distribution(item)
    elif isinstance(item, Mapping):
        for key, value in item.items():
            yield from _walk(str(key), value, depth + 1)
    elif isinstance(item, tuple | list):
        yield from _of_sequence(name, item, depth)
    elif hasattr(item, "__dict__") and not callable(item):
        for key, value in vars(item).items():
            yield from _walk(key.lstrip("_"), value, depth + 1)


def _of_sequence(name: str, item: tuple[Any, ...] | list[Any], depth: int) -> Iterator[tuple[str, Tensor]]:
    """Named tuples by their names; lists of numbers, as `tolist()` gives them, as an array."""
    if len(item) and all(isinstance(part, int | float) or _is_numbers(part) for part in item):
        try:
            yield name, torch.from_numpy(np.array(item, np.float32))
        except ValueError:  # rows of different lengths
            return
        return
    fields = getattr(item, "_fields", None) or [f"{name}{'.' if name else ''}{at}" for at in range(len(item))]
    for key, value in zip(fields, item, strict=True):
        yield from _walk(str(key), value, depth + 1)


def _is_numbers(part: Any) -> bool:
    """A list of numbers, at any depth."""
    while isinstance(part, list) and part:
        part = part[0]
    return isinstance(part, int | float)


def _of_distribution(law: laws.Distribution) -> Iterator[tuple[str, Tensor]]:
    inner = law
    while isinstance(inner, laws.Independent):
        inner = inner.base_dist
    if isinstance(inner, laws.Normal):
        yield MEAN, inner.loc
        yield SIGMA, inner.scale
    elif isinstance(inner, laws.MultivariateNormal):
        covariance = inner.covariance_matrix
        variance = torch.diagonal(covariance, dim1=-2, dim2=-1)
        if float((covariance - torch.diag_embed(variance)).abs().max()) > 1e-5 * float(variance.max()):
            raise ExternalModelError(
                "encode gave a MultivariateNormal whose dimensions are correlated; allowed: a diagonal Gaussian, because the clinic "
                "measures dimension by dimension."
            )
        yield MEAN, inner.loc.expand_as(variance)
        yield SIGMA, variance.sqrt()
    else:
        yield f"{OTHER_LAW}{type(inner).__name__}", inner.mean
