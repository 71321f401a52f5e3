"""How does what was filled in become a training of the queue, under which name, and what is said where it cannot?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from explorer.cache.datasets import check_early_stopping, reasons_for
from explorer.cache.runs import all_runs
from explorer.cache.trainings import training_queue
from explorer.jobs.fit_form import configuration
from explorer.jobs.training import Origin
from explorer.session.permission import permission
from explorer.session.trainings import watch
from explorer.session.visitor import visitor
from explorer.text.escape import escape_markdown
from trainer.config import FitConfig, check_run_name
from trainer.errors import ConfigError, LatentError
from trainer.presets import CHOSEN, PRESETS
from trainer.runs.catalogue import default_roots
from trainer.runs.naming import first_free, slug
from trainer.runs.storage import store_of


def suggested_name(wish: str) -> str:
    """A name that no run and no training has."""
    return first_free(slug(wish) or "run", _runs(), {job.name for job in training_queue().jobs()})


def queue_training(name: str, values: Mapping[str, Any], base: FitConfig, preset: str) -> None:
    """Queues it and draws the page again, or says why not.

    values: of the form, by the names of its fields, without those that mean nothing now; base: what it began with.
    """
    try:
        if why_not := permission().why_not:
            raise LatentError(why_not)
        config, queue, root = configuration(base.data, values, base, preset == CHOSEN), training_queue(), default_roots()[0]
        check_early_stopping(config)
        if check_run_name(name) in _runs():
            raise ConfigError("run name", name, "a name that no run has")
        if why_not := queue.why_not_queue(visitor(), name):
            raise LatentError(why_not)
        of = preset if preset == CHOSEN or config == PRESETS.get(preset) else "custom"
        chosen = tuple(choice.sentence() for choice in reasons_for(config)) if preset == CHOSEN else ()
        job = queue.submit(visitor(), name, config, str(root), Origin(preset=of, chosen=chosen))
    except LatentError as error:
        st.error(escape_markdown(str(error)))
        return
    if job is not None and not any(one.state in ("running", "paused") and one is not job for one in queue.jobs()):
        watch(job.number)
    st.rerun()


def _runs() -> set[str]:
    """Unfinished ones too."""
    return {*store_of(default_roots()[0]).list(), *all_runs()}
