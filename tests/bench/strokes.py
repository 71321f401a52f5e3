"""Where does the time of a stroke's point go? `python -m tests.bench.strokes [--before CHECKOUT]` prints a table.

Chromium's own trace of a stroke on the pad: processor milliseconds of the page's main thread for a point, by what they were spent on,
which other programs of a busy machine lengthen little. With an earlier checkout, whose `dist` is built, both are traced in turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.bench.browser import PADS, STROKE, check_measured, chromium, opened
from tests.bench.crowds import BUNDLE, payload, served

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "blink", "cc", "toplevel", "__metadata"]
# the first kind whose word is in an event's name has its time
KINDS: Mapping[str, Sequence[str]] = {
    "script": ("FunctionCall", "v8.", "GC", "FireAnimationFrame", "EventDispatch", "TimerFire", "AsyncTask"),
    "canvases": ("Canvas", "GetImageData"),
    "style": ("Style", "UpdateLayoutTree", "InvalidationSet"),
    "layout": ("Layout", "layout", "Inline", "Shape"),
    "paint": ("Paint.", "PrePaint", "CullRect", "CompositingInputs"),
    "layers": ("PaintArtifactCompositor", "LayerTree", "Commit", "Layerize", "PropertyTree"),
}
SETTLE_MS = 1200


def kind_of(name: str) -> str:
    if name == "Paint":
        return "paint"
    return next((kind for kind, words in KINDS.items() if any(word in name for word in words)), "tasks and the rest")


def main_thread(events: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Processor microseconds of the page's main thread by kind: of every event its own, without those of the events within it."""
    threads = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"}
    spans = defaultdict(list)
    for event in events:
        if event.get("ph") == "X" and "tdur" in event and (event["pid"], event["tid"]) in threads:
            spans[event["pid"], event["tid"]].append(event)
    return max((own_times(those) for those in spans.values()), key=lambda found: found.total())


def own_times(events: list[Mapping[str, Any]]) -> Counter[str]:
    spent: Counter[str] = Counter()
    around: list[Mapping[str, Any]] = []
    for event in sorted(events, key=lambda e: (e["ts"], -e["dur"])):
        while around and around[-1]["ts"] + around[-1]["dur"] <= event["ts"]:
            around.pop()
        if around:
            spent[kind_of(around[-1]["name"])] -= event["tdur"]
        spent[kind_of(event["name"])] += event["tdur"]
        around.append(event)
    return spent


def traced(browser: Browser, bundle: Path, content: bytes, seconds: float) -> dict[str, float]:
    """Milliseconds of a point by kind."""
    with served({"mnist-2d-pad": content}, bundle) as url, tempfile.TemporaryDirectory() as folder:
        page = opened(browser, f"{url}/?mnist-2d-pad")
        page.wait_for_timeout(SETTLE_MS)
        check_measured(page.evaluate(STROKE, 0.7))  # what is compiled once is not what is measured
        path = Path(folder) / "trace.json"
        browser.start_tracing(page=page, path=path, categories=CATEGORIES)
        measured = page.evaluate(STROKE, seconds)
        browser.stop_tracing()
        page.close()
        check_measured(measured)
        spent = main_thread(json.loads(path.read_text())["traceEvents"])
    found = {kind: spent[kind] / 1000 / measured["changed"] for kind in [*KINDS, "tasks and the rest"]}
    return found | {"all": sum(found.values())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--before", type=Path, help="an earlier checkout")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    bundles = {"now": BUNDLE}
    if options.before:
        bundles = {"before": options.before / "explorer" / "surface" / "dist" / "surface.js"} | bundles
    content, found = payload(PADS[0]), defaultdict(list)
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for _ in range(options.rounds):
            for name, bundle in bundles.items():
                found[name].append(traced(browser, bundle, content, options.seconds))
        browser.close()
    print(f"{'ms a point':<20}" + "".join(f"{name:>10}" for name in bundles))
    for kind in found["now"][0]:
        print(f"{kind:<20}" + "".join(f"{statistics.median(row[kind] for row in found[name]):>10.2f}" for name in bundles))


if __name__ == "__main__":
    main()
