"""Which training loops are compared by `bench`? That of pytorch/examples, pythae's trainer and ours, with the same model.

Beside them the products alone that any way of training it computes."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from trainer.config import checked
from trainer.datasets import Dataset
from trainer.metrics.collapse import kl_per_dim
from trainer.metrics.evaluate import bound_terms, seeded
from trainer.metrics.importance import importance_estimate
from trainer.models.layers import ImageShape, Linear
from trainer.models.networks import parts_of
from trainer.presets import PRESETS
from trainer.runs.write import RunWriter
from trainer.training.loop import Trainer

BATCH = 128
SEED = 1
NLL_IMAGES, NLL_SAMPLES, NLL_ROUNDS = 20, 5000, 3
WIDTHS = (400, 20)


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


class ExampleVae(nn.Module):
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


class Examples:
    name = "pytorch/examples loop"

    def __init__(self, train: NDArray[np.uint8], test: NDArray[np.uint8]) -> None:
        torch.manual_seed(SEED)
        self.n_pixels = int(np.prod(train.shape[1:]))
        self.model = ExampleVae(self.n_pixels)
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


class Pythae:
    """pythae's own trainer and loss, with encoder and decoder of the same widths and first weights."""

    name = "pythae trainer"

    def __init__(self, train: NDArray[np.uint8], test: NDArray[np.uint8], like: ExampleVae) -> None:
        from pythae.data.datasets import BaseDataset
        from pythae.trainers import BaseTrainer, BaseTrainerConfig

        self.model = _pythae_model(train.shape[1:], like)
        pictures = [torch.from_numpy(images.copy()).float() / 255 for images in (train, test)]
        sets = [BaseDataset(images, torch.zeros(len(images))) for images in pictures]
        self.folder = tempfile.TemporaryDirectory()
        with silence():
            self.trainer = BaseTrainer(
                self.model,
                *sets,
                BaseTrainerConfig(
                    output_dir=self.folder.name,
                    num_epochs=1,
                    learning_rate=1e-3,
                    per_device_train_batch_size=BATCH,
                    per_device_eval_batch_size=BATCH,
                    optimizer_cls="Adam",
                    seed=SEED,
                    no_cuda=True,
                ),
            )
            self.trainer.prepare_training()

    def train(self, epoch: int) -> None:
        with silence():
            self.trainer.train_step(epoch)

    def test(self) -> float:
        with silence():
            return float(self.trainer.eval_step(1))

    @torch.no_grad()
    def take_weights(self, ours: Ours) -> None:
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


def _pythae_model(shape: tuple[int, ...], like: ExampleVae) -> Any:
    """pythae's VAE of pictures of a shape, with the widths and weights of ours."""
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

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

    config = VAEConfig(input_dim=shape, latent_dim=WIDTHS[1], reconstruction_loss="bce")
    return VAE(config, encoder=Encoder(), decoder=Decoder())


def _copy(layer: nn.Linear) -> nn.Linear:
    """A layer of its own with the same weights."""
    twin = nn.Linear(layer.in_features, layer.out_features)
    twin.load_state_dict(layer.state_dict())
    return twin


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """pythae prints bars and log lines."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


class Ours:
    """The very loop of `fit`, an epoch at a time, without the film of codes, which the other loops do not make; nothing is written."""

    def __init__(self, dataset: Dataset, n_images: int, by_autograd: bool = False) -> None:
        config = checked(PRESETS["examples"], data=dataset.name, batch_size=BATCH, seed=SEED)
        kept = np.sort(np.concatenate([dataset.splits["train"], dataset.splits["validation"]]))[:n_images]
        bounded = replace(dataset, splits={**dataset.splits, "train": kept, "validation": kept[:0]})
        self.trainer = Trainer(config, bounded, RunWriter.at("bench", "bench"), "examples", "", snapshots=1)
        if by_autograd:
            self.trainer.written = None
        self.name = "trainer by autograd" if by_autograd else "trainer"

    @torch.no_grad()
    def start_like(self, other: ExampleVae) -> None:
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


class Products:
    """The bare matrix products of an epoch at the very shapes of the network: forward, and both of the way back."""

    def __init__(self, image_shape: ImageShape, n_images: int) -> None:
        parts = parts_of(PRESETS["examples"], image_shape, 0)
        self.layers = [layer for part in ("encoder", "decoder") for layer in parts[part] if isinstance(layer, Linear)]
        whole, rest = divmod(n_images, BATCH)
        self.steps = [(self._step(BATCH), whole), *([(self._step(rest), 1)] if rest else [])]

    def run(self) -> None:
        for calls, times in self.steps:
            for _ in range(times):
                for call in calls:
                    call()

    def _step(self, n: int) -> list[Callable[[], Tensor]]:
        """Of n images; the first layer needs no gradient of its input."""
        forward: list[Callable[[], Tensor]] = []
        backward: list[list[Callable[[], Tensor]]] = []
        for i, layer in enumerate(self.layers):
            x, y = torch.rand(n, layer.n_in), torch.rand(n, layer.n_out)
            weight, of_weight = torch.rand(layer.n_out, layer.n_in), torch.empty(layer.n_out, layer.n_in)
            forward.append(partial(torch.mm, x, weight.T, out=y))
            calls: list[Callable[[], Tensor]] = [partial(torch.mm, y.T, x, out=of_weight)]
            backward.append([*calls, partial(torch.mm, y, weight, out=torch.empty_like(x))] if i else calls)
        return [*forward, *(call for calls in reversed(backward) for call in calls)]
