"""How does prose of a lesson become records for the browser? Numbers are filled in, links lead to pages of the site; nothing is HTML."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from explorer.lessons.measures import Measured, MeasureName, read_measure
from explorer.lessons.prose import Node
from explorer.lessons.shows import FRAGMENT, QUERY
from explorer.surface.site_schema import SiteNode

OF_STEP = "#step-"
RENAMED = {"formula": "math", "cell": "data-cell"}


@dataclass(frozen=True)
class Writer:
    """What prose is filled with."""

    number: Callable[[MeasureName], Measured]
    runs: Collection[str]
    """Those of the site: links to others lead nowhere."""

    def nodes(self, nodes: Sequence[Node]) -> list[SiteNode]:
        """The same as records."""
        return [self._node(node) for node in nodes]

    def _node(self, node: Node) -> SiteNode:
        children = self.nodes(node.children)
        if node.kind == "number":
            found = self.number(read_measure(node.text))
            return SiteNode(kind="number", text=found.text, children=[], title=f"{found.name}: {found.definition}")
        if node.kind == "link":
            to = self._address(node.text)
            return SiteNode(kind="absent" if to is None else "link", text=to or "", children=children)
        return SiteNode(kind=RENAMED.get(node.kind, node.kind), text=node.text, children=children)

    def _address(self, address: str) -> str | None:
        """Within the site; None for a page that only the app has."""
        if address.startswith(OF_STEP):
            return f"#step={address.removeprefix(OF_STEP)}"
        if not address.startswith("?"):
            return address
        query, _, fragment = address[1:].partition("#")
        asked = dict(parse_qsl(query))
        view, run = asked.pop("view", "atlas"), asked.pop("run", "")
        if run not in self.runs:
            return None
        if view == "compare" and asked.get("with") in self.runs:
            return f"compare.html?{urlencode({'run': run, 'with': asked['with']})}"
        if view == "atlas" and asked.keys() <= QUERY.keys():
            return f"run.html?{urlencode({'run': run})}{hash_of(page_words(asked), fragment)}"
        return None


def page_words(words: dict[str, str]) -> str:
    """What an address says of map, class and pins after #."""
    return urlencode({key: value for key, value in words.items() if key in QUERY and key not in ("run", "x", "y")}, safe="~!*_")


def screen_words(words: dict[str, str]) -> str:
    """What it says of the screen."""
    found = {key: value for key, value in words.items() if key in FRAGMENT}
    return urlencode({"v": "1", **found}) if found else ""


def hash_of(*parts: str) -> str:
    """Those that say anything, after #."""
    text = "&".join(filter(None, parts))
    return f"#{text}" if text else ""
