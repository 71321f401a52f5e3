"""How does somebody else's model get into this process?

The module that makes it is imported and run here, by the command of the person who wrote it; the app never does, and nothing is
unpickled. Each way in which that can fail is one sentence.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from typing import Any

from torch import nn

from trainer.foreign import ForeignError

MODULE = re.compile(r"(?P<module>[^\W\d]\w*(\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*)")


def load_factory(module: str) -> Any:
    """The model that `package.module:factory` makes; runs that module's code. Raises `ForeignError` for whatever goes wrong there."""
    match = MODULE.fullmatch(module)
    if match is None:
        raise ForeignError(f"--module is {module!r}; allowed: PACKAGE.MODULE:FACTORY, such as models.vae:trained.")
    path, name = match["module"], match["name"]
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name and (path == error.name or path.startswith(f"{error.name}.")):
            raise ForeignError(
                f"there is no module {path!r} here; allowed: one that Python finds: go to the folder above it, or set PYTHONPATH."
            ) from None
        raise ForeignError(f"module {path!r} needs {error.name!r}, which is not installed: pip install it.") from None
    except Exception as error:
        raise ForeignError(f"module {path!r} cannot be imported: {_said(error)}; mend it, then import again.") from None
    if not hasattr(found, name):
        there = ", ".join(key for key, value in vars(found).items() if callable(value) and not key.startswith("_"))
        raise ForeignError(f"module {path!r} has no {name!r}; it has: {there or 'nothing that can be called'}.")
    factory = getattr(found, name)
    if isinstance(factory, nn.Module) or not callable(factory):
        return factory
    try:
        return factory()
    except Exception as error:
        raise ForeignError(
            f"{module} raised {_said(error)}; allowed: a function without arguments that returns the model."
        ) from None


def _said(error: BaseException) -> str:
    """An exception of somebody else's code in a line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200].rstrip('.')}" if lines else type(error).__name__
