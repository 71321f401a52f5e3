"""What becomes of a function's input when its recorded operations are gone through one after the other?

What depends on the input becomes a graph of layers; what depends on nothing is computed; what depends on the class alone is computed once
for every class and becomes a table. Letters: B inputs of the example, Y classes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from trainer.importers.tracing.affine import grown
from trainer.importers.tracing.operations import HANDLERS, OF_SHAPES, arguments_of, name_of, writes_in_place
from trainer.importers.tracing.steps import Step, TracedValue, UntraceableError, given_step, step_of
from trainer.models import layers as spec
from trainer.models.layers import CLASS

MOST_DEPTH = 3  # operations in operations that an unknown one may be made of


RECURRENT = {"gru", "lstm", "rnn_tanh", "rnn_relu"}
"""Taken apart they are as many operations as there are steps, and what is said of one of those says nothing to the person."""


COMPARISONS = {"gt", "lt", "ge", "le", "eq", "ne"}
CHOOSING = {"where", "masked_fill", "masked_scatter", "index_put"}
"""Where a comparison is only their condition, they are what the person wrote."""


@dataclass(frozen=True)
class Recorded:
    """The operations of a function."""

    graph: fx.Graph
    """In their order."""
    tensors: dict[str, Tensor]
    """The model's own by their names in the graph."""
    inputs: tuple[str, ...]
    """Names of what the function is given."""


@dataclass(frozen=True, eq=False)
class OfClass:
    """What depends on the class alone."""

    values: tuple[Any, ...]
    """For every class what the function has there where all inputs are of it."""


@dataclass(frozen=True)
class Drawn:
    """A tensor of random numbers, which nobody may ask for."""

    name: str
    """Of the operation that drew it."""
    real: Any
    """As it was drawn."""


def class_input(n: int, n_classes: int) -> OfClass:
    """The number of the class of n inputs."""
    return OfClass(tuple(torch.full((n,), label) for label in range(n_classes)))


def replayed(recorded: Recorded, inputs: Sequence[Any], n: int, depth: int = 0) -> list[Any]:
    """What a function of n inputs gives for these. Raises `UntraceableError`."""
    known: dict[fx.Node, Any] = {}
    given = dict(zip(recorded.inputs, inputs, strict=True))
    order = {node: at for at, node in enumerate(recorded.graph.nodes)}
    for node in order:
        if node.op == "placeholder":
            known[node] = given[node.name] if node.name in given else _own(recorded, node.name)
        elif node.op == "get_attr":
            known[node] = _own(recorded, str(node.target))
        elif node.op == "call_function":
            args, kwargs = fx.node.map_arg((node.args, dict(node.kwargs)), known.__getitem__)
            known[node] = _named(node, tuple(args), kwargs, n, depth)
            if writes_in_place(node.target) and isinstance(node.args[0], fx.Node):
                _written(node, node.args[0], known, order)
    outputs = next(node for node in recorded.graph.nodes if node.op == "output").args[0]
    found = [
        known[node] if isinstance(node, fx.Node) else node for node in (outputs if isinstance(outputs, tuple | list) else [outputs])
    ]
    return [traced_of(item, n) if isinstance(item, OfClass) else item for item in found]


def _named(node: fx.Node, args: tuple[Any, ...], kwargs: dict[str, Any], n: int, depth: int) -> Any:
    """One operation of the function itself, whose name what is refused ends with; within one, the outer name says more."""
    try:
        return _called(node, args, kwargs, n, depth)
    except UntraceableError as error:
        if depth or not str(error).endswith("mixes the inputs of a batch"):
            raise
        raise UntraceableError(f"{error} ({_written_as(node)})") from None


def _written(node: fx.Node, into: fx.Node, known: dict[fx.Node, Any], order: dict[fx.Node, int]) -> None:
    """What else lies in the memory that an operation wrote into: the same tensor under another name has changed with it.

    Raises `UntraceableError` where a part was written and the whole is asked for later, or the other way round: layers write nothing.
    """
    place = _first_real(known[into])
    others = [other for other in known if other is not node and any(order[user] > order[node] for user in other.users)]
    known[into] = known[node]
    for other in others:
        real = _first_real(known[other])
        if not isinstance(place, Tensor) or not isinstance(real, Tensor) or not _share(place, real):
            continue
        if (real.shape, real.stride(), real.storage_offset()) != (place.shape, place.stride(), place.storage_offset()):
            raise UntraceableError("writes into a part of a tensor, as y[:, 0] = … does")
        known[other] = known[node]


def _share(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def _written_as(node: fx.Node) -> str:
    """What the person called: torch.export notes it where it is another than the operation, as lp_pool2d is for a sign within it."""
    _, called = node.meta.get("torch_fn", ("", ""))
    own = name_of(node.target)
    spoken = str(called).rpartition(".")[2].rstrip("_")
    if not spoken.isidentifier() or spoken.startswith("__"):
        spoken = own
    chosen = next((user for user in node.users if name_of(user.target) in CHOOSING), None)
    return name_of(chosen.target) if own in COMPARISONS and chosen is not None else spoken


def _own(recorded: Recorded, name: str) -> Any:
    """A copy of what is the model's own: it keeps the original. A generator of random numbers is no tensor and has no copy."""
    own = recorded.tensors[name]
    return own.detach().clone() if isinstance(own, Tensor) else own


def _called(node: fx.Node, args: tuple[Any, ...], kwargs: dict[str, Any], n: int, depth: int) -> Any:
    """One recorded operation."""
    target: Any = node.target
    name = name_of(target)
    if target is operator.getitem:
        return _part(args[0], args[1])
    if name.startswith("_assert"):
        return None
    leaves = _flat((args, kwargs))
    drawn = next((leaf for leaf in leaves if isinstance(leaf, Drawn)), None)
    if drawn is not None and name == "copy" and not isinstance(args[1], Drawn):
        return args[1]  # written over
    if (
        torch.Tag.nondeterministic_seeded in getattr(target, "tags", ())
        and name not in HANDLERS
        and _is_random(target, args, kwargs)
    ):
        return Drawn(name, _computed(target, args, kwargs, _first_real))
    has_value = any(isinstance(leaf, TracedValue) for leaf in leaves)
    if not has_value and drawn is not None:
        return Drawn(drawn.name, _computed(target, args, kwargs, _first_real))
    if not has_value and any(isinstance(leaf, OfClass) for leaf in leaves):
        n_classes = len(next(leaf for leaf in leaves if isinstance(leaf, OfClass)).values)
        return OfClass(tuple(_computed(target, args, kwargs, _of_label(label)) for label in range(n_classes)))
    real = _computed(target, args, kwargs, _first_real)
    if not has_value or name in OF_SHAPES:
        return real
    if not node.users and not writes_in_place(target):
        return None  # nobody asks for it
    if drawn is not None:
        raise UntraceableError(f"draws random numbers ({drawn.name})")
    args, kwargs = _mapped((args, kwargs), lambda leaf: traced_of(leaf, n) if isinstance(leaf, OfClass) else leaf)
    return _next_value(node, args, kwargs, real, n, depth)


def _part(item: Any, place: Any) -> Any:
    """Of several outputs of an operation the one at that place."""
    match item:
        case OfClass():
            return OfClass(tuple(value[place] for value in item.values))
        case Drawn():
            return Drawn(item.name, item.real[place])
    return item[place]


def _is_random(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether an operation that may draw does: a recurrent layer draws only where it drops numbers out."""
    first, second = (_flat(_computed(target, args, kwargs, _first_real)) for _ in range(2))
    return not all(torch.equal(a, b) for a, b in zip(first, second, strict=True) if isinstance(a, Tensor))


def _next_value(node: fx.Node, args: tuple[Any, ...], kwargs: dict[str, Any], real: Any, n: int, depth: int) -> Any:
    target: Any = node.target
    name = name_of(target)
    handler = HANDLERS.get(name)
    if handler is not None:
        return handler(arguments_of(target, args, kwargs), real)
    if name == "copy" and isinstance(args[1], TracedValue) and args[1].real.shape == real.shape:
        return args[1]
    if "__setitem__" in str(node.meta.get("torch_fn", "")):
        raise UntraceableError("writes into a part of a tensor, as y[:, 0] = … does")
    refused = UntraceableError(f"uses {_written_as(node)}, which is none of our layers")
    if depth == MOST_DEPTH or name in RECURRENT or not hasattr(target, "_schema"):
        raise refused
    try:
        recorded, inputs = _taken_apart(target, name, args, kwargs)
        found = replayed(recorded, inputs, n, depth + 1)
    except UntraceableError as error:
        raise error if "mixes" in str(error) else refused from None
    return found[0] if isinstance(real, Tensor) else found


def _taken_apart(target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Recorded, list[TracedValue]]:
    """An operation as those that torch makes it of, and the values that go in. Raises `UntraceableError` where it is made of itself."""
    from torch._decomp import core_aten_decompositions
    from torch.fx.experimental.proxy_tensor import make_fx

    values = [leaf for leaf in _flat((args, kwargs)) if isinstance(leaf, TracedValue)]

    def inner(*tensors: Tensor) -> Any:
        at = iter(tensors)
        own_args, own_kwargs = _mapped((args, kwargs), lambda leaf: next(at) if isinstance(leaf, TracedValue) else leaf)
        return target(*own_args, **own_kwargs)

    try:
        module = make_fx(inner, decomposition_table=dict(core_aten_decompositions()))(*[value.real for value in values])
    except Exception:  # whatever torch says of it
        raise UntraceableError(f"uses {name}") from None
    if any(name_of(node.target) == name for node in module.graph.nodes if node.op == "call_function"):
        raise UntraceableError(f"uses {name}")
    return of_module(module), values


def of_module(module: fx.GraphModule) -> Recorded:
    """What torch recorded, without what nobody asks for, as the picture beside mu."""
    module.graph.eliminate_dead_code()
    tensors = {str(node.target): getattr(module, str(node.target)) for node in module.graph.nodes if node.op == "get_attr"}
    return Recorded(module.graph, tensors, tuple(node.name for node in module.graph.nodes if node.op == "placeholder"))


def traced_of(item: OfClass, n: int) -> TracedValue:
    """What depends on the class alone, as a layer of it: a row of a table."""
    values = item.values
    if any(not isinstance(value, Tensor) or value.ndim == 0 or len(value) != n or not _is_one_row(value) for value in values):
        raise UntraceableError("mixes the inputs of a batch")
    table = torch.stack([value[0] for value in values]).float()
    table = table[:, None] if table.ndim == 1 else table
    shape, n_classes = tuple(table.shape[1:]), len(values)
    step = given_step(CLASS, (n_classes,))
    if shape != (n_classes,) or not torch.equal(table, torch.eye(n_classes)):
        step = _looked_up(step, table)
    return TracedValue(step, values[0].float(), folds=values[0].ndim == 1)


def _looked_up(of_class: Step, table: Tensor) -> Step:
    """Rows of a table (Y, …), stored without the axes along which nothing changes."""
    shape = tuple(table.shape[1:])
    for axis in range(1, table.ndim):
        if bool((table == table.narrow(axis, 0, 1)).all()):
            table = table.narrow(axis, 0, 1)
    flat = table.flatten(1)
    step = step_of(spec.Linear(len(flat), flat.shape[1]), of_class, weight=flat.T, bias=torch.zeros(flat.shape[1]))
    small = tuple(table.shape[1:])
    return grown(step if small == step.shape else step_of(spec.Reshape(small), step), shape)


def _is_one_row(value: Tensor) -> bool:
    return torch.allclose(value, value[:1].expand_as(value), 1e-5, 1e-6)  # rows of a product differ in their last digits


def _computed(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], real: Callable[[Any], Any]) -> Any:
    """The operation itself on tensors."""
    own_args, own_kwargs = _mapped((args, kwargs), real)
    with torch.no_grad():
        try:
            return target(*own_args, **own_kwargs)
        except Exception:  # values that are no numbers to compute with have become some: places, of which a layer says nothing
            raise UntraceableError(f"uses {name_of(target)}, which is none of our layers") from None


def _first_real(leaf: Any) -> Any:
    return leaf.real if isinstance(leaf, TracedValue | Drawn) else leaf.values[0] if isinstance(leaf, OfClass) else leaf


def _of_label(label: int) -> Callable[[Any], Any]:
    return lambda leaf: leaf.values[label] if isinstance(leaf, OfClass) else leaf


def _flat(item: Any) -> list[Any]:
    if isinstance(item, tuple | list):
        return [leaf for part in item for leaf in _flat(part)]
    return [leaf for part in item.values() for leaf in _flat(part)] if isinstance(item, dict) else [item]


def _mapped(item: Any, change: Callable[[Any], Any]) -> Any:
    """The same with other leaves."""
    if isinstance(item, tuple | list):
        return type(item)(_mapped(part, change) for part in item)
    return {key: _mapped(part, change) for key, part in item.items()} if isinstance(item, dict) else change(item)
