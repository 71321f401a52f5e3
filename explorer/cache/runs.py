"""Which runs are here, and what is in them? Each is read once, until its `run.json` is written anew."""

from __future__ import annotations

import streamlit as st

from trainer.errors import RunError
from trainer.runs.catalogue import default_roots, list_runs, load_run
from trainer.runs.damage import damage_of
from trainer.runs.folder import RUN_JSON
from trainer.runs.read import Run, size_bytes
from trainer.runs.records import RunInfo
from trainer.runs.storage import store_of

Stamp = int
DAMAGE_S = 60  # so long a file of a run may be believed to be whole


def all_runs() -> dict[str, RunInfo | RunError]:
    """Every run that is finished, by name, and every damaged one as its error; looked up anew when a run appears or changes."""
    return _runs(_all_stamps())


def get_run(name: str) -> Run:
    """The run of that name. Raises `RunError` as `trainer.load_run` does."""
    return run_at(name, stamp_of(name))


def size_on_disk(run_id: str) -> int:
    """Bytes of a run's folder."""
    return _size(run_id, stamp_of(run_id))


def run_damage(run_id: str) -> str:
    """What is wrong with a file of the run, from sizes and headers alone; empty where nothing is seen."""
    return _damage(run_id, stamp_of(run_id))


@st.cache_resource(max_entries=4, show_spinner=False)
def _runs(stamps: tuple[tuple[str, Stamp], ...]) -> dict[str, RunInfo | RunError]:
    found = list_runs()
    return {name: info for name, info in found.items() if isinstance(info, RunError) or info.state == "finished"}


@st.cache_resource(max_entries=32, show_spinner=False)
def run_at(name: str, stamp: Stamp) -> Run:
    """The same, for what is itself cached under that stamp."""
    return load_run(name)


@st.cache_data(max_entries=64, show_spinner=False)
def _size(run_id: str, stamp: Stamp) -> int:
    return size_bytes(run_at(run_id, stamp).folder)


@st.cache_data(max_entries=512, ttl=DAMAGE_S, show_spinner=False)
def _damage(run_id: str, stamp: Stamp) -> str:
    return damage_of(run_at(run_id, stamp).folder)


def stamp_of(name: str) -> Stamp:
    """Changes when the run is written anew; 0 where there is none."""
    stamps = (store_of(root / name).stamp(RUN_JSON) for root in default_roots())
    return next((stamp for stamp in stamps if stamp), 0)


def _all_stamps() -> tuple[tuple[str, Stamp], ...]:
    found = [(name, store_of(root / name).stamp(RUN_JSON)) for root in default_roots() for name in store_of(root).list()]
    return tuple(sorted(found))
