"""What does a web site without a server tell its pages? Lists, and lessons as records without HTML.

Part of the wire that `schema.py` declares. A part is a file of the site, a plain script that hands its bytes over; "" where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypeAlias, TypedDict

from explorer.surface.lesson_schema import LessonClause, PieceTold
from explorer.surface.schema import Point
from explorer.surface.training_schema import TrainingBegin

# ---- the lists -------------------------------------------------------------------------------------------------------


class SiteMap(TypedDict):
    """A map of a run."""

    name: str
    title: str


class SiteRun(TypedDict):
    """A run of the site."""

    name: str
    data: str
    """Title of its data set."""
    model: str
    sentence: str
    """What it is, with its bound."""
    verdict: str
    """The clinic's, a sentence."""
    tone: Literal["good", "bad", "none"]
    """Of the verdict."""
    pictures: tuple[str, str]
    """Files of its map, small, for a light and for a dark page."""
    maps: Sequence[SiteMap]
    labels: Sequence[str]
    """Classes that its decoder can be given; none for most models."""
    images: str
    """The same for runs with the same test images in the same order."""
    first: str
    """Part with what its first map needs."""
    rest: str
    """Part with the encoder, the other maps and classes."""
    film: str
    """Part with the film of its training."""


class SiteLesson(TypedDict):
    """A lesson of the site, in the list."""

    name: str
    title: str
    summary: str
    minutes: int
    needs: str
    language: str
    lecture: str
    n_steps: int
    tasks: Sequence[str]
    """Keys of its tasks."""
    part: str


class SiteImages(TypedDict):
    """Images to learn from."""

    name: str
    title: str
    part: str


class SiteIndex(TypedDict):
    """What there is."""

    runs: Sequence[SiteRun]
    lessons: Sequence[SiteLesson]
    images: Sequence[SiteImages]
    programs: Mapping[str, str]
    """Files of the programs that come when they are needed: film, train, math."""


# ---- a lesson --------------------------------------------------------------------------------------------------------


class SiteNode(TypedDict):
    """A piece of prose.

    Kinds are those of `explorer/lessons/prose.py`, but "math" and "data-cell", and "absent" for a link to a page that only the app has.
    """

    kind: str
    text: str
    """What a leaf says, of a number with its unit; of a link its address."""
    children: Sequence[SiteNode]
    title: NotRequired[str]
    """Of a number its definition."""


class SiteText(TypedDict):
    """What is read."""

    kind: Literal["text"]
    text: Sequence[SiteNode]


class SiteTask(TypedDict):
    """What is to be done."""

    kind: Literal["task"]
    key: str
    do: Sequence[SiteNode]
    hint: Sequence[SiteNode]
    clauses: Sequence[LessonClause]


class SiteQuestion(TypedDict):
    """What all questions share; their answers are told after a person's own."""

    key: str
    question: Sequence[SiteNode]
    because: Sequence[SiteNode]


class SiteChoice(SiteQuestion):
    """A question with choices."""

    kind: Literal["choice"]
    choices: Sequence[Sequence[SiteNode]]
    right: int
    """From 0."""


class SiteNumber(SiteQuestion):
    """A question for a number of a run."""

    kind: Literal["number"]
    unit: str
    value: float
    tolerance: float
    truth: str
    """The number with its unit."""


class SitePlace(SiteQuestion):
    """A question for a place of the map."""

    kind: Literal["place"]
    place: Point
    tolerance: float
    truth: str


class SiteMeasure(TypedDict):
    """A number of a run."""

    text: str
    words: str
    definition: str


class SiteNumbers(TypedDict):
    """Numbers of runs below each other."""

    kind: Literal["numbers"]
    numbers: Sequence[SiteMeasure]


class SiteTerm(TypedDict):
    """A part of a formula that is explained."""

    name: str
    words: Sequence[SiteNode]


class SiteFormula(TypedDict):
    """A formula on a line of its own."""

    kind: Literal["math"]
    tex: str
    terms: Sequence[SiteTerm]


SiteBlock: TypeAlias = SiteText | SiteTask | SiteChoice | SiteNumber | SitePlace | SiteNumbers | SiteFormula


class SiteScene(TypedDict):
    """What stands beside the text."""

    key: str
    """The same for steps that show the same; of a training the name by which tasks know it."""
    run: str
    page: str
    """Map, class and pins, as the part of the address after # has them."""
    screen: str
    """What else is on the screen, too."""
    images: NotRequired[str]
    """Of a training: by name, what it learns from."""
    begin: NotRequired[TrainingBegin]
    piece: NotRequired[PieceTold]
    """An interactive piece."""
    subject: NotRequired[str]
    """Part with the image that it is about; "" of one that is about none."""


class SiteStep(TypedDict):
    """What is on one screen."""

    title: Sequence[SiteNode]
    view: SiteScene
    blocks: Sequence[SiteBlock]


class SiteLessonText(TypedDict):
    """A whole lesson."""

    name: str
    title: str
    language: str
    has_formulas: bool
    steps: Sequence[SiteStep]
