"""How are the maps or the classifier of a finished run made anew, with nothing else of it changed?"""

from __future__ import annotations

from collections.abc import Callable

from trainer.datasets import Dataset
from trainer.maps.projection import Projection
from trainer.metrics.model_continuity import model_figures
from trainer.models.picture_classifier import PictureClassifier
from trainer.runs.read import Run
from trainer.runs.write import RunWriter
from trainer.training.finish import maps_of
from trainer.training.picture_classifier import ClassifierTraining


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
    """Trains the classifier of pictures of a finished run, its first or another, and writes it, with the figures that rest on it, where it
    is not a shipped run.

    Raises `RunError` for another data set, `DataError` for one without classes.
    """
    run.check_dataset(dataset)
    training = ClassifierTraining(run.model, dataset, run.config.seed)
    for share in training.epochs():
        on_progress(share)
    classifier = training.result()
    if not (writer := RunWriter(run.folder)).is_kept:
        codes = run.encodings
        continuity = model_figures(run.model, codes.mu, codes.label, run.told, classifier)
        writer.replace_classifier(run.info.model_copy(update={"continuity": continuity}), classifier)
    return classifier
