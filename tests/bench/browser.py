"""How fast is the surface in a real browser? `python tests/bench/browser.py [--json FILE]` prints a table.

For each pretrained run: frames a second while the mouse hovers, and the work of a frame (map → z → decode → draw, p50 and p95), in
headless Chromium without a GPU, in the app itself. Then: `streamlit run` → first decoded picture, and a click → the page's answer.
Not a test: these machines are shared, so it reports and compares nothing with a fixed number.
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
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
RUNS = ["mnist-2d", "mnist-20d", "digits-2d", "digits-16d", "shapes-6d"]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
HOVER_S = 4.0

# every frame moves the mouse along a Lissajous figure by a real event, then asks the next frame for when it came
HOVER = """async ([seconds]) => {
  const host = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).find((r) => r && r.querySelector('[role=application]')) ?? document;
  const canvas = host.querySelector('[role=application]');
  const decoded = host.querySelector('[data-testid=decoded]');
  const box = canvas.getBoundingClientRect();
  const frames = []; let changed = 0, last = decoded.dataset.z;
  const surface = host.querySelector('.la-root').surface;
  surface.resetStats();
  const start = performance.now();
  return await new Promise((done) => {
    const frame = (now) => {
      frames.push(now);
      const t = (now - start) / 1000;
      if (t > seconds) { const { p50_ms, p95_ms } = surface.stats(); done({ frames, changed, p50_ms, p95_ms }); return; }
      canvas.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, composed: true, pointerType: 'mouse', pointerId: 1, isPrimary: true,
        clientX: box.x + box.width * (0.5 + 0.45 * Math.sin(2.1 * t)), clientY: box.y + box.height * (0.5 + 0.45 * Math.cos(1.7 * t)) }));
      if (decoded.dataset.z !== last) { changed++; last = decoded.dataset.z; }
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}"""


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
    page.goto(url)
    page.wait_for_function(DECODED)
    return page


DECODED = """() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot).concat([document])
  .some((r) => r && r.querySelector('[data-testid=decoded]')?.dataset.z)"""


def hover(page: Page) -> dict[str, float]:
    """Frames a second, how many of them decoded, and the script time of a frame as the surface itself measures it."""
    page.wait_for_timeout(1500)
    measured = page.evaluate(HOVER, [HOVER_S])
    gaps = [b - a for a, b in zip(measured["frames"], measured["frames"][1:], strict=False)]
    return {
        "fps": 1000 / statistics.mean(gaps), "decoded_share": measured["changed"] / len(gaps),
        "p50_ms": measured["p50_ms"], "p95_ms": measured["p95_ms"],
    }  # fmt: skip


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
  const host = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).find((r) => r && r.querySelector('[role=application]')) ?? document;
  const canvas = host.querySelector('[role=application]');
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


def measure() -> dict[str, Any]:
    first_page()  # warms the disk cache: the number is for a machine that has run the app before
    record: dict[str, Any] = {"first_page_s": [round(first_page(), 2) for _ in range(3)], "runs": {}}
    port = free_port()
    with sync_playwright() as playwright, app(port):
        url = f"http://127.0.0.1:{port}"
        ready(url)
        browser = chromium(playwright)
        for run in RUNS:
            page = opened(browser, f"{url}/?run={run}")
            record["runs"][run] = hover(page)
            if run == "mnist-2d":
                record["pin_to_page_ms"] = [round(value, 1) for value in pins(page)]
            page.close()
        record["browser"] = browser.version
        browser.close()
    return record


def table(record: dict[str, Any]) -> str:
    lines = [f"{'run':<12}{'frames/s':>10}{'p50 ms':>9}{'p95 ms':>9}{'decoded':>9}"]
    for run, row in record["runs"].items():
        lines.append(f"{run:<12}{row['fps']:>10.1f}{row['p50_ms']:>9.2f}{row['p95_ms']:>9.2f}{row['decoded_share']:>9.0%}")
    lines.append(f"streamlit run → first decoded picture: {statistics.median(record['first_page_s']):.2f} s")
    lines.append(f"click → Python → page: {statistics.median(record['pin_to_page_ms']):.0f} ms")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    record = measure() | {
        "date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "command": "python tests/bench/browser.py", "viewport": "1400x1000",
    }  # fmt: skip
    print(table(record))
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
