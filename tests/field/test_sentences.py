"""Does the page say what is so, in the field's words? Rows of the issue about sentences: the gauge, the verdict, the words.

Second opinions: a picture whose class and whose reconstruction's class are known by construction, nearest neighbours among training
images, the clinic's own verdict, and the text itself.
"""

from __future__ import annotations

import ast
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explorer.app.pages import NAMES as VIEWS
from explorer.pictures import trust
from explorer.pictures.likeness import Likeness, Look, change_sentence, classified, likeness_sentence, nearest_sentence, voted
from explorer.text.test_images import at_distance, image_name, quoted
from tests.bench.trust import neighbours_agree, redrawn_rows
from tests.explorer.shown import app, grids, pins, said, sound, words
from tests.places import ROOT
from trainer.datasets import load_dataset
from trainer.diagnosis.diagnose import diagnose
from trainer.runs.catalogue import load_run

pytestmark = pytest.mark.usefixtures("fresh_app")
DIGITS = tuple("0123456789")


# --- a 5 redrawn as a 3


def test_an_image_that_is_redrawn_as_another_class_is_not_called_typical():
    """Of digits-2d: the page's sentence against the classifier asked here; the figures alone would call some of them typical."""
    run = load_run("digits-2d")
    among = trust.population(run.encodings.mu, run.encodings.reconstruction, run.encodings.elbo)
    rows = redrawn_rows(run, 400)
    assert len(rows) > 5
    typical = []
    for row in rows:
        figures = trust.stored_figures(row, run.encodings.mu, run.encodings.reconstruction, run.encodings.elbo)
        if trust.judge(figures, among).percentile[0] < trust.LESS_TYPICAL:
            typical.append(row)
    assert typical, "no example left that the three figures call typical"
    test = sound(app(run="digits-2d", view="reconstruct").run())
    for row in (typical[0], next(row for row in range(100) if row not in rows)):
        test.number_input(key="reconstruct-row").set_value(row)
        page = words(sound(test.run()))
        assert ("Reconstructed as another class. The picture looks like" in page) == (row in rows)
        if row in rows:
            assert re.search(r"looks like an? \d \(\d\d\s%\), its reconstruction like an? \d \(\d\d\s%\)", page)
            assert "By its figures alone: typical of the test data." in page
            assert "**Typical of the test data" not in page


@pytest.mark.parametrize(("name", "low", "high"), [("mnist-2d", 0.05, 0.13), ("mnist-20d", 0.002, 0.04)])
def test_how_often_it_is_said_of_mnist_and_whether_neighbours_agree(name, low, high, mnist_folder, monkeypatch):
    """1000 test images; 5-NN among 10 000 training images as a second opinion of what the reconstruction shows."""
    monkeypatch.setenv("LATENT_DATA", str(mnist_folder.parent))
    run = load_run(name)
    rows = redrawn_rows(run, 1000)
    assert low < len(rows) / 1000 < high
    assert neighbours_agree(run, rows) > 0.6


def likeness(a: int, p: float, b: int, q: float) -> Likeness:
    return Likeness(Look(a, p), Look(b, q))


def test_the_headline_joins_class_and_figures():
    changed, same, unsure = likeness(5, 0.93, 3, 0.88), likeness(5, 0.93, 5, 0.9), likeness(5, 0.45, 3, 0.88)
    told = "Reconstructed as another class. The picture looks like a 5 (93\u00a0%), its reconstruction like a 3 (88\u00a0%)."
    assert trust.headline(10, 2000, changed, DIGITS) == told
    assert trust.beside(10, 2000, changed, DIGITS) == "By its figures alone: typical of the test data."
    assert trust.headline(10, 2000, same, DIGITS) == trust.headline(10, 2000, None, DIGITS) == "Typical of the test data."
    assert (
        trust.beside(10, 2000, same, DIGITS)
        == "Picture and reconstruction both look like a 5 to the classifier (93\u00a0% and 90\u00a0%)."
    )
    assert trust.headline(10, 2000, unsure, DIGITS) == "Typical of the test data."
    assert "The class is uncertain" in trust.beside(10, 2000, unsure, DIGITS)
    # what is of no class of the data set: the classifier's word is no headline
    assert (
        trust.headline(99.2, 2000, changed, DIGITS)
        == "By all 3 figures together, more unusual than 99.2\u00a0% of the test images."
    )
    assert trust.beside(99.2, 2000, changed, DIGITS).startswith("Of the data set's classes the picture is closest to a 5")
    assert trust.beside(10, 2000, None, DIGITS) == ""


@pytest.mark.parametrize("n", [1, 12, 29, 30])
def test_few_test_images_carry_no_percentile(n):
    for percentile in (0, 50, 100):
        assert ("Too few test images" in trust.sentence(percentile, n)) == (n < 30)
    assert trust.worse_than(50, 12) == "worse than 6 of the 12 test images"
    for n in (1, 12, 539, 10_000):  # none is left to be worse than, however many there are
        assert trust.worse_than(100, n) == f"worse than all {n:,} test images".replace(",", "\u00a0")
    assert "all" not in trust.worse_than(100 * 1999 / 2000, 2000)
    assert trust.worse_than(50, 2000) == "worse than 50.0\u00a0% of the test images"


def test_classes_are_voted_where_there_is_no_classifier():
    """Two clouds of pictures: one near the picture, one near its reconstruction; brute force counts the votes."""
    rng = np.random.default_rng(0)
    dark, light = rng.integers(0, 60, (20, 1, 4, 4), np.uint8), rng.integers(190, 250, (20, 1, 4, 4), np.uint8)
    pictures, label = np.concatenate([dark, light]), np.repeat([0, 1], 20)
    assert voted(dark[0] / np.float32(255), light[0] / np.float32(255), pictures[:29], label[:29]) is None  # too few to vote
    x, x_hat = dark[0] / np.float32(255), light[0] / np.float32(255)
    found = voted(x, x_hat, pictures, label, 0)
    assert found == Likeness(Look(0, 1.0), Look(1, 1.0), is_voted=True)
    assert found.is_changed
    assert change_sentence(found, ("dark", "light")) == (
        "The picture looks like “dark” (5 of 5 nearest test images), its reconstruction like “light” (5 of 5 nearest test images)."
    )
    assert voted(x, x_hat, pictures, np.full(40, -1)) is None


def test_the_classifier_is_asked_about_both():
    run = load_run("digits-2d")
    x = load_dataset("digits").images[:2].astype(np.float32) / 255
    odds = run.classifier.probabilities(x)
    found = classified(run.classifier, x[0], x[1])
    assert (found.picture.label, found.reconstruction.label) == tuple(odds.argmax(1))
    assert (found.picture.share, found.reconstruction.share) == pytest.approx(tuple(odds.max(1)))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ((5, 3), "The nearest test image is a 5 by pixels, but a 3 by code."),
        ((8, 8), "The nearest test image is an 8 both by pixels and by code."),
        ((-1, 3), ""),
    ],
)
def test_the_nearest_by_pixels_and_by_code_are_told_apart(labels, expected):
    assert nearest_sentence(*labels, DIGITS) == expected


def test_a_table_of_many_says_what_was_redrawn_as_what():
    from explorer.pages.reconstruct.batch import _class_words
    from explorer.pictures.judge import Row

    row = Row("a.png", looks_like="5", redrawn_as="3")
    assert _class_words(row) == "5 → 3"
    assert _class_words(replace(row, redrawn_as="5")) == "5"
    assert _class_words(replace(row, redrawn_as="")) == "5"
    assert _class_words(Row("a.png")) == ""
    assert likeness_sentence(likeness(1, 0.9, 1, 0.8), ("x", "T-shirt")).startswith(
        "Picture and reconstruction both look like “T-shirt”"
    )


# --- the verdict in every view


@pytest.mark.parametrize(
    "view", [view for view in VIEWS if view not in ("train", "lessons")]
)  # of images, and of whatever run a lesson shows
@pytest.mark.parametrize("name", ["clinic-collapsed", "clinic-healthy", "mnist-2d"])
def test_the_verdict_stands_in_every_view(name, view):
    run = load_run(name)
    verdict = diagnose(run.config, run.info.examination, run.encodings.mu)
    test = sound(app(run=name, view=view).run())
    if view == "dimensions":
        assert verdict.headline in words(test)
        return
    button = next(button for button in test.button if str(button.key).startswith("verdict"))
    label = re.sub(r"\\(.)", r"\1", button.label)
    assert verdict.headline.split(":")[0] in label
    is_told_whole = verdict.is_alarm and view != "compare"  # of an alarm all up to the first comma; the rest stands in the tooltip
    assert not is_told_whole or re.split(r"[,;]", verdict.headline)[0].removesuffix(".") in label
    assert (":red[" in label, ":material/warning:" in label) == (verdict.is_alarm, verdict.is_alarm)
    help_text = re.sub(r"\\(.)", r"\1", button.help)
    assert all(line in help_text for line in (verdict.headline, *verdict.because))


def test_the_verdict_leads_to_the_clinic():
    test = sound(app(run="clinic-collapsed").run())
    test.button(key="verdict").click()
    test = sound(test.run())
    assert test.segmented_control(key="view").value == "dimensions"
    assert "Collapsed" in words(test)


@pytest.mark.parametrize("name", ["digits-pca", "digits-autoencoder"])
def test_what_has_no_posterior_has_no_verdict(name):
    test = sound(app(run=name).run())
    assert not [button for button in test.button if str(button.key).startswith("verdict")]


# --- one name for one thing


def test_an_image_has_one_name():
    assert image_name(7, 5, DIGITS) == "test image 7 (class 5)"
    assert image_name(7, -1, DIGITS) == image_name(7, 10, DIGITS) == image_name(7) == "test image 7"
    assert at_distance(7, 5, DIGITS, 0.4249) == "test image 7 (class 5) · 0.42"
    assert [quoted(name) for name in ("5", "8", "heart", "12")] == ["a 5", "an 8", "“heart”", "“12”"]


def test_every_view_names_an_image_alike():
    run = load_run("digits-16d")
    name = image_name(3, int(run.encodings.label[3]), run.info.dataset.class_names)
    test = sound(app(run="digits-16d", view="reconstruct").run())
    test.number_input(key="reconstruct-row").set_value(3)
    assert name in words(sound(test.run()))
    nearest = int(np.argsort(np.linalg.norm(run.encodings.mu - run.encodings.mu[3], axis=1))[1])
    neighbour = image_name(nearest, int(run.encodings.label[nearest]), run.info.dataset.class_names)
    assert f"{neighbour} · " in grids(test)[0]
    compared = words(sound(app(run="digits-16d", view="compare", image="3").run()))
    assert f"{name[0].upper()}{name[1:]} in every run" in compared


def test_zero_has_no_sign_and_minus_is_one():
    from explorer.text.numbers import number_list

    assert number_list([-0.001, -1.5, 0.25]) == "(0.00, −1.50, 0.25)"
    assert number_list([0.0] * 9) == f"({', '.join(['0.00'] * 8)}, …)"


@pytest.mark.parametrize("view", ["samples", "reconstruct"])
def test_pictures_of_two_channels_say_what_they_are_where_no_map_does(view):
    told = "Pictures of two channels: the first is drawn in red, the second in cyan, white where both are bright."
    assert words(sound(app(run="pendulum-2d", view=view).run())).count(told) == 1
    assert told not in words(sound(app(run="digits-2d", view=view).run()))


def test_notes_on_the_data_stand_in_the_panel_about_the_run(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "assets" / "runs" / "digits-2d", tmp_path / "mine")
    run = load_run("mine", tmp_path)
    notes = ("24 files left out: 12 .heic, <b>12</b> .txt",)
    info = run.info.model_copy(update={"dataset": run.info.dataset.model_copy(update={"notes": notes})})
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path))
    monkeypatch.setattr("explorer.app.page.all_runs", lambda: {"mine": info})
    test = sound(app(run="mine").run())
    test.button(key="about-run").click()
    assert notes[0] in words(sound(test.run()))


# --- a run that is deleted while it is open


def test_the_click_that_finds_a_run_deleted_pins_nothing_and_the_app_goes_on(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "assets" / "runs" / "digits-2d", tmp_path / "mine")
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path))
    test = sound(app(run="mine").run())
    assert test.selectbox(key="run").value == "mine"
    shutil.rmtree(tmp_path / "mine")
    test.session_state["atlas-surface"] = {"pin": {"events": [{"map": [0.5, 0.5], "nonce": "n1"}]}}
    test = sound(test.run())
    shown = test.selectbox(key="run").value
    assert shown == "mnist-2d"
    assert said(test.warning[0]) == "The run “mine” was deleted or renamed while it was open. Showing mnist-2d instead."
    assert pins(test) == []
    test = sound(test.run())  # the event is not counted later either
    assert pins(test) == []
    test.session_state["atlas-surface"] = {"pin": {"events": [{"map": [0.5, 0.5], "nonce": "n2"}]}}
    assert [pin["label"] for pin in pins(sound(test.run()))] == ["A"]


# --- words


PRIVATE = [
    r"\bnearer in than\b",
    r"\bfarther out than\b",
    r"\breal (points?|images?|codes?)\b",
    r"\bthis model saw\b",
    r"\bstrang(e|er|est)\b",
    r"\bunlike %",
    r"\bfed to the model\b",
    r"\bredrawn\b",
    r"\bhow sure the encoder\b",
    r"\bNothing to mend\b",
    r"\bsay next to nothing\b",
    r"\bTake along\b",
    r"\bBeyond a path\b",
    r"\bdearer\b",
    r"\bcosts? reconstruction\b",
    r"\ba nat pays\b",
    r"\bUnevenness\b",
    r"\bways? back\b",
    r"\bas ordinary as\b",
    r"\bmodel knows\b",
]
FOLDERS = ("app", "charts", "hosts", "jobs", "pages", "pictures", "session", "widgets")
OWNED = [
    "explorer/notebook.py",
    *sorted(str(path.relative_to(ROOT)) for name in FOLDERS for path in (ROOT / "explorer" / name).rglob("*.py")),
]


def texts(path: Path) -> list[str]:
    """Every string of a module that can reach the page: all but docstrings, those of fields among them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    statements = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    docs = {id(value) for value in statements if isinstance(value, ast.Constant)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


@pytest.mark.parametrize("name", OWNED)
def test_the_page_uses_the_words_of_the_field(name):
    found = [(word, text) for text in texts(ROOT / name) for word in PRIVATE if re.search(word, text, re.IGNORECASE)]
    assert not found, found
