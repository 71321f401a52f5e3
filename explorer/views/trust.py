"""May one believe what the model makes of this picture? How unlike the test images it is, and which of them are nearest."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer import cache, figures
from explorer.core import trust
from explorer.core.neighbours import Neighbours, nearest, nearest_pictures
from explorer.core.pictures import fitted, picture_grid, to_picture
from explorer.core.trust import DISTANCE, ELBO, RECONSTRUCTION, Figures, Judged, Population
from explorer.core.words import plain, told
from explorer.trust_figures import strip_gauge
from explorer.views.picking import Picked
from trainer.forward import Codes
from trainer.runs import Run

K_NEAREST = 6
NEAR_PX = 84

TRUST_HELP = """Each figure p = (1 + test images at least as bad) / (1 + N), a conformal p-value (Bates et al. 2023); strangeness is
−Σ log p (Fisher 1932), and the percentage is the share of the test images that are less strange. Measured on MNIST, it tells other kinds
of pictures apart (inverted, shuffled, shapes) but takes many mirrored digits for ordinary: a low percentage is no promise. The test images
were not trained on; they stand for what the model saw."""
TITLES = {RECONSTRUCTION: "Reconstruction error", ELBO: "ELBO", DISTANCE: "Latent distance"}
UNITS = {RECONSTRUCTION: "nats", ELBO: "nats", DISTANCE: "latent units"}
HELP = {
    RECONSTRUCTION: """E_q[−log p(x|z)], the mean over draws of z from q(z|x), summed over pixels (Kingma & Welling 2014, eq. 3); of a
deterministic model −log p(x|f(x)). It misses pictures that are easy to redraw, such as dim or nearly empty ones.""",
    ELBO: """−(reconstruction error + KL(q(z|x) ‖ p(z))), a lower bound of log p(x) in nats (Kingma & Welling 2014, eq. 3). High is
ordinary, but not always: a likelihood can be higher for pictures of another kind than for the model's own, simple ones above all
(Nalisnick et al. 2019), so it is never read alone.""",
    DISTANCE: """Euclidean distance from μ to the nearest code of the test split, held against that of each test image to the nearest
other one (Sun et al. 2022, k = 1). In a latent plane almost any picture lands near some code: there it tells little.""",
}
NO_PICTURES = "This run came without pictures of its test images: only the place of the code is judged."
NO_BOUND = "A deterministic model has no posterior, hence no ELBO: two figures instead of three."


def show(run: Run, picked: Picked, codes: Codes, label: int | None) -> None:
    """The gauge, its sentence, and two rows of nearest images."""
    among = cache.population(run.id)
    found = _figures(run, picked, codes, label)
    judged = trust.judge(found, among)
    st.markdown(f"**{plain(trust.sentence(float(judged.percentile[0]), len(among.strangeness)))}**", help=TRUST_HELP)
    for column, name in zip(st.columns(len(judged.percentiles)), judged.percentiles, strict=True):
        with column:
            _gauge(name, found, judged, among)
    if RECONSTRUCTION not in judged.percentiles:
        st.caption(NO_PICTURES)
    elif run.config.is_deterministic:
        st.caption(NO_BOUND)
    is_quick = cache.originals(run.id) is not None  # else all test images are decoded first, and only for whom asks
    box = st.expander("Nearest test images, by code and by pixels", expanded=is_quick, key="nearest", on_change="rerun")
    if box.open:
        with box:
            _nearest(run, picked, codes)


def _figures(run: Run, picked: Picked, codes: Codes, label: int | None) -> Figures:
    stored = run.encodings
    if picked.row is not None:  # of a test image the run knows them, also where only its reconstruction is here
        elbo = None if run.config.is_deterministic else stored.elbo
        return trust.stored_figures(picked.row, stored.mu, stored.reconstruction, elbo)
    return trust.figures_of(run.forward, picked.x[None], codes, stored.mu, None if label is None else np.array([label]))


def _gauge(name: str, found: Figures, judged: Judged, among: Population) -> None:
    value, is_low_bad = float(found.bad[name][0]), name == ELBO
    shown = told(-value if is_low_bad else value, 2 if name == DISTANCE else 1)
    st.caption(f"{TITLES[name]} **{shown}** {UNITS[name]}", help=HELP[name])
    st.plotly_chart(
        strip_gauge(among.ordered[name], value, UNITS[name], is_low_bad), config=figures.CONFIG, key=f"gauge-{name}"
    )  # fmt: skip
    st.caption(f"worse than {judged.percentiles[name][0]:.1f} % of the test images")


def _nearest(run: Run, picked: Picked, codes: Codes) -> None:
    pictures = cache.comparable_pictures(run.id)
    what = "images" if cache.originals(run.id) is not None else "reconstructions, the originals not being on this machine,"
    st.caption(
        f"Test {what} whose codes are nearest to this picture's μ; under each: class, number, distance.",
        help="‖μ − μ'‖₂ in latent units.",
    )
    _row(run, pictures, nearest(codes.mu[0], run.encodings.mu, K_NEAREST, picked.row))
    st.caption(
        f"Test {what} whose pixels are nearest; under each: class, number, distance.",
        help="‖x − x'‖₂ over all pixels and channels, each in [0, 1]: blind to what is drawn, exact about where.",
    )
    _row(run, pictures, nearest_pictures(picked.x, pictures, K_NEAREST, picked.row))


def _row(run: Run, pictures: np.typing.NDArray[np.uint8], found: Neighbours) -> None:
    names, labels = run.info.dataset.class_names, run.encodings.label
    classes = [names[labels[row]] if 0 <= labels[row] < len(names) else "no class" for row in found.index]
    lines = [f"{name} · {row} · {distance:.2f}" for name, row, distance in zip(classes, found.index, found.distance, strict=True)]
    st.html(picture_grid([fitted(to_picture(pictures[row]), NEAR_PX) for row in found.index], lines, cell_px=104))
