"""Which training does a remedy ask for, and under which name?"""

from __future__ import annotations

from collections.abc import Container

from explorer.jobs.training import Origin
from trainer.config import MAX_RUN_NAME, FitConfig, checked
from trainer.diagnosis.remedies import Remedy
from trainer.runs.naming import first_free, slug

LEAST_EPOCHS = 150  # where nothing but the time is changed


def retraining_config(config: FitConfig, remedy: Remedy) -> FitConfig:
    """The settings of a run with those of the remedy; a remedy that changes none trains the same model longer."""
    kept = FitConfig.model_fields["film_weights"].default  # of an old run nothing was kept: a new one keeps what new ones do
    changed = checked(config, **{"film_weights": kept, **remedy.changes})
    return changed if remedy.changes else checked(changed, epochs=max(changed.epochs, LEAST_EPOCHS))


def origin_of(run_id: str, remedy: Remedy) -> Origin:
    """As a training remembers it."""
    return Origin(run_id, remedy.name)


def free_run_name(run_id: str, remedy: Remedy, taken: Container[str]) -> str:
    """As the run with the remedy's name, and a number where that is taken."""
    change = slug(remedy.name.lower().replace("β", "beta").replace("σ", "sigma"))
    return first_free(f"{run_id[: MAX_RUN_NAME - len(change) - 5]}-{change}", taken)
