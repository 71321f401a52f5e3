"""What stands in for a decoder that no engine of ours can run: pictures that it gave, and what lies between them.

One or two codes: a lattice, linear or bilinear between its nodes. More: a gallery of codes anywhere, the nearest of which are averaged
(modified Shepard interpolation: Franke & Nielson 1980). At a stored code the picture is the decoder's own; between them it is only likely,
and `trainer.importers.importing` measures by how much it is off. The browser has the same in
`explorer/surface/frontend/src/engine/tabulated-decoder.ts`.

Letters: B codes asked for, n stored ones, C×H×W the shape of a picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.models.layers import NEAREST

Floats = NDArray[np.float32]
Bytes = NDArray[Any]  # uint8


def on_lattice(z: Floats, pictures: Bytes, size: int, low: float, high: float) -> Floats:
    """(B, C·H·W): between the 2 or 4 pictures around each code; size codes from low to high in each of 1 or 2 dimensions."""
    n_codes, last = z.shape[1], size - 1
    at = np.clip((z - low) / (high - low) * last, 0, last)
    corner = np.minimum(at.astype(np.int64), last - 1)
    share = (at - corner).astype(np.float32)
    out = np.zeros((len(z), pictures.shape[1]), np.float32)
    for step in np.ndindex(*[2] * n_codes):
        weight = np.prod(np.where(step, share, 1 - share), axis=1, dtype=np.float32)
        row = ((corner + step) * size ** np.arange(n_codes)).sum(1)
        out += weight[:, None] * pictures[row]
    return np.asarray(out / 255, np.float32)


def in_gallery(z: Floats, pictures: Bytes, codes: Floats) -> Floats:
    """(B, C·H·W): of each code the weighted mean of the nearest pictures."""
    squares = np.square(z[:, None, :].astype(float) - codes[None]).sum(2) if codes.shape[1] < 4 else _squares(z, codes)
    nearest = np.argpartition(squares, NEAREST, axis=1)[:, : NEAREST + 1]
    distance = np.sqrt(np.maximum(np.take_along_axis(squares, nearest, 1), 1e-12))
    reach = distance.max(1, keepdims=True)
    weight = np.square((reach - distance) / (reach * distance)) + 1e-12  # where all are as far, their plain mean
    weight /= weight.sum(1, keepdims=True)
    mixed = np.einsum("bk,bkp->bp", weight.astype(np.float32), pictures[nearest].astype(np.float32))
    return np.asarray(mixed / 255, np.float32)


def _squares(z: Floats, codes: Floats) -> NDArray[np.float64]:
    """Squared distances (B, n) by one product of matrices, in double precision, because it cancels."""
    a, b = z.astype(float), codes.astype(float)
    return np.asarray((a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1))
