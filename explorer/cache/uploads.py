"""What does a run make of an uploaded picture, and what is it held against?"""

from __future__ import annotations

from hashlib import sha256

import streamlit as st

from explorer.cache.datasets import ground, originals
from explorer.cache.runs import Stamp, run_at, stamp_of
from explorer.pictures import trust
from explorer.pictures.batch import Item
from explorer.pictures.judge import Against, Row, row_of
from explorer.pictures.trust import Population


def population(run_id: str) -> Population:
    """What the trust gauge holds a picture of this run against; made once, when it is first asked for."""
    return _population(run_id, stamp_of(run_id))


def judged(run_id: str, item: Item) -> Row:
    """What a run makes of one of many uploads."""
    digest = sha256(item.data or b"").hexdigest()
    return _judged(run_id, stamp_of(run_id), digest, item.name, item.refusal, item)


@st.cache_resource(max_entries=16, show_spinner="Looking at the test images once …")
def _population(run_id: str, stamp: Stamp) -> Population:
    this = run_at(run_id, stamp)
    stored = this.encodings
    return trust.population(stored.mu, stored.reconstruction, None if this.config.is_deterministic else stored.elbo)


@st.cache_resource(max_entries=256, show_spinner=False)
def _judged(run_id: str, stamp: Stamp, digest: str, name: str, refusal: str, _item: Item) -> Row:
    this = run_at(run_id, stamp)
    stored, dataset = this.encodings, this.info.dataset
    among = Against(
        this.forward,
        dataset.name,
        dataset.class_names,
        stored.mu,
        stored.label,
        population(run_id),
        ground(run_id),
        this.reliable_classifier,
        originals(run_id) if this.reliable_classifier is None else None,
    )
    return row_of(_item, among)
