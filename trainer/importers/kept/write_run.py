"""How does a training that the page has kept become a run like any other?

It is evaluated and examined on held-out images by the one post-processing of all runs.
"""

from __future__ import annotations

import torch

from trainer.config import FitConfig, checked
from trainer.datasets import Dataset
from trainer.errors import RunError
from trainer.importers.kept.fitting import film_of, fitting_weights
from trainer.importers.kept.reading import KeptTraining
from trainer.importers.kept.record import PageTraining
from trainer.importers.run_import import BUDGETS, DOING, OnPart
from trainer.models.torch_engine import model_of
from trainer.preflight import keep_compiled_code
from trainer.runs.catalogue import load_run
from trainer.runs.folder import FILM, HISTORY, TIMING, Arrays
from trainer.runs.read import Root, Run
from trainer.runs.records import DatasetInfo, RunInfo
from trainer.runs.write import RunWriter
from trainer.training.finish import PostProcessing, Reached, Results, now, run_info, write_results

PRESET = "page"
MOST_EPOCHS = 100_000  # of a configuration


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
    epochs = min(max(1, -(-record.steps // record.steps_per_epoch)), MOST_EPOCHS)
    on_part("reading the data set", None)
    data = kept.dataset(name)
    config = checked(record.config, data=data.name, epochs=epochs, umap=umap, classifier=classifier, film_weights=0)
    if config.umap and config.latent_dim > 2:
        keep_compiled_code()
    weights = fitting_weights(kept.weights, config, data.image_shape)
    results = _results(config, data, weights, on_part)
    film = film_of(kept.film, data)
    of_data = DatasetInfo.of(data, min(record.n_train, len(data.splits["train"])))
    n_parameters = sum(array.size for array in weights.values())
    info = run_info(PRESET, config, of_data, "finished", now(), n_parameters, results, "", epochs, record.seconds)
    if overwrite:
        writer.clear()  # only now, so that what fails above leaves the run that was there
    _write(writer, kept.record, film, weights, results, info)
    return load_run(name, writer.folder.parent)


def _write(writer: RunWriter, record: PageTraining, film: Arrays, weights: Arrays, results: Results, info: RunInfo) -> None:
    """All files of the run, run.json last."""
    write_results(writer, weights, results)
    writer.write_rows(HISTORY, record.history)
    rate = record.steps / record.steps_per_epoch * record.n_train / record.seconds
    writer.write_rows(TIMING, [{"epoch": info.epoch, "seconds": record.seconds, "images_per_s": rate}])
    writer.write_arrays(FILM, film)
    writer.write_info(info)


def _results(config: FitConfig, data: Dataset, weights: Arrays, on_part: OnPart) -> Results:
    model = model_of(config, data.image_shape, 0).eval()
    model.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in weights.items()})

    def tell(reached: Reached) -> None:
        on_part(DOING[reached.part], reached.share)

    work = PostProcessing(model, data, classifier=config.classifier, budgets=BUDGETS, on_part=tell)
    for reached in work.parts():
        tell(reached)
    return work.results
