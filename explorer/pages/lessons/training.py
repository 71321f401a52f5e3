"""How does a training stand beside the text of a lesson?"""

from __future__ import annotations

from explorer.cache.datasets import images_of_run_to_learn_from, images_to_learn_from
from explorer.lessons.check import OF_RUN
from explorer.lessons.records import Train
from explorer.surface.component import train_page
from explorer.surface.training import for_app
from explorer.surface.training_schema import TrainingBegin

KEY = "lesson-train"


def show_training(key: str, of: Train) -> None:
    """The page that trains, with those settings; it goes on while the same scene is shown."""
    begin = TrainingBegin(
        key=key,
        beta=of.beta,
        latent_dim=of.dimensions,
        seed=of.seed,
        learning_rate=of.rate,
        noise=of.noise,
        beside=of.beside,
    )
    train_page(for_app(_images(of.data), [], False, begin), KEY, on_images=lambda: None, on_keep=lambda: None)


def _images(data: str) -> bytes:
    """Raises `LatentError` where they are not here."""
    return images_of_run_to_learn_from(data.removeprefix(OF_RUN)) if data.startswith(OF_RUN) else images_to_learn_from(data)
