"""The lessons: a list of them, or the open one."""

from __future__ import annotations

import streamlit as st

from explorer.cache.lessons import Found, lessons
from explorer.lessons.markdown import escaped
from explorer.pages.lessons.player import show_lesson
from explorer.session.lessons import progress
from explorer.session.lessons import reading as lesson
from explorer.session.load import State
from explorer.surface.component import lesson_watch
from explorer.surface.lesson_schema import LessonPlace, LessonTold
from trainer.console import program


def show(now: State) -> None:
    """The whole page."""
    found = lessons()
    progress.take({name: one.lesson for name, one in found.items() if one.lesson is not None})
    name = lesson.opened()
    chosen = found.get(name)
    if chosen is not None and chosen.lesson is not None:
        show_lesson(now, chosen.name, chosen.lesson)
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
