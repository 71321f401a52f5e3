"""Which modules of torch is somebody else's model made of?

They are looked for in wrappers, attributes, dictionaries, lists, bound methods, closures and partial functions.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

MOST_DEPTH = 6
WRAPPERS = ("_orig_mod", "module")  # torch.compile, DataParallel and DistributedDataParallel


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
    return (
        isinstance(model, nn.Module)
        and isinstance(getattr(model, name, None), nn.Module)
        and len(model._modules) == 1
        and not (callable(getattr(type(model), "encode", None)))
    )


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


def is_container(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.nn.modules.container") and not isinstance(module, nn.Sequential)
