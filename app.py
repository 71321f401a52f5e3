"""The door: `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from explorer.app.page import page
from explorer.cache import reload  # noqa: F401  (forgets what the caches hold where the program's files changed)

ICON = Path(__file__).parent / "assets" / "icon.png"  # a named icon would be fetched from another host

st.set_page_config(page_title="Latent Atlas", page_icon=str(ICON), layout="wide", initial_sidebar_state="collapsed")
page()
