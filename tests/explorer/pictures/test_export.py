"""Do exported files hold exactly the frames that went in? Each is opened again with Pillow and compared by frame."""

from __future__ import annotations

import csv
import io
import struct
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from explorer.pictures.export import animation, codes_csv, filmstrip, png, safe_file_name, sheet

Pictures = NDArray[np.uint8]
GREY = np.random.default_rng(0).integers(0, 256, (7, 8, 6), dtype=np.uint8)
FEW_COLOURS = np.random.default_rng(1).choice(np.array([0, 60, 200], dtype=np.uint8), (5, 4, 9, 3))
ALL_GREYS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)


def enlarged(picture: Pictures, scale: int) -> Pictures:
    return np.kron(picture, np.ones((scale, scale) + (1,) * (picture.ndim - 2), dtype=np.uint8))


def opened(data: bytes) -> tuple[list[Pictures], list[int], Image.Image]:
    """Frames as RGB, durations in ms, and the file."""
    image = Image.open(io.BytesIO(data))
    frames, durations = [], []
    for place in range(getattr(image, "n_frames", 1)):
        image.seek(place)
        image.load()
        frames.append(np.asarray(image.convert("RGB")))
        durations.append(int(image.info["duration"]))
    return frames, durations, image


def rgb(picture: Pictures) -> Pictures:
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


@pytest.mark.parametrize("kind", ["gif", "webp"])
@pytest.mark.parametrize("frames", [GREY, FEW_COLOURS, ALL_GREYS, GREY[:2, :1, :1]], ids=["grey", "rgb", "256", "1x1"])
@pytest.mark.parametrize("scale", [1, 3])
def test_every_frame_comes_back_exactly(kind: str, frames: Pictures, scale: int) -> None:
    back, _, image = opened(animation(frames, 20, scale, kind))  # type: ignore[arg-type]
    assert image.format == kind.upper()
    assert len(back) == len(frames)
    for before, after in zip(frames, back, strict=True):
        assert (after == rgb(enlarged(before, scale))).all()


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_frames_that_are_alike_are_all_kept(kind: str) -> None:
    frames = np.stack([GREY[0]] * 4 + [GREY[1]] * 3)
    back, durations, _ = opened(animation(frames, 10, 2, kind))  # type: ignore[arg-type]
    assert len(back) == 7
    assert durations == [100] * 7


@pytest.mark.parametrize(("kind", "tick"), [("gif", 10), ("webp", 1)])
@pytest.mark.parametrize("fps", [0.5, 1, 7, 24, 30, 50])
def test_the_film_keeps_its_time(kind: str, tick: int, fps: float) -> None:
    """Each moment is at most half a tick of the format off, however long the film."""
    frames = np.repeat(GREY[:1, :1, :1], 61, axis=0)
    _, durations, _ = opened(animation(frames, fps, 1, kind))  # type: ignore[arg-type]
    moments = np.cumsum(durations)
    assert np.abs(moments - np.arange(1, 62) * 1000 / fps).max() <= tick / 2 + 1e-6


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_no_frame_is_so_short_that_browsers_stretch_it(kind: str) -> None:
    _, durations, _ = opened(animation(GREY, 1000, 1, kind))  # type: ignore[arg-type]
    assert min(durations) == 20


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_it_loops_for_ever(kind: str) -> None:
    assert opened(animation(GREY, 20, 1, kind))[2].info["loop"] == 0  # type: ignore[arg-type]


def test_a_gif_of_many_colours_is_near() -> None:
    """A 64 × 64 picture of 4096 different colours; with 256 of them no pixel can be right, but each must be near."""
    ramp = np.arange(64, dtype=np.uint8) * 4
    picture = np.stack([*np.meshgrid(ramp, ramp), np.full((64, 64), 90, dtype=np.uint8)], axis=-1)
    (back,), _, _ = opened(animation(picture[None], 10, 1, "gif"))
    error = np.abs(back.astype(int) - picture)
    # 16 × 16 boxes of 4 × 4 colours each would be at most 8 levels off and 4 on average
    assert error.mean() < 4
    assert np.percentile(error, 99) < 24


def test_webp_is_lossless_for_any_colours() -> None:
    frames = np.random.default_rng(2).integers(0, 256, (3, 40, 41, 3), dtype=np.uint8)
    back, _, _ = opened(animation(frames, 10, 1, "webp"))
    assert all((after == before).all() for before, after in zip(frames, back, strict=True))


def test_the_webp_file_is_whole() -> None:
    """By the container's specification: the size in the head is that of the file, chunks fill it and are even."""
    data = animation(GREY, 10, 3, "webp")
    assert data[:4] == b"RIFF"
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    place, names = 12, []
    while place < len(data):
        name, size = data[place : place + 4], struct.unpack("<I", data[place + 4 : place + 8])[0]
        names.append(name.decode())
        place += 8 + size + size % 2
    assert place == len(data)
    assert names == ["VP8X", "ANIM", *["ANMF"] * 7]


def test_png_comes_back_exactly() -> None:
    for picture in (GREY[0], FEW_COLOURS[0]):
        back = np.asarray(Image.open(io.BytesIO(png(picture, 4))))
        assert back.dtype == np.uint8
        assert (back == enlarged(picture, 4)).all()


def test_a_picture_that_is_a_view_is_saved_as_it_looks() -> None:
    turned = FEW_COLOURS[0].transpose(1, 0, 2)[::-1]
    assert (np.asarray(Image.open(io.BytesIO(png(turned, 1)))) == turned).all()


def test_filmstrip_puts_frames_side_by_side() -> None:
    strip = filmstrip(GREY, scale=2, gap=3)
    assert strip.shape == (16, 7 * 12 + 6 * 3)
    for i, frame in enumerate(GREY):
        assert (strip[:, 15 * i : 15 * i + 12] == enlarged(frame, 2)).all()
        assert (strip[:, 15 * i + 12 : 15 * i + 15] == 255).all()
    assert filmstrip(FEW_COLOURS, gap=0).shape == (4, 45, 3)


@pytest.mark.parametrize(
    ("frames", "fps", "scale", "kind", "words"),
    [
        (GREY, 10, 1, "avi", "kind is 'avi'; allowed: gif, webp, mp4"),
        (GREY.astype(float), 10, 1, "gif", r"frames are float64 \(7, 8, 6\); allowed: uint8"),
        (GREY[:0], 10, 1, "gif", r"frames are uint8 \(0, 8, 6\)"),
        (GREY[..., None], 10, 1, "gif", r"frames are uint8 \(7, 8, 6, 1\)"),
        (GREY, 0, 1, "gif", "fps is 0, scale 1; allowed: fps above 0"),
        (GREY, float("nan"), 1, "gif", "fps is nan"),
        (GREY, 10, 0, "webp", "scale 0; allowed"),
        (GREY, 10, 2048, "webp", "up to sides of 16383 pixels"),
    ],
)
def test_impossible_films_are_refused(frames: Pictures, fps: float, scale: int, kind: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        animation(frames, fps, scale, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mnist-2d", "mnist-2d"),
        ("3 → 7, β = 4", "3-7-4"),
        ("../../etc/passwd", "etc-passwd"),
        ("naïve Übung.gif", "naive-Ubung.gif"),
        ("a..b", "a.b"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("C:\\temp\\x?.png", "C-temp-x.png"),
        ("nul", "file-nul"),
        ("COM1.gif", "file-COM1.gif"),
        ("", "untitled"),
        ("…", "untitled"),
        ("日本", "untitled"),
        ("a\n\0b", "a-b"),
        ("x" * 300, "x" * 80),
        ("x" * 79 + "--y", "x" * 79),
    ],
)
def test_safe_file_names(text: str, name: str) -> None:
    assert safe_file_name(text) == name


# --- MP4, read back by ffmpeg


def read_mp4(data: bytes, folder: Path) -> tuple[Pictures, dict[str, object]]:
    """Frames as RGB and what the file says of itself."""
    (folder / "film.mp4").write_bytes(data)
    reader = imageio_ffmpeg.read_frames(str(folder / "film.mp4"))
    facts = next(reader)
    width, height = facts["size"]
    return np.stack([np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader]), facts


@pytest.mark.parametrize(
    ("shape", "scale", "size"), [((12, 28, 28), 9, (252, 252)), ((7, 25, 15, 3), 3, (46, 76)), ((1, 8, 8), 16, (128, 128))]
)
def test_an_mp4_has_the_frames_that_went_in(shape: tuple[int, ...], scale: int, size: tuple[int, int], tmp_path: Path) -> None:
    ramp = np.linspace(20, 235, shape[0])  # every frame of one tone: what compression keeps
    frames = np.broadcast_to(ramp.reshape(-1, *[1] * (len(shape) - 1)), shape).astype(np.uint8)
    back, facts = read_mp4(animation(frames, 20, scale, "mp4"), tmp_path)
    assert len(back) == shape[0]
    assert facts["size"] == size  # even, whatever went in
    assert facts["fps"] == 20
    assert facts["codec"] == "h264"
    assert facts["duration"] == pytest.approx(shape[0] / 20, abs=0.03)
    np.testing.assert_allclose(back.mean((1, 2, 3)), ramp, atol=4)


def test_an_mp4_shows_the_same_pictures(tmp_path: Path) -> None:
    """Of a smooth grey picture hardly a grey level is lost."""
    y, x = np.mgrid[:16, :16]
    frames = np.stack([np.round(127 + 100 * np.sin(x / 4 + t) * np.cos(y / 5)).astype(np.uint8) for t in np.linspace(0, 2, 9)])
    back, _ = read_mp4(animation(frames, 20, 8, "mp4"), tmp_path)
    assert np.abs(back.astype(float) - rgb(enlarged(frames.reshape(-1, 16), 8)).reshape(9, 128, 128, 3)).mean() < 2


@pytest.mark.parametrize("wrong", [{"fps": 0}, {"scale": 0}, {"scale": 2000}])
def test_an_mp4_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="allowed"):
        animation(GREY, kind="mp4", **{"fps": 20, "scale": 2, **wrong})


@pytest.mark.parametrize("kind", ["gif", "webp", "mp4"])
def test_progress_rises_to_one(kind: str) -> None:
    heard: list[float] = []
    animation(GREY, 20, 2, kind, heard.append)  # type: ignore[arg-type]
    np.testing.assert_allclose(heard, (np.arange(len(GREY)) + 1) / len(GREY))


# --- codes and grids


def test_codes_come_back_from_csv_with_all_their_digits() -> None:
    codes = np.random.default_rng(3).standard_normal((5, 3)).astype(np.float32) * np.array([1e-6, 1, 1e5], np.float32)
    rows = list(csv.DictReader(io.StringIO(codes_csv(codes).decode())))
    assert list(rows[0]) == ["frame", "t", "z1", "z2", "z3"]
    assert [row["frame"] for row in rows] == list("01234")
    assert [float(row["t"]) for row in rows] == [0, 0.25, 0.5, 0.75, 1]
    back = np.array([[float(row[f"z{k}"]) for k in (1, 2, 3)] for row in rows], np.float32)
    np.testing.assert_array_equal(back, codes)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (3, 1, 4, 5, 3), (1, 1, 2, 2)])
def test_a_sheet_has_every_picture_in_its_place(shape: tuple[int, ...]) -> None:
    pictures = np.random.default_rng(4).integers(0, 200, shape, dtype=np.uint8)
    whole = sheet(pictures, gap=2)
    rows, columns, height, width = shape[:4]
    assert whole.shape[:2] == (rows * (height + 2) - 2, columns * (width + 2) - 2)
    for i in range(rows):
        for j in range(columns):
            top, left = i * (height + 2), j * (width + 2)
            np.testing.assert_array_equal(whole[top : top + height, left : left + width], pictures[i, j])
    assert (whole == 255).sum() == whole.size - pictures.size  # all else is white
