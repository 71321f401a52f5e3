"""How does a model that was trained elsewhere become a run that the app opens?

    make_run       encodings and a decoder, and what else is known: encoder, images, labels, class names
    import_model   a model and a data set: encodes the test split and does the rest
    check_model    a model and a data set: only what is understood of them; writes nothing

Both write a run folder (`trainer.runs.folder`), `run.json` last, so that a half-written run is none. Where the decoder is a graph of
layers that our engines know (`trainer.importers.tracing`), the run decodes in the browser as any other. Weights of the model are read as
tensors in this process; nothing is unpickled, and the app never imports anybody's module.

    from trainer.importing import make_run
    make_run("mine", model.decode, mu, logvar, encode=model.encode, images=images, labels=labels)

Letters: N images, C×H×W their shape, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from trainer.datasets import Dataset
from trainer.importers.arrays import Floats, adapter_of_codes, image_shape_of, labels_of, pixels_of, posterior_of
from trainer.importers.declared import HowTrained
from trainer.importers.dry_run import IMPLIED, check_model, encoded, understood, what_forbids
from trainer.importers.model_adapter import ModelAdapter, decoding, settle
from trainer.importers.run_import import BUDGETS, OnPart, RunImport
from trainer.models.layers import ImageShape
from trainer.preflight import keep_compiled_code
from trainer.runs.read import Root, Run
from trainer.training.finish import Budgets

__all__ = ["HowTrained", "check_model", "import_model", "make_run"]


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

    logvar: log variances; without it the model is a deterministic autoencoder.
    encode: a PyTorch function of images (B, C, H, W) or (B, C·H·W) in [0, 1], to mu and logvar; without it the app offers the given
        images only.
    images (N, C, H, W) or (N, H, W), uint8 or floats in [0, 1], in the order of mu: without them no bound and no verdict.
    labels (N,): whole numbers from 0.
    image_shape (C, H, W): only where there are no images and decode gives vectors.
    runs: the folder (default: $LATENT_RUNS, else runs).

    Raises `ExternalModelError` or `DataError` for what does not fit together, `RunError` for a name that is taken.
    """
    how = how or HowTrained()
    for function in (decode, encode):
        settle(getattr(function, "__self__", function))
    codes, spread = posterior_of(mu, logvar)
    pixels = None if images is None else pixels_of(images, len(codes))
    classes = None if labels is None else labels_of(labels, len(codes))
    names = tuple(class_names) or (() if classes is None else tuple(map(str, range(int(classes.max()) + 1))))
    shape = image_shape_of(decode, codes, pixels, image_shape)
    adapter = adapter_of_codes(encode, decoding(decode, shape), codes, spread, pixels)
    data = None if pixels is None else Dataset(f"own:{name}", pixels, classes, names, None, (), {"test": np.arange(len(codes))}, "")
    plan = RunImport(name, runs, overwrite, how, f"make_run({name!r})", data, umap)
    return plan.write(adapter, shape, codes, spread, classes, names)


def import_model(
    model: Any,
    dataset: Dataset,
    name: str,
    *,
    source: str = "",
    loaded: Sequence[str] = (),
    how: HowTrained | None = None,
    runs: Root | None = None,
    overwrite: bool = False,
    umap: bool = True,
    classifier: bool = True,
    thorough: bool = False,
    on_part: OnPart = lambda part, share: None,
) -> Run:
    """Writes a run from a model with encode and decode and a data set, and returns it. What it may answer: `importers.model_adapter`.

    source: what to say of where it comes from.
    loaded: how it was loaded, a line each.
    classifier: whether to train a classifier of pictures, where there are classes.
    thorough: all images and draws for every figure, however long it takes; else each part has its `Budget`.
    on_part: told what is being done, and the share of it that is done, where that is known.

    Raises as `make_run` does.
    """
    how = how or HowTrained()
    if umap:
        keep_compiled_code()  # what would fail at the end is tried at the start
    source, budgets = source or type(model).__name__, Budgets() if thorough else BUDGETS
    plan = RunImport(name, runs, overwrite, how, source, dataset, umap, classifier, budgets, on_part, tuple(loaded))
    plan.check_free()
    on_part("running the model", None)
    adapter = understood(model, dataset, how)
    test = dataset.subset("test")
    on_part("encoding the test images", None)
    mu, logvar = encoded(adapter, test.images, test.labels if adapter.has_class else None)
    if logvar is None:
        adapter = _with_reasons(adapter, how, dataset, mu)
    return plan.write(adapter, dataset.image_shape, mu, logvar, test.labels, dataset.class_names)


def _with_reasons(adapter: ModelAdapter, how: HowTrained, dataset: Dataset, mu: Floats) -> ModelAdapter:
    """A model of points, with what is to be said of it: it has no examination that would say so."""
    kept = adapter.understood
    reasons = what_forbids(adapter, how, dataset, None, mu[:IMPLIED], None, None)
    return replace(adapter, understood=replace(kept, notes=(*kept.notes, *reasons)))
