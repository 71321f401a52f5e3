"""Do the runs of drawn data sets show what they ship for: a head that turns along one axis, a stride that closes to a ring?"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from tests.places import ASSETS
from trainer.datasets import load_dataset
from trainer.datasets.built_in.walker import FACTOR_NAMES, render
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run

pytestmark = pytest.mark.slow

PHASES = 240
USUAL = {"stride": 1.0, "lean": 4.0, "speed": 0.9}


def best_rank_correlations(name: str) -> dict[str, tuple[float, int]]:
    """Of each factor the largest |ρ| with one latent dimension over the test images, and that dimension."""
    run = load_run(name, ASSETS)
    dataset = load_dataset(run.config.data)
    factors = dataset.subset("test").factors
    assert factors is not None
    mu = run.encodings.mu
    found = np.array(
        [[abs(spearmanr(mu[:, k], factors[:, j]).statistic) for k in range(mu.shape[1])] for j in range(factors.shape[1])]
    )
    return {factor: (float(row.max()), int(row.argmax())) for factor, row in zip(dataset.factor_names, found, strict=True)}


def test_one_axis_turns_the_head_and_the_other_changes_the_expression():
    found = best_rank_correlations("faces-2d")
    assert found["yaw"][0] >= 0.9
    assert found["expression"][0] >= 0.9
    assert found["yaw"][1] != found["expression"][1]


def test_in_colour_the_turning_head_and_the_hair_have_a_dimension_each_and_most_of_the_expression_one():
    found = best_rank_correlations("faces-64")
    assert min(found["yaw"][0], found["hair"][0]) >= 0.9
    assert found["expression"][0] >= 0.8
    assert len({found[name][1] for name in ("yaw", "hair", "expression")}) == 3


def test_the_first_dimension_of_the_melodies_orders_them_by_their_height():
    """As a lesson says."""
    found = best_rank_correlations("melodies-2d")
    assert found["register"][0] >= 0.9
    assert found["register"][1] == 0


def test_a_falling_melody_becomes_level_and_then_rises_on_the_way_of_the_lesson():
    """By the pitches that sound at its ends and a little before its middle, semitones over time."""
    codes = np.array([[0, 2.2], [0, 0.55], [0, -2.2]], np.float32)
    slopes, spreads = [], []
    for picture in load_run("melodies-2d", ASSETS).forward.decode(codes)[:, 0]:
        rows, steps = np.nonzero(picture >= 0.5)
        slopes.append(float(np.polyfit(steps, -rows, 1)[0]))
        spreads.append(int(np.ptp(rows)))
    assert slopes[0] < -0.3 and slopes[-1] > 0.3
    assert spreads[1] <= 2 and min(spreads[0], spreads[-1]) >= 5


def stride_codes(run: Run, **changed: float) -> NDArray[np.float64]:
    """(PHASES, 2): codes of one stride, from foot to foot; the last is a step before the first."""
    usual = {**USUAL, **changed}
    phases = 2 * np.pi * np.arange(PHASES) / PHASES
    factors = np.stack([phases if name == "phase" else np.full(PHASES, usual[name]) for name in FACTOR_NAMES], axis=1)
    codes = run.forward.encode(render(factors.astype(np.float32)).astype(np.float32) / 255)
    return np.asarray(codes.mu, dtype=np.float64)


@pytest.mark.parametrize("changed", [{}, {"stride": 0.8}, {"stride": 1.2}, {"lean": 0.0}, {"speed": 1.2}], ids=str)
def test_a_stride_goes_once_round_the_map_and_closes(changed: dict[str, float]) -> None:
    codes = stride_codes(load_run("walker-2d", ASSETS), **changed)
    steps = np.linalg.norm(np.roll(codes, -1, axis=0) - codes, axis=1)
    assert steps[-1] <= 0.05 * steps.sum()  # from the last code back to the first
    from_middle = (codes - codes.mean(axis=0)) @ np.array([1, 1j])
    turns = np.angle(np.roll(from_middle, -1) / from_middle).sum() / (2 * np.pi)
    assert abs(round(turns)) == 1
    assert turns == pytest.approx(round(turns), abs=1e-9)


def test_a_path_round_the_ring_walks_without_a_jump():
    """Decoded, no step of a stride changes the picture much more than the usual one."""
    run = load_run("walker-2d", ASSETS)
    frames = run.forward.decode(stride_codes(run).astype(np.float32)).reshape(PHASES, -1)
    changes = np.linalg.norm(np.roll(frames, -1, axis=0) - frames, axis=1)
    assert changes.max() <= 4 * np.median(changes)
