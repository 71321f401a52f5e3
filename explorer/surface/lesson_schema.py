"""What is the browser told of a lesson's step and of its interactive piece, and what does it tell of it? Part of the wire that `schema.py`
declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, TypedDict

from explorer.surface.network_schema import ImageShape, Op
from explorer.surface.schema import ArrayEntry
from trainer.likelihoods.registry import LikelihoodName

Comparison: TypeAlias = Literal["<", "<=", ">", ">=", "=", "!="]
LessonAnswer: TypeAlias = float | Sequence[float]
"""The number of a choice from 0, a number, or a code."""


class LessonClause(TypedDict):
    """One comparison of a condition; subjects are those of `explorer/lessons/conditions.py`."""

    subject: str
    of: str
    """A class, or a dimension from 1; "" for the whole."""
    relation: Comparison
    value: float | str


class LessonTask(TypedDict):
    """What is to be done in the step."""

    key: str
    clauses: Sequence[LessonClause]
    """All of them have to hold at once."""


class LessonPlace(TypedDict):
    """How far a visitor is in a lesson; the browser keeps it."""

    step: int
    """From 1; the one that was opened last."""
    done: Sequence[str]
    """Keys of tasks."""
    answers: Mapping[str, LessonAnswer]
    """By the keys of questions."""


class LessonTold(TypedDict):
    """What the app tells the browser."""

    lesson: str
    """"" for the list of lessons."""
    place: LessonPlace
    """Of the open lesson, as the app knows it."""
    tasks: Sequence[LessonTask]
    run: str
    """Whose map the tasks are about, or the key of the training: another one on the page does none of them."""
    n_steps: int
    is_followed: bool
    """Whether it is shown to a room or to who speaks there: windows of this browser with the same lesson go to the same step."""


class LessonWord(TypedDict):
    """A piece of what is said of a term."""

    kind: Literal["text", "strong", "emphasis", "code"]
    """A formula is code here: its LaTeX."""
    text: str


class LessonTerm(TypedDict):
    """A part of a formula that is explained where its chip is pointed at."""

    name: str
    words: Sequence[LessonWord]
    light: str
    """The layer of the map that is lit meanwhile; "" for none."""
    colour: str
    """Of the chip, as the formula has it: #rrggbb."""


class LessonTerms(TypedDict):
    """The chips below a formula."""

    terms: Sequence[LessonTerm]


# ---- interactive pieces ---------------------------------------------------------------------------------------------

PieceName: TypeAlias = Literal["encoder", "darts", "integrate", "gradients", "surgery"]


class PieceTold(TypedDict):
    """What the app tells an interactive piece beside a lesson's text."""

    key: str
    """Of the step that shows it: the same one goes on."""
    piece: PieceName
    theta: float
    """Of `gradients`: where the derivative is taken."""
    is_room: bool
    """Shown to a room: in letters that are read from the last row."""
    address: str
    """Where what it is about is fetched once (`PieceHeader` and its arrays); "" of a piece that is about no image."""


class PieceHeader(TypedDict):
    """One image of a run, and the decoder that says p(x|z) of it.

    Arrays: those that `decoder` names, `picture` (C, H, W) uint8, and `mu` and `logvar` (2,) of q(z|x), the encoder's Gaussian for it.
    """

    id: str
    run: str
    dataset: str
    image: int
    """Number of the test image, from 0."""
    is_decoding: bool
    """The images are not on this machine: the picture is the decoding of the image's code, and `mu` and `logvar` are of that picture."""
    image_shape: ImageShape
    likelihood: LikelihoodName
    log_sigma: float
    """Log scale of every pixel; 0 where the likelihood has none."""
    decoder: Sequence[Op]
    arrays: Mapping[str, ArrayEntry]
