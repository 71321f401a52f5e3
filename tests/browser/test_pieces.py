"""In a real browser: do the interactive pieces of lessons act under the hand, do their tasks get done, and does axe find nothing?"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lesson_tasks import own_terms
from tests.browser.surface import address, answered, assert_no_barrier_in_either_scheme, eventually, pretrained, settled, tab
from trainer.datasets import load_dataset

PROJECTOR, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
SIZES = pytest.mark.parametrize("size", [PROJECTOR, PHONE], ids=["projector", "phone"])
ENCODER = ("04-be-the-encoder", 1)
DARTS = ("03-what-is-p-of-x", 1)
CELLS = ("03-what-is-p-of-x", 4)
GRADIENTS = ("05-noise-one-can-differentiate", 1)
SURGERY = ("09-kl-is-not-information", 3)
PLACES = {"encoder": ENCODER, "darts": DARTS, "integrate": CELLS, "gradients": GRADIENTS, "surgery": SURGERY}


def opened(page: Page, server: str, place: tuple[str, int], **more: object) -> Locator:
    """The piece of a step, once it is there; what the page's console says of errors is kept in `page.told`."""
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.__dict__["told"] = told
    page.goto(address(server, view="lessons", lesson=place[0], step=place[1], **more))
    piece = page.locator(".lw-piece")
    expect(piece).to_be_visible()
    return piece


def quiet(page: Page) -> None:
    assert page.__dict__["told"] == []


def tasks_done(page: Page, n: int = 1) -> None:
    expect(page.get_by_test_id("stMain").get_by_text("Done", exact=True)).to_have_count(n)


def drag(page: Page, knob: Locator, dx: float, dy: float) -> None:
    box = knob.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=8)
    page.mouse.up()


def is_known(page: Page) -> None:
    assert "= " in page.get_by_test_id("piece-evidence").inner_text()


# --- be the encoder


@SIZES
def test_a_gaussian_is_dragged_and_stretched_and_its_terms_move(browser, server, size):
    with tab(browser, viewport=size, reduced_motion="reduce") as page:
        opened(page, server, ENCODER)
        expect(page.get_by_test_id("piece-plane")).to_be_in_viewport(ratio=0.9)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        eventually(lambda: is_known(page))
        first = own_terms(page)
        assert first[1] == 0 and first[3] > 20  # it begins as the prior
        plane = page.get_by_test_id("piece-plane").bounding_box()
        drag(page, page.locator(".lw-grip-mean"), -0.07 * plane["width"], -0.25 * plane["height"])  # to the posterior
        eventually(lambda: differ(own_terms(page), first))
        moved = own_terms(page)
        assert moved[1] > 1 and moved[3] < first[3]
        for name, dx, dy in (("x", -25, 0), ("y", 0, 25)):
            drag(page, page.locator(f".lw-grip-{name}"), dx, dy)
        eventually(lambda: differ(own_terms(page), moved))
        adds_up(own_terms(page))
        narrowed = own_terms(page)
        assert narrowed[0] < moved[0] and narrowed[1] > moved[1]
        page.get_by_test_id("piece-climb").click()
        eventually(lambda: is_nearly(own_terms(page)[3], 0, 0.2))
        tasks_done(page)
        quiet(page)


def differ(found: list[float], before: list[float]) -> None:
    assert found != before


def adds_up(found: list[float]) -> None:
    distortion, rate, bound, gap = found
    assert abs(-distortion - rate - bound) < 0.02 and gap >= -0.01


def is_nearly(value: float, wanted: float, tolerance: float) -> None:
    assert abs(value - wanted) < tolerance


def test_its_numbers_are_those_of_numpy(browser, server):
    """log p(x) on a grid, and the bound of the encoder's Gaussian from many draws, by the run's own forward pass."""
    run = pretrained("digits-2d")
    x = (load_dataset("digits").images[run.encodings.index[12]] / np.float32(255))[None].astype(np.float32)

    def log_likelihood(z: np.ndarray) -> np.ndarray:
        return -run.forward.nll(z.astype(np.float32), np.repeat(x, len(z), 0))

    mu, sigma = run.encodings.mu[12], np.exp(run.encodings.logvar[12] / 2)
    side = np.linspace(-1.6, 1.6, 121)
    z = np.stack(np.meshgrid(mu[0] + side, mu[1] + side), -1).reshape(-1, 2)
    f = log_likelihood(z) - 0.5 * np.square(z).sum(1) - np.log(2 * np.pi)
    log_px = f.max() + np.log(np.exp(f - f.max()).sum() * (side[1] - side[0]) ** 2)
    draws = mu + sigma * np.random.default_rng(0).standard_normal((20_000, 2))
    rate = 0.5 * (np.square(mu) + np.square(sigma) - 1 - 2 * np.log(sigma)).sum()
    bound = log_likelihood(draws).mean() - rate
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        opened(page, server, ENCODER)
        eventually(lambda: is_known(page))
        page.get_by_role("button", name="The encoder's").click()
        eventually(lambda: is_nearly(own_terms(page)[1], rate, 0.01))
        _, _, shown, gap = own_terms(page)
        said = page.get_by_test_id("piece-evidence").inner_text()
        found = float(re.search(r"= (−?[\d.]+)", said)[1].replace("−", "-"))
        assert found == pytest.approx(log_px, abs=0.1)  # the page's weights have half precision
        assert shown == pytest.approx(bound, abs=0.2)
        assert gap == pytest.approx(found - shown, abs=0.011)


def test_keys_move_and_stretch_it(browser, server):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        opened(page, server, ENCODER)
        page.get_by_test_id("piece-plane").focus()
        before = own_terms(page)
        for key in ("ArrowUp", "Shift+X", "y"):
            page.keyboard.press(key)
            eventually(lambda before=before: differ(own_terms(page), before))
            before = own_terms(page)
        assert "step=1" in page.url


def test_the_tilted_posterior_of_the_last_step_leaves_a_gap(browser, server):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        piece = opened(page, server, ("04-be-the-encoder", 5))
        eventually(lambda: is_known(page))
        expect(piece).to_contain_text("no axis-aligned Gaussian closes the gap")
        page.get_by_test_id("piece-climb").click()
        expect(page.get_by_role("rowheader", name="Optimised")).to_be_visible()
        assert 0.1 < own_terms(page)[3] < 0.8
        tasks_done(page)


# --- what is p(x)?


@SIZES
def test_darts_come_to_the_value_by_quadrature(browser, server, size):
    with tab(browser, viewport=size, reduced_motion="reduce") as page:
        opened(page, server, DARTS)
        expect(page.get_by_test_id("piece-plane")).to_be_in_viewport(ratio=0.7)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        words, go = page.get_by_test_id("piece-words"), page.get_by_test_id("piece-go")
        go.click()
        expect(words).to_contain_text("N = 100:")
        expect(go).to_contain_text("up to 1000")
        tasks_done(page)
        page.get_by_role("radio", name="from the encoder's q(z|x)").check()
        expect(words).to_contain_text("Throw darts")
        for total in ("100", "1000"):
            go.click()
            expect(words).to_contain_text(f"N = {total}:")
        eventually(lambda: near_quadrature(words))
        quiet(page)


def near_quadrature(words: Locator) -> None:
    found = [float(value.replace("−", "-")) for value in re.findall(r"(−?\d+\.\d+)", words.inner_text())]
    mean, _, exact, _ = found
    assert abs(mean - exact) < 0.3


@SIZES
def test_cells_come_to_it_too_and_cost_what_they_cost(browser, server, size):
    with tab(browser, viewport=size, reduced_motion="reduce") as page:
        piece = opened(page, server, CELLS)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        words = page.get_by_test_id("piece-words")
        expect(words).to_contain_text("8 × 8 cells")
        dial = page.get_by_role("slider", name=re.compile("cells"))
        dial.focus()
        for key in ("End", "Home"):
            page.keyboard.press(key)
            expect(dial).to_have_attribute("aria-valuetext", {"End": "200", "Home": "2"}[key])
        expect(words).to_contain_text("2 × 2 cells")
        expect(piece.get_by_role("row", name=re.compile("^10 dimensions"))).to_contain_text("1024")
        page.get_by_test_id("piece-go").click()
        expect(words).to_contain_text("160 × 160 cells: log", timeout=120_000)
        tasks_done(page)
        quiet(page)


# --- gradients


@SIZES
def test_two_estimators_are_drawn_on_the_spot_and_can_be_cancelled(browser, server, size):
    with tab(browser, viewport=size, reduced_motion="reduce") as page:
        opened(page, server, GRADIENTS)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        words, go = page.get_by_test_id("piece-words"), page.get_by_test_id("piece-go")
        expect(words).to_contain_text("2θ = 20.0")
        go.click()
        go.click()
        expect(go).to_have_text("Draw again")
        assert page.get_by_text("Done", exact=True).count() == 0
        go.click()
        expect(words).to_contain_text("needs 2854 times the draws", timeout=120_000)  # (10⁴ + 14·10² + 15) / 4
        score, pathwise = re.search(r"score function (\S+) ± \S+, pathwise (\S+) ±", words.inner_text()).groups()
        assert abs(float(score) - 20) < 0.2 and abs(float(pathwise) - 20) < 0.01
        tasks_done(page)
        page.get_by_role("checkbox", name=re.compile("baseline")).check()
        expect(words).to_contain_text("needs 203 times the draws")  # (8·10² + 10) / 4
        quiet(page)


# --- surgery


def parts(page: Page) -> list[float]:
    """Mean KL, information, KL of the aggregate, log N."""
    return [
        float(page.get_by_test_id(f"piece-{name}").inner_text().replace("−", "-"))
        for name in ("rate", "information", "marginal", "most")
    ]


@SIZES
def test_the_parts_of_the_kl_move_with_the_gaussians_and_add_up(browser, server, size):
    with tab(browser, viewport=size, reduced_motion="reduce") as page:
        opened(page, server, SURGERY)
        expect(page.get_by_test_id("piece-line")).to_be_in_viewport(ratio=0.9)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        before = parts(page)
        drag(page, page.locator("[data-image='0'][data-knob=mean]"), -30, 0)
        eventually(lambda: differ(parts(page), before))
        whole(parts(page))
        before = parts(page)
        drag(page, page.locator("[data-image='0'][data-knob=width]"), -12, 0)
        eventually(lambda: differ(parts(page), before))
        whole(parts(page))
        page.get_by_role("button", name="Trap").click()
        eventually(lambda: is_nearly(parts(page)[1], 0, 0.01))
        tasks_done(page)
        page.get_by_role("button", name="Collapsed").click()
        eventually(lambda: is_nearly(parts(page)[0], 0, 0.01))
        page.get_by_role("button", name="One image more").click()
        expect(page.get_by_test_id("piece-images")).to_have_text("5 images")
        assert parts(page)[3] == pytest.approx(np.log(5), abs=0.006)
        quiet(page)


def whole(found: list[float]) -> None:
    rate, information, marginal, most = found
    assert abs(information + marginal - rate) < 0.016 and information <= most + 0.006


# --- all of them


@pytest.mark.parametrize("name", PLACES)
def test_charts_are_drawn_as_large_as_they_are_shown(browser, server, name):
    """Else their letters would be smaller than they say."""
    with tab(browser, viewport={"width": 390, "height": 900}, reduced_motion="reduce") as page:
        piece = opened(page, server, PLACES[name])
        if name in ("darts", "integrate", "gradients"):
            page.get_by_test_id("piece-go").click()
        answered(page)
        for width in (390, 600, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            eventually(lambda: unscaled(piece))


def unscaled(piece: Locator) -> None:
    scales = piece.locator("svg[viewBox]").evaluate_all(
        "all => all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().width / one.viewBox.baseVal.width)"
    )
    assert scales and scales == pytest.approx([1] * len(scales), abs=0.02)


@pytest.mark.parametrize("name", PLACES)
def test_axe_finds_nothing_and_letters_are_large_enough(browser, server, name):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        piece = opened(page, server, PLACES[name])
        answered(page)
        settled(page)
        eventually(lambda: large(piece, 14))
        assert_no_barrier_in_either_scheme(page)
        quiet(page)


@pytest.mark.parametrize("name", PLACES)
def test_letters_are_large_enough_in_the_room(browser, server, name):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        piece = opened(page, server, PLACES[name], mode="room")
        answered(page)
        eventually(lambda: large(piece, 20))


def large(piece: Locator, least: int) -> None:
    read: Callable[[Locator], list[float]] = lambda where: where.evaluate(
        """(root) => [...root.querySelectorAll('*')]
          .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) && one.checkVisibility())
          .filter((one) => one.tagName.toLowerCase() !== 'title' && !one.closest('.la-hidden'))
          .map((one) => parseFloat(getComputedStyle(one).fontSize))"""
    )
    sizes = read(piece)
    assert sizes and min(sizes) >= least
