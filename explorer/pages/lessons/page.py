"""The lessons: a list, and the open one, its text at the left and its map at the right, in the state that the step shows."""

from __future__ import annotations

import streamlit as st

from explorer.cache.datasets import images_of_run_to_learn_from, images_to_learn_from
from explorer.cache.lessons import Found, lessons, runs_for_lessons
from explorer.cache.runs import get_run
from explorer.lessons.check import OF_RUN, Scene, scenes
from explorer.lessons.conditions import Condition
from explorer.lessons.markdown import escaped
from explorer.lessons.records import Lesson, Note, Predict, Task, Train
from explorer.pages.lessons.blocks import Teller, answer_words, show_block
from explorer.session import events
from explorer.session.lessons import progress
from explorer.session.lessons import reading as lesson
from explorer.session.load import State
from explorer.session.pins import sync_link
from explorer.surface.component import lesson_watch, train_page
from explorer.surface.lesson_schema import LessonClause, LessonPlace, LessonTask, LessonTold
from explorer.surface.schema import Options
from explorer.surface.training import for_app
from explorer.surface.training_schema import TrainingBegin
from explorer.widgets.live_map import live_map
from explorer.widgets.map_chooser import chosen_map
from explorer.widgets.map_marks import pins_shown
from trainer.console import program

PRESENT_HELP = "Large for a room, a step a screen; arrow keys, Page Up and Page Down of a clicker go through the steps"
KEY, TRAIN_KEY = "lesson-surface", "lesson-train"


def show(now: State) -> None:
    """The whole page."""
    found = lessons()
    progress.take({name: one.lesson for name, one in found.items() if one.lesson is not None})
    name = lesson.opened()
    chosen = found.get(name)
    if chosen is not None and chosen.lesson is not None:
        _show_lesson(now, chosen.name, chosen.lesson)
        return
    nowhere = LessonPlace(step=0, done=[], answers={})
    lesson_watch(LessonTold(lesson="", place=nowhere, tasks=[], run="", n_steps=0, is_followed=False), progress.KEY)
    if name:
        st.warning(f"There is no sound lesson “{escaped(name[:60])}”; the list has those that are here.", icon=":material/info:")
    _show_list(list(found.values()))


# --- the list


def _show_list(found: list[Found]) -> None:
    st.markdown("## Lessons")
    with st.container(key="lessons-list", gap="small"):
        for one in found:
            with st.container(border=True, gap=None, key=f"lesson-{one.name.replace('.', '-')}"):
                _show_card(one)
    st.caption(
        "A lesson is a Markdown file. Put your own into a folder, name the folder in LATENT\\_LESSONS, and they stand here too: "
        "explorer/lessons/README.md has the form."
    )


def _show_card(one: Found) -> None:
    """What it is, and the button that opens it; of a faulty one the first problem."""
    if one.lesson is None:
        st.markdown(f"**{escaped(one.path.name)}** is faulty: {escaped(one.problem)}")
        st.code(f"{program()} lesson check {one.path.name}", language="bash")
        return
    read = one.lesson
    at, (n_done, n_tasks) = progress.read_until(one.name), progress.tasks_done(one.name, read)
    st.button(read.title, key=f"open-{one.name}", type="tertiary", on_click=lesson.go, args=(one.name, max(1, at)))
    st.markdown(escaped(read.summary))
    lecture = f" · lecture {escaped(read.lecture)}" if read.lecture else ""
    if at > 0:
        tasks = f", {n_done} of {n_tasks} tasks done" if n_tasks else ""
        st.caption(f":green[Read until step {at} of {len(read.steps)}{tasks}]")
    st.caption(f"{read.minutes} minutes · needs {escaped(read.needs)}{lecture} · language {escaped(read.language)}")


# --- a lesson


def _show_lesson(now: State, name: str, read: Lesson) -> None:
    mode = lesson.mode()
    if mode != "read":
        progress.take_step(name, read)
    at = lesson.step(len(read.steps))
    scene = scenes(read)[at]
    progress.opened(name, at + 1)
    if mode == "speaker":
        with st.container(key="lesson-speaker"):
            _show_notes(name, read, at)
    else:
        with st.container(key="lesson" if mode == "read" else "lesson-room"):
            with st.container(key="lesson-text"):
                _show_text(name, read, at, scene)
            with st.container(key="lesson-scene"):
                _show_scene(now, name, scene)
    tasks = [
        LessonTask(key=progress.block_key(name, at, number), clauses=_clauses(task.until)) for number, task in _tasks(read, at)
    ]
    lesson_watch(
        LessonTold(
            lesson=name,
            place=progress.place(name, read),
            tasks=tasks,
            run=_shown(name, scene),
            n_steps=len(read.steps),
            is_followed=mode != "read",
        ),
        progress.KEY,
    )


def _shown(name: str, scene: Scene) -> str:
    """What the browser tells of beside the text: the map of a run, or a training by its key."""
    return scene.run if scene.train is None else f"{name}/{scene.since}"


def _tasks(read: Lesson, at: int) -> list[tuple[int, Task]]:
    """Those of a step, each with its place in it."""
    return [(number, part.block) for number, part in enumerate(read.steps[at].parts) if isinstance(part.block, Task)]


def _clauses(until: Condition) -> list[LessonClause]:
    return [LessonClause(subject=one.subject, of=one.of, relation=one.relation, value=one.value) for one in until.clauses]


def _show_text(name: str, read: Lesson, at: int, scene: Scene) -> None:
    teller = Teller(name, at, scene, runs_for_lessons())
    step = read.steps[at]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson-steps"):
        st.button("All lessons", icon=":material/list:", type="tertiary", key="lesson-list", on_click=lesson.go, args=("",))
        st.button("Back", key="lesson-back", disabled=at == 0, on_click=lesson.go, args=(name, at))
        st.button("Next", key="lesson-next", disabled=at + 1 == len(read.steps), on_click=lesson.go, args=(name, at + 2))
        st.caption(f"Step {at + 1} of {len(read.steps)}", width="content")
        _modes(name, at)
    st.markdown(f"## {teller.text(step.title)}")
    for number, part in enumerate(step.parts):
        show_block(part.block, teller, number)


def _modes(name: str, at: int) -> None:
    """From the reader's page to the room's and back; from the room's to the notes in a window of their own."""
    if lesson.mode() == "read":
        st.button(
            "Present",
            icon=":material/present_to_all:",
            type="tertiary",
            key="lesson-present",
            help=PRESENT_HELP,
            on_click=lesson.show_as,
            args=("room",),
        )
        return
    st.button("Leave", icon=":material/close:", type="tertiary", key="lesson-leave", on_click=lesson.show_as, args=("read",))
    st.markdown(f"[Speaker notes](?view=lessons&lesson={name}&step={at + 1}&mode=speaker)", width="content")


def _show_notes(name: str, read: Lesson, at: int) -> None:
    """For who speaks: what is to be said at this step, what comes next, and the same two buttons."""
    teller = Teller(name, at, scenes(read)[at], runs_for_lessons())
    step = read.steps[at]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson-steps"):
        st.button("Back", key="lesson-back", disabled=at == 0, on_click=lesson.go, args=(name, at))
        st.button("Next", key="lesson-next", disabled=at + 1 == len(read.steps), on_click=lesson.go, args=(name, at + 2))
        st.caption(f"Step {at + 1} of {len(read.steps)}. The room's window of this browser goes along.", width="content")
    st.markdown(f"## {teller.text(step.title)}")
    notes = [part.block for part in step.parts if isinstance(part.block, Note)]
    for note in notes:
        st.markdown(teller.text(note.nodes))
    if not notes:
        st.caption("No note for this step.")
    for question in (part.block for part in step.parts if isinstance(part.block, Predict)):
        st.info(f"{teller.text(question.question)}\n\n**{answer_words(question, teller)}**\n\n{teller.text(question.because)}")
    if at + 1 < len(read.steps):
        st.caption(f"Next: {teller.text(read.steps[at + 1].title)}")


def _show_scene(now: State, name: str, scene: Scene) -> None:
    """The map beside the text, or the page that trains."""
    if scene.train is not None:
        _show_training(_shown(name, scene), scene.train)
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


def _images(data: str) -> bytes:
    """Raises `LatentError` where they are not here."""
    return images_of_run_to_learn_from(data.removeprefix(OF_RUN)) if data.startswith(OF_RUN) else images_to_learn_from(data)
