"""What is the browser told of the blocks of a lesson, by the app and by a web site alike?"""

from __future__ import annotations

from explorer.lessons.conditions import Condition
from explorer.lessons.records import Train
from explorer.surface.lesson_schema import LessonClause
from explorer.surface.training_schema import TrainingBegin


def block_key(name: str, step: int, part: int) -> str:
    """Of a block of a lesson, for its widgets, its answer and whether it is done. step, part: from 0."""
    return f"lesson-{name}-{step}-{part}"


def clauses_of(until: Condition) -> list[LessonClause]:
    """When a task is done."""
    return [LessonClause(subject=one.subject, of=one.of, relation=one.relation, value=one.value) for one in until.clauses]


def begin_of(key: str, train: Train) -> TrainingBegin:
    """How a training begins. key: of the scene that shows it"""
    return TrainingBegin(
        key=key,
        beta=train.beta,
        latent_dim=train.dimensions,
        seed=train.seed,
        learning_rate=train.rate,
        noise=train.noise,
        beside=train.beside,
    )
