"""How does a configuration become a run?

`fit` is a generator of events: the progress bar of the command line, the train page and the history are listeners of one stream.
Randomness of an epoch depends on (seed, epoch) alone, so a run that is resumed draws what an uninterrupted one would have drawn.
"""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.config import FitConfig, check_run_name
from trainer.datasets import Dataset, Split, is_built_in
from trainer.diagnosis.measure import MOST_IMAGES, examine
from trainer.errors import ConfigError, DataError, LatentError, RunCorrupt, RunError, TrainingDiverged
from trainer.likelihoods.registry import HasScale
from trainer.maps.inverse import EPOCHS
from trainer.maps.projection import Projection, projections_of
from trainer.metrics.collapse import kl_per_dim, population_kl
from trainer.metrics.evaluate import (
    BACKWARD,
    Budget,
    as_labels,
    bound_terms,
    classifier_error,
    decode_of,
    encode_all,
    evaluate,
    labels_told,
    seconds_a_decode,
    seeded,
    to_unit,
)
from trainer.metrics.information import information_split
from trainer.metrics.pca_spectrum import Spectrum, spectrum
from trainer.models.picture_classifier import PictureClassifier
from trainer.models.torch_engine import SemiSupervisedVae, Vae, model_of
from trainer.preflight import keep_compiled_code
from trainer.runs.examination import Examination
from trainer.runs.folder import CHECKPOINT, FILM, HISTORY, TIMING, WEIGHTS
from trainer.runs.folder import ENCODINGS as ENCODINGS_FILE
from trainer.runs.read import Run, other_data, read_info
from trainer.runs.records import DatasetInfo, Metrics, RunInfo
from trainer.runs.storage import Place
from trainer.runs.write import RunWriter
from trainer.training import checkpoint
from trainer.training.checkpoint import Progress, Row
from trainer.training.closed_form import fill_with_pca, finish_linear_vae
from trainer.training.distributed import Noise, Rows, Team, device_of
from trainer.training.objectives import Batch, Knobs, Objective, beta_at, learning_rate_at
from trainer.training.pace import Forecast
from trainer.training.picture_classifier import ClassifierTraining, classifier_work, has_classes

FILM_POINTS = 2000
FILM_MOMENTS = 40
HISTORY_IMAGES = 10_000  # of each split, at the end of an epoch
NLL_SAMPLES, NLL_IMAGES = 200, 2000  # importance sampling at the end of a run; `evaluate` does all images
STEP_EVENTS_S = 0.2
CHECKPOINT_S = 2.0  # a run of quick epochs would spend its time on the disk; what is lost is computed again, the same
DRAW, EPOCH, HELD_OUT, LABELLED, LAGGING = 1, 2, 3, 4, 5  # names of the random streams; 6 is the classifier's
MEAN_BATCH = 4096  # images at once for the mean image and the covariance
LAGGING_ROUND = 10  # inner steps of which the mean loss must fall for the encoder to go on (He 2019, section 4.2)
INFORMATION_IMAGES = 2000
# the parts of what comes after the last step, and constants of the guess of how long they take on two common cores
EVALUATION, ENCODINGS, MAPS, EXAMINATION, CLASSIFIER = "evaluation", "encodings", "maps", "examination", "classifier of pictures"
STEP_WORK = 3  # of a step, in encoding and decoding its images: the way back is twice the way
DECODING_SHARE = 1.0  # of the time of encoding and decoding: with its likelihood
MAP_S, MAP_IMAGE_S, UMAP_S, UMAP_IMAGE_S, EXAMINATION_S = 0.5, 1e-4, 10.0, 3e-3, 0.3
MULTIPLY_ADDS_A_SECOND = 2e9
ROOM_BESIDE = 8_000_000  # bytes for maps, classifier, history and the next version of a file beside the one before


@dataclass(frozen=True)
class Stepped:
    """A few times a second. loss: mean over the steps since the last event, nats per image, with beta; kl without.

    share, seconds_left: of all work to the end of the run; None while too little is known.
    """

    step: int
    n_steps: int
    loss: float
    kl: float
    images_per_s: float
    share: float
    seconds_left: float | None


@dataclass(frozen=True)
class EpochEnded:
    """A row of the history: full-split figures of the weights at the end of the epoch."""

    epoch: int
    row: Row


@dataclass(frozen=True)
class Finishing:
    """After the last step: which part of the run is being computed now. share, seconds_left: of all work, as in `Stepped`."""

    part: str
    share: float
    seconds_left: float | None


@dataclass(frozen=True)
class Finished:
    """The run is whole on disk."""

    folder: Place
    info: RunInfo


Event = Stepped | EpochEnded | Finishing | Finished


def fit(
    config: FitConfig,
    dataset: Dataset,
    name: str,
    runs: str | Path = "runs",
    preset: str = "custom",
    resume: bool = False,
    overwrite: bool = False,
    device: str = "cpu",
    team: Team | None = None,
    film: int = FILM_MOMENTS,
    heard: Callable[[Finishing], None] = lambda event: None,
) -> Iterator[Event]:
    """Trains and writes the run `runs/name`, yielding events. Closing the generator (or Ctrl-C) leaves a run that resumes.

    device: cpu, cuda or cuda:N. film: moments of training at which the codes are kept. team: the processes that share every batch
    (`parallel.team`); only its first one writes. heard: is told how far a part is while it goes on, where a generator cannot yield.
    Raises `TrainingDiverged` with step, term and remedy; `RunError` where the run is already there or the disk is full.
    """
    team = team or Team()
    writer = RunWriter.at(runs, check_run_name(name), is_silent=not team.is_writer)
    refusal: LatentError | None = None
    if team.is_writer:
        try:
            config = _prepare_folder(writer, config, dataset, resume, overwrite)
        except LatentError as error:
            refusal = error
    if team.any_of_first(refusal is not None):  # all leave together, or the others would wait for one that has gone
        raise refusal or RunError("the first process refused to begin; its sentence says why.")
    if config.umap and config.latent_dim > 2:
        keep_compiled_code()
    stored = read_info(writer.folder) if resume else None
    config = stored.config if stored else config
    trainer = Trainer(
        config, dataset, writer, stored.preset if stored else preset, stored.created if stored else now(), device, team, film
    )  # fmt: skip
    writer.check_room(trainer.bytes_on_disk())
    if resume:
        trainer.restore()
    elif team.is_writer:
        writer.clear()  # only now: what cannot even begin must not cost the run that is there
    try:
        with _matmul_precision(config.precision):
            yield from trainer.epochs()
        yield from trainer.finish(heard)
    except TrainingDiverged:
        trainer.write_state("diverged")
        raise
    except (KeyboardInterrupt, GeneratorExit):
        if not trainer.is_whole:  # who stops listening at the last event must not undo it
            trainer.write_state("interrupted")
        raise


def _prepare_folder(writer: RunWriter, config: FitConfig, dataset: Dataset, resume: bool, overwrite: bool) -> FitConfig:
    """Refuses to lose a run that is there; for --resume gives the configuration that it began with."""
    name = writer.folder.name
    refuse_to_lose(writer, resume, overwrite)
    writer.check_writable()
    if resume:
        info = read_info(writer.folder)
        for key, value in config.model_dump().items():
            stored = getattr(info.config, key)
            if value != stored:
                raise ConfigError(key, value, f"{stored!r}, with which run {name!r} began (--resume goes on as it began)")
        if info.dataset.sha256 != dataset.sha256:
            raise RunError(other_data(dataset, name, "began with"))
        return info.config
    return config


def refuse_to_lose(writer: RunWriter, resume: bool, overwrite: bool) -> None:
    """Raises `RunError` where a run is there that nobody said to replace, or none to go on with."""
    name, root = writer.folder.name, writer.folder.parent
    if writer.is_kept:
        raise RunError(f"runs in {root} come with the program and stay as they are; choose another --runs folder.")
    if not writer.has_run:
        if resume:
            raise RunError(f"nothing to resume: there is no run {name!r} in {root}; leave --resume out to start it.")
        return
    if resume:
        info = read_info(writer.folder)
        if info.state == "finished":
            raise RunError(f"run {name!r} is finished ({info.epoch} epochs); --overwrite trains it anew, --name starts another.")
    elif not overwrite:
        goes_on = "" if read_info(writer.folder).state == "finished" else "--resume goes on, "
        raise RunError(f"run {name!r} is already in {root}; {goes_on}--overwrite replaces it, --name starts another.")


class Trainer:
    """One training run in memory: model, optimiser, fixed points, and what was recorded so far."""

    def __init__(
        self, config: FitConfig, dataset: Dataset, writer: RunWriter, preset: str, created: str,
        device: str = "cpu", team: Team | None = None, film: int = FILM_MOMENTS,
    ) -> None:  # fmt: skip
        self.config, self.dataset, self.writer, self.preset, self.created = config, dataset, writer, preset, created
        self.team, self.device = team or Team(), device_of(device)
        self.train, self.test = dataset.subset(config.train_on), dataset.subset("test")
        self.film_pick = np.sort(seeded_choice(config.seed, len(self.test.index), FILM_POINTS))
        self.check_pick = seeded_choice(config.seed, len(self.train.index), min(HISTORY_IMAGES, len(self.test.index)))
        n_classes = len(dataset.class_names) if dataset.labels is not None else 0
        _check_labels(config, dataset)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)  # torch's layers draw their first weights from the global stream only
            self.model = model_of(config, dataset.image_shape, n_classes)
        self.model.start_at_mean(mean_image(self.train.images))
        self.model.to(self.device)
        self.labelled = labelled_images(self.train.labels, n_classes, config) if config.is_semi_supervised else None
        share = 1.0 if self.labelled is None else len(self.labelled) / len(self.train.index)
        self.objective = self.team.wrap(Objective(self.model, self._mean_of_team, share), some_unused=config.model == "m1+m2")
        self.optimiser = torch.optim.AdamW(
            [p for p in self.model.parameters() if p.requires_grad],
            lr=config.learning_rate, eps=config.adam_eps, weight_decay=config.weight_decay, fused=True,
        )  # fmt: skip
        self.steps_an_epoch = -(-len(self.train.index) // config.batch_size)
        self.n_steps = self.steps_an_epoch * config.epochs
        self.moments = film_moments(self.n_steps, film)
        self.progress = Progress()
        self.is_whole = False
        self.rows = self.team.rows(1)
        self.saved = time.perf_counter()
        self.forecast = Forecast(self.n_steps, config.epochs, dict.fromkeys(self.parts(), 0.0))

    # --- the loop

    def epochs(self) -> Iterator[Event]:
        if self.progress.epoch == 0:
            self.snapshot(0)
            self.write_state("training")
        while self.progress.epoch < self.config.epochs:
            epoch = self.progress.epoch + 1
            began = time.perf_counter()
            yield from self.solve() if self.config.model == "pca" else self.one_epoch(epoch)
            trained, measuring = time.perf_counter() - began, time.perf_counter()
            self.after_epoch(epoch)
            looking = time.perf_counter()
            row = self.row(epoch) if self.team.is_writer else {}
            if self.team.is_writer:
                n_looked_at = len(self.check_pick) + min(len(self.test.index), HISTORY_IMAGES)
                self.forecast.guess(self.guesses((time.perf_counter() - looking) / n_looked_at))
            self.progress.epoch = epoch
            self.progress.seconds += time.perf_counter() - began
            self.progress.history.append(row)
            self.progress.timing.append({"epoch": epoch, "seconds": trained, "images_per_s": len(self.train.index) / trained})
            if epoch == self.config.epochs or time.perf_counter() - self.saved > CHECKPOINT_S:
                self.checkpoint()
            self.forecast.epoch_ended(epoch, time.perf_counter() - measuring)
            yield EpochEnded(epoch, row)

    def one_epoch(self, epoch: int) -> Iterator[Stepped]:
        config = self.config
        generator = seeded(config.seed, EPOCH, epoch)
        order = torch.randperm(len(self.train.index), generator=generator)
        labelled = self.labelled_order(epoch)
        # terms stay tensors: reading one would make every step wait for it
        terms = torch.zeros(self.steps_an_epoch, 2, device=self.device)
        shown, clock = 0, time.perf_counter()
        for i in range(self.steps_an_epoch):
            step = (epoch - 1) * self.steps_an_epoch + i
            knobs = knobs_at(config, step / self.steps_an_epoch)
            if config.lagging_steps and self.progress.is_lagging:
                self.train_encoder_ahead(step, knobs)
            places = order[i * config.batch_size : (i + 1) * config.batch_size]
            chosen = None if labelled is None else labelled[i * config.batch_size :][: len(places)]
            terms[i] = self.step(*self.batch(places, generator, chosen), knobs, rate_at(config, step / self.n_steps))
            if step + 1 in self.moments:
                self.snapshot(step + 1)
            now = time.perf_counter()
            if now - clock > STEP_EVENTS_S or i + 1 == self.steps_an_epoch:
                self.check_finite(terms[shown : i + 1], step - i + shown)
                nll, kl = terms[shown : i + 1].mean(0).tolist()
                n_images = min((i + 1) * config.batch_size, len(self.train.index)) - shown * config.batch_size
                speed = n_images / (now - clock)
                self.forecast.stepped(step + 1, i + 1 - shown, now - clock)
                if epoch == 1 and self.forecast.steps.seconds is not None:  # better ones come when the epoch's figures are measured
                    self.forecast.guess(self.guesses(self.forecast.steps.seconds / (STEP_WORK * config.batch_size)))
                loss, forecast = nll + knobs.beta * kl, self.forecast
                yield Stepped(step + 1, self.n_steps, loss, kl, speed, forecast.share, forecast.seconds_left)
                shown, clock = i + 1, time.perf_counter()

    def batch(self, places: Tensor, generator: torch.Generator, labelled: Tensor | None = None) -> tuple[Batch, Noise]:
        """This process's share of the training images at `places`, and the noise that goes with it."""
        rows = self.rows = self.team.rows(len(places))
        x, y = self.pictures(places, rows, generator)
        of_labelled = (None, None) if labelled is None else self.pictures(labelled, rows, generator)
        return Batch(x, y, *of_labelled), Noise(generator, rows, self.device)

    def pictures(self, places: Tensor, rows: Rows, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
        """Images (B, C, H, W) in [0, 1] of this process's rows of `places`, and their labels where the model uses them."""
        mine = places[rows.start : rows.stop].numpy()
        images = torch.from_numpy(self.train.images[mine])
        x = to_unit(images, self.config.binarise, generator, rows).to(self.device)
        if not self.config.is_conditional:
            return x, None
        assert self.train.labels is not None  # else there would be no classes, which `model_of` refuses
        return x, torch.from_numpy(self.train.labels[mine]).to(self.device)

    def step(self, batch: Batch, noise: Noise, knobs: Knobs, rate: float, part: str = "") -> Tensor:
        """One update, of all parameters or of one part only; mean nll and mean KL of this process's images, (2,), not yet read."""
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "autocast"):
            loss, terms = self.objective(batch, noise, knobs)
        (loss * self.rows.weight).backward()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        if part:
            self.forget_gradients_outside(part)
        self.optimiser.step()
        return terms  # type: ignore[no-any-return]

    def train_encoder_ahead(self, step: int, knobs: Knobs) -> None:
        """Lagging inference (He et al. 2019, algorithm 1): encoder steps on random batches while the mean loss of ten still falls.

        The loop's own step, which follows, then moves the decoder; here it moves both, and once information peaks this ends.
        """
        config = self.config
        generator = seeded(config.seed, LAGGING, step)
        before, losses = float("inf"), torch.zeros(LAGGING_ROUND)
        for i in range(config.lagging_steps):
            places = torch.randint(len(self.train.index), (config.batch_size,), generator=generator)
            batch, noise = self.batch(places, generator)
            nll, kl = self.step(batch, noise, knobs, rate_at(config, step / self.n_steps), part="encoder")
            losses[i % LAGGING_ROUND] = nll + knobs.beta * kl
            if i % LAGGING_ROUND == LAGGING_ROUND - 1:
                now = float(self.team.mean(losses.mean()))
                if not now < before:
                    break
                before = now

    def forget_gradients_outside(self, part: str) -> None:
        """The optimiser leaves parameters without a gradient as they are."""
        for name, parameter in self.model.named_parameters():
            if not name.startswith(f"{part}."):
                parameter.grad = None

    def labelled_order(self, epoch: int) -> Tensor | None:
        """Places of labelled images for an epoch, as many as images: all of them again and again, each time in a new order."""
        if self.labelled is None:
            return None
        generator = seeded(self.config.seed, LABELLED, epoch)
        rounds = -(-len(self.train.index) // len(self.labelled))
        return torch.cat([self.labelled[torch.randperm(len(self.labelled), generator=generator)] for _ in range(rounds)])

    def solve(self) -> Iterator[Event]:
        """Closed form instead of an epoch."""
        fill_with_pca(self.model, self.spectrum())
        self.snapshot(1)
        yield from ()

    def spectrum(self) -> Spectrum:
        """Of the training images."""
        images = self.train.images
        batches = (pixels_in_unit(images[start : start + MEAN_BATCH]) for start in range(0, len(images), MEAN_BATCH))
        return spectrum(batches, int(np.prod(self.dataset.image_shape)))

    def after_epoch(self, epoch: int) -> None:
        """What is measured on training images between two epochs: the best scale, and whether the encoder still lags."""
        if self.config.finish_linear and epoch == self.config.epochs:
            finish_linear_vae(self.model, self.spectrum())
            del self.progress.film_mu[-1], self.progress.film_epoch[-1]
            self.snapshot(self.n_steps)
        if self.config.has_scale and self.config.scale == "optimal" and self.config.model != "pca":
            self.set_best_scale()
        if self.config.lagging_steps and self.progress.is_lagging:
            images = self.train.images[self.check_pick[:INFORMATION_IMAGES]]
            mu, logvar = encode_all(self.model, images, self._labels_of(self.check_pick[:INFORMATION_IMAGES]))
            found = information_split(mu, logvar, np.random.default_rng((self.config.seed, LAGGING))).mutual_information
            self.progress.is_lagging = found > self.progress.information
            self.progress.information = max(found, self.progress.information)

    @torch.no_grad()
    def set_best_scale(self) -> None:
        """`log_sigma` becomes the best one on training images, from one draw of z each."""
        likelihood = cast(HasScale, self.model.likelihood)
        generator = seeded(self.config.seed, HELD_OUT)
        errors, n = 0.0, 0
        for start in range(0, len(self.check_pick), MEAN_BATCH):
            pick = self.check_pick[start : start + MEAN_BATCH]
            x = to_unit(torch.from_numpy(self.train.images[pick]), False).to(self.device)
            y = as_labels(labels_told(self.model, x, self._labels_of(pick)), self.device)
            output = self.model.output(self.model.posterior(x, y).sample(generator), y)
            errors += float(likelihood.error(output, x)) * len(pick)
            n += len(pick)
        self.model.log_sigma.fill_(float(likelihood.log_scale_for(torch.tensor(errors / n))))

    def check_finite(self, terms: Tensor, first_step: int) -> None:
        bad = (~torch.isfinite(terms)).nonzero()
        if len(bad):
            offset, column = bad[0].tolist()
            smaller = self.config.learning_rate / 10
            remedy = f"try --learning-rate {smaller:g} or --warmup-epochs {max(5, 2 * self.config.warmup_epochs)}, with --overwrite"
            raise TrainingDiverged(first_step + offset, ("the reconstruction term", "the KL term")[column], remedy)

    def _mean_of_team(self, value: Tensor) -> Tensor:
        return self.team.mean(value, self.rows.weight)

    def _labels_of(self, pick: NDArray[np.int64]) -> NDArray[np.int64] | None:
        return None if self.train.labels is None else self.train.labels[pick]

    # --- records

    def row(self, epoch: int) -> Row:
        """Figures of the weights as they are now, each over a whole fixed set of images."""
        config, model = self.config, self.model
        row: Row = {"epoch": epoch}
        kl = np.zeros(config.latent_dim)
        parts = {
            "train": (self.train.images[self.check_pick], self._labels_of(self.check_pick)),
            "test": (self.test.images[:HISTORY_IMAGES], None if self.test.labels is None else self.test.labels[:HISTORY_IMAGES]),
        }
        for split, (images, labels) in parts.items():
            nll, mu, logvar = bound_terms(model, images, config.binarise, seeded(config.seed, HELD_OUT), labels)
            reconstruction = float(nll.mean())
            if config.is_deterministic:
                row[f"{split}_reconstruction"] = reconstruction
                continue
            kl = kl_per_dim(mu, logvar)
            row |= {
                f"{split}_elbo": -(reconstruction + float(kl.sum())),
                f"{split}_reconstruction": reconstruction,
                f"{split}_kl": float(kl.sum()),
            }
        if isinstance(model, SemiSupervisedVae) and self.test.labels is not None and (self.test.labels[:HISTORY_IMAGES] >= 0).any():
            row["test_error"] = classifier_error(model, self.test.images[:HISTORY_IMAGES], self.test.labels[:HISTORY_IMAGES])
        row["beta"] = beta_at(epoch, config.beta, config.warmup_epochs, config.beta_cycles, config.epochs)
        row["learning_rate"] = rate_at(config, epoch / config.epochs)
        return row if config.is_deterministic else row | {f"kl_{k + 1}": float(value) for k, value in enumerate(kl)}

    def snapshot(self, step: int) -> None:
        labels = None if self.test.labels is None else self.test.labels[self.film_pick]
        mu, _ = encode_all(self.model, self.test.images[self.film_pick], labels)
        self.progress.film_mu.append(mu)
        self.progress.film_epoch.append(step / self.steps_an_epoch)

    def checkpoint(self) -> None:
        """The state at the end of an epoch as one file: an interrupted write leaves the one before."""
        if self.team.is_writer:
            self.writer.write_arrays(CHECKPOINT, *checkpoint.pack(self.model, self.optimiser, self.progress))
            self.write_state("training")
        self.saved = time.perf_counter()

    def restore(self) -> None:
        """Goes back to the last checkpoint; without one the run starts at the beginning."""
        found = self.writer.read_checkpoint()
        if found is None:
            return
        try:
            self.progress = checkpoint.unpack(*found, self.model, self.optimiser)
        except (KeyError, ValueError, RuntimeError, TypeError):
            raise RunCorrupt(
                f"run {self.writer.folder.name!r}: {CHECKPOINT} does not fit this run; train it anew with --overwrite."
            ) from None

    def bytes_on_disk(self) -> int:
        """About how much room the run takes while it is trained, its checkpoint beside what it ends with."""
        n_parameters, n_dims = sum(p.numel() for p in self.model.parameters()), self.config.latent_dim
        film = len(self.moments) * len(self.film_pick) * n_dims
        codes = len(self.test.index) * (2 * n_dims + 4)
        return 4 * (n_parameters * (1 + 3) + 2 * film + codes) + ROOM_BESIDE

    def write_state(
        self, state: str, metrics: Metrics | None = None, examination: Examination | None = None
    ) -> RunInfo | None:  # fmt: skip
        if not self.team.is_writer:
            return None
        gpu = "" if self.device.type == "cpu" else f", {torch.cuda.get_device_name(self.device)}"
        processes = "" if self.team.size == 1 else f", {self.team.size} processes"
        info = RunInfo.model_validate({
            "preset": self.preset, "config": self.config, "state": state, "epoch": self.progress.epoch, "created": self.created,
            "dataset": DatasetInfo.of(
                self.dataset, len(self.train.index), None if self.labelled is None else len(self.labelled)
            ),
            "seconds": round(self.progress.seconds, 1), "n_parameters": sum(p.numel() for p in self.model.parameters()),
            "metrics": metrics, "examination": examination,
            "libraries": {name: version(name) for name in ("torch", "numpy", "safetensors")},
            "machine": f"{platform.machine()}, {torch.get_num_threads()} threads{processes}{gpu}",
        })  # fmt: skip
        self.writer.write_info(info)
        return info

    def parts(self) -> list[str]:
        """What is computed after the last step, in order."""
        parts = [EVALUATION, ENCODINGS, MAPS]
        if not self.config.is_deterministic:
            parts.append(EXAMINATION)
        if self.config.classifier and has_classes(self.dataset):
            parts.append(CLASSIFIER)
        return parts if self.team.is_writer else []

    def guesses(self, seconds: float) -> dict[str, float]:
        """About how long each part takes, where an image is encoded and decoded in so many seconds."""
        config, n, few = self.config, len(self.test.index), min(len(self.test.index), NLL_IMAGES)
        samples = 0 if config.is_deterministic else NLL_SAMPLES * few
        has_umap = config.umap and config.latent_dim > 2
        guesses = {
            EVALUATION: seconds * (n + len(self.train.index) / 2 + samples * DECODING_SHARE),
            ENCODINGS: seconds * n,
            MAPS: MAP_S + n * MAP_IMAGE_S + (UMAP_S + n * UMAP_IMAGE_S if has_umap else 0.0),
            EXAMINATION: EXAMINATION_S + seconds * DECODING_SHARE * 2 * (config.latent_dim + 2) * min(n, MOST_IMAGES),
            CLASSIFIER: classifier_work(self.dataset) / MULTIPLY_ADDS_A_SECOND,
        }
        return guesses

    def finish(self, heard: Callable[[Finishing], None] = lambda event: None) -> Iterator[Event]:
        """Evaluation, encodings, film, maps and classifier; `run.json` says finished only when all of it is there."""
        config, writer, progress = self.config, self.writer, self.progress
        if not self.team.is_writer:
            return
        self.model.eval()
        yield self.entered(EVALUATION)
        evaluation = evaluate(
            self.model, self.dataset, samples=NLL_SAMPLES, nll_images=NLL_IMAGES,
            on_progress=lambda share: heard(self.entered(EVALUATION, share)),
        )  # fmt: skip
        yield self.entered(ENCODINGS)
        nll, mu, logvar = bound_terms(self.model, self.test.images, False, seeded(config.seed, HELD_OUT), self.test.labels)
        kl = population_kl(mu, logvar).sum(1)
        labels = np.full(len(mu), -1) if self.test.labels is None else self.test.labels
        writer.write_arrays(WEIGHTS, {key: value.cpu().numpy() for key, value in self.model.state_dict().items()})
        writer.write_arrays(ENCODINGS_FILE, {
            "mu": mu, "logvar": logvar, "elbo": (-(nll + kl)).astype(np.float32), "reconstruction": nll.astype(np.float32),
            "label": labels.astype(np.int64), "index": self.test.index,
        })  # fmt: skip
        writer.write_arrays(FILM, {
            "mu": np.stack(progress.film_mu).astype(np.float16), "epoch": np.array(progress.film_epoch, np.float32),
            "label": labels[self.film_pick].astype(np.int64), "index": self.test.index[self.film_pick],
        })  # fmt: skip
        writer.write_rows(HISTORY, progress.history)
        writer.write_rows(TIMING, progress.timing)
        if not is_built_in(self.dataset.name):  # nobody else has the images, and the folder may be moved
            writer.write_test_images(self.test.images)
        yield self.entered(MAPS)
        writer.write_projections(maps_of(self.model, self.test, mu, logvar))
        examination = None
        if not config.is_deterministic:
            yield self.entered(EXAMINATION)
            examination = examine(self.model, self.dataset, on_progress=lambda share: heard(self.entered(EXAMINATION, share)))
        if config.classifier and has_classes(self.dataset):
            training = ClassifierTraining(self.model, self.dataset, config.seed)
            for share in training.epochs():
                yield self.entered(CLASSIFIER, share)
            writer.write_classifier(training.result())
        info = self.write_state("finished", Metrics(**asdict(evaluation)), examination)
        assert info is not None
        self.is_whole = True
        writer.drop_checkpoint()
        yield Finished(writer.folder, info)

    def entered(self, part: str, share: float = 0.0) -> Finishing:
        """The event that says which part the run is at, and how far that is."""
        self.forecast.entered(part, share)
        return Finishing(part, self.forecast.share, self.forecast.seconds_left)


def maps_of(
    model: Vae, split: Split, mu: NDArray[np.float32], logvar: NDArray[np.float32], budget: Budget | None = None
) -> tuple[Projection, ...]:
    """The maps of a run from its model and the codes (N, K) of the split that it shows.

    budget: about how long decoding may take; where it is dear, the inverse of a map is refined in fewer rounds, or in none.
    """
    config = model.config
    weight = mu.astype(float).var(0) if config.is_deterministic else kl_per_dim(mu, logvar)
    decode = decode_of(model, split.images, split.labels)
    epochs = EPOCHS if budget is None else _affordable_rounds(model, mu, budget)
    return projections_of(mu, weight, config.seed, config.umap, decode, split.labels, epochs)


def _affordable_rounds(model: Vae, mu: NDArray[np.float32], budget: Budget) -> int:
    """How many rounds over all codes the refinement of a map's inverse may take, once for the map and once for its held-out error."""
    y = torch.zeros(len(mu), dtype=torch.long) if model.is_conditional else None
    round_s = 2 * BACKWARD * len(mu) * seconds_a_decode(model, torch.from_numpy(mu), y)
    return int(min(EPOCHS, budget.seconds / max(round_s, 1e-9)))


def refresh_maps(run: Run, dataset: Dataset) -> tuple[Projection, ...]:
    """Makes the maps of a finished run anew, from its weights and codes, and writes them where it is not a shipped run.

    Raises `RunError` for another data set.
    """
    run.check_dataset(dataset)
    maps = maps_of(run.model, dataset.subset("test"), run.encodings.mu, run.encodings.logvar)
    if not (writer := RunWriter(run.folder)).is_kept:
        writer.replace_projections(run.info, maps)
    return maps


def refresh_classifier(run: Run, dataset: Dataset, on_progress: Callable[[float], None] = lambda share: None) -> PictureClassifier:
    """Trains the classifier of pictures of a finished run, its first or another, and writes it where it is not a shipped run.

    Raises `RunError` for another data set, `DataError` for one without classes.
    """
    run.check_dataset(dataset)
    training = ClassifierTraining(run.model, dataset, run.config.seed)
    for share in training.epochs():
        on_progress(share)
    classifier = training.result()
    if not (writer := RunWriter(run.folder)).is_kept:
        writer.replace_classifier(run.info, classifier)
    return classifier


def knobs_at(config: FitConfig, epochs_done: float) -> Knobs:
    """KL weight and phase of a step; a fraction of an epoch counts."""
    beta = beta_at(epochs_done, config.beta, config.warmup_epochs, config.beta_cycles, config.epochs)
    if config.model == "m1+m2":
        return Knobs(beta, "m1" if epochs_done < config.feature_epochs else "m2")
    return Knobs(beta, "iwae" if config.importance_samples > 1 and epochs_done >= config.elbo_epochs else "elbo")


def rate_at(config: FitConfig, progress: float) -> float:
    """The step size; M1 and M2 each have a schedule of their own."""
    if config.model == "m1+m2":
        cut = config.feature_epochs / config.epochs
        progress = progress / cut if progress < cut else (progress - cut) / (1 - cut)
    return learning_rate_at(progress, config.learning_rate, config.schedule)


def mean_image(images: NDArray[np.uint8]) -> Tensor:
    """(C, H, W) in [0, 1], summed in whole numbers, a batch at a time: the images may be larger than memory."""
    total = np.zeros(images.shape[1:], np.int64)
    for start in range(0, len(images), MEAN_BATCH):
        total += images[start : start + MEAN_BATCH].sum(0, dtype=np.int64)
    return torch.from_numpy(total / (255 * len(images))).float()


def pixels_in_unit(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """uint8 (B, C, H, W) to (B, P) in [0, 1]."""
    return np.asarray(images.reshape(len(images), -1) / 255.0)


def _check_labels(config: FitConfig, dataset: Dataset) -> None:
    """Raises `DataError` where a model is told the class of every image, and some have none."""
    n = 0 if dataset.labels is None else int((dataset.labels < 0).sum())
    if n and config.is_conditional and not config.is_semi_supervised:
        raise DataError(
            f"model {config.model!r} is told the class of every image, and {n} of {dataset.n} have no label; allowed: one for each image; "
            "label them, or choose --model m2, which learns from images without one."
        )


def labelled_images(labels: NDArray[np.int64] | None, n_classes: int, config: FitConfig) -> Tensor:
    """Places of the training images whose labels are used: the same number of every class, drawn by the seed; −1 is no label.

    Raises `ConfigError`, `DataError` where a class has no labelled image to learn from.
    """
    assert labels is not None
    each, left_over = divmod(config.labelled, n_classes)
    smallest = int(np.bincount(labels[labels >= 0], minlength=n_classes).min())
    if smallest == 0:
        raise DataError(
            f"model {config.model!r} needs labelled training images of every class, and one of the {n_classes} classes has none; "
            "label some, or leave that class out."
        )
    if left_over or not 1 <= each <= smallest:
        allowed = f"a multiple of {n_classes}, the number of classes, up to {n_classes * smallest}"
        raise ConfigError("labelled", config.labelled, allowed)
    rng = np.random.default_rng((config.seed, LABELLED))
    chosen = [rng.permutation(np.flatnonzero(labels == label))[:each] for label in range(n_classes)]
    return torch.from_numpy(np.sort(np.concatenate(chosen)))


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


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
