"""How is a formula shown? Its terms in colours, below it a chip for each, which says what the term is and lights its layer on the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import streamlit as st

from explorer.lessons.markdown import with_colours
from explorer.lessons.measures import MeasureName, read_measure
from explorer.lessons.prose import Node
from explorer.lessons.records import Formula
from explorer.session.visitor import is_dark
from explorer.surface.component import lesson_terms
from explorer.surface.lesson_schema import LessonTerm, LessonTerms, LessonWord

LIGHT: Final = ("#0a5aa6", "#a1390a", "#0d6642", "#7b3390", "#7a5400", "#0b6070")
DARK: Final = ("#7cb8f5", "#f7a57a", "#72d0a2", "#d6a2ea", "#e3bd5c", "#6ccfe0")
"""Of the terms, one after the other: on the page's ground, on that of a chip and on that of one that is pointed at they can be read."""


def term_colours(block: Formula) -> dict[str, str]:
    """The colour of each term by its name, #rrggbb."""
    colours = DARK if is_dark() else LIGHT
    return {term.name: colours[i % len(colours)] for i, term in enumerate(block.terms)}


def show_formula(block: Formula, key: str, number: Callable[[MeasureName], str]) -> None:
    """The formula, and the chips of its terms where it has some. number: the text of a number of a run."""
    colours = term_colours(block)
    st.latex(with_colours(block.tex, colours))
    if not block.terms:
        return
    terms = [
        LessonTerm(
            name=term.name.replace("-", " "), words=list(_words(term.words, number)), light=term.light, colour=colours[term.name]
        )
        for term in block.terms
    ]
    lesson_terms(LessonTerms(terms=terms), f"{key}-terms")


def _words(nodes: Sequence[Node], number: Callable[[MeasureName], str]) -> Iterator[LessonWord]:
    """What is said, piece by piece; nothing of it is read as Markdown any more."""
    for node in nodes:
        match node.kind:
            case "text":
                yield LessonWord(kind="text", text=node.text)
            case "break":
                yield LessonWord(kind="text", text=" ")
            case "code" | "formula":
                yield LessonWord(kind="code", text=node.text)
            case "number":
                yield LessonWord(kind="strong", text=number(read_measure(node.text)))
            case "strong" | "emphasis":
                text = "".join(word["text"] for word in _words(node.children, number))
                yield LessonWord(kind="strong" if node.kind == "strong" else "emphasis", text=text)
            case _:
                yield from _words(node.children, number)
