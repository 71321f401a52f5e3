"""How do several processes train one model as if they were one?

`torchrun --nproc-per-node=N -m trainer fit …` starts N processes. Every one draws the same order and the same noise for a whole batch and
works on its own rows; torch's DistributedDataParallel averages the gradients. The result is that of one process up to rounding. Only
rank 0 writes. Letters: B images of a batch, N processes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn

from trainer.datasets.batches import Rows
from trainer.errors import ConfigError

PATIENCE = timedelta(minutes=30)  # rank 0 evaluates while the others wait for it at the next step


@dataclass(frozen=True)
class Team:
    """The processes that train together; alone: rank 0 of 1."""

    rank: int = 0
    size: int = 1

    @property
    def is_writer(self) -> bool:
        return self.rank == 0

    def rows(self, n: int) -> Rows:
        """Shares that differ by at most one image. A process without an image takes the first with weight 0, so that none stands still."""
        start, stop = self.rank * n // self.size, (self.rank + 1) * n // self.size
        if start == stop:
            return Rows(n, 0, 1, 0.0)
        return Rows(n, start, stop, (stop - start) * self.size / n)

    def mean(self, value: Tensor, weight: float = 1.0) -> Tensor:
        """The weighted mean of `value` over the processes, without gradient."""
        if self.size == 1:
            return value
        total = value.detach() * weight
        distributed.all_reduce(total)
        return total / self.size

    def wait(self) -> None:
        """Until every process has come here."""
        if self.size > 1:
            distributed.barrier()

    def any_of_first(self, fact: bool) -> bool:
        """What the first process says, on every one; all must come here."""
        if self.size == 1:
            return fact
        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        said = torch.tensor([int(fact)], device=device)
        distributed.broadcast(said, 0)
        return bool(said.item())

    def wrap(self, module: nn.Module, some_unused: bool) -> nn.Module:
        """The module with its gradients averaged over the processes; itself where there is one."""
        if self.size == 1:
            return module
        return nn.parallel.DistributedDataParallel(module, find_unused_parameters=some_unused)


class Noise:
    """Standard normal noise for one batch: drawn for all of it on every process, from which each takes its rows."""

    def __init__(self, generator: torch.Generator, rows: Rows, device: torch.device) -> None:
        self.generator, self.rows, self.device = generator, rows, device

    def __call__(self, *dims: int) -> Tensor:
        """(this process's images, *dims)."""
        whole = torch.randn((self.rows.n, *dims), generator=self.generator)
        return whole[self.rows.start : self.rows.stop].to(self.device, non_blocking=True)


@contextlib.contextmanager
def team(device: str) -> Iterator[Team]:
    """The team that torchrun's environment describes, connected for as long as the block lasts; alone without it."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "RANK" not in os.environ:
        yield Team()
        return
    backend = "nccl" if torch.device(device).type == "cuda" else "gloo"
    if backend == "nccl":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield Team(distributed.get_rank(), size)
    finally:
        distributed.destroy_process_group()


def device_of(name: str) -> torch.device:
    """The torch device of that name, cpu or cuda (cuda:1). Raises `ConfigError` where this machine has none."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError("device", name, "cpu, cuda or cuda:NUMBER") from None
    if device.type not in ("cpu", "cuda"):
        raise ConfigError("device", name, "cpu, cuda or cuda:NUMBER")
    if device.type == "cuda":
        n_gpus = torch.cuda.device_count()
        if n_gpus == 0:
            raise ConfigError("device", name, "cpu (torch finds no GPU on this machine)")
        number = int(os.environ.get("LOCAL_RANK", "0")) if device.index is None else device.index
        if number >= n_gpus:
            raise ConfigError("device", name, f"cuda:0 to cuda:{n_gpus - 1}")
        return torch.device("cuda", number)
    return device
