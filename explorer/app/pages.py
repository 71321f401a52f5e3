"""Which pages are there, and which module shows each?

To add a page: a module under `explorer/pages` with `show(state)`, and a record here. Everything else follows from the record: the switch at
the top, the links that are accepted, and what frames the page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from explorer.session import columns, film, seed, stops
from explorer.session.lessons import reading as lesson


@dataclass(frozen=True)
class Page:
    """One page of the app. Its module is imported when it is shown first, so that no page waits for another one's imports."""

    name: str
    """In links and on the switch, which shows it capitalised."""
    module: str
    """Has `show(state)`."""
    tells_of_runs: bool = False
    """Whether the page itself tells figures and verdict of each run that it shows, if it shows any, so that the header leaves them out."""
    tells_verdict: bool = False
    """Whether the page itself shows the clinic's verdict, so that the header leaves it out."""
    has_map: bool = True
    """Whether it shows a map, whose state the browser keeps in the address."""
    read_link: Callable[[str, int], None] | None = None
    """Reads the page's own part of the link, given run and latent dimension, where the link tells what is shown."""
    leave: Callable[[], None] | None = None
    """What is to be done when any other page is shown: its part of the link goes, for example."""


def _leave_compare() -> None:
    columns.leave()
    film.leave("compare")


PAGES = (
    Page("atlas", "explorer.pages.atlas.page", leave=partial(film.leave, "atlas")),
    Page("reconstruct", "explorer.pages.reconstruct.page"),
    Page("interpolate", "explorer.pages.interpolate.page", read_link=stops.read_link, leave=stops.leave),
    Page("samples", "explorer.pages.samples.page", has_map=False, read_link=seed.read_link, leave=seed.leave),
    Page("dimensions", "explorer.pages.dimensions.page", tells_verdict=True, has_map=False),
    Page("train", "explorer.pages.train.page", tells_of_runs=True, has_map=False),
    Page("lessons", "explorer.pages.lessons.page", tells_of_runs=True, leave=lesson.leave),
    Page("compare", "explorer.pages.compare.page", tells_of_runs=True, leave=_leave_compare),
)
"""In the order in which the switch shows them; the first is shown where a link names none."""

NAMES = tuple(page.name for page in PAGES)


def page_of(name: str) -> Page:
    """The page of that name, one of `NAMES`."""
    return PAGES[NAMES.index(name)]
