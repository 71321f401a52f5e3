"""What does an interactive piece beside a lesson get of a run? One image with its posterior, and the decoder: no other image, no map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from explorer.surface.lowering import ops, plain_network
from explorer.surface.payload import pack_arrays
from trainer.errors import RunError
from trainer.runs.read import Run


def pack_piece(run: Run, image: int, picture: NDArray[np.uint8] | None) -> bytes:
    """Header (`PieceHeader`) and arrays. Raises `RunError` where the run has no such image.

    picture: (C, H, W); None where it is not on this machine: then the decoding of its code stands for it, and is encoded anew, so that what
    is shown, its posterior and its likelihood are of one picture
    """
    if not image < len(run.encodings.mu):
        raise RunError(f"run {run.id!r} has no test image {image}; allowed: 0 to {len(run.encodings.mu) - 1}.")
    mu, logvar = run.encodings.mu[image], run.encodings.logvar[image]
    shown = picture if picture is not None else np.rint(255 * np.clip(run.forward.decode(mu[None])[0], 0, 1)).astype(np.uint8)
    if picture is None:
        codes = run.forward.encode(np.divide(shown[None], 255, dtype=np.float32))
        mu, logvar = codes.mu[0], codes.logvar[0]
    decoder = plain_network(run, "decoder")
    header: Mapping[str, object] = {
        "run": run.id,
        "dataset": run.info.dataset.name,
        "image": image,
        "is_decoding": picture is None,
        "image_shape": run.image_shape,
        "likelihood": run.config.likelihood,
        "log_sigma": float(run.weights["log_sigma"]),
        "decoder": ops("decoder", decoder),
    }
    weights = {f"w.decoder.{name}": array.astype(np.float16) for name, array in decoder.arrays.items()}
    codes_of = {"mu": mu.astype(np.float32), "logvar": logvar.astype(np.float32)}
    return pack_arrays(header, {**weights, **codes_of, "picture": shown})
