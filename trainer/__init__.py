"""Turns images into runs: `python -m trainer fit digits-2d`, or from Python `load_run`, `load_dataset`.

Importing this costs no torch: `run.model` loads it when it is asked for.
"""

from trainer.datasets import load_dataset
from trainer.runs import load_run

__all__ = ["load_dataset", "load_run"]
