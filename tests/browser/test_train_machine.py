"""From the click on Train to the run in the gallery: does a training on this machine show itself, take another β, and survive a reload?"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import served, served_by
from tests.browser.surface import address, assert_no_barrier, settled, tab
from trainer.runs.catalogue import load_run

LONG_MS = 300_000  # a training on a busy machine
MACHINE = {"view": "train", "train-on": "on this machine"}
WATCHING = (
    "[document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)]"
    ".map((r) => r.querySelector('[data-testid=watch]')).find(Boolean).watching"
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A folder of one's own runs that is empty at first."""
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def own_server(runs, tmp_path_factory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_DATA", str(tmp_path_factory.mktemp("data")))  # where uploads are kept
        with served(runs) as url:
            yield url


@pytest.fixture
def projector(browser: Browser) -> Iterator[Page]:
    with tab(browser, viewport={"width": 1280, "height": 720}) as page:
        yield page


def fill(page: Page, label: str, value: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")


def small(page: Page, name: str, epochs: int) -> None:
    """A training that takes seconds on a busy machine too is filled in and begun."""
    fill(page, "Epochs", str(epochs))
    page.get_by_role("button", name="All settings").click()
    fill(page, "Hidden", "16")
    page.get_by_role("tab", name="Afterwards").click()
    page.get_by_text("Classifier", exact=True).click()
    page.keyboard.press("Escape")
    fill(page, "Name of the run", name)
    page.get_by_role("button", name="Train", exact=True).click()


def test_digits_are_trained_here_with_another_beta_on_the_way(projector, own_server, runs):
    page = projector
    page.goto(address(own_server, **MACHINE))
    small(page, "mine", 600)
    standing = page.get_by_test_id("standing")
    expect(standing).to_contain_text("Step ", timeout=LONG_MS)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(re.compile("^Paused: ")).first).to_be_visible(timeout=LONG_MS)
    at = page.evaluate(f"{WATCHING}.state.step")

    page.reload()  # nothing is lost
    expect(page.get_by_text(re.compile("^Paused: ")).first).to_be_visible()
    expect(standing).to_contain_text("Step ")
    assert page.evaluate(f"{WATCHING}.state.step") >= at  # the last one before the pause may have come after the question
    for part in (
        page.get_by_role("application"),
        page.get_by_role("slider", name="Moment"),
        page.get_by_role("button", name="Stop"),
    ):
        expect(part).to_be_in_viewport(ratio=0.99)
    assert_no_barrier(page)

    page.get_by_role("slider", name="β, weight of the KL").press("End")
    changes = runs / "mine" / "changes.csv"
    page.get_by_role("button", name="Go on").click()
    expect(standing).to_contain_text("β 100", timeout=LONG_MS)
    rows = list(csv.DictReader(changes.read_text().splitlines()))
    assert [float(row["beta"]) for row in rows] == [1.0, 100.0]
    assert int(rows[1]["step"]) >= at
    expect(page.get_by_role("button", name="Open in the Atlas")).to_be_visible(timeout=LONG_MS)
    run = load_run("mine", runs)
    assert (run.config.hidden, run.config.classifier, run.history["beta"][-1]) == ((16,), False, 100.0)
    page.get_by_role("button", name="All runs").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="mine", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Open in the Atlas").click()
    expect(page).to_have_url(re.compile("run=mine"))
    expect(page.get_by_test_id("surface")).to_be_visible()


def test_a_zip_of_pictures_becomes_a_data_set(projector, own_server, tmp_path):
    from tests.explorer.test_own_data import SOUND

    (tmp_path / "pets.zip").write_bytes(SOUND["zip"][0].data)
    page = projector
    page.goto(address(own_server, **MACHINE))
    page.get_by_role("button", name="Upload", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "pets.zip")
    fill(page, "Name", "pets")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog.get_by_text("24 images; “pets” is the data set that is chosen now.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    settled(page)
    expect(page.get_by_role("combobox", name="Data set")).to_have_value("pets")
    expect(page.get_by_role("combobox", name="Preset")).to_have_value("Chosen from the pictures")
    page.get_by_role("button", name="Why these settings").click()
    expect(page.get_by_text("numbers are few enough for dense layers")).to_be_visible()


def test_where_training_is_forbidden_one_sentence_says_what_to_set(browser, runs, tmp_path, monkeypatch):
    (tmp_path / "atlas.toml").write_text("[atlas]\ntraining = false\n")
    monkeypatch.setenv("LATENT_CONFIG", str(tmp_path / "atlas.toml"))
    with served(runs) as url, tab(browser) as page:
        page.goto(address(url, **MACHINE))
        expect(page.get_by_test_id("standing")).to_contain_text("Not trained yet")  # in the page one may
        expect(page.get_by_text("This app does not train: its atlas.toml says training = false.")).to_be_visible()
        expect(page.get_by_text("On this machine")).to_have_count(0)


def test_a_training_goes_on_after_the_app_was_killed(projector, tmp_path):
    page, epochs = projector, 600
    with served_by(tmp_path) as (url, app):
        page.goto(address(url, **MACHINE))
        small(page, "mine", epochs)
        expect(page.get_by_test_id("standing")).to_contain_text("Step ", timeout=LONG_MS)
        app.kill()
        app.wait()
    with served(tmp_path) as url:
        page.goto(address(url, **MACHINE))
        expect(page.get_by_text("Paused: the app ended; it goes on where it was")).to_be_visible()
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("button", name="Open in the Atlas")).to_be_visible(timeout=LONG_MS)
    run = load_run("mine", tmp_path)
    assert (run.info.state, run.config.epochs) == ("finished", epochs)
    assert list(run.history["epoch"]) == list(range(1, epochs + 1))  # each epoch once


def test_the_order_of_those_that_wait_is_changed(projector, tmp_path):
    page = projector
    with served(tmp_path) as url:
        page.goto(address(url, **MACHINE))
        small(page, "first", 100_000)
        expect(page.get_by_test_id("standing")).to_contain_text("Step ", timeout=LONG_MS)
        for name in ("second", "third"):
            fill(page, "Name of the run", name)
            page.get_by_role("button", name="Train", exact=True).click()
            expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
        names = page.get_by_role("button", name=re.compile("^(first|second|third)$"))
        expect(names).to_have_text(["first", "second", "third"])
        page.get_by_role("button", name="Earlier").click()
        expect(names).to_have_text(["first", "third", "second"])
        page.get_by_role("button", name="Later").click()
        expect(names).to_have_text(["first", "second", "third"])
