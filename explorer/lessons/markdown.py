"""How is prose of a lesson written for a page that reads Markdown? Every letter of the file is escaped: it is text and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from explorer.lessons.measures import MeasureName, read_measure
from explorer.lessons.prose import Node
from explorer.lessons.records import Prose
from explorer.lessons.tex import TERM
from explorer.text.escape import escape_markdown

LONGEST = 1_000_000  # a lesson is shorter: nothing is cut
OF_STEP = "#step-"


@dataclass(frozen=True)
class Writer:
    """What prose is filled with."""

    number: Callable[[MeasureName], str]
    """The text of a number of a run."""
    step: Callable[[int], str]
    """The address of a step, from 1."""

    def text(self, nodes: Prose | Sequence[Node]) -> str:
        """Markdown of several paragraphs, or of a line."""
        return "".join(map(self._node, nodes)).strip("\n")

    def _node(self, node: Node) -> str:
        inner = "".join(map(self._node, node.children))
        match node.kind:
            case "text":
                return escaped(node.text)
            case "code":
                return f"`` {node.text.replace('`', 'ˋ')} ``"
            case "listing":
                return "\n".join(["````", node.text.rstrip("\n").replace("````", "ˋˋˋˋ"), "````", "", ""])
            case "formula":
                return f"${node.text}$"
            case "number":
                return f"**{escaped(self.number(read_measure(node.text)))}**"
            case "emphasis" | "strong":
                sign = "*" if node.kind == "emphasis" else "**"
                return f"{sign}{inner}{sign}"
            case "link":
                return f"[{inner}](<{self._address(node.text)}>)"
            case "break":
                return "  \n"
            case "rule":
                return "---\n\n"
            case "heading":
                return f"{'#' * (int(node.text) + 1)} {inner}\n\n"
            case _:
                return self._block(node, inner)

    def _block(self, node: Node, inner: str) -> str:
        match node.kind:
            case "list" | "ordered-list":
                first = int(node.text or 1)
                signs = [f"{first + i}. " if node.kind == "ordered-list" else "- " for i in range(len(node.children))]
                items = [_indented(self._node(item), sign) for sign, item in zip(signs, node.children, strict=True)]
                return "\n".join([*items, "", ""])
            case "quote":
                return "\n".join(f"> {line}" for line in inner.strip("\n").split("\n")) + "\n\n"
            case "table":
                head, *rows = (f"| {' | '.join(self.text(cell.children) for cell in row.children)} |" for row in node.children)
                return "\n".join([head, f"|{'---|' * len(node.children[0].children)}", *rows, "", ""])
            case "item":
                return inner
        return f"{inner}\n\n"

    def _address(self, address: str) -> str:
        return self.step(int(address.removeprefix(OF_STEP))) if address.startswith(OF_STEP) else address


def with_colours(tex: str, colours: Mapping[str, str]) -> str:
    """The formula as LaTeX, each term in the colour (#rrggbb) of its name."""
    return TERM.sub(lambda term: rf"\textcolor{{{colours[term[1]]}}}", tex)


def without_terms(tex: str) -> str:
    """The formula as LaTeX alone."""
    return TERM.sub("", tex)


def escaped(text: str) -> str:
    """Text of a lesson as Markdown that shows it."""
    return escape_markdown(text, LONGEST)


def _indented(text: str, sign: str) -> str:
    """Lines of an item under each other, the first after its sign."""
    lines = text.strip("\n").split("\n")
    return "\n".join([sign + lines[0], *(" " * len(sign) + line if line else "" for line in lines[1:])])
