"""Is an upload made square in the way in which the data set's own pictures were, and is it said under it? The picture that the trainer
decoded is the second opinion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.pictures.preprocess import prepare
from explorer.pictures.protocols import browser_protocol, switches
from trainer.datasets import load_dataset
from trainer.datasets.names import absolute
from trainer.datasets.pictures import open_picture

SAID = {
    "crop": "Middle cut out, 32 × 32, in colour.",
    "pad": "Padded to a square, 32 × 32, in colour.",
    "stretch": "Squeezed to 32 × 32, in colour.",
}


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(90, 50), (50, 91), (20, 31), (64, 20)])
def test_the_model_is_fed_what_it_was_trained_on(tmp_path: Path, fit: str, size: tuple[int, int]) -> None:
    for i in range(4):
        noise = np.random.default_rng(i).integers(0, 256, (size[1], size[0], 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{i}.png")
    name = absolute(f"{tmp_path}?fit={fit}")
    known = {image.tobytes() for image in load_dataset(name).images}
    for i in range(4):
        ready = prepare(open_picture(tmp_path / f"{i}.png", "x", enough_px=1024), (3, 32, 32), name)
        assert np.rint(ready.x * 255).astype(np.uint8).tobytes() in known
        assert ready.steps[-1].sentence == SAID[fit]


def test_a_picture_that_is_not_cut_is_only_resized() -> None:
    ready = prepare(Image.new("RGB", (60, 60), "red"), (3, 32, 32), "folder:/nowhere")
    assert ready.steps[-1].sentence == "Resized to 32 × 32, in colour."


def test_the_browser_and_the_switches_know_it() -> None:
    assert [browser_protocol(f"folder:/nowhere{option}")["fit"] for option in ("", "?fit=pad", "?fit=stretch", "?fit=odd")] == [
        "crop",
        "pad",
        "stretch",
        "crop",
    ]
    assert browser_protocol("mnist")["fit"] == "crop"
    assert [switch.title for switch in switches("folder:/nowhere?fit=pad")] == ["Padded to a square"]
    assert switches("folder:/nowhere?fit=stretch") == ()
