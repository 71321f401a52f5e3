"""How does a run become one HTML file that works from disk, with no network and no server?

The page is three fixed parts, a style sheet, a program and a frame, and one block of base64: the run's maps, networks and words
(`surface.run_bundle`). Nothing of a run is written as HTML but its name, escaped, as the title; the program shows words as text only. The
policy in the head allows exactly these styles and this program, by hash, and no connection to anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import html
import os
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from string import Template

from explorer.surface import bundles
from explorer.surface.film import pack_film_bundle
from explorer.surface.run_bundle import pack_run_bundle
from explorer.surface.training import pack_training
from trainer.datasets import Dataset, piano_roll
from trainer.errors import LatentError
from trainer.runs.catalogue import HOME
from trainer.runs.read import Run

# before the program runs: no white flash in the dark, and a word for those who switched programs off
BASE_STYLE = """
html{background:#fff}body{margin:0}
@media (prefers-color-scheme:dark){html{background:#14171c}}
.wait{margin:0;padding:28px 32px;color:#545d68}
@media (prefers-color-scheme:dark){.wait{color:#a9b3bf}}
"""

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Latent Atlas">
<title>$title · Latent Atlas</title>
$icon<style>$base</style>
<style>$page</style>
</head>
<body>
<div id="$root" class="lp-root"><p class="wait">$wait</p></div>
<noscript><p class="wait">This page is a program that runs in your browser: allow scripts for it to see anything.</p></noscript>
$blocks$programs
</body>
</html>
""")


def html_page(run: Run, learns: bool = False, film: bool = True, view: str = "") -> bytes:
    """The whole file.

    learns: with the program of a worker that trains, as text, and a policy that lets the page start it
    film: with the film of the training, where the run has one
    view: what stands after # in a link to the page that opens as this one is; nothing for a page as it is at first
    """
    blocks = inert_block("latent-atlas-book", _base64(pack_run_bundle(run)))
    if view:
        blocks += inert_block("latent-atlas-view", _base64(view.encode()))
    if learns:
        blocks += inert_block("latent-atlas-learner", dist("learner.js"))
    programs: tuple[str, ...] = ("hosts.js", "link.js")
    styles: tuple[str, ...] = ("surface.css", "share.css")
    if piano_roll(run.info.dataset.name) is not None:
        programs, styles = ("sound.js", *programs), (*styles, "sound.css")  # first: the map looks for it at once
    if film and (data := pack_film_bundle(run)):
        blocks += inert_block("latent-atlas-film", _base64(data))
        programs, styles = (*programs, "film.js"), (*styles, "charts.css", "train.css", "film.css")
    return _page(run.id, "latent-atlas", "Unpacking the map …", blocks, programs, styles, learns)


def training_page(dataset: Dataset) -> bytes:
    """The page that trains, with the images that it learns from, as a file."""
    blocks = inert_block("latent-train-images", _base64(pack_training(dataset)))
    styles = ("surface.css", "charts.css", "train.css")
    return _page(f"Train on {dataset.name}", "latent-train", "Unpacking the images …", blocks, ("train.js",), styles, learns=True)


def _page(title: str, root: str, wait: str, blocks: str, programs: tuple[str, ...], styles: tuple[str, ...], learns: bool) -> bytes:
    """title, wait: words · root: id of the element that a program fills · styles: the sheets that the programs bring along."""
    texts, page = tuple(map(dist, programs)), dist("page.css")
    filled = PAGE.substitute(
        policy=_policy(texts, (BASE_STYLE, page, *map(dist, styles)), learns),
        title=html.escape(title),
        icon=icon_link(),
        base=BASE_STYLE,
        page=page,
        root=root,
        wait=wait,
        blocks=blocks,
        programs="\n".join(f'<script type="module">{text}</script>' for text in texts),
    )
    return filled.encode()


def inert_block(name: str, text: str) -> str:
    """Text that the program reads and nobody runs."""
    return f'<script id="{name}" type="text/plain">{text}</script>\n'


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def write_page(target: Path, make: Callable[[], bytes], overwrite: bool = False) -> int:
    """Writes what `make` gives to the file `target`, whole or not at all; returns its bytes. Raises `LatentError` for where it cannot."""
    if target.is_dir():
        raise LatentError(f"{target} is a folder; give the name of a file, such as {target / 'map.html'}.")
    if not target.parent.is_dir():
        raise LatentError(f"cannot write {target}: there is no folder {target.parent}; make it first or choose another.")
    if not overwrite and target.exists():
        raise LatentError(_is_there(target))
    data = make()
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            whole = Path(folder) / target.name
            with whole.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if overwrite:
                os.replace(whole, target)
            else:
                _put(whole, target)
    except OSError as error:
        raise LatentError(f"cannot write {target}: {error.strerror or error}; nothing that was there is changed.") from None
    return len(data)


def _put(whole: Path, target: Path) -> None:
    """Under its name, unless a file of that name was made meanwhile."""
    try:
        os.link(whole, target)  # unlike a rename, it never replaces
    except FileExistsError:
        raise LatentError(_is_there(target)) from None
    except OSError:  # a file system without links
        os.replace(whole, target)


def _is_there(target: Path) -> str:
    return f"{target} is there already; --overwrite replaces it."


def _policy(programs: tuple[str, ...], styles: tuple[str, ...], learns: bool) -> str:
    """Nothing but these texts and the WebAssembly in them: no connection, no frame, no form, no string that becomes HTML or a program.

    learns: and a worker that the page itself makes, whose address only the policy of that name gives out.
    """
    allowed = " ".join(map(policy_hash, styles))
    worker, types = ("worker-src blob:; ", "latent-atlas-learner") if learns else ("", "'none'")
    return (
        f"default-src 'none'; script-src {' '.join(map(policy_hash, programs))} 'wasm-unsafe-eval'; style-src {allowed}; img-src data:; "
        f"{worker}base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types {types}"
    )


def policy_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def dist(name: str) -> str:
    """A built file of the front end, checked for what would end its element early."""
    return _checked(name, bundles.stamp(name))


@lru_cache(maxsize=8)
def _checked(name: str, version: int) -> str:
    text = bundles.read(name)
    lower = text.lower()
    if any(sign in lower for sign in ("</script", "</style", "<!--", "\r", "\0")):
        raise ValueError(f"dist/{name} cannot stand inside HTML: build it again")
    return text


def icon_link() -> str:
    """The app's icon, inside the file; none where the assets were left out."""
    path = HOME / "assets" / "icon.png"
    if not path.is_file():
        return ""
    return f'<link rel="icon" href="data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}">\n'
