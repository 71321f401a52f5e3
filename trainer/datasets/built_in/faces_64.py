"""What do the drawn faces look like in colour, and large? The same heads as `faces`, with the same six factors, 64 × 64.

Geometry, factors and their ranges are those of `faces` (see there), a third larger, with more paper at both sides: face i of a
seed is face i of `faces` with that seed. Only the colours are this file's: each part has one, and none is a factor, so that what
two models learn of the two data sets can be held against each other. Skin is lighter or darker by the same fortieth in every channel.

Brows, iris and lips are all dark in grey; here each has a hue of its own.
"""

from __future__ import annotations

from functools import lru_cache

from trainer.datasets.built_in import faces
from trainer.datasets.built_in.faces import Canvas, Palette, faces_on
from trainer.datasets.dataset import Dataset

NAME = "faces-64"
N_IMAGES = faces.N_IMAGES
SIDE = 64
IMAGE_SHAPE = (3, SIDE, SIDE)
DESCRIPTION = "10 000 drawn faces, 64 × 64, colour, the six known factors of faces; made here"

SCALE = SIDE / faces.HEIGHT
COLOUR = Canvas(
    SIDE,
    SIDE,
    scale=SCALE,
    left=faces.MIDDLE - SIDE / SCALE / 2,
    palette=Palette(
        paper=(0.62, 0.73, 0.80),
        clothes=(0.17, 0.42, 0.45),
        hair=(0.30, 0.17, 0.10),
        skin=(0.86, 0.66, 0.52),
        lid=(0.48, 0.31, 0.24),
        white=(1.0, 1.0, 1.0),
        iris=(0.10, 0.22, 0.34),
        brow=(0.20, 0.11, 0.07),
        lips=(0.62, 0.17, 0.18),
    ),
)


@lru_cache(maxsize=2)
def load_faces_64(seed: int = 0, n: int = N_IMAGES) -> Dataset:
    """`n` faces from `seed`, in colour: 123 MB for all of them."""
    return faces_on(COLOUR, NAME, seed, n)
