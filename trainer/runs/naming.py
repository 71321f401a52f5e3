"""Which name may a new run have, when the one that is wished for is taken or is no name?"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Iterator

from trainer.config import MAX_RUN_NAME


def numbered(wish: str) -> Iterator[str]:
    """The wish, then wish-2, wish-3 …; cut so that the number has room."""
    for i in itertools.count(1):
        ending = f"-{i}" if i > 1 else ""
        yield wish[: MAX_RUN_NAME - len(ending)] + ending


def first_free(wish: str, *taken: Container[str]) -> str:
    """The first of `numbered` that is in none of these."""
    return next(name for name in numbered(wish) if not any(name in those for those in taken))


def slug(words: str) -> str:
    """The words as a run's name: small letters and digits, everything else a hyphen; empty where nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
