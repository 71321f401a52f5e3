"""The page that trains: the browser gets images and does the rest.

Nothing of a training comes back to the server, so a class of any size costs it no more than the images. The parts of what is seen, and
their borders, are written down in `explorer/surface/frontend/src/train/state.ts`.
"""

from __future__ import annotations

from explorer.cache.datasets import images_to_learn_from
from explorer.session.load import State
from explorer.surface.component import train_page

DATASET = "digits"


def show(now: State) -> None:
    """The whole page."""
    train_page(images_to_learn_from(DATASET), key="train-page")
