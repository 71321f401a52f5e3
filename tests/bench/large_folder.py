"""Do 200 000 colour pictures of 32 × 32 train within 2 GB of resident memory? Makes them, loads them, trains an epoch, prints JSON.

    python tests/bench/large_folder.py --images 200000 --out tests/bench/results/large-folder.json

Three processes of their own, each with its peak: loading for the first time (decodes), loading again (reads the cache), and
`python -m trainer fit`. resident_mb is what the kernel counted at most (ru_maxrss, never less than what this process had when it
started the other). Every 50 ms are seen: high_water_mb (VmHWM, without that) and the most of its two parts, anonymous_mb, what the
process asked for, and mapped_mb, pages of files, which the kernel takes back when memory is short.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
LIMIT_MB = 2000
POLL_S = 0.05
CHUNK = 2000
SEEN = ("VmHWM", "RssAnon", "RssFile")  # lines of /proc/PID/status, in KiB
LOAD = "import sys; from trainer.datasets import load_dataset; d = load_dataset(sys.argv[1]); print(d.n, d.image_shape, d.sha256)"


@dataclass(frozen=True)
class Measured:
    """One process: its time in seconds and its peaks in MB (10⁶ bytes); None where the system does not tell."""

    what: str
    seconds: float
    resident_mb: float
    high_water_mb: float | None
    anonymous_mb: float | None
    mapped_mb: float | None


def make_folder(folder: Path, n: int, size: int = 32, n_classes: int = 10, seed: int = 0) -> None:
    """`n` pictures as BMP, the quickest to write, in a subfolder a class: a coloured disc on a slope of another colour.

    The class decides the disc's height, everything else is drawn; so there is something to learn and no two are alike.
    """
    rng = np.random.default_rng(seed)
    for label in range(n_classes):
        (folder / f"class-{label}").mkdir(parents=True, exist_ok=True)
    for start in range(0, n, CHUNK):
        labels = np.arange(start, min(start + CHUNK, n)) % n_classes
        for i, picture in enumerate(_pictures(labels / n_classes, size, rng), start):
            Image.fromarray(picture).save(folder / f"class-{i % n_classes}" / f"{i:07}.bmp")


def _pictures(heights: NDArray[np.float64], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(n, size, size, 3); heights (n,) in [0, 1)."""
    n = len(heights)
    place = np.linspace(0, 1, size, dtype=np.float32)
    across = rng.random((n, 1, 1), np.float32) * 0.6 + 0.2
    down = (0.2 + 0.6 * heights.astype(np.float32))[:, None, None]
    distance = np.hypot(place[None, None, :] - across, place[None, :, None] - down)
    ink = np.clip((0.18 - distance) * size + 0.5, 0, 1)[..., None]
    colour, ground = rng.random((2, n, 1, 1, 3), np.float32)
    slope = 0.5 + 0.5 * place[None, :, None, None]
    return np.asarray(255 * (ink * colour + (1 - ink) * ground * slope)).astype(np.uint8)


def measured(what: str, command: list[str], environment: dict[str, str]) -> Measured:
    """Runs a command to its end; its output goes to stderr. Raises where it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=sys.stderr)
    peaks: dict[str, int] = {}
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peaks, over))
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    over.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{what} ended with {process.returncode}: {' '.join(command)}")
    to_mb = 1e-6 if sys.platform == "darwin" else 1024e-6  # bytes there, KiB on Linux
    parts = [peaks[name] * 1024e-6 if name in peaks else None for name in SEEN]
    return Measured(what, round(time.perf_counter() - began, 1), round(usage.ru_maxrss * to_mb), *(p and round(p) for p in parts))


def _watch(pid: int, peaks: dict[str, int], over: threading.Event) -> None:
    """Keeps the largest value of each line that is in SEEN."""
    while not over.wait(POLL_S):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        for name, _, value in (line.partition(":") for line in lines if line.startswith(SEEN)):
            peaks[name] = max(peaks.get(name, 0), int(value.split()[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--preset", default="digits-2d", help="a preset with an mlp")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, environment = Path(name) / "pictures", {"LATENT_CACHE": f"{name}/cache", "OMP_NUM_THREADS": str(options.threads)}
        began = time.perf_counter()
        make_folder(folder, options.images, options.size)
        made_s = round(time.perf_counter() - began, 1)
        data = f"folder:{folder}?size={options.size}"
        fit = f"-m trainer fit {options.preset} --epochs 1 --batch-size 256 --name large --runs {name}/runs --data".split()
        found = [
            measured("first load", [sys.executable, "-c", LOAD, data], environment),
            measured("second load", [sys.executable, "-c", LOAD, data], environment),
            measured("fit", [sys.executable, *fit, data], environment),
        ]
        record = {
            "images": options.images,
            "size": options.size,
            "preset": options.preset,
            "threads": options.threads,
            "made_s": made_s,
            "processes": [asdict(one) for one in found],
            "limit_mb": LIMIT_MB,
            "is_within": all(one.resident_mb <= LIMIT_MB for one in found),
        }
        text = json.dumps(record, indent=1)
        print(text, flush=True)  # removing 200 000 files may take minutes
        if options.out is not None:
            options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
