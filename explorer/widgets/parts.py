"""Which pieces do several views share? The map chooser, the live surface, pictures of codes and of stored images."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.datasets import originals_of
from explorer.cache.maps import get_projection, static_payload
from explorer.cache.runs import get_run
from explorer.pictures.arrays import Picture, data_uri, fitted, to_picture
from explorer.session import events
from explorer.session.class_choice import decode_class, forget_class_of_another_data_set, take_class
from explorer.session.load import State, dismiss_notice
from explorer.session.pad import take_picture
from explorer.session.pins import can_undo, pin_letter
from explorer.surface.component import surface
from explorer.surface.payload import pack, reference, static_id
from explorer.surface.schema import (
    Dynamic,
    Ellipse,
    ExactCode,
    MarkerRecord,
    Options,
    PathRecord,
    PinRecord,
    Point,
    SubjectRecord,
    Undo,
)
from explorer.text.escape import plain
from trainer.datasets.names import OWN
from trainer.maps.projection import Projection
from trainer.models.numpy_engine import Forward
from trainer.numerals import count, decimals, number
from trainer.runs.read import Run

Floats = NDArray[np.float32]
Axes = tuple[int, int] | None

PREFERRED_RUN = "mnist-2d"
MAP_HELP = """How the latent dimensions are laid out on a plane. Each map point is mapped to a latent code, which is decoded. On the latent
plane, PCA and two axes that mapping is exact or a projection; on UMAP it is an approximate inverse, whose R² is told with the map."""

SPREAD, LOOKED_AT = 6, 10_000  # nearly all of a Gaussian lies within six standard deviations; of more codes a part tells
TWO_CHANNELS = "Pictures of two channels: the first is drawn in red, the second in cyan, white where both are bright."


def default_run(runs: Collection[str]) -> str:
    """The run that is shown where nobody asked for one."""
    return PREFERRED_RUN if PREFERRED_RUN in runs else next(iter(runs))


def run_chooser(runs: Collection[str], width: int | Literal["stretch"]) -> None:
    """The page's run, bound to the URL. Its default is constant: a bound widget leaves the URL when it shows its default."""
    st.selectbox(
        "Run", list(runs), index=list(runs).index(default_run(runs)), key="run", bind="query-params", on_change=dismiss_notice,
        label_visibility="collapsed", width=width,
    )  # fmt: skip


def chosen_map(run: Run) -> tuple[Projection, Axes]:
    """The map that the person chose; for one or two latent dimensions there is only the plane itself."""
    if len(run.projections) == 1 and not run.config.is_conditional:
        return map_alone(run)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if run.config.is_conditional:
            class_chooser(run)
        return map_alone(run)


def map_alone(run: Run) -> tuple[Projection, Axes]:
    """The same without a class chooser beside it."""
    names = list(run.projections)
    if len(names) == 1:
        return get_projection(run.id, names[0]), None
    name = st.segmented_control(
        "Map", names, default=names[0], key="projection", bind="query-params", required=True,
        label_visibility="collapsed", width="content", help=MAP_HELP,
    )  # fmt: skip
    axes = _chosen_axes(run) if name == "axes" else None
    return get_projection(run.id, name or names[0], axes), axes


def class_chooser(run: Run) -> None:
    """As which class pictures are decoded; the points of the map stay where they are, each encoded with its own class."""
    forget_class_of_another_data_set(run.info.dataset.class_names)
    st.selectbox(
        "Decode as class", run.info.dataset.class_names, index=0, key="as", bind="query-params", width=150,
        help="A class-conditional model p(x|z, y) (Sohn et al. 2015). Points on the map are images, each encoded under its own class y; "
        "pictures under the cursor and of pins are decoded under the class chosen here; images that are stops of a path under their own.",
    )  # fmt: skip


def class_choice(run: Run) -> None:
    """The class chooser alone, for a view without a map; nothing for a model that is not class-conditional."""
    if run.config.is_conditional:
        class_chooser(run)
        class_words(run, has_cursor=False)


def chosen_label(run: Run) -> int | None:
    """The class as which this visitor decodes; None for a model that is not class-conditional."""
    return decode_class(run.info.dataset.class_names) if run.config.is_conditional else None


def decoded_as(run: Run) -> str:
    """“ as 3”, the chosen class, to be put after “decoded”; nothing for a model that is not class-conditional. Not yet Markdown."""
    label = chosen_label(run)
    return "" if label is None else f" as {run.info.dataset.class_names[label]}"


def class_words(run: Run, has_cursor: bool = True) -> None:
    """The line that says of what class points and pictures are, for a class-conditional model."""
    if not run.config.is_conditional:
        return
    what = "Points are images, each encoded under its own class; pictures under the cursor are" if has_cursor else "All strips are"
    st.caption(plain(f"{what} decoded{decoded_as(run)}."))


def decoder(run: Run) -> Forward:
    """The run's network, decoding as the chosen class."""
    return replace(run.forward, label=chosen_label(run))


def axes_by_use(run: Run) -> list[int]:
    """All dimensions, from 1, those with the most KL first, or of a deterministic model with the most variance."""
    assert run.info.metrics is not None
    weight = run.info.metrics.kl_per_dim or run.encodings.mu.var(0)
    return [int(k) + 1 for k in np.argsort(-np.asarray(weight), kind="stable")]


def _chosen_axes(run: Run) -> Axes:
    """Two dimensions, by default the first two by use."""
    numbers = axes_by_use(run)
    first = st.selectbox("Across", numbers, index=0, key="x", bind="query-params", width=110, format_func=str)
    second = st.selectbox("Up", numbers, index=1, key="y", bind="query-params", width=110, format_func=str)
    if first == second:
        st.caption("Across and up were the same dimension, so up shows another one.")
        second = next(number for number in numbers if number != first)
    return first - 1, second - 1


def live_surface(
    run_id: str,
    projection: Projection,
    axes: Axes,
    key: str,
    *,
    pins: Sequence[PinRecord] = (),
    markers: Sequence[MarkerRecord] = (),
    path: PathRecord | None = None,
    exact: MarkerRecord | None = None,
    height: int = 600,
    options: Options | None = None,
    keeps: bool = False,
    subject: SubjectRecord | None = None,
) -> None:
    """The map of a run, alive: it draws, zooms and decodes in the browser.

    keeps: what the browser was given in an earlier rerun is not sent again, unless it asks; for pages of several maps.
    """
    dynamic = Dynamic(
        pins=pins,
        markers=markers,
        path=path,
        probe=exact.map if exact else None,
        exact=ExactCode(exact.z, exact.label) if exact else None,
        taken=events.counted_events(),
        undo=Undo(*can_undo(run_id)),
        height=height,
        options=options or Options(),
        subject=subject,
    )
    static = static_payload(run_id, projection.name, axes, chosen_label(get_run(run_id)))
    is_there = events.browser_shows(key, static_id(static)) or (keeps and events.browser_keeps(key, static_id(static)))
    data = pack(dynamic, reference(static) if is_there else static)
    class_names = get_run(run_id).info.dataset.class_names
    surface(
        data,
        key,
        lambda: take_class(key, class_names),
        lambda: take_picture(key),
        options is not None and options.pad is not None,
    )
    class_words(get_run(run_id))
    origin_words(get_run(run_id))
    if key != "reconstruct-surface":  # said there beside the pictures
        channel_words(get_run(run_id))


def channel_words(run: Run) -> None:
    """How pictures of two channels are drawn, which have no colours of their own; nothing for others."""
    if run.image_shape[0] == 2:
        st.caption(TWO_CHANNELS)


def origin_words(run: Run) -> None:
    """Where the pictures under the cursor are not the decoder's own: the line that says so."""
    if run.info.origin is not None and run.info.origin.decoder == "pictures":
        st.caption(plain(run.info.origin.sentences()[0]))


def pins_shown(now: State, run: Run, projection: Projection) -> list[PinRecord]:
    """The visitor's pins with their places on this map."""
    places = [pin.place if pin.place and pin.on == projection.name else place_of(pin.z, run, projection) for pin in now.pins]
    return [PinRecord(pin_letter(i), place, pin.z, pin.name) for i, (pin, place) in enumerate(zip(now.pins, places, strict=True))]


def place_of(code: Sequence[float] | Floats, run: Run, projection: Projection) -> Point:
    """Where a code is on the map."""
    x, y = projection.to_map(np.asarray([code], np.float32), run.encodings.mu)[0].tolist()
    return x, y


def marked(name: str, code: Sequence[float] | Floats, run: Run, projection: Projection, std: Floats | None = None) -> MarkerRecord:
    """A code with its place on the map; `std` (K,) adds the 1σ ellipse where the map is the latent plane."""
    ellipse = Ellipse(float(std[0]), float(std[1])) if std is not None and projection.kind == "identity" else None
    return MarkerRecord(name, place_of(code, run, projection), tuple(float(value) for value in code), ellipse)


def show_picture(picture: Picture, alt: str, size_px: int, fill: bool = False, caption: str | None = None) -> None:
    """A picture in whole enlarged pixels, lossless, with words for those who do not see it; `fill` stretches it to its column."""
    big = fitted(picture, size_px)
    # inside the page and not as a file of the server: after quick reruns the browser would ask for files that are gone
    st.image(data_uri(big), caption=caption, width="stretch" if fill else "content", alt=alt)


def picture_of(run: Run, code: Sequence[float] | Floats) -> Picture:
    """The decoded picture of one code (K,)."""
    return to_picture(decoder(run).decode(np.asarray([code], np.float32))[0])


def stored_pictures(run_id: str, rows: NDArray[np.int64]) -> tuple[NDArray[np.float32] | NDArray[np.uint8], str]:
    """Pictures (B, C, H, W) of rows of the encodings, and a sentence that says what they are."""
    originals = originals_of(run_id, rows)
    if originals is not None:
        return originals, "Images of the test set."
    run = get_run(run_id)
    labels = None if run.told is None else run.told[rows]  # of each its own class, whatever is chosen
    pictures = run.forward.decode(run.encodings.mu[rows], labels)
    return pictures, f"{plain(no_originals(run))}, so these are the model's reconstructions."


def no_originals(run: Run) -> str:
    """Why the original of a test image cannot be shown, the beginning of a sentence."""
    if run.test_images is not None:
        kept = run.test_images
        return f"This run keeps {count(len(kept.rows))} of its {count(kept.n_test)} test images, and this is none of them"
    if not run.info.dataset.is_own:
        return f"{run.info.dataset.name} is not on this machine"
    if run.info.dataset.name.startswith(OWN):
        return "This run was imported without its pictures"
    return "This run does not hold its test images (it was made before runs kept them, and train or import it again adds them)"


def code_decimals(run: Run) -> int:
    """Decimals of the numbers of a run's codes, by how widely they are spread; `frontend/src/data/run-on-map.ts` counts the same way."""
    mu = run.encodings.mu[:: max(1, len(run.encodings.mu) // LOOKED_AT)].astype(float)
    return decimals(SPREAD * float(mu.std(axis=0).max(initial=0))) if len(mu) else decimals(0)


def number_list(values: Sequence[float] | Floats, at_most: int = 8, digits: int = 2) -> str:
    """(0.41, −1.20, …)."""
    shown = ", ".join(number(float(value), digits) for value in list(values)[:at_most])
    return f"({shown}{', …' if len(values) > at_most else ''})"
