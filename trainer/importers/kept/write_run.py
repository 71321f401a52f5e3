"""How does a training that the page has kept become a run like any other?

It is evaluated and examined on held-out images by the one post-processing of all runs.
"""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.config import FitConfig, checked
from trainer.datasets import Dataset
from trainer.errors import RunError
from trainer.importers.kept.reading import KeptTraining, refusal
from trainer.importers.run_import import BUDGETS, DOING, OnPart
from trainer.models.layer_shapes import multiply_adds
from trainer.models.layers import ImageShape
from trainer.models.networks import parameter_shapes, parts_of
from trainer.models.torch_engine import model_of
from trainer.preflight import keep_compiled_code
from trainer.runs.catalogue import load_run
from trainer.runs.folder import FILM, HISTORY, TIMING, WEIGHTS, Arrays
from trainer.runs.read import Root, Run
from trainer.runs.records import DatasetInfo
from trainer.runs.write import RunWriter
from trainer.training.finish import PostProcessing, Reached, Results, now, run_info, write_results

PRESET = "page"
MOST_WORK = 10**10  # multiply-adds of a picture
SCALE = "log_sigma"


def import_page_training(
    kept: KeptTraining,
    name: str,
    runs: Root,
    *,
    overwrite: bool = False,
    umap: bool = True,
    classifier: bool = True,
    on_part: OnPart = lambda part, share: None,
) -> Run:
    """Writes the run and returns it. `on_part` is told what is being done, and the share of it that is done, where that is known.

    Raises `RunError` for a name that is taken or weights that do not fit, `DataError` for a data set that is not here.
    """
    writer = RunWriter.at(runs, name)
    if writer.has_run and not overwrite:
        raise RunError(f"run {name!r} is already in {writer.folder.parent}; --overwrite replaces it, --name starts another.")
    writer.check_writable()
    record = kept.record
    epochs = max(1, -(-record.steps // record.steps_per_epoch))
    on_part("reading the data set", None)
    data = kept.dataset(name)
    config = checked(record.config, data=data.name, epochs=epochs, umap=umap, classifier=classifier)
    if config.umap and config.latent_dim > 2:
        keep_compiled_code()
    weights = _fitting(kept.weights, config, data.image_shape)
    results = _results(config, data, weights, on_part)
    n_train = min(record.n_train, len(data.splits["train"]))
    n_parameters = sum(array.size for array in weights.values())
    info = run_info(
        PRESET, config, DatasetInfo.of(data, n_train), "finished", now(), n_parameters, results, "", epochs, record.seconds
    )
    if overwrite:
        writer.clear()  # only now, so that what fails above leaves the run that was there
    write_results(writer, weights, results)
    writer.write_rows(HISTORY, record.history)
    rate = record.steps / record.steps_per_epoch * record.n_train / record.seconds
    writer.write_rows(TIMING, [{"epoch": epochs, "seconds": record.seconds, "images_per_s": rate}])
    writer.write_arrays(FILM, kept.film)
    writer.write_info(info)
    return load_run(name, writer.folder.parent)


def _results(config: FitConfig, data: Dataset, weights: Arrays, on_part: OnPart) -> Results:
    model = model_of(config, data.image_shape, 0).eval()
    model.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in weights.items()})

    def tell(reached: Reached) -> None:
        on_part(DOING[reached.part], reached.share)

    work = PostProcessing(model, data, classifier=config.classifier, budgets=BUDGETS, on_part=tell)
    for reached in work.parts():
        tell(reached)
    return work.results


def _fitting(weights: Arrays, config: FitConfig, shape: ImageShape) -> dict[str, NDArray[np.float32]]:
    """The weights of exactly that configuration, log_sigma with them. Raises `RunError`."""
    work = sum(
        multiply_adds(layers, shape if part == "encoder" else (config.latent_dim,))
        for part, layers in parts_of(config, shape, 0).items()
    )
    if work > MOST_WORK:
        raise refusal(f"a picture takes {work} multiplications, allowed are {MOST_WORK}")
    start = np.log(config.sigma) if config.has_scale else 0.0
    found = {SCALE: np.asarray(start, np.float32), **weights}
    wanted = parameter_shapes(config, shape, 0)
    if odd := sorted(found.keys() ^ wanted.keys()):
        raise refusal(f"{WEIGHTS} has {'no ' if odd[0] in wanted else ''}{odd[0][:80]!r}, which the configuration does not fit")
    fitting = {}
    for key, size in wanted.items():
        array = found[key]
        if array.dtype != np.float32 or array.size != prod(size) or (key != SCALE and array.shape != size):
            raise refusal(f"{key} is {array.dtype} of shape {array.shape}, expected float32 of shape {size}")
        if not np.isfinite(array).all():
            raise refusal(f"{key} has a value that is not a finite number")
        fitting[key] = array.reshape(size)
    return fitting
