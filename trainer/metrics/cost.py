"""What does a piece of work cost, in time, whatever else the machine does, and in memory?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import thread_time
from typing import TYPE_CHECKING

from trainer.models.layer_shapes import largest_tensor
from trainer.models.networks import parts_of

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.models.torch_engine import Vae

TRIES = 5  # of which the best counts
SHORTEST = 1e-6  # seconds that any call takes
TIMED = 64  # pictures of a batch whose time is taken
MOST_AT_ONCE = 1000  # pictures or codes: more are no quicker
MOST_NUMBERS = 10_000_000  # of one layer's output, 40 MB: some of them are there at a time


def at_once(model: Vae, most: int) -> int:
    """How many pictures to encode or codes to decode at a time: `most`, fewer where pictures or the layers' outputs are large."""
    config, shape = model.config, model.image_shape
    layers = parts_of(config, shape, model.n_classes)
    largest = largest_tensor(layers["decoder"], (config.latent_dim,), model.n_classes)
    if "encoder" in layers and config.model != "m1+m2":  # whose encoder is given M1's few numbers, not pictures
        largest = max(largest, largest_tensor(layers["encoder"], shape, model.n_classes))
    return max(1, min(most, MOST_NUMBERS // max(1, largest)))


def pieces(model: Vae, n: int, size: int | None = None) -> Iterator[slice]:
    """The parts of n pictures or codes, each of which is computed at once. size: of a part; else as many as memory allows."""
    size = size or at_once(model, MOST_AT_ONCE)
    return (slice(start, start + size) for start in range(0, n, size))


def seconds_of(work: Callable[[], object], clock: Callable[[], float] = thread_time) -> float:
    """What a call costs, seconds: the best of some tries after a first one that warms up.

    Of this thread's processor time, not of the clock on the wall: a busy machine would pass for a slow model, and what other programs do
    would decide how much is measured or learned. clock: may be too coarse for one try (Windows: 16 ms); then it is the mean of all.
    """
    work()
    tries = []
    for _ in range(TRIES):
        start = clock()
        work()
        tries.append(clock() - start)
    return max(min(tries) or sum(tries) / TRIES, SHORTEST)


@dataclass(frozen=True)
class Budget:
    """About how long a measurement may take: what a decode costs is measured first, and the number of images and draws follows."""

    seconds: float
    """about"""


def seconds_a_decode(model: Vae, mu: Tensor, y: Tensor | None = None) -> float:
    """What one picture costs in a batch."""
    import torch

    device, n = model.log_sigma.device, min(TIMED, len(mu))
    z, label = mu[:n].to(device), None if y is None else y[:n].to(device)
    with torch.no_grad():
        return seconds_of(lambda: model.output(z, label)) / n


def seconds_an_encode(model: Vae, x: Tensor, y: Tensor | None = None) -> float:
    """The same of encoding one of the images x (N, C, H, W)."""
    import torch

    n = min(TIMED, len(x))
    with torch.no_grad():
        return seconds_of(lambda: model.posterior(x[:n], None if y is None else y[:n])) / n
