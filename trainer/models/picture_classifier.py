"""Which class does a picture look like, and how sure may one be?

A small convolutional network that is trained with a run whenever its data set has classes (`classifier_fit`), and asked about what the
decoder draws. Decoded pictures are means, blurred where images differ, and a classifier of sharp images alone is too sure of them: this
one has seen images and their reconstructions, each with the image's class, and its temperature is chosen on reconstructions (Guo et al.
2017). So a probability is to be read as: of images that decode like this, so many are of that class.

It has nothing to do with q(y|x), which is part of the models m2 and m1+m2. Letters: B pictures, Y classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trainer.models.layer_shapes import part_shapes
from trainer.models.layers import Activation, Conv2d, Flatten, ImageShape, Layer, Linear
from trainer.models.numpy_engine import Floats, run_part
from trainer.models.numpy_ops.reduction import softmax

Labels = NDArray[np.int64]
Logits = NDArray[np.float32] | NDArray[np.float64]

PART = "classifier"
LAST_SIDE = 7  # convolutions halve the picture until it is no larger: 28 → 7, 32 → 4, 8 → 2
LEAST_LEVELS = 2
TEMPERATURES = (0.5, 10.0)  # a few held-out pictures that are all right would ask for 0
ECE_BINS = 15


@dataclass(frozen=True)
class Scores:
    """On n pictures that were not learned from."""

    n: int
    accuracy: float
    """share whose most probable class is their label"""
    nll: float
    """mean of −log p(label), nats"""
    ece: float
    """expected calibration error: the mean distance between how sure it is and how often it is right, in 15 bins of equal width (Guo et
    al. 2017, eq. 3)"""


@dataclass(frozen=True)
class PictureClassifier:
    """A small convolutional network that names the class of a picture, with how good it is."""

    image_shape: ImageShape
    n_classes: int
    channels: tuple[int, ...]
    weights: Mapping[str, Floats]
    """under torch's names, `classifier.0.weight` …"""
    temperature: float
    """the last layer is divided by it already"""
    images: Scores
    """on test images"""
    decoded: Scores
    """on their reconstructions, which have the image's class"""

    @property
    def is_reliable(self) -> bool:
        """Whether it is more often right than wrong on test images; else no class is told by its word."""
        return self.images.accuracy > 0.5

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        return classifier_layers(self.image_shape, self.n_classes, self.channels)

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter that the layers ask for."""
        return part_shapes(PART, self.layers)

    def logits(self, x: Floats) -> Floats:
        """(B, Y) for x (B, C, H, W) in [0, 1]."""
        return run_part(PART, self.layers, self.weights, np.asarray(x, np.float32))

    def probabilities(self, x: Floats) -> Floats:
        """(B, Y), rows that sum to 1, for x (B, C, H, W) in [0, 1]."""
        return softmax(self.logits(x))


def channels_of(image_shape: ImageShape) -> tuple[int, ...]:
    """Widths of the convolutions: few where the picture is still large, so that each costs about the same, 0.3 M products a picture."""
    side, channels = max(image_shape[1:]), list[int]()
    while side > LAST_SIDE or len(channels) < LEAST_LEVELS:
        side = (side + 1) // 2
        channels.append(32 if side <= 8 else 16 if side <= 16 else 8 if side <= 32 else 4)
    return tuple(channels)


def classifier_layers(image_shape: ImageShape, n_classes: int, channels: tuple[int, ...]) -> tuple[Layer, ...]:
    """x (C, H, W) to one logit a class: convolutions of stride 2, then one dense layer."""
    _, height, width = image_shape
    layers: list[Layer] = []
    for n_in, n_out in pairwise((image_shape[0], *channels)):
        layers += [Conv2d(n_in, n_out, kernel=3, stride=2, padding=1), Activation("relu")]
        height, width = (height + 1) // 2, (width + 1) // 2
    return (*layers, Flatten(), Linear(channels[-1] * height * width, n_classes))


def best_temperature(logits: Logits, labels: Labels) -> float:
    """T that minimises the mean −log softmax(logits / T) of the labels, within `TEMPERATURES`; 1 without pictures.

    In 1/T the mean is convex, with derivative E[E_p(logit) − logit of the label], whose root is found by halving (Guo et al. 2017, section
    4.2).
    """
    if len(labels) == 0:
        return 1.0
    scores = np.asarray(logits, float)
    own = scores[np.arange(len(labels)), labels]

    def slope(inverse: float) -> float:
        odds = np.exp(inverse * (scores - scores.max(1, keepdims=True)))
        return float(np.mean((odds * scores).sum(1) / odds.sum(1) - own))

    low, high = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return 1 / (0.5 * (low + high))


def scores_of(logits: Logits, labels: Labels) -> Scores:
    """How good these logits (B, Y) are, in double precision. B ≥ 1."""
    shifted = np.asarray(logits, float) - np.max(logits, axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    sure, is_right = np.exp(log_p.max(1)), log_p.argmax(1) == labels
    return Scores(
        n=len(labels),
        accuracy=float(is_right.mean()),
        nll=float(-log_p[np.arange(len(labels)), labels].mean()),
        ece=expected_calibration_error(sure, is_right),
    )


def expected_calibration_error(sure: NDArray[np.float64], is_right: NDArray[np.bool_]) -> float:
    """Σ over bins of (share of pictures) · |mean confidence − accuracy|, bins (0, 1/15], (1/15, 2/15] … of the confidence (B,)."""
    bins = np.clip(np.ceil(sure * ECE_BINS).astype(int) - 1, 0, ECE_BINS - 1)
    gaps = np.bincount(bins, weights=sure - is_right, minlength=ECE_BINS)
    return float(np.abs(gaps).sum() / len(sure))
