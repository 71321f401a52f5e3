"""How soon, how often and how smoothly is a training seen? Drives Chromium on the Train page as a file and writes a dated JSON.

    python -m tests.bench.watching

Digits 64-128-2, as the page begins: milliseconds from the click to a frame that shows the first step, times a second that the map shows
other codes, frames and decoded pictures a second under a pointer that moves every frame, epochs a second meanwhile, and what a frame costs
the page's own thread, which other work on the machine changes little; then the same with the processor slowed four times.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, expect, sync_playwright

from explorer.hosts.html_file import training_page
from tests.browser.conftest import ARGUMENTS, chromium_path
from trainer.datasets import load_dataset

RESULTS = Path(__file__).parent / "results"
SLOWED = (1, 4)
ROUNDS = 3
SECONDS = 5

WATCH = """async (seconds) => {
  const root = document.querySelector('[data-testid=train]');
  const { training } = root;
  const frame = () => new Promise(requestAnimationFrame);
  const canvas = root.querySelector('[role=application]'), picture = root.querySelector('[data-testid=decoded]');
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const began = performance.now();
  const before = training.map.drawn;
  root.querySelector('[data-testid=go]').click();
  while (training.state.step === 0 || training.map.drawn === before) await frame();
  await frame(); // the one before is on the screen
  const first = performance.now() - began;
  let frames = 0, pictures = 0, moves = 0, code = '', told = training.progress;
  const from = performance.now(), epoch = training.state.epoch;
  let now = from;
  while (now - from < 1000 * seconds) {
    const angle = (now - from) / 700;
    const place = { clientX: left + width * (0.5 + 0.3 * Math.cos(angle)), clientY: top + height * (0.5 + 0.3 * Math.sin(angle)) };
    canvas.dispatchEvent(new PointerEvent('pointermove', { ...place, pointerId: 1, pointerType: 'mouse', bubbles: true }));
    await frame();
    now = performance.now();
    frames++;
    if (picture.dataset.z !== code) pictures++;
    if (training.progress !== told) moves++;
    code = picture.dataset.z;
    told = training.progress;
  }
  const passed = (now - from) / 1000;
  root.querySelector('[data-testid=go]').click();
  return {
    first_step_ms: first, map_moves_per_s: moves / passed, frames_per_s: frames / passed, pictures_per_s: pictures / passed,
    epochs_per_s: (training.state.epoch - epoch) / passed, where: training.where,
  };
}"""


def main() -> None:
    records: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "train.html"
        page.write_bytes(training_page(load_dataset("digits")))
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for _ in range(ROUNDS):
            for slowed in SLOWED:
                records.setdefault(f"slowed {slowed} times", []).append(watched(browser, page.as_uri(), slowed))
        browser.close()
    now = datetime.now(UTC)
    record = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "command": "python -m tests.bench.watching",
        "when": now.isoformat(timespec="seconds"),
        "rounds": records,
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    print(text)
    (RESULTS / f"{now.date().isoformat()}-watching.json").write_text(text + "\n", encoding="utf-8")


def watched(browser: Browser, address: str, slowed: int) -> dict[str, Any]:
    """One training in a page of its own."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    session = page.context.new_cdp_session(page)
    page.goto(address)
    expect(page.get_by_test_id("standing")).to_contain_text("Not trained yet")
    session.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    session.send("Performance.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    before = processor_s(session)
    found: dict[str, Any] = page.evaluate(WATCH, SECONDS)
    found["processor_ms_a_frame"] = 1000 * (processor_s(session) - before) / (found["frames_per_s"] * SECONDS)
    page.close()
    return {name: value if isinstance(value, str) else round(value, 1) for name, value in found.items()}


def processor_s(session: CDPSession) -> float:
    """Seconds of processor that the page's own thread has used."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


if __name__ == "__main__":
    main()
