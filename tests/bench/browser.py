"""How fast is the surface in a real browser? `python tests/bench/browser.py [--json FILE]` prints a table.

Headless Chromium without a GPU. Every frame one event moves the mouse (hover), drags the map with Shift (pan) or turns the wheel (zoom):
frames a second, and the script time of a frame (p50, p95), with the processor as it is and slowed four times. First the pretrained runs
in the app itself; then crowds of 70 000 and 1 000 000 points (`crowds.py`), where the page says what is shown while the map moves; a stroke
on the pad, one point a frame. Then
loading → first picture, `streamlit run` → first picture, a click → the page's answer, and the size of the bundle.
Not a test: these machines are shared, so it reports and fails at no number; the aims stand beside what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.crowds import BUNDLE, Scene, payload, served  # noqa: E402

RUNS = ["mnist-2d", "mnist-20d", "digits-2d", "digits-16d", "shapes-6d"]
CONVOLUTIONAL = ["shapes-6d"]
MANY, MOST = 70_000, 1_000_000
CROWDS = [*(Scene(run, MANY) for run in ("mnist-2d", "mnist-20d", "shapes-6d")), Scene("mnist-2d", MOST)]
PADS = [Scene("mnist-2d", n, pad=True) for n in (10_000, MANY)]
SLOWDOWNS = (1, 4)
MOVES = ("hover", "pan", "zoom")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
SETTLE_MS = 1500

# what a frame's callbacks cost together, and when the first picture was there: in place before the page's own script runs
WATCH = """
window.watch = { native: window.requestAnimationFrame.bind(window), work: new Map() };
window.requestAnimationFrame = (callback) => watch.native((now) => {
  const start = performance.now();
  callback(now);
  watch.work.set(now, (watch.work.get(now) ?? 0) + performance.now() - start);
});
watch.root = () => [...document.querySelectorAll('*')].map((e) => e.shadowRoot).concat([document]).map((r) => r?.querySelector('.la-root')).find(Boolean);
watch.said = () => [...watch.root().querySelectorAll('.la-heading > .la-muted, .la-shown')].filter((e) => !e.hidden).map((e) => e.textContent).join(', ');
watch.look = setInterval(() => {
  if (!watch.root()?.querySelector('[data-testid=decoded]')?.dataset.z) return;
  clearInterval(watch.look);
  watch.picture = performance.now();
}, 10);
"""

# one event a frame; the shares of a frame's time are those of the surface's own callbacks, not of this one
DRIVE = """async ([move, seconds]) => {
  const root = watch.root();
  const canvas = root.querySelector('[role=application]');
  const decoded = root.querySelector('[data-testid=decoded]');
  const box = canvas.getBoundingClientRect();
  const at = (x, y, more) => ({ bubbles: true, composed: true, cancelable: true, pointerType: 'mouse', pointerId: 1, isPrimary: true,
    clientX: box.x + box.width * x, clientY: box.y + box.height * y, ...more });
  const pointer = (type, x, y, more) => canvas.dispatchEvent(new PointerEvent(type, at(x, y, more)));
  const events = {
    hover: (t) => pointer('pointermove', 0.5 + 0.45 * Math.sin(2.1 * t), 0.5 + 0.45 * Math.cos(1.7 * t)),
    pan: (t) => pointer('pointermove', 0.5 + 0.3 * Math.sin(2.1 * t), 0.5 + 0.3 * Math.sin(1.3 * t), { shiftKey: true, buttons: 1 }),
    zoom: (t) => canvas.dispatchEvent(new WheelEvent('wheel', at(0.45, 0.5, { deltaY: t % 2 < 1 ? -12 : 12 }))),
  };
  if (move === 'pan') pointer('pointerdown', 0.5, 0.5, { shiftKey: true, button: 0, buttons: 1 });
  const frames = []; let changed = 0, last = decoded.dataset.z, saidMoving = '';
  watch.work.clear();
  const start = performance.now();
  await new Promise((done) => {
    const frame = (now) => {
      const t = (now - start) / 1000;
      frames.push(now);
      if (t > seconds) return done();
      events[move](t);
      if (decoded.dataset.z !== last) { changed++; last = decoded.dataset.z; }
      if (t > seconds / 2) saidMoving ||= watch.said();
      watch.native(frame);
    };
    watch.native(frame);
  });
  if (move === 'pan') pointer('pointerup', 0.5, 0.5, { shiftKey: true, button: 0 });
  const work = [...watch.work.values()];
  canvas.dispatchEvent(new KeyboardEvent('keydown', { key: '0', bubbles: true }));
  return { frames, work, changed, said: saidMoving };
}"""


@dataclass(frozen=True)
class Motion:
    """One kind of movement: frames per second over all of it, script milliseconds a frame, the share of frames with a new picture."""

    move: str
    slowdown: int
    fps: float
    p50_ms: float
    p95_ms: float
    decoded_share: float
    said: str
    said_at_rest: str

    @property
    def worst(self) -> str:
        return f"{self.fps:.0f} ({self.p50_ms:.1f}, {self.p95_ms:.1f})"


def drive(page: Page, move: str, slowdown: int, seconds: float) -> Motion:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.wait_for_timeout(SETTLE_MS)
    measured = page.evaluate(DRIVE, [move, seconds])
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.wait_for_timeout(SETTLE_MS)
    frames, work = measured["frames"], sorted(measured["work"]) or [0.0]
    n = len(frames) - 1
    session.detach()
    return Motion(
        move,
        slowdown,
        round(1000 * n / (frames[-1] - frames[0]), 1),
        round(statistics.median(work), 2),
        round(work[min(len(work) - 1, int(0.95 * len(work)))], 2),
        round(measured["changed"] / n, 3),
        measured["said"],
        page.evaluate("() => watch.said()"),
    )


def motions(page: Page, seconds: float) -> list[Motion]:
    return [drive(page, move, slowdown, seconds) for slowdown in SLOWDOWNS for move in MOVES]


# a stroke on the pad, one point a frame; what a point costs is all that the page does in that frame: prepare, encode, decode, map.
# A point counts once its code is told beside the pad and the picture beside the map, which moves with the marker, is that of a new code.
STROKE = """async (seconds) => {
  const [pad, told, decoded] = ['pad', 'drawing', 'decoded'].map((id) => watch.root().querySelector(`[data-testid=${id}]`));
  if (!pad?.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return null;
  const box = pad.getBoundingClientRect();
  const send = (type, x, y) => pad.dispatchEvent(new PointerEvent(type, { bubbles: true, composed: true, cancelable: true, pointerType: 'pen',
    pointerId: 1, isPrimary: true, button: 0, buttons: 1, clientX: box.x + box.width * x, clientY: box.y + box.height * y }));
  send('pointerdown', 0.3, 0.25);
  const frames = [], counts = [told, decoded].map((element) => ({ element, last: element.dataset.z, changed: 0 }));
  const start = performance.now();
  watch.work.clear();
  await new Promise((done) => {
    const frame = (now) => {
      const t = (now - start) / 1000;
      frames.push(now);
      if (t > seconds) return done();
      send('pointermove', 0.5 + 0.2 * Math.sin(5 * t), 0.25 + (0.5 * t) / seconds);
      for (const one of counts) if (one.element.dataset.z !== one.last) { one.changed++; one.last = one.element.dataset.z; }
      watch.native(frame);
    };
    watch.native(frame);
  });
  send('pointerup', 0.5, 0.75);
  const spent = [...watch.work.values()];
  watch.root().surface.pad.clear();
  return { frames, work: spent, changed: Math.min(...counts.map(({ changed }) => changed)) };
}"""


@dataclass(frozen=True)
class Stroke:
    """One stroke on the pad: points a second whose code was shown, script milliseconds a point, the share of points with a new code.

    cpu_ms: the thread's own processor time a point, painting included, which other programs of a busy machine do not lengthen.
    """

    slowdown: int
    points_per_s: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    coded_share: float

    @property
    def words(self) -> str:
        return (
            f"{self.points_per_s:.0f} points/s, {self.p50_ms:.1f} ms a point (p95 {self.p95_ms:.1f}), processor {self.cpu_ms:.1f}"
        )


def stroke(page: Page, slowdown: int, seconds: float) -> Stroke:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.wait_for_timeout(SETTLE_MS)
    check_measured(page.evaluate(STROKE, 0.5))  # what is compiled once is not what is measured
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = thread_seconds(session)
    measured = page.evaluate(STROKE, seconds)
    spent = thread_seconds(session) - before
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    session.detach()
    check_measured(measured)
    frames, work = measured["frames"], sorted(measured["work"]) or [0.0]
    n = len(frames) - 1
    return Stroke(
        slowdown,
        round(1000 * measured["changed"] / (frames[-1] - frames[0]), 1),
        round(statistics.median(work), 2),
        round(work[min(len(work) - 1, int(0.95 * len(work)))], 2),
        round(1000 * spent / n, 2),
        round(measured["changed"] / n, 3),
    )


def check_measured(measured: Any) -> None:
    """A stroke that nobody sees, or that the encoder is not asked about, costs little: no number is given for it."""
    if measured is None:
        raise SystemExit("Nothing was measured: the drawing pad is not on the page or not visible.")
    if measured["changed"] == 0:
        raise SystemExit(f"Nothing was measured: {len(measured['frames']) - 1} points were drawn and no code was shown for any.")


def thread_seconds(session: CDPSession) -> float:
    """Processor seconds of the page's main thread so far."""
    metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def measure_strokes(scenes: Sequence[Scene], seconds: float) -> dict[str, Any]:
    """Drawing on the pad before a map."""
    record: dict[str, Any] = {"strokes": {}}
    with sync_playwright() as playwright, served({scene.name.replace(" × ", "-"): payload(scene) for scene in scenes}) as url:
        browser = chromium(playwright)
        for scene in scenes:
            page = opened(browser, f"{url}/?{scene.name.replace(' × ', '-')}")
            record["strokes"][scene.name] = [asdict(stroke(page, slowdown, seconds)) for slowdown in SLOWDOWNS]
            page.close()
        record["browser"] = browser.version
        browser.close()
    return record


@contextmanager
def app(port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def ready(url: str) -> None:
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.02)


def opened(browser: Browser, url: str) -> Page:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.add_init_script(WATCH)
    page.goto(url)
    page.wait_for_function("() => watch.picture")
    return page


def first_picture(browser: Browser, url: str) -> float:
    """Seconds from the browser's load event, all of the page's files being there, to the first decoded picture. The server is warm."""
    page = opened(browser, url)
    seconds = page.evaluate("() => (watch.picture - performance.getEntriesByType('navigation')[0].loadEventEnd) / 1000")
    page.close()
    return float(seconds)


def first_page() -> float:
    """Seconds from `streamlit run` to the first decoded picture, browser already running."""
    port = free_port()
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        began = time.perf_counter()
        with app(port):
            ready(f"http://127.0.0.1:{port}")
            opened(browser, f"http://127.0.0.1:{port}/")
            seconds = time.perf_counter() - began
        browser.close()
    return seconds


def pins(page: Page, n: int = 9) -> list[float]:
    """Milliseconds from a click on the map to the new code on the page, which Python wrote."""
    canvas = page.get_by_role("application")
    box = canvas.bounding_box()
    assert box is not None
    times = []
    for i in range(n):
        x, y = box["x"] + box["width"] * (0.3 + 0.04 * i), box["y"] + box["height"] * 0.4
        times.append(page.evaluate(CLICK, [x, y]))
        page.wait_for_timeout(300)
    return times[1:]


CLICK = """async ([x, y]) => {
  const canvas = watch.root().querySelector('[role=application]');
  const text = () => [...document.querySelectorAll('[data-testid=stCaptionContainer]')].map((e) => e.textContent).filter((t) => t.startsWith('z = (')).join();
  const before = text();
  const options = { bubbles: true, composed: true, pointerType: 'mouse', pointerId: 1, isPrimary: true, button: 0, clientX: x, clientY: y };
  canvas.dispatchEvent(new PointerEvent('pointermove', { ...options, buttons: 0 }));
  const start = performance.now();
  canvas.dispatchEvent(new PointerEvent('pointerdown', { ...options, buttons: 1 }));
  canvas.dispatchEvent(new PointerEvent('pointerup', { ...options, buttons: 0 }));
  canvas.dispatchEvent(new MouseEvent('click', options));
  return await new Promise((done) => {
    const look = () => (text() !== before ? done(performance.now() - start) : performance.now() - start > 10000 ? done(NaN) : setTimeout(look, 1));
    look();
  });
}"""


def chromium(playwright: Any) -> Browser:
    path = os.environ.get("LATENT_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    browser: Browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
    return browser


def measure_app(runs: Sequence[str], seconds: float) -> dict[str, Any]:
    """What a person gets: the pretrained runs in the app."""
    first_page()  # warms the disk cache: the number is for a machine that has run the app before
    record: dict[str, Any] = {"first_page_s": [round(first_page(), 2) for _ in range(3)], "runs": {}, "first_picture_s": {}}
    port = free_port()
    with sync_playwright() as playwright, app(port):
        url = f"http://127.0.0.1:{port}"
        ready(url)
        browser = chromium(playwright)
        for run in runs:
            page = opened(browser, f"{url}/?run={run}")
            record["runs"][run] = [asdict(motion) for motion in motions(page, seconds)]
            if run == "mnist-2d":
                record["pin_to_page_ms"] = [round(value, 1) for value in pins(page)]
            page.close()
            record["first_picture_s"][run] = [round(first_picture(browser, f"{url}/?run={run}"), 2) for _ in range(3)]
        record["browser"] = browser.version
        browser.close()
    return record


def measure_crowds(crowds: Sequence[Scene], seconds: float) -> dict[str, Any]:
    """More points than any run here has. first_picture_ms: from the bytes to the first frame on the screen."""
    record: dict[str, Any] = {"crowds": {}, "crowd_first_picture_ms": {}}
    with sync_playwright() as playwright, served({scene.name.replace(" × ", "-"): payload(scene) for scene in crowds}) as url:
        browser = chromium(playwright)
        for scene in crowds:
            address = f"{url}/?{scene.name.replace(' × ', '-')}"
            firsts = []
            for _ in range(3):
                page = opened(browser, address)
                page.wait_for_function("() => window.firstPictureMs")
                firsts.append(round(page.evaluate("() => window.firstPictureMs")))
                if len(firsts) < 3:
                    page.close()
            record["crowd_first_picture_ms"][scene.name] = firsts
            record["crowds"][scene.name] = [asdict(motion) for motion in motions(page, seconds)]
            page.close()
        record["browser"] = browser.version
        browser.close()
    return record


def table(record: dict[str, Any]) -> str:
    head = "".join(f"{f'{move} {slowdown}×':>22}" for slowdown in SLOWDOWNS for move in MOVES)
    lines = ["frames/s (script ms a frame: p50, p95); 4×: the processor slowed four times", f"{'':<20}{head}"]
    for name, rows in {**record.get("runs", {}), **record.get("crowds", {})}.items():
        lines.append(f"{name:<20}" + "".join(f"{Motion(**row).worst:>22}" for row in rows))
    lines.append(
        "aims: hover 1× at 70 000 ≥ 55 and p95 ≤ 8; hover 4× ≥ 50, convolutional ≥ 25; pan, zoom ≥ 30 at 70 000, ≥ 10 at 1 000 000"
    )
    for name, rows in record.get("crowds", {}).items():
        moving = dict.fromkeys(row["said"] for row in rows)
        lines.append(f"{name} says, moving: {'; '.join(moving)} | at rest: {rows[-1]['said_at_rest']}")
    for run, values in record.get("first_picture_s", {}).items():
        lines.append(f"load → first picture, {run} in the app: {statistics.median(values):.2f} s (aim 1)")
    for name, values in record.get("crowd_first_picture_ms", {}).items():
        lines.append(f"bytes → first picture, {name}: {statistics.median(values):.0f} ms (aim 1000)")
    for name, rows in record.get("strokes", {}).items():
        each = "; ".join(f"{row['slowdown']}×: {Stroke(**row).words}" for row in rows)
        lines.append(f"drawing, {name.removesuffix('-pad')}: {each} (aim ≤ 16 ms at 1×)")
    if "first_page_s" in record:
        lines.append(f"streamlit run → first decoded picture: {statistics.median(record['first_page_s']):.2f} s")
    if "pin_to_page_ms" in record:
        lines.append(f"click → Python → page: {statistics.median(record['pin_to_page_ms']):.0f} ms")
    lines.append(f"bundle: {record['bundle_kb']:.0f} kB (aim ≤ 300)")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    parser.add_argument("--only", choices=["app", "crowds", "strokes"], help="measure one part")
    parser.add_argument("--match", default="", help="only runs and crowds whose name contains this")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of every movement (default 4)")
    options = parser.parse_args()
    record: dict[str, Any] = {}
    if options.only in (None, "app"):
        record |= measure_app([run for run in RUNS if options.match in run], options.seconds)
    if options.only in (None, "crowds"):
        record |= measure_crowds([scene for scene in CROWDS if options.match in scene.name], options.seconds)
    if options.only in (None, "strokes"):
        record |= measure_strokes([scene for scene in PADS if options.match in scene.name], options.seconds)
    record |= {
        "bundle_kb": BUNDLE.stat().st_size / 1000,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": [round(value, 2) for value in os.getloadavg()],
        "command": " ".join(["python tests/bench/browser.py", *(word for word in sys.argv[1:])]),
        "viewport": "1400x1000",
    }
    print(table(record))
    if options.json:
        options.json.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
