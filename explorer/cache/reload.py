"""What has to be forgotten when the program's own files changed under a running server? Only `make dev` changes them.

Streamlit imports every module of ours anew after a change, this one too; what its caches hold are then records of classes that are no
more.
"""

from __future__ import annotations

import os

import streamlit as st

if os.environ.get("LATENT_DEV"):
    st.cache_data.clear()
    st.cache_resource.clear()
