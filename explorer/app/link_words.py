"""Which words of the link does this run not have? Of each it is said what there is, and what is shown instead."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.session import class_choice, link
from explorer.session.load import say
from explorer.text.escape import shortened
from trainer.runs.read import Run


def tell_unknown_words(run: Run) -> None:
    """To be called where the link tells what is shown. A class counts for conditional runs: a link may still have that of a run before."""
    _tell(link.MAP, "map", list(run.projections), "Showing “{}” instead.")
    if run.config.is_conditional:
        _tell(class_choice.KEY, "class", run.info.dataset.class_names, "Pictures are decoded as “{}” instead.")


def _tell(key: str, kind: str, allowed: Sequence[str], instead: str) -> None:
    asked = link.asked(key)
    if asked is None or asked in allowed:
        return
    there = shortened(", ".join(allowed), 120)
    say(f"There is no {kind} “{shortened(asked, 40)}” in this run, which has {there}. {instead.format(shortened(allowed[0], 40))}")
