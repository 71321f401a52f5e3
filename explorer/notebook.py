"""How does the map of a run stand in a notebook?

    from explorer.notebook import show

    atlas = show("mnist-2d")      # the last line of a cell: hover decodes, a click pins
    atlas.pins                    # (Pin(z=(0.41, -1.2), map=(0.41, -1.2), support=0.52), …)
    atlas.pins = [[0, 0], [1, 1]]
    atlas.link                    # "run=mnist-2d&projection=latent&pins=0_0~1_1": show("mnist-2d", link=…) opens it again

    train("digits")               # a network that learns in the cell's output

Needs anywidget, and nothing else that the app does not need; the browser decodes, so it works without a kernel too, but for the pins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from explorer.hosts.map_link import MapLink, read_link
from explorer.hosts.pin import Pin
from trainer.datasets import load_dataset
from trainer.errors import LatentError
from trainer.runs.catalogue import load_run
from trainer.runs.read import Root, Run

if TYPE_CHECKING:
    from explorer.hosts.widget import AtlasWidget, TrainingWidget

__all__ = ["Pin", "show", "train"]

FOREIGN = ("anywidget", "traitlets", "ipywidgets", "IPython", "comm", "psygnal")


def show(
    run: str | Run,
    *,
    runs: Root | Sequence[Root] | None = None,
    map: str | None = None,
    as_class: str | None = None,
    pins: Iterable[Pin | Sequence[float]] = (),
    link: str | None = None,
    height: int = 560,
    film: bool = True,
) -> AtlasWidget:
    """The map of a run, by name or loaded, as a widget.

    map: "latent", "umap", "pca", "axes", the first that the run has by default.
    as_class: the class as which a conditional run decodes.
    link: what `atlas.link` says, or an address of the app or of an exported page: its map, class and pins, where they are not given here;
        camera and layers of an address stay there. The key U copies the line with what is shown.
    height: of the map in CSS pixels, where the window has room.
    film: with the film of the training, where the run has one; False leaves it out, which makes the notebook smaller.

    Raises `RunError` as `load_run` does, `ConfigError` for a map, class, pin or
    link that the run does not have, `LatentError` where anywidget is missing.
    """
    with _anywidget():
        from explorer.hosts.widget import AtlasWidget
    loaded = load_run(run, runs) if isinstance(run, str) else run
    linked = MapLink() if link is None else read_link(link, loaded)
    given = list(pins)
    shown, label = linked.map_name if map is None else map, linked.as_class if as_class is None else as_class
    widget = AtlasWidget(loaded, shown, label, height, film)
    if given or not linked.pins:
        widget.pins = given
    else:
        widget.take_linked(linked.pins)
    return widget


def train(dataset: str = "digits") -> TrainingWidget:
    """A page that trains on a data set of `trainer.datasets`, in the browser.

    Raises `DataError` for one that is not here, `LatentError` where anywidget is missing.
    """
    with _anywidget():
        from explorer.hosts.widget import TrainingWidget
    return TrainingWidget(load_dataset(dataset))


@contextmanager
def _anywidget() -> Iterator[None]:
    """Around the import of `explorer.hosts.widget`: one sentence about what it needs."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in FOREIGN:
            raise
        raise LatentError(
            f"a map in a notebook needs the package anywidget, and {error.name} is not installed here: pip install anywidget==0.11.0."
        ) from None
