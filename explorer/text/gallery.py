"""Which runs are offered, how are they told apart, and which of them fit what was searched for? No page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from explorer.text.run_sentence import data_title, model_title, run_sentence
from explorer.text.verdict import Line, line_of
from trainer.runs.records import RunInfo

SWEEP = re.compile(r"sweep-(?P<what>.+?)-beta-")
EVERY = "all"
HEALTHY, OVER, COLLAPSED, NONE = "healthy", "over-regularised", "collapsed", "no verdict"
VERDICTS = (EVERY, HEALTHY, OVER, COLLAPSED, NONE)
OF_KIND = {
    "healthy": HEALTHY,
    "surplus": HEALTHY,
    "over-regularised": OVER,
    "collapsed": COLLAPSED,
    "strong-decoder": COLLAPSED,
    "kl-without-information": COLLAPSED,
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


def cards(runs: Mapping[str, RunInfo]) -> tuple[Card, ...]:
    """A card of every run, in the order of the runs."""
    return tuple(
        Card(name, data_title(info.dataset.name), model_title(info), f"{run_sentence(info)}.", line_of(info), sweep_of(name))
        for name, info in runs.items()
    )


def sweep_of(name: str) -> str:
    """What a run is a sweep of, by its name; empty where it is none."""
    found = SWEEP.match(name)
    return found["what"] if found else ""


def choices(values: Iterable[str]) -> list[str]:
    """What a filter offers: everything, then each value once."""
    return [EVERY, *sorted(set(values), key=str.casefold)]
