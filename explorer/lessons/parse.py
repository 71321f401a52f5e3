"""How does a file become a lesson? Front matter, then steps; a file is read to its end, so that every mistake in it is told at once.

    ---
    title: Dimensions that die
    ...
    ---
    ## The first step
    Prose, and blocks between ``` with the block's name.

Nothing here looks at runs: `check.py` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from markdown_it.token import Token

from explorer.lessons.blocks import READERS, BlockText, read_block
from explorer.lessons.fields import Fields, fields_of, whole
from explorer.lessons.problems import LessonError, Mistake, Problem, Problems, one_of, quoted
from explorer.lessons.prose import links_in, markdown_tokens, nodes_of
from explorer.lessons.records import Block, Lesson, Part, Step, Text, prose_of
from trainer.config import RUN_NAME

MOST_BYTES = 200_000
MOST_LINES = 5000
LONGEST_LINE = 5000  # letters
MOST_STEPS = 60
MOST_PARTS = 60  # of a step
MOST_MINUTES = 90
FENCE = "---"
FRONT = ("title", "summary", "minutes", "needs", "run", "language", "lecture")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
LONGEST_WORDS = 300  # letters of a line of the front matter


def read_lesson(data: bytes, name: str) -> Lesson:
    """The lesson of a file of that name. Raises `LessonError` with every problem."""
    problems = Problems()
    lines = _lines(data, name)
    end = _end_of_front(lines)
    if end is None:
        what = "the file does not begin with its title between two lines of three hyphens"
        raise LessonError(name, [Problem(1, what, "begin it with ---, title: …, and --- again")])
    front: Lesson | None = None
    with problems.at(1):
        front = _front(fields_of(lines[1:end], 2, FRONT))
    steps = _steps([""] * (end + 1) + lines[end + 1 :], problems)
    if not steps and not problems.found:
        problems.add(end + 2, "the lesson has no step", "begin each step with a line such as “## What one sees”")
    for step in steps:
        _check_links(step, len(steps), problems)
    problems.raise_any(name)
    assert front is not None  # or there was a problem
    return replace(front, steps=tuple(steps))


def _lines(data: bytes, name: str) -> list[str]:
    """Raises `LessonError` for what is not a text of moderate size."""
    if len(data) > MOST_BYTES:
        raise LessonError(name, [Problem(1, f"the file has {len(data)} bytes", f"make several lessons of at most {MOST_BYTES}")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = data[: error.start].count(b"\n") + 1
        raise LessonError(name, [Problem(at, "the file is not UTF-8", "save it as UTF-8 in your editor")]) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise LessonError(name, [Problem(1, f"the file has {len(lines)} lines", f"make several lessons of at most {MOST_LINES}")])
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise LessonError(
                name, [Problem(number, f"the line has {len(line)} letters", f"break it at {LONGEST_LINE} or earlier")]
            )
        if bad := next((letter for letter in line if ord(letter) < 32 and letter != "\t"), ""):
            raise LessonError(name, [Problem(number, f"the line holds a control sign, U+{ord(bad):04X}", "remove it")])
    return lines


# --- front matter


def _end_of_front(lines: Sequence[str]) -> int | None:
    if lines[0].rstrip() != FENCE:
        return None
    return next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), None)


def _front(fields: Fields) -> Lesson:
    """The lesson without its steps."""
    title, summary = fields.need("title", "Dimensions that die"), fields.need("summary", "What one sees in it, in a sentence.")
    needs = fields.need("needs", "what a KL divergence is")
    run, language, lecture = fields.need("run", "mnist-2d"), fields.need("language", "en"), fields.get("lecture")
    for said in (title, summary, needs, *([lecture] if lecture else [])):
        if len(said.value) > LONGEST_WORDS:
            raise Mistake(f"“{said.key}” has {len(said.value)} letters", f"use at most {LONGEST_WORDS}", said.line)
    if not RUN_NAME.fullmatch(run.value):
        raise Mistake(f"“run” is {quoted(run.value)}", "write the name of a run, such as mnist-2d", run.line)
    if not LANGUAGE.fullmatch(language.value):
        raise Mistake(f"“language” is {quoted(language.value)}", "write its code: en, de, pt-br", language.line)
    minutes = whole(fields.need("minutes", "8"), 1, MOST_MINUTES)
    of = lecture.value if lecture else ""
    return Lesson(title.value, summary.value, minutes, needs.value, run.value, language.value, of, ())


# --- steps


def _steps(lines: Sequence[str], problems: Problems) -> list[Step]:
    """The steps of a text in which the front matter's lines are empty, so that lines keep their numbers."""
    steps: list[Step] = []
    for tokens in _blocks(markdown_tokens("\n".join(lines))):
        first = tokens[0]
        line = 1 if first.map is None else first.map[0] + 1
        is_step = first.type == "heading_open" and first.tag == "h2"
        if is_step:
            steps.append(Step((), (), line))
        elif not steps:
            problems.add(line, "text stands before the first step", "begin the first step above it with a line “## …”")
            steps.append(Step((), (), line))  # that is told once
        with problems.at(line):
            steps[-1] = _titled(steps[-1], tokens) if is_step else _with_part(steps[-1], Part(_block(tokens, lines), line))
    if len(steps) > MOST_STEPS:
        problems.add(steps[MOST_STEPS].line, f"the lesson has more than {MOST_STEPS} steps", "make several lessons of it")
    return steps


def _titled(step: Step, heading: Sequence[Token]) -> Step:
    title = nodes_of(heading[1:-1], 1)
    if not title:
        raise Mistake("the step has no title", "write it after ##")
    return replace(step, title=title)


def _with_part(step: Step, part: Part) -> Step:
    if len(step.parts) == MOST_PARTS:
        raise Mistake(f"the step has more than {MOST_PARTS} parts", "make several steps of it")
    return replace(step, parts=(*step.parts, part))


def _blocks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each block that lies in no other."""
    found: list[Token] = []
    for token in tokens:
        found.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield found
            found = []


def _block(tokens: Sequence[Token], lines: Sequence[str]) -> Block:
    first = tokens[0]
    info = first.info.strip()
    if first.type != "fence" or not info:
        return Text(nodes_of(tokens, 1))
    assert first.map is not None  # blocks have lines
    begin, end = first.map
    if end - begin < 2 or not lines[end - 1].strip().startswith(first.markup):
        raise Mistake(f"the block {quoted(info)} is not closed", f"add a line {first.markup} after it")
    name = one_of(info, READERS, "the block")
    return read_block(BlockText(name, first.content.split("\n"), begin + 2))


def _check_links(step: Step, n_steps: int, problems: Problems) -> None:
    """Whether every step that is linked to is there."""
    for part in step.parts:
        for address in links_in(prose_of(part.block)):
            number = address.removeprefix("#step-")
            if number != address and int(number) > n_steps:
                problems.add(part.line, f"a link goes to step {number}", f"link to a step from 1 to {n_steps}")
