"""How does a model that was trained elsewhere become a run that the app opens?

    make_run       encodings and a decoder, and what else is known: encoder, images, labels, class names
    import_model   a model and a data set: encodes the test split and does the rest
    check_model    a model and a data set: only what is understood of them; writes nothing

Both write a run folder (`trainer.runs.folder`), `run.json` last, so that a half-written run is none. Where the decoder is a chain of
layers that our engines know (`trainer.importers.tracing`), the run decodes in the browser as any other. Weights of the model are read as
tensors in this process; nothing is unpickled, and the app never imports anybody's module.

    from trainer.importing import make_run
    make_run("mine", model.decode, mu, logvar, encode=model.encode, images=images, labels=labels)

Letters: N images, C×H×W their shape, K latent dimensions.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from pydantic import ValidationError
from torch import Tensor

from trainer.config import ImportedConfig, config_error
from trainer.datasets import Dataset, dataset_names
from trainer.diagnosis.checks import Pixels, checks, failed, implied_sentence, measure, notes, why_not_implied
from trainer.diagnosis.diagnose import LITTLE
from trainer.diagnosis.measure import examine
from trainer.errors import ConfigError, DataError, RunError
from trainer.importers.calls.outputs import ExternalModelError
from trainer.importers.conventions import check_range, check_spread, nll_of
from trainer.importers.conversion import TRACED, OwnDecoder, decoder_layers, encoder_layers
from trainer.importers.declared import HowTrained
from trainer.importers.external_model import Asked, asked, check_pictures, decoding, settle
from trainer.importers.tracing.steps import TracedNetwork
from trainer.maps.projection import Projection, projections_of
from trainer.metrics.collapse import active_units, kl_per_dim, population_kl
from trainer.metrics.evaluate import EVALUATION_SEED, Budget, bound_terms, evaluate, seeded
from trainer.metrics.implied_beta import ImpliedBeta, implied_beta_of, record
from trainer.metrics.information import information_split
from trainer.models.layers import ImageShape, layer_record
from trainer.models.picture_classifier import PictureClassifier
from trainer.models.torch_engine import Posterior, Vae
from trainer.numerals import count, number, percent
from trainer.preflight import keep_compiled_code
from trainer.runs.catalogue import default_roots, load_run
from trainer.runs.examination import Implied
from trainer.runs.folder import ENCODINGS, IMAGES, RUN_JSON, WEIGHTS, digest
from trainer.runs.image_packing import pack
from trainer.runs.read import Root, Run
from trainer.runs.records import DatasetInfo, Metrics, Origin, RunInfo
from trainer.runs.write import RunWriter
from trainer.training.fit import HELD_OUT, NLL_IMAGES, NLL_SAMPLES, maps_of, now
from trainer.training.picture_classifier import ClassifierTraining, has_classes

__all__ = ["HowTrained", "check_model", "import_model", "make_run"]

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

PRESET = "imported"
OnPart = Callable[[str, float | None], None]
ASKED = 64  # images that a model is asked about before anything is believed
WITH_SCALE = ("gaussian", "laplace")  # likelihoods whose σ is told
IMPLIED = 500  # images of which the implied β is told by `check_model`


@dataclass(frozen=True)
class Budgets:
    """About how long each part of an import may take; None for all images and draws. Cheap models need less."""

    evaluation: Budget | None = None
    examination: Budget | None = None
    maps: Budget | None = None
    classifier: Budget | None = None


BUDGETS = Budgets(Budget(12.0), Budget(15.0), Budget(4.0), Budget(10.0))


def make_run(
    name: str,
    decode: Callable[[Tensor], Any],
    mu: ArrayLike,
    logvar: ArrayLike | None = None,
    *,
    encode: Callable[[Tensor], Any] | None = None,
    images: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] = (),
    image_shape: ImageShape | None = None,
    how: HowTrained | None = None,
    runs: Root | None = None,
    overwrite: bool = False,
    umap: bool = True,
) -> Run:
    """Writes a run from the codes mu, logvar (N, K) of held-out images and a decoder, a PyTorch function of codes (B, K), and returns it.

    logvar: log variances; without it the model is a deterministic autoencoder · encode: a PyTorch function of images (B, C, H, W) or
    (B, C·H·W) in [0, 1], to mu and logvar; without it the app offers the given images only · images (N, C, H, W) or (N, H, W), uint8 or
    floats in [0, 1], in the order of mu: without them no bound and no verdict · labels (N,): whole numbers from 0 · image_shape
    (C, H, W): only where there are no images and decode gives vectors · runs: the folder (default: $LATENT_RUNS, else runs).

    Raises `ExternalModelError` or `DataError` for what does not fit together, `RunError` for a name that is taken.
    """
    how = how or HowTrained()
    for function in (decode, encode):
        settle(getattr(function, "__self__", function))
    codes, spread = _codes(mu, "mu"), None if logvar is None else _codes(logvar, "logvar")
    if spread is not None and spread.shape != codes.shape:
        raise DataError(f"logvar has shape {spread.shape}; allowed: that of mu, {codes.shape}.")
    pixels = None if images is None else _pixels(images, len(codes))
    classes = None if labels is None else _labels(labels, len(codes))
    names = tuple(class_names) or (() if classes is None else tuple(map(str, range(int(classes.max()) + 1))))
    shape = _image_shape(decode, codes, pixels, image_shape)
    asking = _asked(encode, decoding(decode, shape), codes, spread, pixels)
    data = None if pixels is None else Dataset(
        f"own:{name}", pixels, classes, names, None, (), {"test": np.arange(len(codes))}, ""
    )  # fmt: skip
    book = _Book(name, runs, overwrite, how, f"make_run({name!r})", data, umap)
    return book.write(asking, shape, codes, spread, classes, names)


def import_model(
    model: Any, dataset: Dataset, name: str, *, source: str = "", loaded: Sequence[str] = (), how: HowTrained | None = None,
    runs: Root | None = None, overwrite: bool = False, umap: bool = True, classifier: bool = True, thorough: bool = False,
    on_part: OnPart = lambda part, share: None,
) -> Run:  # fmt: skip
    """Writes a run from a model with encode and decode and a data set, and returns it; see `trainer.importers.external_model` for what it
    may answer.

    source: what to say of where it comes from · loaded: how it was loaded, a line each · classifier: whether to train a classifier of
    pictures, where there are classes · thorough: all images and draws for every figure, however long it takes; else each part has its
    `Budget` · on_part: told what is being done, and the share of it that is done, where that is known. Raises as `make_run` does.
    """
    how = how or HowTrained()
    if umap:
        keep_compiled_code()  # what would fail at the end is tried at the start
    budgets = Budgets() if thorough else BUDGETS
    book = _Book(
        name, runs, overwrite, how, source or type(model).__name__, dataset, umap, classifier, budgets, on_part, tuple(loaded)
    )
    book.check_free()
    on_part("asking the model", None)
    asking = understood(model, dataset, how)
    test = dataset.subset("test")
    on_part("encoding the test images", None)
    mu, logvar = _encoded(asking, test.images, test.labels if asking.has_class else None)
    if logvar is None:  # a point has no examination that would say so
        kept = asking.understood
        told = _forbids(asking, how, dataset, None, mu[:IMPLIED], None, None)
        asking = replace(asking, understood=replace(kept, notes=(*kept.notes, *told)))
    return book.write(asking, dataset.image_shape, mu, logvar, test.labels, dataset.class_names)


def check_model(model: Any, dataset: Dataset, how: HowTrained | None = None) -> tuple[Asked, tuple[str, ...]]:
    """A dry run: how a model is asked, and what was understood of it, a line each. Raises as `import_model` does."""
    how = how or HowTrained()
    asking = understood(model, dataset, how)
    test = dataset.subset("test")
    labels = test.labels if asking.has_class else None
    mu, logvar = _encoded(asking, test.images[:IMPLIED], None if labels is None else labels[:IMPLIED])
    lines = [*asking.understood.lines(), *_scale_lines(asking, how)]
    lines.append(f"images: {count(len(test.images))} test images of {' × '.join(map(str, dataset.image_shape))}")
    told = None if labels is None else labels[: len(mu)]
    if logvar is None:
        lines.append("no posterior: codes are points, so there is no KL and no bound")
        return asking, (*lines, *_forbids(asking, how, dataset, told, mu, None, None))
    lines.append(f"means: {_span(mu)}; standard deviations: {_span(np.exp(logvar / 2))}")
    implied = _implied(asking, how, test.images[: len(mu)], told, mu, logvar)
    if implied is None:
        lines.append(why_not_implied(mu, logvar))
    else:
        lines += _said_of_beta(asking, how, dataset.image_shape, Implied(**record(implied)))
    forbids = _forbids(asking, how, dataset, told, mu, logvar, implied)
    return asking, (*lines, *(line for line in forbids if line.removeprefix("note: ") not in lines))


def _forbids(
    asking: Asked, how: HowTrained, dataset: Dataset, labels: Labels | None, mu: Floats, logvar: Floats | None, implied: ImpliedBeta | None
) -> tuple[str, ...]:  # fmt: skip
    """What an import would give as the reasons for no verdict and as notes, a line each, from codes mu and logvar (N, K) of test images."""
    shape = dataset.image_shape
    config = config_of(asking, how, shape, logvar is None, dataset.name, {})
    n_classes = len(dataset.class_names) if asking.has_class else 0
    model = AssembledVae(config, shape, asking.encode, asking.decode, how.output == "logits", n_classes).eval()
    model.load_state_dict({"log_sigma": torch.tensor(float(np.log(config.sigma)))}, strict=False)
    pictures = dataset.subset("train" if "train" in dataset.splits else "test").images
    mean = torch.from_numpy((pictures.mean(0, dtype=np.float64) / 255).astype(np.float32))
    x, y = _unit(dataset.subset("test").images[: len(mu)]), None if labels is None else torch.from_numpy(labels.astype(np.int64))
    measured = measure(model, x, y, mu, np.full_like(mu, -np.inf) if logvar is None else logvar, mean)
    found = checks(
        config,
        len(dataset.splits["test"]),
        measured,
        None if implied is None else Implied(**record(implied)),
        _uses_code(mu, logvar),
    )
    against = [f"no verdict: {check.sentence}" for check in failed(found) if check.sentence not in config.doubts]
    return (*against, *(f"note: {check.sentence}" for check in notes(found)))


def _uses_code(mu: Floats, logvar: Floats | None) -> bool:
    """Whether codes tell images apart, as the clinic has it; points always do."""
    if logvar is None:
        return True
    return information_split(mu, logvar, np.random.default_rng(EVALUATION_SEED)).mutual_information >= LITTLE


def _scale_lines(asking: Asked, how: HowTrained) -> tuple[str, ...]:
    """What becomes of the scale of a pixel where the model's pixels have another range than 0..1."""
    if how.likelihood == "bernoulli" or asking.unit == 1:
        return ()
    inside = number(how.sigma / asking.unit, 3)
    return (
        f"scale of a pixel: {how.sigma:g} in the model's range is {inside} in grey levels from 0 to 1, which all densities here are of",
    )


def _span(values: Floats) -> str:
    return f"from {number(float(values.min()))} to {number(float(values.max()))}"


def _implied(
    asking: Asked, how: HowTrained, images: NDArray[np.uint8], labels: Labels | None, mu: Floats, logvar: Floats
) -> ImpliedBeta | None:  # fmt: skip
    x, y = _unit(images), None if labels is None else torch.from_numpy(labels.copy())
    nll = nll_of(how, asking.unit)
    return implied_beta_of(
        lambda z, rows: nll(asking.decode(z, None if y is None else y[rows]), x[rows]),
        torch.from_numpy(mu),
        torch.from_numpy(logvar),
    )


def _said_of_beta(asking: Asked, how: HowTrained, shape: ImageShape, implied: Implied) -> list[str]:
    """The clinic's sentence, of as many images as were asked, and how far its dimensions agree."""
    try:
        config = ImportedConfig(
            latent_dim=asking.latent_dim, likelihood=how.likelihood, sigma=how.sigma / asking.unit,
            scale="fixed" if how.likelihood in WITH_SCALE else "learned", beta=how.effective_beta(shape), parts={},
        )  # fmt: skip
    except ValidationError as error:
        raise config_error(error) from None
    pixels = Pixels(math.prod(shape), math.prod(shape[1:]))
    varies = f"between dimensions the implied β varies by {percent(implied.spread)}"
    return [implied_sentence(config, pixels, implied), *([varies] if asking.latent_dim > 1 else [])]


def understood(model: Any, dataset: Dataset, how: HowTrained) -> Asked:
    """How a model is to be asked, with all that can be seen of it held against what is told.

    Raises `ExternalModelError` or `ConfigError`.
    """
    test, shape = dataset.subset("test"), dataset.image_shape
    how.effective_beta(shape)
    if how.conditional and (test.labels is None or len(dataset.class_names) < 2):
        raise ExternalModelError(
            "--conditional needs a data set with classes, and this one has none; allowed: leave the option out."
        )
    labels = test.labels if how.conditional else None
    if labels is not None and len(labels) and labels.min() < 0:
        raise ExternalModelError("--conditional needs the class of every test image, and some have none; allowed: labels from 0.")
    y = None if labels is None else torch.from_numpy(labels[:ASKED].astype(np.int64))
    asking = asked(
        model, _unit(test.images[:ASKED]), y=y, n_classes=len(dataset.class_names) if how.conditional else 0, pixels=how.range_of(shape),
        spread=how.kind_of_spread, output=how.output,
    )  # fmt: skip
    assert asking.encode is not None
    check_range(asking, test.images, how, labels)
    with torch.no_grad():
        mu = asking.encode(_unit(test.images[:ASKED]), y)[0]
    check_pictures(lambda z: asking.decode(z, y), mu, how.output, how.likelihood)
    check_spread(asking, test.images, how, labels)
    return asking


class AssembledVae(Vae):
    """A model of which some parts are layers of ours and the others still the functions that were brought along.

    encode: x to (mu, logvar) or (mu,), where the encoder is not layers · decode: z to means or logits, where the decoder is not.
    """

    def __init__(
        self, config: ImportedConfig, image_shape: ImageShape, encode: Callable[..., tuple[Tensor, ...]] | None,
        decode: Callable[..., Tensor] | None, is_logit: bool, n_classes: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(config, image_shape, n_classes)
        self._encode, self._decode, self._is_logit = encode, decode, is_logit

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        if self._encode is None:
            answer: tuple[Tensor, ...] = tuple(self.encoder(x, y).chunk(1 if self.is_deterministic else 2, dim=1))
        else:
            answer = self._encode(x) if y is None else self._encode(x, y)
        return Posterior(answer[0], answer[1] if len(answer) > 1 else torch.full_like(answer[0], -torch.inf))

    def output(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        if self._decode is None:
            return super().output(z, y)
        pictures = self._decode(z) if y is None else self._decode(z, y)
        is_coin = self.config.likelihood == "bernoulli"
        return pictures.clamp(1e-6, 1 - 1e-6).logit() if is_coin and not self._is_logit else pictures


@dataclass(frozen=True)
class _Book:
    """What of a run is known before its model is looked at; writes it."""

    name: str
    runs: Root | None
    overwrite: bool
    how: HowTrained
    source: str
    data: Dataset | None
    umap: bool = True
    classifier: bool = False
    budgets: Budgets = Budgets()
    on_part: OnPart = lambda part, share: None
    loaded: tuple[str, ...] = ()

    @property
    def writer(self) -> RunWriter:
        return RunWriter.at(default_roots()[0] if self.runs is None else self.runs, self.name)

    def check_free(self) -> None:
        """Raises `RunError` where a run has the name, before minutes of work."""
        folder = self.writer.folder
        if (folder / RUN_JSON).is_file() and not self.overwrite:
            raise RunError(f"run {self.name!r} is already in {folder.parent}; --overwrite replaces it, --name starts another.")

    def write(
        self, asking: Asked, shape: ImageShape, mu: Floats, logvar: Floats | None, labels: Labels | None,
        class_names: tuple[str, ...],
    ) -> Run:  # fmt: skip
        self.check_free()
        n_classes = len(class_names) if asking.has_class else 0
        self.config(asking, shape, logvar is None, {})
        if not n_classes:
            check_pictures(asking.decode, torch.from_numpy(mu[:TRACED]), self.how.output, self.how.likelihood)
        self.on_part("looking for layers", None)
        decoder = decoder_layers(asking.decode, self.how, mu, shape, n_classes)
        encoder, why_encoder = encoder_layers(asking, None if self.data is None else self.data.subset("test").images, n_classes)
        parts = {"decoder": decoder.found} | ({} if encoder is None else {"encoder": encoder})
        config = self.config(asking, shape, logvar is None, parts)
        model = AssembledVae(
            config, shape, asking.encode if encoder is None else None, None if decoder.is_exact else asking.decode,
            self.how.output == "logits", n_classes,
        ).eval()  # fmt: skip
        weights = {f"{part}.{key}": array for part, found in parts.items() for key, array in found.weights.items()}
        weights["log_sigma"] = np.asarray(np.log(config.sigma), np.float32)
        model.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in weights.items()})
        spread = np.full_like(mu, -np.inf) if logvar is None else logvar
        arrays = {WEIGHTS: weights, ENCODINGS: self.encodings(model, mu, spread, labels)}
        if self.data is not None and self.data.name not in dataset_names():
            arrays[IMAGES] = pack(self.data.subset("test").images)
        maps = self.maps(model, mu, spread, labels)
        metrics, examination = self.measured(model, mu, logvar)
        classifier = self.classifier_of(model)
        origin = self.origin(asking, decoder, why_encoder)
        info = RunInfo.model_validate({
            "preset": PRESET, "config": config, "state": "finished", "created": now(), "origin": origin, "metrics": metrics,
            "dataset": self.dataset_info(shape, mu, class_names), "examination": examination,
            "n_parameters": asking.n_parameters or sum(array.size for array in weights.values()),
            "libraries": {package: version(package) for package in ("torch", "numpy", "safetensors")},
            "machine": platform.machine(),
        })  # fmt: skip
        # only now, so that what fails above leaves the run that was there
        writer = self.writer
        if self.overwrite:
            writer.clear()
        for file, named in arrays.items():
            writer.write_arrays(file, named)
        writer.write_projections(maps)
        if classifier is not None:
            writer.write_classifier(classifier)
        writer.write_info(info)
        return load_run(self.name, writer.folder.parent)

    def origin(self, asking: Asked, decoder: OwnDecoder, why_encoder: str) -> Origin:
        near, prior = decoder.near, decoder.prior
        return Origin(
            source=self.source, decoder="layers" if decoder.is_exact else "pictures", why_decoder=decoder.why, why_encoder=why_encoder,
            error=None if near is None else near.mean, most_error=None if near is None else near.most,
            prior_error=None if prior is None else prior.mean, most_prior_error=None if prior is None else prior.most,
            understood=(*self.loaded, *asking.understood.lines(), *_scale_lines(asking, self.how)),
        )  # fmt: skip

    def config(self, asking: Asked, shape: ImageShape, is_point: bool, parts: dict[str, TracedNetwork]) -> ImportedConfig:
        return config_of(asking, self.how, shape, is_point, "digits" if self.data is None else self.data.name, parts, self.umap)

    def encodings(
        self, model: Vae, mu: Floats, logvar: Floats, labels: Labels | None
    ) -> dict[str, NDArray[Any]]:  # fmt: skip
        """The codes, with the bound of each image where there are images."""
        n = len(mu)
        nll, index = np.full(n, np.nan), np.arange(n)
        if self.data is not None:
            self.on_part("scoring the test images", None)
            test = self.data.subset("test")
            told = test.labels if model.is_conditional else None
            nll, index = bound_terms(model, test.images, False, seeded(model.config.seed, HELD_OUT), told)[0], test.index
        kl = population_kl(mu, logvar).sum(1)
        return {
            "mu": mu, "logvar": logvar, "elbo": (-(nll + kl)).astype(np.float32), "reconstruction": nll.astype(np.float32),
            "label": np.full(n, -1) if labels is None else labels.astype(np.int64), "index": index.astype(np.int64),
        }  # fmt: skip

    def maps(
        self, model: Vae, mu: Floats, logvar: Floats, labels: Labels | None
    ) -> tuple[Projection, ...]:  # fmt: skip
        """The maps, fitted to how pictures decode where that has a gradient."""
        self.on_part("laying out maps", None)
        if self.data is not None and _has_gradient(model, mu):
            return maps_of(model, self.data.subset("test"), mu, logvar, self.budgets.maps)
        weight = mu.astype(float).var(0) if model.is_deterministic else kl_per_dim(mu, logvar)
        return projections_of(mu, weight, model.config.seed, self.umap, classes=labels)

    def classifier_of(self, model: Vae) -> PictureClassifier | None:
        """Where it is wanted and there is something to tell apart."""
        if not self.classifier or self.data is None or "train" not in self.data.splits or not has_classes(self.data):
            return None
        training = ClassifierTraining(model, self.data, model.config.seed, self.budgets.classifier)
        for share in training.epochs():
            self.on_part("training a classifier of pictures", share)
        return training.result()

    def measured(self, model: Vae, mu: Floats, logvar: Floats | None) -> tuple[Metrics, Any]:
        """The figures, and what the clinic measures where there are images and a posterior."""
        if self.data is not None:
            metrics = Metrics(**asdict(evaluate(
                model, self.data, samples=NLL_SAMPLES, nll_images=NLL_IMAGES, budget=self.budgets.evaluation,
                on_progress=partial(self.on_part, "evaluating"),
            )))  # fmt: skip
            if logvar is None:
                return metrics, None
            return metrics, examine(
                model, self.data, budget=self.budgets.examination, on_progress=partial(self.on_part, "examining")
            )  # fmt: skip
        kl = None if logvar is None else tuple(kl_per_dim(mu, logvar).tolist())
        return Metrics(
            split="test", n=len(mu), elbo=None, nll=None, nll_n=None, samples=None, reconstruction=None, kl=kl and sum(kl), kl_per_dim=kl,
            active_units=active_units(mu), knn_accuracy=None, input="grey",
        ), None  # fmt: skip

    def dataset_info(self, shape: ImageShape, mu: Floats, class_names: tuple[str, ...]) -> DatasetInfo:
        if self.data is None:
            # no two such runs are of the same images as far as anybody knows
            return DatasetInfo(
                name=f"own:{self.name}", sha256=digest({"mu": mu}, self.name), image_shape=shape, class_names=class_names,
                n_train=0, n_test=len(mu),
            )  # fmt: skip
        data = self.data
        n_train = len(data.splits["train"]) if "train" in data.splits else 0
        return DatasetInfo(
            name=data.name, sha256=data.sha256, image_shape=shape, class_names=class_names, n_train=n_train,
            n_test=len(data.splits["test"]), licence=data.licence, notes=data.notes,
        )  # fmt: skip


def config_of(
    asking: Asked, how: HowTrained, shape: ImageShape, is_point: bool, data: str, parts: dict[str, TracedNetwork], umap: bool = False
) -> ImportedConfig:  # fmt: skip
    """The configuration of a model as it is read. Raises `ExternalModelError` or `ConfigError`."""
    has_scale = how.likelihood in WITH_SCALE
    if is_point and asking.has_class:
        raise ExternalModelError(
            "the model is told the class and gives a point, not a posterior; allowed: a conditional model with mean and log variance."
        )
    try:
        return ImportedConfig(
            data=data,
            model="autoencoder" if is_point else "conditional-vae" if asking.has_class else "vae",
            latent_dim=asking.latent_dim, likelihood=how.likelihood, sigma=how.sigma / asking.unit,
            scale="fixed" if has_scale else "learned",
            beta=how.effective_beta(shape), binarise=how.binarise, umap=umap, doubts=asking.understood.doubts,
            parts={part: tuple(map(layer_record, found.layers)) for part, found in parts.items()},
        )  # fmt: skip
    except ValidationError as error:
        raise config_error(error) from None


def _has_gradient(model: Vae, mu: Floats) -> bool:
    """Whether pictures can be differentiated by their codes; not where decode leaves torch."""
    z = torch.from_numpy(mu[:TRACED].copy()).requires_grad_()
    y = torch.zeros(len(z), dtype=torch.long) if model.is_conditional else None
    with torch.enable_grad():
        try:
            return model.output(z, y).requires_grad
        except Exception:  # somebody else's code, asked for what it need not have
            return False


# --- what was brought along


def _unit(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images.copy()).float() / 255


def _encoded(asking: Asked, images: NDArray[np.uint8], labels: Labels | None = None) -> tuple[Floats, Floats | None]:
    """mu and logvar (N, K) of all images, a batch at a time; labels (N,): for a model that is told the class."""
    assert asking.encode is not None
    answers = []
    with torch.no_grad():
        for at in range(0, len(images), 1000):
            y = None if labels is None else torch.from_numpy(labels[at : at + 1000].astype(np.int64))
            answers.append([part.float() for part in asking.encode(_unit(images[at : at + 1000]), y)])
    columns = [torch.cat(parts).numpy() for parts in zip(*answers, strict=True)]
    for what, column in zip(("mu", "logvar"), columns, strict=False):
        _check_finite(column, f"encode's {what}")
    return columns[0], columns[1] if len(columns) > 1 else None


def _asked(
    encode: Callable[[Tensor], Any] | None, decode: Callable[[Tensor], Tensor], mu: Floats, logvar: Floats | None,
    pixels: NDArray[np.uint8] | None,
) -> Asked:  # fmt: skip
    """For a run from codes: the encoder, if any, must give them; without one the stored codes are looked up by picture."""
    if pixels is None:
        return Asked(None, decode, mu.shape[1], logvar is None, 0)
    if encode is None:
        return Asked(_lookup(pixels, mu, logvar), decode, mu.shape[1], logvar is None, 0, is_given=False)
    asking = asked({"encode": encode, "decode": decode}, _unit(pixels[:ASKED]))
    assert asking.encode is not None
    with torch.no_grad():
        found = asking.encode(_unit(pixels[:ASKED]))
    if len(found) != (1 if logvar is None else 2) or found[0].shape[1] != mu.shape[1]:
        raise DataError(
            f"encode gives {len(found)} × {found[0].shape[1]} numbers an image and mu{'' if logvar is None else ' and logvar'} hold "
            f"{1 if logvar is None else 2} × {mu.shape[1]}; allowed: the encoder that made them."
        )
    apart = float((found[0] - torch.from_numpy(mu[:ASKED])).abs().max())
    if apart > 1e-2:
        raise DataError(
            f"encode gives other codes than mu for the same images (they differ by {apart:.2g}); allowed: images in the order of mu, and "
            "the encoder that made them, in evaluation."
        )
    return replace(asking, decode=decode)


def _lookup(pixels: NDArray[np.uint8], mu: Floats, logvar: Floats | None) -> Callable[[Tensor], tuple[Tensor, ...]]:
    """An encoder of these pictures alone: their stored codes."""
    rows = {image.tobytes(): row for row, image in enumerate(pixels)}
    columns = [torch.from_numpy(column) for column in (mu, *([] if logvar is None else [logvar]))]

    def encode(x: Tensor) -> tuple[Tensor, ...]:
        raw = (x * 255).round().to(torch.uint8).numpy()
        chosen = torch.tensor([rows[image.tobytes()] for image in raw])
        return tuple(column[chosen] for column in columns)

    return encode


def _codes(values: ArrayLike, what: str) -> Floats:
    array = np.array(values.detach().cpu() if isinstance(values, Tensor) else values, np.float32)
    if array.ndim != 2 or min(array.shape) < 1:
        raise DataError(f"{what} has shape {array.shape}; allowed: (N, K), one row an image.")
    _check_finite(array, what)
    return array


def _check_finite(array: Floats, what: str) -> None:
    bad = np.flatnonzero(~np.isfinite(array).all(1))
    if len(bad):
        raise DataError(
            f"{what} is not a finite number for image {bad[0]}; allowed: finite numbers; look whether the training diverged, and "
            "whether weights are loaded."
        )


def _pixels(values: ArrayLike, n: int) -> NDArray[np.uint8]:
    """(N, C, H, W) uint8 of images as they come."""
    array = np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values)
    array = array[:, None] if array.ndim == 3 else array
    if array.ndim != 4 or len(array) != n:
        raise DataError(f"images have shape {array.shape}; allowed: ({n}, C, H, W) or ({n}, H, W), one for each row of mu.")
    if array.dtype == np.uint8:
        return array.copy()
    low, high = float(np.min(array)), float(np.max(array))
    if not (low >= 0 and high <= 1):
        raise DataError(f"images have values from {low:.2f} to {high:.2f}; allowed: floats from 0 to 1, or uint8.")
    return np.asarray(np.round(array.astype(float) * 255), np.uint8)


def _labels(values: ArrayLike, n: int) -> Labels:
    array = np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values)
    if array.shape != (n,) or array.dtype.kind not in "iu" or (n and array.min() < 0):
        raise DataError(f"labels have shape {array.shape} and type {array.dtype}; allowed: ({n},), whole numbers from 0.")
    return array.astype(np.int64)


def _image_shape(
    decode: Callable[[Tensor], Any], mu: Floats, pixels: NDArray[np.uint8] | None, given: ImageShape | None
) -> ImageShape:  # fmt: skip
    """From the images, from the person, or from what decode gives."""
    if pixels is not None:
        c, h, w = pixels.shape[1:]
        return c, h, w
    if given is not None:
        return given
    with torch.no_grad():
        answer = decode(torch.from_numpy(mu[:1]))
    if isinstance(answer, Tensor) and answer.ndim == 4:
        c, h, w = answer.shape[1:]
        return c, h, w
    shape = tuple(answer.shape) if isinstance(answer, Tensor) else type(answer).__name__
    raise ConfigError("image_shape", None, f"(C, H, W) where there are no images and decode gives no pictures (it gives {shape})")
