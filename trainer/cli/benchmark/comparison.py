"""How fast does this machine train and evaluate, against what people use?

One process, one model, one batch size, one data set. Training: the loop of pytorch/examples (a `Dataset` that converts one image at a
time to a PIL image and a float tensor, `DataLoader`, Adam, `.item()` every step, a test pass an epoch), pythae's trainer where that
library is installed, and ours, by autograd and with gradients written out, take turns, epoch by epoch, so that a noisy neighbour
disturbs all. So do the bare matrix products of an epoch, which bound what any loop can reach. The loss is the grey negative ELBO: nats
per image. Evaluation: pythae's `get_nll` and our importance sampling of the same trained weights, in turns.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.cli.benchmark.loops import (
    BATCH,
    NLL_IMAGES,
    NLL_ROUNDS,
    NLL_SAMPLES,
    SEED,
    Examples,
    Ours,
    Products,
    Pythae,
)
from trainer.datasets import load_dataset
from trainer.errors import DataError
from trainer.models.layers import ImageShape
from trainer.models.networks import parts_of
from trainer.numerals import count, percent
from trainer.presets import PRESETS


@dataclass(frozen=True)
class Spent:
    """What one epoch of training took, without a test pass."""

    seconds: float
    processor_seconds: float
    """of all threads: what others compute at the same time does not count, but threads that wait for each other do"""


@dataclass(frozen=True)
class Side:
    """One trainer."""

    name: str
    seconds: list[float]
    """of each epoch, test pass included"""
    training: list[Spent]
    test_loss: float
    """nats per image after the last epoch"""
    median_s: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "median_s", statistics.median(self.seconds))


@dataclass(frozen=True)
class NllSide:
    """One importance sampler."""

    name: str
    seconds: list[float]
    """of each round"""
    nll: float
    """nats per image of the last round"""


@dataclass(frozen=True)
class Comparison:
    """All sides of one run of the benchmark."""

    data: str
    n_images: int
    epochs: int
    sides: list[Side]
    """the last one is ours"""
    nll: list[NllSide]
    products: list[Spent]
    """bare matrix products of each epoch"""
    load: tuple[float | None, float | None]
    """processes that wanted a core in the last minute, before and after; those of others disturb; none where the system does not say"""
    matmul_gflops: float
    """the machine's best rate, 10⁹ operations a second"""
    epoch_gflop: float
    """10⁹ operations of an epoch's matrix products, backward and test pass included"""

    @property
    def ours(self) -> Side:
        return self.sides[-1]

    @property
    def speedups(self) -> dict[str, float]:
        """Median epoch of each other side over the median epoch of ours."""
        return {side.name: side.median_s / self.ours.median_s for side in self.sides[:-1]}

    @property
    def product_share(self) -> float:
        """How near training is to its bare products: the quickest epoch of these over the quickest of ours, without test passes."""
        return _quickest(self.products) / _quickest(self.ours.training)

    @property
    def product_share_of_work(self) -> float:
        """The same in processor time."""
        return min(spent.processor_seconds for spent in self.products) / _least_work(self.ours)

    @property
    def work_ratios(self) -> dict[str, float]:
        """Least processor time of an epoch's training of each other side over that of ours."""
        return {side.name: _least_work(side) / _least_work(self.ours) for side in self.sides[:-1]}

    @property
    def nll_speedup(self) -> float | None:
        """The quickest round of pythae's estimate over that of ours."""
        return min(self.nll[0].seconds) / min(self.nll[-1].seconds) if len(self.nll) > 1 else None

    @property
    def matmul_share(self) -> float:
        """How much of the machine's rate an epoch of ours reaches."""
        return self.epoch_gflop / self.ours.median_s / self.matmul_gflops

    @property
    def _loads(self) -> list[tuple[float, str]]:
        return [(load, when) for load, when in zip(self.load, ("before", "after"), strict=True) if load is not None]

    def record(self) -> dict[str, Any]:
        """JSON-ready, with machine and time."""
        return {
            **asdict(self),
            "speedups": self.speedups,
            "nll_speedup": self.nll_speedup,
            "matmul_share": self.matmul_share,
            "product_share": self.product_share,
            "product_share_of_work": self.product_share_of_work,
            "work_ratios": self.work_ratios,
            "loss_differences": {side.name: self.ours.test_loss - side.test_loss for side in self.sides[:-1]},
            "nll_images": NLL_IMAGES,
            "nll_samples": NLL_SAMPLES,
            "batch_size": BATCH,
            "seed": SEED,
            "threads": torch.get_num_threads(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "torch": torch.__version__,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": f"python -m trainer bench --data {self.data} --epochs {self.epochs} --images {self.n_images} --json",
        }

    def table(self) -> str:
        lines = [
            f"{self.data}, {count(self.n_images)} images, batch {BATCH}, 784-400-20, {self.epochs} epochs each, "
            f"{torch.get_num_threads()} threads, {self.matmul_gflops:.0f} GFLOP/s (2048³, float32)",
            f"{'':<22}{'s an epoch':>12}{'test loss':>12}{'ours is':>14}",
        ]
        for side in self.sides:
            factor = f"{self.speedups[side.name]:>8.1f} x" if side.name in self.speedups else ""
            lines.append(f"{side.name:<22}{side.median_s:>12.2f}{side.test_loss:>12.2f}{factor:>14}")
        lines.append(
            f"an epoch of ours is {self.epoch_gflop:.0f} GFLOP: {percent(self.matmul_share)} of what the machine multiplies"
        )
        lines.append(
            f"its products alone take {_quickest(self.products):.2f} s, training {_quickest(self.ours.training):.2f} s at best: "
            f"{percent(self.product_share)}" + "".join(f", load {load:.1f} {when}" for load, when in self._loads)
        )
        work = ", ".join(f"{name} {ratio:.1f} x" for name, ratio in self.work_ratios.items())
        lines.append(f"in processor time: {percent(self.product_share_of_work)}; {work}")
        lines.append(f"importance-sampled NLL, {NLL_IMAGES} images, {NLL_SAMPLES} samples")
        lines += [f"{side.name:<22}{min(side.seconds):>12.2f} s{side.nll:>11.2f}" for side in self.nll]
        if self.nll_speedup is not None:
            lines.append(f"ours is {self.nll_speedup:.1f} x as fast")
        if len(self.sides) < 4:
            lines.append("pythae is not installed: pip install -r tests/requirements.txt adds it to the comparison")
        return "\n".join(lines)


class _Contender(Protocol):
    name: str

    def train(self, epoch: int) -> None: ...

    def test(self) -> float: ...


def compare(data: str = "mnist", epochs: int = 3, images: int | None = None, quiet: bool = False) -> Comparison:
    """Trains all sides in turns. `images` bounds the training set. Raises `DataError` where the data cannot be had."""
    dataset = load_dataset(data, progress=not quiet)
    train = dataset.subset("train+validation").images[:images]
    test = dataset.subset("test").images
    if train.shape[1] != 1:
        raise DataError(
            f"bench compares on grey images, {data} has {train.shape[1]} channels; choose mnist, fashion-mnist, kmnist or digits."
        )
    load = _load()
    literal, ours, by_autograd = Examples(train, test), Ours(dataset, len(train)), Ours(dataset, len(train), by_autograd=True)
    contenders: list[_Contender] = [literal]
    peer = Pythae(train, test, literal.model) if importlib.util.find_spec("pythae") else None
    contenders += [peer] if peer else []
    for mine in (by_autograd, ours):
        mine.start_like(literal.model)
        contenders.append(mine)
    products = Products(dataset.image_shape, len(train))
    times = _in_turns(contenders, products, epochs, quiet)
    sides = [Side(side.name, whole, training, side.test()) for side, (whole, training) in zip(contenders, times[1], strict=True)]
    return Comparison(
        data,
        len(train),
        epochs,
        sides,
        _nll_sides(ours, peer, test),
        times[0],
        (load, _load()),
        _matmul_gflops(),
        _epoch_gflop(dataset.image_shape, len(train), len(test)),
    )


def _load() -> float | None:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _quickest(epochs: list[Spent]) -> float:
    return min(spent.seconds for spent in epochs)


def _least_work(side: Side) -> float:
    return min(spent.processor_seconds for spent in side.training)


def _spent(work: Callable[[], None]) -> Spent:
    began, processor = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - began, time.process_time() - processor)


def _in_turns(
    contenders: list[_Contender], products: Products, epochs: int, quiet: bool
) -> tuple[list[Spent], list[tuple[list[float], list[Spent]]]]:
    """Of every epoch, its products, and of every side the seconds with its test pass and what its training took."""
    found: list[tuple[list[float], list[Spent]]] = [([], []) for _ in contenders]
    bare: list[Spent] = []
    for epoch in range(1, epochs + 1):
        for side, (whole, training) in zip(contenders, found, strict=True):
            training.append(_spent(partial(side.train, epoch)))
            began = time.perf_counter()
            loss = side.test()
            whole.append(training[-1].seconds + time.perf_counter() - began)
            if not quiet:
                print(f"epoch {epoch}: {side.name:<20} {whole[-1]:6.2f} s  test loss {loss:.2f}", flush=True)
        bare.append(_spent(products.run))
    return bare, found


def _nll_sides(ours: Ours, peer: Pythae | None, test: NDArray[np.uint8]) -> list[NllSide]:
    """Both estimates of the same weights: ours, after the last epoch, are copied into pythae's model."""
    images = torch.from_numpy(test[:NLL_IMAGES].copy()).float() / 255
    if peer:
        peer.take_weights(ours)
    found: dict[str, tuple[list[float], float]] = {}
    for _ in range(NLL_ROUNDS):
        rounds: list[tuple[str, Callable[[], float]]] = [("trainer", lambda: ours.nll(images))]
        if peer:
            rounds.insert(0, ("pythae get_nll", partial(peer.nll, images)))
        for name, run in rounds:
            began = time.perf_counter()
            nll = run()
            times = [*found[name][0], time.perf_counter() - began] if name in found else [time.perf_counter() - began]
            found[name] = (times, nll)
    return [NllSide(name, times, nll) for name, (times, nll) in found.items()]


def _epoch_gflop(image_shape: ImageShape, n_train: int, n_test: int) -> float:
    """Products of an epoch: forward, both gradients (the first layer needs only that of its weights), and the test pass forward."""
    from trainer.models.layers import Linear

    shapes = parts_of(PRESETS["examples"], image_shape, 0)
    products = [layer.n_in * layer.n_out for part in ("encoder", "decoder") for layer in shapes[part] if isinstance(layer, Linear)]
    return 2e-9 * (n_train * (3 * sum(products) - products[0]) + n_test * sum(products))


def _matmul_gflops(size: int = 2048, repeats: int = 3) -> float:
    """Best rate of a float32 matrix product, 10⁹ operations a second."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(repeats + 1):
        began = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best / 1e9
