"""Is a web site without a server written whole or not at all, with what belongs in it and nothing else?"""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from explorer.hosts.cli import main
from explorer.hosts.site import folder, lessons
from explorer.hosts.site.folder import MARK, write_folder
from explorer.hosts.site.parts import checked_name
from explorer.hosts.site.run_parts import run_parts
from explorer.lessons.check import Runs
from explorer.lessons.parse import read_lesson
from explorer.lessons.problems import LessonError
from explorer.surface.run_bundle import pack_run_bundle, unpack_run_bundle
from tests.places import ASSETS
from tests.planes import out_of_planes
from trainer.datasets import load_dataset
from trainer.errors import LatentError
from trainer.runs.catalogue import list_runs, load_run

LESSON = """---
title: A test
summary: What a site makes of it.
minutes: 2
needs: nothing
run: digits-2d
language: en
---

## One {{ digits-2d.elbo }}

[Here](#step-2), [there](?view=atlas&run=digits-2d&pins=0.5_1#v=1&bg=density), [beside](?view=compare&run=digits-2d&with=digits-2d),
[only the app](?view=dimensions&run=digits-2d), [not here](?view=atlas&run=mnist-20d) and [outside](https://example.org/a?b=c).

```formula
tex: \\log p(x) \\ge \\term{bound}{\\mathcal{L}}
term: bound = the ELBO
```

```predict
question: How many nats?
answer: digits-2d.kl
tolerance: 1
because: so.
```

```note
Nobody but the speaker sees this.
```

## Two

```predict
question: Where is class 3?
answer: place class 3
tolerance: 0.5
because: so.
```

```show
pins: 0.41_-1.2
bg: density
cam: 0_0_7.5
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("site") / "public"
    assert main(["site", str(target), "--lessons", "08-dimensions-that-die", "--runs", "digits-2d", "mnist-2d"]) == 0
    return target


def subject(run: str, image: int) -> str:
    """The part of a piece, which is not written here."""
    return f"data/{run}.image-{image}.js"


def opened(path: Path) -> bytes:
    """The bytes of a part, inflated; what the browser does, without the project's code."""
    name, text = json.loads(f"[{path.read_text('utf-8').removeprefix('latentAtlasPart(').removesuffix(');' + chr(10))}]")
    assert name == f"{path.parent.name}/{path.name}"
    packed = base64.b64decode(text)
    raw = zlib.decompress(packed[4:])
    assert len(raw) == int.from_bytes(packed[:4], "little")
    return raw


def index_of(site: Path) -> dict:
    (path,) = (site / "data").glob("index.*.js")
    return json.loads(opened(path))


def split(raw: bytes) -> tuple[dict, bytes]:
    end = 4 + int.from_bytes(raw[:4], "little")
    return json.loads(raw[4:end]), raw[end:]


# --- what is in it


def test_the_lists_name_files_that_are_there_and_the_runs_of_the_lessons_come_along(site):
    index = index_of(site)
    shown = [
        "sweep-digits-beta-1-seed-0",
        "sweep-digits-beta-4-seed-0",
        "sweep-digits-beta-16-seed-0",
        "sweep-linear-beta-1",
    ]
    assert [run["name"] for run in index["runs"]] == ["digits-2d", "mnist-2d", *shown]
    named = {run[key] for run in index["runs"] for key in ("first", "rest", "film") if run[key]}
    named |= {picture for run in index["runs"] for picture in run["pictures"]}
    named |= (
        {lesson["part"] for lesson in index["lessons"]} | {one["part"] for one in index["images"]} | {*index["programs"].values()}
    )
    assert [name for name in named if not (site / name).is_file()] == []
    there = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    fixed = {"index.html", "run.html", "compare.html", "train.html", "lesson.html", "sw.js", MARK}
    assert {name for name in there - named - fixed if not re.match(r"(assets/site|data/index)\.[0-9a-f]{12}\.js", name)} == set()


def test_both_parts_of_a_run_are_its_bundle_array_for_array():
    for name in ("digits-2d", "digits-conditional-vae"):
        run = load_run(name, ASSETS)
        parts = run_parts(run)
        (first, first_pool), (rest, rest_pool) = (split(zlib.decompress(part[4:])) for part in (parts.first, parts.rest))
        first_pool, rest_pool = out_of_planes(first_pool, first["pool"]), out_of_planes(rest_pool, rest["pool"])
        pools = [(entry, first_pool) for entry in first["pool"]] + [(entry, rest_pool) for entry in rest["pool"]]
        wanted, arrays = unpack_run_bundle(pack_run_bundle(run))
        assert len(pools) == len(arrays)
        for leaf, of in zip(rest["leaves"], wanted["leaves"], strict=True):
            assert leaf["header"] == of["header"]
            for key, number in leaf["arrays"].items():
                entry, pool = pools[number]
                got = np.frombuffer(pool, entry["dtype"], int(np.prod(entry["shape"])), entry["offset"]).reshape(entry["shape"])
                np.testing.assert_array_equal(got, arrays[of["arrays"][key]])
        (leaf,) = first["leaves"]
        assert leaf["header"]["encoder"] == []
        assert not any(key.startswith("w.encoder") for key in leaf["arrays"])
        assert any(key.startswith("w.decoder") for key in leaf["arrays"])


def test_no_image_of_mnist_is_in_it_and_what_is_trained_on_comes_with_the_program(site):
    images = load_dataset("mnist").subset("test").images
    inked = [one for one in images[:50] if one.any()]
    everything = [opened(path) for kind in ("runs", "data", "lessons") for path in (site / kind).glob("*.js")]
    assert everything
    for one in inked:
        rows = one[0][one[0].any(axis=1)]
        middle = rows[len(rows) // 2 - 1 : len(rows) // 2 + 1].tobytes()  # two rows of it below each other: 56 bytes
        assert not any(middle in raw for raw in everything)
    assert [one["name"] for one in index_of(site)["images"]] == ["digits", "pendulum", "melodies"]


def test_a_lesson_is_told_without_html_with_its_numbers_and_links_of_the_site():
    known = {name: info for name, info in list_runs(ASSETS).items() if not isinstance(info, Exception)}
    site = lessons.Site(Runs(known, lambda name: ()), ("digits-2d",), lambda name: load_run(name, ASSETS), ("digits",), subject)
    text = lessons.lesson_text(read_lesson(LESSON.encode(), "test.md"), "test", site)
    run = load_run("digits-2d", ASSETS)
    one, two = text["steps"]
    number = next(node for node in one["title"] if node["kind"] == "number")
    assert number["text"] == f"{run.info.metrics.elbo:.2f} nats" and "lower bound" in number["title"]
    links = [(node["kind"], node["text"]) for node in one["blocks"][0]["text"][0]["children"] if node["kind"] in ("link", "absent")]
    assert links == [
        ("link", "#step=2"),
        ("link", "run.html?run=digits-2d#pins=0.5_1&v=1&bg=density"),
        ("link", "compare.html?run=digits-2d&with=digits-2d"),
        ("absent", ""),
        ("absent", ""),
        ("link", "https://example.org/a?b=c"),
    ]
    assert one["blocks"][1]["tex"] == r"\log p(x) \ge {\mathcal{L}}" and text["has_formulas"]
    np.testing.assert_allclose(one["blocks"][2]["value"], run.info.metrics.kl)
    assert len(one["blocks"]) == 3 and "speaker" not in json.dumps(text)
    points = next(iter(run.projections.values())).points[run.encodings.label == 3]
    np.testing.assert_allclose(two["blocks"][0]["place"], points.mean(0), rtol=1e-6)
    assert (two["view"]["page"], two["view"]["screen"]) == ("pins=0.41_-1.2", "v=1&cam=0_0_7.5&bg=density")


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ("show\nprojection: axes\nx: 1\ny: 2", "the step chooses the axes of its map"),
        ("train\ndata: mnist\nbeta: 1\ndimensions: 2\nseed: 0", "whose images are not in a site"),
    ],
)
def test_what_a_site_cannot_show_is_refused_with_its_line(block, what):
    front = LESSON.split("## One", maxsplit=1)[0]
    text = f"{front}## One\n\nWords.\n\n```{block}\n```\n"
    site = lessons.Site(Runs({}, lambda name: ()), (), lambda name: load_run(name, ASSETS), ("digits",), subject)
    with pytest.raises(LessonError, match=f"mine, line 10: .*{what}"):
        lessons.lesson_text(read_lesson(text.encode(), "mine.md"), "mine", site)


def test_a_block_that_no_page_knows_is_refused():
    class Play:
        pass

    site = lessons.Site(Runs({}, lambda name: ()), (), lambda name: load_run(name, ASSETS), (), subject)
    teller = lessons._Teller("mine", 0, lessons.Scene("digits-2d"), site, "en")
    with pytest.raises(lessons.Mistake, match="a block of the kind Play is not shown by a web site"):
        lessons._block(Play(), teller, 0)


# --- the policy


def test_pages_may_run_their_own_files_only_and_connect_to_nothing(site):
    for path in site.glob("*.html"):
        page = path.read_text("utf-8")
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == "'none'" and "connect-src" not in rules
        assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
        assert re.fullmatch(r"('sha256-[\w+/=]+' ?)+", rules["style-src"])
        inside = re.findall(r"<script([^>]*)>(.*?)</script>", page)
        assert [text for kind, text in inside if 'type="text/plain"' not in kind] == [""]
        assert re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page) == [f"assets/{next((site / 'assets').glob('site.*.js')).name}"]


def test_the_worker_keeps_files_that_are_there(site):
    told = json.loads((site / "sw.js").read_text("utf-8").split(";\n", 1)[0].removeprefix("self.latentAtlasFiles="))
    assert [name for name in (*told["shell"], *told["others"]) if not (site / name).is_file()] == []
    assert "index.html" in told["shell"] and not any(name.startswith("runs/") for name in told["shell"])


# --- the folder


def test_a_site_replaces_a_site_only_where_it_is_asked_to(tmp_path):
    target = tmp_path / "public"
    assert write_folder(target, lambda: {"index.html": b"one", "runs/a.js": b"two"}) > 6
    assert target.stat().st_mode & 0o755 == 0o755
    with pytest.raises(LatentError, match="holds a site already; --overwrite replaces it"):
        write_folder(target, dict)
    write_folder(target, lambda: {"index.html": b"three"}, overwrite=True)
    assert sorted(path.name for path in target.iterdir()) == ["index.html", MARK]
    assert [path.name for path in tmp_path.iterdir()] == ["public"]


def test_an_empty_folder_is_filled_and_another_folder_is_never_touched(tmp_path):
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    write_folder(empty, lambda: {"index.html": b"one"})
    assert (empty / "index.html").read_bytes() == b"one"
    full.mkdir()
    (full / "thesis.tex").write_text("years")
    for overwrite in (False, True):
        with pytest.raises(LatentError, match="is not empty and holds no site"):
            write_folder(full, dict, overwrite)
    assert (full / "thesis.tex").read_text() == "years"


def test_places_where_no_site_can_be(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    for target, sentence in (("file", "is a file"), ("link", "is a link"), ("a/b", "there is no folder")):
        with pytest.raises(LatentError, match=sentence):
            write_folder(tmp_path / target, dict)


def test_what_fails_leaves_what_was_there(tmp_path, monkeypatch):
    target = tmp_path / "public"
    write_folder(target, lambda: {"index.html": b"one"})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(LatentError, match="a fault"):
        write_folder(target, _fault, overwrite=True)
    monkeypatch.setattr(folder.os, "fsync", full)
    with pytest.raises(LatentError, match="No space left on device; nothing that was there is changed"):
        write_folder(target, lambda: {"index.html": b"two"}, overwrite=True)
    assert (target / "index.html").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["public"]


def test_the_old_site_stands_again_where_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    target = tmp_path / "public"
    write_folder(target, lambda: {"index.html": b"one"})
    rename = Path.rename

    def stubborn(self: Path, to: Path) -> Path:
        if self.name == "whole":
            raise OSError(13, "Permission denied")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", stubborn)
    with pytest.raises(LatentError, match="Permission denied"):
        write_folder(target, lambda: {"index.html": b"two"}, overwrite=True)
    assert (target / "index.html").read_bytes() == b"one"


def test_what_else_lies_in_the_folder_stays_there(tmp_path):
    target = tmp_path / "public"
    write_folder(target, lambda: {"index.html": b"one", "runs/a.js": b"one"})
    (target / ".git").mkdir()
    (target / ".git" / "HEAD").write_text("ref")
    (target / "CNAME").write_text("atlas.example.org")
    write_folder(target, lambda: {"index.html": b"two"}, overwrite=True)
    assert sorted(path.name for path in target.iterdir()) == [".git", "CNAME", "index.html", MARK]
    assert (target / ".git" / "HEAD").read_text() == "ref" and (target / "index.html").read_bytes() == b"two"


@pytest.mark.parametrize("interrupted", ["whole", "CNAME"])
def test_an_interrupt_leaves_the_old_site_with_all_that_lies_there(tmp_path, monkeypatch, interrupted):
    target = tmp_path / "public"
    write_folder(target, lambda: {"index.html": b"one"})
    (target / "CNAME").write_text("atlas.example.org")
    rename, done = Path.rename, []

    def interrupting(self: Path, to: Path) -> Path:
        if self.name == interrupted and not done:
            done.append(self)
            raise KeyboardInterrupt
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", interrupting)
    with pytest.raises(KeyboardInterrupt):
        write_folder(target, lambda: {"index.html": b"two"}, overwrite=True)
    assert (target / "index.html").read_bytes() == b"one" and (target / "CNAME").read_text() == "atlas.example.org"
    assert [path.name for path in tmp_path.iterdir()] == ["public"]


def test_a_site_that_does_not_say_what_is_its_own_is_not_replaced(tmp_path):
    target = tmp_path / "public"
    write_folder(target, lambda: {"index.html": b"one"})
    (target / MARK).write_text('{"site": "latent-atlas"}')
    with pytest.raises(LatentError, match="does not say which files are the site's"):
        write_folder(target, lambda: {"index.html": b"two"}, overwrite=True)
    assert (target / "index.html").read_bytes() == b"one"


def _fault() -> dict[str, bytes]:
    raise LatentError("a fault.")


# --- names


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a b", "ä", "x..y", "a\\b", "a\n", "<b>", "x" * 101])
def test_a_name_that_is_no_files_name_is_refused(name):
    with pytest.raises(LatentError, match="cannot be the name of a file"):
        checked_name(name)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--runs", "../../etc"], "run name is '../../etc'"),
        (["--runs", "mnist-2e"], "no run 'mnist-2e' (did you mean mnist-2d"),
        (["--lessons", "../08-dimensions-that-die"], "no lesson '../08-dimensions-that-die'"),
        (["--lessons", "README"], "no lesson 'README'"),
    ],
)
def test_a_name_that_is_not_here_is_told_and_nothing_is_written(tmp_path, capsys, words, sentence):
    assert main(["site", str(tmp_path / "public"), *words]) == 2
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_faulty_lesson_of_ones_own_is_told_with_its_line(tmp_path, capsys, monkeypatch):
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.md").write_text(LESSON.replace("digits-2d.kl", "digits-3d.kl"))
    monkeypatch.setenv("LATENT_LESSONS", str(own))
    assert main(["site", str(tmp_path / "public"), "--lessons", "mine", "--runs"]) == 2
    assert re.search(r"mine, line \d+: the run “digits-3d” is unknown", capsys.readouterr().err)
