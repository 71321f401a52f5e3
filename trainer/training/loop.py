"""How are the steps of a training taken, and what is kept between two epochs?

Randomness of an epoch depends on (seed, epoch) alone, so a run that is resumed draws what an uninterrupted one would have drawn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.config import FitConfig, checked
from trainer.datasets import Dataset
from trainer.datasets.batches import Rows
from trainer.errors import RunCorrupt
from trainer.metrics.evaluate import seeded, to_unit
from trainer.models.torch_engine import Vae, model_of
from trainer.numerals import percent
from trainer.runs.folder import CHECKPOINT, FILM, FILM_WEIGHTS, HISTORY, TIMING
from trainer.runs.records import NOT_CHOSEN, DatasetInfo, RunInfo, Settled
from trainer.runs.write import RunWriter
from trainer.training import checkpoint, lagging
from trainer.training.backward.step import WrittenStep, reason_against
from trainer.training.checkpoint import Progress, Row
from trainer.training.choosing.early_stopping import Shorter, shorter
from trainer.training.closed_form import fill_with_pca, finish_linear_vae, set_best_scale
from trainer.training.distributed import Noise, Team, device_of
from trainer.training.events import EpochEnded, Event, Finished, Finishing, Stepped
from trainer.training.film_weights import FilmWeightsKeeper
from trainer.training.finish import (
    PostProcessing,
    Reached,
    Results,
    budgets_of,
    parts_of,
    run_info,
    seconds_of_parts,
    write_results,
)
from trainer.training.history import HISTORY_IMAGES, history_row, n_measured
from trainer.training.inputs import EPOCH, mean_image, seeded_choice, spectrum_of, splits_of
from trainer.training.labels.given import check_labels, labelled_images, labelled_order
from trainer.training.labels.propagated import Propagated, Propagation
from trainer.training.objectives import Batch, Objective, check_finite
from trainer.training.pace import Forecast
from trainer.training.schedules import Setting, StepSettings, rate_at, setting_at, settings_at
from trainer.training.snapshots import SNAPSHOTS, Snapshots
from trainer.training.steering import Changes, Steering
from trainer.training.watch import Watch

STEP_EVENTS_S = 0.2
CHECKPOINT_S = 2.0  # a run of quick epochs would spend its time on the disk; what is lost is computed again, the same
STEP_WORK = 3  # of a step, in encoding and decoding its images: the way back is twice the way
ROOM_BESIDE = 8_000_000  # bytes for maps, classifier, history and the next version of a file beside the one before


class Trainer:
    """One training run in memory: model, optimiser, fixed points, and what was recorded so far."""

    settled: Settled = NOT_CHOSEN
    """how its settings came to be"""
    likely: Propagated | None = None
    """the classes of all training images as their neighbours suggest them, once they are wanted"""
    shorter: Shorter | None = None
    """what this training gives way to, once it overfits and is to stop early"""

    def __init__(
        self,
        config: FitConfig,
        dataset: Dataset,
        writer: RunWriter,
        preset: str,
        created: str,
        device: str = "cpu",
        team: Team | None = None,
        snapshots: int = SNAPSHOTS,
        steering: Steering | None = None,
    ) -> None:
        self.config, self.dataset, self.writer, self.preset, self.created = config, dataset, writer, preset, created
        self.team, self.device = team or Team(), device_of(device)
        self.train, self.test, self.validation = splits_of(config, dataset)
        self.check_pick = seeded_choice(config.seed, len(self.train.index), min(HISTORY_IMAGES, len(self.test.index)))
        n_classes = len(dataset.class_names) if dataset.labels is not None else 0
        check_labels(config, dataset)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)  # torch's layers draw their first weights from the global stream only
            self.model = model_of(config, dataset.image_shape, n_classes)
        self.model.start_at_mean(mean_image(self.train.images))
        # convolutions compute faster where the channels of a pixel lie together (tests/bench/layouts.py); dense layers know no such order
        self.model.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.labelled = labelled_images(self.train.labels, n_classes, config) if config.is_semi_supervised else None
        share = 1.0 if self.labelled is None else len(self.labelled) / len(self.train.index)
        self.objective = self.team.wrap(Objective(self.model, self._mean_of_team, share), some_unused=config.model == "m1+m2")
        self.optimiser = _optimiser_of(self.model)
        self.reason = reason_against(self.model, self.device.type, self.team.size)  # why autograd differentiates, if it does
        self.written = None if self.reason else WrittenStep(self.model, self.optimiser)
        self.steps_an_epoch = -(-len(self.train.index) // config.batch_size)
        self.n_steps = self.steps_an_epoch * config.epochs
        self.snapshots = Snapshots(self.test, config.seed, 1 if config.model == "pca" else self.n_steps, snapshots)
        self.film_weights = FilmWeightsKeeper(self.model, writer, self.snapshots.steps, config.film_weights)
        self.steering, self.changes, self.progress = steering or Steering(), Changes(config, writer), Progress()
        self.watch = Watch(self.steering.watch, self.model, dataset, self.snapshots, self.n_steps)
        self.is_whole, self.away = False, 0.0  # away: seconds of this epoch that whoever listens took, who may have paused it
        self.rows, self.saved = self.team.rows(1), time.perf_counter()
        parts = parts_of(config, dataset) if self.team.is_writer else []
        self.forecast = Forecast(self.n_steps, config.epochs, dict.fromkeys(parts, 0.0))

    # --- the loop

    def epochs(self) -> Iterator[Event]:
        if self.progress.epoch == 0:
            self.snapshot(0)
            self.write_state("training")
        begins_at = self.progress.epoch * self.steps_an_epoch
        self.take_changes(begins_at)
        self.show(begins_at, is_marked=True)
        while not self.overfits() and self.progress.epoch < self.config.epochs:
            epoch = self.progress.epoch + 1
            yield from self.propagate(epoch)
            began, self.away = time.perf_counter(), 0.0
            yield from self.solve() if self.config.model == "pca" else self.one_epoch(epoch)
            trained, measuring = time.perf_counter() - began - self.away, time.perf_counter()
            self.after_epoch(epoch)
            looking = time.perf_counter()
            row = self.row(epoch) if self.team.is_writer else {}
            if self.team.is_writer:
                self.guess((time.perf_counter() - looking) / n_measured(self.check_pick, self.test, self.validation))
            self.progress.epoch = epoch
            self.progress.seconds += time.perf_counter() - began - self.away
            self.progress.history.append(row)
            self.progress.timing.append({"epoch": epoch, "seconds": trained, "images_per_s": len(self.train.index) / trained})
            if epoch == self.config.epochs or time.perf_counter() - self.saved > CHECKPOINT_S:
                self.checkpoint()
            self.show(epoch * self.steps_an_epoch, is_marked=True)
            self.forecast.epoch_ended(epoch, time.perf_counter() - measuring)
            yield EpochEnded(epoch, row)

    def overfits(self) -> bool:
        """Whether it gives way to a shorter one; asked between two epochs, also of a run that goes on."""
        self.shorter = shorter(self.config, self.progress.history, self.validation, self.changes.are_any)
        return self.shorter is not None

    def propagate(self, epoch: int) -> Iterator[Event]:
        """Spreads the labels before the first epoch that uses them; a run that goes on does it again, and finds the same."""
        config = self.config
        if self.likely is not None or not config.label_neighbours or settings_at(config, epoch - 1).phase == "m1":
            return
        assert self.labelled is not None and self.train.labels is not None
        places, spreading = self.labelled.numpy(), Propagation(config.label_neighbours, self.model.n_classes)
        for done in spreading.spread(self.train.images, places, self.train.labels[places], config.seed):
            tenths = percent(int(10 * done) / 10)
            yield Finishing(f"neighbours of every image: {tenths}", self.forecast.share, self.forecast.seconds_left)
        self.likely = spreading.result

    def one_epoch(self, epoch: int) -> Iterator[Stepped]:
        config = self.config
        generator = seeded(config.seed, EPOCH, epoch)
        order = torch.randperm(len(self.train.index), generator=generator)
        labelled = None if self.labelled is None else labelled_order(self.labelled, len(self.train.index), config.seed, epoch)
        # terms stay tensors: reading one would make every step wait for it
        terms = torch.zeros(self.steps_an_epoch, 2, device=self.device)
        shown, clock = 0, time.perf_counter()
        for i in range(self.steps_an_epoch):
            step = (epoch - 1) * self.steps_an_epoch + i
            self.take_changes(step)
            settings = settings_at(self.changes.config, step / self.steps_an_epoch)
            setting = Setting(settings.beta, rate_at(self.changes.config, step / self.n_steps))
            if config.lagging_steps and self.progress.is_lagging:
                self.train_encoder_ahead(step, settings, setting.learning_rate)
            places = order[i * config.batch_size : (i + 1) * config.batch_size]
            chosen = None if labelled is None else labelled[i * config.batch_size :][: len(places)]
            terms[i] = self.step(*self.batch(places, generator, chosen), settings, setting.learning_rate)
            if step + 1 in self.snapshots.steps:
                self.snapshot(step + 1)
            self.show(step + 1)
            now = time.perf_counter()
            if now - clock > STEP_EVENTS_S or i + 1 == self.steps_an_epoch or self.steering.is_waited_for:
                yield self._stepped(terms[shown : i + 1], step + 1, setting, now - clock, is_first=epoch == 1)
                shown, clock = i + 1, time.perf_counter()
                self.away += clock - now

    def take_changes(self, step: int) -> None:
        """Other settings from this step on, where they were wished."""
        if self.changes.before(step, self.steering):
            self.model.config = checked(self.config, beta=self.changes.config.beta)  # by which its figures are judged

    def _stepped(self, terms: Tensor, step: int, setting: Setting, seconds: float, is_first: bool) -> Stepped:
        """The event of the last steps, up to `step` (from 1), from their terms (S, 2)."""
        n = len(terms)
        check_finite(self.config, terms, step - n)
        nll, kl = terms.mean(0).tolist()
        within = (step - 1) % self.steps_an_epoch + 1  # of this epoch
        n_images = min(within * self.config.batch_size, len(self.train.index)) - (within - n) * self.config.batch_size
        self.forecast.stepped(step, n, seconds)
        if is_first and self.forecast.steps.seconds is not None:  # better ones come when the epoch's figures are measured
            self.guess(self.forecast.steps.seconds / (STEP_WORK * self.config.batch_size))
        rest = (self.forecast.share, self.forecast.seconds_left)
        return Stepped(step, self.n_steps, nll + setting.beta * kl, kl, setting, n_images / seconds, *rest)

    def batch(self, places: Tensor, generator: torch.Generator, labelled: Tensor | None = None) -> tuple[Batch, Noise]:
        """This process's share of the training images at `places`, and the noise that goes with it."""
        rows = self.rows = self.team.rows(len(places))
        x, y = self.pictures(places, rows, generator)
        labelled_x, labelled_y = (None, None) if labelled is None else self.pictures(labelled, rows, generator)
        likely = None if self.likely is None else self.likely.at(places[rows.start : rows.stop].numpy(), self.device)
        return Batch(x, y, labelled_x, labelled_y, likely), Noise(generator, rows, self.device)

    def pictures(self, places: Tensor, rows: Rows, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
        """Images (B, C, H, W) in [0, 1] of this process's rows of `places`, and their labels where the model uses them."""
        mine = places[rows.start : rows.stop].numpy()
        images = torch.from_numpy(self.train.images[mine])
        x = to_unit(images, self.config.binarise, generator, rows).to(self.device)
        if not self.config.is_conditional:
            return x, None
        assert self.train.labels is not None  # else there would be no classes, which `model_of` refuses
        return x, torch.from_numpy(self.train.labels[mine]).to(self.device)

    def step(self, batch: Batch, noise: Noise, settings: StepSettings, rate: float, part: str = "") -> Tensor:
        """One update, of all parameters or of one part only; mean nll and mean KL of this process's images, (2,), not yet read."""
        if self.written is not None:
            return self.written(batch, noise, settings.beta, rate)
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "autocast"):
            loss, terms = self.objective(batch, noise, settings)
        (loss * self.rows.weight).backward()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        if part:
            lagging.forget_gradients_outside(self.model, part)
        self.optimiser.step()
        return terms  # type: ignore[no-any-return]

    def train_encoder_ahead(self, step: int, settings: StepSettings, rate: float) -> None:
        """Lagging inference (He et al. 2019)."""

        def loss_of(places: Tensor, generator: torch.Generator) -> Tensor:
            nll, kl = self.step(*self.batch(places, generator), settings, rate, part="encoder")
            loss: Tensor = nll + settings.beta * kl
            return loss

        lagging.train_ahead(self.config, len(self.train.index), step, loss_of, self.team.mean)

    def solve(self) -> Iterator[Event]:
        """Closed form instead of an epoch."""
        fill_with_pca(self.model, spectrum_of(self.train.images))
        self.snapshot(1)
        yield from ()

    def after_epoch(self, epoch: int) -> None:
        """What is measured on training images between two epochs: the best scale, and whether the encoder still lags."""
        config, progress = self.config, self.progress
        if config.finish_linear and epoch == config.epochs:
            finish_linear_vae(self.model, spectrum_of(self.train.images))
            Snapshots.drop_last(progress)
            self.snapshot(self.n_steps)
        if config.has_scale and config.scale == "optimal" and config.model != "pca":
            set_best_scale(self.model, self.train.images, self.train.labels, self.check_pick)
        if config.lagging_steps and progress.is_lagging:
            pick = self.check_pick[: lagging.INFORMATION_IMAGES]
            found = lagging.information_of(self.model, self.train.images[pick], self._labels_of(pick), config.seed)
            progress.is_lagging = found > progress.information
            progress.information = max(found, progress.information)

    def _mean_of_team(self, value: Tensor) -> Tensor:
        return self.team.mean(value, self.rows.weight)

    def _labels_of(self, pick: NDArray[np.int64]) -> NDArray[np.int64] | None:
        return None if self.train.labels is None else self.train.labels[pick]

    # --- records

    def row(self, epoch: int) -> Row:
        """Figures of the weights as they are now."""
        now = setting_at(self.changes.config, epoch)
        return history_row(self.model, epoch, self.train, self.check_pick, self.test, now, self.validation)

    def show(self, step: int, is_marked: bool = False) -> None:
        """To whoever watches. is_marked: an epoch ends here, or the training begins."""
        if not self.watch.is_on:  # asked after every step
            return
        epoch = step / self.steps_an_epoch
        self.watch.after(step, epoch, setting_at(self.changes.config, epoch), self.progress.history, is_marked)

    def snapshot(self, step: int) -> None:
        """Keeps the codes of the chosen test images as they are after a step, where a film is wanted."""
        if not self.snapshots.steps:
            return
        progress, epoch = self.progress, step / self.steps_an_epoch
        self.snapshots.take(self.model, progress, epoch)
        if self.team.is_writer:
            self.film_weights.take(progress.film_weights, step, len(progress.snapshot_epoch) - 1, epoch)

    def guess(self, seconds: float) -> None:
        """Better guesses of how long the rest takes, where an image is encoded and decoded in so many seconds."""
        n_train, n_test = len(self.train.index), len(self.test.index)
        trained_s = self.progress.seconds * self.config.epochs / max(1, self.progress.epoch)
        self.forecast.guess(seconds_of_parts(self.config, self.dataset, n_train, n_test, seconds, trained_s))

    def checkpoint(self) -> None:
        """The state at the end of an epoch as one file: an interrupted write leaves the one before."""
        if self.team.is_writer:
            self.writer.write_arrays(CHECKPOINT, *checkpoint.pack(self.model, self.optimiser, self.progress))
            self.write_state("training")
        self.saved = time.perf_counter()

    def restore(self) -> None:
        """Goes back to the last checkpoint; without one the run starts at the beginning."""
        self.changes.restore()
        found = self.writer.read_checkpoint()
        if found is None:
            return
        try:
            self.progress = checkpoint.unpack(*found, self.model, self.optimiser)
        except (KeyError, IndexError, ValueError, RuntimeError, TypeError):
            name = self.writer.folder.name
            raise RunCorrupt(f"run {name!r}: {CHECKPOINT} does not fit this run; train it again with --overwrite.") from None
        if self.team.is_writer:
            self.film_weights.check(self.progress.film_weights)

    def bytes_on_disk(self) -> int:
        """About how much room the run takes while it is trained, its checkpoint beside what it ends with."""
        n_dims = self.config.latent_dim
        snapshots = len(self.snapshots.steps) * len(self.snapshots.chosen) * n_dims
        codes = len(self.test.index) * (2 * n_dims + 4)
        return 4 * (self._n_parameters * (1 + 3) + 2 * snapshots + codes) + 2 * self.film_weights.n_bytes + ROOM_BESIDE

    @property
    def _n_parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters())

    @property
    def way(self) -> str:
        """How gradients are computed, in words."""
        return f"gradients by autograd ({self.reason})" if self.reason else "gradients written out"

    def write_state(self, state: str, results: Results | None = None) -> RunInfo | None:
        if not self.team.is_writer:
            return None
        gpu = "" if self.device.type == "cpu" else f", {torch.cuda.get_device_name(self.device)}"
        processes = "" if self.team.size == 1 else f", {self.team.size} processes"
        info = run_info(
            self.preset,
            self.config if results is None else self.model.config,
            DatasetInfo.of(self.dataset, len(self.train.index), None if self.labelled is None else len(self.labelled)),
            state,
            self.created,
            self._n_parameters,
            results,
            machine=f", {torch.get_num_threads()} threads{processes}{gpu}, {self.way}",
            epoch=self.progress.epoch,
            seconds=self.progress.seconds,
            settled=self.settled,
            history=self.progress.history,
        )
        self.writer.write_info(info)
        return info

    def finish(self, heard: Callable[[Finishing], None] = lambda event: None) -> Iterator[Event]:
        """All that comes after the last step; `run.json` says finished only when every file is there."""
        if not self.team.is_writer:
            return
        writer, progress = self.writer, self.progress
        self.model.eval()
        work = PostProcessing(
            self.model,
            self.dataset,
            classifier=self.config.classifier,
            budgets=budgets_of(self.config, progress.seconds),
            on_part=lambda reached: heard(self.entered(reached)),
        )
        for reached in work.parts():
            yield self.entered(reached)
        write_results(writer, {key: value.cpu().numpy() for key, value in self.model.state_dict().items()}, work.results)
        if progress.snapshot_mu:
            writer.write_arrays(FILM, self.snapshots.arrays(progress))
        if progress.film_weights:
            writer.write_arrays(FILM_WEIGHTS, self.film_weights.gathered(progress.film_weights))
        writer.write_rows(HISTORY, progress.history)
        writer.write_rows(TIMING, progress.timing)
        info = self.write_state("finished", work.results)
        assert info is not None
        self.is_whole = True
        writer.drop_checkpoint()
        yield Finished(writer.folder, info)

    def entered(self, reached: Reached) -> Finishing:
        """The event that says which part the run is at, and how far that is."""
        self.forecast.entered(reached.part, reached.share or 0.0)
        return Finishing(reached.part, self.forecast.share, self.forecast.seconds_left)


def _optimiser_of(model: Vae) -> torch.optim.AdamW:
    """Of all that is trained."""
    config, trained = model.config, [p for p in model.parameters() if p.requires_grad]
    return torch.optim.AdamW(trained, lr=config.learning_rate, eps=config.adam_eps, weight_decay=config.weight_decay, fused=True)
