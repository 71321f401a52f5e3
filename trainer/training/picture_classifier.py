"""How does a run get its classifier of pictures?

Each picture of a batch is an image or its reconstruction, by a coin. Learned from images alone it is too sure of what is blurred, learned
from reconstructions alone it fails on sharp ones; tests/bench/README.md has the figures. Random numbers depend on (seed, epoch) only, and
nothing is kept of a training that was stopped: it takes seconds, and begins again the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from trainer.datasets import Dataset
from trainer.errors import DataError
from trainer.metrics.cost import MOST_AT_ONCE, Budget, pieces, seconds_of
from trainer.metrics.evaluate import as_labels, device_of_model, seeded
from trainer.models.layer_shapes import multiply_adds
from trainer.models.picture_classifier import (
    PART,
    Labels,
    PictureClassifier,
    best_temperature,
    channels_of,
    classifier_layers,
    scores_of,
)
from trainer.models.torch_engine import Vae
from trainer.models.torch_layers import Stack
from trainer.training.schedules import learning_rate_at

CLASSIFIER = 6  # name of the random stream; those of the run itself are in `fit`
PICTURES_SEEN = 250_000  # by the whole training …
EPOCHS = (4, 60)  # … but of a small data set no picture more often than this
LEAST_SEEN = 40_000  # however small the budget: two seconds of one core, and on MNIST's digits 0.94 right; 512 leave 0.14
DECODED_SHARE = 0.5  # of the pictures that are learned from, which are reconstructions
BATCH_SIZE = 128
LEARNING_RATE = 5e-3
WEIGHT_DECAY = 1e-2
TRAINING_SHARE, REDRAWING_SHARES = 0.6, {"train": 0.25, "validation": 0.05, "test": 0.1}  # of a budget
MOST_BYTES = 2**28  # of one split's images: those of a large folder are a sample


@dataclass(frozen=True)
class Pictures:
    """Pictures with their reconstructions and classes."""

    images: Tensor
    """(n, C, H, W) uint8"""
    decoded: Tensor
    """(n, C, H, W) uint8, the reconstruction of each of `images`"""
    labels: Labels
    """(n,)"""


class ClassifierTraining:
    """One training in memory: `epochs`, then `result`. The model's reconstructions are made before the first epoch.

    budget: about how long it may take; what costs more learns from fewer pictures, less often, and is judged by fewer, but always sees
    `LEAST_SEEN` where there are as many: a classifier of less is of no use.
    """

    def __init__(self, model: Vae, dataset: Dataset, seed: int, budget: Budget | None = None) -> None:
        if not has_classes(dataset):
            raise DataError(f"data set {dataset.name!r} has no classes to tell apart; allowed: one with 2 or more.")
        self.model, self.dataset, self.seed, self.device = model, dataset, seed, device_of_model(model)
        self.image_shape, self.n_classes, self.budget = dataset.image_shape, len(dataset.class_names), budget
        self.channels = channels_of(self.image_shape)
        layers = classifier_layers(self.image_shape, self.n_classes, self.channels)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # torch's layers draw their first weights from the global stream only
            self.network = Stack(layers).to(self.device)

    def epochs(self) -> Iterator[float]:
        """Trains; yields the share of the work that is done."""
        yield 0.0
        train = self.pictures("train")
        train, n_epochs = self.affordable(train)
        optimiser = torch.optim.AdamW(self.network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
        self.network.train()
        for epoch in range(n_epochs):
            self.one_epoch(train, epoch, n_epochs, optimiser)
            yield (epoch + 1) / (n_epochs + 1)
        self.network.eval()

    def affordable(self, train: Pictures) -> tuple[Pictures, int]:
        """The pictures to learn from and how often: all of them as often as is useful, or what the budget pays for."""
        n, n_epochs = len(train.labels), epochs_of(len(train.labels))
        if self.budget is None:
            return train, n_epochs
        most = max(LEAST_SEEN, int(TRAINING_SHARE * self.budget.seconds / self.seconds_a_picture(train)))
        if n * n_epochs <= most:
            return train, n_epochs
        n_epochs = max(EPOCHS[0], most // n)
        few = np.random.default_rng((self.seed, CLASSIFIER)).permutation(n)[: max(BATCH_SIZE, most // n_epochs)]
        return Pictures(train.images[few], train.decoded[few], train.labels[few]), n_epochs

    def seconds_a_picture(self, train: Pictures) -> float:
        """What learning from one picture costs in a batch."""
        x, labels = train.images[:BATCH_SIZE], torch.from_numpy(train.labels[:BATCH_SIZE]).to(self.device)

        def step() -> None:
            loss: Any = nn.functional.cross_entropy(self.logits(x), labels)
            loss.backward()

        seconds = seconds_of(step)
        self.network.zero_grad(set_to_none=True)
        return seconds / len(x)

    def one_epoch(self, train: Pictures, epoch: int, n_epochs: int, optimiser: torch.optim.Optimizer) -> None:
        generator = seeded(self.seed, CLASSIFIER, epoch)
        order = torch.randperm(len(train.labels), generator=generator)
        is_decoded = torch.rand(len(order), generator=generator) < DECODED_SHARE
        labels = torch.from_numpy(train.labels)
        for at in range(0, len(order), BATCH_SIZE):
            here = order[at : at + BATCH_SIZE]
            x = torch.where(is_decoded[here, None, None, None], train.decoded[here], train.images[here])
            loss: Any = nn.functional.cross_entropy(self.logits(x), labels[here].to(self.device))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            for group in optimiser.param_groups:
                group["lr"] = learning_rate_at((epoch + at / len(order)) / n_epochs, LEARNING_RATE, "cosine")
            optimiser.step()

    def result(self) -> PictureClassifier:
        """The trained classifier, its last layer divided by the temperature that suits the validation split's reconstructions."""
        temperature = self.suitable_temperature()
        with torch.no_grad():
            for parameter in self.network[-1].parameters():
                parameter.div_(temperature)
        test = self.pictures("test")
        return PictureClassifier(
            self.image_shape,
            self.n_classes,
            self.channels,
            {f"{PART}.{key}": value.cpu().numpy() for key, value in self.network.state_dict().items()},
            temperature,
            scores_of(self.logits_of(test.images), test.labels),
            scores_of(self.logits_of(test.decoded), test.labels),
        )

    def suitable_temperature(self) -> float:
        if not len(self.dataset.splits.get("validation", ())):
            return 1.0
        held_out = self.pictures("validation")
        return best_temperature(self.logits_of(held_out.decoded), held_out.labels)

    def pictures(self, split: str) -> Pictures:
        """The images of a split that have a class, or a sample of them, and what the model makes of each."""
        part = self.dataset.subset(split)
        assert part.labels is not None
        known = np.flatnonzero(part.labels >= 0)
        most = self.most_pictures(split, part.images)
        if len(known) > most:
            known = np.sort(np.random.default_rng((self.seed, CLASSIFIER)).permutation(known)[:most])
        images, labels = np.array(part.images[known]), part.labels[known].copy()
        return Pictures(torch.from_numpy(images), reconstructions(self.model, images, labels), labels)

    def most_pictures(self, split: str, images: NDArray[Any]) -> int:
        """How many of a split are looked at: what fits in memory, and whose reconstructions the budget pays for."""
        most = max(1, MOST_BYTES // int(np.prod(self.image_shape)))
        if self.budget is None:
            return most
        n = min(len(images), BATCH_SIZE)
        labels = np.zeros(n, np.int64)
        images = np.array(images[:n])
        cost = seconds_of(lambda: reconstructions(self.model, images, labels)) / n
        return max(BATCH_SIZE, min(most, int(REDRAWING_SHARES[split] * self.budget.seconds / cost)))

    def logits(self, x: Tensor) -> Tensor:
        """(B, Y) for x (B, C, H, W) uint8, with gradients."""
        logits: Tensor = self.network(x.to(self.device).float() / 255)
        return logits

    @torch.no_grad()
    def logits_of(self, x: Tensor) -> NDArray[np.float32]:
        """(n, Y) of many pictures (n, C, H, W) uint8."""
        return torch.cat([self.logits(x[at : at + MOST_AT_ONCE]) for at in range(0, len(x), MOST_AT_ONCE)]).cpu().numpy()


def epochs_of(n_pictures: int) -> int:
    """How often each of so many pictures is learned from."""
    return int(np.clip(PICTURES_SEEN // max(1, n_pictures), *EPOCHS))


def classifier_work(dataset: Dataset) -> float:
    """About how many multiply-adds the training takes: thrice those of the network for every picture, the way back being twice the way."""
    n = min(len(dataset.splits["train"]), max(1, MOST_BYTES // int(np.prod(dataset.image_shape))))
    layers = classifier_layers(dataset.image_shape, max(2, len(dataset.class_names)), channels_of(dataset.image_shape))
    return 3.0 * multiply_adds(layers, dataset.image_shape) * n * epochs_of(n)


def has_classes(dataset: Dataset) -> bool:
    """Whether there is anything to tell apart, in what is learned from and in what it is judged by."""
    if dataset.labels is None or len(dataset.class_names) < 2:
        return False
    return all((dataset.labels[dataset.splits[split]] >= 0).any() for split in ("train", "test"))


def reconstructions(model: Vae, images: NDArray[Any], labels: Labels) -> Tensor:
    """What each image's mean code decodes to, (n, C, H, W) uint8; conditional models are told its class, twice."""
    device = device_of_model(model)
    decoded = torch.empty(images.shape, dtype=torch.uint8)  # at once: in parts, joined at the end, it would be there twice
    for part in pieces(model, len(images)):
        y = as_labels(labels[part], device) if model.config.is_conditional else None
        z = model.encode(torch.from_numpy(images[part]).to(device), y).mu
        decoded[part] = (model.decode(z, y) * 255).round().byte()
    return decoded
