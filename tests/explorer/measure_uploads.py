"""How much memory do uploads take? Reads every file of a folder as the app does and prints what came of it, as JSON.

    python -m tests.explorer.measure_uploads FOLDER

Run in a process of its own. The peak is that of this process alone (VmHWM): `ru_maxrss` is inherited from the process that started it.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path

from explorer.pictures.batch import items
from explorer.pictures.judge import Against, Row, row_of
from explorer.pictures.trust import population
from trainer.runs.catalogue import load_run

HOME = Path(__file__).resolve().parents[2]
RUNS = ("mnist-2d", "shapes-6d")


def against(name: str) -> Against:
    run = load_run(name, HOME / "assets" / "runs")
    stored, info = run.encodings, run.info.dataset
    among = population(stored.mu, stored.reconstruction, stored.elbo)
    return Against(run.forward, info.name, info.class_names, stored.mu, stored.label, among)


def peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.is_file():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) / 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1_000_000 if sys.platform == "darwin" else 1000)


def told(row: Row) -> str:
    return row.problem or "a picture"


def main(folder: Path) -> None:
    models = [against(name) for name in RUNS]
    files = sorted(folder.iterdir())
    first = next(file for file in files if file.name == "0 ordinary.png")
    for model in models:
        assert not row_of(items([("a.png", first.read_bytes())])[0], model).problem
    before, found = peak_mb(), {}
    for file in files:
        read = items([(file.name, file.read_bytes())])
        found[file.name] = {"told": [told(row_of(item, model)) for item in read for model in models], "grown": peak_mb() - before}
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
