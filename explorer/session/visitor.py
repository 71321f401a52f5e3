"""Who is this visitor, and is their page dark? Nothing of it is ever shown."""

from __future__ import annotations

from hashlib import sha256
from uuid import uuid4

import streamlit as st

COOKIE = "_streamlit_xsrf"  # Streamlit's own, one a browser


def visitor() -> str:
    """Who asks: the same after a reload of the page in the same browser, where it takes cookies. Never shown."""
    token = _unmasked(st.context.cookies.get(COOKIE, ""))
    return sha256(token).hexdigest() if token else str(st.session_state.setdefault("visitor", uuid4().hex))


def _unmasked(cookie: str) -> bytes:
    """The token of Tornado's cookie `2|mask|masked token|time`, which looks different at every request; empty if it is no such cookie."""
    match cookie.split("|"):
        case ["2", mask, masked, _]:
            try:
                key, token = bytes.fromhex(mask), bytes.fromhex(masked)
            except ValueError:
                return b""
            return bytes(byte ^ key[i % len(key)] for i, byte in enumerate(token)) if key else b""
        case _:
            return b""


def is_dark() -> bool:
    """Whether the reader's page is dark, as far as the browser has said."""
    return st.context.theme.type == "dark"
