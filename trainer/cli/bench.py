"""How fast does this machine train and evaluate, against what people use?

One process, one model, one batch size, one data set. Training: the loop of pytorch/examples (a `Dataset` that converts one image at a
time to a PIL image and a float tensor, `DataLoader`, Adam, `.item()` every step, a test pass an epoch), pythae's trainer where that
library is installed, and ours take turns, epoch by epoch, so that a noisy neighbour disturbs all. The loss is the grey negative ELBO:
nats per image. Evaluation: pythae's `get_nll` and our importance sampling of the same trained weights, in turns.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from trainer.config import PRESETS, checked
from trainer.datasets import Dataset, load_dataset
from trainer.errors import DataError
from trainer.metrics.collapse import kl_per_dim
from trainer.metrics.evaluate import bound_terms, seeded
from trainer.metrics.importance import importance_estimate
from trainer.models.layers import ImageShape, parts_of
from trainer.numerals import count, percent
from trainer.runs.write import RunWriter
from trainer.training.loop import Trainer

BATCH = 128
SEED = 1
NLL_IMAGES, NLL_SAMPLES, NLL_ROUNDS = 20, 5000, 3
WIDTHS = (400, 20)


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
class NllSide:
    """One importance sampler. seconds a round · nll nats per image of the last round."""

    name: str
    seconds: list[float]
    nll: float


@dataclass(frozen=True)
class Comparison:
    """All sides of one run of the benchmark; the last one is ours. matmul_gflops: the machine's best rate, 10⁹ operations a second.

    epoch_gflop: operations of an epoch's matrix products, backward and test pass included.
    """

    data: str
    n_images: int
    epochs: int
    sides: list[Side]
    nll: list[NllSide]
    matmul_gflops: float
    epoch_gflop: float

    @property
    def ours(self) -> Side:
        return self.sides[-1]

    @property
    def speedups(self) -> dict[str, float]:
        """Median epoch of each other side over the median epoch of ours."""
        return {side.name: side.median_s / self.ours.median_s for side in self.sides[:-1]}

    @property
    def nll_speedup(self) -> float | None:
        """The quickest round of pythae's estimate over that of ours."""
        return min(self.nll[0].seconds) / min(self.nll[-1].seconds) if len(self.nll) > 1 else None

    @property
    def matmul_share(self) -> float:
        """How much of the machine's rate an epoch of ours reaches."""
        return self.epoch_gflop / self.ours.median_s / self.matmul_gflops

    def record(self) -> dict[str, Any]:
        """JSON-ready, with machine and time."""
        return {
            **asdict(self), "speedups": self.speedups, "nll_speedup": self.nll_speedup, "matmul_share": self.matmul_share,
            "loss_differences": {side.name: self.ours.test_loss - side.test_loss for side in self.sides[:-1]},
            "nll_images": NLL_IMAGES, "nll_samples": NLL_SAMPLES, "batch_size": BATCH, "seed": SEED,
            "threads": torch.get_num_threads(), "machine": platform.machine(), "torch": torch.__version__,
            "date": datetime.now(UTC).isoformat(timespec="seconds"), "command": "python -m trainer bench --json",
        }  # fmt: skip

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
        lines.append(f"importance-sampled NLL, {NLL_IMAGES} images, {NLL_SAMPLES} samples")
        lines += [f"{side.name:<22}{min(side.seconds):>12.2f} s{side.nll:>11.2f}" for side in self.nll]
        if self.nll_speedup is not None:
            lines.append(f"ours is {self.nll_speedup:.1f} x as fast")
        if len(self.sides) < 3:
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
    literal, ours = _Literal(train, test), _Ours(dataset, len(train))
    contenders: list[_Contender] = [literal]
    peer = _Pythae(train, test, literal.model) if importlib.util.find_spec("pythae") else None
    contenders += [peer] if peer else []
    ours.start_like(literal.model)
    contenders.append(ours)
    seconds: list[list[float]] = [[] for _ in contenders]
    for epoch in range(1, epochs + 1):
        for side, times in zip(contenders, seconds, strict=True):
            began = time.perf_counter()
            side.train(epoch)
            loss = side.test()
            times.append(time.perf_counter() - began)
            if not quiet:
                print(f"epoch {epoch}: {side.name:<20} {times[-1]:6.2f} s  test loss {loss:.2f}", flush=True)
    sides = [Side(side.name, times, side.test()) for side, times in zip(contenders, seconds, strict=True)]
    return Comparison(
        data, len(train), epochs, sides, _nll_sides(ours, peer, test), _matmul_gflops(),
        _epoch_gflop(dataset.image_shape, len(train), len(test)),
    )  # fmt: skip


def _nll_sides(ours: _Ours, peer: _Pythae | None, test: NDArray[np.uint8]) -> list[NllSide]:
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


class _Pythae:
    """pythae's own trainer and loss, with encoder and decoder of the same widths and first weights."""

    name = "pythae trainer"

    def __init__(self, train: NDArray[np.uint8], test: NDArray[np.uint8], like: _ExampleVae) -> None:
        from pythae.data.datasets import BaseDataset
        from pythae.models import VAE, VAEConfig
        from pythae.models.base.base_utils import ModelOutput
        from pythae.models.nn import BaseDecoder, BaseEncoder
        from pythae.trainers import BaseTrainer, BaseTrainerConfig

        shape = train.shape[1:]

        class Encoder(BaseEncoder):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.fc1, self.fc21, self.fc22 = (_copy(layer) for layer in (like.fc1, like.fc21, like.fc22))

            def forward(self, x: Tensor) -> Any:
                hidden = functional.relu(self.fc1(x.flatten(1)))
                return ModelOutput(embedding=self.fc21(hidden), log_covariance=self.fc22(hidden))

        class Decoder(BaseDecoder):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.fc3, self.fc4 = _copy(like.fc3), _copy(like.fc4)

            def forward(self, z: Tensor) -> Any:
                return ModelOutput(reconstruction=torch.sigmoid(self.fc4(functional.relu(self.fc3(z)))).reshape(-1, *shape))

        self.model = VAE(
            VAEConfig(input_dim=shape, latent_dim=WIDTHS[1], reconstruction_loss="bce"), encoder=Encoder(), decoder=Decoder()
        )
        pictures = [torch.from_numpy(images.copy()).float() / 255 for images in (train, test)]
        sets = [BaseDataset(images, torch.zeros(len(images))) for images in pictures]
        self.folder = tempfile.TemporaryDirectory()
        with _silence():
            self.trainer = BaseTrainer(
                self.model, *sets,
                BaseTrainerConfig(
                    output_dir=self.folder.name, num_epochs=1, learning_rate=1e-3, per_device_train_batch_size=BATCH,
                    per_device_eval_batch_size=BATCH, optimizer_cls="Adam", seed=SEED, no_cuda=True,
                ),
            )  # fmt: skip
            self.trainer.prepare_training()

    def train(self, epoch: int) -> None:
        with _silence():
            self.trainer.train_step(epoch)

    def test(self) -> float:
        with _silence():
            return float(self.trainer.eval_step(1))

    @torch.no_grad()
    def take_weights(self, ours: _Ours) -> None:
        encoder, decoder = ours.trainer.model.encoder, ours.trainer.model.decoder
        half = WIDTHS[1]
        theirs, mine = self.model.encoder, self.model.decoder
        for name in ("weight", "bias"):
            getattr(theirs.fc1, name).copy_(getattr(encoder[1], name))
            getattr(theirs.fc21, name).copy_(getattr(encoder[3], name)[:half])
            getattr(theirs.fc22, name).copy_(getattr(encoder[3], name)[half:])
            getattr(mine.fc3, name).copy_(getattr(decoder[0], name))
            getattr(mine.fc4, name).copy_(getattr(decoder[2], name))

    @torch.no_grad()
    def nll(self, images: Tensor) -> float:
        return -float(self.model.eval().get_nll(images, n_samples=NLL_SAMPLES, batch_size=100))


def _copy(layer: nn.Linear) -> nn.Linear:
    """A layer of its own with the same weights."""
    twin = nn.Linear(layer.in_features, layer.out_features)
    twin.load_state_dict(layer.state_dict())
    return twin


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """pythae prints bars and log lines."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


class _Ours:
    """The very loop of `fit`, an epoch at a time; nothing is written."""

    name = "trainer"

    def __init__(self, dataset: Dataset, n_images: int) -> None:
        config = checked(PRESETS["examples"], data=dataset.name, batch_size=BATCH, seed=SEED)
        kept = np.sort(np.concatenate([dataset.splits["train"], dataset.splits["validation"]]))[:n_images]
        bounded = replace(dataset, splits={**dataset.splits, "train": kept, "validation": kept[:0]})
        self.trainer = Trainer(config, bounded, RunWriter.at("bench", "bench"), "examples", "")

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
        nll, mu, logvar = bound_terms(self.trainer.model, self.trainer.test.images, False, seeded(SEED, 0))
        return float(nll.mean() + kl_per_dim(mu, logvar).sum())

    @torch.no_grad()
    def nll(self, images: Tensor) -> float:
        return importance_estimate(self.trainer.model, images, NLL_SAMPLES, seeded(SEED, 2)).nll


def _matmul_gflops(size: int = 2048, repeats: int = 3) -> float:
    """Best rate of a float32 matrix product, 10⁹ operations a second."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(repeats + 1):
        began = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best / 1e9
