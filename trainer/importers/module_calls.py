"""How is somebody else's model asked anything at all?

What it is made of (modules in attributes, dictionaries, closures, wrappers), how it wants its pictures (as pictures, vectors, a dictionary,
with a class), and what its forward pass does with them: which codes it draws, and what picture it makes of them. Its answers are
`trainer.importers.outputs`; which of them is what is `trainer.importers.roles`; `trainer.importers.adapters` puts the parts together.

Letters: B images, C×H×W their shape, K latent dimensions, Y classes.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from trainer.importers import noise
from trainer.importers.noise import Draw, Held
from trainer.importers.outputs import ExternalModelError, Value, values_of
from trainer.importers.pixel_range import Pixels
from trainer.models.layers import ImageShape

MOST_DEPTH = 6
WRAPPERS = ("_orig_mod", "module")  # torch.compile, DataParallel and DistributedDataParallel
PICTURES = (
    "recon_x", "reconstruction", "x_recon", "x_hat", "recon", "recon_batch", "x_reconst", "x_rec", "reconstructed", "reconstructions",
    "decoded", "output", "y", "out", "px", "mean", "logits", "sample",
)  # fmt: skip
Labels = Tensor | None


@dataclass(frozen=True)
class Feed:
    """One way to hand over images x (B, C, H, W) with or without classes y (B,). arguments: what the function is called with."""

    name: str
    arguments: Callable[[Tensor, Labels], tuple[Any, ...]]
    has_class: bool = False


@dataclass(frozen=True)
class Seen:
    """One call of a function with held noise: the tensors of its answer and what was drawn. inside: what its modules gave on the way."""

    answer: Any
    values: list[Value]
    draws: list[Draw]
    others: list[str]
    inside: list[Value] = field(default_factory=list)


@dataclass(frozen=True)
class Pass:
    """A forward pass that gives a picture.

    feed: how it takes images · picture: which of the values is the picture · code: number of the draw that is the code, None where no
    code is drawn · codes: the shapes of all · needs_training: whether it draws only in training · others: draws that are not Gaussian ·
    is_odd: whether it draws Gaussian noise that is no mean + σ · noise.
    """

    feed: Feed
    picture: int
    code: int | None
    codes: tuple[tuple[int, ...], ...]
    needs_training: bool
    others: tuple[str, ...] = ()
    is_odd: bool = False


@dataclass
class Subject:
    """A model and some images to ask it about.

    model: unwrapped · modules: every module of torch in it · x (B, C, H, W) in [0, 1] · y (B,), where it is told the class · n_classes ·
    pixels: the range that it wants · forward: its forward pass, once it was looked at · needs_gradient: whether that differentiates.
    """

    model: Any
    modules: list[nn.Module]
    x: Tensor
    y: Labels
    n_classes: int
    pixels: Pixels
    forward: Pass | None = None
    needs_gradient: bool = False

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
            return self.model if own is not getattr(nn.Module, "forward", None) and not _is_container(self.model) else None
        found = self.method("forward", "reconstruct") if not isinstance(self.model, Mapping) else self.method("forward")
        return found

    def see(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], give: noise.Give = noise.zeros,
        instead: dict[int, Tensor] | None = None, training: bool = False, inside: bool = False,
    ) -> Seen:  # fmt: skip
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
            held = stack.enter_context(Held(give, instead))
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


def unwrapped(model: Any) -> Any:
    """The model in a wrapper of torch, at any depth."""
    for _ in range(MOST_DEPTH):
        inner = next((getattr(model, name, None) for name in WRAPPERS if _is_wrapper(model, name)), None)
        if inner is None:
            return model
        model = inner
    return model


def _is_wrapper(model: Any, name: str) -> bool:
    """Only where there is nothing else in it: somebody's own model may have a part called module."""
    return isinstance(model, nn.Module) and isinstance(getattr(model, name, None), nn.Module) and len(model._modules) == 1 and not (
        callable(getattr(type(model), "encode", None))
    )  # fmt: skip


def modules_of(model: Any) -> list[nn.Module]:
    """The outermost modules of torch in an object: in attributes, dictionaries, lists, bound methods, closures and partial functions."""
    found: list[nn.Module] = []
    seen: set[int] = set()

    def look(item: Any, depth: int) -> None:
        if id(item) in seen or depth > MOST_DEPTH or item is None or isinstance(item, Tensor | str | bytes | int | float | type):
            return
        seen.add(id(item))
        if isinstance(item, nn.Module):
            found.append(item)
            return
        for part in _parts(item):
            look(part, depth + 1)

    look(model, 0)
    return found


def _parts(item: Any) -> Iterator[Any]:
    """What an object holds."""
    if isinstance(item, Mapping):
        yield from list(item.values())[:1000]
    elif isinstance(item, list | tuple | set):
        yield from list(item)[:1000]
    elif isinstance(item, functools.partial):
        yield from (item.func, item.args, item.keywords)
    elif inspect.ismethod(item):
        yield from (item.__self__, item.__func__)
    elif inspect.isfunction(item):
        for cell in item.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # not filled yet
                continue
        yield from (item.__defaults__, item.__kwdefaults__, getattr(item, "__wrapped__", None))
        yield from (value for name in item.__code__.co_names if isinstance(value := item.__globals__.get(name), nn.Module))
    elif hasattr(item, "__dict__") and not inspect.ismodule(item):
        yield from list(vars(item).values())[:1000]
        for name in ("encode", "decode", "forward", "__call__"):
            own = getattr(type(item), name, None)
            if inspect.isfunction(own):
                yield own


def n_parameters(modules: list[nn.Module]) -> int:
    """Each parameter once."""
    return sum(p.numel() for p in {id(p): p for module in modules for p in module.parameters()}.values())


# --- feeding


def feeds(n_classes: int) -> tuple[Feed, ...]:
    """All ways to hand over images, the usual first; with a class where n_classes is not 0."""
    plain = (
        Feed("pictures", lambda x, y: (x,)),
        Feed("vectors of their pixels", lambda x, y: (x.flatten(1),)),
        Feed("a dictionary with 'data'", lambda x, y: ({"data": x, "labels": y},)),
        Feed("pictures with the channels last", lambda x, y: (x.movedim(1, -1),)),
        Feed("pictures without a channel", lambda x, y: (x[:, 0],)),
        Feed("codes of shape (B, C, H·W)", lambda x, y: (x.flatten(2),)),
    )
    if not n_classes:
        return plain
    told = []
    for feed in plain[:2]:
        for name, form in class_forms(n_classes):
            told.append(Feed(f"{feed.name} and {name}", _with_class(feed, form), has_class=True))
    return (*told, *plain)


def _with_class(feed: Feed, form: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Labels], tuple[Any, ...]]:
    def arguments(x: Tensor, y: Labels) -> tuple[Any, ...]:
        assert y is not None
        return *feed.arguments(x, y), form(y)

    return arguments


def class_forms(n_classes: int) -> tuple[tuple[str, Callable[[Tensor], Tensor]], ...]:
    """How a class may be told: its number or one hot."""
    return (
        ("the class one hot", lambda y: nn.functional.one_hot(y, n_classes).float()),
        ("the number of the class", lambda y: y),
        ("the number of the class as a column", lambda y: y[:, None].float()),
    )


def wants_more(function: Callable[..., Any] | None, given: int = 1) -> str:
    """The name of the next argument that a function needs, where it needs more than are given; else nothing."""
    if function is None:
        return ""
    target = function.forward if isinstance(function, nn.Module) else function
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        return ""
    needed = [
        p.name for p in parameters
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]  # fmt: skip
    return needed[given] if len(needed) > given else ""


def _rows(arguments: tuple[Any, ...]) -> int:
    first = arguments[0]
    first = first["data"] if isinstance(first, Mapping) else first
    return len(first)


def _rows_of(seen: Seen) -> int:
    return len(seen.values[0].tensor) if seen.values else (seen.draws[0].shape[0] if seen.draws else 0)


def _is_container(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.nn.modules.container") and not isinstance(module, nn.Sequential)


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


# --- the forward pass


def forward_of(subject: Subject) -> Pass | None:
    """The forward pass, where the model has one that gives pictures: how it is fed, what it draws."""
    function = subject.forwards()
    if function is None:
        return None
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


def is_repeated(draw: Draw) -> bool:
    """Whether one posterior is drawn from several times, as importance weighting does: without noise all draws are its mean."""
    z = draw.z
    if not draw.is_sum or z.ndim < 3 or bool((z == z.flatten()[0]).all()):
        return False
    return any(z.shape[axis] > 1 and bool((z == z.narrow(axis, 0, 1)).all()) for axis in range(1, z.ndim))


def picture_of(subject: Subject, values: list[Value]) -> int | None:
    """Which value is the reconstruction: of a picture's size, not the input itself; by its name, or the nearest to the images."""
    n_pixels = prod(subject.image_shape)
    x = subject.pixels.into(subject.x).flatten(1)
    fitting = [
        at for at, value in enumerate(values)
        if value.width == n_pixels and value.tensor.is_floating_point() and not torch.equal(_flat(value.tensor, subject.image_shape), x)
    ]  # fmt: skip
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
