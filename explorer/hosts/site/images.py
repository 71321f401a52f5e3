"""Which images to learn from does a site take along? Those that come with the program, where they are few: nobody else's go on the web."""

from __future__ import annotations

from explorer.hosts.site.parts import Files, add_part
from explorer.surface.payload import deflated
from explorer.surface.site_schema import SiteImages
from explorer.surface.training import pack_training
from trainer.datasets import Availability, availability, dataset_names, load_dataset
from trainer.numerals import count

WITH_THE_PROGRAM = ("scikit-learn", "this program")
MOST_BYTES = 1_000_000
"""Deflated, of all images of a data set."""
FIRST = "digits"


def add_images(files: Files) -> list[SiteImages]:
    """The data sets of a site, the smallest first of all."""
    found = []
    for known in filter(_comes_along, map(availability, dataset_names())):
        packed = deflated(pack_training(load_dataset(known.name, download=False)))
        if len(packed) <= MOST_BYTES:
            found.append(SiteImages(name=known.name, title=_title(known), part=add_part(files, "data", known.name, packed)))
    return sorted(found, key=lambda one: one["name"] != FIRST)


def _comes_along(known: Availability) -> bool:
    return known.is_here and known.where in WITH_THE_PROGRAM


def _title(known: Availability) -> str:
    assert known.n_images is not None and known.image_shape is not None  # of all that come along
    channels, height, width = known.image_shape
    depth = "" if channels == 1 else f", {channels} channels"
    return f"{known.name}: {count(known.n_images)} images, {height} × {width}{depth}"
