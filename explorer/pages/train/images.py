"""Which images can the page learn from, besides a person's own?

Every data set that is here, uploads where one may train, and what runs of one's own images have kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from explorer.cache.datasets import LEAST_TO_LEARN_FROM, images_of_run_to_learn_from, images_to_learn_from
from explorer.cache.runs import all_runs
from explorer.jobs.own_data import kept_uploads
from explorer.session.events import sent
from explorer.session.permission import permission
from explorer.session.remembered import remember, remembered
from explorer.surface.training import most_images
from explorer.surface.training_schema import ImageOffer
from trainer.datasets import availability, dataset_names
from trainer.models.layers import ImageShape
from trainer.numerals import count
from trainer.runs.folder import IMAGES
from trainer.runs.image_packing import kept_rows
from trainer.runs.records import RunInfo

FIRST = "digits"
OF_RUN, OF_UPLOAD = "run:", "upload:"
CHOSEN = "train-images"


def offers() -> list[ImageOffer]:
    """Data sets by name, then uploads, then runs that hold images themselves; each with how many it has, and their size."""
    here = [name for name in dataset_names() if availability(name).is_here]
    ordered = (FIRST, *(name for name in here if name != FIRST))
    sets = [ImageOffer(name=name, title=_described(name)) for name in ordered]
    uploads = kept_uploads() if permission().is_allowed else {}
    own = [ImageOffer(name=f"{OF_UPLOAD}{title}", title=_title(title, kept.n_images, "images")) for title, kept in uploads.items()]
    return [*sets, *own, *_of_runs()]


def _of_runs() -> Iterator[ImageOffer]:
    for name, info in all_runs().items():
        if isinstance(info, RunInfo) and IMAGES in info.files:
            shape = info.dataset.image_shape
            n = len(kept_rows(info.dataset.n_test, prod(shape)))
            if n >= LEAST_TO_LEARN_FROM:
                yield ImageOffer(name=f"{OF_RUN}{name}", title=_title(name, n, "test images", shape))


def _described(name: str) -> str:
    known = availability(name)
    return name if known.n_images is None else _title(name, known.n_images, "images", known.image_shape)


def _title(name: str, n: int, what: str, shape: ImageShape | None = None) -> str:
    """“mnist: 70 000 images, 28 × 28, 12 000 of them here”."""
    words = [f"{name}: {count(n)} {what}"]
    if shape is not None:
        words.append(f"{shape[1]} × {shape[2]}{' in colour' if shape[0] == 3 else ''}")
        if n > (most := most_images(prod(shape))):
            words.append(f"{count(most)} of them here")
    return ", ".join(words)


def take_choice(key: str) -> None:
    """What the page of that key asked for (the page's callback)."""
    name = sent(key, "images")
    if isinstance(name, str) and name in {offer["name"] for offer in offers()}:
        remember(**{CHOSEN: name})


def chosen_images() -> bytes:
    """Images of what was asked for last, digits at first. Raises `LatentError` where they cannot be read."""
    name = str(remembered(CHOSEN, FIRST))
    if name.startswith(OF_RUN):
        return images_of_run_to_learn_from(name.removeprefix(OF_RUN))
    if name.startswith(OF_UPLOAD):
        kept = kept_uploads().get(name.removeprefix(OF_UPLOAD)) if permission().is_allowed else None
        return images_to_learn_from(FIRST) if kept is None else images_to_learn_from(kept.name, called=name)
    return images_to_learn_from(name)
