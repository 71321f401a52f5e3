"""How does the page look? Its style sheets: one for every page, one more where the page is dark."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import streamlit as st

from explorer.session.visitor import is_dark
from explorer.widgets.scheme import follow_scheme


def show_style() -> None:
    """Puts them on the page, anew where the system turns dark or light."""
    st.html(_style(is_dark()))
    follow_scheme()


@lru_cache(maxsize=2)
def _style(is_dark: bool) -> str:
    """The sheets as an element. The page may be dark where the system is light: a media query would not know."""
    sheets = ("page.css", "dark.css") if is_dark else ("page.css",)
    rules = [files("explorer.app").joinpath(sheet).read_text(encoding="utf-8") for sheet in sheets]
    return f"<style>\n{''.join(rules)}</style>"
