"""How much may one visitor ask of the server? Enough for anything that a person does; what is more waits, or is refused with a sentence."""

from __future__ import annotations

import time
from collections import Counter

from explorer.room.buckets import Bucket, Buckets, Clock, Rate
from explorer.room.key import Pass

WRONG_WORDS, WRONG_WORDS_OF_ALL = Rate(40, 1 / 3), Rate(1000, 10)
"""Of one address, behind which a whole class may be, and of all. Right ones are not counted: thirty come at once."""
PASSES = Rate(80, 1 / 2)
"""New visitors of one address."""
OPENED = Rate(8, 1 / 5)
"""Sockets that a visitor opens: a page each, and one more after every reload."""
MESSAGES = Rate(25, 1)
"""Each makes the server draw the page once, a tenth of a second or two."""
MESSAGE_BYTES = Rate(40e6, 0.2e6)
UPLOADED, UPLOADED_OF_ALL = Rate(60e6, 0.2e6), Rate(400e6, 2e6)
"""Bytes."""
REQUESTS = Rate(600, 30)
"""A page with its programs takes about a hundred."""
MOST_SOCKETS, MOST_SOCKETS_OF_ADDRESS, MOST_SOCKETS_OF_ALL = 6, 150, 300
"""Beyond all of them a teacher still comes in."""
LARGEST_MESSAGE, LARGEST_UPLOAD = 30_000_000, 21_000_000
"""Bytes: a message may bring a picture of the size of an upload, as text."""


class Limits:
    """Of all visitors of a room; asked from one thread."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.wrong_words, self.wrong_words_of_all = Buckets(WRONG_WORDS, clock), Bucket(WRONG_WORDS_OF_ALL, clock)
        self.passes = Buckets(PASSES, clock)
        self.opened, self.messages = Buckets(OPENED, clock), Buckets(MESSAGES, clock)
        self.message_bytes, self.uploaded = Buckets(MESSAGE_BYTES, clock), Buckets(UPLOADED, clock)
        self.uploaded_of_all = Bucket(UPLOADED_OF_ALL, clock)
        self.requests = Buckets(REQUESTS, clock)
        self._sockets: Counter[str] = Counter()
        self._of_address: Counter[str] = Counter()
        self._teachers: set[str] = set()

    def wait_for_word(self, address: str) -> float:
        """Seconds until a word may be tried from there."""
        return max(self.wrong_words.of(address).lack(1), self.wrong_words_of_all.lack(1))

    def count_wrong_word(self, address: str) -> None:
        """One was said there."""
        self.wrong_words.of(address).take()
        self.wrong_words_of_all.take()

    def enter(self, who: Pass, address: str) -> bool:
        """Whether they may have one socket more; it counts from now on."""
        is_full = self._sockets.total() >= MOST_SOCKETS_OF_ALL or self._of_address[address] >= MOST_SOCKETS_OF_ADDRESS
        if self._sockets[who.name] >= MOST_SOCKETS or (is_full and who.role != "teacher") or self.opened.of(who.name).take():
            return False
        self._sockets[who.name] += 1
        self._of_address[address] += 1
        if who.role == "teacher":
            self._teachers.add(who.name)
        return True

    def leave(self, who: Pass, address: str) -> None:
        """A socket that was entered is closed."""
        for counted, name in ((self._sockets, who.name), (self._of_address, address)):
            counted[name] -= 1
            if counted[name] <= 0:
                del counted[name]
        if who.name not in self._sockets:
            self._teachers.discard(who.name)

    def lack_of_upload(self, who: Pass, n_bytes: int) -> float:
        """Seconds until they may upload that much."""
        return max(self.uploaded.of(who.name).lack(n_bytes), self.uploaded_of_all.lack(n_bytes))

    def take_upload(self, who: Pass, n_bytes: int) -> bool:
        """Whether that much more may come; it counts from now on."""
        if self.lack_of_upload(who, n_bytes) > 0:
            return False
        self.uploaded.of(who.name).take(n_bytes)
        self.uploaded_of_all.take(n_bytes)
        return True

    def n_here(self) -> int:
        """How many visitors have a page open now; whoever has several counts once, teachers do not."""
        return len(self._sockets.keys() - self._teachers)
