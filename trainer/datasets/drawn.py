"""Which data sets does this program draw, image by image from known factors?"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from trainer.datasets.built_in import faces, faces_64, melodies, pendulum, shapes, sketches, walker
from trainer.datasets.dataset import Dataset

DRAWN: tuple[tuple[ModuleType, Callable[[], Dataset]], ...] = (
    (shapes, shapes.load_shapes),
    (pendulum, pendulum.load_pendulum),
    (walker, walker.load_walker),
    (faces, faces.load_faces),
    (faces_64, faces_64.load_faces_64),
    (sketches, sketches.load_sketches),
    (melodies, melodies.load_melodies),
)
"""What each is (NAME, N_IMAGES, IMAGE_SHAPE, DESCRIPTION), and how it is made."""
