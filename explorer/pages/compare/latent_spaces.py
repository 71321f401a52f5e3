"""How do the latent spaces of the shown runs differ? Subspaces of linear models; continuity and completeness of all."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.cache.figures import can_measure_continuity, continuity_of, get_continuity
from explorer.cache.subspaces import SAME_HELP, linear_sentences
from explorer.session.permission import why_not_compute
from explorer.text.continuity import COLUMNS, COMPLETENESS, CONTINUITY, cells
from explorer.text.escape import escape_markdown
from explorer.widgets.classifier_hint import classifier_hint
from trainer.diagnosis.continuity_sentences import completeness_sentence, steps_sentence, without_classifier
from trainer.runs.read import Run

HELP = f"""**Continuity**: {CONTINUITY}

**Completeness**: {COMPLETENESS}"""


def show_latent_spaces(runs: Mapping[str, Run]) -> None:
    """Whether linear models span the same; then a row for each run, and what differs between two."""
    for sentence in linear_sentences(list(runs)):
        st.markdown(f"## {escape_markdown(sentence)}", help=SAME_HELP)
    found = {name: continuity_of(run) for name, run in runs.items()}
    known = {name: each for name, each in found.items() if each is not None}
    st.markdown("## Continuity and completeness of these runs", help=HELP)
    if known:
        st.caption(" ".join(map(escape_markdown, (steps_sentence(known), completeness_sentence(known)))))
        st.markdown(_table([cells(name, each) for name, each in found.items()]))
        classifier_hint(runs[name] for name in without_classifier(known))
    missing = [run for name, run in runs.items() if found[name] is None and can_measure_continuity(run)]
    if missing and (why_not := why_not_compute(needs_torch=False)):
        st.caption(why_not)
    elif missing and st.button("Measure the others" if known else "Measure them", key="measure-continuity"):
        for run in missing:
            get_continuity(run.id)
        st.rerun()


def _table(rows: list[tuple[str, ...]]) -> str:
    """As Markdown."""
    head, *body = ([escape_markdown(cell) for cell in line] for line in (COLUMNS, *rows))
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *body))
