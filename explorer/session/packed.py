"""How are many whole numbers near each other written into a link? Each as its distance from the one before, most of them one byte.

The same form as `frontend/src/hosts/screen/screen-url.ts` has for groups and drawings: seven bits a byte, the lowest first, in the letters
of base64 that an address may hold.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

MAX_NUMBERS = 10_000
MAX_BITS = 42
"""Of a number; longer ones are damage."""


def packed(values: Iterable[int]) -> str:
    """The numbers as text."""
    found, before = bytearray(), 0
    for value in values:
        step, before = value - before, value
        rest = -2 * step - 1 if step < 0 else 2 * step
        while rest > 127:
            found.append(128 + rest % 128)
            rest //= 128
        found.append(rest)
    return base64.urlsafe_b64encode(bytes(found)).decode().rstrip("=")


def unpacked(text: str) -> list[int]:
    """The numbers of a text. Raises `ValueError` for one that `packed` does not write."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError(text) from None
    found: list[int] = []
    before = rest = shift = 0
    for byte in data:
        rest += (byte % 128) << shift
        shift += 7
        if shift > MAX_BITS or len(found) >= MAX_NUMBERS:
            raise ValueError(text)
        if byte < 128:
            before += -(rest + 1) // 2 if rest % 2 else rest // 2
            found.append(before)
            rest = shift = 0
    if shift:
        raise ValueError(text)
    return found
