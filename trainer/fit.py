"""How does a configuration become a run?

`fit` is a generator of events: the progress bar of the command line, the train page and the history are listeners of one stream.
Randomness of an epoch depends on (seed, epoch) alone, so a run that is resumed draws what an uninterrupted one would have drawn.
"""

from __future__ import annotations

import contextlib
import json
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer import runs as files
from trainer.collapse import kl_per_dim
from trainer.config import FitConfig, check_run_name
from trainer.datasets import Dataset
from trainer.errors import ConfigError, RunCorrupt, RunError, TrainingDiverged
from trainer.evaluate import bound_terms, encode_all, evaluate, seeded, to_unit
from trainer.networks import Vae
from trainer.objectives import beta_at, elbo_terms, learning_rate_at
from trainer.projection import projections_of
from trainer.runs import DatasetInfo, Metrics, RunInfo, RunWriter

FILM_POINTS = 2000
FILM_MOMENTS = 40
HISTORY_IMAGES = 10_000  # of each split, at the end of an epoch
NLL_SAMPLES, NLL_IMAGES = 200, 2000  # importance sampling at the end of a run; `evaluate` does all images
STEP_EVENTS_S = 0.2
CHECKPOINT_S = 2.0  # a run of quick epochs would spend its time on the disk; what is lost is computed again, the same
DRAW, EPOCH, HELD_OUT = 1, 2, 3  # names of the random streams

Row = dict[str, float]


@dataclass(frozen=True)
class Stepped:
    """A few times a second. loss: mean over the steps since the last event, nats per image, with beta; kl without."""

    step: int
    n_steps: int
    loss: float
    kl: float
    images_per_s: float
    seconds_left: float


@dataclass(frozen=True)
class EpochEnded:
    """A row of the history: full-split figures of the weights at the end of the epoch."""

    epoch: int
    row: Row


@dataclass(frozen=True)
class Finishing:
    """After the last step: which part of the run is being computed now."""

    part: str
    share: float


@dataclass(frozen=True)
class Finished:
    """The run is whole on disk."""

    folder: Path
    info: RunInfo


Event = Stepped | EpochEnded | Finishing | Finished


@dataclass
class _Progress:
    """What a checkpoint keeps beside weights and optimiser."""

    epoch: int = 0
    seconds: float = 0.0
    history: list[Row] = field(default_factory=list)
    timing: list[Row] = field(default_factory=list)
    film_mu: list[NDArray[np.float32]] = field(default_factory=list)
    film_epoch: list[float] = field(default_factory=list)


def fit(
    config: FitConfig,
    dataset: Dataset,
    name: str,
    runs: str | Path = "runs",
    preset: str = "custom",
    resume: bool = False,
    overwrite: bool = False,
) -> Iterator[Event]:
    """Trains and writes the run `runs/name`, yielding events. Closing the generator (or Ctrl-C) leaves a run that resumes.

    Raises `TrainingDiverged` with step, term and remedy; `RunError` where the run is already there or the disk is full.
    """
    writer = RunWriter(Path(runs) / check_run_name(name))
    config = _prepare_folder(writer, config, dataset, resume, overwrite)
    stored = files.read_info(writer.folder) if resume else None
    trainer = Trainer(
        config, dataset, writer, stored.preset if stored else preset, stored.created if stored else _now()
    )  # fmt: skip
    if resume:
        trainer.restore()
    else:
        writer.clear()  # only now: what cannot even begin must not cost the run that is there
    try:
        with _matmul_precision(config.precision):
            yield from trainer.epochs()
        yield from trainer.finish()
    except TrainingDiverged:
        trainer.write_state("diverged")
        raise
    except (KeyboardInterrupt, GeneratorExit):
        trainer.write_state("interrupted")
        raise


def _prepare_folder(writer: RunWriter, config: FitConfig, dataset: Dataset, resume: bool, overwrite: bool) -> FitConfig:
    """Refuses to lose a run that is there; for --resume gives the configuration that it began with."""
    exists = (writer.folder / files.RUN_JSON).is_file()
    name, root = writer.folder.name, writer.folder.parent
    if resume:
        if not exists:
            raise RunError(f"nothing to resume: there is no run {name!r} in {root}; leave --resume out to start it.")
        info = files.read_info(writer.folder)
        if info.state == "finished":
            raise RunError(f"run {name!r} is finished ({info.epoch} epochs); --overwrite trains it anew, --name starts another.")
        for key, value in config.model_dump().items():
            stored = getattr(info.config, key)
            if value != stored:
                raise ConfigError(key, value, f"{stored!r}, with which run {name!r} began (--resume goes on as it began)")
        if info.dataset.sha256 != dataset.sha256:
            raise RunError(
                f"data set {dataset.name!r} is not the one that run {name!r} began with; restore it or start another run."
            )
        return info.config
    if exists and not overwrite:
        goes_on = "" if files.read_info(writer.folder).state == "finished" else "--resume goes on, "
        raise RunError(f"run {name!r} is already in {root}; {goes_on}--overwrite replaces it, --name starts another.")
    return config


class Trainer:
    """One training run in memory: model, optimiser, fixed points, and what was recorded so far."""

    def __init__(self, config: FitConfig, dataset: Dataset, writer: RunWriter, preset: str, created: str) -> None:
        self.config, self.dataset, self.writer, self.preset, self.created = config, dataset, writer, preset, created
        train, self.test = dataset.subset(config.train_on), dataset.subset("test")
        self.images = torch.from_numpy(train.images.copy())
        self.test_images = torch.from_numpy(self.test.images[:HISTORY_IMAGES].copy())
        self.film_pick = np.sort(seeded_choice(config.seed, len(self.test.images), FILM_POINTS))
        self.film_images = torch.from_numpy(self.test.images[self.film_pick].copy())
        self.check_images = self.images[torch.from_numpy(seeded_choice(config.seed, len(self.images), len(self.test_images)))]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)  # torch's layers draw their first weights from the global stream only
            self.model = Vae(config, dataset.image_shape)
        self.model.start_at_mean(self.images.float().mean(0) / 255)
        self.optimiser = torch.optim.AdamW(
            [p for p in self.model.parameters() if p.requires_grad],
            lr=config.learning_rate, eps=config.adam_eps, weight_decay=config.weight_decay, fused=True,
        )  # fmt: skip
        self.steps_an_epoch = -(-len(self.images) // config.batch_size)
        self.n_steps = self.steps_an_epoch * config.epochs
        self.moments = film_moments(self.n_steps)
        self.progress = _Progress()
        self.saved = time.perf_counter()

    # --- the loop

    def epochs(self) -> Iterator[Event]:
        if self.progress.epoch == 0:
            self.snapshot(0)
            self.write_state("training")
        while self.progress.epoch < self.config.epochs:
            epoch = self.progress.epoch + 1
            began = time.perf_counter()
            yield from self.one_epoch(epoch)
            trained = time.perf_counter() - began
            row = self.row(epoch)
            self.progress.epoch = epoch
            self.progress.seconds += time.perf_counter() - began
            self.progress.history.append(row)
            self.progress.timing.append({"epoch": epoch, "seconds": trained, "images_per_s": len(self.images) / trained})
            if epoch == self.config.epochs or time.perf_counter() - self.saved > CHECKPOINT_S:
                self.checkpoint()
            yield EpochEnded(epoch, row)

    def one_epoch(self, epoch: int) -> Iterator[Stepped]:
        config = self.config
        generator = seeded(config.seed, EPOCH, epoch)
        order = torch.randperm(len(self.images), generator=generator)
        # terms stay tensors: reading one would make every step wait for it
        terms = torch.zeros(self.steps_an_epoch, 2)
        shown, clock = 0, time.perf_counter()
        for i in range(self.steps_an_epoch):
            step = (epoch - 1) * self.steps_an_epoch + i
            rate = learning_rate_at(step / self.n_steps, config.learning_rate, config.schedule)
            beta = beta_at(step / self.steps_an_epoch, config.beta, config.warmup_epochs)
            batch = self.images[order[i * config.batch_size : (i + 1) * config.batch_size]]
            terms[i] = self.step(to_unit(batch, config.binarise, generator), beta, rate, generator)
            if step + 1 in self.moments:
                self.snapshot(step + 1)
            now = time.perf_counter()
            if now - clock > STEP_EVENTS_S or i + 1 == self.steps_an_epoch:
                self.check_finite(terms[shown : i + 1], step - i + shown)
                nll, kl = terms[shown : i + 1].mean(0).tolist()
                n_images = min((i + 1) * config.batch_size, len(self.images)) - shown * config.batch_size
                speed = n_images / (now - clock)
                left = (self.n_steps - step - 1) * (now - clock) / (i + 1 - shown)
                yield Stepped(step + 1, self.n_steps, nll + beta * kl, kl, speed, left)
                shown, clock = i + 1, time.perf_counter()

    def step(self, x: Tensor, beta: float, rate: float, generator: torch.Generator) -> Tensor:
        """One update; returns mean nll and mean KL of the batch, (2,), not yet read."""
        terms = elbo_terms(self.model, x, generator)
        self.optimiser.zero_grad(set_to_none=True)
        terms.loss(beta).backward()  # type: ignore[no-untyped-call]
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        return torch.stack((terms.nll.detach().mean(), terms.kl.detach().sum(1).mean()))

    def check_finite(self, terms: Tensor, first_step: int) -> None:
        bad = (~torch.isfinite(terms)).nonzero()
        if len(bad):
            offset, column = bad[0].tolist()
            smaller = self.config.learning_rate / 10
            remedy = f"try --learning-rate {smaller:g} or --warmup-epochs {max(5, 2 * self.config.warmup_epochs)}, with --overwrite"
            raise TrainingDiverged(first_step + offset, ("the reconstruction term", "the KL term")[column], remedy)

    # --- records

    def row(self, epoch: int) -> Row:
        """Figures of the weights as they are now, each over a whole fixed set of images."""
        config = self.config
        row: Row = {"epoch": epoch}
        kl = np.zeros(config.latent_dim)
        for split, images in (("train", self.check_images), ("test", self.test_images)):
            nll, mu, logvar = bound_terms(self.model, images, config.binarise, seeded(config.seed, HELD_OUT))
            kl = kl_per_dim(mu, logvar)
            reconstruction = float(nll.mean())
            row |= {
                f"{split}_elbo": -(reconstruction + float(kl.sum())),
                f"{split}_reconstruction": reconstruction,
                f"{split}_kl": float(kl.sum()),
            }
        row["beta"] = beta_at(epoch, config.beta, config.warmup_epochs)
        row["learning_rate"] = learning_rate_at(epoch / config.epochs, config.learning_rate, config.schedule)
        return row | {f"kl_{k + 1}": float(value) for k, value in enumerate(kl)}

    def snapshot(self, step: int) -> None:
        mu, _ = encode_all(self.model, self.film_images)
        self.progress.film_mu.append(mu)
        self.progress.film_epoch.append(step / self.steps_an_epoch)

    def checkpoint(self) -> None:
        """The state at the end of an epoch as one file: an interrupted write leaves the one before."""
        progress = self.progress
        arrays: dict[str, NDArray[Any]] = {f"model.{key}": value.numpy() for key, value in self.model.state_dict().items()}
        for i, state in self.optimiser.state_dict()["state"].items():
            arrays |= {f"optimiser.{i}.{key}": value.numpy() for key, value in state.items()}
        arrays |= {"film.mu": np.stack(progress.film_mu), "film.epoch": np.array(progress.film_epoch)}
        record = {"epoch": progress.epoch, "seconds": progress.seconds, "history": progress.history, "timing": progress.timing}
        text = json.dumps(record)
        self.writer.write_arrays(files.CHECKPOINT, arrays, {"progress": text, "sha256": files.digest(arrays, text)})
        self.write_state("training")
        self.saved = time.perf_counter()

    def restore(self) -> None:
        """Goes back to the last checkpoint; without one the run starts at the beginning."""
        found = self.writer.read_checkpoint()
        if found is None:
            return
        arrays, metadata = found
        try:
            if metadata["sha256"] != files.digest(arrays, metadata["progress"]):
                raise ValueError("checksum")
            record = json.loads(metadata["progress"])
            tensors = {key: torch.from_numpy(value.copy()) for key, value in arrays.items()}
            self.model.load_state_dict({k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")})
            state = self.optimiser.state_dict()
            for key, value in tensors.items():
                if key.startswith("optimiser."):
                    _, i, entry = key.split(".")
                    state["state"].setdefault(int(i), {})[entry] = value
            self.optimiser.load_state_dict(state)
            self.progress = _Progress(
                record["epoch"], record["seconds"], record["history"], record["timing"],
                list(arrays["film.mu"]), arrays["film.epoch"].tolist(),
            )  # fmt: skip
        except (KeyError, ValueError, RuntimeError):
            raise RunCorrupt(
                f"run {self.writer.folder.name!r}: {files.CHECKPOINT} does not fit this run; train it anew with --overwrite."
            ) from None

    def write_state(self, state: str, metrics: Metrics | None = None) -> RunInfo:
        train, test = self.dataset.subset(self.config.train_on), self.test
        info = RunInfo.model_validate({
            "preset": self.preset, "config": self.config, "state": state, "epoch": self.progress.epoch, "created": self.created,
            "dataset": DatasetInfo(
                name=self.dataset.name, sha256=self.dataset.sha256, image_shape=self.dataset.image_shape,
                class_names=self.dataset.class_names, n_train=len(train.images), n_test=len(test.images),
                licence=self.dataset.licence,
            ),
            "seconds": round(self.progress.seconds, 1), "n_parameters": sum(p.numel() for p in self.model.parameters()),
            "metrics": metrics, "libraries": {name: version(name) for name in ("torch", "numpy", "safetensors")},
            "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
        })  # fmt: skip
        self.writer.write_info(info)
        return info

    def finish(self) -> Iterator[Event]:
        """Evaluation, encodings, film and maps; `run.json` says finished only when all of it is there."""
        config, writer, progress = self.config, self.writer, self.progress
        self.model.eval()
        yield Finishing("evaluation", 0.0)
        evaluation = evaluate(self.model, self.dataset, samples=NLL_SAMPLES, nll_images=NLL_IMAGES)
        yield Finishing("encodings", 0.4)
        images = torch.from_numpy(self.test.images.copy())
        nll, mu, logvar = bound_terms(self.model, images, False, seeded(config.seed, HELD_OUT))
        kl = 0.5 * (mu.astype(float) ** 2 + np.expm1(logvar.astype(float)) - logvar).sum(1)
        labels = np.full(len(mu), -1) if self.test.labels is None else self.test.labels
        writer.write_arrays(files.WEIGHTS, {key: value.numpy() for key, value in self.model.state_dict().items()})
        writer.write_arrays(files.ENCODINGS, {
            "mu": mu, "logvar": logvar, "elbo": (-(nll + kl)).astype(np.float32), "reconstruction": nll.astype(np.float32),
            "label": labels.astype(np.int64), "index": self.test.index,
        })  # fmt: skip
        writer.write_arrays(files.FILM, {
            "mu": np.stack(progress.film_mu).astype(np.float16), "epoch": np.array(progress.film_epoch, np.float32),
            "label": labels[self.film_pick].astype(np.int64), "index": self.test.index[self.film_pick],
        })  # fmt: skip
        writer.write_rows(files.HISTORY, progress.history)
        writer.write_rows(files.TIMING, progress.timing)
        yield Finishing("maps", 0.6)
        writer.write_projections(projections_of(mu, kl_per_dim(mu, logvar), config.seed, config.umap))
        info = self.write_state("finished", Metrics(**asdict(evaluation)))
        writer.drop_checkpoint()
        yield Finished(writer.folder, info)


def film_moments(n_steps: int, n_moments: int = FILM_MOMENTS) -> frozenset[int]:
    """The steps (from 1) after which a picture of the codes is taken: dense at the start, where everything moves; the last always."""
    if n_steps <= n_moments:
        return frozenset(range(1, n_steps + 1))
    early = np.linspace(0, 1, n_moments)[1:] ** 2 * n_steps
    return frozenset(np.maximum(1, np.round(early)).astype(int).tolist())


def seeded_choice(seed: int, n: int, at_most: int) -> NDArray[np.int64]:
    """At most so many different numbers below n, always the same for a seed."""
    return np.random.default_rng((seed, DRAW, n)).permutation(n)[:at_most]


@contextlib.contextmanager
def _matmul_precision(precision: str) -> Iterator[None]:
    """bf16: matrix products of float32 tensors are computed in bfloat16 with float32 sums, where the processor has it."""
    backend: Any = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]  # made at run time
    before = backend.fp32_precision
    backend.fp32_precision = "bf16" if precision == "bf16" else "ieee"
    try:
        yield
    finally:
        backend.fp32_precision = before


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
