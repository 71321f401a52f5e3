"""Does this visitor watch the film of a training in place of the map?

The link says so: Back leaves the film, and a link opens it.
"""

from __future__ import annotations

from explorer.session import events, link

KEY = "film"  # in the link: the page that shows it


def is_on(page: str) -> bool:
    """Whether that page shows films."""
    return link.asked(KEY) == page


def begin(page: str) -> None:
    """That page shows films from now on (a button's callback, or the surface's)."""
    link.write(KEY, page)
    events.forget_all_given()


def end() -> None:
    """The map comes back (a button's callback, or the film's)."""
    link.write(KEY, "")


def leave(page: str) -> None:
    """Another page's link says nothing of the films of that one."""
    if is_on(page):
        end()
