"""Who has said the room's word? A signed cookie says it afterwards; nothing is kept of a visitor but its name, which is drawn."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from trainer.errors import LatentError

Role = Literal["visitor", "teacher"]

LEAST_LETTERS, MOST_LETTERS = 6, 100
NOUNS = """
acorn amber anchor apple arrow aspen badge bamboo barn basil beach beacon birch bison blossom bottle branch bridge brook butter cabin
candle canyon carbon castle cedar cherry cinder circle clover coast cobalt comet copper coral cotton crane cricket crown crystal daisy
delta desert dolphin dragon eagle ember emerald falcon feather fern field finch flame forest fossil fountain fox garden garlic ginger
glacier granite grape harbor hazel heron hill honey horizon island ivory jasmine juniper kettle kite ladder lagoon lantern lemon lilac
linen lotus magnet maple marble meadow melon mirror moss mountain nectar nutmeg oak oasis ocean olive onyx orbit orchard otter owl
paddle panther paper pearl pebble pepper pine planet plum pond poppy prairie prism quartz rabbit raven reef ribbon river robin saffron
sail salmon sand shadow shell silver sparrow spruce
"""


@dataclass(frozen=True)
class Pass:
    """What a sound cookie says."""

    name: str
    """Of this visitor, drawn when the word was said."""
    role: Role


def drawn_word() -> str:
    """Two nouns and four digits, of 150 million."""
    nouns = NOUNS.split()
    return f"{secrets.choice(nouns)}-{secrets.choice(nouns)}-{secrets.randbelow(9000) + 1000}"


def checked_word(word: str) -> str:
    """The word as it is shown. Raises `LatentError` for one that is too easily tried."""
    shown = word.strip()
    if not LEAST_LETTERS <= len(shown) <= MOST_LETTERS or not shown.isprintable():
        allowed = f"{LEAST_LETTERS} to {MOST_LETTERS} printable letters"
        raise LatentError(f"the word has {len(shown)} letters; allowed: {allowed}. Without one the program draws a word.")
    return shown


class Keys:
    """The word of a room and what is signed with a secret of this start: after the next one everybody says the word again."""

    def __init__(self, word: str) -> None:
        self._word = _digest(word)
        self._secret = secrets.token_bytes(32)
        self.teachers = secrets.token_urlsafe(24)
        """Whoever opens /teach/ with it is the teacher."""
        self.code = secrets.token_urlsafe(16)
        """What a QR code brings in place of the word: nobody tries it, so that it opens also where wrong words are waited for."""

    def opens(self, said: str) -> bool:
        """Whether that is the word; spaces around it and capitals do not count. Takes as long for a wrong one as for the right one."""
        return hmac.compare_digest(_digest(said), self._word)

    def is_code(self, said: str) -> bool:
        """Whether that is what the QR code brings."""
        return _is(said, self.code)

    def is_teachers(self, said: str) -> bool:
        """Whether that is the teacher's own key."""
        return _is(said, self.teachers)

    def new_pass(self, role: Role) -> str:
        """A cookie's value for somebody new."""
        name = secrets.token_hex(8)
        return f"{role}.{name}.{self._signature(role, name)}"

    def read(self, cookie: str) -> Pass | None:
        """What a cookie's value says; None for one that was not signed here."""
        match cookie.split("."):
            case ["visitor" | "teacher" as role, name, signature] if signature.isascii():
                return Pass(name, role) if hmac.compare_digest(signature, self._signature(role, name)) else None
        return None

    def _signature(self, role: str, name: str) -> str:
        return hmac.new(self._secret, f"{role}.{name}".encode(), sha256).hexdigest()


def _is(said: str, key: str) -> bool:
    """Takes as long for a wrong one as for the right one."""
    return hmac.compare_digest(sha256(said.encode(errors="replace")).digest(), sha256(key.encode()).digest())


def _digest(word: str) -> bytes:
    """Of a word as people type it: a telephone begins with a capital."""
    return sha256(unicodedata.normalize("NFKC", word).strip().casefold().encode(errors="replace")).digest()
