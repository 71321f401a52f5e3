"""Runs of models that were trained elsewhere, of every way in which they decode and encode: for the tests of what is shown of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tests.trainer import foreign_models
from trainer.datasets import load_dataset
from trainer.importers.importing import HowTrained, import_model, make_run

NAMES = ["own", "own-conv", "own-lattice", "own-gallery", "own-codes", "own-points", "own-pictures", "own-heavy"]


def write_imported(folder: Path) -> Path:
    """The runs of `NAMES` in a folder."""
    data, few = load_dataset("digits"), load_dataset("digits").subset("test")
    quick = {"runs": folder, "umap": False, "classifier": False}
    model = foreign_models.trained(epochs=4)
    import_model(model, data, "own", source="mine:model", **quick)
    import_model(foreign_models.convolutional(), data, "own-conv", how=HowTrained("gaussian", sigma=0.3), **quick)
    import_model(foreign_models.Wavy(2), data, "own-lattice", **quick)
    import_model(foreign_models.Wavy(3), data, "own-gallery", **quick)
    heavy = foreign_models.trained(beta=30.0, epochs=8)
    import_model(heavy, data, "own-heavy", how=HowTrained(beta=30.0), **quick)
    with torch.no_grad():
        mu, logvar = model.encode(torch.from_numpy(few.images.copy()).float().flatten(1) / 255)
    make_run("own-codes", model.decode, mu, logvar, image_shape=(1, 8, 8), runs=folder, umap=False)
    make_run("own-points", model.decode, np.asarray(mu), images=few.images, labels=few.labels, runs=folder, umap=False)
    make_run("own-pictures", model.decode, mu, logvar, images=few.images, runs=folder, umap=False)
    return folder
