"""What were the arrays whose bytes lie in planes: the first bytes of all numbers, then the second bytes, and so on?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SIZES = {"uint8": 1, "int16": 2, "float16": 2, "int32": 4, "float32": 4}


def out_of_planes(body: bytes, table: Iterable[Mapping[str, Any]]) -> bytes:
    """table: dtype, offset and nbytes of each array in the body"""
    data = bytearray(body)
    for entry in table:
        begin, end = entry["offset"], entry["offset"] + entry["nbytes"]
        n = entry["nbytes"] // SIZES[entry["dtype"]]
        data[begin:end] = b"".join(body[begin + i : end : n] for i in range(n))
    return bytes(data)
