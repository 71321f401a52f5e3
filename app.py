"""The door: `streamlit run app.py`."""

import streamlit as st

from explorer.shell import page

st.set_page_config(page_title="Latent Atlas", page_icon=":material/scatter_plot:", layout="wide", initial_sidebar_state="collapsed")
page()
