"""Which training does a remedy ask for, and under which name is a training's run free?"""

from __future__ import annotations

import re
from collections.abc import Container

from trainer.config import MAX_RUN_NAME, FitConfig, checked
from trainer.diagnosis.remedies import Remedy

LEAST_EPOCHS = 150  # where nothing but the time is changed
MOST_OF_A_NAME = 1000


def retraining_config(config: FitConfig, remedy: Remedy) -> FitConfig:
    """The settings of a run with those of the remedy; a remedy that changes none trains the same model longer."""
    kept = FitConfig.model_fields["film_weights"].default  # of an old run nothing was kept: a new one keeps what new ones do
    changed = checked(config, **{"film_weights": kept, **remedy.changes})
    return changed if remedy.changes else checked(changed, epochs=max(changed.epochs, LEAST_EPOCHS))


def free_run_name(run_id: str, remedy: Remedy, taken: Container[str]) -> str:
    """As the run with the remedy's name, and a number where that is taken."""
    slug = re.sub(r"[^a-z0-9]+", "-", remedy.name.lower().replace("β", "beta").replace("σ", "sigma")).strip("-")
    return free_name(f"{run_id[: MAX_RUN_NAME - len(slug) - 5]}-{slug}", taken)


def free_name(wish: str, taken: Container[str]) -> str:
    """The name, with a number where it is taken; cut so that the number has room."""
    wish = wish[: MAX_RUN_NAME - 4]
    numbered = (wish, *(f"{wish}-{i}" for i in range(2, MOST_OF_A_NAME)))
    return next((name for name in numbered if name not in taken), numbered[-1])
