"""How fast does this machine train, against what people use?

One process, one model, one batch size, one data set: the loop of pytorch/examples (a `Dataset` that converts one image at a time to
a PIL image and a float tensor, `DataLoader`, Adam, `.item()` every step, a test pass an epoch) and ours take turns, epoch by epoch,
so that a noisy neighbour disturbs both. The loss of that example is the grey negative ELBO: nats per image.
"""

from __future__ import annotations

import platform
import statistics
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from trainer.collapse import kl_per_dim
from trainer.config import PRESETS, checked
from trainer.datasets import Dataset, load_dataset
from trainer.errors import DataError
from trainer.evaluate import bound_terms, seeded
from trainer.fit import Trainer
from trainer.runs import RunWriter

BATCH = 128
SEED = 1


@dataclass(frozen=True)
class Side:
    """One trainer. seconds an epoch, test pass included · test_loss nats per image after the last epoch."""

    name: str
    seconds: list[float]
    test_loss: float
    median_s: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "median_s", statistics.median(self.seconds))


@dataclass(frozen=True)
class Comparison:
    """Both sides of one run of the benchmark."""

    data: str
    n_images: int
    epochs: int
    literal: Side
    ours: Side
    matmul_gflops: float

    @property
    def speedup(self) -> float:
        """Median epoch of the literal loop over the median epoch of ours."""
        return self.literal.median_s / self.ours.median_s

    def record(self) -> dict[str, Any]:
        """JSON-ready, with machine and time."""
        return {
            **asdict(self), "speedup": self.speedup, "loss_difference": self.ours.test_loss - self.literal.test_loss,
            "batch_size": BATCH, "seed": SEED, "threads": torch.get_num_threads(), "machine": platform.machine(),
            "torch": torch.__version__, "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": "python -m trainer bench --json",
        }  # fmt: skip

    def table(self) -> str:
        lines = [
            f"{self.data}, {self.n_images:,} images, batch {BATCH}, 784-400-20, {self.epochs} epochs each, "
            f"{torch.get_num_threads()} threads, {self.matmul_gflops:.0f} GFLOP/s (2048³, float32)",
            f"{'':<22}{'s an epoch':>12}{'test loss':>12}",
        ]
        for side in (self.literal, self.ours):
            lines.append(f"{side.name:<22}{side.median_s:>12.2f}{side.test_loss:>12.2f}")
        return "\n".join(
            [*lines, f"{self.speedup:.1f} times as fast, loss {self.ours.test_loss - self.literal.test_loss:+.2f} nats"]
        )


def compare(data: str = "mnist", epochs: int = 3, images: int | None = None, quiet: bool = False) -> Comparison:
    """Trains both sides in turns. `images` bounds the training set. Raises `DataError` where the data cannot be had."""
    dataset = load_dataset(data, progress=not quiet)
    train = dataset.subset("train+validation").images[:images]
    test = dataset.subset("test").images
    if train.shape[1] != 1:
        raise DataError(
            f"bench compares on grey images, {data} has {train.shape[1]} channels; choose mnist, fashion-mnist, kmnist or digits."
        )
    literal_side, our_side = _Literal(train, test), _Ours(dataset, len(train))
    our_side.start_like(literal_side.model)
    sides: tuple[_Literal | _Ours, ...] = (literal_side, our_side)
    seconds: tuple[list[float], list[float]] = ([], [])
    for epoch in range(1, epochs + 1):
        for side, times in zip(sides, seconds, strict=True):
            began = time.perf_counter()
            side.train(epoch)
            loss = side.test()
            times.append(time.perf_counter() - began)
            if not quiet:
                print(f"epoch {epoch}: {side.name:<20} {times[-1]:6.2f} s  test loss {loss:.2f}", flush=True)
    literal, ours = (Side(s.name, t, s.test()) for s, t in zip(sides, seconds, strict=True))
    return Comparison(data, len(train), epochs, literal, ours, _matmul_gflops())


class _PerItem(torch.utils.data.Dataset[tuple[Tensor, int]]):
    """An image at a time, as torchvision's MNIST with ToTensor: array → PIL → array → tensor → float / 255."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self.images = torch.from_numpy(images.copy())

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        from PIL import Image

        picture = Image.fromarray(self.images[index, 0].numpy())
        tensor = torch.from_numpy(np.array(picture, np.uint8, copy=True))
        tensor = tensor.view(picture.size[1], picture.size[0], 1).permute((2, 0, 1)).contiguous()
        return tensor.to(torch.get_default_dtype()).div(255), 0


class _ExampleVae(nn.Module):
    """The model of pytorch/examples: two layers each way, sigmoid at the end."""

    def __init__(self, n_pixels: int) -> None:
        super().__init__()
        self.n_pixels = n_pixels
        self.fc1, self.fc21, self.fc22 = nn.Linear(n_pixels, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.fc3, self.fc4 = nn.Linear(20, 400), nn.Linear(400, n_pixels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = functional.relu(self.fc1(x.view(-1, self.n_pixels)))
        mu, logvar = self.fc21(hidden), self.fc22(hidden)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return torch.sigmoid(self.fc4(functional.relu(self.fc3(z)))), mu, logvar


class _Literal:
    name = "pytorch/examples loop"

    def __init__(self, train: NDArray[np.uint8], test: NDArray[np.uint8]) -> None:
        torch.manual_seed(SEED)
        self.n_pixels = int(np.prod(train.shape[1:]))
        self.model = _ExampleVae(self.n_pixels)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.train_loader = DataLoader(_PerItem(train), batch_size=BATCH, shuffle=True)
        self.n_test = len(test)
        self.test_loader = DataLoader(_PerItem(test), batch_size=BATCH, shuffle=False)

    def loss(self, x: Tensor) -> Tensor:
        x_hat, mu, logvar = self.model(x)
        bce = functional.binary_cross_entropy(x_hat, x.view(-1, self.n_pixels), reduction="sum")
        kld: Tensor = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        return bce + kld

    def train(self, epoch: int) -> None:
        self.model.train()
        total = 0.0
        for x, _ in self.train_loader:
            self.optimiser.zero_grad()
            loss = self.loss(x)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
            self.optimiser.step()

    @torch.no_grad()
    def test(self) -> float:
        self.model.eval()
        total = sum(self.loss(x).item() for x, _ in self.test_loader)
        return total / self.n_test


class _Ours:
    """The very loop of `fit`, an epoch at a time; nothing is written."""

    name = "trainer"

    def __init__(self, dataset: Dataset, n_images: int) -> None:
        config = checked(PRESETS["examples"], data=dataset.name, batch_size=BATCH, seed=SEED)
        kept = np.sort(np.concatenate([dataset.splits["train"], dataset.splits["validation"]]))[:n_images]
        bounded = replace(dataset, splits={**dataset.splits, "train": kept, "validation": kept[:0]})
        self.trainer = Trainer(config, bounded, RunWriter(Path("bench")), "examples", "")

    @torch.no_grad()
    def start_like(self, other: _ExampleVae) -> None:
        """The same first weights as the other side: our own start, at the mean image, would be 1.7 nats ahead after three epochs."""
        encoder, decoder = self.trainer.model.encoder, self.trainer.model.decoder
        pairs = [
            (encoder[1], [other.fc1]),
            (encoder[3], [other.fc21, other.fc22]),
            (decoder[0], [other.fc3]),
            (decoder[2], [other.fc4]),
        ]
        for layer, theirs in pairs:
            for name in ("weight", "bias"):
                getattr(layer, name).copy_(torch.cat([getattr(part, name) for part in theirs]))

    def train(self, epoch: int) -> None:
        for _ in self.trainer.one_epoch(epoch):
            pass

    def test(self) -> float:
        nll, mu, logvar = bound_terms(self.trainer.model, self.trainer.test_images, False, seeded(SEED, 0))
        return float(nll.mean() + kl_per_dim(mu, logvar).sum())


def _matmul_gflops(size: int = 2048, repeats: int = 3) -> float:
    """Best rate of a float32 matrix product, 10⁹ operations a second."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(repeats + 1):
        began = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best / 1e9
