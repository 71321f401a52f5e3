"""What does one encoder for all images lose, and what no Gaussian can win? The two gaps of the bound, image by image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.cache.datasets import originals
from explorer.cache.figures import Doubles, Gaps, get_gaps, has_gaps
from explorer.charts.bounds import Mean, gap_histogram, gap_map, mean_bars, mean_of
from explorer.charts.style import CONFIG
from explorer.pages.dimensions.section import Examined, number_table
from explorer.pictures.arrays import fitted, picture_grid, to_picture
from explorer.session.permission import why_not_compute
from explorer.text.escape import capitalised
from explorer.widgets.into_view import bring_into_view, made_once_more
from trainer.numerals import count, number
from trainer.runs.read import Run

TITLE = "amortisation"
EXAMPLES = 8
GAPS_HELP = """log p(x) − ELBO = KL(q(z|x) ‖ p(z|x)) = approximation gap + amortisation gap (Cremer, Li & Duvenaud 2018, eq. 7).
Amortisation: ELBO of the best diagonal Gaussian of this image, found by 50 steps of Adam from the encoder's, less that of the encoder's.
Approximation: log p(x) less that best ELBO; log p(x) by quadrature, which is offered in two dimensions. Beyond two the best Gaussian is
found with 64 draws (or 2K) and judged with others. Means over the images ± one standard error, nats per image."""


def offered(shown: Examined) -> bool:
    """Of a run with posterior, encoder, decoder and test images."""
    return shown.can_be_encoded_again


def show(shown: Examined) -> None:
    """Means, sizes, in two dimensions places, and the images with the largest gap; computed when it is asked for."""
    run = shown.run
    if not has_gaps(run.id):
        st.markdown(
            "Finds the best Gaussian for each of 100 test images; this takes about a minute.",
            help=GAPS_HELP,
        )
        if why_not := why_not_compute():
            st.caption(why_not)
            return
        if not st.button(
            "Compute the gaps", key="compute-gaps", icon=":material/play_arrow:", on_click=made_once_more, args=(TITLE,)
        ):
            return
        get_gaps(run.id)
        st.rerun()  # what stood here to ask for it goes
    found = get_gaps(run.id)
    named = [("amortisation gap", found.amortisation)]
    named += [] if found.approximation is None else [("approximation gap", found.approximation)]
    means = [mean_of(name, values) for name, values in named]
    told = ", ".join(f"{m.name} {number(m.value)} ± {number(m.error)} nats" for m in means)
    bring_into_view(TITLE)
    st.markdown(f"## {capitalised(told)}: means over {count(len(found.amortisation))} test images.", help=GAPS_HELP)
    _charts(found, named, means)
    _largest(run, found)
    number_table(
        {"gap": [m.name for m in means], "mean, nats": [m.value for m in means], "standard error": [m.error for m in means]}
    )


def _charts(found: Gaps, named: Sequence[tuple[str, Doubles]], means: Sequence[Mean]) -> None:
    """Sizes, and in two dimensions places."""
    left, right = st.columns(2, gap="large")
    with left:
        st.caption(
            "How to read this: far to the right are images for which a Gaussian of their own would be much better than the encoder's.",
            help=GAPS_HELP,
        )
        st.plotly_chart(gap_histogram(named), config=CONFIG, key="gap-sizes")
    with right:
        if found.mu.shape[1] == 2:
            st.caption(
                "How to read this: each point is an image at its code; bright ones have a large amortisation gap.", help=GAPS_HELP
            )
            st.plotly_chart(gap_map(found.mu, found.amortisation), config=CONFIG, key="gap-map")
        else:
            st.caption("How to read this: the mean gap; the bar of error is two standard errors.", help=GAPS_HELP)
            st.plotly_chart(mean_bars(means, "nats per image"), config=CONFIG, key="gap-means")


def _largest(run: Run, found: Gaps) -> None:
    images = originals(run.id)
    assert images is not None
    worst = np.argsort(-found.amortisation, kind="stable")[:EXAMPLES]
    st.caption("The images with the largest amortisation gap.")
    lines = [f"{number(float(found.amortisation[i]))} nats" for i in worst]
    st.html(picture_grid([fitted(to_picture(images[found.rows[i]]), 84) for i in worst], lines, 112))
