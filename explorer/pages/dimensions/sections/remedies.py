"""What can be done for this run? The remedies that fit, each a retraining in the background, with its result beside the patient."""

from __future__ import annotations

import streamlit as st

from explorer.cache.datasets import dataset_is_here
from explorer.cache.runs import all_runs, get_run
from explorer.cache.trainings import training_queue
from explorer.jobs.retraining import free_run_name, origin_of, retraining_config
from explorer.pages.dimensions.section import Examined
from explorer.pages.dimensions.trainings import show_trainings
from explorer.session.load import say
from explorer.session.permission import is_room, permission
from explorer.session.visitor import visitor
from explorer.text.escape import escape_markdown
from trainer.diagnosis.diagnose import Diagnosis
from trainer.diagnosis.remedies import Remedy
from trainer.runs.catalogue import default_roots
from trainer.runs.read import Run
from trainer.runs.storage import store_of

TITLE = "fix"


def offered(shown: Examined) -> bool:
    """Of every run with a posterior; of one without a verdict nothing is said."""
    return shown.has_posterior


def show(shown: Examined) -> None:
    """The remedies that fit, and below them every training that was started here."""
    run, diagnosis = shown.run, shown.diagnosis
    if diagnosis is None:
        return
    if not diagnosis.remedies:
        st.markdown(_nothing_to_do(diagnosis))
    elif run.info.origin is not None:
        _without_buttons(diagnosis, "This model was trained elsewhere, so they are for its own training code.")
    elif run.info.dataset.is_own:
        st.info("Retraining from this page is for built-in data sets; for images of your own train again on the command line.")
    elif not dataset_is_here(run.id):
        st.info(f"Retraining needs the data set {escape_markdown(run.info.dataset.name)}, which is not on this machine.")
    elif why_not := permission().why_not:
        _without_buttons(diagnosis, "This app does not train them.")
        st.info(escape_markdown(why_not))
    else:
        st.markdown("**Remedies that fit, the likeliest first.** Each trains the same model again with one thing changed.")
        for remedy in diagnosis.remedies:
            _card(run, remedy)
    if not is_room():
        show_trainings(run.id)


def _without_buttons(diagnosis: Diagnosis, why: str) -> None:
    """The remedies where none can be started here."""
    st.markdown(f"**Remedies that fit, the likeliest first.** {why}")
    for remedy in diagnosis.remedies:
        with st.container(border=True):
            st.markdown(f"**{escape_markdown(remedy.name)}**  \n{escape_markdown(remedy.why)}")


def _nothing_to_do(diagnosis: Diagnosis) -> str:
    """Why there is no remedy: nothing is wrong, what is wrong is not the training, or nothing is known to help."""
    if diagnosis.kind == "no-verdict":
        return "**No remedy without a verdict.** What has to be put right first is said above."
    if diagnosis.is_alarm:
        return "**No remedy known.** None of the usual ones changes a setting that this model has."
    if diagnosis.used.all():
        return "**No problems found.** Every dimension is used."
    return "**No problems found.** The dimensions that are off are not needed: another training would switch off about as many."


def _card(run: Run, remedy: Remedy) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(f"**{escape_markdown(remedy.name)}**  \n{escape_markdown(remedy.why)}", width="stretch")
        st.caption(escape_markdown(_settings(remedy)), width=200)
        st.button(
            "Retrain",
            key=f"mend-{remedy.name}",
            on_click=_start,
            args=(run.id, remedy),
            icon=":material/healing:",
            help="In the background, one training at a time; the app stays usable. The new run appears in the list of runs.",
        )


def _settings(remedy: Remedy) -> str:
    words = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in remedy.changes.items()
        if value not in (0, None) or name in ("context",)
    ]
    return ", ".join(words) or "same settings"


def _start(run_id: str, remedy: Remedy) -> None:
    """Queues the training (a button's callback)."""
    if why_not := permission().why_not:  # it was taken back after the button was drawn
        say(why_not)
        return
    root, queue = default_roots()[0], training_queue()
    taken = {*store_of(root).list(), *all_runs(), *(job.name for job in queue.jobs())}  # unfinished runs too
    name, config = free_run_name(run_id, remedy, taken), retraining_config(get_run(run_id).config, remedy)
    if queue.submit(visitor(), name, config, str(root), origin_of(run_id, remedy)) is None:
        say(queue.why_not_queue(visitor(), name) or "Not started: the list of trainings has just changed. Try once more.")
