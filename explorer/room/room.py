"""The room that this process serves, if it serves one: its word, where it is, and who is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import quote

from explorer.room.key import Keys, Pass
from explorer.room.limits import Limits

Network = IPv4Network | IPv6Network
COOKIE = "latent-atlas-room"
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True)
class Room:
    """One start of `atlas serve`."""

    word: str
    """As it is shown."""
    address: str
    """As visitors reach it, http://192.168.1.20:8501."""
    keys: Keys
    limits: Limits = field(default_factory=Limits)
    proxies: tuple[Network, ...] = LOOPBACK
    """Who is believed when they say whose request they bring."""

    def link(self, next_query: str = "") -> str:
        """What a QR code says: the page that asks, with a key in place of the word after #. next_query: where one goes then, "" or ?…"""
        query = f"?next={quote(next_query, safe='')}" if next_query else ""
        return f"{self.address}/room{query}#{self.keys.code}"

    def teachers_link(self) -> str:
        """Of the teacher; whoever opens it is the teacher."""
        return f"{self.address}/teach/{self.keys.teachers}"

    def here(self) -> str:
        """How many visitors have a page open, in words."""
        n = self.limits.n_here()
        return "nobody yet" if n == 0 else "1 person" if n == 1 else f"{n} people"

    def pass_of(self, cookie: str) -> Pass | None:
        """Who that is; None for somebody who has not said the word."""
        return self.keys.read(cookie)


_open: list[Room] = []


def open_room(room: Room) -> None:
    """From now on this process serves that room."""
    _open[:] = [room]


def the_room() -> Room | None:
    """The one that this process serves; None for an app that is open to nobody else, or without a word."""
    return _open[0] if _open else None
