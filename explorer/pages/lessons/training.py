"""How does a training stand beside the text of a lesson?"""

from __future__ import annotations

from explorer.cache.datasets import images_of_run_to_learn_from, images_to_learn_from
from explorer.lessons.check import OF_RUN
from explorer.lessons.records import Train
from explorer.lessons.told import begin_of
from explorer.surface.component import train_page
from explorer.surface.training import for_app

KEY = "lesson-train"


def show_training(key: str, of: Train) -> None:
    """The page that trains, with those settings; it goes on while the same scene is shown."""
    train_page(for_app(_images(of.data), [], False, begin_of(key, of)), KEY, on_images=lambda: None, on_keep=lambda: None)


def _images(data: str) -> bytes:
    """Raises `LatentError` where they are not here."""
    return images_of_run_to_learn_from(data.removeprefix(OF_RUN)) if data.startswith(OF_RUN) else images_to_learn_from(data)
