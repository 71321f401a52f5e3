"""What stands before the app of a room: nothing of it is reached without the word, and no visitor takes more than their share.

An ASGI middleware. Requests and sockets of somebody who has not said the word end here; those of a visitor are counted, and where a
visitor sends faster than a person can, the server reads that socket later. Everybody else is read meanwhile.
"""

from __future__ import annotations

import asyncio
import gzip
import math
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import parse_qs, quote

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from streamlit.proto.BackMsg_pb2 import BackMsg

from explorer.room import doors
from explorer.room.key import Pass
from explorer.room.limits import LARGEST_MESSAGE, LARGEST_UPLOAD
from explorer.room.room import COOKIE, Room

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = ("/_stcore/health",)
"""Whether the server lives is nobody's secret, and a container has to ask it."""
MOST_FORM = 4096
MOST_PROGRAMS = 32
MOST_QUERY = 8192
FORM_S = 10.0
SPOKEN = ("rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request")
"""What a browser tells the app; the rest of Streamlit's messages are for who develops it, and one of them empties all caches."""
TELLS_OF_SERVER = ("/_stcore/metrics", "/_stcore/script-health-check")
TOO_MANY, TOO_LARGE, REFUSED = 429, 413, 1013
POLICY_VIOLATION = 1008
KEPT_FOR_EVER = b"private, max-age=31536000, immutable"
"""Of a file whose name follows from its bytes."""


class Gate:
    """In front of `app`, for one room."""

    def __init__(self, app: App, room: Room) -> None:
        self._app = app
        self._room = room
        self._programs: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one socket, or the server's own start and end."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    # --- requests

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, headers = scope["path"], _headers(scope)
        who = self._room.pass_of(_cookie(headers))
        if path in OPEN:
            await self._app(scope, receive, send)
        elif path == "/room":
            await self._ask(scope, receive, send)
        elif path.startswith("/teach/"):
            await self._teach(scope, send)
        elif who is None:
            await _answer(send, 303, b"", {"location": f"/room{_next_of(scope) if path == '/' else ''}"})
        elif path in TELLS_OF_SERVER:
            await _answer(send, 404, b"There is no such page.")
        elif path in ("/door", "/room/here"):
            await self._door(scope, send, who)
        elif wait := self._room.limits.requests.of(who.name).take():
            await _refuse(send, TOO_MANY, "Too many requests at once.", wait)
        elif _length(headers) > LARGEST_UPLOAD:
            await _answer(send, TOO_LARGE, f"At most {LARGEST_UPLOAD // 1_000_000} MB are taken at once.".encode())
        elif wait := self._room.limits.lack_of_upload(who, _length(headers)):
            await _refuse(send, TOO_MANY, "Too much was uploaded from this page.", wait)
        elif scope["method"] == "GET" and _is_program(path) and "gzip" in headers.get("accept-encoding", ""):
            await self._program(scope, receive, send)
        else:
            await self._app(scope, self._bounded(receive, who), _kept(scope, send))

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The page that asks for the word, and what is said there."""
        if scope["method"] == "GET":
            await _page(send, 200, doors.ask_page(_query(scope, "next")))
            return
        if scope["method"] != "POST":
            await _answer(send, 405, b"", {"allow": "GET, POST"})
            return
        try:
            form = await asyncio.wait_for(_form(receive), FORM_S)
        except TimeoutError:
            await _answer(send, 408, b"The word did not arrive.")
            return
        following, said, address = _inside(form.get("next", "")), form.get("word", ""), self._address(scope)
        room = self._room
        if room.pass_of(_cookie(_headers(scope))) is not None and (room.keys.is_code(said) or room.keys.opens(said)):
            await _answer(send, 303, b"", {"location": f"./{following}"})  # somebody who is in already
        elif room.keys.is_code(said):
            await self._let_in(scope, send, following)
        elif wait := room.limits.wait_for_word(address):
            fault = f"Too many tries from your network. Wait {math.ceil(wait)} seconds, then try again."
            await _page(send, TOO_MANY, doors.ask_page(following, fault), {"retry-after": str(math.ceil(wait))})
        elif not room.keys.opens(said):
            room.limits.count_wrong_word(address)
            await _page(send, 403, doors.ask_page(following, "That is not the word of this room. It stands on the first screen."))
        else:
            await self._let_in(scope, send, following)

    async def _let_in(self, scope: Scope, send: Send, following: str) -> None:
        """A visitor more, as far as one address may have so many."""
        if wait := self._room.limits.passes.of(self._address(scope)).take():
            await _refuse(send, TOO_MANY, "Many have come from your network at once.", wait)
        else:
            await _answer(send, 303, b"", {"location": f"./{following}", "set-cookie": self._new_cookie("visitor", scope)})

    async def _teach(self, scope: Scope, send: Send) -> None:
        """The teacher's own link, which is too long to be tried."""
        if not self._room.keys.is_teachers(scope["path"].removeprefix("/teach/")):
            await _answer(send, 404, b"There is no such page.")
        else:
            await _answer(send, 303, b"", {"location": "../door", "set-cookie": self._new_cookie("teacher", scope)})

    async def _door(self, scope: Scope, send: Send, who: Pass) -> None:
        """What a teacher projects, and how many are there."""
        room = self._room
        if who.role != "teacher":
            await _answer(send, 404, b"There is no such page.")
        elif scope["path"] == "/room/here":
            await _answer(send, 200, room.here().encode(), {"cache-control": "no-store"})
        else:
            following = _query(scope, "to")
            await _page(send, 200, doors.door_page(room.address, room.word, room.link(following), room.here(), following))

    async def _program(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One of the app's programs, which is compressed for the first who fetches it, and not for everybody anew."""
        path = scope["path"]
        if path not in self._programs:
            plain = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
            status, body = await _whole_answer(self._app, {**scope, "headers": plain}, receive)
            if status != 200:
                await _answer(send, status, body)
                return
            if len(self._programs) >= MOST_PROGRAMS:
                self._programs.clear()
            self._programs[path] = await asyncio.to_thread(gzip.compress, body, 9, mtime=0)
        told = {"content-type": "application/javascript", "content-encoding": "gzip", "cache-control": KEPT_FOR_EVER.decode()}
        await _answer(send, 200, self._programs[path], {**told, "vary": "accept-encoding"})

    def _new_cookie(self, role: Any, scope: Scope) -> str:
        secure = "; Secure" if scope.get("scheme") == "https" or self._room.address.startswith("https:") else ""
        return f"{COOKIE}={self._room.keys.new_pass(role)}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400{secure}"

    def _bounded(self, receive: Receive, who: Pass) -> Receive:
        """The body of a request, counted as it comes; one that grows too long without having said so ends there."""
        n_bytes = 0

        async def bounded() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_new = len(message.get("body", b""))
            n_bytes += n_new
            return (
                message if n_bytes <= LARGEST_UPLOAD and self._room.limits.take_upload(who, n_new) else {"type": "http.disconnect"}
            )

        return bounded

    def _address(self, scope: Scope) -> str:
        """Of who asks; a proxy that is known says whose request it brings."""
        peer = str((scope.get("client") or ("",))[0])
        forwarded = _headers(scope).get("x-forwarded-for", "").rpartition(",")[2].strip()
        try:
            is_proxy = any(ip_address(peer) in network for network in self._room.proxies)
        except ValueError:
            is_proxy = False
        return _network(forwarded if forwarded and is_proxy else peer)

    # --- sockets

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = self._room.pass_of(_cookie(_headers(scope)))
        if who is None:
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        address = self._address(scope)
        if not self._room.limits.enter(who, address):
            await send({"type": "websocket.close", "code": REFUSED, "reason": "Too many pages of one visitor at once."})
            return
        try:
            await self._app(scope, self._paced(receive, who), send)
        finally:
            self._room.limits.leave(who, address)

    def _paced(self, receive: Receive, who: Pass) -> Receive:
        """What comes by a socket, no faster than a person acts; what is too large ends it."""
        limits = self._room.limits

        async def paced() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                data = message.get("bytes") or b""
                n_bytes = len(data) + len((message.get("text") or "").encode())
                if n_bytes > LARGEST_MESSAGE:
                    return {"type": "websocket.disconnect", "code": 1009}
                wait = max(limits.messages.of(who.name).owe(), limits.message_bytes.of(who.name).owe(n_bytes))
                if wait > 0:
                    await asyncio.sleep(wait)
                kind = _kind(data)
                if kind == "":
                    return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
                if kind in SPOKEN:
                    return message

        return paced


# --- what is read of a request


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _cookie(headers: Mapping[str, str]) -> str:
    """The room's own; "" for none."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _length(headers: Mapping[str, str]) -> int:
    """Of the body that comes, bytes; 0 where the request does not say it."""
    said = headers.get("content-length", "")
    return int(said) if said.isdecimal() and len(said) < 20 else 0


def _kind(data: bytes) -> str:
    """What a browser says by a message; "" for what is none."""
    try:
        return str(BackMsg.FromString(data).WhichOneof("type") or "")
    except DecodeError:
        return ""


def _network(address: str) -> str:
    """By which somebody is counted: one line has a whole /64 of the addresses of version 6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else address


def _query(scope: Scope, name: str) -> str:
    """A place of the app that the query names: "" or ?…"""
    try:
        found = parse_qs(scope["query_string"].decode("latin-1")[:MOST_QUERY], max_num_fields=20).get(name, [""])
    except ValueError:
        return ""
    return _inside(found[0])


def _next_of(scope: Scope) -> str:
    """The query of the page that asks, so that one comes to where one wanted to go."""
    query = scope["query_string"].decode("latin-1")[:MOST_QUERY]
    return f"?next={quote('?' + query, safe='')}" if query else ""


def _inside(query: str) -> str:
    """A query of the app's one page: "" for what is no query, and so for every other host and path."""
    return quote(query, safe="?=&%+,;:@-._~/!$'()*") if query.startswith("?") else ""


async def _form(receive: Receive) -> dict[str, str]:
    """The fields of a small form."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body") or len(body) > MOST_FORM:
            break
    try:
        fields = parse_qs(body[:MOST_FORM].decode(errors="replace"), max_num_fields=10)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


# --- what is answered


async def _page(send: Send, status: int, page: bytes, more: Mapping[str, str] | None = None) -> None:
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": doors.policy(page),
        "cache-control": "no-store",
    }
    await _answer(send, status, page, {**headers, **(more or {})})


async def _refuse(send: Send, status: int, why: str, wait: float) -> None:
    seconds = math.ceil(wait)
    words = f"{why} Try again in {seconds} second{'' if seconds == 1 else 's'}."
    await _answer(send, status, words.encode(), {"retry-after": str(seconds)})


async def _answer(send: Send, status: int, body: bytes, more: Mapping[str, str] | None = None) -> None:
    told = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        **(more or {}),
    }
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_program(path: str) -> bool:
    return path.startswith("/media/") and path.endswith(".js")


async def _whole_answer(app: App, scope: Scope, receive: Receive) -> tuple[int, bytes]:
    """Status and body of what the app says."""
    status, parts = 500, []

    async def take(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    await app(scope, receive, take)
    return status, b"".join(parts)


def _kept(scope: Scope, send: Send) -> Send:
    """The answer, which a browser keeps where its name follows from its bytes."""
    if not (scope["path"].startswith("/media/") and scope["path"].endswith((".gz", ".js", ".bin"))):
        return send

    async def kept(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            others = [(name, value) for name, value in message["headers"] if name.lower() != b"cache-control"]
            message = {**message, "headers": [*others, (b"cache-control", KEPT_FOR_EVER)]}
        await send(message)

    return kept
