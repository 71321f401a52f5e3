"""`atlas serve`: the app open to a room, behind a word."""

from __future__ import annotations

import logging
import os
import socket
import sys
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Annotated

from tyro.conf import arg

from explorer.hosts.listening import check_free, check_port
from explorer.room.gate import Gate
from explorer.room.key import Keys, checked_word, drawn_word
from explorer.room.room import LOOPBACK, Network, Room, open_room
from trainer.cli.arguments import parse
from trainer.console import program
from trainer.errors import LatentError
from trainer.runs.catalogue import HOME

WORD = "LATENT_ROOM_WORD"
MOST_MESSAGE_MB = 32  # of one message either way: maps do not come by the socket
ANY = ("0.0.0.0", "::")


@dataclass(frozen=True)
class ServeOptions:
    """Open the app to a room: everybody who knows a word comes in, by a QR code on the first screen. Read only: nobody trains on this
    machine or reaches its files, and what visitors upload stays in their own page. Ctrl-C ends it."""

    address: str = "127.0.0.1"
    """address that it listens on: 0.0.0.0 for everybody on the network; as it is, only this machine, for a proxy before it"""
    port: int = 8501
    """port that it listens on, 1 to 65535"""
    word: Annotated[str | None, arg(metavar="WORD", help_behavior_hint="")] = None
    """what visitors say to come in, 6 letters or more (default: $LATENT_ROOM_WORD, else one is drawn); other users of this machine see it
    among the processes, in the variable they don't"""
    public: Annotated[str | None, arg(metavar="URL", help_behavior_hint="")] = None
    """where visitors reach it, as in https://atlas.example.org, if a proxy stands before it"""
    proxy: Annotated[str | None, arg(metavar="ADDRESS", help_behavior_hint="")] = None
    """a proxy on another machine or before a container, as an address or a network such as 172.17.0.0/16: it is believed when it says from
    whom a request comes (one on this machine is)"""


def serve(argv: list[str]) -> None:
    """The command after `serve`. Raises `LatentError`."""
    options = parse(ServeOptions, argv, f"{program()} serve")
    check_port(options.port)
    word = options.word if options.word is not None else os.environ.get(WORD) or drawn_word()
    room = Room(
        checked_word(word),
        _public(options.public) or f"http://{_reached_at(options.address)}:{options.port}",
        Keys(word),
        proxies=(*LOOPBACK, *_proxies(options.proxy)),
    )
    check_free(options.address, options.port)
    open_room(room)
    _say(room, options)
    _run(room, options)


def _run(room: Room, options: ServeOptions) -> None:
    """Until Ctrl-C."""
    import streamlit as st
    from starlette.middleware import Middleware

    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    app = st.App(HOME / "app.py", middleware=[Middleware(Gate, room=room)])
    app.run(
        config={
            "server.port": options.port,
            "server.address": options.address,
            "server.headless": True,
            "server.maxMessageSize": MOST_MESSAGE_MB,
        }
    )


def _say(room: Room, options: ServeOptions) -> None:
    """What the teacher needs, with a code for telephones where there is a terminal."""
    lines = [
        f"The room is open at {room.address}, the word is: {room.word}",
        f"Your own page, with the QR code to project: {room.teachers_link()}",
    ]
    if options.public is None and options.address not in ANY and options.address.startswith(("127.", "localhost", "::1")):
        lines.append("Only this machine reaches it; --address 0.0.0.0 opens it to the network.")
    if sys.stdout.isatty():
        import segno

        segno.make(room.link(), error="l").terminal(compact=True)
    print("\n".join(lines), flush=True)


def _proxies(text: str | None) -> tuple[Network, ...]:
    """Raises `LatentError`."""
    try:
        return () if text is None else (ip_network(text.strip(), strict=False),)
    except ValueError:
        raise LatentError(f"--proxy is {text!r}; allowed: an address or a network, such as 172.17.0.1 or 172.17.0.0/16.") from None


def _public(url: str | None) -> str | None:
    """Without a slash at its end. Raises `LatentError`."""
    if url is None:
        return None
    shown = url.strip().rstrip("/")
    scheme, _, host = shown.partition("://")
    if scheme not in ("http", "https") or not host or not host.isprintable() or set(host) & set('/?#@ "<>'):
        raise LatentError(f"--public is {url!r}; allowed: where visitors reach it, such as https://atlas.example.org.")
    return shown


def _reached_at(address: str) -> str:
    """How others call this machine, where it listens on all its addresses; in brackets where the address has colons."""
    if address not in ANY:
        return f"[{address}]" if ":" in address else address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent; it says by which of its addresses this machine would
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
