"""How far are the codes as a whole, the aggregated posterior, from the prior?"""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.charts.prior import marginals, pair_density, posterior_draws
from explorer.charts.style import CONFIG
from explorer.pages.dimensions.section import Examined
from trainer.diagnosis.sentences import prior_bracket
from trainer.metrics.collapse import kl_per_dim
from trainer.numerals import dimension, number

TITLE = "prior"
Doubles = NDArray[np.float64]
MOST_SHOWN = 8
PRIOR_HELP = """KL(q(z) ‖ p(z)), q(z) the mean of all posteriors, between two bounds. Above: the mixture of the N examined posteriors, which
is too far from the prior by all the information beyond log N. Below: E[log m(z) − log p(z)] for the best of the prior and mixtures of up to
40 Gaussians, fitted to one half of the images and scored on the other, less two standard errors; other shapes of q(z) may be farther."""


def offered(shown: Examined) -> bool:
    """Of every run with a posterior."""
    return shown.has_posterior


def show(shown: Examined) -> None:
    """The distance between two bounds, then codes against the prior, one dimension at a time and two."""
    codes, found = shown.run.encodings, shown.examination
    kl = kl_per_dim(codes.mu, codes.logvar)
    order = np.argsort(-kl, kind="stable").tolist()
    draws = posterior_draws(codes.mu, codes.logvar)
    if found is not None:
        far = int(np.argmax(found.dimension_wise_kl))
        st.markdown(
            f"**{prior_bracket(found).capitalize()} between the aggregated posterior and the prior**; of single dimensions "
            f"{dimension(far)} is farthest, {number(found.dimension_wise_kl[far])} nats",
            help=PRIOR_HELP,
        )
    st.caption(
        "How to read this: where blue stands over the line, codes are denser than the prior; where the line stands alone, samples from the "
        "prior fall where few images are encoded.",
        help="Samples of z from the posteriors of all test images, against N(0, 1): q(z_k) = (1/N) Σ_n q(z_k|x_n) and p(z_k).",
    )
    st.plotly_chart(marginals(draws, order[:MOST_SHOWN]), config=CONFIG, key="marginals")
    if len(order) > 1:
        first, second = order[:2]
        st.markdown(f"**The two dimensions of most KL together: {dimension(first)} and {dimension(second)}**")
        st.plotly_chart(pair_density(draws, first, second), config=CONFIG, key="pair")
