"""Is an exported page whole, small and strict, and is every mistake on the way one sentence with exit code 2?"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from explorer.hosts.cli import main
from explorer.hosts.html_file import dist, html_page, write_page
from explorer.surface.film import pack_film_bundle
from explorer.surface.payload import pack, pack_static, unpack
from explorer.surface.run_bundle import pack_run_bundle, unpack_run_bundle
from explorer.surface.schema import Dynamic
from tests.programs import alone
from trainer.errors import LatentError
from trainer.runs.catalogue import HOME, load_run

ASSETS = HOME / "assets" / "runs"


def ask(capsys, *words: str) -> tuple[int, str, str]:
    try:
        code = main(list(words))
    except SystemExit as leave:
        code = int(leave.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


class Elements(HTMLParser):
    """What a browser would find: tags with their attributes, and the text of each kind of element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.tags[-1][0], data))


# --- the run bundle


@pytest.mark.parametrize("name", ["tiny-2d", "tiny-5d", "tiny-conv"])
def test_every_map_comes_back_as_the_surface_gets_it_in_the_app(trained, name):
    run = load_run(name, trained)
    contents, pool = unpack_run_bundle(pack_run_bundle(run))
    assert [leaf["map"] for leaf in contents["leaves"]] == list(run.projections)
    for leaf, projection in zip(contents["leaves"], run.projections.values(), strict=True):
        _, header, arrays = unpack(pack(Dynamic(), pack_static(run, projection)))
        assert leaf["header"] == {key: value for key, value in header.items() if key != "arrays"}
        assert set(leaf["arrays"]) == set(arrays)
        for key, number in leaf["arrays"].items():
            np.testing.assert_array_equal(pool[number], arrays[key])
            assert pool[number].dtype == arrays[key].dtype


def test_classes_share_all_but_what_differs(kinds):
    run = load_run("conditional", kinds)
    contents, pool = unpack_run_bundle(pack_run_bundle(run))
    leaves = contents["leaves"]
    assert len(leaves) == len(run.projections) * run.n_classes
    assert [leaf["label"] for leaf in leaves[: run.n_classes]] == list(run.info.dataset.class_names)
    first, second = leaves[0]["arrays"], leaves[1]["arrays"]
    differ = {name for name in first if first[name] != second[name]}
    assert differ == {"w.encoder.1.bias", "w.decoder.0.bias"}
    assert sum(array.nbytes for array in pool) < 3 * sum(pool[number].nbytes for number in set(first.values()))


def test_a_book_that_is_cut_short_is_refused(trained):
    data = pack_run_bundle(load_run("tiny-2d", trained))
    with pytest.raises(ValueError, match="cut short"):
        unpack_run_bundle((1).to_bytes(4, "little") + data[4:])


def test_the_pad_knows_how_the_data_sets_pictures_were_made(trained, kinds):
    pad = unpack_run_bundle(pack_run_bundle(load_run("tiny-2d", trained)))[0]["pad"]
    assert (pad["way"], pad["box"], pad["by_mass"], pad["is_bitmap"]) == ("handwriting", [1, 6 / 8], False, True)
    assert pad["pen"] == pytest.approx(1.2 * 1.3 / 8)
    assert [name for name, _, _ in pad["switches"]] == ["own", "grey", "paper", "crop", "box", "thicken"]
    for name, root in (("pendulum", kinds), ("shapes-6d", ASSETS)):
        pad = unpack_run_bundle(pack_run_bundle(load_run(name, root)))[0]["pad"]
        assert (pad["way"], pad["box"]) == ("photograph", None)


def test_no_picture_of_a_data_set_leaves_with_the_page():
    run = load_run("mnist-2d", ASSETS)
    contents, pool = unpack_run_bundle(pack_run_bundle(run))
    assert "originals" not in contents["leaves"][0]["arrays"]
    n, pixels = len(run.encodings.mu), int(np.prod(run.image_shape))
    assert not [array.shape for array in pool if array.size >= n * pixels]


# --- the page


def test_the_page_of_mnist_2d_is_small():
    run = load_run("mnist-2d", ASSETS)
    assert len(run.encodings.mu) == 10_000
    assert len(html_page(run)) <= 6e6


def test_the_policy_allows_these_texts_and_nothing_else(trained):
    page = html_page(load_run("tiny-2d", trained)).decode()
    [policy] = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', page)
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == ["'none'"]
    assert "connect-src" not in rules
    assert rules["img-src"] == ["data:"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:"} & {word for words in rules.values() for word in words}
    programs = re.findall(r'<script type="module">(.*?)</script>', page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(program.encode()).digest()).decode() for program in programs]
    assert len(digests) == 3  # the page, what keeps and shares its link, the film of the training
    # the last lets WebAssembly be compiled, and no text become a program
    assert rules["script-src"] == [*(f"'sha256-{digest}'" for digest in digests), "'wasm-unsafe-eval'"]
    for style in re.findall(r"<style>(.*?)</style>", page, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in rules["style-src"]
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_a_page_without_the_film_is_smaller_by_it(trained):
    run = load_run("tiny-2d", trained)
    with_film, without = html_page(run), html_page(run, film=False)
    assert b"latent-atlas-film" in with_film
    assert len(with_film) - len(without) > len(base64.b64encode(pack_film_bundle(run))) + len(dist("film.js"))
    assert b'id="latent-atlas-film"' not in without
    assert without.count(b'<script type="module">') == 2


def test_a_run_without_a_film_has_a_page_without_its_program():
    assert html_page(load_run("digits-pca", ASSETS)).count(b'<script type="module">') == 2


def test_the_page_asks_for_nothing(trained):
    elements = Elements(html_page(load_run("tiny-2d", trained)).decode())
    addresses = [attributes[name] for _, attributes in elements.tags for name in ("src", "href", "action") if attributes.get(name)]
    assert all(address.startswith("data:image/png;base64,") for address in addresses)
    assert {tag for tag, _ in elements.tags} <= {
        "html",
        "head",
        "meta",
        "title",
        "link",
        "style",
        "body",
        "div",
        "p",
        "noscript",
        "script",
    }


def test_nothing_of_a_run_is_written_as_html(trained):
    evil = "</script><img src=x onerror=alert(1)>"
    run = load_run("tiny-2d", trained)
    plain = Elements(html_page(run).decode())
    dataset = run.info.dataset.model_copy(update={"class_names": (evil, evil, evil), "licence": evil, "name": f"folder:{evil}"})
    other = replace(run, id=evil, info=run.info.model_copy(update={"dataset": dataset}))
    page = html_page(other).decode()
    found = Elements(page)
    assert found.tags == plain.tags
    assert page.count("onerror") == 1  # in the title, escaped
    assert "<title>&lt;/script&gt;&lt;img" in page


# --- the command


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["fly"], "unknown command 'fly'; allowed: app, export"),
        (["export"], "is missing"),
        (["export", "mnist-2d"], "no file to write was named; allowed: --html FILE, --torch FILE, --numpy FILE"),
        (["export", "nope", "--html", "x.html"], "no run 'nope'; available: digits-16d"),
        (["export", "../x", "--html", "x.html"], "run name is '../x'; allowed"),
        (["export", "digits-2d", "--html", "no/x.html"], "there is no folder no; make it first"),
        (["export", "digits-2d", "--html", "there.html"], "there.html is there already; --overwrite replaces it."),
        (["export", "digits-2d", "--html", "."], ". is a folder; give the name of a file, such as map.html."),
        (["export", "digits-2d", "--html", "x.html", "--runs", "nowhere"], "--runs is 'nowhere'; allowed: a folder that is there"),
        (["export", "digits-2d", "--htm", "x.html"], "--htm"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(capsys, in_folder, words, sentence):
    (in_folder / "there.html").write_text("mine")
    code, out, err = ask(capsys, *words)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1, err
    assert sorted(path.name for path in in_folder.iterdir()) == ["there.html"]
    assert (in_folder / "there.html").read_text() == "mine"


def test_a_run_is_exported_from_a_folder_of_runs_and_replaced_when_asked(capsys, in_folder, trained):
    words = ["export", "tiny-2d", "--html", "map.html", "--runs", str(trained)]
    code, out, _ = ask(capsys, *words)
    assert code == 0
    first = (in_folder / "map.html").read_bytes()
    assert f"map.html: run tiny-2d, {len(first) / 1e6:.1f} MB" in out
    assert first == html_page(load_run("tiny-2d", trained))
    assert ask(capsys, *words)[0] == 2
    (in_folder / "map.html").write_text("old")
    assert ask(capsys, *words, "--overwrite")[0] == 0
    assert (in_folder / "map.html").read_bytes() == first
    assert [path.name for path in in_folder.iterdir()] == ["map.html"]


def test_a_decoder_is_written_as_a_program_that_runs_alone(capsys, in_folder, trained):
    words = ["export", "tiny-2d", "--torch", "t.py", "--numpy", "n.py", "--runs", str(trained)]
    code, out, _ = ask(capsys, *words)
    assert code == 0
    assert out.count(str(trained / "tiny-2d" / "weights.safetensors")) == 2
    found = alone(["t.py", "n.py"], in_folder)
    wanted = load_run("tiny-2d", trained).model.decode([[0.0, 0.0]])[0].numpy()
    for file in ("t.py", "n.py"):
        np.testing.assert_allclose(found[file], wanted, atol=1e-5)
    assert ask(capsys, *words)[0] == 2


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "map.html"
    target.write_text("before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LatentError, match=r"cannot write .*map\.html: No space left on device; nothing that was there is changed"):
        write_page(target, lambda: b"after", overwrite=True)
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["map.html"]


def test_a_name_that_is_taken_while_the_page_is_made_is_left_alone(tmp_path):
    target = tmp_path / "map.html"

    def slow() -> bytes:
        target.write_text("somebody else's")
        return b"mine"

    with pytest.raises(LatentError, match="is there already"):
        write_page(target, slow)
    assert target.read_text() == "somebody else's"


def test_the_file_can_be_read_by_others_as_any_new_file_can(tmp_path):
    write_page(tmp_path / "map.html", lambda: b"page")
    (tmp_path / "usual").write_bytes(b"")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("map.html", "usual")}
    assert len(modes) == 1


def test_help_says_what_can_be_typed(capsys):
    code, out, _ = ask(capsys, "--help")
    assert code == 0
    assert "export RUN --html FILE" in out
    assert ask(capsys)[0] == 2
