"""Are the weights of a kept training those of its configuration, and its film one of the data set's test images?"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from trainer.config import FitConfig
from trainer.datasets import Dataset
from trainer.importers.kept.reading import refusal
from trainer.models.layer_shapes import multiply_adds
from trainer.models.layers import ImageShape
from trainer.models.networks import parameter_shapes, parts_of
from trainer.runs.folder import FILM, WEIGHTS, Arrays

MOST_WORK = 10**10  # multiply-adds of a picture
SCALE = "log_sigma"


def fitting_weights(weights: Arrays, config: FitConfig, shape: ImageShape) -> dict[str, NDArray[np.float32]]:
    """The weights of exactly that configuration, log_sigma with them. Raises `RunError`."""
    work = sum(
        multiply_adds(layers, shape if part == "encoder" else (config.latent_dim,))
        for part, layers in parts_of(config, shape, 0).items()
    )
    if work > MOST_WORK:
        raise refusal(f"a picture takes {work} multiplications, allowed are {MOST_WORK}")
    start = np.log(config.sigma) if config.has_scale else 0.0
    found = {SCALE: np.asarray(start, np.float32), **weights}
    wanted = parameter_shapes(config, shape, 0)
    if odd := sorted(found.keys() ^ wanted.keys()):
        raise refusal(f"{WEIGHTS} has {'no ' if odd[0] in wanted else ''}{odd[0][:80]!r}, which the configuration does not fit")
    fitting = {}
    for key, size in wanted.items():
        array = found[key]
        if array.dtype != np.float32 or array.size != prod(size) or (key != SCALE and array.shape != size):
            raise refusal(f"{key} is {array.dtype} of shape {array.shape}, expected float32 of shape {size}")
        if not np.isfinite(array).all():
            raise refusal(f"{key} has a value that is not a finite number")
        fitting[key] = array.reshape(size)
    return fitting


def film_of(film: Arrays, data: Dataset) -> dict[str, NDArray[np.generic]]:
    """As a run has it: `index`, places in the test split, becomes the numbers of the images. Raises `RunError`."""
    test, index = data.splits["test"], film["index"]
    if index.min() < 0 or index.max() >= len(test):
        raise refusal(f"{FILM}: index goes to {index.max()}, and there are {len(test)} test images")
    return {**film, "index": test[index]}
