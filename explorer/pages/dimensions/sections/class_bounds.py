"""What does a semi-supervised model lose when it is not told the class? M2's labelled and unlabelled bounds, image by image."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.cache.datasets import originals
from explorer.cache.figures import get_class_bounds
from explorer.charts.bounds import bound_points, mean_bars, mean_of
from explorer.charts.style import CONFIG
from explorer.pages.dimensions.section import Examined, number_table
from explorer.pictures.arrays import fitted, picture_grid, to_picture
from explorer.text.escape import escape_markdown
from trainer.metrics.semi_supervised import ClassBounds
from trainer.numerals import count, number, percent
from trainer.runs.read import Run

TITLE = "class bounds"
EXAMPLES = 8
BOUNDS_HELP = """−L(x, y) = E_q[log p(x|z, y)] − KL(q(z|x, y) ‖ p(z)) + log p(y) ≤ log p(x, y), p(y) uniform (Kingma et al. 2014, eq. 6),
with the true class; −U(x) = Σ_y q(y|x) [−L(x, y) − log q(y|x)] ≤ log p(x) (eq. 7). Eight draws of z an image, the same for all classes;
means over the images ± one standard error, nats per image. Loss by q(y|x): KL(q(y|x) ‖ softmax of −L(x, y)), what −U(x) would gain with
the best q(y|x)."""


def offered(shown: Examined) -> bool:
    """Of a semi-supervised run whose test images are here."""
    return shown.run.config.is_semi_supervised and originals(shown.run.id) is not None


def show(shown: Examined) -> None:
    """The means, both bounds of every image, and the images whose class is guessed worst."""
    run = shown.run
    found = get_class_bounds(run.id)
    if found is None:
        st.info("No test image has a class, so there is no labelled bound.")
        return
    bounds, rows = found
    told, guessed = mean_of("class given, −L(x, y)", bounds.labelled), mean_of("class not given, −U(x)", bounds.unlabelled)
    wrong = percent(float(bounds.is_wrong.mean()), 1)
    st.markdown(
        f"## Labelled bound {number(told.value)} ± {number(told.error)} nats, unlabelled bound {number(guessed.value)} ± "
        f"{number(guessed.error)} nats; q(y|x) gets {wrong} of {count(len(rows))} test images wrong.",
        help=BOUNDS_HELP,
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.caption(
            "How to read this: each point is an image. On the dotted line it makes no difference whether the class is given; far below it "
            "are images that have a higher bound under another class, far above it those where q(y|x) is wrong.",
            help=BOUNDS_HELP,
        )
        st.plotly_chart(bound_points(bounds.labelled, bounds.unlabelled, bounds.is_wrong), config=CONFIG, key="class-bounds")
    losses = [mean_of("uncertainty, H(q(y|x))", bounds.entropy), mean_of("loss by q(y|x)", bounds.class_gap)]
    losses.append(mean_of("−log q(y|x) of the class", bounds.class_nll))
    with right:
        st.caption(
            "How to read this: the lower, the more certain q(y|x) is, the nearer it is to the model's own posterior of the class, and the "
            "more often it is right. Bars: two standard errors.",
            help=BOUNDS_HELP,
        )
        st.plotly_chart(mean_bars(losses, "nats per image"), config=CONFIG, key="class-losses")
    _worst(run, bounds, rows)
    means = [told, guessed, *losses]
    number_table(
        {"figure": [m.name for m in means], "mean, nats": [m.value for m in means], "standard error": [m.error for m in means]}
    )


def _worst(run: Run, bounds: ClassBounds, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    """The images whose own class q(y|x) holds least probable."""
    images = originals(run.id)
    assert images is not None
    names = run.info.dataset.class_names
    worst = np.argsort(-bounds.class_nll, kind="stable")[:EXAMPLES]
    st.caption(f"The {len(worst)} images of {escape_markdown(run.id)} whose class is least probable under q(y|x).")
    lines = [f"class {names[bounds.label[i]]}, predicted {names[int(bounds.log_q[i].argmax())]}" for i in worst]
    st.html(picture_grid([fitted(to_picture(images[rows[i]]), 84) for i in worst], lines, 112))
