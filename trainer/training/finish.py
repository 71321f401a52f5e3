"""What is computed of a trained model before its run is whole? Evaluation, encodings, maps, examination, a classifier, continuity.

The one post-processing: for a training of ours (`trainer.training.loop`) and for a model that was trained elsewhere (`trainer.importers`).
Nothing is written before all of it is there.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.config import FitConfig
from trainer.datasets import Dataset, Split, is_built_in
from trainer.diagnosis.measure import MOST_IMAGES, examine
from trainer.maps.inverse import EPOCHS
from trainer.maps.projection import Projection, projections_of
from trainer.metrics.collapse import active_units, kl_per_dim, population_kl
from trainer.metrics.cost import Budget, seconds_a_decode
from trainer.metrics.evaluate import BACKWARD, bound_terms, decode_of, evaluate, labels_told, seeded
from trainer.metrics.model_continuity import model_figures
from trainer.models.picture_classifier import PictureClassifier
from trainer.models.torch_engine import Vae
from trainer.runs.continuity_figures import ContinuityFigures
from trainer.runs.examination import Examination
from trainer.runs.folder import ENCODINGS as ENCODINGS_FILE
from trainer.runs.folder import IMAGES, WEIGHTS
from trainer.runs.image_packing import pack
from trainer.runs.overfitting import overfitting_of
from trainer.runs.records import NOT_CHOSEN, DatasetInfo, Metrics, Origin, RunInfo, Settled
from trainer.runs.write import RunWriter
from trainer.training.inputs import HELD_OUT
from trainer.training.picture_classifier import ClassifierTraining, classifier_work, has_classes

Floats = NDArray[np.float32]

NLL_SAMPLES, NLL_IMAGES = 200, 2000  # importance sampling at the end of a run; `evaluate` does all images
# the parts, and constants of the guess of how long they take on two common cores
EVALUATION, ENCODINGS, MAPS, EXAMINATION, CLASSIFIER = "evaluation", "encodings", "maps", "examination", "classifier of pictures"
CONTINUITY, CONTINUITY_DECODES = "continuity", 4200  # pictures at most
DECODING_SHARE = 1.0  # of the time of encoding and decoding: with its likelihood
MAP_S, MAP_IMAGE_S, UMAP_S, UMAP_IMAGE_S, EXAMINATION_S = 0.5, 1e-4, 10.0, 3e-3, 0.3
MULTIPLY_ADDS_A_SECOND = 2e9


@dataclass(frozen=True)
class Budgets:
    """About how long each part may take; None for all images and draws. Cheap models need less."""

    evaluation: Budget | None = None
    examination: Budget | None = None
    maps: Budget | None = None
    classifier: Budget | None = None
    continuity: Budget | None = None


WHOLE = Budgets()
LEAST_EVALUATION_S, EVALUATION_SHARE = 15.0, 0.04  # of the training's time: a standard error of the NLL that goes with it
OF_CONVOLUTIONS = Budgets(Budget(LEAST_EVALUATION_S), Budget(10.0), Budget(4.0), Budget(10.0), Budget(4.0))
"""Of residual networks: all draws for all images would take longer than their training."""


@dataclass(frozen=True)
class Reached:
    """Which part is being computed now."""

    part: str
    share: float | None = None
    """Of the part; None where it is not known."""


@dataclass(frozen=True)
class Codes:
    """The encoded test split, N images, K latent dimensions."""

    mu: Floats
    """(N, K)."""
    logvar: Floats
    """(N, K); −∞ for points."""
    labels: NDArray[np.int64] | None
    """(N,); −1: none."""


@dataclass(frozen=True)
class Results:
    """All that was computed."""

    metrics: Metrics
    encodings: Mapping[str, NDArray[Any]]
    """As the run folder has them."""
    maps: tuple[Projection, ...]
    examination: Examination | None
    """None for a deterministic model, and where there are no images."""
    classifier: PictureClassifier | None
    continuity: ContinuityFigures | None
    """None below four test images"""
    packed_images: Mapping[str, NDArray[Any]] | None
    """The test images of a data set that nobody else has: the folder may be moved."""


class PostProcessing:
    """Computes everything of a trained model, a part at a time: iterate `parts`, then take `results`."""

    def __init__(
        self,
        model: Vae,
        data: Dataset | None,
        codes: Codes | None = None,
        classifier: bool = True,
        budgets: Budgets | None = None,
        on_part: Callable[[Reached], None] = lambda reached: None,
        has_gradient: bool = True,
    ) -> None:
        """`codes` as they were given, or None to encode the test split; without data there are codes alone.

        `on_part` hears how far a part is while a generator cannot yield; `has_gradient` says whether maps may be fitted to how pictures
        decode.
        """
        assert data is not None or codes is not None
        self.model, self.data, self.budgets = model, data, budgets or Budgets()
        self.results: Results
        self._codes, self._on_part, self._has_gradient = codes, on_part, has_gradient
        self._classifier = classifier

    def parts(self) -> Iterator[Reached]:
        """Yields when a part begins, and of the last one also how far it is."""
        data = self.data
        if data is not None:
            yield Reached(EVALUATION)
            metrics = self._evaluation(data)
            yield Reached(ENCODINGS)
        codes, encodings = self._encodings()
        if data is None:
            metrics = self._metrics_of(codes)
        yield Reached(MAPS)
        maps = self._maps(codes)
        examination = None
        if data is not None and not self.model.is_deterministic:
            yield Reached(EXAMINATION)
            examination = examine(self.model, data, budget=self.budgets.examination, on_progress=partial(self._tell, EXAMINATION))
        classifier = None
        if data is not None and has_classifier(data, self._classifier):
            training = ClassifierTraining(self.model, data, self.model.config.seed, self.budgets.classifier)
            for share in training.epochs():
                yield Reached(CLASSIFIER, share)
            classifier = training.result()
        yield Reached(CONTINUITY)
        continuity = self._continuity(codes, classifier if classifier is not None and classifier.is_reliable else None)
        packed = None if data is None or is_built_in(data.name) else pack(data.subset("test").images)
        self.results = Results(metrics, encodings, maps, examination, classifier, continuity, packed)

    def _tell(self, part: str, share: float) -> None:
        self._on_part(Reached(part, share))

    def _evaluation(self, data: Dataset) -> Metrics:
        found = evaluate(
            self.model,
            data,
            samples=NLL_SAMPLES,
            nll_images=NLL_IMAGES,
            budget=self.budgets.evaluation,
            on_progress=partial(self._tell, EVALUATION),
        )
        return Metrics(**asdict(found))

    def _metrics_of(self, codes: Codes) -> Metrics:
        """What codes say without their images."""
        kl = None if self.model.is_deterministic else tuple(kl_per_dim(codes.mu, codes.logvar).tolist())
        nothing = dict.fromkeys(("elbo", "nll", "nll_n", "samples", "reconstruction", "knn_accuracy"))
        units = active_units(codes.mu)
        return Metrics(**nothing, split="test", n=len(codes.mu), kl=kl and sum(kl), kl_per_dim=kl, active_units=units, input="grey")

    def _encodings(self) -> tuple[Codes, dict[str, NDArray[Any]]]:
        """The codes, with the bound of each image where there are images."""
        codes = self._codes
        if self.data is None:
            assert codes is not None
            nll, index = np.full(len(codes.mu), np.nan), np.arange(len(codes.mu))
        else:
            test = self.data.subset("test")
            noise = seeded(self.model.config.seed, HELD_OUT)
            nll, mu, logvar = bound_terms(self.model, test.images, False, noise, test.labels)
            codes, index = codes or Codes(mu, logvar, test.labels), test.index
        elbo = -(nll + population_kl(codes.mu, codes.logvar).sum(1))
        labels = np.full(len(codes.mu), -1) if codes.labels is None else codes.labels
        return codes, {
            "mu": codes.mu,
            "logvar": codes.logvar,
            "elbo": elbo.astype(np.float32),
            "reconstruction": nll.astype(np.float32),
            "label": labels.astype(np.int64),
            "index": index.astype(np.int64),
        }

    def _continuity(self, codes: Codes, classifier: PictureClassifier | None) -> ContinuityFigures | None:
        told = None if self.data is None else labels_told(self.model, self.data.subset("test").images, codes.labels)
        return model_figures(self.model, codes.mu, codes.labels, told, classifier, self.budgets.continuity)

    def _maps(self, codes: Codes) -> tuple[Projection, ...]:
        """Fitted to how pictures decode, where that has a gradient."""
        model, config = self.model, self.model.config
        if self.data is not None and self._has_gradient:
            return maps_of(model, self.data.subset("test"), codes.mu, codes.logvar, self.budgets.maps)
        return projections_of(codes.mu, _weight(model, codes.mu, codes.logvar), config.seed, config.umap, classes=codes.labels)


def has_classifier(data: Dataset, wanted: bool) -> bool:
    """Whether a classifier of pictures is wanted and there is something to tell apart."""
    return wanted and "train" in data.splits and has_classes(data)


def parts_of(config: FitConfig, dataset: Dataset) -> list[str]:
    """What is computed of a training, in order."""
    parts = [EVALUATION, ENCODINGS, MAPS]
    if not config.is_deterministic:
        parts.append(EXAMINATION)
    if has_classifier(dataset, config.classifier):
        parts.append(CLASSIFIER)
    return [*parts, CONTINUITY]


def seconds_of_parts(
    config: FitConfig, dataset: Dataset, n_train: int, n_test: int, seconds: float, trained_s: float
) -> dict[str, float]:
    """About how long each part takes, where an image is encoded and decoded in so many seconds. trained_s: of the training before it."""
    n, few = n_test, min(n_test, NLL_IMAGES)
    samples = 0 if config.is_deterministic else NLL_SAMPLES * few
    has_umap = config.umap and config.latent_dim > 2
    whole = {
        EVALUATION: seconds * (n + n_train / 2 + samples * DECODING_SHARE),
        ENCODINGS: seconds * n,
        MAPS: MAP_S + n * MAP_IMAGE_S + (UMAP_S + n * UMAP_IMAGE_S if has_umap else 0.0),
        EXAMINATION: EXAMINATION_S + seconds * DECODING_SHARE * 2 * (config.latent_dim + 2) * min(n, MOST_IMAGES),
        CLASSIFIER: classifier_work(dataset) / MULTIPLY_ADDS_A_SECOND,
        CONTINUITY: seconds * DECODING_SHARE * CONTINUITY_DECODES,
    }
    limits = budgets_of(config, trained_s)
    limited = {
        EVALUATION: limits.evaluation,
        EXAMINATION: limits.examination,
        CLASSIFIER: limits.classifier,
        CONTINUITY: limits.continuity,
    }
    return whole | {part: min(whole[part], budget.seconds) for part, budget in limited.items() if budget is not None}


def budgets_of(config: FitConfig, trained_s: float) -> Budgets:
    """How long the parts after a training of ours may take. trained_s: how long that took, seconds; the longer, the surer its figures."""
    if config.network != "residual":
        return WHOLE
    return replace(OF_CONVOLUTIONS, evaluation=Budget(max(LEAST_EVALUATION_S, EVALUATION_SHARE * trained_s)))


def maps_of(model: Vae, split: Split, mu: Floats, logvar: Floats, budget: Budget | None = None) -> tuple[Projection, ...]:
    """The maps of a run from its model and the codes (N, K) of the split that it shows.

    budget: about how long decoding may take; where it is dear, the inverse of a map is refined in fewer rounds, or in none.
    """
    config = model.config
    decode = decode_of(model, split.images, split.labels)
    epochs = EPOCHS if budget is None else _affordable_rounds(model, mu, budget)
    return projections_of(mu, _weight(model, mu, logvar), config.seed, config.umap, decode, split.labels, epochs)


def _weight(model: Vae, mu: Floats, logvar: Floats) -> NDArray[np.float64]:
    """(K,): how much a dimension counts, its KL, or its variance where codes are points."""
    return mu.astype(float).var(0) if model.is_deterministic else kl_per_dim(mu, logvar)


def _affordable_rounds(model: Vae, mu: Floats, budget: Budget) -> int:
    """How many rounds over all codes the refinement of a map's inverse may take, once for the map and once for its held-out error."""
    y = torch.zeros(len(mu), dtype=torch.long) if model.is_conditional else None
    round_s = 2 * BACKWARD * len(mu) * seconds_a_decode(model, torch.from_numpy(mu), y)
    return int(min(EPOCHS, budget.seconds / max(round_s, 1e-9)))


def run_info(
    preset: str,
    config: FitConfig,
    dataset: DatasetInfo,
    state: str,
    created: str,
    n_parameters: int,
    results: Results | None = None,
    machine: str = "",
    epoch: int = 0,
    seconds: float = 0.0,
    origin: Origin | None = None,
    settled: Settled = NOT_CHOSEN,
    history: Sequence[Mapping[str, float]] = (),
) -> RunInfo:
    """What run.json says, all but the checksums. machine: what else is to say of it than its processor. history: of all its epochs."""
    return RunInfo.model_validate(
        {
            "preset": preset,
            "config": config,
            "dataset": dataset,
            "state": state,
            "epoch": epoch,
            "created": created,
            "seconds": round(seconds, 1),
            "n_parameters": n_parameters,
            "origin": origin,
            "chosen": settled.chosen,
            "before": settled.before,
            "metrics": results and results.metrics,
            "examination": results and results.examination,
            "continuity": results and results.continuity,
            "overfitting": overfitting_of(history) if results and history else None,
            "libraries": {name: version(name) for name in ("torch", "numpy", "safetensors")},
            "machine": platform.machine() + machine,
        }
    )


def write_results(writer: RunWriter, weights: Mapping[str, NDArray[Any]], results: Results) -> None:
    """All files of a run but run.json, which comes last, and those that only a training has."""
    writer.write_arrays(WEIGHTS, weights)
    writer.write_arrays(ENCODINGS_FILE, results.encodings)
    if results.packed_images is not None:
        writer.write_arrays(IMAGES, results.packed_images)
    writer.write_projections(results.maps)
    if results.classifier is not None:
        writer.write_classifier(results.classifier)


def now() -> str:
    """The time of day as run.json has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
