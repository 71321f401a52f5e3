"""What can be done for this run? The remedies that fit, each a retraining in the background, with its result beside the patient."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.datasets import dataset_is_here
from explorer.cache.runs import all_runs, get_run
from explorer.cache.trainings import workshop
from explorer.jobs.retraining import free_run_name, retraining_config
from explorer.jobs.trainings import Training
from explorer.pages.dimensions.section import Examined
from explorer.pictures.arrays import strip, to_picture
from explorer.session.load import open_run_next, say
from explorer.session.visitor import visitor
from explorer.text.escape import escape_markdown
from explorer.widgets.pictures import show_picture
from trainer.diagnosis.diagnose import Diagnosis, diagnose
from trainer.diagnosis.remedies import Remedy
from trainer.errors import RunError
from trainer.numerals import number
from trainer.runs.catalogue import default_roots
from trainer.runs.read import Run
from trainer.runs.records import RunInfo
from trainer.runs.storage import store_of

TITLE = "fix"
EVERY_S = 1.0


def offered(shown: Examined) -> bool:
    """Of every run; of one without a verdict nothing is said."""
    return True


def show(shown: Examined) -> None:
    """The remedies that fit, and below them every training that was started here."""
    run, diagnosis = shown.run, shown.diagnosis
    if diagnosis is None:
        return
    if not diagnosis.remedies:
        st.markdown(_nothing_to_do(diagnosis))
    elif run.info.origin is not None:
        st.markdown(
            "**Remedies that fit, the likeliest first.** This model was trained elsewhere, so they are for its own training code."
        )
        for remedy in diagnosis.remedies:
            with st.container(border=True):
                st.markdown(f"**{escape_markdown(remedy.name)}**  \n{escape_markdown(remedy.why)}")
    elif run.info.dataset.is_own:
        st.info("Retraining from this page is for built-in data sets; for images of your own train anew on the command line.")
    elif not dataset_is_here(run.id):
        st.info(f"Retraining needs the data set {escape_markdown(run.info.dataset.name)}, which is not on this machine.")
    else:
        st.markdown("**Remedies that fit, the likeliest first.** Each trains the same model anew with one thing changed.")
        for remedy in diagnosis.remedies:
            _card(run, remedy)
    _bench(run.id)


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
    root = default_roots()[0]
    taken = {*store_of(root).list(), *all_runs(), *(job.name for job in workshop().jobs())}  # unfinished runs too
    name, config = free_run_name(run_id, remedy, taken), retraining_config(get_run(run_id).config, remedy)
    job = workshop().submit(visitor(), run_id, remedy.name, name, config, str(root))
    if job is None:
        say("Not started: eight trainings wait already, or this one is under way.")


@st.fragment(run_every=EVERY_S)
def _bench(patient: str) -> None:
    """Every training that was started from the app; redrawn once a second, the rest of the page is not."""
    jobs = workshop().jobs()
    if not jobs:
        st.caption("No training was started from the app yet.")
        return
    st.markdown("**Trainings**")
    for job in jobs:
        _job(job, is_own=job.owner == visitor())
        if job.state == "finished":
            _beside(job)


def _job(job: Training, is_own: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(f"**{escape_markdown(job.name)}** · {escape_markdown(job.remedy)}", width=380)
        if job.is_open:
            st.progress(job.share, text=escape_markdown(job.words), width="stretch")
            if is_own:
                st.button("Stop", key=f"stop-{job.number}", on_click=_stop, args=(job.number,))
        else:
            st.caption(escape_markdown(job.words), width="stretch")
            if job.state == "stopped" and is_own:
                st.button("Go on", key=f"resume-{job.number}", on_click=_resume, args=(job,))


def _stop(number: int) -> None:
    workshop().stop(number, visitor())


def _resume(job: Training) -> None:
    workshop().submit(job.owner, job.patient, job.remedy, job.name, job.config, job.runs, resume=job.share > 0)


def _beside(job: Training) -> None:
    """The patient and the retrained run side by side: verdict, figures, and the same test images decoded from their codes."""
    try:
        pair = [get_run(job.patient), get_run(job.name)]
    except RunError as error:
        st.caption(escape_markdown(str(error)))
        return
    rows = _one_of_each(pair[0])
    for column, run, word in zip(st.columns(2, gap="large"), pair, ("before", "after"), strict=True):
        with column:
            found = run.info.examination
            headline = diagnose(run.config, found, run.encodings.mu).headline if found is not None else "not examined"
            st.markdown(f"{word}: **{escape_markdown(headline)}**")
            st.caption(escape_markdown(_figures(run.info)))
            decoded = run.forward.decode(run.encodings.mu[rows], _classes(run, rows))
            row = strip([to_picture(x_hat) for x_hat in decoded])
            show_picture(row, f"{run.id}: test images decoded from their codes", 640, fill=True)
            # no callback: in a fragment it would not reach the rest of the page
            if word == "after" and st.button(f"Open {job.name}", key=f"open-job-{job.number}", type="tertiary"):
                open_run_next(job.name)


def _one_of_each(run: Run, most: int = 10) -> NDArray[np.int64]:
    """The first test image of each class, else the first ones: what a collapsed model draws all alike."""
    _, first = np.unique(run.encodings.label, return_index=True)
    return np.sort(first)[:most] if len(first) > 1 else np.arange(min(most, len(run.encodings.mu)))


def _classes(run: Run, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Of each image its own class, where the decoder is told one."""
    return None if run.told is None else run.told[rows]


def _figures(info: RunInfo) -> str:
    metrics, found = info.metrics, info.examination
    assert metrics is not None
    parts = [f"ELBO {number(metrics.elbo)}" if metrics.elbo is not None else ""]
    parts.append(f"NLL {number(metrics.nll)}" if metrics.nll is not None else "")
    if found is not None:
        least = "at least " if found.is_capped else ""
        parts.append(f"information {least}{number(max(0.0, found.information))} nats")
    return " · ".join(part for part in parts if part)
