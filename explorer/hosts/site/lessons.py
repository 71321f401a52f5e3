"""How does a lesson become a record for the browser? With the numbers of its runs, and with what stands beside each step.

A block more is a line in `_block` here, a record in `surface.site_schema` and an entry in `frontend/src/site/lesson/blocks.ts`; a block
without them is refused in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from explorer.hosts.site.prose import Writer, page_words, screen_words
from explorer.lessons.answers import asked_value, class_place, unit_of
from explorer.lessons.check import Runs, Scene, scenes
from explorer.lessons.markdown import without_terms
from explorer.lessons.measures import Measured, MeasureName, measured
from explorer.lessons.pieces import PIECES, Play
from explorer.lessons.problems import Mistake, Problems
from explorer.lessons.prose import inner_nodes
from explorer.lessons.records import (
    Block,
    ChoiceAnswer,
    Formula,
    Lesson,
    Note,
    NumberAnswer,
    Numbers,
    PlaceAnswer,
    Predict,
    ShowBlock,
    Task,
    Text,
    Train,
    prose_of,
)
from explorer.lessons.told import begin_of, block_key, clauses_of
from explorer.surface.lesson_schema import PieceTold
from explorer.surface.site_schema import (
    SiteBlock,
    SiteChoice,
    SiteFormula,
    SiteLessonText,
    SiteMeasure,
    SiteNumber,
    SiteNumbers,
    SitePlace,
    SiteScene,
    SiteStep,
    SiteTask,
    SiteTerm,
    SiteText,
)
from trainer.numerals import number
from trainer.runs.read import Run


@dataclass(frozen=True)
class Site:
    """What a lesson finds in the site."""

    runs: Runs
    names: Collection[str]
    """Of the runs that are in it."""
    run: Callable[[str], Run]
    images: Collection[str]
    """Data sets that it can train on."""
    subject: Callable[[str, int], str]
    """The part with what a piece about an image of a run needs; it is added where it is new."""


@dataclass(frozen=True)
class _Teller:
    """What the blocks of a step are filled with."""

    lesson: str
    step: int
    """From 0."""
    scene: Scene
    site: Site
    language: str
    """Of the lesson, its code."""

    @property
    def writer(self) -> Writer:
        return Writer(self.number, self.site.names)

    def number(self, name: MeasureName) -> Measured:
        return measured(name, self.site.runs.info(name.run), self.language)

    def key(self, part: int) -> str:
        """Of a block, as the app has it."""
        return block_key(self.lesson, self.step, part)


def runs_of(lesson: Lesson) -> tuple[str, ...]:
    """The runs whose maps it shows; those of which it only tells numbers are not needed."""
    return tuple(dict.fromkeys(scene.run for scene in scenes(lesson) if scene.surface == "map"))


def lesson_text(lesson: Lesson, name: str, site: Site) -> SiteLessonText:
    """The whole lesson. Raises `LessonError` for what a site cannot show."""
    problems = Problems()
    steps = list(_steps(lesson, name, site, problems))
    problems.raise_any(name)
    blocks = [part.block for step in lesson.steps for part in step.parts]
    prose = [node for step in lesson.steps for node in inner_nodes(step.title)]
    prose += [node for block in blocks for node in inner_nodes(prose_of(block))]
    has_formulas = any(isinstance(block, Formula) for block in blocks) or any(node.kind == "formula" for node in prose)
    return SiteLessonText(name=name, title=lesson.title, language=lesson.language, has_formulas=has_formulas, steps=steps)


def task_keys(text: SiteLessonText) -> list[str]:
    """Of its tasks, in their order."""
    return [block["key"] for step in text["steps"] for block in step["blocks"] if block["kind"] == "task"]


def _steps(lesson: Lesson, name: str, site: Site, problems: Problems) -> Iterator[SiteStep]:
    for i, (step, scene) in enumerate(zip(lesson.steps, scenes(lesson), strict=True)):
        teller = _Teller(name, i, scene, site, lesson.language)
        blocks: list[SiteBlock] = []
        for number_, part in enumerate(step.parts):
            with problems.at(part.line):
                blocks += _block(part.block, teller, number_)
        with problems.at(step.line):
            yield SiteStep(title=teller.writer.nodes(step.title), view=_scene(name, scene, site), blocks=blocks)


def _block(block: Block, teller: _Teller, part: int) -> list[SiteBlock]:
    """Nothing for what stands beside the text, or is for the speaker alone. Raises `Mistake` for a block that no page of the site shows."""
    write = teller.writer.nodes
    match block:
        case ShowBlock() | Train() | Play() | Note():
            return []
        case Text(nodes):
            return [SiteText(kind="text", text=write(nodes))]
        case Formula(tex, terms):
            told = [SiteTerm(name=term.name, words=write(term.words)) for term in terms]
            return [SiteFormula(kind="math", tex=without_terms(tex), terms=told)]
        case Numbers(names):
            return [SiteNumbers(kind="numbers", numbers=[_measure(teller.number(name)) for name in names])]
        case Task():
            return [
                SiteTask(
                    kind="task", key=teller.key(part), do=write(block.do), hint=write(block.hint), clauses=clauses_of(block.until)
                )
            ]
        case Predict():
            return [_question(block, teller, teller.key(part))]
    raise Mistake(f"a block of the kind {type(block).__name__} is not shown by a web site", "leave the lesson out of the site")


def _measure(found: Measured) -> SiteMeasure:
    name = found.name
    words = name.name.replace("_", " ") + ("" if name.dimension is None else f" {name.dimension}")
    return SiteMeasure(text=found.text, words=f"{words} of {name.run}", definition=found.definition)


def _question(block: Predict, teller: _Teller, key: str) -> SiteBlock:
    write = teller.writer.nodes
    question, because = write(block.question), write(block.because)
    match block.answer:
        case ChoiceAnswer(right):
            choices = [write(choice) for choice in block.choices]
            return SiteChoice(kind="choice", key=key, question=question, because=because, choices=choices, right=right - 1)
        case NumberAnswer(name, tolerance):
            found = teller.number(name)
            return SiteNumber(
                kind="number",
                key=key,
                question=question,
                because=because,
                unit=unit_of(name, teller.language),
                value=asked_value(found),
                tolerance=tolerance,
                truth=found.text,
            )
        case PlaceAnswer(class_name, tolerance):
            x, y = _place_of(class_name, teller.scene, teller.site.run(teller.scene.run))
            return SitePlace(
                kind="place",
                key=key,
                question=question,
                because=because,
                place=(x, y),
                tolerance=tolerance,
                truth=f"the images of class {class_name} lie about {number(x)}, {number(y)} of the map.",
            )


def _place_of(class_name: str, scene: Scene, run: Run) -> tuple[float, float]:
    """On the map of the step."""
    return class_place(run, run.projections[scene.show.get("projection") or next(iter(run.projections))], class_name)


def _scene(name: str, scene: Scene, site: Site) -> SiteScene:
    key = f"{name}/{scene.since}"
    if scene.train is not None:
        return SiteScene(key=key, run="", page="", screen="", images=_images(scene.train, site), begin=begin_of(key, scene.train))
    if scene.play is not None:
        return _piece(key, scene.run, scene.play, site)
    words: Mapping[str, str] = {word.key: word.value for word in scene.show.words}
    if "x" in words or "y" in words:
        raise Mistake("the step chooses the axes of its map", "leave out “x” and “y” for a site, which has the main axes only")
    return SiteScene(key=key, run=scene.run, page=page_words(dict(words)), screen=screen_words(dict(words)))


def _piece(key: str, run: str, play: Play, site: Site) -> SiteScene:
    subject = site.subject(run, play.image) if PIECES[play.piece].of_image else ""
    told = PieceTold(key=key, piece=play.piece, theta=play.theta, is_room=False, address="")
    return SiteScene(key=key, run="", page="", screen="", piece=told, subject=subject)


def _images(train: Train, site: Site) -> str:
    if train.data in site.images:
        return train.data
    offered = ", ".join(site.images) or "none"
    raise Mistake(f"the step trains on {train.data}, whose images are not in a site", f"train on one of {offered}")
