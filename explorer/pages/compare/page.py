"""How do runs differ? Two to four beside each other, one probe and one test image for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.cache.datasets import originals_of
from explorer.cache.maps import get_projection
from explorer.cache.runs import all_runs, get_run
from explorer.pages.compare.rate_distortion import (
    Measure,
    Scored,
    another_command,
    apart_sentence,
    image_sentence,
    images_of,
    measure_of,
    of_data_set,
    own_label,
    scored,
)
from explorer.pages.compare.rate_distortion_section import show_rates
from explorer.pictures.arrays import Picture, fitted, picture_grid, to_picture
from explorer.session import columns as comparison
from explorer.session.class_choice import decode_as
from explorer.session.column_link import AXES, MOST_COLUMNS, Column, complaint, fitting, proposal
from explorer.session.columns import Comparison
from explorer.session.load import State
from explorer.surface.schema import MarkerRecord, Options
from explorer.text.escape import capitalised, escape_markdown
from explorer.text.numbers import format_number
from explorer.text.run_summary import HELP, brief_summary
from explorer.widgets.class_chooser import class_chooser
from explorer.widgets.live_map import live_map
from explorer.widgets.map_chooser import MAP_HELP, Axes, axes_by_use, map_alone
from explorer.widgets.pictures import run_image_name
from explorer.widgets.run_chooser import run_chooser
from explorer.widgets.verdict import verdict_line
from trainer.errors import LatentError
from trainer.maps.projection import Projection
from trainer.numerals import dimension
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

HEIGHTS = {2: 460, 3: 400, 4: 340}
PICTURE_PX = 140  # 5 × 28
IMAGE_HELP = """**−log p**: −log p(x|z) of the grey image at the one code z = μ from which the picture is decoded; nats, summed over pixels,
lower is better. The *reconstruction loss* of the other views is its mean over z ~ q(z|x), usually a little higher. **KL**:
KL(q(z|x) ‖ N(0, I)) of this image, nats, summed over dimensions (Kingma & Welling 2014, appendix B). A deterministic model has one code per
image and no KL. A class-conditional model is given the image's own class."""
STORED_HELP = """The images are not on this machine: −log p(x|z) is the one that was stored with the run, at one draw z ~ q(z|x); another
draw would differ by a few nats."""


@dataclass(frozen=True)
class Table:
    """What lies on the table."""

    run_id: str
    """Of the first column: the page's run."""
    chosen: Comparison
    """The other columns and the image."""
    runs: Mapping[str, RunInfo]
    """All that can be chosen, by name."""

    @property
    def first(self) -> RunInfo:
        return self.runs[self.run_id]

    @property
    def data_set(self) -> str:
        """Its content's name, under which the comparison is kept."""
        return self.first.dataset.sha256

    @property
    def columns(self) -> tuple[Column, ...]:
        return (Column(self.run_id), *self.chosen.columns)

    @property
    def names(self) -> list[str]:
        """The run of every column, "" where none was chosen."""
        return [column.run_id for column in self.columns]


@dataclass(frozen=True)
class Shown:
    """A column that could be shown."""

    run: Run
    images: str
    """A name for its test images; columns of the same name move together."""


def show(now: State) -> None:
    """The whole page."""
    runs = {name: info for name, info in all_runs().items() if isinstance(info, RunInfo)}
    table = Table(now.run_id, _chosen(now.run_id, runs), runs)
    _notices()
    _controls(table)
    shown: list[Shown] = []
    for index, place in enumerate(st.columns(len(table.columns), gap="medium")):
        with place:
            column = _column(table, index, shown[0].images if shown else None)
        if column is not None:
            shown.append(column)
    linked = {column.run.id: column.run for column in shown if column.images == shown[0].images}
    if linked:
        _pictures(list(linked.values()), table.chosen.image)
    st.divider()
    show_rates(now.run_id, table.names, runs)


def _chosen(run_id: str, runs: Mapping[str, RunInfo]) -> Comparison:
    """What is compared, without what is not there any more, and with a proposal where nobody has chosen."""
    first = runs[run_id]
    kept = comparison.compared(first.dataset.sha256)
    if kept is None:
        kept, complaints = comparison.from_link(runs, first.dataset.n_test)
        comparison.complain([*complaints, *(why for column in kept.columns if (why := _complaint(column)))])
    columns = [column if column.run_id in runs else Column() for column in kept.columns] or [_proposal([run_id], runs)]
    now = Comparison(tuple(map(_fitting, columns)), min(kept.image, first.dataset.n_test - 1))
    comparison.remember(first.dataset.sha256, now)
    return now


def _proposal(shown: list[str], runs: Mapping[str, RunInfo]) -> Column:
    return proposal(shown, list(of_data_set(runs, runs[shown[0]])), _maps(shown[0]))


def _maps(run_id: str) -> list[str]:
    """Names of a run's maps; none where they cannot be read, which its column says."""
    try:
        return list(get_run(run_id).projections)
    except LatentError:
        return []


def _fitting(column: Column) -> Column:
    maps = _maps(column.run_id) if column.run_id else []
    return fitting(column, maps, get_run(column.run_id).config.latent_dim) if maps else column


def _complaint(column: Column) -> str | None:
    maps = _maps(column.run_id)
    return complaint(column, maps, get_run(column.run_id).config.latent_dim) if maps else None


def _notices() -> None:
    """What of the link could not be had."""
    notices = comparison.notices()
    if notices:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning("  \n".join(map(escape_markdown, notices)), icon=":material/info:")
            st.button("Dismiss", on_click=comparison.dismiss_notices, key="dismiss-compare", type="tertiary")


def _controls(table: Table) -> None:
    """The image for all columns, one more column, and what happens under the hand."""
    last = table.first.dataset.n_test - 1
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        comparison.show(comparison.IMAGE_KEY, table.chosen.image)
        st.number_input(
            f"Test image, 0 to {last}",
            0,
            last,
            key=comparison.IMAGE_KEY,
            on_change=comparison.take_image,
            args=(table.data_set,),
            width=180,
            help="All columns of this data set go to their own code of this image.",
        )
        _class_of_image(table)
        st.button(
            "Add a column",
            icon=":material/add:",
            key="add-column",
            disabled=len(table.columns) == MOST_COLUMNS,
            on_click=comparison.add_column,
            args=(table.data_set, _proposal(table.names, table.runs)),
        )
        st.caption(
            "Each column is one run's map of the test images. Hover over one, or use its keys: the others follow, with the same code (same "
            "run) or their own code of the nearest image.",
            width="stretch",
        )


def _class_of_image(table: Table) -> None:
    """The class that conditional models are told: with every new image its own, until another one is chosen."""
    told = [name for name in table.names if name and table.runs[name].config.is_conditional]
    if not told:
        return
    run = get_run(told[0])
    try:
        label = int(run.encodings.label[table.chosen.image])
    except (LatentError, IndexError):  # damaged, which its column says; or of another data set with fewer images
        label = -1
    if label >= 0:
        decode_as("compare", f"test image {table.chosen.image}", run.info.dataset.class_names[label])
    class_chooser(run)


def _column(table: Table, index: int, images: str | None) -> Shown | None:
    """One column: its choosers and its map, which follows those of the same `images`. What is wrong with a run is said in its column."""
    column = table.columns[index]
    _run_chooser(table, index)
    if not column.run_id:
        _nothing_chosen(table.first)
        return None
    try:
        run = get_run(column.run_id)
        projection, axes = _map_and_facts(table, index, run)
        own = images_of(run)
        image = _image_on(run, projection, table.chosen.image) if own == (images or own) else None
        live_map(
            run.id,
            projection,
            axes,
            f"compare-{index}",
            markers=[image] if image else [],
            exact=image,
            height=HEIGHTS[len(table.columns)],
            keeps=True,
            options=Options(pinnable=False, hint=False, compact=True, link=f"compare-{own}"),
        )
    except LatentError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None
    if image is None:
        name = run.info.dataset.name
        st.caption(
            escape_markdown(
                f"{run.id} was trained on {name}: its images are others, so it does not follow. Linking needs the same data set."
            )
        )
    return Shown(run, own)


def _run_chooser(table: Table, index: int) -> None:
    """The first column's run is the page's; the others offer the runs of its data set first."""
    if index == 0:
        run_chooser(table.runs, "stretch")
        return
    at, here, run_id = index - 1, of_data_set(table.runs, table.first), table.names[index]

    def words(name: str) -> str:
        return name if name in here else f"{name} ({table.runs[name].dataset.name}: does not follow)"

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        comparison.show(comparison.run_key(at), run_id or None)
        st.selectbox(
            f"Run of column {index + 1}",
            [*here, *(name for name in table.runs if name not in here)],
            index=0 if run_id else None,
            placeholder="Choose a run",
            format_func=words,
            key=comparison.run_key(at),
            on_change=comparison.take_run,
            args=(table.data_set, at),
            label_visibility="collapsed",
        )
        if len(table.columns) > 2:
            st.button(
                "",
                icon=":material/close:",
                key=f"drop-column-{at}",
                on_click=comparison.drop_column,
                args=(table.data_set, at),
                type="tertiary",
                help=f"Remove column {index + 1}",
            )


def _nothing_chosen(first: RunInfo) -> None:
    """An empty column says how to fill it."""
    st.caption(escape_markdown(f"Choose a run above. For another one of {first.dataset.name}, train it and reload this page:"))
    st.code(another_command(first), language="bash", wrap_lines=True)


def _map_and_facts(table: Table, index: int, run: Run) -> tuple[Projection, Axes]:
    """The map chooser and the run's figures: beside each other where no column wraps them, else below each other in all."""
    facts, is_roomy = escape_markdown(brief_summary(run.info)), len(table.columns) == 2
    if not is_roomy:
        st.caption(facts, help=HELP)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chosen = _chosen_map(table, index, run)
        if is_roomy:
            st.caption(facts, help=HELP, width="content")
        verdict_line(run.id, f"verdict-{index}", is_brief=True)
    return chosen


def _chosen_map(table: Table, index: int, run: Run) -> tuple[Projection, Axes]:
    """The map of a column; the first column's is the page's."""
    names, column, at = list(run.projections), table.columns[index], index - 1
    if len(names) == 1:  # nothing to choose, but what is shown is said as in the other columns
        st.segmented_control(
            f"Map of column {index + 1}",
            names,
            default=names[0],
            key=f"only-map-{index}-{names[0]}",
            required=True,
            label_visibility="collapsed",
            width="content",
        )
        return get_projection(run.id, names[0]), None
    if index == 0:
        return map_alone(run)
    comparison.show(comparison.map_key(at), column.map_name)
    st.segmented_control(
        f"Map of column {index + 1}",
        names,
        key=comparison.map_key(at),
        required=True,
        on_change=comparison.take_map,
        args=(table.data_set, at),
        label_visibility="collapsed",
        width="content",
        help=MAP_HELP,
    )
    axes = _chosen_axes(at, run, column, table.data_set) if column.map_name == AXES else None
    return get_projection(run.id, column.map_name, axes), axes


def _chosen_axes(at: int, run: Run, column: Column, data_set: str) -> tuple[int, int]:
    """Two dimensions, each without what the other one is."""
    numbers = axes_by_use(run)
    chosen = column.axes or (numbers[0] - 1, numbers[1] - 1)
    for i, word in enumerate(("Across", "Up")):
        key = comparison.axis_keys(at)[i]
        comparison.show(key, chosen[i] + 1)
        st.selectbox(
            f"{word}, column {at + 2}",
            [n for n in numbers if n != chosen[1 - i] + 1],
            key=key,
            on_change=comparison.take_map,
            args=(data_set, at),
            width=72,
            format_func=lambda number: dimension(number - 1),
            label_visibility="collapsed",
        )
    return chosen


def _image_on(run: Run, projection: Projection, row: int) -> MarkerRecord:
    """A test image on a map, at the very place of its point."""
    x, y = projection.points[row].tolist()
    return MarkerRecord(f"Test image {row}", (x, y), tuple(run.encodings.mu[row].tolist()))


def _pictures(runs: list[Run], row: int) -> None:
    """The image itself and what each run makes of it; all runs have the same test images."""
    originals = originals_of(runs[0].id, np.array([row]))
    x = None if originals is None else originals[0].astype(np.float32) / 255
    pictures: list[Picture] = [] if originals is None else [to_picture(originals[0])]
    lines = [] if originals is None else ["the image itself"]
    scores: dict[Measure, list[Scored]] = {}
    for run in runs:
        score = scored(run, row, x)
        scores.setdefault(measure_of(run.info), []).append(score)
        pictures.append(to_picture(run.forward.decode(run.encodings.mu[[row]], own_label(run, row))[0]))
        rest = " nats, no KL" if score.kl is None else f", KL {format_number(score.kl)} nats"
        lines.append(f"{run.id}: −log p {format_number(score.nll)}{rest}")
    st.markdown(f"**{escape_markdown(capitalised(run_image_name(runs[0], row)))} in every run**")
    st.html(picture_grid([fitted(picture, PICTURE_PX) for picture in pictures], lines, cell_px=PICTURE_PX + 30))
    told = [apart_sentence(scores) or image_sentence(next(iter(scores.values())))]
    told.append("Each picture is decoded from its posterior mean.")
    st.caption(
        escape_markdown(" ".join(filter(None, told))), help=IMAGE_HELP if x is not None else f"{IMAGE_HELP}\n\n{STORED_HELP}"
    )
