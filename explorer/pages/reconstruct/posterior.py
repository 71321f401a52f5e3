"""What is the code of a picture in numbers? Posterior mean and standard deviation by dimension, and a button that keeps it as a pin."""

from __future__ import annotations

import streamlit as st

from explorer.charts.posterior import code_dots, posterior_dots
from explorer.charts.style import CONFIG
from explorer.pages.reconstruct.pictures import POINT_HELP
from explorer.session.events import add_code
from explorer.text.numbers import code_decimals, number_list
from trainer.models.numpy_engine import Codes
from trainer.runs.read import Run

POSTERIOR_HELP = """q(z|x) = N(μ, diag σ²): posterior mean μ and posterior std. dev. σ, per dimension (Kingma & Welling 2014). The grey band
is ±1 std. dev. of the prior; bars are ±σ."""


def show_posterior(run: Run, codes: Codes) -> None:
    """Of a deterministic model the code alone."""
    digits = code_decimals(run.encodings.mu)
    st.markdown("**Its latent code**")
    if run.config.is_deterministic:
        st.caption(f"z = {number_list(codes.mu[0], digits=digits)}", help=POINT_HELP)
        st.plotly_chart(code_dots(codes.mu[0]), config=CONFIG, key="code")
    else:
        st.caption(
            f"μ = {number_list(codes.mu[0], digits=digits)}, σ = {number_list(codes.std[0], digits=digits)}",
            help=POSTERIOR_HELP,
        )
        st.plotly_chart(posterior_dots(codes.mu[0], codes.std[0]), config=CONFIG, key="posterior")
    st.button("Pin this code", on_click=add_code, args=(run.id, codes.mu[0].tolist()), icon=":material/push_pin:")
