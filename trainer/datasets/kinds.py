"""Which files are pictures, which are pictures that cannot be read here, and which did another program put beside them?

One list for folders, archives and uploads: the same file gets the same answer at every door.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from trainer.numerals import count, counted

# Pillow reads many more; each further decoder is a risk without a use here. A phone's MPO is opened as JPEG
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM")
ALLOWED = "PNG, JPEG, WebP, GIF, BMP, TIFF or PGM/PPM"
PICTURES = (
    *("png", "apng", "jpg", "jpeg", "jpe", "jfif", "jfi", "jif", "webp", "gif", "bmp", "dib", "tif", "tiff"),
    *("pgm", "ppm", "pbm", "pnm"),
)
_OTHER_PICTURES = {
    "heic",
    "heif",
    "avif",
    "jxl",
    "jp2",
    "j2k",
    "svg",
    "psd",
    "xcf",
    "ico",
    "icns",
    "tga",
    "exr",
    "hdr",
    "eps",
    "pdf",
    "dds",
}
_CAMERAS = {"dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf", "raw"}
_SCIENCE = {"dcm", "nii", "mha", "nd2", "czi", "lif", "svs", "fits", "h5", "hdf5"}
_FILMS = {"mp4", "mov", "avi", "mkv", "webm"}
_ARRAYS = {"npy", "npz", "mat", "pt", "pkl"}
# pictures, volumes and films that are none of those; what else lies beside pictures (texts, tables) is told by its ending only
UNREAD = frozenset(_OTHER_PICTURES | _CAMERAS | _SCIENCE | _FILMS | _ARRAYS)
ARCHIVES = ("zip", "gz", "tar", "tgz", "7z", "rar", "bz2", "xz")
# put there by file managers, cameras, network storage, editors and version control; compared in lower case
_SYSTEM_FOLDERS = {
    "__macosx",
    "$recycle.bin",
    "recycler",
    "system volume information",
    "lost+found",
    "lost.dir",
    "thumbs",
    ".thumbnails",
}
_STORAGE_FOLDERS = {"@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot"}
LITTER_FOLDERS = frozenset(_SYSTEM_FOLDERS | _STORAGE_FOLDERS | {"__pycache__", "node_modules"})
LITTER_FILES = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "albumart.jpg", "folder.jpg.thumb"))
NAMED = 10  # in a note


def ending(name: str) -> str:
    """In lower case, without its dot; empty where there is none. Both slashes part folders: archives of Windows have either."""
    last = re.split(r"[/\\]", name)[-1]
    stem, dot, tail = last.rpartition(".")
    return tail.lower() if dot and stem else ""


def is_picture(name: str) -> bool:
    """By its ending."""
    return ending(name) in PICTURES


def is_litter(name: str) -> bool:
    """Whether a path is another program's or hidden: one of its folders is, or the file itself."""
    *folders, file = re.split(r"[/\\]", name)
    return file.startswith(".") or file.lower() in LITTER_FILES or any(is_litter_folder(folder) for folder in folders)


def is_litter_folder(name: str) -> bool:
    """Whether a folder is another program's or hidden: .git, .ipynb_checkpoints, @eaDir …"""
    return (name.startswith(".") and name not in (".", "..")) or name.lower() in LITTER_FOLDERS


def left_out(files: Iterable[str]) -> str:
    """“24 files left out, which are no pictures that can be read here: 12 .heic, 12 .txt …”, or nothing: files are told by ending."""
    kinds = Counter(ending(file) for file in files)
    if not kinds:
        return ""
    n = sum(kinds.values())
    told = ", ".join(f"{count(k)} {f'.{kind}' if kind else 'without an ending'}" for kind, k in kinds.most_common(NAMED))
    more = len(kinds) - NAMED
    remedy = f"; formats that are read: {ALLOWED}; save them as PNG" if UNREAD & set(kinds) else ""
    rest = f" and {counted(more, 'other ending')}" if more > 0 else ""
    return f"{files_word(n)} left out, no {'picture' if n == 1 else 'pictures'} by ending: {told}{rest}{remedy}"


def files_word(n: int) -> str:
    return counted(n, "file")


def named(files: Iterable[str]) -> str:
    """The first names of a list, in a line that can be printed."""
    listed = list(files)
    more = len(listed) - NAMED
    text = ", ".join(listed[:NAMED]) + (f" and {count(more)} more" if more > 0 else "")
    return printable(text)


def printable(text: str) -> str:
    """A name in some other encoding, or with line breaks, could not be printed or sent to a browser."""
    return re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", " ", text.encode("utf-8", "replace").decode())


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which 2 comes before 10: runs of digits count as numbers."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return (*(_number(part) if part.isdigit() and part.isascii() else (1, 0, part) for part in parts if part), (2, 0, text))


def _number(digits: str) -> tuple[int, int, str]:
    """A longer one is larger: Python turns no more than 4300 digits into a number."""
    return 0, len(short := digits.lstrip("0")), short
