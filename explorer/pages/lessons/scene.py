"""What stands beside the text of a lesson: the map of a run, a training, or an interactive piece."""

from __future__ import annotations

import streamlit as st

from explorer.cache.datasets import images_of_run_to_learn_from, images_to_learn_from
from explorer.cache.pieces import piece_address
from explorer.cache.runs import get_run
from explorer.lessons.check import OF_RUN, Scene
from explorer.lessons.markdown import escaped
from explorer.lessons.pieces import PIECES, Play
from explorer.lessons.records import Train
from explorer.session import events
from explorer.session.lessons import reading as lesson
from explorer.session.load import State
from explorer.session.pins import sync_link
from explorer.surface.component import lesson_piece, train_page
from explorer.surface.lesson_schema import PieceTold
from explorer.surface.schema import Options
from explorer.surface.training import for_app
from explorer.surface.training_schema import TrainingBegin
from explorer.widgets.live_map import live_map
from explorer.widgets.map_chooser import chosen_map
from explorer.widgets.map_marks import pins_shown

KEY, TRAIN_KEY, PIECE_KEY = "lesson-surface", "lesson-train", "lesson-piece"


def shown(name: str, scene: Scene) -> str:
    """What the browser tells of beside the text: the map of a run, or a training or piece by its key."""
    return scene.run if scene.surface == "map" else f"{name}/{scene.since}"


def show_scene(now: State, name: str, scene: Scene) -> None:
    """The map beside the text, the page that trains, or the piece."""
    if scene.play is not None:
        _show_piece(shown(name, scene), scene.run, scene.play)
        return
    if scene.train is not None:
        _show_training(shown(name, scene), scene.train)
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


def _show_training(key: str, of: Train) -> None:
    """The page that trains, with those settings; it goes on while the same scene is shown."""
    begin = TrainingBegin(
        key=key,
        beta=of.beta,
        latent_dim=of.dimensions,
        seed=of.seed,
        learning_rate=of.rate,
        noise=of.noise,
        beside=of.beside,
    )
    train_page(for_app(_images(of.data), [], False, begin), TRAIN_KEY, on_images=lambda: None, on_keep=lambda: None)


def _show_piece(key: str, run: str, play: Play) -> None:
    """An interactive piece; it goes on while the same scene is shown."""
    told = PieceTold(
        key=key,
        piece=play.piece,
        theta=play.theta,
        is_room=lesson.mode() == "room",
        address=piece_address(run, play.image, PIECE_KEY) if PIECES[play.piece].of_image else "",
    )
    lesson_piece(told, PIECE_KEY)


def _images(data: str) -> bytes:
    """Raises `LatentError` where they are not here."""
    return images_of_run_to_learn_from(data.removeprefix(OF_RUN)) if data.startswith(OF_RUN) else images_to_learn_from(data)
