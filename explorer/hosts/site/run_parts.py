"""What of a run does the first map need, and what may come later? The encoder is half of an MLP's weights, and nobody draws at once.

Both parts have the form of `surface.run_bundle`, the numbers of the second go on after those of the first; but the arrays lie in
planes, see `payload.in_planes`. `frontend/src/site/growing-bundle.ts` puts all of it together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.surface.payload import deflated, in_planes, with_length
from explorer.surface.run_bundle import ArrayPool, pack_run_bundle, unpack_run_bundle
from trainer.runs.read import Run

LATER = "w.encoder."


@dataclass(frozen=True)
class RunParts:
    """A run in two parts, packed."""

    first: bytes
    rest: bytes
    """Nothing where the first is all."""
    maps: tuple[tuple[str, str], ...]
    """Name and title of each map."""
    labels: tuple[str, ...]
    """Classes that the decoder can be given."""


def run_parts(run: Run) -> RunParts:
    """The first map, of the first class, without the encoder; and all else."""
    contents, arrays = unpack_run_bundle(pack_run_bundle(run))
    leaves = contents["leaves"]
    head = leaves[0]
    kept = {name: number for name, number in head["arrays"].items() if not name.startswith(LATER)}
    order = [*dict.fromkeys(kept.values())]
    header = {**head["header"], "encoder": [], "id": f"{head['header']['id']}-first"}  # by which a map knows that it is given more
    first_leaf = {**head, "header": header, "arrays": {name: order.index(number) for name, number in kept.items()}}
    first = _packed({**contents, "leaves": [first_leaf]}, [arrays[i] for i in order])
    others = [i for i in range(len(arrays)) if i not in set(order)]
    place = {number: i for i, number in enumerate([*order, *others])}
    numbered = [{**leaf, "arrays": {name: place[i] for name, i in leaf["arrays"].items()}} for leaf in leaves]
    is_all = len(leaves) == 1 and not others
    return RunParts(
        first,
        b"" if is_all else _packed({**contents, "leaves": numbered}, [arrays[i] for i in others]),
        tuple({leaf["map"]: leaf["header"]["projection"]["title"] for leaf in leaves}.items()),
        tuple(leaf["label"] for leaf in leaves if leaf["map"] == head["map"] and leaf["label"] is not None),
    )


def _packed(contents: dict[str, Any], arrays: Sequence[NDArray[Any]]) -> bytes:
    """arrays: of one run's pool, so no two are the same"""
    pool = ArrayPool()
    for array in arrays:
        pool.number_of(array)
    return deflated(with_length({**contents, "pool": pool.table}) + in_planes(pool.data, pool.table))


def images_of(run: Run) -> str:
    """A name for the test images of a run in their order: where it is the same, a number is the same image."""
    order = np.ascontiguousarray(run.encodings.index, np.int64).tobytes()
    return hashlib.sha256(run.info.dataset.sha256.encode() + order).hexdigest()[:16]
