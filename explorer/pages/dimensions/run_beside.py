"""Which run stands beside the one whose continuity is shown?"""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import get_run
from explorer.pages.dimensions.section import sound_runs
from explorer.text.verdict import line_of
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

NOTHING = "none"


def chosen_beside(run: Run) -> Run | None:
    """The run that stands beside this one: at first one of the other kind, with and without a posterior, of as many dimensions."""
    others = [name for name, info in sound_runs().items() if name != run.id and _is_comparable(info, run)]
    others.sort(key=lambda name: _unlike(sound_runs()[name], run))
    if not others:
        return None
    name = st.selectbox(
        "Compare with", [NOTHING, *others], index=1, key=f"continuity-beside-{run.id}", bind="query-params", width=320
    )
    return None if name in (None, NOTHING) else get_run(name)


def _is_comparable(info: RunInfo, run: Run) -> bool:
    has_decoder = info.origin is None or info.origin.decoder != "pictures"
    return has_decoder and info.dataset.sha256 == run.info.dataset.sha256


def _unlike(info: RunInfo, run: Run) -> tuple[bool, bool, bool, bool, int, bool]:
    """Smallest for the run of the other kind that is else most like this one; a decoder that is told the class hardly changes it, one that
    makes no use of the code changes nothing, and without a classifier half of the figures are not known."""
    is_same_kind = info.config.is_deterministic == run.config.is_deterministic
    is_told = info.config.is_conditional != run.config.is_conditional
    verdict = line_of(info)
    is_alarm = verdict is not None and verdict.is_alarm
    return (
        is_told,
        is_same_kind,
        is_alarm,
        info.continuity is None or info.continuity.threshold is None,
        abs(info.config.latent_dim - run.config.latent_dim),
        info.config.network != run.config.network,
    )
