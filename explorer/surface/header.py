"""What is the browser told of a run and one of its maps, beside the arrays?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

import numpy as np
from numpy.typing import NDArray

from explorer.surface.lowering import PlainNetwork, ops
from explorer.surface.schema import (
    PAYLOAD_FORMAT,
    PAYLOAD_VERSION,
    ClassifierFacts,
    Extent,
    MapHeader,
    ProjectionRecord,
    Scores,
)
from explorer.text.map_notes import axis_name, map_note, map_title
from trainer.datasets import piano_roll
from trainer.maps.projection import Projection
from trainer.models.picture_classifier import PART as CLASSIFIER
from trainer.models.picture_classifier import PictureClassifier
from trainer.runs.read import Run


def map_header(
    run: Run, projection: Projection, networks: dict[str, PlainNetwork], label: int | None, factor_names: Sequence[str]
) -> MapHeader:
    """Everything but the arrays; label: the class as which a conditional model decodes."""
    class_names = run.info.dataset.class_names
    header: MapHeader = {
        "format": PAYLOAD_FORMAT,
        "version": PAYLOAD_VERSION,
        "run": {
            "id": run.id,
            "dataset": run.info.dataset.name,
            "latent_dim": run.config.latent_dim,
            "image_shape": run.image_shape,
        },
        "class_names": class_names,
        "decoded_as": class_names[label] if run.config.is_conditional and label is not None else None,
        "label": label if run.config.is_conditional else None,
        "factor_names": factor_names,
        "likelihood": run.config.likelihood,
        "log_sigma": _log_sigma(run),
        "encoder": ops("encoder", networks["encoder"]),
        "decoder": ops("decoder", networks["decoder"]),
        "projection": _projection(run, projection),
        "view_extent": _robust_extent(projection.points),
    }
    if (heard := piano_roll(run.info.dataset.name)) is not None:
        header["roll"] = {
            "lowest_pitch": heard.lowest_pitch,
            "steps_per_beat": heard.steps_per_beat,
            "beats_per_minute": heard.beats_per_minute,
        }
    if run.info.origin is not None and run.info.origin.decoder != "layers":
        header["decoder_note"] = run.info.origin.sentences()[0]
    if run.reliable_classifier is not None:
        header["classifier"] = ops(CLASSIFIER, networks[CLASSIFIER])
        header["classifier_facts"] = _classifier_facts(run.reliable_classifier)
    return header


def _projection(run: Run, projection: Projection) -> ProjectionRecord:
    x, y = projection.to_map(np.zeros((1, run.config.latent_dim)), run.encodings.mu)[0].tolist()
    return {
        "name": projection.name,
        "kind": projection.kind,
        "title": map_title(projection),
        "note": map_note(run, projection),
        "x_label": axis_name(projection.labels[0]),
        "y_label": axis_name(projection.labels[1]),
        "extent": projection.extent,
        # a circle of the prior stays a circle under every linear map of ours: their bases are orthonormal
        # and there is no prior to draw for a deterministic model
        "rings": projection.kind != "lattice" and run.config.latent_dim > 1 and not run.config.is_deterministic,
        "ring_center": (x, y),
    }


def _classifier_facts(classifier: PictureClassifier) -> ClassifierFacts:
    return {"images": cast(Scores, asdict(classifier.images)), "decoded": cast(Scores, asdict(classifier.decoded))}


def _log_sigma(run: Run) -> float | None:
    """Log scale of a pixel. None where the browser cannot tell p(x|z): its decoder has no scale of each pixel; M1+M2's is two models."""
    if run.info.origin is not None and run.info.origin.decoder == "pictures":
        return None
    if run.config.model == "m1+m2" or (run.config.has_scale and run.config.scale == "per-pixel"):
        return None
    log_sigma = float(run.weights["log_sigma"])
    return log_sigma if math.isfinite(log_sigma) else None


def _robust_extent(points: NDArray[np.float32]) -> Extent:
    """Where the first camera looks: all but the outermost half per cent of the points, with a margin."""
    (x0, y0), (x1, y1) = np.quantile(points, [0.0025, 0.9975], axis=0).tolist()
    dx, dy = 0.06 * max(x1 - x0, 1e-3), 0.06 * max(y1 - y0, 1e-3)
    return (x0 - dx, x1 + dx, y0 - dy, y1 + dy)
