"""How is somebody else's model asked anything at all?

A `Subject` is a model with some images to ask it about; `Subject.see` calls one of its functions with held noise and says which tensors
came back and what was drawn. Which of the answers is what is decided in `trainer.importers.adapters`.

Letters: B images, C×H×W their shape, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from trainer.importers.calls import noise
from trainer.importers.calls.contents import is_container, modules_of, unwrapped
from trainer.importers.calls.feeding import Feed, Labels
from trainer.importers.calls.noise import Draw, Held
from trainer.importers.calls.outputs import Value, values_of
from trainer.importers.calls.pixel_range import Pixels
from trainer.models.layers import ImageShape


@dataclass(frozen=True)
class Seen:
    """One call of a function with held noise."""

    answer: Any
    """as it was given"""
    values: list[Value]
    """the tensors in it"""
    draws: list[Draw]
    """Gaussian draws, in order"""
    others: list[str]
    """names of draws that are not Gaussian"""
    inside: list[Value] = field(default_factory=list)
    """what its modules gave on the way"""


@dataclass(frozen=True)
class Pass:
    """A forward pass that gives a picture."""

    feed: Feed
    """how it takes images"""
    picture: int
    """which of the values is the picture"""
    code: int | None
    """number of the draw that is the code; None where no code is drawn, or several are"""
    codes: tuple[tuple[int, ...], ...]
    """the shapes of all codes that are drawn"""
    needs_training: bool
    """whether it draws only in training"""
    others: tuple[str, ...] = ()
    """draws that are not Gaussian"""
    is_odd: bool = False
    """whether it draws Gaussian noise that is no mean + σ · noise"""


@dataclass
class Subject:
    """A model and some images to ask it about."""

    model: Any
    """without wrappers"""
    modules: list[nn.Module]
    """every module of torch in it"""
    x: Tensor
    """(B, C, H, W) in [0, 1]"""
    y: Labels
    """(B,), where it is told the class"""
    n_classes: int
    """of the data set; 0 where it is not told the class"""
    pixels: Pixels
    """the range that it wants"""
    forward: Pass | None = None
    """its forward pass, once it was looked at"""
    needs_gradient: bool = False
    """whether its forward pass differentiates"""
    with_seeded: bool = False
    """whether its code is drawn by a generator that it seeds in every call"""

    @property
    def image_shape(self) -> ImageShape:
        c, h, w = self.x.shape[1:]
        return c, h, w

    def method(self, *names: str) -> Callable[..., Any] | None:
        """The first of these that the model has and that can be called; of a mapping its entry."""
        for name in names:
            found = self.model.get(name) if isinstance(self.model, Mapping) else getattr(self.model, name, None)
            if callable(found):
                return getattr(found, "_torchdynamo_orig_callable", found)
        return None

    def forwards(self) -> Callable[..., Any] | None:
        """Its forward pass; of torch's own containers there is none that says anything."""
        if isinstance(self.model, nn.Module):
            own = type(self.model).forward
            return self.model if own is not getattr(nn.Module, "forward", None) and not is_container(self.model) else None
        found = self.method("forward", "reconstruct") if not isinstance(self.model, Mapping) else self.method("forward")
        return found

    def see(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        give: noise.Give = noise.zeros,
        instead: dict[int, Tensor] | None = None,
        training: bool = False,
        inside: bool = False,
    ) -> Seen:
        """One call with held noise."""
        inner: list[Value] = []
        n = _rows(arguments)
        with ExitStack() as stack:
            if training:
                stack.enter_context(noise.drawing(self.modules))
            if inside:
                stack.enter_context(_listening(self.modules, n, inner))
            if self.needs_gradient:
                stack.enter_context(torch.enable_grad())
            held = stack.enter_context(Held(give, instead, self.with_seeded))
            answer = function(*arguments)
        values = values_of(answer, n)
        if self.needs_gradient:
            values = [Value(value.name, value.tensor.detach()) for value in values]
            for draw in held.draws:
                draw.z = draw.z.detach()
        return Seen(answer, values, held.draws, held.others, inner)

    def codes_of(self, seen: Seen) -> list[int]:
        """Numbers of the draws that are codes, of a call without noise: not of a picture's size (noise on the pixels), of as many rows as
        there are images, and not several draws of one posterior."""
        n_pixels, found = prod(self.image_shape), []
        for at, draw in enumerate(seen.draws):
            numbers = prod(draw.shape)
            if (
                draw.is_sum
                and draw.z.ndim >= 2
                and draw.z.shape[0] == _rows_of(seen)
                and numbers != _rows_of(seen) * n_pixels
                and not is_repeated(draw)
            ):
                found.append(at)
        return found


def subject_of(model: Any, x: Tensor, y: Labels, n_classes: int, pixels: Pixels) -> Subject:
    """A model as it can be asked: unwrapped, in evaluation, on the processor, in single precision."""
    model = unwrapped(model)
    modules = modules_of(model)
    for module in modules:
        module.eval().cpu().float()
        for part in module.modules():
            part._compiled_call_impl = (
                None  # asked a few times, a compiled model would be compiled again for every number of images
            )
    return Subject(model, modules, x, y, n_classes, pixels)


def _rows(arguments: tuple[Any, ...]) -> int:
    first = arguments[0]
    first = first["data"] if isinstance(first, Mapping) else first
    return len(first)


def _rows_of(seen: Seen) -> int:
    return len(seen.values[0].tensor) if seen.values else (seen.draws[0].shape[0] if seen.draws else 0)


class _listening:  # noqa: N801 — reads as what it does, after `with`
    """Notes what every module gives that is called meanwhile, under its place in the model."""

    def __init__(self, modules: list[nn.Module], n: int, into: list[Value]) -> None:
        self.modules, self.n, self.into = modules, n, into
        self.handles: list[Any] = []

    def __enter__(self) -> None:
        for module in self.modules:
            for name, part in module.named_modules():
                self.handles.append(part.register_forward_hook(self._hook(name or type(module).__name__)))

    def _hook(self, name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            self.into.extend(
                Value(name if not value.name else f"{name}.{value.name}", value.tensor) for value in values_of(output, self.n)
            )

        return hook

    def __exit__(self, *error: object) -> None:
        for handle in self.handles:
            handle.remove()


def is_repeated(draw: Draw) -> bool:
    """Whether one posterior is drawn from several times, as importance weighting does: without noise all draws are its mean."""
    z = draw.z
    if not draw.is_sum or z.ndim < 3 or bool((z == z.flatten()[0]).all()):
        return False
    return any(z.shape[axis] > 1 and bool((z == z.narrow(axis, 0, 1)).all()) for axis in range(1, z.ndim))
