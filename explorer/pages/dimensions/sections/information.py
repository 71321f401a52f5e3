"""How much do the codes say about the images, and what is lost without each dimension?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.charts.information import information_stack, intervention_bars, sensitivity_bars
from explorer.charts.style import CONFIG
from explorer.pages.dimensions.section import Examined, number_table
from explorer.pages.dimensions.verdict import VERDICT_HELP
from explorer.pictures.arrays import fitted, picture_grid, to_picture
from explorer.text.escape import escape_markdown
from explorer.widgets.class_chooser import decoder
from trainer.diagnosis.sentences import USED, information_sentence
from trainer.metrics.collapse import kl_per_dim
from trainer.numerals import count, dimension, number
from trainer.runs.examination import Examination
from trainer.runs.read import Run

TITLE = "information"
EXAMPLES = 6
INFORMATION_HELP = """mean KL = I(x; z) + KL(q(z) ‖ p(z)), and KL(q(z) ‖ p(z)) = total correlation + Σ_k KL(q(z_k) ‖ p(z_k))
(Hoffman & Johnson 2016; Chen et al. 2018, eq. 2). q(z) is the mean of all N posteriors of the examined images, not of a minibatch, so the
first part is at most log N: what a code carries beyond that is counted in the second and third."""
INTERVENTION_HELP = """The rise of −log p(x|z), mean over images, when z_k is that of another image, or 0: near 0 where the decoder does not
use the dimension, whatever its KL. Error bars: two standard errors over the images."""


def offered(shown: Examined) -> bool:
    """Of a run that was examined."""
    return shown.examination is not None


def show(shown: Examined) -> None:
    """The split of the mean KL, what is lost without a dimension, how far pictures move with it, and the same with images."""
    run, found = shown.run, shown.examination
    assert found is not None
    kl = kl_per_dim(run.encodings.mu, run.encodings.logvar)
    order = np.argsort(-kl, kind="stable").tolist()
    _split_of_the_kl(found)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _without_a_dimension(found, order)
    with right:
        _how_far_images_move(found, order)
    _pictures_of_interventions(run, order[0])
    number_table(
        {
            "dimension": [dimension(k) for k in order],
            "mean KL, nats": kl[order],
            "shuffled, nats": np.array(found.shuffled)[order],
            "set to 0, nats": np.array(found.zeroed)[order],
            "‖∂x̂/∂z‖": np.array(found.sensitivity)[order],
        }
    )


def _split_of_the_kl(found: Examination) -> None:
    """Information, total correlation and dimension-wise KL as one bar."""
    st.markdown(f"**{escape_markdown(information_sentence(found).split('; ')[0].rstrip('.'))}**", help=VERDICT_HELP)
    st.caption(_how_to_read_the_stack(found), help=INFORMATION_HELP)
    stack = information_stack(
        found.information,
        found.total_correlation,
        float(np.sum(found.dimension_wise_kl)),
        found.ceiling,
        found.information_between[1],
    )
    st.plotly_chart(stack, config=CONFIG, key="information")


def _without_a_dimension(found: Examination, order: list[int]) -> None:
    st.markdown("**What is lost without a dimension**")
    st.caption(
        f"How to read this: a bar near 0 is a dimension that the decoder does not use, whatever its KL.{_of_how_many(found)}",
        help=INTERVENTION_HELP,
    )
    bars = intervention_bars(found.shuffled, found.zeroed, order, USED, found.shuffled_error, found.zeroed_error)
    st.plotly_chart(bars, config=CONFIG, key="interventions")


def _how_far_images_move(found: Examination, order: list[int]) -> None:
    st.markdown("**How much the picture changes**")
    st.caption(
        "How to read this: the longer the bar, the more grey levels change per unit of z, at the codes of images.",
        help="Mean of the root of Σ over pixels of (∂x̂/∂z_k)², grey levels in [0, 1] per unit of z.",
    )
    st.plotly_chart(sensitivity_bars(found.sensitivity, order), config=CONFIG, key="sensitivity")


def _of_how_many(found: Examination) -> str:
    return "" if found.interventions_n in (None, found.n) else f" On {count(found.interventions_n or 0)} of the images."


def _how_to_read_the_stack(found: Examination) -> str:
    """What the split shows, and what N images cannot show."""
    low, high = found.information_between
    ceiling = f"at most log N = {number(found.ceiling)} nats; ± {number(found.information_error)}"
    seen = f"information that {count(found.n)} images show ({ceiling})"
    open_part = "; grey is information too or part of that distance, which these images do not decide" if high - low > 0.05 else ""
    return f"How to read this: blue is {seen}; the other colours say how far the codes as a whole are from the prior{open_part}."


def _pictures_of_interventions(run: Run, k: int) -> None:
    """The same codes as they are, with the most used dimension of another image, and with it set to 0."""
    mu = run.encodings.mu
    rows = np.linspace(0, len(mu) - 1, EXAMPLES).round().astype(int)
    codes = mu[rows]
    swapped, zeroed = codes.copy(), codes.copy()
    swapped[:, k] = np.roll(codes[:, k], 1)
    zeroed[:, k] = 0
    st.markdown(f"**The same with images: {dimension(k)}**")
    st.caption("Top: decoded from the code of an image. Middle: with this dimension from another image. Bottom: with it set to 0.")
    pictures = [fitted(to_picture(x_hat), 84) for some in (codes, swapped, zeroed) for x_hat in decoder(run).decode(some)]
    words = [text for name in ("its own", "another's", "0") for text in [f"{dimension(k)}: {name}"] * EXAMPLES]
    for start in range(0, len(pictures), EXAMPLES):
        st.html(picture_grid(pictures[start : start + EXAMPLES], words[start : start + EXAMPLES]))
