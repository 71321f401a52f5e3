"""Does a digit that was pasted somewhere keep its code? A sample of what tests/bench/preprocess.py measures."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.preprocess import measured, pasted
from trainer.runs.catalogue import load_run


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mnist-2d", "mnist-20d"])
def test_the_median_distance_to_the_originals_code_is_a_quarter_of_that_without_preprocessing(name, mnist_folder, monkeypatch):
    monkeypatch.setenv("LATENT_DATA", str(mnist_folder.parent))
    assert measured(load_run(name), 60, seed=1).ratio <= 0.25


def test_the_digit_is_pasted_whole_somewhere_else_each_time():
    image = np.zeros((28, 28), np.uint8)
    image[6:22, 10:18] = 255
    generator = np.random.default_rng(0)
    sheets = [np.asarray(pasted(image, generator)).astype(int) for _ in range(40)]
    assert len({sheet.shape for sheet in sheets}) > 30
    assert 5 < sum(np.median(sheet) > 128 for sheet in sheets) < 35  # some are dark on light
    for sheet in sheets:
        assert abs(sheet[:, 0] - np.median(sheet)).max() <= 1  # nothing is cut at the border: the digit has a margin of its own
        assert np.ptp(sheet) > 80
