"""Which of our layers does a function of somebody else's PyTorch compute, if any?

The function is recorded by `torch.export`, whatever Python stands above its operations: modules, calls of `torch.nn.functional`, views;
where that refuses, by running it once (`make_fx`). The operations have the same names either way, and become a graph of layers and weights
(`tracing.replay`, `tracing.operations`); anything that no layer does raises `UntraceableError` with the operation's name. What was found is
only believed where it gives the same numbers as the function (`disagreement`) for other batches than the one it was recorded with: a branch
that depends on the input is recorded as it went this once. Letters: B inputs, each of a shape of its own, Y classes.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributions, nn
from torch.overrides import TorchFunctionMode

from trainer.importers.tracing.network import joined_values, network_of
from trainer.importers.tracing.replay import Drawn, Recorded, class_input, of_module, replayed
from trainer.importers.tracing.steps import Function, TracedNetwork, TracedValue, UntraceableError, input_value

NUMBER_READ = ("_local_scalar_dense", "is_nonzero", "data-dependent")
"""What torch says where a number is asked for while it records."""


def trace(function: Function, example: Tensor, n_classes: int = 0) -> tuple[TracedNetwork, ...]:
    """The layers behind each tensor that `function` gives for `example` (B, …), and for classes (B,) where there are any.

    Raises `UntraceableError`.
    """
    return tuple(network_of(value) for value in _values(function, example, n_classes))


def trace_joined(function: Function, example: Tensor, n_classes: int = 0) -> TracedNetwork:
    """The layers behind several vectors, such as mu and logvar, as one network that gives them one after the other."""
    return network_of(joined_values(_values(function, example, n_classes)))


def disagreement(
    found: TracedNetwork, function: Callable[..., Tensor], x: Tensor, y: Tensor | None = None, n_classes: int = 0
) -> float:
    """The largest difference between what was found and the function itself on x (B, …), relative where numbers exceed 1.

    Infinite where either answers anything but finite numbers: two answers that are no numbers do not agree.
    """
    told = () if y is None else (y,)
    with torch.no_grad():
        wanted = function(x, *told).reshape(len(x), -1).double().numpy()
    with np.errstate(all="ignore"):
        got = found.run(x.numpy(), None if y is None else y.numpy(), n_classes).reshape(len(x), -1).astype(float)
    if got.shape != wanted.shape or not (np.isfinite(got).all() and np.isfinite(wanted).all()):
        return math.inf
    return float((np.abs(got - wanted) / np.maximum(1, np.abs(wanted))).max(initial=0))


def _values(function: Function, example: Tensor, n_classes: int) -> list[TracedValue]:
    n = len(example)
    recorded = _recorded(function, example, (torch.arange(n) % n_classes,) if n_classes else ())
    inputs = (input_value(example.clone()), class_input(n, n_classes)) if n_classes else (input_value(example.clone()),)
    values = replayed(recorded, inputs, n)
    if drawn := next((value for value in values if isinstance(value, Drawn)), None):
        raise UntraceableError(f"draws random numbers ({drawn.name})")
    if not values or not all(isinstance(value, TracedValue) for value in values):
        raise UntraceableError(_why_constant(function, example, n_classes))
    return values


def _why_constant(function: Function, example: Tensor, n_classes: int) -> str:
    """What is said where nothing of the input is left in what was recorded."""
    told = (torch.arange(len(example)) % n_classes,) if n_classes else ()
    with torch.no_grad(), _quiet():
        first, second = (_tensors(function(x, *told)) for x in (example, example.flip(0) / 2))
    if all(a.shape == b.shape and torch.equal(a, b) for a, b in zip(first, second, strict=True)):
        return "does not depend on its input"
    return "computes outside of torch, as numpy does"


def _tensors(answer: Any) -> list[Tensor]:
    return [item for item in (answer if isinstance(answer, tuple | list) else [answer]) if isinstance(item, Tensor)]


def _recorded(function: Function, example: Tensor, told: tuple[Tensor, ...]) -> Recorded:
    """The function's operations for a batch of the example's size. Raises `UntraceableError`."""
    from torch.fx.experimental.proxy_tensor import make_fx

    with torch.no_grad(), _quiet(), _Recordable():
        try:
            return _exported(function, (example, *told))
        except Exception:  # whatever torch.export says of it; numbers that are read out of tensors among them
            pass
        try:
            # alone, make_fx would take default arguments of the function for further inputs
            return of_module(make_fx(lambda x, *y: function(x, *y), pre_dispatch=True)(example, *told))
        except (
            Exception
        ) as error:  # whatever the function does that cannot be recorded: a number read out of a tensor, another library
            if any(word in str(error) for word in NUMBER_READ):
                raise UntraceableError("reads a number out of a tensor, as a branch on the input does") from None
            raise UntraceableError(f"cannot be recorded ({type(error).__name__})") from None


class _Whole(nn.Module):
    """A function as a module, which `torch.export` asks for."""

    def __init__(self, function: Function, is_told: bool) -> None:
        super().__init__()
        self.function = function
        self.forward = self.of_two if is_told else self.of_one

    def of_one(self, x: Tensor) -> Any:
        return self.function(x)

    def of_two(self, x: Tensor, y: Tensor) -> Any:
        return self.function(x, y)


def _exported(function: Function, given: tuple[Tensor, ...]) -> Recorded:
    program = torch.export.export(_Whole(function, len(given) > 1), given, strict=False)
    program.graph.eliminate_dead_code()
    if any(node.op == "get_attr" for node in program.graph.nodes):
        raise UntraceableError("has parts that are graphs of their own")
    tensors, inputs = {}, []
    for kind, node in zip(program.graph_signature.input_specs, _placeholders(program.graph), strict=True):
        if kind.kind.name == "USER_INPUT":
            inputs.append(node.name)
        else:
            tensors[node.name] = (
                program.state_dict[kind.target] if kind.target in program.state_dict else program.constants[kind.target]
            )
    return Recorded(program.graph, tensors, tuple(inputs))


def _placeholders(graph: torch.fx.Graph) -> list[torch.fx.Node]:
    return [node for node in graph.nodes if node.op == "placeholder"]


@contextmanager
def _quiet() -> Iterator[None]:
    """Distributions do not look at numbers, attention is made of operations that have names, and nothing is told to people."""
    checked, fast = distributions.Distribution._validate_args, torch.backends.mha.get_fastpath_enabled()
    logged = logging.root.manager.disable
    distributions.Distribution.set_default_validate_args(False)
    torch.backends.mha.set_fastpath_enabled(False)
    logging.disable(logging.ERROR)
    try:
        # torch.export prints the graph as far as it came
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        distributions.Distribution.set_default_validate_args(checked)
        torch.backends.mha.set_fastpath_enabled(fast)
        logging.disable(logged)


class _Recordable(TorchFunctionMode):
    """Puts what can be recorded in place of what looks at numbers: a class one hot is a comparison."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        n = kwargs.get("num_classes", args[1] if len(args) > 1 else -1)
        if getattr(func, "__name__", "") == "one_hot" and n > 0:
            classes = args[0] if args else kwargs["tensor"]
            return (classes[..., None] == torch.arange(n)).long()
        return func(*args, **kwargs)
