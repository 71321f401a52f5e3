"""Which trainings were started from the app, how far are they, and what came of them beside the run that they retrain?"""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.runs import get_run
from explorer.cache.trainings import training_queue
from explorer.jobs.training import Training
from explorer.pictures.arrays import strip, to_picture
from explorer.session.load import open_run_next, say
from explorer.session.permission import permission
from explorer.session.visitor import visitor
from explorer.text.escape import escape_markdown
from explorer.widgets.pictures import show_picture
from trainer.diagnosis.diagnose import diagnose
from trainer.errors import RunError
from trainer.numerals import number
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

EVERY_S = 1.0


@st.fragment(run_every=EVERY_S)
def show_trainings(patient: str) -> None:
    """Every training that was started from the app; redrawn once a second, the rest of the page is not."""
    jobs = [job for job in training_queue().jobs() if job.patient]
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
            if job.state == "paused" and is_own and permission().is_allowed:
                _resume_button(job)
            if is_own:
                st.button("Stop", key=f"stop-{job.number}", on_click=_stop, args=(job.number,))
        else:
            st.caption(escape_markdown(job.words), width="stretch")
            if job.state == "stopped" and is_own and permission().is_allowed:
                _resume_button(job)


def _stop(number: int) -> None:
    training_queue().stop(number, visitor())


def _resume_button(job: Training) -> None:
    # no callback: in a fragment its sentence would not reach the top of the page
    if not st.button("Go on", key=f"resume-{job.number}"):
        return
    if why_not := permission().why_not or training_queue().why_not_resume(job.number):
        say(why_not)
        st.rerun()
    training_queue().resume(job.number, visitor())
    st.rerun(scope="fragment")


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
            headline = (
                diagnose(run.config, found, run.encodings.mu, run.info.overfitting).headline
                if found is not None
                else "not examined"
            )
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
