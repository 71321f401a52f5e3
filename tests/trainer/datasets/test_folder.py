"""Does a folder of any pictures become a data set, and does it say what it left out?"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from trainer.datasets import Dataset, availability, load_dataset
from trainer.datasets.decoding.order import lay_out
from trainer.datasets.decoding.records import Wanted
from trainer.datasets.kinds import natural
from trainer.datasets.layout import arrange
from trainer.errors import DataError

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def save(path: Path, colour: tuple[int, int, int] | int = 128, size: tuple[int, int] = (40, 40)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L" if isinstance(colour, int) else "RGB", size, colour).save(path)
    return path


def by_path(dataset: Dataset, files: Iterable[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64] | None]:
    """Images and labels in the order of the readable files' paths: a data set has its training split first."""
    entries = arrange(sorted(files, key=natural)).entries
    places = np.argsort(lay_out(Wanted(entries, 32, 0.2), [1] * len(entries)).order)
    return dataset.images[places], None if dataset.labels is None else dataset.labels[places]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for i in range(12):
        save(tmp_path / "pets" / "cat" / f"{i}.png", (20 * i, 0, 100))
        save(tmp_path / "pets" / "dog" / "old" / f"{i}.png", (0, 20 * i, 90))
    return tmp_path / "pets"


def test_class_is_the_first_subfolder(pets: Path) -> None:
    dataset = load_dataset(f"folder:{pets}")
    assert dataset.name == f"folder:{pets}"
    assert dataset.images.shape == (24, 3, 32, 32)
    assert dataset.class_names == ("cat", "dog")
    assert dataset.notes == (
        "24 images: 17 to learn from, 2 for validation, 5 held out as test images (21 %); divided by a hash, separately in each class",
    )
    images, labels = by_path(dataset, [path.relative_to(pets).as_posix() for path in pets.rglob("*.png")])
    assert labels is not None
    assert labels.tolist() == [0] * 12 + [1] * 12
    assert images[:12, 0, 0, 0].tolist() == [20 * i for i in range(12)]  # 2 before 10


def test_pictures_directly_in_the_folder_have_no_labels(tmp_path: Path) -> None:
    for i in range(5):
        save(tmp_path / f"{i}.png", i)
    dataset = load_dataset(f"folder:{tmp_path}?size=8")
    assert dataset.labels is None
    assert dataset.class_names == ()
    assert by_path(dataset, (f"{i}.png" for i in range(5)))[0][:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert dataset.subset("train").labels is None


def test_grey_when_every_picture_is_grey_however_it_is_stored(tmp_path: Path) -> None:
    save(tmp_path / "l.png", 10)
    save(tmp_path / "rgb.png", (20, 20, 20))
    deep = np.full((40, 40), 30 * 257, dtype=np.uint16)
    deep[:2] = 65535
    Image.fromarray(deep).save(tmp_path / "sixteen.png")
    Image.new("1", (40, 40), 1).save(tmp_path / "one-bit.png")
    save(tmp_path / "palette.png", (40, 40, 40))
    Image.open(tmp_path / "palette.png").convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")
    dataset = load_dataset(f"folder:{tmp_path}")
    assert dataset.image_shape == (1, 32, 32)
    names = ["l.png", "one-bit.png", "palette.png", "rgb.png", "sixteen.png"]
    assert by_path(dataset, names)[0][:, 0, 16, 16].tolist() == [10, 255, 40, 20, 30]
    save(tmp_path / "colour.png", (40, 41, 40))
    dataset = load_dataset(f"folder:{tmp_path}")
    assert dataset.image_shape == (3, 32, 32)
    images, _ = by_path(dataset, ["colour.png", *names])
    assert images[:2, :, 0, 0].tolist() == [[40, 41, 40], [10, 10, 10]]


def test_the_square_in_the_middle_is_kept(tmp_path: Path) -> None:
    """60 × 20: a red third, a green, a blue one; only the green one is in the middle square."""
    stripes = np.repeat(np.array([[RED, GREEN, BLUE]], dtype=np.uint8), 20, axis=1).repeat(20, axis=0)
    Image.fromarray(stripes).save(tmp_path / "wide.png")
    Image.fromarray(stripes.transpose(1, 0, 2)).save(tmp_path / "tall.png")
    save(tmp_path / "z.png", GREEN, (3, 3))
    dataset = load_dataset(f"folder:{tmp_path}?size=16")
    assert (dataset.images == np.array(GREEN, dtype=np.uint8)[None, :, None, None]).all()


def test_exif_rotation_is_applied(tmp_path: Path) -> None:
    """Orientation 6: stored lying, to be turned by 90° clockwise, so the stored left half becomes the upper half."""
    picture = Image.new("L", (64, 64), 0)
    picture.paste(255, (0, 0, 32, 64))
    exif = picture.getexif()
    exif[0x0112] = 6
    for name in ("a.jpg", "b.png", "c.webp"):
        picture.save(tmp_path / name, exif=exif)
    for image in load_dataset(f"folder:{tmp_path}").images[:, 0]:
        assert image[:14].min() > 240
        assert image[18:].max() < 15


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    for i in range(3):
        Image.new("RGBA", (9, 9), (255, 0, 0, 0)).save(tmp_path / f"{i}.png")
    dataset = load_dataset(f"folder:{tmp_path}")
    assert dataset.image_shape == (1, 32, 32)
    assert (dataset.images == 255).all()


def test_every_allowed_format_is_read(tmp_path: Path) -> None:
    for ending in ("png", "jpg", "JPEG", "webp", "bmp", "tif", "TIFF", "gif", "ppm"):
        save(tmp_path / f"a.{ending}", (200, 40, 40))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_bytes(b"")
    dataset = load_dataset(f"folder:{tmp_path}")
    assert dataset.n == 9
    assert dataset.notes[1:] == ("1 file left out, no picture by ending: 1 .txt; 1 more, hidden or of other programs",)
    assert np.abs(dataset.images.astype(int) - np.array([200, 40, 40])[:, None, None]).max() <= 8


def bomb() -> bytes:
    """A PNG of 20 000 × 20 000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_unreadable_files_are_skipped_counted_and_named(pets: Path) -> None:
    (pets / "cat" / "empty.png").write_bytes(b"")
    (pets / "cat" / "page.jpg").write_text("<html></html>")
    (pets / "dog" / "cut.png").write_bytes((pets / "cat" / "1.png").read_bytes()[:40])
    (pets / "dog" / "bomb.png").write_bytes(bomb())
    dataset = load_dataset(f"folder:{pets}")
    assert dataset.n == 24
    assert dataset.notes[1:] == ("4 unreadable files were skipped: cat/empty.png, cat/page.jpg, dog/bomb.png, dog/cut.png",)


def test_only_ten_names_are_listed(pets: Path) -> None:
    for i in range(13):
        (pets / "cat" / f"x{i:02}.png").write_bytes(b"?")
    _, note = load_dataset(f"folder:{pets}").notes
    assert note.startswith("13 unreadable files were skipped: cat/x00.png, cat/x01.png")
    assert note.endswith("cat/x09.png and 3 more")


def test_a_file_beside_the_class_folders_is_named(pets: Path) -> None:
    save(pets / "stray.png")
    dataset = load_dataset(f"folder:{pets}")
    assert dataset.n == 24
    assert dataset.notes[1:] == ("1 file outside every class folder left out: stray.png",)


def test_links_that_lead_outside_are_not_followed(pets: Path, tmp_path: Path) -> None:
    outside = save(tmp_path / "secret" / "a.png")
    (pets / "cat" / "link.png").symlink_to(outside)
    (pets / "cat" / "loop.png").symlink_to("loop.png")
    (pets / "secret").symlink_to(outside.parent)
    (pets / "cat" / "inside.png").symlink_to(pets / "cat" / "0.png")
    dataset = load_dataset(f"folder:{pets}")
    assert dataset.n == 25
    assert dataset.class_names == ("cat", "dog")
    assert dataset.notes[1] == (
        "2 links that lead out of the folder were not followed (add links=follow to the name, as in photos?links=follow, to allow it): "
        "cat/link.png, secret"
    )
    assert dataset.notes[2] == "1 that cannot be opened left out: cat/loop.png"
    assert load_dataset(f"folder:{pets}?links=follow").n == 27


def test_the_folder_itself_may_be_a_link(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(pets)
    assert load_dataset(f"folder:{tmp_path / 'link'}").n == 24


def test_a_new_file_moves_hardly_another_one_between_splits(pets: Path) -> None:
    def members() -> dict[tuple[int, ...], str]:
        """The split of every picture, known by its colour."""
        dataset = load_dataset(f"folder:{pets}")
        colours = dataset.images[:, :, 0, 0].tolist()
        return {tuple(colours[i]): split for split, index in dataset.splits.items() for i in index}

    before = members()
    save(pets / "bird" / "new.png", RED)
    after = members()
    assert sum(after[colour] != split for colour, split in before.items()) <= 1
    assert len(before) == 24
    assert set(before.values()) == {"train", "validation", "test"}


def test_a_name_that_is_no_utf_8_can_be_printed(tmp_path: Path) -> None:
    for i in range(3):
        save(tmp_path / "a" / f"{i}.png")
    (tmp_path / "a" / os.fsdecode(b"\xff.png")).write_bytes(b"")
    dataset = load_dataset(f"folder:{tmp_path}")
    assert dataset.notes[1:] == ("1 unreadable file was skipped: a/?.png",)


@pytest.mark.parametrize(
    "name",
    [
        "folder:",
        "folder:?size=16",
        "folder:x?size=7",
        "folder:x?size=129",
        "folder:x?size=big",
        "folder:x?colour=1",
        "zip:x?links=no",
    ],
)
def test_a_wrong_name_says_what_is_allowed(name: str) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset(name)
    assert str(caught.value).startswith(f"data set is {name!r}")
    assert "allowed: folder:PATH, zip:PATH, npz:PATH, npy:PATH or csv:PATH, then ?size=8 to 128" in str(caught.value)


def test_a_question_mark_may_be_part_of_the_path(tmp_path: Path) -> None:
    for i in range(3):
        save(tmp_path / "what?" / f"{i}.png")
    assert load_dataset(f"folder:{tmp_path / 'what?'}").n == 3
    assert load_dataset(f"folder:{tmp_path / 'what?'}?size=16").image_shape == (1, 16, 16)


def test_a_missing_folder_a_file_and_too_few_images_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere does not exist; give the path of a folder, or a file \.zip"):
        load_dataset(f"folder:{tmp_path / 'nowhere'}")
    file = save(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"a\.png is a file \.png; allowed: a folder of pictures"):
        load_dataset(f"folder:{file}")
    (tmp_path / "b.png").write_bytes(b"")
    save(tmp_path / "c.png")
    with pytest.raises(DataError, match=r"holds 2 readable images; allowed: at least 3 .* Found: b\.png is empty \(0 bytes\)"):
        load_dataset(f"folder:{tmp_path}")


def test_availability_counts_without_opening(pets: Path) -> None:
    (pets / "cat" / "broken.png").write_bytes(b"")
    known = availability(f"folder:{pets}")
    assert (known.is_here, known.n_images, known.image_shape) == (True, 25, None)
    assert not availability(f"folder:{pets / 'nowhere'}").is_here
