"""How does a page that has no server get every map and every class of a run, each array once?

    bytes = u32 length of what follows, inflated | zlib( u32 length | contents JSON | pool of arrays )

An entry is one map, of a conditional run for one class: the header that `payload.pack_static` gives it, and for each array its number in
the pool. Ten classes of three maps share all weights but a bias, and arrays are told apart by their bytes alone, so nothing here knows
what they hold. `explorer/surface/frontend/src/wire/run-bundle.ts` is the reader and puts an entry together again as one payload.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from explorer.pictures.protocols import browser_protocol, ground_of
from explorer.surface.payload import ALIGN, deflated, pack, pack_static, unpack, with_length
from explorer.surface.schema import (
    BUNDLE_FORMAT,
    BUNDLE_VERSION,
    ArrayType,
    BundleContents,
    BundleEntry,
    Dynamic,
    NamedHeader,
    PoolEntry,
)
from explorer.text.run_summary import MEANINGS, UNITS, summary_items
from trainer.latent.paths import LATENT_PATH_KINDS
from trainer.runs.read import Run


def pack_run_bundle(run: Run) -> bytes:
    """Every stored map of a run, for every class of a conditional one, without pictures of the data set."""
    pool = ArrayPool()
    labels = range(run.n_classes) if run.config.is_conditional else (None,)
    entries = [_entry(run, name, label, pool) for name in run.projections for label in labels]
    raw = with_length(_contents(run, entries, pool.table)) + pool.data
    return deflated(raw)


def unpack_run_bundle(data: bytes) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Contents and arrays of `pack_run_bundle`'s bytes. Raises `ValueError` for another format."""
    raw = zlib.decompress(data[4:])
    if len(raw) != int.from_bytes(data[:4], "little"):
        raise ValueError("the run bundle is cut short")
    end = 4 + int.from_bytes(raw[:4], "little")
    contents = json.loads(raw[4:end])
    if contents.get("format") != BUNDLE_FORMAT or contents.get("version") != BUNDLE_VERSION:
        found = f"run bundle format {contents.get('format')!r} version {contents.get('version')!r}"
        raise ValueError(f"{found}; expected {BUNDLE_FORMAT} {BUNDLE_VERSION}")
    arrays = [
        np.frombuffer(raw, entry["dtype"], int(np.prod(entry["shape"])), end + entry["offset"]).reshape(entry["shape"])
        for entry in contents["pool"]
    ]
    return contents, arrays


def _entry(run: Run, name: str, label: int | None, pool: ArrayPool) -> BundleEntry:
    _, header, arrays = unpack(pack(Dynamic(), pack_static(run, run.projections[name], label=label)))
    return {
        "map": name,
        "label": None if label is None else run.info.dataset.class_names[label],
        "header": cast(NamedHeader, {key: value for key, value in header.items() if key != "arrays"}),
        "arrays": {key: pool.number_of(array) for key, array in arrays.items()},
    }


class ArrayPool:
    """Arrays by their bytes: the same one twice is kept once."""

    def __init__(self) -> None:
        self.table: list[PoolEntry] = []
        self._parts: list[bytes] = []
        self._numbers: dict[tuple[str, tuple[int, ...], bytes], int] = {}
        self._size = 0

    def number_of(self, array: NDArray[Any]) -> int:
        """Of an array, which is added where it is new."""
        data = np.ascontiguousarray(array).tobytes()
        key = (array.dtype.name, array.shape, hashlib.sha256(data).digest())
        if key not in self._numbers:
            self._numbers[key] = len(self.table)
            dtype = cast(ArrayType, array.dtype.name)
            self.table.append({"dtype": dtype, "shape": list(array.shape), "offset": self._size, "nbytes": len(data)})
            self._parts.append(data + bytes(-len(data) % ALIGN))
            self._size += len(self._parts[-1])
        return self._numbers[key]

    @property
    def data(self) -> bytes:
        """All of them, each at a multiple of eight."""
        return b"".join(self._parts)


def _contents(run: Run, entries: list[BundleEntry], pool: list[PoolEntry]) -> BundleContents:
    """What the page says and offers beside the map."""
    items, dataset = summary_items(run.info), run.info.dataset
    terms = dict.fromkeys(term for item in items for term in item.terms)
    return {
        "format": BUNDLE_FORMAT,
        "version": BUNDLE_VERSION,
        "title": run.id,
        "facts": [item.text for item in items],
        "meanings": [(term, MEANINGS[term]) for term in terms],
        "units": UNITS if terms else "",
        "source": {"dataset": dataset.name, "licence": dataset.licence, "n": len(run.encodings.mu)},
        "has_prior": not run.config.is_deterministic,
        "paths": LATENT_PATH_KINDS,
        "pad": browser_protocol(dataset.name, None if run.images is None else ground_of(run.images)),
        "leaves": entries,
        "pool": pool,
    }
