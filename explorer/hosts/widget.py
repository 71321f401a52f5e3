"""What does Python share with the map in a notebook? The widget's traits; `explorer.notebook` makes it. Needs anywidget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets

from explorer.hosts.html_file import dist
from explorer.hosts.map_link import link_text
from explorer.hosts.pin import Pin
from explorer.surface.film import pack_film_bundle
from explorer.surface.pin_link import Pin as LinkedPin
from explorer.surface.run_bundle import pack_run_bundle
from explorer.surface.schema import MAX_PINS
from explorer.surface.training import pack_training
from trainer.datasets import Dataset, piano_roll
from trainer.errors import ConfigError
from trainer.maps.projection import Projection
from trainer.maps.support import SupportEstimator
from trainer.runs.read import Run


class TrainingWidget(anywidget.AnyWidget):
    """The page that trains, in a notebook: nothing of it comes back to Python."""

    _esm = dist("train.js")
    images = traitlets.Bytes().tag(sync=True)
    """What it learns from, see `explorer.surface.training`."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(images=pack_training(dataset))


class AtlasWidget(anywidget.AnyWidget):
    """The map of a run in a notebook. What is pinned there is in `pins`; setting `pins` puts them on the map."""

    _esm = dist("hosts.js")
    book = traitlets.Bytes().tag(sync=True)
    """What the browser gets once: every map of the run, see `explorer.surface.run_bundle`."""
    film = traitlets.Bytes().tag(sync=True)
    """The film of the training, see `explorer.surface.film.pack_film_bundle`; nothing where there is none, or it was left out."""
    film_program = traitlets.Unicode().tag(sync=True)
    """What shows it."""
    pinned: Any = traitlets.List(traitlets.Dict()).tag(sync=True)
    """The same as plain values, for `observe`."""
    map_name = traitlets.Unicode().tag(sync=True)
    """The map that is shown."""
    decoded_as = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    """Of a class-conditional run, the class that is shown."""
    height = traitlets.Int(560).tag(sync=True)
    """Of the map, in CSS pixels."""

    def __init__(self, run: Run, map_name: str | None, label: str | None, height: int, film: bool = True) -> None:
        self.run = run
        names, classes = list(run.projections), list(run.info.dataset.class_names)
        shown = names[0] if map_name is None else map_name
        first = classes[0] if run.config.is_conditional else None
        if piano_roll(run.info.dataset.name) is not None:
            self._esm = dist("site-sound.js") + "\n" + dist("hosts.js")  # the map looks for it when it is made
        super().__init__(
            book=pack_run_bundle(run),
            film=(data := pack_film_bundle(run) if film else b""),
            film_program=dist("film.js") if data else "",
            map_name=shown,
            decoded_as=first if label is None else label,
            height=height,
        )

    @traitlets.validate("map_name")
    def _check_map(self, proposal: dict[str, Any]) -> str:
        name, there = proposal["value"], list(self.run.projections)
        if name not in there:
            raise ConfigError("map", name, ", ".join(there))
        return str(name)

    @traitlets.validate("decoded_as")
    def _check_class(self, proposal: dict[str, Any]) -> str | None:
        name, run = proposal["value"], self.run
        if not run.config.is_conditional:
            if name is not None:
                raise ConfigError("as_class", name, f"None: run {run.id!r} is not class-conditional")
            return None
        if name not in run.info.dataset.class_names:
            raise ConfigError("as_class", name, ", ".join(run.info.dataset.class_names))
        return str(name)

    @property
    def projection(self) -> Projection:
        """The map that is shown."""
        return self.run.projections[self.map_name]

    @property
    def link(self) -> str:
        """Run, map, class and pins, as `explorer.notebook.show(run, link=…)` and, after ?, the app's address open them again."""
        return link_text(self.run.id, self.map_name, self.decoded_as, map(_linked, self.pinned))

    def take_linked(self, pins: Iterable[LinkedPin]) -> None:
        """Shows the pins of a link, which `map_link.read_link` found sound."""
        self.pinned = [{"z": list(pin.z), "on": pin.on, "place": pin.place and list(pin.place), "name": pin.name} for pin in pins]

    @property
    def pins(self) -> tuple[Pin, ...]:
        """What is pinned, in the order in which it was, each with its place on the map that is shown."""
        return tuple(self._pin(record) for record in self.pinned)

    @pins.setter
    def pins(self, pins: Iterable[Pin | Sequence[float]]) -> None:
        records = [self._record(pin) for pin in pins]
        if len(records) > MAX_PINS:
            raise ConfigError("pins", f"{len(records)} pins", f"up to {MAX_PINS}")
        self.pinned = records

    def _pin(self, record: dict[str, Any]) -> Pin:
        projection, z = self.projection, np.asarray(record["z"], np.float32)
        kept = record.get("place") if record.get("on") == projection.name else None
        x, y = kept or projection.to_map(z[None], self.run.encodings.mu)[0].tolist()
        support = float(SupportEstimator(self.run.encodings.mu, not self.run.config.is_deterministic).of(z[None])[0])
        return Pin(tuple(map(float, record["z"])), (float(x), float(y)), support, record.get("name", ""))

    def _record(self, pin: Pin | Sequence[float]) -> dict[str, Any]:
        """As the browser has it: a place is kept only where the map has no exact way from code to place."""
        is_pin, projection = isinstance(pin, Pin), self.projection
        z = np.asarray(pin.z if isinstance(pin, Pin) else pin, float)
        n_dims = self.run.config.latent_dim
        if z.shape != (n_dims,) or not np.isfinite(z).all():
            raise ConfigError(
                "pin", np.round(z, 3).tolist(), f"a code of run {self.run.id!r}, latent_dim is {n_dims}, of finite numbers"
            )
        keeps = is_pin and projection.kind == "lattice"
        place = list(map(float, pin.map)) if isinstance(pin, Pin) and keeps else None
        name = pin.name if isinstance(pin, Pin) else ""
        return {"z": z.tolist(), "on": projection.name if keeps else "", "place": place, "name": name}


def _linked(record: dict[str, Any]) -> LinkedPin:
    """A pin as the browser has it."""
    place = record.get("place")
    return LinkedPin(tuple(record["z"]), record.get("on", ""), place and (place[0], place[1]), record.get("name", ""))
