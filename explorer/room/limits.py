"""How much may one visitor ask of the server? Enough for anything that a person does; what is more waits, or is refused with a sentence."""

from __future__ import annotations

import time
from collections import Counter

from explorer.room.buckets import Bucket, Buckets, Clock, Rate
from explorer.room.key import Pass

WRONG_WORDS, WRONG_WORDS_OF_ALL = Rate(40, 1 / 3), Rate(200, 3)
"""Of one address, behind which a whole class may be, and of all. Right ones are not counted: thirty come at once."""
OPENED = Rate(8, 1 / 5)
"""Sockets that a visitor opens: a page each, and one more after every reload."""
MESSAGES = Rate(25, 1)
"""Each makes the server draw the page once, a tenth of a second or two."""
MESSAGE_BYTES = Rate(24e6, 0.2e6)
UPLOADED = Rate(60e6, 0.2e6)
"""Bytes."""
REQUESTS = Rate(600, 30)
"""A page with its programs takes about a hundred."""
MOST_SOCKETS, MOST_SOCKETS_OF_ALL = 6, 300
LARGEST_MESSAGE, LARGEST_UPLOAD = 8_000_000, 21_000_000
"""Bytes."""


class Limits:
    """Of all visitors of a room; asked from one thread."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.wrong_words, self.wrong_words_of_all = Buckets(WRONG_WORDS, clock), Bucket(WRONG_WORDS_OF_ALL, clock)
        self.opened, self.messages = Buckets(OPENED, clock), Buckets(MESSAGES, clock)
        self.message_bytes, self.uploaded = Buckets(MESSAGE_BYTES, clock), Buckets(UPLOADED, clock)
        self.requests = Buckets(REQUESTS, clock)
        self._sockets: Counter[str] = Counter()
        self._teachers: set[str] = set()

    def wait_for_word(self, address: str) -> float:
        """Seconds until a word may be tried from there."""
        return max(self.wrong_words.of(address).lack(1), self.wrong_words_of_all.lack(1))

    def count_wrong_word(self, address: str) -> None:
        """One was said there."""
        self.wrong_words.of(address).take()
        self.wrong_words_of_all.take()

    def enter(self, who: Pass) -> bool:
        """Whether they may have one socket more; it counts from now on."""
        if (
            self._sockets[who.name] >= MOST_SOCKETS
            or self._sockets.total() >= MOST_SOCKETS_OF_ALL
            or self.opened.of(who.name).take()
        ):
            return False
        self._sockets[who.name] += 1
        if who.role == "teacher":
            self._teachers.add(who.name)
        return True

    def leave(self, who: Pass) -> None:
        """A socket that was entered is closed."""
        self._sockets[who.name] -= 1
        if self._sockets[who.name] <= 0:
            del self._sockets[who.name]
            self._teachers.discard(who.name)

    def n_here(self) -> int:
        """How many visitors have a page open now; whoever has several counts once, teachers do not."""
        return len(self._sockets.keys() - self._teachers)
