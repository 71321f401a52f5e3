"""How do maps and a classifier of pictures become arrays of a run folder, and arrays these again?"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.maps.projection import Projection
from trainer.maps.quality import InverseProjectionQuality, ProjectionQuality
from trainer.models.picture_classifier import PictureClassifier, Scores
from trainer.runs.folder import Arrays
from trainer.runs.records import DatasetInfo

MAX_LEVELS, MAX_CHANNELS = 16, 4096  # of a classifier's convolutions


def pack_classifier(classifier: PictureClassifier) -> dict[str, NDArray[Any]]:
    meta = {
        "channels": classifier.channels,
        "temperature": classifier.temperature,
        "images": asdict(classifier.images),
        "decoded": asdict(classifier.decoded),
    }
    return {**classifier.weights, "meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)}


def unpack_classifier(arrays: dict[str, NDArray[Any]], dataset: DatasetInfo) -> PictureClassifier:
    """Raises `KeyError`, `TypeError` or `ValueError` for what is none."""
    meta = json.loads(arrays.pop("meta").tobytes())
    channels, scores = tuple(meta["channels"]), [Scores(**meta[name]) for name in ("images", "decoded")]
    if not (1 <= len(channels) <= MAX_LEVELS and all(type(n) is int and 1 <= n <= MAX_CHANNELS for n in channels)):
        raise ValueError("channels")
    if not all(math.isfinite(value) for record in scores for value in asdict(record).values()):
        raise ValueError("scores")
    return PictureClassifier(dataset.image_shape, len(dataset.class_names), channels, arrays, float(meta["temperature"]), *scores)


def pack_projection(projection: Projection) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    name = projection.name
    item = {
        "name": name,
        "kind": projection.kind,
        "extent": projection.extent,
        "labels": projection.labels,
        "title": projection.title,
        "note": projection.note,
        "honest": projection.quality and asdict(projection.quality),
        "way_back": projection.inverse_quality and asdict(projection.inverse_quality),
    }
    arrays: dict[str, NDArray[Any]] = {f"{name}.points": projection.points}
    if projection.kind == "linear":
        assert projection.origin is not None and projection.basis is not None
        arrays |= {f"{name}.origin": projection.origin, f"{name}.basis": projection.basis}
    if projection.lattice_z is not None:
        arrays[f"{name}.lattice_z"] = projection.lattice_z.astype(np.float16)
    return item, arrays


def unpack_projection(item: dict[str, Any], arrays: Arrays) -> Projection:
    name = item["name"]
    lattice = arrays.get(f"{name}.lattice_z")
    x0, x1, y0, y1 = (float(value) for value in item["extent"])
    first, second = item["labels"]
    return Projection(
        name,
        item["kind"],
        arrays[f"{name}.points"],
        (x0, x1, y0, y1),
        (first, second),
        item["title"],
        item["note"],
        arrays.get(f"{name}.origin"),
        arrays.get(f"{name}.basis"),
        None if lattice is None else lattice.astype(np.float32),
        ProjectionQuality(**item["honest"]) if item.get("honest") else None,
        InverseProjectionQuality(**item["way_back"]) if item.get("way_back") else None,
    )
