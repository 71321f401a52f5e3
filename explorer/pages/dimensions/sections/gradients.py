"""Why does everybody reparameterise? The variance of one draw of the gradient by three estimators, on this model."""

from __future__ import annotations

import streamlit as st

from explorer.cache.figures import get_gradients, has_gradients
from explorer.charts.bounds import Mean, mean_bars
from explorer.charts.style import CONFIG
from explorer.pages.dimensions.section import Examined, number_table
from explorer.session.permission import why_not_compute
from explorer.widgets.into_view import bring_into_view, made_once_more
from trainer.numerals import number

TITLE = "gradients"
NAMES = {
    "reparameterisation": "reparameterised",
    "score-baseline": "score function with baseline",
    "score": "score function",
}
GRADIENTS_HELP = """Variance of one draw of ∂/∂μ_k E_q[−log p(x|z)], mean over dimensions and images ± one standard error over the images,
nats² per unit of z². Reparameterised: through z = μ + σε (Kingma & Welling 2014). Score function: −log p(x|z) · ∂ log q(z|x)/∂μ_k (Williams
1992); with baseline: less the mean of the other draws. All three have the same mean. 200 draws of each of 20 test images. For f = ‖z‖²,
μ = σ = 1 it is 4 in any dimension by the first, 30 in one dimension and 10 712 in fifty by the last."""


def offered(shown: Examined) -> bool:
    """Of a run with posterior, encoder, decoder and test images."""
    return shown.can_be_encoded_again


def show(shown: Examined) -> None:
    """One bar for each estimator, on a scale of powers of ten; computed when it is asked for."""
    run = shown.run
    if not has_gradients(run.id):
        st.markdown("Samples 200 gradients for each of 20 test images; this takes some seconds.", help=GRADIENTS_HELP)
        if why_not := why_not_compute():
            st.caption(why_not)
            return
        if not st.button(
            "Compute the variances", key="compute-gradients", icon=":material/play_arrow:", on_click=made_once_more, args=(TITLE,)
        ):
            return
        get_gradients(run.id)
        st.rerun()  # what stood here to ask for it goes
    found = {each.estimator: each for each in get_gradients(run.id)}
    means = [Mean(words, found[name].variance, found[name].standard_error) for name, words in NAMES.items()]
    least = means[0]
    times = " and ".join(f"{number(m.value / least.value, 0)} times as much by the {m.name}" for m in means[1:] if least.value > 0)
    scale = found["reparameterisation"].mean_square
    bring_into_view(TITLE)
    st.markdown(
        f"## Variance of one draw of the gradient: {number(least.value)} ± {number(least.error)} nats² reparameterised"
        f"{f', {times}' if times else ''}.",
        help=GRADIENTS_HELP,
    )
    st.caption(
        "How to read this: a bar ten times as high needs ten times as many draws for a gradient as exact. The squared gradient itself is "
        f"{number(scale)} nats². Bars: two standard errors.",
        help=GRADIENTS_HELP,
    )
    st.plotly_chart(mean_bars(means, "variance of a draw, nats²", log=True), config=CONFIG, key="gradients")
    number_table(
        {
            "estimator": [m.name for m in means],
            "variance, nats²": [m.value for m in means],
            "standard error": [m.error for m in means],
        }
    )
