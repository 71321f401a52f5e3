"""What does a room cost one server? Raw WebSocket clients that do what a browser does, and the server's own processor and memory.

    python -m tests.bench.visitors [--visitors 30] [--seconds 60] [--app]

One real browser opens the app, pins and goes through the views, and what it says to the server is written down; the clients say the same,
each as a visitor of its own, and fetch what a browser would fetch.

arrive   all visitors at once: seconds from connecting until the server has sent the whole page and the map is fetched
work     each changes the view every ten seconds and pins twice between: seconds until the server's answer is whole
beside   the same while one visitor does everything wrong: sends reruns without a pause, opens sockets, uploads, sends nonsense
memory   resident megabytes of the server before anybody came and after `work`, a visitor

Moving the mouse over the map sends nothing: `hover_messages` is what the browser said while its pointer moved for two seconds.
Serves with `atlas serve`; with --app the app as `atlas app` starts it. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import websockets
from playwright.sync_api import sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.bench.browser import ROOT, free_port
from tests.browser.conftest import ARGUMENTS, chromium_path
from tests.browser.surface import answered, ready

RESULTS = Path(__file__).parent / "results"
WORD = "tulip-orchard-4821"
VIEWS = ("samples", "dimensions", "interpolate", "reconstruct", "lessons", "atlas")
EVERY_S = 10.0
LONGEST_S = 120.0
REST_S = 3.0  # the browser of the first visit ends on the same processors
FETCHED = re.compile(rb"media/[0-9a-f]{20,}\.(?:gz|js)")
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=30, help="how many come")
    parser.add_argument("--seconds", type=float, default=60, help="for which they work, twice: the second time beside the other")
    parser.add_argument("--app", action="store_true", help="the app without a room's key and limits")
    options = parser.parse_args()
    now = datetime.now(UTC)
    with serving(options.app) as (url, process):
        record = asyncio.run(measured(url, process.pid, options.visitors, options.seconds, options.app, heard(url, options.app)))
    record |= {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "command": " ".join(["python -m tests.bench.visitors", *sys.argv[1:]]),
        "when": now.isoformat(timespec="seconds"),
    }
    out = RESULTS / f"{now.date().isoformat()}-visitors.json"
    kept: dict[str, Any] = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    kept["app" if options.app else "serve"] = record
    out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


@contextmanager
def serving(is_app: bool) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The server, with the shipped runs alone."""
    port = free_port()
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "LATENT_RUNS": empty, "LATENT_ROOM_WORD": WORD}
        words = ["app"] if is_app else ["serve", "--address", "127.0.0.1"]
        command = [sys.executable, "-m", "explorer", *words, "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        url = f"http://127.0.0.1:{port}"
        try:
            until(lambda: urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).status == 200)
            yield url, process
        finally:
            process.terminate()
            process.wait(timeout=60)


def until(holds: Callable[[], bool]) -> None:
    """Tries for a minute."""
    last = time.monotonic() + 60
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        if time.monotonic() > last:
            raise TimeoutError("the server did not answer within a minute")
        time.sleep(0.2)


# --- what a browser says


@dataclass
class Heard:
    """Messages of one visit, as the browser sent them."""

    first: bytes = b""
    pin: bytes = b""
    views: dict[str, bytes] = field(default_factory=dict)
    hover_messages: int = 0


def heard(url: str, is_app: bool) -> Heard:
    """Of a visit to mnist-2d with a pin, through all views."""
    sent: list[bytes] = []

    def last() -> bytes:
        return [one for one in sent if BackMsg.FromString(one).WhichOneof("type") == "rerun_script"][-1]

    found = Heard()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
        page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(_bytes(data))))
        if not is_app:
            page.goto(f"{url}/room#{WORD}")
            page.wait_for_url(lambda there: "/room" not in there)
        page.goto(f"{url}/?run=mnist-2d")
        box = ready(page).bounding_box()
        assert box is not None
        answered(page)
        found.first = last()
        n_before = len(sent)
        for i in range(40):
            page.mouse.move(box["x"] + 100 + 5 * i, box["y"] + 150)
            page.wait_for_timeout(50)
        found.hover_messages = len(sent) - n_before
        page.mouse.click(box["x"] + 200, box["y"] + 150)
        answered(page)
        found.pin = last()
        for view in VIEWS:
            page.get_by_role("radio", name=view).click()
            page.wait_for_url(lambda there, view=view: view == "atlas" or f"view={view}" in there)
            answered(page)
            found.views[view] = last()
        browser.close()
    return found


def _bytes(data: str | bytes) -> bytes:
    return data if isinstance(data, bytes) else data.encode("latin-1")


# --- visitors


class Visitor:
    """One socket, and what a browser would remember of it."""

    def __init__(self, url: str, cookies: dict[str, str], name: str) -> None:
        self.url, self.name = url, name
        self.http = httpx.AsyncClient(base_url=url, cookies=cookies, timeout=LONGEST_S)
        self.hashes: set[str] = set()
        self.fetched: set[str] = set()
        self.n_pins = 0
        self.socket: Any = None

    async def connect(self) -> None:
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        cookie = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        headers = {"Origin": self.url, **({"Cookie": cookie} if cookie else {})}
        self.socket = await websockets.connect(address, additional_headers=headers, max_size=None, ping_interval=None)

    async def say(self, message: bytes) -> float:
        """Seconds until the server has answered with all of the page, and what is new of it is fetched."""
        began = time.monotonic()
        await self.socket.send(self._as_mine(message))
        wanted: set[str] = set()
        async with asyncio.timeout(LONGEST_S):
            while True:
                data = await self.socket.recv()
                wanted |= {found.decode() for found in FETCHED.findall(data)}
                answer = ForwardMsg.FromString(data)
                if answer.metadata.cacheable:
                    self.hashes.add(answer.hash)
                if answer.WhichOneof("type") == "script_finished":
                    break
        for address in wanted - self.fetched:
            (await self.http.get(f"/{address}")).raise_for_status()
        self.fetched |= wanted
        return time.monotonic() - began

    def _as_mine(self, message: bytes) -> bytes:
        """With this visitor's remembered messages, and a pin of its own."""
        told = BackMsg.FromString(message)
        del told.rerun_script.cached_message_hashes[:]
        told.rerun_script.cached_message_hashes.extend(self.hashes)
        for widget in told.rerun_script.widget_states.widgets:
            if '"nonce"' in widget.json_trigger_value.replace("\\", ""):
                self.n_pins += 1
                name = f"{self.name}-{self.n_pins}"
                widget.json_trigger_value = re.sub(r'("nonce":")[^"]+', rf"\g<1>{name}", widget.json_trigger_value)
        return told.SerializeToString()

    async def leave(self) -> None:
        if self.socket is not None:
            await self.socket.close()
        await self.http.aclose()


async def admitted(url: str, is_app: bool) -> dict[str, str]:
    """The cookies of a visitor who has said the word."""
    if is_app:
        return {}
    async with httpx.AsyncClient(base_url=url) as client:
        answer = await client.post("/room", data={"word": WORD})
        assert answer.status_code == 303, answer.text
        return dict(client.cookies)


async def measured(url: str, pid: int, n: int, seconds: float, is_app: bool, told: Heard) -> dict[str, Any]:
    """All parts, one after the other."""
    await asyncio.sleep(REST_S)
    before = resident_mb(pid)
    visitors = [Visitor(url, await admitted(url, is_app), f"v{i}") for i in range(n)]
    arrive = await asyncio.gather(*(arrived(one, told) for one in visitors))
    page, spent = resident_mb(pid), processor_s(pid)
    work = await together(visitors, told, seconds)
    cost = processor_s(pid) - spent
    after = resident_mb(pid)
    wrong = asyncio.create_task(everything_wrong(url, is_app, told))
    beside = await together(visitors, told, seconds)
    wrong.cancel()
    tried = await asyncio.gather(wrong, return_exceptions=True)
    for one in visitors:
        await one.leave()
    changes, pins = work["view"], work["pin"]
    return {
        "visitors": n,
        "arrive": quantiles(arrive),
        "work": {"view": quantiles(changes), "pin": quantiles(pins), "processor_s_per_view_change": round(cost / len(changes), 3)},
        "beside": {"view": quantiles(beside["view"]), "pin": quantiles(beside["pin"]), "tried": str(tried[0])},
        "memory": {
            "before_mb": round(before),
            "arrived_mb": round(page),
            "worked_mb": round(after),
            "arrived_mb_per_visitor": round((page - before) / n, 2),
            "worked_mb_per_visitor": round((after - before) / n, 2),
        },
        "hover_messages": told.hover_messages,
    }


async def arrived(one: Visitor, told: Heard) -> float:
    began = time.monotonic()
    await one.connect()
    await one.say(told.first)
    return time.monotonic() - began


async def together(visitors: list[Visitor], told: Heard, seconds: float) -> dict[str, list[float]]:
    """Every visitor works by a clock of its own."""
    found: dict[str, list[float]] = {"view": [], "pin": []}
    luck = random.Random(0)
    await asyncio.gather(*(working(one, told, seconds, luck.uniform(0, EVERY_S), found) for one in visitors))
    return found


async def working(one: Visitor, told: Heard, seconds: float, offset: float, found: dict[str, list[float]]) -> None:
    """A view every ten seconds, and two pins where it has the map."""
    began, turn = time.monotonic(), 0
    await asyncio.sleep(offset)
    while time.monotonic() - began < seconds:
        due = began + offset + turn * EVERY_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        view = VIEWS[turn % len(VIEWS)]
        found["view"].append(await one.say(told.views[view]))
        for pause in (3.0, 6.0) if view == "atlas" else ():  # only there a pin is what the browser of the first visit said
            await asyncio.sleep(max(0.0, due + pause - time.monotonic()))
            found["pin"].append(await one.say(told.pin))
        turn += 1


async def everything_wrong(url: str, is_app: bool, told: Heard) -> None:
    """Reruns without a pause, sockets without end, large uploads, nonsense; until it is ended."""
    cookies = await admitted(url, is_app)

    async def flood() -> None:
        one = Visitor(url, cookies, "wrong")
        await one.connect()
        views = list(told.views.values())
        try:
            for turn in range(10**9):
                await one.socket.send(views[turn % len(views)])
                await asyncio.sleep(0.005)
        finally:
            await one.leave()

    async def sockets() -> None:
        while True:
            one = Visitor(url, cookies, "wrong")
            await one.connect()
            await one.socket.send(told.first)

    async def nonsense() -> None:
        one = Visitor(url, cookies, "wrong")
        await one.connect()
        for _ in range(10**9):
            await one.socket.send(os.urandom(100_000))

    async def uploads() -> None:
        async with httpx.AsyncClient(base_url=url, cookies=cookies, timeout=LONGEST_S) as client:
            while True:
                await client.put("/_stcore/upload_file/none/none", content=os.urandom(5_000_000))

    async def again(what: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await what()
            except (OSError, websockets.WebSocketException, httpx.HTTPError):
                await asyncio.sleep(0.01)

    await asyncio.gather(*map(again, (flood, flood, sockets, nonsense, uploads)))


# --- figures


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Of the whole sample: median, 95th percentile and largest, seconds."""
    if not seconds:
        return {"n": 0}
    ranked = sorted(seconds)
    at = min(len(ranked) - 1, round(0.95 * (len(ranked) - 1)))
    return {
        "n": len(ranked),
        "p50_s": round(statistics.median(ranked), 3),
        "p95_s": round(ranked[at], 3),
        "max_s": round(ranked[-1], 3),
    }


def resident_mb(pid: int) -> float:
    """Resident memory of the server."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def processor_s(pid: int) -> float:
    """Processor seconds that the server has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
