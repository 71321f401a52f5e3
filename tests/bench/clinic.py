"""Does the clinic say the right thing of every patient and of every mended one, whatever the seed?

`python tests/bench/clinic.py [--seeds 0 1 2] [--json FILE]` trains each patient of `trainer.cli.shipped_runs` anew and prints its verdict
with the numbers that it rests on. The tests do so for the sick ones; the mended ones, of which the strong decoders take minutes, are done
here.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from trainer.cli.shipped_runs import CLINIC, set_by_hand  # noqa: E402
from trainer.config import checked  # noqa: E402
from trainer.datasets import load_dataset  # noqa: E402
from trainer.diagnosis.diagnose import diagnose  # noqa: E402
from trainer.runs.catalogue import load_run  # noqa: E402
from trainer.training.fit import fit  # noqa: E402

EXPECTED = {name: {name.removeprefix("clinic-")} for name in CLINIC if "-mended-" not in name}
MENDED = {"healthy", "surplus"}


def seen(name: str, seed: int, folder: Path) -> dict[str, object]:
    """Trains one patient; its verdict and numbers, nats per held-out image."""
    dataset, config, start = load_dataset("digits"), checked(CLINIC[name], seed=seed, classifier=False), time.perf_counter()
    run_name = f"{name}-seed-{seed}"
    if name == "clinic-kl-without-information":
        set_by_hand(config, dataset, run_name, folder)
    else:
        for _ in fit(config, dataset, run_name, folder, snapshots=2):
            pass
    run = load_run(run_name, folder)
    found = run.info.examination
    assert found is not None
    verdict = diagnose(run.config, found, run.encodings.mu)
    return {
        "patient": name,
        "seed": seed,
        "verdict": verdict.kind,
        "right": verdict.kind in EXPECTED.get(name, MENDED),
        "information": round(found.information, 3),
        "kl": round(found.mean_kl, 3),
        "used": int(verdict.used.sum()),
        "dimensions": len(verdict.used),
        "elbo": round(-found.baseline - found.mean_kl, 3),
        "seconds": round(time.perf_counter() - start, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in CLINIC:
            for seed in args.seeds:
                row = seen(name, seed, Path(folder))
                rows.append(row)
                print(*row.values(), sep="\t", flush=True)
    if args.json:
        command = "python tests/bench/clinic.py --seeds " + " ".join(map(str, args.seeds))
        facts = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.machine()}, one thread",
            "command": command,
        }
        args.json.write_text(json.dumps({**facts, "patients": rows}, indent=1) + "\n", encoding="utf-8")
    return 0 if all(row["right"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
