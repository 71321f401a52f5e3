"""What stands beside the text of a lesson: the map of a run, a training, or an interactive piece."""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import get_run
from explorer.lessons.check import Scene
from explorer.lessons.markdown import escaped
from explorer.pages.lessons.piece import show_piece
from explorer.pages.lessons.training import show_training
from explorer.session import events
from explorer.session.lessons import reading as lesson
from explorer.session.load import State
from explorer.session.pins import sync_link
from explorer.surface.schema import Options
from explorer.widgets.live_map import live_map
from explorer.widgets.map_chooser import chosen_map
from explorer.widgets.map_marks import pins_shown

KEY = "lesson-surface"


def shown(name: str, scene: Scene) -> str:
    """What the browser tells of beside the text: the map of a run, or a training or piece by its key."""
    return scene.run if scene.surface == "map" else f"{name}/{scene.since}"


def show_scene(now: State, name: str, scene: Scene) -> None:
    """The map beside the text, the page that trains, or the piece."""
    if scene.play is not None:
        show_piece(shown(name, scene), scene.run, scene.play)
        return
    if scene.train is not None:
        show_training(shown(name, scene), scene.train)
        return
    run = get_run(scene.run)
    lesson.stage(f"{name}/{scene.since}", scene.run, now.run_id, list(run.projections), scene.show, now.reads_link)
    if now.run_id != scene.run:
        st.button(f"Show {escaped(scene.run)} again", key="lesson-again", on_click=lesson.stage_again)
        run = get_run(now.run_id)
    projection, axes = chosen_map(run)
    now = events.take_pins(now, events.surface_event(KEY), projection)
    live_map(now.run_id, projection, axes, KEY, pins=pins_shown(now, run, projection), options=Options())
    sync_link(now.run_id)
