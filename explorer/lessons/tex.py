"""Which formulas may a lesson hold? LaTeX that only draws: what would load, link or define is refused before KaTeX sees it."""

from __future__ import annotations

import re

from explorer.lessons.problems import Mistake, quoted

LONGEST_TEX = 2000  # letters
DEEPEST = 40
COMMAND = re.compile(r"\\([a-zA-Z@]+)")
LOADING = ("href", "url", "includegraphics", "html", "htmlClass", "htmlId", "htmlStyle", "htmlData")
DEFINING = ("def", "gdef", "edef", "xdef", "let", "futurelet", "global", "long", "newcommand", "renewcommand", "providecommand")
OF_TEX = ("newenvironment", "catcode", "input", "include", "write", "openout", "read", "require", "char")
REFUSED = frozenset((*LOADING, *DEFINING, *OF_TEX))
NAME = r"[a-z][a-z0-9-]{0,39}"
TERM = re.compile(rf"\\term\{{({NAME})\}}(?=\{{)")
ANY_TERM = re.compile(r"\\term(?![a-zA-Z])")


def check_tex(tex: str) -> None:
    """Raises `Mistake` for a formula that is too long, has a brace too many or too few, or a command that is not of formulas."""
    if not tex.strip():
        raise Mistake("a formula is empty", "write LaTeX between the dollars")
    if len(tex) > LONGEST_TEX:
        raise Mistake(f"a formula has {len(tex)} letters", f"use at most {LONGEST_TEX}")
    for command in COMMAND.findall(tex):
        if command in REFUSED:
            raise Mistake(f"the command {quoted(chr(92) + command)} is not allowed in formulas", "write the formula without it")
    depth = 0
    for sign in re.sub(r"\\[\\{}]", "", tex):
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            raise Mistake(f"the formula {quoted(tex)} closes a brace that was not opened", "add { before it")
        if depth > DEEPEST:
            raise Mistake(f"the formula {quoted(tex)} has braces more than {DEEPEST} deep", "write it more simply")
    if depth:
        raise Mistake(f"the formula {quoted(tex)} does not close a brace", "add } at its end")


def terms_of(tex: str) -> tuple[str, ...]:
    """Names of the terms, in their order: \\term{rate}{…}. Raises `Mistake` for one without name or body."""
    found = tuple(TERM.findall(tex))
    if len(found) != len(ANY_TERM.findall(tex)):
        raise Mistake("a \\term has no name or no body", "write \\term{name}{…} with a name of small letters")
    return found
