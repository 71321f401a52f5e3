"""How does one write a layer in an array library? What numpy and PyTorch write alike, and which of the rest each of them knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trainer.exporting.words import Given, Place, Words, changed, cut, listed, literal
from trainer.models import layers as spec
from trainer.models.layers import Layer

Find = Callable[[Layer, Place], Words | str | None]
"""The expression of a layer, or None for one of another kind."""
OPERATORS: Mapping[spec.CombineKind, str] = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}


@dataclass(frozen=True)
class Library:
    """How a library writes what both have, and the rest of its layers."""

    name: str
    """In the program: np, torch."""
    constant: str
    """A tensor {0} for every code, of shape {1} without the batch."""
    concat: str
    """Its function that joins a list of arrays along an axis."""
    from_numpy: str
    """An array {} of numpy as one of the library."""
    to_numpy: str
    """The other way round."""
    keeps: str
    """Its word for an axis that is kept with length 1."""
    reductions: Mapping[spec.ReduceKind, str]
    """Its methods."""
    finds: tuple[Find, ...]
    """Of the layers that it writes in its own way."""

    def written(self, layer: Layer, place: Place) -> Words:
        """One layer as an expression. Raises `ValueError` for what is not a layer of a decoder."""
        for find in (self._joined, self._moved, self._computed, self._stored, *self.finds):
            found = find(layer, place)
            if found is not None:
                return found if isinstance(found, Words) else Words(found)
        raise ValueError(f"{type(layer).__name__} is not a layer of a decoder")

    def _joined(self, layer: Layer, place: Place) -> str | None:
        """Of a constant, and of layers that take several tensors; axes of the shapes without the batch are matched from the last."""
        if isinstance(layer, spec.Constant):
            return self.constant.format(place.tensors["weight"], listed(*place.after))
        names = [given.with_rank(max(len(other.shape) for other in place.given)) for given in place.given]
        match layer:
            case spec.Combine("maximum" | "minimum"):
                return f"{self.name}.{layer.kind}({', '.join(names)})"
            case spec.Combine(kind):
                return f" {OPERATORS[kind]} ".join(names)
            case spec.MatMul():
                return " @ ".join(names)
            case spec.Concat(axis):
                return f"{self.concat}([{', '.join(names)}], {literal(axis + 1)})"
        return None

    def _moved(self, layer: Layer, place: Place) -> str | None:
        """Of layers that put numbers elsewhere."""
        x = place.given[0].name
        match layer:
            case spec.First(n):
                return f"{x}[:, :{literal(n)}]"
            case spec.Unflatten(shape) | spec.Reshape(shape):
                return f"{x}.reshape(len({x}), {listed(*shape)})"
            case spec.Slice(axis, start, stop, step):
                return x + cut(axis, f"{literal(start)}:{literal(stop)}" + f":{literal(step)}" * (step != 1))
            case spec.Crop(height, width):
                return f"{x}[..., :{literal(height)}, :{literal(width)}]"
        return None

    def _computed(self, layer: Layer, place: Place) -> str | None:
        """Of layers that compute something of the numbers by operators and methods."""
        x, w, b = place.given[0].name, place.tensors.get("weight"), place.tensors.get("bias")
        match layer:
            case spec.ChannelAffine():
                return f"{x} * {per_channel(w, place)} + {per_channel(b, place)}"
            case spec.Bias():
                return f"{x} + {b}"
            case spec.Scale(by, plus):
                return f"{x} * {literal(by)}" + f" + {literal(plus)}" * (plus != 0)
            case spec.Reduce(kind, axes, keeps):
                axes = tuple(axis + 1 for axis in axes)
                kept = changed(**{self.keeps: (keeps, False)})
                return f"{x}.{self.reductions[kind]}({literal(axes)}{kept})" + _flattened(place.given[0], axes, keeps)
        return None

    def _stored(self, layer: Layer, place: Place) -> Words | None:
        """Of decoders that are pictures, and of pixels that are given those before them: numpy's functions."""
        x = self.to_numpy.format(place.given[0].name)
        own = {name: self.to_numpy.format(tensor) for name, tensor in place.tensors.items()}
        match layer:
            case spec.Lattice(shape, _, size, low, high):
                found, name = f"on_lattice({x}, {own['pictures']}, {listed(size, low, high)})", "on_lattice"
            case spec.Gallery(shape):
                found, name = f"in_gallery({x}, {own['pictures']}, {own['codes']})", "in_gallery"
            case spec.Autoregress():
                logits = f"unrolled({x}, {own['weight']}, {own['bias']}, {own['out']})"
                return Words(self.from_numpy.format(logits), ("unrolled",))
            case _:
                return None
        return Words(f"{self.from_numpy.format(found)}.reshape(len(z), {listed(*shape)})", (name,))


def per_channel(tensor: str | None, place: Place) -> str:
    """(channels,) as it is broadcast along the first axis after the batch."""
    rank = len(place.given[0].shape)
    return f"{tensor}" + f".reshape({listed(-1, *[1] * (rank - 1))})" * (rank > 1)


def _flattened(given: Given, axes: tuple[int, ...], keeps: bool) -> str:
    """The index that makes (B, 1) of (B,), where no axis is left."""
    return "[:, None]" * (not keeps and len(axes) == len(given.shape))
