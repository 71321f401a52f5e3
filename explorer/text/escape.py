"""How is a text that is not ours shown as nothing but text?

Class names, folder names, file names and links come from users and files. Streamlit reads Markdown in most of its texts: a name must not
become a link, a picture that is fetched from elsewhere, or a formula.
"""

from __future__ import annotations

import re

MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-!|$~:&.])")
CONTROLS = re.compile(r"[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
LONGEST = 300


def escape_markdown(text: str, longest: int = LONGEST) -> str:
    """The text with every sign of Markdown escaped, on one line, without characters that reverse or hide others."""
    line = CONTROLS.sub(" ", text)
    return MARKDOWN.sub(r"\\\1", shortened(line, longest))


def capitalised(text: str) -> str:
    """The first letter large, the others as they are: a class may be called “T-shirt”."""
    return text[:1].upper() + text[1:]


def shortened(text: str, longest: int) -> str:
    """At most so many characters, the last an ellipsis where something was cut."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
