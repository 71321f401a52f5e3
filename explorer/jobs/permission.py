"""May this app train and take data sets? One decision, for every page.

`[atlas] training = true` or `false` in `atlas.toml`, which lies in the folder where the app was started or beside `app.py`;
`$LATENT_CONFIG` names another file. Where it says nothing, only an app that nobody else on the network can reach trains.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.errors import LatentError
from trainer.runs.catalogue import HOME

FILE = "atlas.toml"
HOW = f"[atlas] training = true in {FILE} allows it"


@dataclass(frozen=True)
class Permission:
    """Whether, and why not."""

    is_allowed: bool
    why_not: str = ""
    """A sentence; empty where it is allowed."""
    is_local: bool = False
    """Whether only this machine reaches the app: its visitor is the machine's own person, who may steer every training."""


def training_permission(address: str | None, files: Sequence[Path] | None = None) -> Permission:
    """For an app that listens on `address`, None for all of this machine. Raises `LatentError` for a file that cannot be understood."""
    is_local = is_loopback(address)
    said = _said(config_files() if files is None else files)
    if said is False:
        return Permission(False, f"This app does not train: its {FILE} says training = false.", is_local)
    if said is None and not is_local:
        return Permission(False, f"This app does not train, as others on the network reach it; {HOW}.", is_local)
    return Permission(True, is_local=is_local)


def is_loopback(address: str | None) -> bool:
    """Whether nobody but this machine reaches what listens there."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address((address or "").strip("[]")).is_loopback
    except ValueError:
        return False


def config_files() -> tuple[Path, ...]:
    """Where the setting is looked for, the first one that is there counts."""
    if given := os.environ.get("LATENT_CONFIG", "").strip():
        return (Path(given).expanduser(),)
    return (Path(FILE).absolute(), HOME / FILE)


def _said(files: Sequence[Path]) -> bool | None:
    """What the first file that is there says; None where none does."""
    path = next((path for path in files if path.is_file()), None)
    if path is None:
        return None
    try:
        section = tomllib.loads(path.read_text(encoding="utf-8")).get("atlas", {})
    except (OSError, ValueError) as error:
        raise LatentError(f"{path.name} cannot be read ({error}); allowed: TOML with [atlas] training = true or false.") from None
    said = section.get("training") if isinstance(section, dict) else section
    if said is not None and not isinstance(said, bool):
        raise LatentError(f"{path.name}: [atlas] training is {said!r}; allowed: true or false.")
    return said
