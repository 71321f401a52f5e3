"""What are the pages and programs of a site? One page for each kind of view, the same frame for all; the program reads the address.

A page may run the site's own files only, by its policy, and WebAssembly; it connects to nothing. Styles are those that its programs bring,
by hash.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from explorer.hosts.html_file import BASE_STYLE, PAGE, dist, icon_link, inert_block, policy_hash
from explorer.hosts.site.parts import Files, add_file
from explorer.surface import bundles

PAGES = {
    "index": "Lessons and runs",
    "run": "A run",
    "compare": "Compare",
    "train": "Train",
    "lesson": "A lesson",
}
STYLES = ("page.css", "site.css", "surface.css", "share.css", "sound.css", "charts.css", "train.css", "film.css", "pieces.css")
PROGRAMS = {"film": "site-film", "sound": "site-sound", "train": "site-train", "math": "site-math", "pieces": "site-pieces"}
WORKER = "sw.js"
ROOT = "latent-atlas-site"
"""The element that the program fills; beside it stands which page it is."""


def add_programs(files: Files) -> dict[str, str]:
    """The programs that come when they are needed, by what they are for."""
    return {name: add_file(files, "assets", program, "js", dist(f"{program}.js").encode()) for name, program in PROGRAMS.items()}


def add_pages(files: Files, index: str) -> None:
    """The pages, their program, and the worker that keeps all of it for a time without network. index: path of the lists' part."""
    program = add_file(files, "assets", "site", "js", dist("site.js").encode())
    for page, title in PAGES.items():
        filled = PAGE.substitute(
            policy=_policy(),
            title=title,
            icon=icon_link(),
            base=BASE_STYLE,
            page=dist("page.css"),
            root=ROOT,
            wait="Loading …",
            blocks=inert_block(f"{ROOT}-page", json.dumps({"page": page, "index": index})),
            programs=f'<script src="{program}"></script>',
        )
        files[f"{page}.html"] = filled.encode()
    files[WORKER] = _worker(shell=[*(f"{page}.html" for page in PAGES), program, index], others=sorted(files)).encode()


def _worker(shell: Sequence[str], others: Sequence[str]) -> str:
    """The list of files, then the program."""
    told = json.dumps({"shell": list(shell), "others": [name for name in others if name not in shell]}, separators=(",", ":"))
    return f"self.latentAtlasFiles={told};\n{bundles.read('site-worker.js')}"


def _policy() -> str:
    styles = " ".join(policy_hash(text) for text in (BASE_STYLE, *map(dist, STYLES)))
    return (
        f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src {styles}; img-src 'self' data:; "
        "worker-src 'self' blob:; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types latent-atlas-site latent-atlas-learner"
    )
