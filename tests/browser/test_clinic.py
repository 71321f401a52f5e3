"""Do the clinic's charts act while a slider is dragged, and is a remedy trained in the background, in a real browser?"""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import served
from tests.browser.surface import address, assert_no_barrier_in_either_scheme
from trainer.datasets import load_dataset
from trainer.runs.catalogue import HOME, load_run
from trainer.runs.read import read_info
from trainer.runs.write import RunWriter


def opened(page: Page, server: str, run: str, look: str = "KL") -> None:
    page.goto(address(server, run=run, view="dimensions", look=look.replace(" ", "+")))
    expect(page.get_by_role("radiogroup", name="Look at")).to_be_visible()


def test_thresholds_act_while_they_move(page, server):
    opened(page, server, "clinic-strong-decoder")
    run = load_run("clinic-strong-decoder", HOME / "assets" / "clinic")
    kl = 0.5 * (run.encodings.mu.astype(float) ** 2 + np.expm1(run.encodings.logvar.astype(float)) - run.encodings.logvar)
    words = page.get_by_role("status").filter(visible=True)
    expect(words).to_contain_text("collapsed")
    epsilon = page.get_by_role("slider", name=re.compile("^ε"))
    for place in ("0", "200", "300", "400"):
        epsilon.fill(place)
        shown = float(epsilon.get_attribute("aria-valuetext").split()[0])
        at = 1e-3 * 1e4 ** (int(place) / 400)
        assert shown == pytest.approx(at, rel=0.06)
        expected = int(((kl < at).mean(0) >= 0.99).sum())
        expect(words).to_contain_text(f"{expected} of 8 dimensions")
        assert page.locator("rect").filter(has_text=", collapsed").count() == expected


def test_a_dimension_of_which_few_images_do_not_tell_is_drawn_as_unknown(page, tmp_path):
    shutil.copytree(HOME / "assets" / "runs" / "digits-16d", tmp_path / "few")
    info = read_info(tmp_path / "few")
    k = info.config.latent_dim
    lost, errors = (84.5, 0.01, *[50.0] * (k - 2)), (46.0, *[0.1] * (k - 1))
    found = info.examination.model_copy(update={"variance": (1.0,) * k, "shuffled": lost, "shuffled_error": errors})
    RunWriter.at(tmp_path, "few").write_info(info.model_copy(update={"examination": found}))
    with served(tmp_path) as url:
        opened(page, url, "few")
        words = page.get_by_role("status").filter(visible=True)
        expect(words).to_contain_text(f"{k - 2} are needed by the decoder, of 1 it is not known.")
        expect(page.get_by_text("not known whether needed")).to_be_visible()
        bars = page.locator("rect").filter(has_text="too few images to tell whether the decoder needs it")
        expect(bars).to_have_count(1)
        expect(bars).to_have_text(re.compile("^z₁: KL"))


def test_the_line_walks_down_the_staircase(page, server):
    opened(page, server, "clinic-healthy", "linear-VAE prediction")
    eigenvalues = np.linalg.eigvalsh(np.cov(load_dataset("digits").subset("train").images.reshape(-1, 64).T / 255.0, bias=True))
    words = page.get_by_role("status").filter(visible=True)
    expect(words).to_contain_text("βσ²")
    beta, sigma2 = (page.get_by_role("slider", name=re.compile(f"^{name}")) for name in ("β", "σ²"))
    for b, s in (("100", "300"), ("200", "300"), ("300", "200")):
        beta.fill(b)
        sigma2.fill(s)
        threshold = 0.05 * 1000 ** (int(b) / 400) * 1e-4 * 1e4 ** (int(s) / 400)
        expect(words).to_contain_text(f"{int((eigenvalues > threshold).sum())} dimensions stay active")
    assert page.locator("circle").filter(has_text="active at").count() == 6


def test_a_remedy_is_trained_beside_the_patient_and_only_its_owner_may_stop_it(page, server, browser):
    opened(page, server, "clinic-over-regularised", "fix")
    page.get_by_role("button", name="Retrain").first.click()
    expect(page.get_by_text("clinic-over-regularised-lower-beta").first).to_be_visible()
    other = browser.new_context().new_page()
    opened(other, server, "clinic-over-regularised", "fix")
    expect(other.get_by_text("clinic-over-regularised-lower-beta").first).to_be_visible()
    expect(other.get_by_role("button", name="Stop")).to_have_count(0)
    other.context.close()
    expect(page.get_by_text("before:")).to_be_visible(timeout=300_000)
    expect(page.get_by_text("after: Healthy")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("test images decoded from their codes"))).to_have_count(2)
    page.get_by_role("button", name="Open clinic-over-regularised-lower-beta").click()
    expect(page).to_have_url(re.compile("run=clinic-over-regularised-lower-beta"))


@pytest.mark.parametrize("look", ["KL", "information", "prior", "linear-VAE prediction", "sweep over β", "fix"])
def test_nobody_is_shut_out(page, server, look):
    opened(page, server, "clinic-strong-decoder", look)
    assert_no_barrier_in_either_scheme(page)
