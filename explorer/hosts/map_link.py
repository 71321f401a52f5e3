"""What does a link say of run, map, class and pins to Python outside the app, and how does Python say it?

Read are addresses of the app and of exported pages, and what stands in them after ? or #; written is what all of them read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from explorer.surface.pin_link import Pin, parse_pins, pin_text
from explorer.text.escape import shortened
from trainer.errors import ConfigError
from trainer.runs.read import Run

ALLOWED = "an address of the app or of an exported page, or what `link` of a map in a notebook says"


@dataclass(frozen=True)
class MapLink:
    """What a link says; None and nothing where it does not."""

    map_name: str | None = None
    as_class: str | None = None
    pins: tuple[Pin, ...] = ()


def link_text(run_id: str, map_name: str, as_class: str | None, pins: Iterable[Pin]) -> str:
    """What comes after ? in the app's address."""
    told = {"run": run_id, "projection": map_name, "as": as_class or "", "pins": "~".join(map(pin_text, pins))}
    return urlencode({name: text for name, text in told.items() if text}, safe="~!*_")


def read_link(text: str, run: Run) -> MapLink:
    """Raises `ConfigError` for a text that says nothing of a map, a link of another run, and pins that are no codes of this one."""
    address, _, fragment = text.partition("#")
    query = address.partition("?")[2] if "?" in address or "://" in address else address
    asked = dict([*parse_qsl(query), *parse_qsl(fragment)])
    if not {"run", "projection", "map", "as", "pins"} & set(asked):
        raise ConfigError("link", shortened(text, 80), ALLOWED)
    if asked.get("run", run.id) != run.id:
        raise ConfigError("link", f"one to run {shortened(asked['run'], 40)}", f"one to run {run.id}, which is shown")
    parts = [part for part in asked.get("pins", "").split("~") if part]
    pins = tuple(pin for pin in parse_pins(parts) if len(pin.z) == run.config.latent_dim)
    if len(pins) < len(parts):
        whole = f"codes of run {run.id!r}, latent_dim is {run.config.latent_dim}"
        raise ConfigError("link", f"{len(parts)} pins, {len(parts) - len(pins)} of them damaged or of another run", whole)
    as_class = asked.get("as") if run.config.is_conditional else None  # the app's address may still have that of a run before
    return MapLink(asked.get("projection", asked.get("map")), as_class, pins)
