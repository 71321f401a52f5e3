"""What of Markdown may a lesson use? Paragraphs, emphasis, code, lists, quotes, tables, links, formulas and numbers of runs.

markdown-it-py reads it; what comes out are records that a page makes elements of, so that no text of a lesson is ever HTML. HTML, pictures
and links to anything but the web, a page of the app or a step are refused.

    $\\mu$                      a formula
    {{ mnist-2d.elbo }}        a number of a run
    [step 3](#step-3)          [the map](?view=atlas&run=mnist-2d)         [a paper](https://arxiv.org/abs/1312.6114)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from explorer.lessons.measures import MeasureName, read_measure
from explorer.lessons.problems import Mistake, quoted
from explorer.lessons.tex import check_tex

BlockKind = Literal[
    "paragraph", "heading", "list", "ordered-list", "item", "quote", "table", "row", "head-cell", "cell", "rule", "listing"
]
InlineKind = Literal["text", "code", "formula", "number", "emphasis", "strong", "link", "break"]
NodeKind = BlockKind | InlineKind

T = TypeVar("T")

DEEPEST = 20
LONGEST_LINK = 2000  # letters
LINK = re.compile(r"https?://[^\s/?#]+[^\s]*|\?[^\s#]*(#[^\s]*)?|#step-[1-9]\d{0,2}", re.ASCII)
FORMULA = re.compile(r"\$(?!\s)((?:[^$\\\n]|\\.)+?)(?<!\s)\$(?!\d)")
NUMBER = re.compile(r"\{\{([^{}\n]{1,200})\}\}")
OPENING: dict[str, NodeKind] = {
    "paragraph_open": "paragraph",
    "heading_open": "heading",
    "bullet_list_open": "list",
    "ordered_list_open": "ordered-list",
    "list_item_open": "item",
    "blockquote_open": "quote",
    "table_open": "table",
    "tr_open": "row",
    "th_open": "head-cell",
    "td_open": "cell",
    "em_open": "emphasis",
    "strong_open": "strong",
    "link_open": "link",
}
CLOSING = frozenset(name.replace("_open", "_close") for name in OPENING)
LEAVES: dict[str, NodeKind] = {
    "text": "text",
    "code_inline": "code",
    "formula": "formula",
    "number": "number",
    "hardbreak": "break",
    "hr": "rule",
    "fence": "listing",
}
PARTS_OF_TABLES = frozenset(f"{part}_{end}" for part in ("thead", "tbody") for end in ("open", "close"))


@dataclass(frozen=True)
class Node:
    """A piece of prose."""

    kind: NodeKind
    text: str = ""
    """What a leaf says: text, code, LaTeX, the name of a number. Of a link its address, of an ordered list its first number, of a heading
    its level, which is 3 or more: a lesson has level 1, a step level 2."""
    children: tuple[Node, ...] = ()


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 (its name there)
        """Every address is a link here, so that one that is not allowed is a mistake, and not shown as text."""
        return True


def markdown_tokens(text: str) -> list[Token]:
    """The Markdown tokens of a text, whose lines are counted from 0."""
    return _READER.parse(text)


def read_text(text: str, line: int) -> tuple[Node, ...]:
    """Prose of several paragraphs that begins at that line. Raises `Mistake`."""
    return nodes_of(markdown_tokens(text), line)


def read_line(text: str, line: int) -> tuple[Node, ...]:
    """Prose within a line. Raises `Mistake`."""
    return nodes_of(_READER.parseInline(text), line)


def nodes_of(tokens: Sequence[Token], first: int) -> tuple[Node, ...]:
    """The records of tokens; line 0 of their text is line `first` of the file. Raises `Mistake`."""
    stack: list[tuple[Token | None, list[Node]]] = [(None, [])]
    line = first
    for token in tokens:
        line = line if token.map is None else first + token.map[0]
        line += token.type in ("softbreak", "hardbreak")
        if token.type in PARTS_OF_TABLES:
            continue
        if token.type in OPENING:
            stack.append((token, []))
            if len(stack) > 2 * DEEPEST:
                raise Mistake("lists, quotes or emphasis lie too deep in each other", f"use at most {DEEPEST} levels", line)
        elif token.type in CLOSING:
            opened, children = stack.pop()
            assert opened is not None  # tokens come in pairs
            stack[-1][1].append(Node(OPENING[opened.type], _own_text(opened, line), tuple(children)))
        elif token.type == "inline":
            stack[-1][1].extend(nodes_of(token.children or (), line))
        else:
            stack[-1][1].append(_leaf(token, line))
    return tuple(stack[0][1])


def inner_nodes(nodes: Iterable[Node]) -> Iterator[Node]:
    """All of them, with those within."""
    for node in nodes:
        yield node
        yield from inner_nodes(node.children)


def numbers_in(nodes: Iterable[Node]) -> tuple[MeasureName, ...]:
    """The numbers of runs in prose."""
    return tuple(read_measure(node.text) for node in inner_nodes(nodes) if node.kind == "number")


def links_in(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The addresses of links in prose."""
    return tuple(node.text for node in inner_nodes(nodes) if node.kind == "link")


# --- nodes


def _own_text(token: Token, line: int) -> str:
    """What a node with children says itself."""
    match token.type:
        case "link_open":
            return _address(token, line)
        case "ordered_list_open":
            return str(token.attrs.get("start", 1))
        case "heading_open":
            if token.tag in ("h1", "h2"):
                raise Mistake(
                    "a heading of level 1 or 2 stands within a step",
                    "use ### and more there; ## outside of lists and quotes begins a step",
                    line,
                )
            return token.tag[1:]
        case _:
            return ""


def _leaf(token: Token, line: int) -> Node:
    match token.type:
        case "softbreak":
            return Node("text", " ")
        case "formula":
            _located(lambda: check_tex(token.content), line)
        case "number":
            name = _located(lambda: read_measure(token.content), line)
            return Node("number", str(name))
        case "fence" if token.info.strip():
            raise Mistake(
                f"the block {quoted(token.info)} stands within a list, a quote or a note",
                "begin its line without a space; a listing of code has no word after ```",
                line,
            )
        case "html_block" | "html_inline":
            raise Mistake(f"{quoted(token.content)} is HTML", "write Markdown; before a letter write \\< for the sign", line)
        case "image":
            raise Mistake(
                "a picture of a file or an address is not shown", "show the map by a block “show”, or link to the picture", line
            )
    return Node(LEAVES[token.type], token.content)


def _located(read: Callable[[], T], line: int) -> T:
    """What is read; a mistake gets the line."""
    try:
        return read()
    except Mistake as mistake:
        raise Mistake(mistake.what, mistake.remedy, line) from None


def _address(token: Token, line: int) -> str:
    address = str(token.attrs.get("href", ""))
    if len(address) > LONGEST_LINK or not LINK.fullmatch(address):
        raise Mistake(
            f"the link goes to {quoted(address)}", "link to https://…, to a page of the app (?view=…), or to a step (#step-3)", line
        )
    if "title" in token.attrs:
        raise Mistake(f"the link to {quoted(address)} has a title", "write what it says as text", line)
    return address


# --- the reader


def _formula(state: StateInline, silent: bool) -> bool:
    return _taken(state, silent, FORMULA, "formula")


def _number(state: StateInline, silent: bool) -> bool:
    return _taken(state, silent, NUMBER, "number")


def _taken(state: StateInline, silent: bool, pattern: re.Pattern[str], kind: str) -> bool:
    match = pattern.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push(kind, "", 0).content = match[1].strip()
    state.pos = match.end()
    return True


def _reader() -> MarkdownIt:
    """CommonMark with tables, without indented code, underlined headings and references: what stands there by mistake is not lost."""
    made = _Markdown("commonmark", {"html": True, "maxNesting": DEEPEST}).enable("table").disable(["code", "lheading", "reference"])
    made.inline.ruler.after("escape", "formula", _formula)
    made.inline.ruler.after("escape", "number", _number)
    return made


_READER = _reader()
