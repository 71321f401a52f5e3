"""Which of our layers does a function of somebody else's PyTorch compute, if any?

The function is run once and every operation that reaches torch is recorded, whatever Python stands above it: modules, calls of
`torch.nn.functional`, views. A chain of operations that our engines know becomes layers and weights (`tracing.operations`); anything else
raises `UntraceableError` with the operation's name. What was found is only believed where it gives the same numbers as the function
(`disagreement`): a branch that depends on the input is recorded as it went this once. Letters: B inputs, each of a shape of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from trainer.importers.tracing.network import joined_layers, network_of
from trainer.importers.tracing.operations import next_value
from trainer.importers.tracing.steps import Function, TracedNetwork, TracedValue, UntraceableError


def trace(function: Function, example: Tensor) -> tuple[TracedNetwork, ...]:
    """The layers behind each tensor that `function` gives for `example` (B, …). Raises `UntraceableError`."""
    return tuple(network_of(value.steps) for value in _values(function, example))


def trace_joined(function: Function, example: Tensor) -> TracedNetwork:
    """The layers behind several vectors, such as mu and logvar, as one network that gives them one after the other."""
    return network_of(joined_layers(_values(function, example)))


def disagreement(found: TracedNetwork, function: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """The largest difference between what was found and the function itself on x (B, …), relative where numbers exceed 1."""
    with torch.no_grad():
        wanted = function(x).reshape(len(x), -1).double().numpy()
    got = found.run(x.numpy()).reshape(len(x), -1).astype(float)
    if got.shape != wanted.shape or not np.isfinite(got).all():
        return math.inf
    return float((np.abs(got - wanted) / np.maximum(1, np.abs(wanted))).max(initial=0))


def _values(function: Function, example: Tensor) -> list[TracedValue]:
    from torch.fx.experimental.proxy_tensor import make_fx

    try:
        with torch.no_grad(), _Recordable():
            graph = make_fx(lambda x: function(x))(example)  # which would take default arguments for further inputs
    except Exception as error:  # whatever the function does that cannot be recorded: a number read out of a tensor, another library
        raise UntraceableError(f"cannot be recorded ({type(error).__name__})") from None
    graph.graph.eliminate_dead_code()  # what is computed beside what is asked for, as the picture beside mu
    known: dict[Any, Any] = {}
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            known[node] = TracedValue((), example.clone())
        elif node.op == "get_attr":
            known[node] = getattr(graph, node.target).detach().clone()  # the model keeps its own
        elif node.op == "call_function":
            args, kwargs = torch.fx.node.map_arg((node.args, dict(node.kwargs)), known.__getitem__)
            known[node] = _called(node, tuple(args), kwargs, len(example))
    outputs = next(node for node in graph.graph.nodes if node.op == "output").args[0]
    values = [known[node] for node in (outputs if isinstance(outputs, tuple | list) else [outputs])]
    if not all(isinstance(value, TracedValue) for value in values):
        raise UntraceableError("computes outside of torch, or does not depend on its input")
    return values


class _Recordable(TorchFunctionMode):
    """Puts what can be recorded in place of what looks at numbers: a class one hot is a comparison."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        n = kwargs.get("num_classes", args[1] if len(args) > 1 else -1)
        if getattr(func, "__name__", "") == "one_hot" and n > 0:
            classes = args[0] if args else kwargs["tensor"]
            return (classes[..., None] == torch.arange(n)).long()
        return func(*args, **kwargs)


def _called(node: Any, args: tuple[Any, ...], kwargs: dict[str, Any], n: int) -> Any:
    """One recorded operation: computed where its inputs are constants, else a further step."""
    name = (getattr(node.target, "_opname", None) or node.target.__name__).rstrip("_")  # relu_ writes where it reads, and is relu
    has_value = any(isinstance(arg, TracedValue) for arg in _flat((args, kwargs)))
    if torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ()):
        raise UntraceableError(f"draws random numbers ({name})")
    with torch.no_grad():
        real = node.target(*_real(args), **_real(kwargs))
    if not has_value:
        return real
    if not node.users:
        return None  # nobody asks for it
    if isinstance(real, Tensor) and (real.ndim < 1 or real.shape[0] != n):
        raise UntraceableError(f"mixes the inputs of a batch ({name})")
    return next_value(name, args, kwargs, real)


def _flat(item: Any) -> list[Any]:
    if isinstance(item, tuple | list):
        return [leaf for part in item for leaf in _flat(part)]
    return [leaf for part in item.values() for leaf in _flat(part)] if isinstance(item, dict) else [item]


def _real(item: Any) -> Any:
    """The same with values as their tensors."""
    if isinstance(item, TracedValue):
        return item.real
    if isinstance(item, tuple | list):
        return type(item)(_real(part) for part in item)
    return {key: _real(part) for key, part in item.items()} if isinstance(item, dict) else item
