"""What does the browser get of a training that goes on on this machine? The codes, terms and decoder of its last moment that was shown."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.surface.lowering import ops, plain_network
from explorer.surface.network_schema import Op
from explorer.surface.payload import pack_arrays
from trainer.config import FitConfig
from trainer.runs.live import Live

MOST_WEIGHTS = 4_000_000  # parameters of a decoder: 8 MB every second are no trouble within a machine
TOO_MANY = "The decoder has {:.0f} million parameters, too many to be sent every second; its pictures are there when the run is."
HISTORY = ("train_reconstruction", "train_kl", "test_reconstruction", "test_kl")
LivePhase = Literal["waiting", "running", "paused", "ended"]
Arrays = dict[str, NDArray[Any]]


def pack_live(live: Live | None, config: FitConfig, number: int, run: str, phase: LivePhase, steers: bool) -> bytes:
    """A training's moment for `frontend/src/wire/live.ts`. live: None before its first; config: with which it was asked for then."""
    config = config if live is None else live.config
    about: dict[str, Any] = {
        "number": number,
        "run": run,
        "phase": phase,
        "steers": steers,
        "is_begun": live is not None,
        "dataset": config.data,
        "latent_dim": config.latent_dim,
        "is_deterministic": config.is_deterministic,
        "likelihood": config.likelihood,
        "set_beta": config.beta,
        "set_learning_rate": config.learning_rate,
    }
    if live is None:
        nothing = dict.fromkeys(("step", "n_steps", "epoch", "beta", "learning_rate", "reconstruction", "kl"), 0)
        unknown = {"image_shape": (1, 1, 1), "class_names": (), "decoder": (), "decoded_as": None, "why_no_decoder": ""}
        return pack_arrays(about | nothing | unknown, {})
    decoder, weights, why = _decoder(live)
    numbers = {name: _finite(getattr(live, name)) for name in ("step", "n_steps", "epoch", "beta", "learning_rate")}
    terms = {name: _finite(getattr(live, name)) for name in ("reconstruction", "kl")}
    shape = {"image_shape": live.image_shape, "class_names": live.class_names}
    told = live.class_names[0] if live.n_classes else None
    network = {"decoder": decoder, "decoded_as": told, "why_no_decoder": why}
    return pack_arrays(about | numbers | terms | shape | network, _points(live) | _history(live) | weights)


def _points(live: Live) -> Arrays:
    return {
        "mu": live.mu,
        "label": live.label.astype(np.int16),
        "index": live.index.astype(np.int32),
        "kl_per_dim": np.zeros(live.config.latent_dim, np.float32) if live.config.is_deterministic else live.kl_per_dim,
    }


def _history(live: Live) -> Arrays:
    """The rows of the epochs that are over, by steps: every epoch has as many."""
    steps = live.n_steps / live.config.epochs
    columns = {name: [row.get(name, 0.0) for row in live.history] for name in HISTORY}
    columns["step"] = [row["epoch"] * steps for row in live.history]
    return {f"history.{name}": np.array(column, np.float32) for name, column in columns.items()}


def _decoder(live: Live) -> tuple[list[Op], Arrays, str]:
    """Its operations and arrays; where they are too many, one that is grey everywhere, and the sentence."""
    n_weights = sum(array.size for array in live.weights.values())
    if n_weights > MOST_WEIGHTS:
        grey = np.full(live.image_shape, 0.5, np.float16)
        return [{"op": "constant", "weight": "w.decoder.0.weight"}], {"w.decoder.0.weight": grey}, TOO_MANY.format(n_weights / 1e6)
    network = plain_network(live, "decoder", 0 if live.config.is_conditional else None)
    arrays: Arrays = {f"w.decoder.{name}": array.astype(np.float16) for name, array in network.arrays.items()}
    return ops("decoder", network), arrays, ""


def _finite(value: float) -> float:
    """The browser's parser has no other numbers; a training whose terms are none stops at once, and says so."""
    return value if np.isfinite(value) else 0.0
