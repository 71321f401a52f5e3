"""Which images can the page learn from, besides a person's own? Every data set that is here, and the test images that runs have kept."""

from __future__ import annotations

from explorer.cache.datasets import images_of_run_to_learn_from, images_to_learn_from
from explorer.cache.runs import all_runs
from explorer.session.events import sent
from explorer.session.remembered import remember, remembered
from explorer.surface.training_schema import ImageOffer
from trainer.datasets import availability, dataset_names
from trainer.runs.folder import IMAGES
from trainer.runs.records import RunInfo

FIRST = "digits"
OF_RUN = "run:"
CHOSEN = "train-images"


def offers() -> list[ImageOffer]:
    """Data sets by name, then runs that hold images themselves."""
    here = [name for name in dataset_names() if availability(name).is_here]
    sets = [ImageOffer(name=name, title=name) for name in (FIRST, *(name for name in here if name != FIRST))]
    kept = [name for name, info in all_runs().items() if isinstance(info, RunInfo) and IMAGES in info.files]
    return [*sets, *(ImageOffer(name=f"{OF_RUN}{name}", title=f"test images of {name}") for name in kept)]


def take_choice(key: str) -> None:
    """What the page of that key asked for (the page's callback)."""
    name = sent(key, "images")
    if isinstance(name, str) and name in {offer["name"] for offer in offers()}:
        remember(**{CHOSEN: name})


def chosen_images() -> bytes:
    """Images of what was asked for last, digits at first. Raises `LatentError` where they cannot be read."""
    name = str(remembered(CHOSEN, FIRST))
    if not name.startswith(OF_RUN):
        return images_to_learn_from(name)
    return images_of_run_to_learn_from(name.removeprefix(OF_RUN))
