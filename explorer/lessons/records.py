"""What is in a lesson? Frozen records without a page; `parse.py` makes them. Where something stands is no part of what it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from explorer.lessons.conditions import Condition
from explorer.lessons.measures import MeasureName
from explorer.lessons.pieces import Play
from explorer.lessons.prose import Node
from explorer.lessons.shows import Show

Prose = tuple[Node, ...]


@dataclass(frozen=True)
class Text:
    """What is read."""

    nodes: Prose


@dataclass(frozen=True)
class Task:
    """What is to be done, and when the page sees that it is done."""

    do: Prose
    until: Condition
    hint: Prose
    """For whoever asks for it."""


@dataclass(frozen=True)
class ChoiceAnswer:
    """The choice of that number, from 1."""

    number: int


@dataclass(frozen=True)
class NumberAnswer:
    """A number of a run."""

    measure: MeasureName
    tolerance: float
    """How far an answer may be off, in the number's unit; of a share in per cent."""


@dataclass(frozen=True)
class PlaceAnswer:
    """The mean place of the encoded images of a class, on the map that the step shows."""

    class_name: str
    tolerance: float
    """How far an answer may be off, map units."""


@dataclass(frozen=True)
class Predict:
    """A question whose answer is told after a person has given one."""

    question: Prose
    choices: tuple[Prose, ...]
    """Of a question with choices."""
    answer: ChoiceAnswer | NumberAnswer | PlaceAnswer
    because: Prose
    """Told with the answer."""


@dataclass(frozen=True)
class Numbers:
    """Numbers of runs below each other, with their definitions."""

    names: tuple[MeasureName, ...]


@dataclass(frozen=True)
class Term:
    """A part of a formula that is explained where the pointer is on it."""

    name: str
    words: Prose
    light: str = ""
    """The layer of the map that is on while the pointer is on the term; "" for none."""


@dataclass(frozen=True)
class Formula:
    """A formula on a line of its own."""

    tex: str
    """LaTeX; \\term{name}{…} is around each term."""
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Train:
    """A training in the page, before its first step."""

    data: str
    beta: float
    dimensions: int
    seed: int
    rate: float
    """Adam's step size."""
    noise: bool
    beside: float | None
    """β of a second training beside it; None for one alone."""


@dataclass(frozen=True)
class Note:
    """What only the speaker sees."""

    nodes: Prose


@dataclass(frozen=True)
class ShowBlock:
    """The map beside the text, from this step on."""

    show: Show


Block = Text | Task | Predict | Numbers | Formula | Train | Play | Note | ShowBlock


@dataclass(frozen=True)
class Part:
    """A block and its place."""

    block: Block
    line: int = field(compare=False)
    """Of the file, from 1."""


@dataclass(frozen=True)
class Step:
    """What is on one screen."""

    title: Prose
    parts: tuple[Part, ...]
    line: int = field(compare=False)
    """Of its heading."""


@dataclass(frozen=True)
class Lesson:
    """A whole file."""

    title: str
    summary: str
    """What one sees in it, a sentence."""
    minutes: int
    needs: str
    """What one needs to know."""
    run: str
    """Shown where a step names none."""
    language: str
    """Its code: en, de, pt-br."""
    lecture: str
    """"" for none."""
    steps: tuple[Step, ...]


def prose_of(block: Block) -> Prose:
    """All that is read in a block, one after the other."""
    match block:
        case Text(nodes) | Note(nodes):
            return nodes
        case Task():
            return block.do + block.hint
        case Predict():
            return block.question + sum(block.choices, ()) + block.because
        case Formula():
            return sum((term.words for term in block.terms), ())
    return ()


def plain(nodes: Prose) -> str:
    """Prose as letters alone, for lists and titles of windows."""
    return "".join(node.text if not node.children and node.kind != "link" else plain(node.children) for node in nodes)
