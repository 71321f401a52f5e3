"""What is the last pin? Its picture, its code, and the test images whose codes are nearest."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.cache.maps import get_support
from explorer.cache.runs import get_run
from explorer.pictures.arrays import fitted, picture_grid, to_picture
from explorer.pictures.neighbours import nearest
from explorer.session.load import State
from explorer.session.pins import pin_letter, pin_name
from explorer.text.density import SUPPORT_HELP
from explorer.text.escape import capitalised, escape_markdown
from explorer.text.numbers import code_decimals, number_list
from explorer.text.test_images import at_distance
from explorer.widgets.class_chooser import decoded_as
from explorer.widgets.pictures import picture_of, show_picture, stored_pictures
from trainer.maps.support import density_words
from trainer.numerals import number
from trainer.runs.read import Run

N_NEIGHBOURS = 8


def show_pin(now: State) -> None:
    """The last pin: its picture, its code, the eight test images whose codes are nearest."""
    run = get_run(now.run_id)
    code = np.asarray(now.pins[-1].z, np.float32)
    found = nearest(code, run.encodings.mu, N_NEIGHBOURS)
    left, right = st.columns([1, 3], gap="large")
    with left:
        st.markdown(f"**{escape_markdown(pin_name(len(now.pins) - 1, now.pins[-1]))}**")
        show_picture(picture_of(run, code), f"decoded picture of pin {pin_letter(len(now.pins) - 1)}", 224)
        if run.config.is_conditional:
            st.caption(escape_markdown(f"decoded{decoded_as(run)}"))
        support = float(get_support(run.id).of([code])[0])
        st.caption(f"{capitalised(density_words(support))} ({number(support)})", help=SUPPORT_HELP)
        st.caption(
            f"z = {number_list(code, digits=code_decimals(run.encodings.mu))}",
            help="The latent code from which this picture was decoded.",
        )
    with right:
        st.markdown("**Nearest test images**")
        pictures, caption = stored_pictures(now.run_id, found.index)
        labels, names = run.encodings.label, run.info.dataset.class_names
        lines = [
            at_distance(row, int(labels[row]), names, distance)
            for row, distance in zip(found.index.tolist(), found.distance.tolist(), strict=True)
        ]
        # one element instead of two dozen: a pin is answered in half the time
        st.html(picture_grid([fitted(to_picture(picture), 112) for picture in pictures], lines))
        st.caption(
            f"{caption} Under each its number, class and distance from the pin.",
            help=f"Euclidean distance ‖z − z'‖₂ between the pin and {_code_words(run)}, over all latent dimensions.",
        )


def _code_words(run: Run) -> str:
    """Which code of an image the distance is to."""
    if run.config.is_deterministic:
        return "the code of the image"
    return f"the posterior mean μ of the image{', encoded under its own class' if run.config.is_conditional else ''}"
