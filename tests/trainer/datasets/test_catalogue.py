"""Is every built-in data set what its record promises, and does the name that it was loaded by load it again?"""

from __future__ import annotations

import numpy as np
import pytest

from trainer.datasets.catalogue import BUILT_IN, availability, dataset_names, is_built_in, load_dataset

HERE = [name for name in dataset_names() if availability(name).is_here]


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
    assert dataset.image_shape == told.image_shape
    assert len(dataset.images) == told.n_images
    assert {"train", "test"} <= set(dataset.splits)
    places = np.concatenate(list(dataset.splits.values()))
    assert len(set(places.tolist())) == len(places)  # no image is in two splits
