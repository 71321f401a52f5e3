"""Does a picture look like one class and its reconstruction like another? What the trust gauge's three figures do not see.

A model that redraws a 5 as a sharp 3 has a good ELBO and a code among others. So the class of the picture is held against the class of
its reconstruction, both by the run's classifier of pictures (`trainer.models.picture_classifier`), whose probabilities were calibrated on
reconstructions; where a run has none, by the labels of the test images whose pixels are nearest. Beside it stand the classes of the
nearest test image by pixels and by code.

Measured: on MNIST's test images the classes differ, each more likely than not, in 5.4 % with mnist-2d and 1.2 % with mnist-20d. 5 nearest
neighbours among training images, asked as a second opinion, take 93 % and 76 % of those reconstructions for another class than the
picture's (`python tests/bench/trust.py --redrawn`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.pictures.neighbours import nearest_pictures
from explorer.text.test_images import class_name, quoted
from trainer.models.numpy_engine import Floats
from trainer.models.picture_classifier import PictureClassifier
from trainer.numerals import percent

SURE = 0.5  # more likely than not: below that a class is not named
FEWEST = 30  # test images below which their shares carry no sentence
N_VOTES = 5  # nearest test images that vote where there is no classifier


@dataclass(frozen=True)
class Look:
    """The class that a picture looks like."""

    label: int
    """Its index."""
    share: float
    """The classifier's probability, or the share of `N_VOTES` votes, in [0, 1]."""


@dataclass(frozen=True)
class Likeness:
    """What a picture and its reconstruction look like."""

    picture: Look
    reconstruction: Look
    is_voted: bool = False
    """By the nearest test images' labels, not by a classifier."""

    @property
    def is_changed(self) -> bool:
        """Whether the reconstruction looks like another class than the picture, each more likely than not."""
        is_sure = min(self.picture.share, self.reconstruction.share) > SURE
        return is_sure and self.picture.label != self.reconstruction.label


def classified(classifier: PictureClassifier, x: Floats, x_hat: Floats) -> Likeness:
    """By the run's classifier; x, x_hat (C, H, W) in [0, 1]."""
    odds = classifier.probabilities(np.stack([x, x_hat]))
    looks = [Look(int(row.argmax()), float(row.max())) for row in odds]
    return Likeness(looks[0], looks[1])


def voted(
    x: Floats, x_hat: Floats, pictures: NDArray[np.uint8], label: NDArray[np.int64], without: int | None = None
) -> Likeness | None:
    """By the labels (N,) of the test images (N, C, H, W) whose pixels are nearest; None where too few of them have one.

    None too where the test images are so few that their votes say nothing. without: the row that is the picture itself.
    """
    if len(pictures) < FEWEST:
        return None
    looks = [_vote(label[nearest_pictures(some, pictures, N_VOTES, without).index]) for some in (x, x_hat)]
    return None if looks[0] is None or looks[1] is None else Likeness(looks[0], looks[1], is_voted=True)


def _vote(labels: NDArray[np.int64]) -> Look | None:
    known = labels[labels >= 0]
    if len(labels) < N_VOTES or not len(known):
        return None
    values, counts = np.unique(known, return_counts=True)
    return Look(int(values[counts.argmax()]), float(counts.max() / len(labels)))


# --- words


def change_sentence(likeness: Likeness, names: Sequence[str]) -> str:
    """“The picture looks like a 5 (93 %), its reconstruction like a 3 (88 %).”"""
    picture, reconstruction = (_told(look, names, likeness.is_voted) for look in (likeness.picture, likeness.reconstruction))
    return f"The picture looks like {picture}, its reconstruction like {reconstruction}."


def likeness_sentence(likeness: Likeness, names: Sequence[str]) -> str:
    """What both look like where no change is claimed."""
    picture, reconstruction, is_voted = likeness.picture, likeness.reconstruction, likeness.is_voted
    if picture.label == reconstruction.label:
        name = quoted(class_name(picture.label, names) or "no class")
        who = "" if is_voted else " to the classifier"  # a person may see another class in a picture
        shares = f"{_share(picture, is_voted)} and {_share(reconstruction, is_voted)}"
        return f"Picture and reconstruction both look like {name}{who} ({shares})."
    told = [_told(look, names, is_voted) for look in (picture, reconstruction)]
    return f"The class is uncertain: the picture looks most like {told[0]}, its reconstruction most like {told[1]}."


def closest_sentence(likeness: Likeness, names: Sequence[str]) -> str:
    """The same of a picture that may be of none of the classes."""
    picture, reconstruction = (_told(look, names, likeness.is_voted) for look in (likeness.picture, likeness.reconstruction))
    return f"Of the data set's classes the picture is closest to {picture}, its reconstruction to {reconstruction}."


def _told(look: Look, names: Sequence[str], is_voted: bool) -> str:
    return f"{quoted(class_name(look.label, names) or 'no class')} ({_share(look, is_voted)})"


def _share(look: Look, is_voted: bool) -> str:
    return f"{round(look.share * N_VOTES)} of {N_VOTES} nearest test images" if is_voted else percent(look.share)


def nearest_sentence(by_pixels: int, by_code: int, names: Sequence[str]) -> str:
    """The classes of the nearest test image by pixels and by code, given as labels; nothing where one has none."""
    pixels, code = class_name(by_pixels, names), class_name(by_code, names)
    if pixels is None or code is None:
        return ""
    if pixels == code:
        return f"The nearest test image is {quoted(pixels)} both by pixels and by code."
    return f"The nearest test image is {quoted(pixels)} by pixels, but {quoted(code)} by code."
