"""How long does it take to bring a model along? The whole command, on the processor, phase by phase.

`python tests/bench/importing.py [--only NAME] [--runs N] [--json FILE]`

examples    the network of pytorch/examples (784-400-20), two epochs on MNIST, imported with the 10 000 test images of MNIST
conv64      a convolutional VAE for RGB 64 × 64 of some 30 million multiply-adds a decode, imported with 2000 pictures of its own

Both are trained here first, which is not counted. What is timed is `python -m trainer import --module FILE:CLASS --weights FILE`, from the
start of Python to its end.
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
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
SEED = 0

EXAMPLES = '''"""As pytorch/examples/vae writes it."""
import torch
from torch import nn
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 400)
        self.fc21 = nn.Linear(400, 20)
        self.fc22 = nn.Linear(400, 20)
        self.fc3 = nn.Linear(20, 400)
        self.fc4 = nn.Linear(400, 784)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 784))
        z = mu + torch.randn_like(mu) * torch.exp(logvar / 2)
        return self.decode(z), mu, logvar
'''

CONV = '''"""A convolutional VAE for 64 x 64 in colour."""
import torch
from torch import nn


class VAE(nn.Module):
    def __init__(self, k=16):
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Conv2d(64, 128, 4, 2, 1), nn.ReLU(),
            nn.Conv2d(128, 128, 4, 2, 1), nn.ReLU(), nn.Flatten())
        self.mean, self.spread = nn.Linear(2048, k), nn.Linear(2048, k)
        self.start = nn.Linear(k, 2048)
        self.up = nn.Sequential(
            nn.ConvTranspose2d(128, 128, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(128, 96, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(96, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())

    def encode(self, x):
        h = self.down(x)
        return self.mean(h), self.spread(h)

    def decode(self, z):
        return self.up(torch.relu(self.start(z)).view(-1, 128, 4, 4))

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decode(mu + torch.randn_like(mu) * torch.exp(logvar / 2)), mu, logvar
'''


def examples(folder: Path) -> list[str]:
    """Writes the model and trains it; the words of the command."""
    import torch
    from torch.nn import functional

    from trainer.datasets import load_dataset

    (folder / "vae.py").write_text(EXAMPLES)
    x = torch.from_numpy(load_dataset("mnist").subset("train").images.copy()).float().flatten(1) / 255
    _train(folder, x, epochs=2, nll=lambda recon, rows: functional.binary_cross_entropy(recon, rows, reduction="sum"))
    return ["--module", "vae.py:VAE", "--weights", "weights.pt", "--data", "mnist"]


def conv64(folder: Path) -> list[str]:
    """The same for pictures of 64 × 64: the shapes, twice as large, 10 000 of them with 2000 held out."""
    import torch

    from trainer.datasets import load_dataset

    (folder / "vae.py").write_text(CONV)
    data = load_dataset("shapes")
    scale = 64 // data.image_shape[1]
    images = np.array(data.images[:10_000]).repeat(scale, 2).repeat(scale, 3)
    images = images if images.shape[1] == 3 else images.repeat(3, 1)
    np.savez(folder / "own.npz", images=images, labels=np.asarray(data.labels)[:10_000])
    x = torch.from_numpy(images[:4000]).float() / 255
    _train(folder, x, epochs=3, nll=lambda recon, rows: (recon - rows).square().sum() / (2 * 0.1**2))
    return ["--module", "vae.py:VAE", "--weights", "weights.pt", "--data", "own.npz", "--likelihood", "gaussian", "--sigma", "0.1"]


def _train(folder: Path, x: Any, epochs: int, nll: Callable[[Any, Any], Any]) -> None:
    import torch

    space: dict[str, Any] = {}
    exec((folder / "vae.py").read_text(), space)  # the text above
    torch.manual_seed(SEED)
    model = space["VAE"]()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(128):
            recon, mu, logvar = model(x[rows])
            loss = nll(recon, x[rows]) - 0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    torch.save(model.state_dict(), folder / "weights.pt")


def timed(words: list[str], folder: Path) -> dict[str, Any]:
    """One import: seconds on the clock and of processor time, and when each phase began."""
    runs = folder / "runs"
    command = [sys.executable, "-m", "trainer", "import", *words, "--name", "bench", "--overwrite", "--runs", str(runs)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    before, began = os.times(), time.perf_counter()
    with subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        said = [(round(time.perf_counter() - began, 1), line.strip()) for line in process.stderr if line.strip()]
        answer = process.stdout.read()
    seconds, after = time.perf_counter() - began, os.times()
    if process.returncode:
        raise SystemExit("\n".join(line for _, line in said))
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return {
        "seconds": round(seconds, 1),
        "processor_seconds": round(spent, 1),
        "phases": said,
        "answer": answer.strip().splitlines(),
    }


CASES = {"examples": (examples, 60), "conv64": (conv64, 180)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=CASES)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    args = parser.parse_args()
    found = {}
    for name, (make, aim) in CASES.items():
        if args.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory() as text:
            words = make(Path(text))
            times = [timed(words, Path(text)) for _ in range(args.runs)]
        median = statistics.median(run["seconds"] for run in times)
        print(f"{name}: {median:.1f} s (aim {aim}), processor {statistics.median(run['processor_seconds'] for run in times):.1f} s")
        for at, line in times[-1]["phases"]:
            print(f"  {at:6.1f}  {line}")
        for line in times[-1]["answer"]:
            print(f"  {line}")
        found[name] = {"median_seconds": median, "aim_seconds": aim, "runs": times}
    if args.json:
        words = "python tests/bench/importing.py " + " ".join(sys.argv[1:])
        machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
        facts = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, "command": words, "seed": SEED}
        args.json.write_text(json.dumps({**facts, **found}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
