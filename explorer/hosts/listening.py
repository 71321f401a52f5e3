"""Can the server listen there? Asked before anything heavy is loaded."""

from __future__ import annotations

import errno
import socket

from trainer.errors import LatentError

MOST_PORT = 65_535


def check_port(port: int) -> None:
    """Raises `LatentError` for what is no port."""
    if not 1 <= port <= MOST_PORT:
        raise LatentError(f"--port is {port}; allowed: 1 to {MOST_PORT}.")


def check_free(address: str, port: int) -> None:
    """Raises `LatentError` where nothing can listen there."""
    where = f"port {port} of {address}"
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError):
        raise LatentError(f"--address is {address!r}; allowed: an address of this machine, such as 127.0.0.1 or 0.0.0.0.") from None
    with socket.socket(family, kind, protocol) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(target)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise LatentError(f"{where} is in use, perhaps by this app already; --port chooses another.") from None
            if error.errno == errno.EACCES:
                raise LatentError(f"{where} is reserved by the system; --port chooses another, 1024 or above.") from None
            raise LatentError(f"{where} cannot be listened on ({error.strerror}); --address chooses one of this machine.") from None
