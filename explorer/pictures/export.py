"""How do pictures leave the page? As PNG, as a film in GIF, WebP or MP4, as a strip, under a name that every system takes; codes as CSV.

T frames, H × W pixels, uint8, grey or RGB; enlarged by whole factors, never blurred. Films loop for ever and hold
exactly T frames: Pillow's own writer merges frames that are alike, so the files are put together here from single
frames that Pillow has packed.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.GifImagePlugin import getdata

from explorer.pictures.arrays import strip

Pictures = NDArray[np.uint8]
Film = Literal["gif", "webp", "mp4"]
Report = Callable[[float], None]

FRAME, DASH = 2, 2  # pixels around a frame of low density, and the length of a dash
MAX_FPS = 50.0  # browsers show a frame that lasts less than 20 ms for 100 ms
MAX_SIDE = {"gif": 65_535, "webp": 16_383, "mp4": 8_192}  # pixels, by the formats and their players
MP4_QUALITY = 12  # crf of H.264, 0 lossless to 51: no loss is seen
MAX_NAME = 80  # characters
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10))}


def png(picture: Pictures, scale: int = 1) -> bytes:
    """(H, W) or (H, W, 3) → a PNG file."""
    return _saved(_image(_enlarged(picture, scale)), "PNG", optimize=True)


def filmstrip(frames: Pictures, scale: int = 1, gap: int = 1) -> Pictures:
    """(T, H, W) or (T, H, W, 3) → one picture, frames side by side with `gap` white pixels between them."""
    return strip([_enlarged(frame, scale) for frame in frames], gap)


def animation(frames: Pictures, fps: float, scale: int, kind: Film, report: Report = lambda share: None) -> bytes:
    """(T, H, W) or (T, H, W, 3) → a film that loops for ever, `fps` frames per second (at most 50).

    WebP is lossless. GIF is exact for grey frames and for those of up to 256 colours; others get 256 of their own.
    MP4 is H.264, playable everywhere, and loses a little colour; it is for its player to loop it.
    report: hears the share that is done, for a progress bar.
    """
    _check(frames, fps, scale, kind)
    if kind == "mp4":
        return _mp4(frames, fps, scale, report)
    height, width = frames.shape[1] * scale, frames.shape[2] * scale
    pack = _gif_frame if kind == "gif" else _webp_frame
    tick_ms = 10 if kind == "gif" else 1
    packed = []
    for i, ms in enumerate(_durations_ms(len(frames), fps, tick_ms)):
        packed.append(pack(frames[i], scale, ms))
        report((i + 1) / len(frames))
    return _gif(packed, width, height) if kind == "gif" else _webp(packed, width, height)


def codes_csv(codes: NDArray[np.float32], classes: Sequence[str] | None = None) -> bytes:
    """Codes (T, K) as CSV: a header, then a row a frame: its number from 0, the share of the way t, z1 to zK with all their digits.

    classes (T,): names of what the decoder is told, for a class-conditional model: one more column, `decoded_as`.
    """
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["frame", "t", *(f"z{k + 1}" for k in range(codes.shape[1])), *(["decoded_as"] if classes is not None else [])])
    last = max(1, len(codes) - 1)
    for i, row in enumerate(codes.tolist()):
        rows.writerow([i, f"{i / last:.6f}", *(f"{value:.9g}" for value in row), *([classes[i]] if classes is not None else [])])
    return out.getvalue().encode()


def framed(frames: Pictures, low: NDArray[np.bool_]) -> Pictures:
    """(T, H, W) or (T, H, W, 3) → the same pixels with a dashed frame around those of low density (T,); as they are where none is.

    `FRAME` pixels are added on every side of all frames, so that a film keeps one size: a white line, and around it the dashes.
    """
    if not low.any():
        return frames
    height, width = frames.shape[1] + 2 * FRAME, frames.shape[2] + 2 * FRAME
    out = np.full((len(frames), height, width, *frames.shape[3:]), 255, np.uint8)
    row, column = np.arange(height)[:, None], np.arange(width)[None]
    on_rim = (row == 0) | (row == height - 1) | (column == 0) | (column == width - 1)
    dashes = on_rim & ((row + column) // DASH % 2 == 0)
    for i in np.flatnonzero(low):
        out[i][dashes] = 0
    out[:, FRAME:-FRAME, FRAME:-FRAME] = frames
    return out


def sheet(rows: Pictures, gap: int = 1) -> Pictures:
    """(R, C, H, W) or (R, C, H, W, 3) → one picture, R rows of C with `gap` white pixels between them."""
    lines = [strip(list(row), gap) for row in rows]
    space = np.full((gap, *lines[0].shape[1:]), 255, np.uint8)
    return np.concatenate([part for line in lines for part in (line, space)][:-1])


def safe_file_name(text: str) -> str:
    """Letters, digits, point, dash and underscore; never empty, hidden, reserved or too long."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    name = re.sub(r"[^A-Za-z0-9._]+", "-", letters)
    name = re.sub(r"-*\.[-.]*", ".", name).strip("-._")[:MAX_NAME].rstrip("-._")
    return f"file-{name}" if name.split(".")[0].lower() in RESERVED else name or "untitled"


def _check(frames: Pictures, fps: float, scale: int, kind: str) -> None:
    if kind not in MAX_SIDE:
        raise ValueError(f"kind is {kind!r}; allowed: {', '.join(MAX_SIDE)}")
    if frames.dtype != np.uint8 or frames.ndim not in (3, 4) or 0 in frames.shape or frames.shape[3:] not in ((), (3,)):
        raise ValueError(f"frames are {frames.dtype} {frames.shape}; allowed: uint8 (T, H, W) or (T, H, W, 3), none empty")
    if not fps > 0 or scale < 1 or max(frames.shape[1:3]) * scale > MAX_SIDE[kind]:
        raise ValueError(f"fps is {fps}, scale {scale}; allowed: fps above 0, scale 1 up to sides of {MAX_SIDE[kind]} pixels")


def _durations_ms(n: int, fps: float, tick_ms: int) -> list[int]:
    """Whole ticks whose sum never strays by more than half a tick: 30 fps in GIF is 30, 40, 30 ms ..."""
    ends = np.floor(np.arange(n + 1) * 1000 / min(fps, MAX_FPS) / tick_ms + 0.5).astype(int) * tick_ms
    return [int(ms) for ms in np.diff(ends)]


# --- GIF 89a


def _gif(packed: list[bytes], width: int, height: int) -> bytes:
    """No palette for all; the Netscape block says: repeat for ever."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x70, 0, 0)
    forever = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    return screen + forever + b"".join(packed) + b";"


def _gif_frame(frame: Pictures, scale: int, ms: int) -> bytes:
    """Its own palette, its duration, its pixels."""
    index, palette = _palette(frame)
    image = Image.fromarray(_enlarged(index, scale)).convert("P")
    image.putpalette(palette.tobytes())
    return b"".join(getdata(image, (0, 0), duration=ms, disposal=1, include_color_table=True))


def _palette(frame: Pictures) -> tuple[Pictures, Pictures]:
    """index (H, W) and palette (n, 3), n ≤ 256: every colour exactly, if there are not too many."""
    if frame.ndim == 2:
        return frame, np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    red, green, blue = np.moveaxis(frame.astype(np.uint32), -1, 0)
    numbers, index = np.unique(red << 16 | green << 8 | blue, return_inverse=True)  # rows as numbers: 40 times as fast
    if len(numbers) <= 256:
        colours = np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=1).astype(np.uint8)
        return index.reshape(frame.shape[:2]).astype(np.uint8), colours
    best = Image.fromarray(frame).quantize(256, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    flat = np.array(best.getpalette("RGB"), dtype=np.uint8)
    return np.asarray(best), flat.reshape(-1, 3)


# --- WebP: RIFF chunks (WebP Container Specification)


def _webp(packed: list[bytes], width: int, height: int) -> bytes:
    """VP8X says that it is a film and how large, ANIM that it loops for ever on no colour, then the frames."""
    is_film = 0b10
    header = _chunk(b"VP8X", struct.pack("<I", is_film) + _three(width - 1) + _three(height - 1))
    loop = _chunk(b"ANIM", struct.pack("<IH", 0, 0))
    size = _three(width - 1) + _three(height - 1)
    frames = b"".join(_chunk(b"ANMF", _three(0) + _three(0) + size + frame) for frame in packed)
    return _chunk(b"RIFF", b"WEBP" + header + loop + frames)


def _webp_frame(frame: Pictures, scale: int, ms: int) -> bytes:
    """Duration, "replace what is there", and the still picture's own chunks."""
    replaces = 0b10
    still = _saved(_image(_enlarged(frame, scale)).convert("RGB"), "WEBP", lossless=True, quality=50, method=4)
    return _three(ms) + bytes([replaces]) + still[12:]  # behind RIFF, size, WEBP


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


# --- MP4


def _mp4(frames: Pictures, fps: float, scale: int, report: Report) -> bytes:
    """Sides are even, as the format wants: an odd one gets its last row of pixels twice."""
    import imageio_ffmpeg  # brings its own ffmpeg

    colours = frames if frames.ndim == 4 else np.repeat(frames[..., None], 3, axis=3)
    height, width = _even(_enlarged(colours[0], scale)).shape[:2]
    with tempfile.TemporaryDirectory() as folder:  # the format's index is written last, to its front: no pipe can do that
        path = Path(folder) / "film.mp4"
        writer = imageio_ffmpeg.write_frames(
            str(path),
            (width, height),
            fps=min(fps, MAX_FPS),
            codec="libx264",
            quality=None,
            macro_block_size=2,
            ffmpeg_log_level="error",
            pix_fmt_out="yuv420p",
            output_params=["-crf", str(MP4_QUALITY), "-preset", "veryfast", "-movflags", "+faststart"],
        )
        writer.send(None)
        for i, frame in enumerate(colours):
            writer.send(np.ascontiguousarray(_even(_enlarged(frame, scale))))
            report((i + 1) / len(frames))
        writer.close()
        return path.read_bytes()


# --- pictures


def _enlarged(picture: Pictures, scale: int) -> Pictures:
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def _even(picture: Pictures) -> Pictures:
    """With sides that two divides."""
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _image(picture: Pictures) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(picture))


def _saved(image: Image.Image, format_: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()
