"""What does a room that trains cost the server, and does a page that trains for long keep its memory? Writes a dated JSON.

    python -m tests.bench.room [--pages 30] [--seconds 30] [--minutes 20] [--only room|memory]

room    the app on this machine, as many tabs with the Train page as asked for. Processor seconds of the server while all of them lie
        there, and while all of them train: what a training costs the server is the difference.
memory  one Train page as a file, training without a pause: kilobytes of the browser's page processes every half minute that are no file's
        (RssAnon of Linux). The first two minutes fill the film and the browser's own pools; what counts is the growth from then on.

Every page trains digits 64-128-2 as it begins. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from explorer.hosts.html_file import training_page
from tests.bench.browser import ROOT, free_port, ready
from tests.browser.conftest import ARGUMENTS, chromium_path
from trainer.datasets import load_dataset

RESULTS = Path(__file__).parent / "results"
TICKS = os.sysconf("SC_CLK_TCK")
EVERY_S = 30
#: Minutes that a page fills its film and the browser its pools.
WARM_MINUTES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=30, help="tabs in the room")
    parser.add_argument("--seconds", type=int, default=30, help="that the server is watched")
    parser.add_argument("--minutes", type=int, default=20, help="of the page whose memory is watched")
    parser.add_argument("--only", choices=["room", "memory"], help="measure one of the two")
    options = parser.parse_args()
    now = datetime.now(UTC)
    out = RESULTS / f"{now.date().isoformat()}-room.json"
    record: dict[str, Any] = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    if options.only != "memory":
        record["room"] = {**room(options.pages, options.seconds), **told(now)}
    if options.only != "room":
        record["memory"] = {**memory(options.minutes), **told(now)}
    out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


def told(began: datetime) -> dict[str, str]:
    """On what a part was measured, how busy that was at its end, how, and when it began: each part may be of another day."""
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "command": " ".join(["python -m tests.bench.room", *sys.argv[1:]]),
        "when": began.isoformat(timespec="seconds"),
    }


def room(n_pages: int, seconds: int) -> dict[str, Any]:
    """Processor seconds of the server in `seconds`, its tabs idle and training."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ready(f"http://127.0.0.1:{port}")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
            pages = [opened(browser.new_page(), f"http://127.0.0.1:{port}/?view=train") for _ in range(n_pages)]
            time.sleep(EVERY_S / 3)  # what a view asks for after it is open is over
            idle = spent(server.pid, seconds)
            for page in pages:
                page.get_by_role("button", name="Train", exact=True).click()
            training = spent(server.pid, seconds)
            steps = [steps_of(page) for page in pages]
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=20)
    return {
        "pages": n_pages,
        "seconds": seconds,
        "server_processor_s_idle": round(idle, 2),
        "server_processor_s_training": round(training, 2),
        "steps_of_a_page": {"least": min(steps), "median": statistics.median(steps)},
    }


def opened(page: Page, address: str) -> Page:
    page.set_default_timeout(120_000)
    page.goto(address)
    expect(page.get_by_test_id("standing")).to_contain_text("Not trained yet", timeout=120_000)
    return page


def steps_of(page: Page) -> int:
    """That the page says it has trained."""
    words = page.get_by_test_id("standing").inner_text()
    return int("".join(filter(str.isdigit, words.removeprefix("Step ").split(",")[0])) or 0)


def spent(process: int, seconds: int) -> float:
    """Processor seconds of a process and its children in so many seconds from now."""
    before = processor_s(process)
    time.sleep(seconds)
    return processor_s(process) - before


def processor_s(process: int) -> float:
    """So far, of the process and its children."""
    total = 0.0
    for one in family(process):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has just ended
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def memory(minutes: int) -> dict[str, Any]:
    """Of a page that trains for so long."""
    kilobytes: list[int] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "train.html"
        file.write_bytes(training_page(load_dataset("digits")))
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        page = opened(browser.new_page(viewport={"width": 1280, "height": 720}), file.as_uri())
        page.get_by_role("button", name="Train", exact=True).click()
        began = time.monotonic()
        while time.monotonic() - began < 60 * minutes:
            page.wait_for_timeout(1000 * EVERY_S)
            kilobytes.append(page_kilobytes(os.getpid()))
        steps = steps_of(page)
        browser.close()
    warm = kilobytes[WARM_MINUTES * 60 // EVERY_S - 1]
    late = statistics.median(kilobytes[-4:])
    return {"minutes": minutes, "steps": steps, "kilobytes": kilobytes, "growth_since_warm": round(late / warm - 1, 3)}


def page_kilobytes(root: int) -> int:
    """Memory of its own of all page processes below a process."""
    total = 0
    for one in family(root):
        try:
            if b"--type=renderer" not in Path(f"/proc/{one}/cmdline").read_bytes():
                continue
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
    return total


def family(root: int) -> list[int]:
    """The process and all below it."""
    parent: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found = [root]
    for one in found:
        found.extend(child for child, of in parent.items() if of == one)
    return found


if __name__ == "__main__":
    main()
