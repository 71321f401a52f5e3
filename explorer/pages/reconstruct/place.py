"""Where is a picture in latent space? Its place on the map."""

from __future__ import annotations

from explorer.session.load import State
from explorer.surface.payload import picture_bytes
from explorer.surface.schema import Options, SubjectRecord
from explorer.text.escape import capitalised
from explorer.text.test_images import image_name
from explorer.widgets.chosen_picture import ChosenPicture
from explorer.widgets.class_chooser import chosen_label, decoded_as
from explorer.widgets.live_map import live_map
from explorer.widgets.map_chooser import Axes
from explorer.widgets.map_marks import marked, pins_shown
from trainer.maps.projection import Projection
from trainer.models.numpy_engine import Codes
from trainer.runs.read import Run


def show_on_map(
    now: State, run: Run, picked: ChosenPicture | None, codes: Codes | None, label: int | None, projection: Projection, axes: Axes
) -> None:
    """The map, with the picture's code on it where there is one."""
    exact, subject, heading = None, None, None
    if picked is not None and codes is not None:
        whose = "your picture" if picked.row is None else image_name(picked.row)
        as_class = "" if label == chosen_label(run) else decoded_as(run)
        name, heading = f"{whose}{as_class}", f"{capitalised(whose)}, decoded{as_class}"
        exact = marked(name, codes.mu[0], run, projection)
        subject = _subject(name, picked, codes, run.config.is_deterministic)
    live_map(
        run.id,
        projection,
        axes,
        "reconstruct-surface",
        pins=pins_shown(now, run, projection),
        exact=exact,
        heading=heading,
        subject=subject,
        options=Options(pinnable=False, hint=False, folded=True),
    )


def _subject(name: str, picked: ChosenPicture, codes: Codes, is_point: bool) -> SubjectRecord:
    """The picture as the surface is told of it: place, samples, error."""
    std = codes.std[0] * 0 if is_point else codes.std[0]
    return SubjectRecord(
        name, tuple(codes.mu[0].tolist()), tuple(std.tolist()), picture_bytes(picked.x) if picked.is_original else None
    )
