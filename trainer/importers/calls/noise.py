"""What does somebody else's function draw, and what does it make of the draw?

A VAE's forward pass draws its code once: z = mu + sigma · eps. Whoever holds eps can ask for the mean (eps = 0), for the standard deviation
(eps = 1 minus eps = 0), and, by putting a z of their own in place of the sum, for what the model itself makes of any code, whatever layers
stand between. No name, order or convention is needed for that. `Held` is such a hand: while it is entered, every draw of torch is the one
that it is told. What the function computes with a draw is followed through products and sums of the same size, up to the first sum.

Letters: B images, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

GAUSSIAN = {"randn", "randn_like", "normal", "normal_"}
_UNIFORM = {"rand", "rand_like", "uniform_"}
_DISCRETE = {"bernoulli", "bernoulli_", "multinomial", "poisson"}
OTHER = _UNIFORM | _DISCRETE | {"exponential_", "log_normal_", "gumbel_softmax"}
DROPOUTS = {
    "dropout",
    "dropout_",
    "alpha_dropout",
    "feature_dropout",
    "dropout2d",
    "dropout1d",
    "dropout3d",
    "feature_alpha_dropout",
}
SUMS = {
    "add",
    "__add__",
    "__radd__",
    "__iadd__",
    "sub",
    "__sub__",
    "__rsub__",
    "__isub__",
    "rsub",
    "addcmul",
    "addcdiv",
    "subtract",
}
_SCALES = {"mul", "__mul__", "__rmul__", "__imul__", "multiply", "div", "neg"}
_SHAPES = {"view", "reshape", "view_as", "reshape_as", "squeeze", "unsqueeze", "expand", "expand_as"}
_COPIES = {"to", "type_as", "type", "float", "clone", "detach", "contiguous", "cpu", "requires_grad_"}
IN_PASSING = _SCALES | _SHAPES | _COPIES
Give = Callable[[tuple[int, ...], int], Tensor]


@dataclass
class Draw:
    """One draw of Gaussian noise."""

    shape: tuple[int, ...]
    """of the noise"""
    z: Tensor
    """what became of it: the sum, or else the last product"""
    is_sum: bool = False
    """whether it was added to something, as a code is"""


@dataclass
class _Followed:
    """Tensors that are a draw times something, and whose memory another object may share."""

    of: dict[tuple[int, int], int] = field(default_factory=dict)
    """number of the draw by the keys of a tensor, see `_keys`"""
    kept: list[Tensor] = field(default_factory=list)
    """the tensors themselves, so that no other takes their place in memory"""

    def add(self, tensor: Tensor, draw: int) -> None:
        for key in _keys(tensor):
            self.of[key] = draw
        self.kept.append(tensor)

    def draw_of(self, item: Any) -> int | None:
        """The draw that an argument of an operation is, None for all others."""
        if not isinstance(item, Tensor):
            return None
        return next((self.of[key] for key in _keys(item) if key in self.of), None)


def _keys(tensor: Tensor) -> list[tuple[int, int]]:
    """The object itself, and where its numbers lie."""
    try:
        return [(id(tensor), -1), (tensor.data_ptr(), tensor.numel())]
    except RuntimeError:  # a tensor without memory, while operations are recorded
        return [(id(tensor), -1)]


class Held(TorchFunctionMode):
    """Gives draws instead of torch.

    give: the noise, from its shape and the number of the draw.
    instead: of a draw's number, the tensor that replaces its sum (the code), as many numbers as that has.
    draws: what was drawn, in order.
    others: names of draws that are not Gaussian.
    with_seeded: whether draws by a generator that the function itself has just seeded are held too; otherwise they are left as they are,
        since they are the same in every call, as a fixed projection is.
    """

    def __init__(self, give: Give, instead: dict[int, Tensor] | None = None, with_seeded: bool = False) -> None:
        super().__init__()
        self._seeded: list[torch.Generator] | None = None if with_seeded else []
        self.give, self.instead = give, instead or {}
        self.draws: list[Draw] = []
        self.others: list[str] = []
        self._followed = _Followed()

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in DROPOUTS:
            return args[0]
        if self._is_seeded(kwargs.get("generator")):
            return func(*args, **kwargs)
        if name in OTHER:
            self.others.append(name)
        if name in GAUSSIAN:
            return self._drawn(name, func, args, kwargs)
        out = func(*args, **kwargs)
        plain = name.rstrip("_") if name.endswith("_") and not name.endswith("__") else name
        if not isinstance(out, Tensor) or not (plain in SUMS or plain in IN_PASSING or name in IN_PASSING):
            return out
        which = self._which(args, kwargs)
        return out if which is None else self._became(which, out, plain in SUMS, args)

    def _is_seeded(self, generator: torch.Generator | None) -> bool:
        """Whether a generator had drawn nothing before this call."""
        if generator is None or self._seeded is None:
            return False
        if any(known is generator for known in self._seeded):
            return True
        fresh = torch.Generator(generator.device).manual_seed(generator.initial_seed())
        is_fresh = generator.get_state().numpy().tobytes() == fresh.get_state().numpy().tobytes()
        if is_fresh:
            self._seeded.append(generator)
        return is_fresh

    def _which(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | None:
        """The draw that an operation is told."""
        found = [self._followed.draw_of(item) for item in (*args, *kwargs.values())]
        return next((draw for draw in found if draw is not None), None)

    def _became(self, which: int, out: Tensor, is_sum: bool, args: tuple[Any, ...]) -> Tensor:
        """A draw's product, or its sum: the code, which is followed no further."""
        draw = self.draws[which]
        if draw.is_sum or out.numel() != draw.z.numel():
            return out  # a code is as large as its noise; a distance between draws is not
        if is_sum and which in self.instead:
            given = self.instead[which].reshape(out.shape).to(out.dtype)
            if args and out is args[0]:
                out.detach().copy_(given.detach())  # it was written in place, and somebody may hold it under another name
            out = given
        draw.z, draw.is_sum = out, is_sum
        if not is_sum:
            self._followed.add(out, which)
        return out

    def _drawn(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        with torch.no_grad():
            like = func(*args, **kwargs)  # its shape, type and place; in place: the tensor itself
        number = len(self.draws)
        eps = self.give(tuple(like.shape), number).to(like)
        mean, std = _moments(name, args, kwargs)
        is_code = _differs(mean, 0) or _differs(std, 1)
        out = eps if mean is None and std is None else (0 if mean is None else mean) + eps * (1 if std is None else std)
        draw = Draw(tuple(like.shape), out, is_code)
        self.draws.append(draw)
        if is_code and number in self.instead:
            out = draw.z = self.instead[number].reshape(out.shape).to(out.dtype)
        if name == "normal_":
            like.detach().copy_(out.detach())  # what it returns is used by some, what it wrote by others
            self._followed.add(like, number)
        self._followed.add(out, number)
        return out


def _moments(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Mean and standard deviation that a draw was asked with; None where they are 0 and 1."""
    if name in ("randn", "randn_like"):
        return None, None
    rest = args[1:] if name == "normal_" else args
    mean = kwargs.get("mean", rest[0] if rest else 0)
    std = kwargs.get("std", rest[1] if len(rest) > 1 else 1)
    return mean, std


def _differs(moment: Any, usual: float) -> bool:
    """Whether a tensor is anywhere another number than the usual; while operations are recorded, when it has no numbers, it is."""
    if not isinstance(moment, Tensor):
        return False
    from torch.fx.experimental.proxy_tensor import get_proxy_mode

    return get_proxy_mode() is not None or bool((moment != usual).any())


def zeros(shape: tuple[int, ...], number: int) -> Tensor:
    """No noise: codes are their means."""
    return torch.zeros(shape)


def ones(shape: tuple[int, ...], number: int) -> Tensor:
    """Codes are one standard deviation above their means."""
    return torch.ones(shape)


def random(seed: int) -> Give:
    """Noise that is the same whenever the seed is."""
    return lambda shape, number: torch.randn(shape, generator=torch.Generator().manual_seed(1000 * seed + number))


@contextmanager
def drawing(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Modules that draw only while they are trained draw; torch's own (batch norm, dropout) stay in evaluation."""
    own = [part for module in modules for part in module.modules() if not type(part).__module__.startswith("torch.nn")]
    before = [part.training for part in own]
    try:
        for part in own:
            part.training = True
        yield
    finally:
        for part, was in zip(own, before, strict=True):
            part.training = was
