"""Which runs are offered, how are they told apart, and which of them fit what was searched for? No page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from explorer.text.run_sentence import data_title, model_title, run_sentence
from explorer.text.verdict import Line, damaged_line, line_of
from trainer.runs.records import RunInfo

SWEEP = re.compile(r"sweep-(?P<what>.+?)-beta-")
EVERY = "all"
HEALTHY, OVERFITTED, OVER, COLLAPSED, DAMAGED, NONE = (
    "healthy",
    "overfitted",
    "over-regularised",
    "collapsed",
    "damaged",
    "no verdict",
)
VERDICTS = (EVERY, HEALTHY, OVERFITTED, OVER, COLLAPSED, DAMAGED, NONE)
OF_KIND = {
    "healthy": HEALTHY,
    "surplus": HEALTHY,
    "overfitted": OVERFITTED,
    "over-regularised": OVER,
    "collapsed": COLLAPSED,
    "strong-decoder": COLLAPSED,
    "kl-without-information": COLLAPSED,
    "damaged": DAMAGED,
}
"""A kind of verdict by its name in the filter: a code without information is a collapsed one, whatever the reason."""


@dataclass(frozen=True)
class Card:
    """A run in the gallery."""

    name: str
    data: str
    """Title of the data set."""
    model: str
    """Family of the model."""
    sentence: str
    """What the run is, with its bound."""
    line: Line | None
    """The clinic's verdict; None for a model without a posterior."""
    sweep: str
    """The sweep that it is part of; empty for a run of its own."""

    @property
    def verdict(self) -> str:
        """Its name in the filter."""
        return NONE if self.line is None else OF_KIND.get(self.line.kind, NONE)


@dataclass(frozen=True)
class Wanted:
    """What is searched for."""

    words: str = ""
    """All of which the card must have, in any order."""
    data: str = EVERY
    model: str = EVERY
    verdict: str = EVERY

    def fits(self, card: Card) -> bool:
        """Whether a run is one of those that are searched for."""
        text = f"{card.name} {card.data} {card.model} {card.sentence} {card.verdict}".casefold()
        return (
            all(word in text for word in self.words.casefold().split())
            and self.data in (EVERY, card.data)
            and self.model in (EVERY, card.model)
            and self.verdict in (EVERY, card.verdict)
        )


def cards(runs: Mapping[str, RunInfo], damage: Mapping[str, str] = MappingProxyType({})) -> tuple[Card, ...]:
    """A card of every run, in the order of the runs. damage: what is wrong with those that do not open, by name."""
    return tuple(_card(name, info, damage.get(name, "")) for name, info in runs.items())


def _card(name: str, info: RunInfo, damage: str) -> Card:
    line = damaged_line(damage) if damage else line_of(info)
    return Card(name, data_title(info.dataset.name), model_title(info), f"{run_sentence(info)}.", line, sweep_of(name))


def offered_verdicts(some: Iterable[Card]) -> list[str]:
    """What the filter offers: damaged runs only where there are some."""
    has_damaged = any(card.verdict == DAMAGED for card in some)
    return [verdict for verdict in VERDICTS if verdict != DAMAGED or has_damaged]


def sweep_of(name: str) -> str:
    """What a run is a sweep of, by its name; empty where it is none."""
    found = SWEEP.match(name)
    return found["what"] if found else ""


def choices(values: Iterable[str]) -> list[str]:
    """What a filter offers: everything, then each value once."""
    return [EVERY, *sorted(set(values), key=str.casefold)]
