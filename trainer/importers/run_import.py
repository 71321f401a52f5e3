"""How is a run written of a model that was trained elsewhere, once it is known how the model is asked?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from trainer.config import ImportedConfig, config_error
from trainer.datasets import Dataset
from trainer.errors import ExternalModelError, RunError
from trainer.importers.arrays import Floats, Labels
from trainer.importers.assembled import AssembledVae
from trainer.importers.conversion import TRACED, OwnDecoder, decoder_layers, encoder_layers
from trainer.importers.declared import HowTrained
from trainer.importers.model_adapter import ModelAdapter, check_pictures
from trainer.importers.process.external_errors import within_memory
from trainer.importers.tracing.steps import TracedNetwork
from trainer.likelihoods.registry import LIKELIHOODS
from trainer.metrics.cost import Budget
from trainer.models.layer_records import layer_record
from trainer.models.layers import ImageShape
from trainer.models.torch_engine import Vae
from trainer.numerals import number
from trainer.runs.catalogue import default_roots, load_run
from trainer.runs.folder import RUN_JSON, digest
from trainer.runs.read import Root, Run
from trainer.runs.records import DatasetInfo, Origin
from trainer.runs.write import RunWriter
from trainer.training.finish import (
    CLASSIFIER,
    CONTINUITY,
    ENCODINGS,
    EVALUATION,
    EXAMINATION,
    MAPS,
    Budgets,
    Codes,
    PostProcessing,
    Reached,
    Results,
    now,
    run_info,
    write_results,
)

PRESET = "imported"
OnPart = Callable[[str, float | None], None]
"""Told what is being done, and the share of it that is done, where that is known."""
UNLIMITED = Budgets()
BUDGETS = Budgets(Budget(12.0), Budget(15.0), Budget(4.0), Budget(10.0), Budget(4.0))
DOING = {
    EVALUATION: "evaluating",
    ENCODINGS: "scoring the test images",
    MAPS: "laying out maps",
    EXAMINATION: "examining",
    CLASSIFIER: "training a classifier of pictures",
    CONTINUITY: "measuring continuity",
}


@dataclass(frozen=True)
class ReadModel:
    """A model as it is known here."""

    config: ImportedConfig
    """as it is read"""
    model: AssembledVae
    """layers of ours and functions that were brought along"""
    weights: dict[str, NDArray[np.float32]]
    """Of the parts that are layers of ours."""
    decoder: OwnDecoder
    """as layers, and how it came to them"""
    why_encoder: str
    """What keeps the encoder from being layers; empty where nothing does."""


@dataclass(frozen=True)
class RunImport:
    """What of a run is known before its model is looked at; writes it."""

    name: str
    runs: Root | None
    """The folder; None for where runs are written."""
    overwrite: bool
    how: HowTrained
    source: str
    """What to say of where the model comes from."""
    data: Dataset | None
    """None where there are codes without images."""
    umap: bool = True
    classifier: bool = False
    """Whether to train a classifier of pictures, where there are classes."""
    budgets: Budgets = UNLIMITED
    on_part: OnPart = lambda part, share: None
    loaded: tuple[str, ...] = ()
    """How the model was loaded, a line each."""

    @property
    def writer(self) -> RunWriter:
        return RunWriter.at(default_roots()[0] if self.runs is None else self.runs, self.name)

    def check_free(self) -> None:
        """Raises `RunError` where a run has the name, before minutes of work."""
        folder = self.writer.folder
        if (folder / RUN_JSON).is_file() and not self.overwrite:
            raise RunError(f"run {self.name!r} is already in {folder.parent}; --overwrite replaces it, --name starts another.")

    def write(
        self,
        adapter: ModelAdapter,
        shape: ImageShape,
        mu: Floats,
        logvar: Floats | None,
        labels: Labels | None,
        class_names: tuple[str, ...],
    ) -> Run:
        """The run of a model and its codes mu, logvar (N, K) of N held-out images, of which some may have labels (N,)."""
        self.check_free()
        n_classes = len(class_names) if adapter.has_class else 0
        codes = Codes(mu, np.full_like(mu, -np.inf) if logvar is None else logvar, labels)
        with within_memory():
            read = self.read(adapter, shape, mu, logvar is None, n_classes)
            results = self.results(read.model, codes)
        info = run_info(
            PRESET,
            read.config,
            self.dataset_info(shape, mu, class_names),
            "finished",
            now(),
            adapter.n_parameters or sum(array.size for array in read.weights.values()),
            results,
            origin=self.origin(adapter, read.decoder, read.why_encoder),
        )
        # only now, so that what fails above leaves the run that was there
        writer = self.writer
        if self.overwrite:
            writer.clear()
        write_results(writer, read.weights, results)
        writer.write_info(info)
        return load_run(self.name, writer.folder.parent)

    def read(self, adapter: ModelAdapter, shape: ImageShape, mu: Floats, is_point: bool, n_classes: int) -> ReadModel:
        """Looks for layers of ours in a model, and puts together one that can be measured."""
        self.config(adapter, shape, is_point, {})
        if not n_classes:
            check_pictures(adapter.decode, torch.from_numpy(mu[:TRACED]), self.how.output, self.how.likelihood)
        self.on_part("looking for layers", None)
        decoder = decoder_layers(adapter.decode, self.how, mu, shape, n_classes)
        encoder, why_encoder = encoder_layers(adapter, None if self.data is None else self.data.subset("test").images, n_classes)
        parts = {"decoder": decoder.found} | ({} if encoder is None else {"encoder": encoder})
        config = self.config(adapter, shape, is_point, parts)
        encode, decode = adapter.encode if encoder is None else None, None if decoder.is_exact else adapter.decode
        model = AssembledVae(config, shape, encode, decode, self.how.output == "logits", n_classes).eval()
        weights = {f"{part}.{key}": array for part, found in parts.items() for key, array in found.weights.items()}
        weights["log_sigma"] = np.asarray(np.log(config.sigma), np.float32)
        model.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in weights.items()})
        return ReadModel(config, model, weights, decoder, why_encoder)

    def results(self, model: Vae, codes: Codes) -> Results:
        """The post-processing of every run."""

        def tell(reached: Reached) -> None:
            self.on_part(DOING[reached.part], reached.share)

        has_gradient = self.data is not None and _has_gradient(model, codes.mu)
        work = PostProcessing(model, self.data, codes, self.classifier, self.budgets, tell, has_gradient)
        for reached in work.parts():
            tell(reached)
        return work.results

    def origin(self, adapter: ModelAdapter, decoder: OwnDecoder, why_encoder: str) -> Origin:
        near, prior = decoder.near, decoder.prior
        return Origin(
            source=self.source,
            decoder="layers" if decoder.is_exact else "pictures",
            why_decoder=decoder.why,
            why_encoder=why_encoder,
            error=None if near is None else near.mean,
            most_error=None if near is None else near.most,
            prior_error=None if prior is None else prior.mean,
            most_prior_error=None if prior is None else prior.most,
            understood=(*self.loaded, *adapter.understood.lines(), *scale_lines(adapter, self.how)),
        )

    def config(self, adapter: ModelAdapter, shape: ImageShape, is_point: bool, parts: dict[str, TracedNetwork]) -> ImportedConfig:
        return config_of(adapter, self.how, shape, is_point, "digits" if self.data is None else self.data.name, parts, self.umap)

    def dataset_info(self, shape: ImageShape, mu: Floats, class_names: tuple[str, ...]) -> DatasetInfo:
        if self.data is not None:
            return DatasetInfo.of(self.data, len(self.data.splits["train"]) if "train" in self.data.splits else 0)
        # no two such runs are of the same images as far as anybody knows
        sha256, n = digest({"mu": mu}, self.name), len(mu)
        name = f"own:{self.name}"
        return DatasetInfo(name=name, sha256=sha256, image_shape=shape, class_names=class_names, n_train=0, n_test=n)


def config_of(
    adapter: ModelAdapter,
    how: HowTrained,
    shape: ImageShape,
    is_point: bool,
    data: str,
    parts: dict[str, TracedNetwork],
    umap: bool = False,
) -> ImportedConfig:
    """The configuration of a model as it is read. Raises `ExternalModelError` or `ConfigError`."""
    has_scale = LIKELIHOODS[how.likelihood].has_scale
    if is_point and adapter.has_class:
        raise ExternalModelError(
            "the model is class-conditional and gives a point, not a posterior; allowed: a conditional model with mean and log variance."
        )
    try:
        return ImportedConfig(
            data=data,
            model="autoencoder" if is_point else "conditional-vae" if adapter.has_class else "vae",
            latent_dim=adapter.latent_dim,
            likelihood=how.likelihood,
            sigma=how.sigma / adapter.unit,
            scale="fixed" if has_scale else "learned",
            beta=how.effective_beta(shape),
            binarise=how.binarise,
            umap=umap,
            doubts=adapter.understood.doubts,
            parts={part: tuple(map(layer_record, found.layers)) for part, found in parts.items()},
        )
    except ValidationError as error:
        raise config_error(error) from None


def scale_lines(adapter: ModelAdapter, how: HowTrained) -> tuple[str, ...]:
    """What becomes of the scale of a pixel where the model's pixels have another range than 0..1."""
    if how.likelihood == "bernoulli" or adapter.unit == 1:
        return ()
    inside = number(how.sigma / adapter.unit, 3)
    return (
        f"scale of a pixel: {how.sigma:g} in the model's range is {inside} in grey levels from 0 to 1, which all densities here are of",
    )


def _has_gradient(model: Vae, mu: Floats) -> bool:
    """Whether pictures can be differentiated by their codes; not where decode leaves torch."""
    z = torch.from_numpy(mu[:TRACED].copy()).requires_grad_()
    y = torch.zeros(len(z), dtype=torch.long) if model.is_conditional else None
    with torch.enable_grad():
        try:
            return model.output(z, y).requires_grad
        except Exception:  # somebody else's code, asked for what it need not have
            return False
