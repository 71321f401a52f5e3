"""Can the files of a run be opened? Told from their sizes and headers alone, before anything large is read."""

from __future__ import annotations

import json

from trainer.errors import RunError
from trainer.runs.folder import ENCODINGS, PROJECTION, WEIGHTS
from trainer.runs.storage import Place, Store, store_of

NEEDED = (WEIGHTS, ENCODINGS, PROJECTION)
LENGTH_BYTES = 8  # a safetensors file begins with the length of its header, as a little-endian whole number
MAX_HEADER_BYTES = 100_000_000  # as the package safetensors allows


def damage_of(folder: Place) -> str:
    """What is wrong with the first file of a run that cannot be opened, as a part of a sentence; empty where sizes and headers agree.

    A file of the right size with other numbers in it is not found here: its checksum is held against run.json when it is opened.
    """
    store = store_of(folder)
    return next(filter(None, (_damage(store, name) for name in NEEDED)), "")


def _damage(store: Store, name: str) -> str:
    try:
        size = store.size(name)
        n_header = int.from_bytes(store.start(name, LENGTH_BYTES), "little")
        wanted = LENGTH_BYTES + n_header
        if size >= wanted and n_header <= MAX_HEADER_BYTES:
            wanted += _n_bytes(store.start(name, wanted)[LENGTH_BYTES:])
    except (OSError, RunError):
        return f"{name} cannot be read"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return f"{name} is not a safetensors file"
    if size < wanted:
        return f"{name} is cut off"
    return f"{name} is too long" if size > wanted else ""


def _n_bytes(header: bytes) -> int:
    """How many bytes of numbers the header tells of."""
    tensors = json.loads(header)
    return max((int(tensor["data_offsets"][1]) for key, tensor in tensors.items() if key != "__metadata__"), default=0)
