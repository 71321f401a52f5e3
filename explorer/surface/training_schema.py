"""What is the browser told to train on, and of a training that is over? Part of the wire that `schema.py` declares.

Letters: N images, T moments, M images whose codes were watched, K latent dimensions, C, H, W channels, height, width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from explorer.surface.network_schema import ImageShape, Op
from explorer.surface.schema import ArrayEntry
from trainer.likelihoods.registry import LikelihoodName

# ---- images to learn from -------------------------------------------------------------------------------------------


class TrainingHeader(TypedDict):
    """Of images that a page can learn from: arrays `images` (N, C, H, W) uint8 and `labels` (N,) int16, −1 for none."""

    id: str
    """Tells one set of images from another."""
    dataset: str
    """What they are called."""
    licence: str
    image_shape: ImageShape
    class_names: Sequence[str]
    n_train: int
    """So many images, the first, are learned from; the others are held back."""
    arrays: Mapping[str, ArrayEntry]


class ImageOffer(TypedDict):
    """Images that the app has."""

    name: str
    """By which they are asked for."""
    title: str


class TrainingBegin(TypedDict):
    """How a lesson's training begins."""

    key: str
    """Of the step that shows it: the same one goes on."""
    beta: float
    latent_dim: int
    seed: int
    learning_rate: float
    noise: bool
    beside: float | None
    """β of a second training beside it; None for one alone."""


class AppTraining(TypedDict):
    """What the app tells the page besides its images."""

    offers: Sequence[ImageOffer]
    keeps: bool
    """Whether it makes a run of a training."""
    begin: TrainingBegin | None
    """Of a lesson; None on the Train page."""


# ---- the film of a training -----------------------------------------------------------------------------------------


class FilmMap(TypedDict):
    """A plane onto which codes are dropped: arrays `basis.NAME` (2, K) and `origin.NAME` (K,)."""

    name: str
    title: str
    x_label: str
    y_label: str


class FilmHeader(TypedDict):
    """How the codes of M test images moved in T moments of a training: arrays `mu` (T, M, K), `epoch` (T,), `label` and `index` (M,).

    Of the history, a row for each moment: `reconstruction` and `kl` (T,), nats a test image, and `kl_per_dim` (T, K); NaN before the first.
    The decoder at T' of the moments: `moment` (T',), and each array that `decoder` names, (T', …).
    """

    id: str
    run: str
    dataset: str
    image_shape: ImageShape
    latent_dim: int
    class_names: Sequence[str]
    is_deterministic: bool
    """Codes are points: there is no KL."""
    likelihood: LikelihoodName
    decoder: Sequence[Op]
    decoded_as: str | None
    """The class that a conditional model's decoder is told; None for one that is told none."""
    why_no_decoder: str
    """A sentence where the weights of the film were not kept: the one decoder is then that of the end. Empty where they were kept."""
    maps: Sequence[FilmMap]
    arrays: Mapping[str, ArrayEntry]


# ---- a training that goes on elsewhere ------------------------------------------------------------------------------


class LiveHeader(TypedDict):
    """A training on the server after one of its steps; before the first only what was asked for, and no arrays.

    Arrays `mu` (M, K), `label` and `index` (M,), `kl_per_dim` (K,), and what `decoder` names; of the R epochs that are over the means over
    images (R,) `history.step`, `history.train_reconstruction`, `history.train_kl`, `history.test_reconstruction`, `history.test_kl`, nats.
    """

    id: str
    number: int
    """Of the training, on its server."""
    run: str
    phase: Literal["waiting", "running", "paused", "ended"]
    steers: bool
    """Whether this person may change β and the learning rate."""
    is_begun: bool
    dataset: str
    image_shape: ImageShape
    latent_dim: int
    class_names: Sequence[str]
    is_deterministic: bool
    """Codes are points: there is no KL."""
    likelihood: LikelihoodName
    decoder: Sequence[Op]
    decoded_as: str | None
    """The class as which a conditional model decodes."""
    why_no_decoder: str
    """A sentence where its weights are too many to be sent; empty where they are here."""
    step: int
    """So many are done."""
    n_steps: int
    """Of the whole training."""
    epoch: float
    """So many are done; fractions count."""
    beta: float
    """Weight of the KL at this step."""
    learning_rate: float
    """Adam's step size at this step."""
    set_beta: float
    """What was asked for, to which a schedule leads."""
    set_learning_rate: float
    reconstruction: float
    """−E log p(x|z) of the M images, nats an image."""
    kl: float
    """The same of the KL."""
    arrays: Mapping[str, ArrayEntry]


class FilmPlaneRecord(TypedDict):
    """A plane onto which codes z (K,) are dropped: place = basis · (z − origin)."""

    title: str
    x_label: str
    y_label: str
    basis: Sequence[float]
    """(2·K,), two orthonormal rows."""
    origin: Sequence[float]
    """(K,)."""


class FilmBundle(TypedDict):
    """The film of a page that has no server; it stands before the film's own header."""

    shown: Mapping[str, FilmShown]
    """By the names of the run's maps."""


class AppFilm(TypedDict):
    """What the film's component is given in the app."""

    shown: FilmShown
    address: str
    """Of the film's bytes, from the page's own address on; another film has another one."""


class FilmShown(TypedDict):
    """How a host wants a film to be shown; it stands before the film's own header."""

    plane: FilmPlaneRecord | None
    """None where the two dimensions themselves are the map."""
    note: str
    """A sentence about the map; empty where nothing is to be said."""
    link: str
    """Films of one page with the same name move together; empty for one alone."""
    leaves: bool
    """Whether Esc brings the map back; of several films on a page one does it for all."""
    height: int
    """Of the map, CSS pixels; 0 for as much as the window has."""
