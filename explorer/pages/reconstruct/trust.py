"""May one believe what the model makes of this picture? How unusual it is among the test images, whether it is redrawn as what it is, and
which test images are nearest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.cache.datasets import comparable_pictures, originals
from explorer.cache.uploads import population
from explorer.charts.style import CONFIG
from explorer.charts.trust import strip_gauge
from explorer.pictures import trust
from explorer.pictures.arrays import fitted, picture_grid, to_picture
from explorer.pictures.likeness import Likeness, classified, nearest_sentence, voted
from explorer.pictures.neighbours import Neighbours, nearest, nearest_pictures
from explorer.pictures.trust import DISTANCE, ELBO, RECONSTRUCTION, Figures, Judged, Population
from explorer.text.escape import escape_markdown
from explorer.text.test_images import at_distance
from explorer.widgets.chosen_picture import ChosenPicture
from trainer.models.numpy_engine import Codes
from trainer.numerals import distance, number, percent
from trainer.runs.read import Run

K_NEAREST = 6
NEAR_PX = 84

TRUST_HELP = """**Anomaly score**: −Σ log p (Fisher 1932) over the figures below, each with p = (1 + test images at least as bad) / (1 + N),
a conformal p-value (Bates et al. 2023). The percentage is the share of the test images with a lower score;
that of each figure, below it, is its share alone. On MNIST it tells other kinds of
pictures from digits (inverted, shuffled, shapes), but calls many mirrored digits typical: a low percentage is no promise. The test images
were not trained on.

**Reconstructed as another class**: by the classifier of pictures that was trained with the run (calibrated by temperature, Guo et al.
2017), or, without one, by the 5 test images whose pixels are nearest. Said where both classes are more likely than not and the picture is
not more unusual than 95 % of the test images. The classes differ so in 5.4 % of MNIST's test images with mnist-2d and in 1.2 % with
mnist-20d."""
TITLES = {RECONSTRUCTION: "Reconstruction loss", ELBO: "ELBO", DISTANCE: "Latent distance"}
UNITS = {RECONSTRUCTION: "nats", ELBO: "nats", DISTANCE: "latent units"}
HELP = {
    RECONSTRUCTION: """E_q[−log p(x|z)]: mean over samples of z from q(z|x), summed over pixels, lower is better (Kingma & Welling
2014, eq. 3). 32 draws for your own picture; one draw, stored with the run, for a test image. Compare shows −log p(x|z) at the one code
z = μ, which is usually a little lower. A deterministic model has one code: −log p(x|f(x)). Dim or nearly empty pictures have a low loss
whatever they show.""",
    ELBO: """−(reconstruction loss + KL(q(z|x) ‖ p(z))), a lower bound of log p(x) in nats (Kingma & Welling 2014, eq. 3); higher is better.
Simple pictures of another kind may have a higher one than the model's own kind (Nalisnick et al. 2019), so it is never read alone.""",
    DISTANCE: """Euclidean distance from μ to the nearest code of a test image, compared with that of each test image to the nearest
other one (Sun et al. 2022, k = 1). In a latent plane almost any picture is near some code: there it tells little.""",
}
NO_PICTURES = "This run was imported without its test images: only the place of the code is judged."
NO_BOUND = "A deterministic model has no posterior, hence no ELBO: two figures instead of three."


@dataclass(frozen=True)
class Judgement:
    """What is said of one picture."""

    found: Figures
    judged: Judged
    alike: Likeness | None
    """What the picture and its reconstruction look like."""

    @property
    def score(self) -> float:
        """The share of the test images that are less unusual, per cent."""
        return float(self.judged.percentile[0])


def judgement(run: Run, picked: ChosenPicture, codes: Codes, label: int | None) -> Judgement:
    """Computed once for all that is said of it."""
    found = _figures(run, picked, codes, label)
    return Judgement(found, trust.judge(found, population(run.id)), _likeness(run, picked, codes, label))


def show_headline(run: Run, told: Judgement) -> None:
    """How unusual the picture is, in a sentence."""
    n, names = len(population(run.id).strangeness), run.info.dataset.class_names
    icon = ":material/warning: " if trust.is_redrawn(told.score, told.alike) else ""
    headline = trust.headline(told.score, n, told.alike, names, len(told.judged.percentiles))
    st.markdown(f"**{icon}{escape_markdown(headline)}**", help=TRUST_HELP)


def show_figures(run: Run, picked: ChosenPicture, codes: Codes, told: Judgement) -> None:
    """What else is to be said, and a gauge a figure."""
    among, names, judged = population(run.id), run.info.dataset.class_names, told.judged
    beside = trust.beside(told.score, len(among.strangeness), told.alike, names, len(judged.percentiles))
    words = [beside, _accuracy(run, told.alike), _nearest_classes(run, picked, codes)]
    if any(words):
        st.caption(escape_markdown(" ".join(filter(None, words))))
    with st.container(horizontal=True, wrap=False, gap="small", key="gauges"):
        for name in judged.percentiles:
            with st.container(gap="xxsmall"):
                _gauge(name, told.found, judged, among)
    if RECONSTRUCTION not in judged.percentiles:
        st.caption(NO_PICTURES)
    elif run.config.is_deterministic:
        st.caption(NO_BOUND)


def _likeness(run: Run, picked: ChosenPicture, codes: Codes, label: int | None) -> Likeness | None:
    """What the picture and its reconstruction look like; None where it cannot be asked."""
    if not picked.is_original:
        return None
    x_hat = run.forward.decode(codes.mu, None if label is None else [label])[0]
    if run.reliable_classifier is not None:
        return classified(run.reliable_classifier, picked.x, x_hat)
    pictures = originals(run.id)
    return None if pictures is None else voted(picked.x, x_hat, pictures, run.encodings.label, picked.row)


def _accuracy(run: Run, alike: Likeness | None) -> str:
    """How often the classifier whose word was given is right; nothing where none was asked."""
    classifier = run.reliable_classifier
    if alike is None or alike.is_voted or classifier is None:
        return ""
    images, decoded = percent(classifier.images.accuracy), percent(classifier.decoded.accuracy)
    return f"The classifier that says so is right on {images} of test images and on {decoded} of their reconstructions."


def _nearest_classes(run: Run, picked: ChosenPicture, codes: Codes) -> str:
    pictures = originals(run.id)
    if pictures is None or len(pictures) < 2:
        return ""
    by_pixels = nearest_pictures(picked.x, pictures, 1, picked.row).index[0]
    by_code = nearest(codes.mu[0], run.encodings.mu, 1, picked.row).index[0]
    labels = run.encodings.label
    return nearest_sentence(int(labels[by_pixels]), int(labels[by_code]), run.info.dataset.class_names)


def _figures(run: Run, picked: ChosenPicture, codes: Codes, label: int | None) -> Figures:
    stored = run.encodings
    if picked.row is not None:  # of a test image the run knows them, also where only its reconstruction is here
        elbo = None if run.config.is_deterministic else stored.elbo
        return trust.stored_figures(picked.row, stored.mu, stored.reconstruction, elbo)
    return trust.figures_of(run.forward, picked.x[None], codes, stored.mu, None if label is None else np.array([label]))


def _gauge(name: str, found: Figures, judged: Judged, among: Population) -> None:
    value, is_low_bad = float(found.bad[name][0]), name == ELBO
    shown = distance(value) if name == DISTANCE else number(-value if is_low_bad else value, 1)
    st.caption(f"{TITLES[name]}  \n**{shown}** {UNITS[name]}", help=HELP[name])  # two lines each: the strips stand level
    st.plotly_chart(strip_gauge(among.ordered[name], value, UNITS[name], is_low_bad), config=CONFIG, key=f"gauge-{name}")
    st.caption(trust.worse_than(float(judged.percentiles[name][0]), len(among.ordered[name])))


def show_nearest(run: Run, picked: ChosenPicture, codes: Codes) -> None:
    """A row by code and a row by pixels."""
    pictures = comparable_pictures(run.id)
    what = "images" if originals(run.id) is not None else "reconstructions (the originals are not here)"
    st.caption(
        f"Test {what} with the nearest codes; under each its number, class and distance.",
        help="‖μ − μ'‖₂ in latent units, from this picture's posterior mean μ to that of the test image.",
    )
    _row(run, pictures, nearest(codes.mu[0], run.encodings.mu, K_NEAREST, picked.row))
    st.caption(
        f"Test {what} with the nearest pixels; under each its number, class and distance.",
        help="‖x − x'‖₂ over all pixels and channels, each in [0, 1]: it compares places, not what is drawn.",
    )
    _row(run, pictures, nearest_pictures(picked.x, pictures, K_NEAREST, picked.row))


def _row(run: Run, pictures: np.typing.NDArray[np.uint8], found: Neighbours) -> None:
    names, labels = run.info.dataset.class_names, run.encodings.label
    lines = [
        at_distance(row, int(labels[row]), names, how_far)
        for row, how_far in zip(found.index.tolist(), found.distance.tolist(), strict=True)
    ]
    st.html(picture_grid([fitted(to_picture(pictures[row]), NEAR_PX) for row in found.index], lines, cell_px=104))
