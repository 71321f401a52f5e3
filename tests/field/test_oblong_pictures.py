"""What becomes of pictures that are not square, or of other colours, and is it said? Expected pixels are those of plain numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from trainer.datasets import load_dataset
from trainer.datasets.names import absolute, parse
from trainer.errors import DataError

GROUND, MIDDLE, ENDS = 40, 120, 200


def bars(path: Path, n: int = 12, upright: bool = False) -> Path:
    """Pictures of 64 × 32: ground at the edge, a tone at both ends, another one in the middle."""
    path.mkdir()
    for i in range(n):
        pixels = np.full((32, 64), GROUND, np.uint8)
        pixels[8:24, 4:16] = pixels[8:24, 48:60] = ENDS
        pixels[8:24, 20:44] = MIDDLE
        pixels[15:17, 30 : 31 + i] = 0  # no two alike
        Image.fromarray(pixels.T if upright else pixels).save(path / f"{i}.png")
    return path


def tones(dataset_name: str) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    dataset = load_dataset(dataset_name)
    return dataset.images[:, 0], dataset.notes


@pytest.mark.parametrize("upright", [False, True])
def test_the_middle_is_cut_out_and_it_is_said(tmp_path: Path, upright: bool) -> None:
    images, notes = tones(str(bars(tmp_path / "p", upright=upright)))
    assert images.max() < ENDS - 20  # the ends are gone
    assert "12 of 12 pictures are not square: the middle was cut out (?fit=pad after the path keeps all of it)" in notes


@pytest.mark.parametrize("upright", [False, True])
def test_padding_keeps_all_on_the_tone_of_the_edge(tmp_path: Path, upright: bool) -> None:
    images, notes = tones(f"{bars(tmp_path / 'p', upright=upright)}?fit=pad")
    images = images.transpose(0, 2, 1) if upright else images
    assert (images[:, :8] == GROUND).all()
    assert (images[:, 24:] == GROUND).all()
    assert (images[:, 15, 4] > ENDS - 12).all()  # both ends, at half their size
    assert (images[:, 15, 27] > ENDS - 12).all()
    assert "12 of 12 pictures are not square: the tone of their edge was added around them (fit=pad)" in notes


def test_stretching_fills_the_square(tmp_path: Path) -> None:
    images, notes = tones(f"{bars(tmp_path / 'p')}?fit=stretch")
    assert (images[:, 10:13, 4] > ENDS - 12).all()  # as high as before, half as wide
    assert any("they were stretched to a square (fit=stretch)" in note for note in notes)


def test_square_pictures_are_the_same_in_every_way(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    for i in range(9):
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (50, 50), np.uint8)).save(tmp_path / "p" / f"{i}.png")
    found = [tones(f"{tmp_path / 'p'}{option}") for option in ("", "?fit=pad", "?fit=stretch")]
    for images, notes in found:
        assert (images == found[0][0]).all()
        assert not any("square" in note for note in notes)


def test_a_colour_is_padded_by_its_own_edge(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    for i in range(6):
        pixels = np.full((20, 40, 3), (10, 60, 200), np.uint8)
        pixels[5:15, 10:30] = (200, 10 * i, 0)
        Image.fromarray(pixels).save(tmp_path / "p" / f"{i}.png")
    images = load_dataset(f"{tmp_path / 'p'}?fit=pad").images
    assert (images[:, :, :7] == np.array([10, 60, 200], np.uint8)[:, None, None]).all()


def test_other_colours_and_transparent_parts_are_counted(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    for i in range(8):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 40, 3), np.uint8)
        image = Image.fromarray(pixels)
        if i < 3:
            image.convert("CMYK").save(tmp_path / "p" / f"{i}.jpg")
        elif i == 3:
            image = Image.fromarray(128 + pixels // 2)  # a light sheet
            image.putalpha(Image.fromarray(np.where(np.eye(40), 0, 255).astype(np.uint8)))
            image.save(tmp_path / "p" / f"{i}.png")
        else:
            image.save(tmp_path / "p" / f"{i}.png")
    notes = load_dataset(str(tmp_path / "p")).notes
    assert "3 pictures were CMYK and converted to RGB" in notes
    assert "1 picture has transparent parts: taken as white" in notes


def test_the_option_is_part_of_the_name(tmp_path: Path) -> None:
    folder = bars(tmp_path / "p")
    assert parse(f"{folder}?fit=pad&size=16").fit == "pad"
    assert absolute(f"{folder}?fit=pad") == f"folder:{folder}?fit=pad"
    assert absolute(f"{folder}?fit=crop") == f"folder:{folder}?fit=crop"  # which is not what was not said
    with pytest.raises(DataError, match=r"option 'fit=squeeze'; allowed: .*&fit=crop, pad or stretch"):
        parse(f"{folder}?fit=squeeze")


def test_it_has_no_effect_on_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (9, 8, 12), np.uint8))
    dataset = load_dataset(f"{tmp_path / 'a.npy'}?fit=pad")
    assert dataset.image_shape == (1, 8, 12)
    assert any(note.startswith("fit=pad has no effect") for note in dataset.notes)


def test_what_is_left_out_is_one_note(tmp_path: Path) -> None:
    folder = bars(tmp_path / "p")
    (folder / "read.me").write_text("x")
    (folder / ".hidden").write_text("x")
    left = [note for note in load_dataset(str(folder)).notes if "left out" in note]
    assert left == ["1 file left out, no picture by ending: 1 .me; 1 more, hidden or of other programs"]
