"""How are data handed to a page that may neither fetch nor load modules? As a plain script that calls one function with base64.

A file's name has the hash of its bytes, so that a host may let browsers keep it for ever. What a name is made of was checked before: it is
the name of a run, or of a lesson in `NAME`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from explorer.surface.payload import deflated
from trainer.errors import LatentError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
HASH_LETTERS = 12
Files = dict[str, bytes]
"""By their paths within the site."""


def add_part(files: Files, folder: str, name: str, packed: bytes) -> str:
    """The path of a part with bytes that begin with how many they are inflated (`packed`)."""
    path = f"{folder}/{checked_name(name)}.{_digest(packed)}.js"
    files[path] = f"latentAtlasPart({json.dumps(path)},{json.dumps(base64.b64encode(packed).decode())});\n".encode()
    return path


def add_file(files: Files, folder: str, name: str, ending: str, data: bytes) -> str:
    """The path of a file of these bytes."""
    path = f"{folder}/{checked_name(name)}.{_digest(data)}.{ending}"
    files[path] = data
    return path


def pack_record(record: Mapping[str, Any]) -> bytes:
    """A record as JSON, packed."""
    return deflated(json.dumps(record, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode())


def checked_name(name: str) -> str:
    """The name, where it can be part of a file's. Raises `LatentError`."""
    if not NAME.fullmatch(name) or ".." in name:
        raise LatentError(
            f"{name[:60]!r} cannot be the name of a file; use letters, digits, '.', '_' and '-', a letter or digit first."
        )
    return name


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:HASH_LETTERS]
