"""Which blocks does a lesson know, and how is each read? A block more is a record, a reader here and a line in `READERS`.

```task
do: Pin a 3 and an 8.
until: pins of 3 >= 1 and pins of 8 >= 1
hint: A click on the map pins the code under the cursor.
```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from explorer.lessons.conditions import read_condition
from explorer.lessons.fields import Field, Fields, decimal, fields_of, whole
from explorer.lessons.measures import MEASURES, SHARE, read_measure
from explorer.lessons.pieces import LEAST_THETA, MOST_THETA, PIECES, THETA, Play
from explorer.lessons.problems import Mistake, one_of, quoted
from explorer.lessons.prose import read_line, read_text
from explorer.lessons.records import (
    Block,
    ChoiceAnswer,
    Formula,
    Note,
    NumberAnswer,
    Numbers,
    PlaceAnswer,
    Predict,
    Prose,
    ShowBlock,
    Task,
    Term,
    Train,
)
from explorer.lessons.shows import KEYS, LINK, OVERLAYS, read_show
from explorer.lessons.tex import NAME, check_tex, terms_of
from trainer.config import RUN_NAME

T = TypeVar("T")

LEAST_BETA, MOST_BETA = 0.01, 100.0
LEAST_RATE, MOST_RATE = 1e-5, 0.1
DIMENSIONS = (2, 4, 8, 16)
MOST_SEED = 2**31 - 1
"""What the dials of the Train page can be set to; tests hold it against the browser's."""
MOST_CHOICES, MOST_TERMS, MOST_NUMBERS = 8, 12, 20
LARGEST_TOLERANCE = 1e6
MOST_IMAGE = 10**7


@dataclass(frozen=True)
class BlockText:
    """What stands between the fences."""

    name: str
    lines: Sequence[str]
    first: int
    """The number of the first line in the file, from 1."""


def read_block(text: BlockText) -> Block:
    """The record of a block. Raises `Mistake`."""
    if not any(line.strip() for line in text.lines):
        raise Mistake(f"the block “{text.name}” is empty", "say in it what it shows, or remove it")
    return READERS[text.name](text)


# --- what is looked at, done and asked


def _show(text: BlockText) -> Block:
    return ShowBlock(read_show(fields_of(text.lines, text.first, (*KEYS, LINK))))


def _task(text: BlockText) -> Block:
    fields = fields_of(text.lines, text.first, ("do", "until", "hint"))
    do = _prose(fields.need("do", "Pin a 3 and an 8."))
    until = fields.need("until", "pins of 3 >= 1 and pins of 8 >= 1")
    hint = _prose(fields.need("hint", "A click pins the code under the cursor."))
    return Task(do, _at(until, lambda: read_condition(until.value)), hint)


def _predict(text: BlockText) -> Block:
    fields = fields_of(text.lines, text.first, ("question", "answer", "tolerance", "because"), ("choice",))
    question = _prose(fields.need("question", "How many dimensions carry information?"))
    choices = tuple(_prose(choice) for choice in fields.all_of("choice"))
    answer = fields.need("answer", "choice 2")
    because = _prose(fields.need("because", "The others collapsed onto the prior."))
    return Predict(question, choices, _at(answer, lambda: _answer(answer, len(choices), fields)), because)


def _answer(answer: Field, n_choices: int, fields: Fields) -> ChoiceAnswer | NumberAnswer | PlaceAnswer:
    kind, _, rest = answer.value.partition(" ")
    if n_choices:
        if not 2 <= n_choices <= MOST_CHOICES:
            raise Mistake(f"the number of choices is {n_choices}", f"offer from 2 to {MOST_CHOICES}")
        if (extra := fields.get("tolerance")) is not None:
            raise Mistake("a question with choices has a tolerance", "remove it", extra.line)
        if kind != "choice":
            raise Mistake(f"the question has choices, and the answer is {quoted(answer.value)}", "write “answer: choice 1”")
        return ChoiceAnswer(whole(Field("answer", rest.strip(), answer.line), 1, n_choices))
    if kind == "choice":
        raise Mistake("the answer is a choice, and the question has none", "add “choice: …” lines, one for each")
    allowed = fields.need("tolerance", "1")
    tolerance = decimal(allowed, 0, LARGEST_TOLERANCE)
    if kind == "place":
        return PlaceAnswer(_class_of(rest), tolerance)
    name = read_measure(answer.value)
    if name.name in MEASURES and MEASURES[name.name].unit == SHARE and tolerance > 100:
        raise Mistake(f"the tolerance of a share is {tolerance:g} per cent", "use at most 100", allowed.line)
    return NumberAnswer(name, tolerance)


def _class_of(text: str) -> str:
    word, _, name = text.strip().partition(" ")
    if word != "class" or not name.strip() or not name.isprintable() or len(name) > 100:
        raise Mistake(f"the place {quoted(text)} cannot be read", "write “answer: place class 3”: where the images of a class lie")
    return name.strip()


# --- numbers and formulas


def _measure(text: BlockText) -> Block:
    names = fields_of(text.lines, text.first, (), ("of",)).all_of("of")
    if len(names) > MOST_NUMBERS:
        raise Mistake(f"there are {len(names)} numbers", f"show at most {MOST_NUMBERS} in a block", text.first)
    return Numbers(tuple(_at(name, partial(read_measure, name.value)) for name in names))


def _formula(text: BlockText) -> Block:
    fields = fields_of(text.lines, text.first, ("tex",), ("term", "light"))
    tex = fields.need("tex", r"\log p(x) \ge \term{bound}{\mathcal{L}(x)}")
    _at(tex, lambda: check_tex(tex.value))
    named = _at(tex, lambda: terms_of(tex.value))
    words, lights = _named(fields.all_of("term"), "rate = nats an image"), _named(fields.all_of("light"), "rate = rings")
    for name, (_, line) in words.items():
        if name not in named:
            raise Mistake(f"the term {quoted(name)} is not in the formula", rf"put \term{{{name}}}{{…}} around a part of it", line)
    for name, (layer, line) in lights.items():
        if name not in words:
            raise Mistake(f"{quoted(name)} lights a layer and is not explained", f"add a line “term: {name} = …”", line)
        _at(Field("light", layer, line), partial(one_of, layer, OVERLAYS, "the layer"))
    if missing := [name for name in named if name not in words]:
        raise Mistake(f"the term {quoted(missing[0])} is not explained", f"add a line “term: {missing[0]} = …”", tex.line)
    if len(words) > MOST_TERMS:
        raise Mistake(f"the formula has {len(words)} terms", f"use at most {MOST_TERMS}", tex.line)
    terms = [Term(name, read_line(said, line), lights.get(name, ("", 0))[0]) for name, (said, line) in words.items()]
    return Formula(tex.value, tuple(terms))


def _named(fields: Sequence[Field], example: str) -> dict[str, tuple[str, int]]:
    """`name = words` of each, with its line."""
    found: dict[str, tuple[str, int]] = {}
    for field in fields:
        name, sign, words = (part.strip() for part in field.value.partition("="))
        if not sign or not words or not re.fullmatch(NAME, name):
            raise Mistake(f"{quoted(field.value)} cannot be read", f"write “{field.key}: {example}”", field.line)
        if name in found:
            raise Mistake(f"“{field.key}” of {quoted(name)} stands twice", "keep one of them", field.line)
        found[name] = (words, field.line)
    return found


# --- trainings, pieces and notes


def _train(text: BlockText) -> Block:
    fields = fields_of(text.lines, text.first, ("data", "beta", "dimensions", "seed", "rate", "noise", "beside"))
    data = fields.need("data", "digits")
    if not re.fullmatch(r"(run:)?[a-z0-9][a-z0-9._-]{0,63}", data.value, re.ASCII):
        raise Mistake(
            f"“data” is {quoted(data.value)}", "write the name of a data set, or run:NAME for the images of a run", data.line
        )
    dimensions, noise, beside = fields.get("dimensions"), fields.get("noise"), fields.get("beside")
    if dimensions is not None:
        _at(dimensions, lambda: one_of(dimensions.value, map(str, DIMENSIONS), "the number of dimensions"))
    if noise is not None:
        _at(noise, lambda: one_of(noise.value, ("on", "off"), "“noise”"))
    seed = fields.get("seed")
    return Train(
        data=data.value,
        beta=_setting(fields, "beta", LEAST_BETA, MOST_BETA, 1.0),
        dimensions=DIMENSIONS[0] if dimensions is None else int(dimensions.value),
        seed=1 if seed is None else whole(seed, 0, MOST_SEED),
        rate=_setting(fields, "rate", LEAST_RATE, MOST_RATE, 1e-3),
        noise=noise is None or noise.value == "on",
        beside=None if beside is None else decimal(beside, LEAST_BETA, MOST_BETA),
    )


def _setting(fields: Fields, key: str, low: float, high: float, usual: float) -> float:
    field = fields.get(key)
    return usual if field is None else decimal(field, low, high)


def _play(text: BlockText) -> Block:
    fields = fields_of(text.lines, text.first, ("piece", "run", "image", "theta"))
    named = fields.need("piece", "encoder")
    piece = next(name for name in PIECES if name == _at(named, lambda: one_of(named.value, PIECES, "the piece")))
    for key in ("run", "image", "theta"):
        if (extra := fields.get(key)) is not None and key not in PIECES[piece].keys:
            raise Mistake(f"the piece “{piece}” takes no “{key}”", "remove the line", extra.line)
    run, theta = fields.get("run"), fields.get("theta")
    if run is not None and not RUN_NAME.fullmatch(run.value):
        raise Mistake(f"“run” is {quoted(run.value)}", "write the name of a run, such as mnist-2d", run.line)
    return Play(
        piece,
        run="" if run is None else run.value,
        image=whole(fields.need("image", "12"), 0, MOST_IMAGE) if PIECES[piece].of_image else 0,
        theta=THETA if theta is None else decimal(theta, LEAST_THETA, MOST_THETA),
    )


def _note(text: BlockText) -> Block:
    return Note(read_text("\n".join(text.lines), text.first))


READERS: Mapping[str, Callable[[BlockText], Block]] = {
    "show": _show,
    "task": _task,
    "predict": _predict,
    "measure": _measure,
    "formula": _formula,
    "train": _train,
    "play": _play,
    "note": _note,
}


# --- parts


def _prose(field: Field) -> Prose:
    return read_line(field.value, field.line)


def _at(field: Field, read: Callable[[], T]) -> T:
    """What is read of a field; a mistake gets its line."""
    try:
        return read()
    except Mistake as mistake:
        raise Mistake(mistake.what, mistake.remedy, mistake.line or field.line) from None
