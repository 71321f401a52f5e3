"""What does each run make of one test image? The row of pictures below the columns."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.cache.datasets import originals_of
from explorer.pages.compare.image_scores import Scored, apart_sentence, image_sentence, own_label, score_words, scored
from explorer.pages.compare.rate_distortion import Measure, measure_of
from explorer.pictures.arrays import Picture, fitted, picture_grid, to_picture
from explorer.text.escape import capitalised, escape_markdown
from explorer.widgets.pictures import run_image_name
from explorer.widgets.test_image import offer_originals
from trainer.runs.read import Run

PICTURE_PX = 140  # 5 × 28
IMAGE_HELP = """**−log p**: −log p(x|z) of the grey image at the one code z = μ from which the picture is decoded; nats, summed over pixels,
lower is better among runs with the same likelihood and the same σ. The *reconstruction loss* of the other views is its mean over
z ~ q(z|x), usually a little higher. **KL**: KL(q(z|x) ‖ N(0, I)) of this image, nats, summed over dimensions (Kingma & Welling 2014,
appendix B). A deterministic model has one code per image and no KL. A class-conditional model is given the image's own class."""
STORED_HELP = """The images are not on this machine: −log p(x|z) is the one that was stored with the run, at one draw z ~ q(z|x); another
draw would differ by a few nats."""


def show_image(runs: list[Run], row: int) -> None:
    """The image itself and what each run makes of it; all runs have the same test images."""
    originals = originals_of(runs[0].id, np.array([row]))
    x = None if originals is None else originals[0].astype(np.float32) / 255
    pictures: list[Picture] = [] if originals is None else [to_picture(originals[0])]
    lines = [] if originals is None else ["the image itself"]
    scores: dict[Measure, list[Scored]] = {}
    for run in runs:
        score = scored(run, row, x)
        if score.nll is not None:
            scores.setdefault(measure_of(run.info), []).append(score)
        pictures.append(to_picture(run.forward.decode(run.encodings.mu[[row]], own_label(run, row))[0]))
        lines.append(f"{run.id}: {score_words(score)}")
    st.markdown(f"**{escape_markdown(capitalised(run_image_name(runs[0], row)))} in every run**")
    st.html(picture_grid([fitted(picture, PICTURE_PX) for picture in pictures], lines, cell_px=PICTURE_PX + 30))
    told = [apart_sentence(scores) or image_sentence(next(iter(scores.values()), []))]
    told.append("Each picture is decoded from its posterior mean.")
    if x is None:
        offer_originals(runs[0], ", so the image itself is not beside its reconstructions.")
    is_stored = x is None and bool(scores)
    st.caption(escape_markdown(" ".join(filter(None, told))), help=f"{IMAGE_HELP}\n\n{STORED_HELP}" if is_stored else IMAGE_HELP)
