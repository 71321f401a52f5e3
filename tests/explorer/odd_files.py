"""Which odd files may a person upload? A table of them, each made here: a name, bytes, and what is to be expected."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image, ImageCms, ImageDraw

PICTURE = "a picture"
NO_IMAGE, DAMAGED, LARGE, BLANK = (
    "is not an image that can be read",
    "is damaged or cut off",
    "megapixels; allowed: at most",
    "looks blank",
)
SIDE = 6320  # its square is just below 40 megapixels


@dataclass(frozen=True)
class Odd:
    """name: of the file · make: its bytes, made when asked for · expected: `PICTURE`, or words of the sentence, for a model of handwriting
    and for one of photographs."""

    name: str
    make: Callable[[], bytes]
    expected: tuple[str, str]


def drawing(width: int = 120, height: int = 120, mode: str = "L") -> Image.Image:
    """One dark stroke on light paper."""
    image = Image.new("L", (width, height), 245)
    ImageDraw.Draw(image).rectangle([width * 0.45, height * 0.2, width * 0.55, height * 0.8], fill=15)
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **settings: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **settings)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_head(width: int, height: int, depth: int = 8, colour: int = 0) -> bytes:
    """Says how large it is and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def png_with(*chunks: bytes) -> bytes:
    """A sound picture with chunks after its header."""
    data = saved(drawing(), "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def png_with_a_wrong_checksum() -> bytes:
    data = bytearray(saved(drawing(), "PNG"))
    data[29] ^= 0xFF  # of the header
    return bytes(data)


def png_of_too_few_rows() -> bytes:
    """Its header says 120 rows, its pixels are of 40."""
    data = saved(drawing(120, 40), "PNG")
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 120, 120, 8, 0, 0, 0, 0))
    return data[:8] + header + data[33:]


def bmp_head(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def gif_head(width: int, height: int) -> bytes:
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0xF0, 0, 0)
        + bytes(6)
        + b","
        + struct.pack("<HHHHB", 0, 0, width, height, 0)
        + b"\x02\x02\x4c\x01\x00;"
    )


def webp_head(width: int, height: int) -> bytes:
    """An extended header, whose sides have 24 bits, and a lossless one of one pixel."""
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    one = saved(Image.new("RGB", (1, 1)), "WEBP", lossless=True)[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(extended) + len(one)) + b"WEBP" + extended + one


def tiff_head(width: int, height: int) -> bytes:
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, 10),
    ]
    return (
        b"II*\0"
        + struct.pack("<I", 8)
        + struct.pack("<H", len(tags))
        + b"".join(struct.pack("<HHII", *tag) for tag in tags)
        + bytes(4)
    )


def jpeg_head(width: int, height: int) -> bytes:
    data = bytearray(saved(drawing(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def turned(kind: str, orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(drawing(120, 160), kind, exif=exif)


def with_exif(raw: bytes, kind: str = "JPEG") -> bytes:
    return saved(drawing(), kind, exif=raw)


def nan_tiff(side: int = 50) -> bytes:
    values = np.full((side, side), 0.5, np.float32)
    values[7, 3] = np.nan
    return saved(Image.fromarray(values), "TIFF", compression="tiff_deflate")


def film(kind: str) -> bytes:
    frames = [drawing(120, 120, "RGB"), *(Image.new("RGB", (120, 120), colour) for colour in ("red", "green"))]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


def palette(transparent: bool) -> bytes:
    return saved(drawing().convert("P"), "PNG", **({"transparency": 245} if transparent else {}))


def rgba(alpha: int, ink: int = 15) -> bytes:
    image = drawing(mode="RGB").convert("RGBA") if ink else Image.new("RGBA", (120, 120), (0, 0, 0, 0))
    image.putalpha(alpha)
    return saved(image, "PNG")


def deep(kind: type, high: float) -> Image.Image:
    return Image.fromarray((np.asarray(drawing(), float) / 255 * high).astype(kind))


def plain(level: int, mode: str = "L", size: tuple[int, int] = (120, 120)) -> bytes:
    return saved(Image.new("L", size, level).convert(mode), "PNG")


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def large(mode: str, kind: str, **settings: object) -> bytes:
    """As many pixels as are allowed."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(drawing(SIDE, SIDE, mode), kind, **({"exif": exif} if kind != "GIF" else {}), **settings)


def large_deep(kind: type) -> bytes:
    return saved(Image.fromarray(np.asarray(drawing(SIDE, SIDE)).astype(kind) * kind(200)), "TIFF", compression="tiff_deflate")


def avif() -> bytes:
    """A file of that kind, whether or not Pillow can write one here."""
    return struct.pack(">I", 28) + b"ftypavif" + bytes(4) + b"avifmif1miaf" + bytes(200)


def heic() -> bytes:
    return struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(200)


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def both(words: str) -> tuple[str, str]:
    return words, words


def sheet(words: str = BLANK) -> tuple[str, str]:
    """An even sheet is no drawing, but it is a photograph."""
    return words, PICTURE


ODD: dict[str, Odd] = {
    # what is no image, or not one of the kinds that are read
    "zero bytes": Odd("a.png", lambda: b"", both("is empty (0 bytes)")),
    "one byte": Odd("a.png", lambda: b"\x89", both(NO_IMAGE)),
    "only a signature": Odd("a.png", lambda: b"\x89PNG\r\n\x1a\n", both(NO_IMAGE)),
    "text": Odd("a.png", lambda: b"this is no picture\n", both(NO_IMAGE)),
    "noise": Odd("a.jpg", lambda: np.random.default_rng(0).bytes(5000), both(NO_IMAGE)),
    "zeros": Odd("a.bmp", lambda: bytes(5000), both(NO_IMAGE)),
    "SVG": Odd("a.svg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', both(NO_IMAGE)),
    "SVG called PNG": Odd("a.png", lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', both(NO_IMAGE)),
    "PDF": Odd("a.pdf", lambda: saved(drawing(), "PDF"), both(NO_IMAGE)),
    "HTML": Odd("a.png", lambda: b"<!doctype html><img src=x onerror=alert(1)>", both(NO_IMAGE)),
    "zip called PNG": Odd("a.png", lambda: zipped("b.png", saved(drawing(), "PNG")), both(NO_IMAGE)),
    "a program": Odd("a.png", lambda: b"MZ" + bytes(100) + b"PE\0\0", both(NO_IMAGE)),
    "a pickle": Odd("a.png", lambda: b"\x80\x04\x95\x1f\0\0\0\0\0\0\0\x8c\x05posix\x8c\x06system\x93.", both(NO_IMAGE)),
    "PostScript": Odd("a.eps", lambda: saved(drawing(mode="RGB"), "EPS"), both(NO_IMAGE)),
    "JPEG 2000": Odd("a.jp2", lambda: saved(drawing(), "JPEG2000"), both(NO_IMAGE)),
    "AVIF": Odd("a.avif", avif, both(NO_IMAGE)),
    "HEIC": Odd("a.heic", heic, both(NO_IMAGE)),
    "ICO": Odd("a.ico", lambda: saved(drawing(64, 64), "ICO"), both(NO_IMAGE)),
    "PPM": Odd("a.ppm", lambda: saved(drawing(), "PPM"), both(PICTURE)),
    "PGM": Odd("a.pgm", lambda: saved(drawing(), "PPM"), both(PICTURE)),
    "truncated PGM": Odd("a.pgm", lambda: saved(drawing(), "PPM")[:200], both(DAMAGED)),
    "TGA": Odd("a.tga", lambda: saved(drawing(), "TGA"), both(NO_IMAGE)),
    "PSD head": Odd("a.psd", lambda: b"8BPS\0\x01" + bytes(200), both(NO_IMAGE)),
    "21 MB": Odd("a.png", lambda: bytes(21_000_000), both("has 21.0 MB; allowed: at most 20 MB")),
    # damaged
    "truncated PNG": Odd("a.png", lambda: saved(drawing(), "PNG")[:-90], both(DAMAGED)),
    "truncated JPEG": Odd("a.jpg", lambda: saved(drawing(), "JPEG")[:700], both(DAMAGED)),
    "truncated WebP": Odd("a.webp", lambda: saved(drawing(), "WEBP")[:100], both(DAMAGED)),
    "truncated TIFF": Odd("a.tif", lambda: saved(drawing(), "TIFF")[:300], both(DAMAGED)),
    "truncated GIF": Odd("a.gif", lambda: saved(drawing(), "GIF")[:-200], both(DAMAGED)),
    "truncated BMP": Odd("a.bmp", lambda: saved(drawing(), "BMP")[:2000], both(DAMAGED)),
    "PNG with a wrong checksum": Odd("a.png", png_with_a_wrong_checksum, both(NO_IMAGE)),
    "PNG of too few rows": Odd("a.png", png_of_too_few_rows, both(PICTURE)),
    "PNG without pixels": Odd("a.png", lambda: png_head(0, 10), both(NO_IMAGE)),
    "PNG of an unknown colour type": Odd("a.png", lambda: png_head(10, 10, 8, 5), both(NO_IMAGE)),
    "JPEG without its tables": Odd("a.jpg", lambda: saved(drawing(), "JPEG").replace(b"\xff\xdb", b"\xff\xfe"), both(DAMAGED)),
    "BMP of negative width": Odd("a.bmp", lambda: bmp_head(-9, 9), both(LARGE)),
    "TIFF whose directory is a circle": Odd("a.tif", lambda: tiff_head(4, 4)[:-4] + struct.pack("<I", 8), sheet()),
    # bombs: a few bytes that say they are huge
    "PNG of 50 000 × 50 000": Odd("a.png", lambda: png_head(50_000, 50_000), both(LARGE)),
    "PNG of 2³¹ − 1 squared": Odd("a.png", lambda: png_head(2**31 - 1, 2**31 - 1), both(LARGE)),
    "BMP of 50 000 × 50 000": Odd("a.bmp", lambda: bmp_head(50_000, 50_000), both(LARGE)),
    "GIF of 50 000 × 50 000": Odd("a.gif", lambda: gif_head(50_000, 50_000), both(LARGE)),
    "WebP of 50 000 × 50 000": Odd("a.webp", lambda: webp_head(50_000, 50_000), both(LARGE)),
    "TIFF of 50 000 × 50 000": Odd("a.tif", lambda: tiff_head(50_000, 50_000), both(LARGE)),
    "JPEG of 50 000 × 50 000": Odd("a.jpg", lambda: jpeg_head(50_000, 50_000), both(LARGE)),
    "progressive JPEG of 36 megapixels": Odd(
        "a.jpg", lambda: saved(Image.new("L", (6000, 6000), 200), "JPEG", progressive=True), both("at most 24 megapixels")
    ),
    "WebP of 17 megapixels": Odd(
        "a.webp", lambda: saved(Image.new("RGB", (4200, 4100)), "WEBP", method=0), both("at most 16 megapixels")
    ),
    "PNG of 40 megapixels without them": Odd("a.png", lambda: png_head(SIDE, SIDE), both(DAMAGED)),
    "PNG whose text is 64 MB": Odd(
        "a.png", lambda: png_with(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64_000_000)))), both(DAMAGED)
    ),
    "PNG with 80 texts of 1 MB": Odd(
        "a.png",
        lambda: png_with(*(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1_000_000))) for _ in range(80))),
        both(DAMAGED),
    ),
    "PNG whose profile is 64 MB": Odd(
        "a.png", lambda: png_with(chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(64_000_000)))), both(DAMAGED)
    ),
    # sound pictures of unusual kinds
    "wrong extension": Odd("a.gif", lambda: saved(drawing(), "JPEG"), both(PICTURE)),
    "no extension": Odd("a", lambda: saved(drawing(), "PNG"), both(PICTURE)),
    "animated GIF": Odd("a.gif", lambda: film("GIF"), both(PICTURE)),
    "animated WebP": Odd("a.webp", lambda: film("WEBP"), both(PICTURE)),
    "animated PNG": Odd("a.png", lambda: film("PNG"), both(PICTURE)),
    "TIFF of three pages": Odd("a.tif", lambda: film("TIFF"), both(PICTURE)),
    "16 bits": Odd("a.png", lambda: saved(deep(np.uint16, 65535), "PNG"), both(PICTURE)),
    "32 bits": Odd("a.tif", lambda: saved(deep(np.int32, 65535), "TIFF"), both(PICTURE)),
    "real numbers": Odd("a.tif", lambda: saved(deep(np.float32, 1.0), "TIFF"), both(PICTURE)),
    "NaN TIFF": Odd("a.tif", nan_tiff, both("row 7, column 3 is not a number")),
    "large NaN TIFF": Odd("a.tif", lambda: nan_tiff(5000), both("row 7, column 3 is not a number")),
    "CMYK JPEG": Odd("a.jpg", lambda: saved(drawing(mode="CMYK"), "JPEG"), both(PICTURE)),
    "CMYK TIFF": Odd("a.tif", lambda: saved(drawing(mode="CMYK"), "TIFF"), both(PICTURE)),
    "Lab TIFF": Odd("a.tif", lambda: saved(drawing(mode="RGB").convert("LAB"), "TIFF"), both(PICTURE)),
    "1 bit": Odd("a.png", lambda: saved(drawing(mode="1"), "PNG"), both(PICTURE)),
    "1 bit TIFF, fax": Odd("a.tif", lambda: saved(drawing(mode="1"), "TIFF", compression="group4"), both(PICTURE)),
    "palette": Odd("a.png", lambda: palette(False), both(PICTURE)),
    "palette with transparency": Odd("a.png", lambda: palette(True), both(PICTURE)),
    "grey with alpha": Odd("a.png", lambda: saved(drawing(mode="LA"), "PNG"), both(PICTURE)),
    "half transparent": Odd("a.png", lambda: rgba(128), both(PICTURE)),
    "interlaced PNG": Odd("a.png", lambda: saved(drawing(), "PNG", interlace=1), both(PICTURE)),
    "progressive JPEG": Odd("a.jpg", lambda: saved(drawing(), "JPEG", progressive=True), both(PICTURE)),
    **{
        f"EXIF turned {kind}": Odd(f"a.{kind.lower()}", partial(turned, kind), both(PICTURE))
        for kind in ("JPEG", "PNG", "WEBP", "TIFF")
    },
    "corrupt EXIF": Odd("a.jpg", lambda: with_exif(b"Exif\0\0II*\0\xff\xff\xff\xff"), both(PICTURE)),
    "EXIF of nonsense": Odd("a.jpg", lambda: with_exif(b"Exif\0\0" + bytes(range(256))), both(PICTURE)),
    "EXIF orientation 99": Odd("a.jpg", lambda: turned("JPEG", 99), both(PICTURE)),
    "ICC profile": Odd("a.png", lambda: saved(drawing(mode="RGB"), "PNG", icc_profile=srgb()), both(PICTURE)),
    "corrupt ICC profile": Odd("a.jpg", lambda: saved(drawing(mode="RGB"), "JPEG", icc_profile=b"\xff" * 3000), both(PICTURE)),
    "trailing rubbish": Odd("a.png", lambda: saved(drawing(), "PNG") + b"<script>" * 1000, both(PICTURE)),
    "HTML in a comment": Odd("a.jpg", lambda: saved(drawing(), "JPEG", comment=b"<script>alert(1)</script>"), both(PICTURE)),
    # empty or of odd sizes
    "fully transparent": Odd("a.png", lambda: rgba(0, 0), sheet()),
    "fully black": Odd("a.png", lambda: plain(0), sheet()),
    "fully white": Odd("a.png", lambda: plain(255, "RGB"), sheet()),
    "black of the model's size": Odd("a.png", lambda: plain(0, size=(28, 28)), sheet()),
    "1 × 1": Odd("a.png", lambda: plain(90, size=(1, 1)), sheet()),
    "1 × 10 000": Odd("a.png", lambda: plain(90, size=(1, 10_000)), sheet()),
    "10 000 × 1": Odd("a.png", lambda: plain(90, size=(10_000, 1)), sheet()),
    "1 × 10 000 with ink": Odd("a.png", lambda: saved(drawing(1, 10_000), "PNG"), both(PICTURE)),
    "2 × 2": Odd("a.png", lambda: plain(90, size=(2, 2)), sheet()),
    # names
    "markup as a name": Odd("<img src=x onerror=alert(1)>.png", lambda: b"no", both(NO_IMAGE)),
    "Markdown as a name": Odd("![x](http://example.com/x.png) **b** $x^2$.png", lambda: b"no", both(NO_IMAGE)),
    "a name of 300 letters": Odd("x" * 296 + ".png", lambda: b"no", both(NO_IMAGE)),
    "a name with control characters": Odd("a\x1b[31m\r\nb.png", lambda: b"no", both(NO_IMAGE)),
    "a name with a null": Odd("a\x00b.png", lambda: b"no", both(NO_IMAGE)),
    "a name that reads backwards": Odd("a\u202egnp.exe", lambda: b"no", both(NO_IMAGE)),
    "a name that is a path": Odd("../../etc/passwd.png", lambda: b"no", both(NO_IMAGE)),
    "a name that is no Unicode": Odd("a\udcff.png", lambda: b"no", both(NO_IMAGE)),
    "no name": Odd("", lambda: b"no", both(NO_IMAGE)),
}

LARGE_ONES: dict[str, Callable[[], bytes]] = {
    "RGBA PNG": partial(large, "RGBA", "PNG", compress_level=1),
    "palette GIF": partial(large, "P", "GIF"),
    "palette and transparency": partial(large, "P", "PNG", transparency=0, compress_level=1),
    "JPEG": partial(large, "RGB", "JPEG"),
    "progressive JPEG of 24 megapixels": lambda: saved(drawing(4898, 4898, "CMYK"), "JPEG", progressive=True),
    "RGBA TIFF": partial(large, "RGBA", "TIFF", compression="tiff_deflate"),
    "16 bits TIFF": partial(large_deep, np.uint16),
    "real TIFF": partial(large_deep, np.float32),
    "WebP of 16 megapixels": lambda: saved(drawing(4000, 4000, "RGBA"), "WEBP", lossless=True, method=0),
}
