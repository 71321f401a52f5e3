"""Is every built-in data set what its record promises, and does the name that it was loaded by load it again?"""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from trainer.config import FitConfig
from trainer.datasets import built_in
from trainer.datasets.catalogue import BUILT_IN, availability, dataset_names, is_built_in, load_dataset, names_with_factors

HERE = [name for name in dataset_names() if availability(name).is_here]


def test_every_file_of_the_folder_has_a_record():
    for path in Path(built_in.__path__[0]).glob("[!_]*.py"):
        module = importlib.import_module(f"{built_in.__name__}.{path.stem}")
        names = set(module.SOURCES) if hasattr(module, "SOURCES") else {module.NAME}
        assert names <= set(BUILT_IN), f"BUILT_IN of trainer/datasets/catalogue.py lacks {names - set(BUILT_IN)}"


def test_the_readme_names_every_one():
    told = (ROOT / "README.md").read_text(encoding="utf-8").partition("**Data sets.**")[2].partition("\n\n")[0]
    assert {name for name in BUILT_IN if f"`{name}`" not in told} == set()


def test_the_help_of_data_names_every_one_in_order():
    told = str(FitConfig.model_fields["data"].description).removeprefix("data set: ").partition(", or the path")[0]
    assert told.split(", ") == list(BUILT_IN)


@pytest.mark.parametrize("name", dataset_names())
def test_a_record_says_what_it_is_of_before_anything_is_loaded(name):
    told = availability(name)
    assert told.name == name == BUILT_IN[name].name
    assert told.description
    assert told.licence
    assert is_built_in(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", HERE)
def test_one_that_is_here_is_what_its_record_says(name):
    told, dataset = availability(name), load_dataset(name, download=False)
    assert dataset.name == name
    assert (dataset.factors is not None) == (name in names_with_factors())
    assert dataset.image_shape == told.image_shape
    assert len(dataset.images) == told.n_images
    assert {"train", "test"} <= set(dataset.splits)
    places = np.concatenate(list(dataset.splits.values()))
    assert len(set(places.tolist())) == len(places)  # no image is in two splits
