"""Turns images into runs: `atlas fit digits-2d`, or from Python `load_run`, `load_dataset`.

Importing this costs no torch: `run.model` loads it when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainer.datasets import load_dataset
    from trainer.runs.catalogue import load_run

__all__ = ["load_dataset", "load_run"]


def __getattr__(name: str) -> Any:
    """The two by their names when they are asked for: a command catches an interrupt of these imports too."""
    if name == "load_dataset":
        from trainer.datasets import load_dataset

        return load_dataset
    if name == "load_run":
        from trainer.runs.catalogue import load_run

        return load_run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
