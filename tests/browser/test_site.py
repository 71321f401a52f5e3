"""Does a web site without a server work, from disk and from a static host, with nothing asked of any other host?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.sites import sizes, static_host, written
from tests.browser.surface import (
    SURFACE,
    assert_no_barrier_in_either_scheme,
    at,
    code,
    eventually,
    hear,
    hover,
    of_screen,
    pretrained,
    ready,
    settled,
    tab,
    the_map,
    tiles,
)
from trainer.runs.catalogue import load_run

LAPTOP, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
BUDGET = 1_500_000
LEARNS = "lesson.html?lesson=07-watch-it-learn"
DIES = "lesson.html?lesson=08-dimensions-that-die"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return written(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def host(site) -> Iterator[tuple[str, list[str]]]:
    with static_host(site) as found:
        yield found


@pytest.fixture(params=["disk", "host"])
def base(request, site, host) -> str:
    """Where the site's pages are, with the last slash."""
    return f"{site.as_uri()}/" if request.param == "disk" else host[0]


@pytest.fixture
def visitor(browser: Browser, base: str) -> Iterator[Page]:
    """A tab in which a request to another place, and every complaint on the console, fails the test."""
    asked: list[str] = []
    said: list[str] = []
    with tab(browser, viewport=LAPTOP, reduced_motion="reduce") as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        yield page
    assert [url for url in asked if not url.startswith((base, "data:", "blob:"))] == []
    assert not said, said


# --- pages


def test_the_first_page_has_lessons_and_runs_and_finds_a_run(visitor, base):
    visitor.goto(f"{base}index.html")
    expect(visitor.get_by_role("link", name="Dimensions that die")).to_be_visible()
    card = visitor.get_by_role("listitem").filter(has=visitor.get_by_role("link", name="mnist-2d", exact=True))
    expect(card).to_contain_text("Healthy: both latent dimensions are used.")
    expect(card).to_contain_text(f"ELBO {pretrained('mnist-2d').info.metrics.elbo:.1f}".replace("-", "−"))
    for picture in visitor.locator("img.si-light").all():
        picture.scroll_into_view_if_needed()
        eventually(lambda picture=picture: _is_drawn(picture))
    visitor.get_by_role("searchbox", name="Search runs").fill("mnist 20")
    expect(visitor.get_by_role("link", name="mnist-20d", exact=True)).to_be_visible()
    expect(visitor.get_by_role("link", name="digits-2d", exact=True)).to_be_hidden()
    visitor.get_by_role("searchbox", name="Search runs").fill("no such run")
    expect(visitor.get_by_text("No run matches.")).to_be_visible()


def _is_drawn(picture: Locator) -> None:
    assert picture.evaluate("one => one.naturalWidth") > 0


def test_a_run_decodes_as_the_model_does_and_a_link_opens_its_pins(visitor, base):
    visitor.goto(f"{base}index.html")
    visitor.get_by_role("link", name="digits-2d", exact=True).click()
    canvas = ready(visitor)
    hover(visitor, canvas, 0.4, 0.6)
    z = code(visitor)
    decoded = pretrained("digits-2d").model.decode(np.array([z], np.float32))[0, 0]
    shown = visitor.evaluate(f"z => Array.from(({SURFACE}).decode(z))", z)
    np.testing.assert_allclose(shown, decoded.ravel(), atol=2e-3)  # weights of 16 bits
    visitor.mouse.click(*at(canvas, 0.4, 0.6))
    eventually(lambda: _n_pins(visitor, 1))
    pinned, link = tiles(visitor), visitor.evaluate("location.href")
    assert "pins=" in link
    other = visitor.context.new_page()
    other.goto(link)
    ready(other)
    eventually(lambda: np.testing.assert_allclose(tiles(other), pinned, atol=1e-4))
    other.get_by_role("button", name="Copy link").click()
    expect(other.get_by_role("img", name="QR code of the link")).to_be_visible()
    other.close()


def _n_pins(page: Page, n: int) -> None:
    assert len(tiles(page)) == n


def test_the_encoder_comes_after_the_map_and_changes_nothing_that_is_shown(visitor, base):
    visitor.goto(f"{base}run.html?run=digits-2d")
    canvas = ready(visitor)
    visitor.mouse.move(*at(canvas, 0.6, 0.4))
    expect(visitor.get_by_role("tab", name="Draw")).to_be_visible()  # the pad needs the encoder
    settled(visitor)
    run, (x,) = pretrained("digits-2d"), np.random.default_rng(0).random((1, 64), np.float32)
    mu = visitor.evaluate(f"x => Array.from(({SURFACE}).encode(Float32Array.from(x)).mu)", x.tolist())
    np.testing.assert_allclose(mu, run.model.encode(x.reshape(1, 1, 8, 8)).mu[0], atol=2e-2)


def test_a_link_opens_in_the_colours_that_it_names_and_the_first_part_has_the_classifier(browser, host):
    """While the rest is held back: encoder, and other maps and classes."""
    url, _ = host
    held: list[Route] = []
    with tab(browser, viewport=LAPTOP, reduced_motion="reduce", service_workers="block") as page:
        page.goto(f"{url}run.html?run=mnist-2d")
        ready(page)
        colour = page.get_by_label("Colour points by")
        colour.select_option("elbo")
        eventually(lambda: _names(page, "by=elbo"))
        expect(page.get_by_role("tab", name="Draw")).to_be_visible()  # the rest is here
        page.route(re.compile(r"\.rest\."), lambda route: held.append(route))
        page.reload()
        hover(page, ready(page), 0.4, 0.6)
        expect(page.get_by_role("group", name="Class probabilities")).to_be_visible()
        expect(colour).to_have_value("elbo")
        expect(page.get_by_text("images with the highest ELBO")).to_be_attached()
        eventually(lambda: _is_asked_for(page, held))
        expect(page.get_by_role("tab", name="Draw")).to_have_count(0)
        held[0].continue_()
        expect(page.get_by_role("tab", name="Draw")).to_be_visible()
        expect(colour).to_have_value("elbo")


def _is_asked_for(page: Page, held: list[Route]) -> None:
    hear(page)
    assert held


def _names(page: Page, part: str) -> None:
    assert part in page.evaluate("location.href")


def test_another_map_is_shown_once_its_part_is_here(visitor, base):
    visitor.goto(f"{base}run.html?run=mnist-20d")
    ready(visitor)
    visitor.get_by_role("radio", name="PCA").check()
    eventually(lambda: _shows(visitor, "mnist-20d", "pca"))
    assert "projection=pca" in visitor.evaluate("location.href")
    visitor.reload()
    ready(visitor)
    eventually(lambda: _shows(visitor, "mnist-20d", "pca"))


def test_the_film_of_the_training_takes_the_place_of_the_map(visitor, base):
    visitor.goto(f"{base}run.html?run=digits-2d")
    ready(visitor)
    visitor.get_by_role("button", name="Film").first.click()
    expect(visitor.get_by_role("slider", name=re.compile("Moment|Epoch"))).to_be_visible()
    visitor.get_by_role("button", name="Back to the map").first.click()
    expect(the_map(visitor)).to_be_visible()


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("run.html?run=nobody", "This site has no run “nobody”"),
        ("run.html", "The address names no run"),
        ("lesson.html?lesson=<b>x</b>", "This site has no lesson “<b>x</b>”"),
        ("compare.html?run=digits-2d&with=../x", "This site has no run “../x”"),
        ("train.html?data=mnist", "This site has no data set “mnist”"),
    ],
)
def test_an_address_that_names_nothing_is_told_so(visitor, base, page, sentence):
    visitor.goto(base + page)
    expect(visitor.get_by_role("alert")).to_contain_text(sentence)


# --- compare


def test_two_maps_follow_one_pointer_to_the_code_of_the_same_image(visitor, base):
    names = ("sweep-digits-beta-1-seed-0", "sweep-digits-beta-4-seed-0")
    visitor.goto(f"{base}compare.html?run={names[0]}&with={names[1]}")
    left, right = (visitor.get_by_role("region", name=f"{side} run") for side in ("Left", "Right"))
    expect(the_map(left)).to_be_visible()
    expect(the_map(right)).to_be_visible()
    settled(visitor)
    hover(visitor, the_map(left), 0.55, 0.45)
    heading = right.get_by_role("heading", name=re.compile("Test image"))
    expect(heading).to_be_visible()
    image = int(re.search(r"\d+", heading.text_content())[0])
    runs = [load_run(name) for name in names]
    eventually(lambda: np.testing.assert_allclose(code(right), runs[1].encodings.mu[image], atol=2e-3))
    # the same image is the nearest of the left map to the place of the pointer
    shown = np.array(visitor.evaluate(f"({SURFACE}).shown().context.state.probe.at"))
    points = next(iter(runs[0].projections.values())).points
    assert np.linalg.norm(points - shown, axis=1).argmin() == image


def test_runs_of_other_images_stand_beside_each_other_and_say_that_they_do_not_follow(visitor, base):
    visitor.goto(f"{base}compare.html?run=digits-2d&with=mnist-2d")
    right = visitor.get_by_role("region", name="Right run")
    expect(the_map(right)).to_be_visible()
    expect(visitor.get_by_text("do not follow each other")).to_be_visible()
    visitor.get_by_role("combobox", name="Right").select_option("digits-2d")
    expect(visitor.get_by_text("or the same code of the same run")).to_be_visible()


# --- train


def test_the_page_that_trains_learns_and_has_other_images_too(visitor, base):
    visitor.goto(f"{base}train.html")
    standing = visitor.get_by_test_id("standing")
    expect(standing).to_contain_text("Not trained yet")
    images = visitor.get_by_role("combobox", name="Images")
    names = [text.split(":")[0] for text in images.locator("option").all_text_contents()]
    assert names == ["digits", "pendulum", "melodies"]
    visitor.get_by_role("button", name="One epoch").click()
    expect(standing).to_contain_text("Step 9, epoch 1.0.")  # of 1258 images in batches of 128, the rest of each epoch left out
    visitor.goto(f"{base}train.html?data=pendulum")
    expect(visitor.get_by_role("combobox", name="Images")).to_have_value("pendulum")
    visitor.get_by_role("combobox", name="Images").select_option("digits")
    visitor.get_by_role("button", name="One epoch").click()
    expect(standing).to_contain_text("Step 9, epoch 1.0.")


# --- lessons


def test_a_lesson_asks_before_it_tells_and_sees_that_a_task_is_done(visitor, base):
    visitor.goto(f"{base}{DIES}")
    canvas = ready(visitor)
    expect(visitor.get_by_text("Step 1 of 6")).to_be_visible()
    expect(visitor.get_by_text("12.68 nats")).to_have_attribute("title", re.compile("the sum over latent dimensions"))
    settled(visitor)
    assert visitor.get_by_text("✓ Done").count() == 0
    for share in (0.4, 0.6):
        visitor.mouse.click(*at(canvas, share, 0.5))
    expect(visitor.get_by_text("✓ Done")).to_be_visible()
    for step in (2, 3, 4):
        visitor.get_by_role("button", name="Next").click()
        expect(visitor.get_by_text(f"Step {step} of 6")).to_be_visible()
    assert visitor.get_by_text("Right:").count() + visitor.get_by_text("Not quite:").count() == 0
    visitor.get_by_text("noise", exact=True).click()
    expect(visitor.get_by_text("Not quite:")).to_be_visible()
    visitor.get_by_role("radio", name="the same blurred picture at every place").check()
    expect(visitor.get_by_text("Right:")).to_be_visible()
    visitor.goto(f"{base}index.html")
    expect(visitor.get_by_text("Read until step 4 of 6, 1 of 3 tasks done")).to_be_visible()
    visitor.get_by_role("link", name="Dimensions that die").click()
    expect(visitor.get_by_text("Step 4 of 6")).to_be_visible()
    expect(visitor.get_by_text("Right:")).to_be_visible()


def test_a_step_puts_the_map_into_its_state_and_the_way_back_is_the_browsers(visitor, base):
    visitor.goto(f"{base}{DIES}#step=2")
    ready(visitor)
    visitor.get_by_role("button", name="Next").click()
    expect(visitor.get_by_text("Step 3 of 6")).to_be_visible()
    eventually(lambda: _shows(visitor, "sweep-digits-beta-4-seed-0", "axes"))
    visitor.get_by_role("button", name="Layers").first.click()
    visitor.get_by_label("Density of the codes").check()
    expect(visitor.get_by_text("✓ Done")).to_be_visible()
    link = visitor.evaluate("location.href")
    assert "bg=density" in link and "step=3" in link
    visitor.get_by_role("button", name="Next").click()
    eventually(lambda: _shows(visitor, "sweep-digits-beta-16-seed-0", "axes"))
    visitor.go_back()
    expect(visitor.get_by_text("Step 3 of 6")).to_be_visible()
    eventually(lambda: _shows(visitor, "sweep-digits-beta-4-seed-0", "axes"))
    eventually(lambda: _has_background(visitor, "density"))


def _shows(page: Page, run: str, map_name: str) -> None:
    shown = of_screen(page, "({ data: { header } }) => [header.run.id, header.projection.name]")  # null between two maps
    assert shown == [run, map_name]


def _has_background(page: Page, name: str) -> None:
    assert of_screen(page, "({ layers }) => layers.background") == name


def test_formulas_are_mathml_and_a_training_stands_beside_the_text(visitor, base):
    visitor.goto(f"{base}{LEARNS}")
    visitor.get_by_role("button", name="One epoch").click()
    expect(visitor.get_by_test_id("standing")).to_contain_text("Step 9, epoch 1.0.")
    assert visitor.get_by_text("✓ Done").count() == 0  # a hundred steps are asked for
    visitor.get_by_test_id("go").click()
    expect(visitor.get_by_text("✓ Done")).to_be_visible()
    visitor.goto(f"{base}{DIES}#step=2")
    expect(visitor.locator("math").first).to_be_attached()


# --- budget, network, looks


@pytest.mark.parametrize("run", ["digits-2d", "mnist-2d"])
def test_a_first_map_is_there_for_less_than_its_budget(browser, site, host, run):
    """Files that were asked for until the pointer decodes, as a host sends them that compresses with gzip."""
    url, asked = host
    asked.clear()
    with tab(browser, viewport=LAPTOP, reduced_motion="reduce", service_workers="block") as page:
        rest = re.compile(r"\.rest\.|\.film\.")
        page.route(rest, lambda route: route.abort())  # the map stands without them
        page.goto(f"{url}run.html?run={run}")
        hover(page, ready(page), 0.4, 0.6)
        until_now = [path for path in asked if not rest.search(path)]
        on_disk, sent = sizes(site, until_now)
    assert sent <= BUDGET, (run, on_disk, sent)


def test_what_was_seen_is_there_without_a_network(browser, site):
    with static_host(site) as (url, _), tab(browser, viewport=LAPTOP, reduced_motion="reduce") as page:
        page.goto(f"{url}run.html?run=digits-2d")
        ready(page)
        expect(page.get_by_role("tab", name="Draw")).to_be_visible()
        page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        first = next(path.name for path in (site / "runs").glob("digits-2d.*.js") if path.name.count(".") == 2)
        eventually(lambda: _keeps(page, f"{url}runs/{first}"))
        page.context.set_offline(True)
        page.reload()
        hover(page, ready(page), 0.4, 0.6)
        page.goto(f"{url}index.html")
        expect(page.get_by_role("link", name="Dimensions that die")).to_be_visible()
        page.goto(f"{url}run.html?run=mnist-2d")
        expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
        page.context.set_offline(False)
        page.get_by_role("button", name="Try again").click()
        ready(page)


def _keeps(page: Page, url: str) -> None:
    assert page.evaluate("url => caches.match(url).then((found) => found !== undefined)", url)


VIEWS = {
    "first page": "index.html",
    "run": "run.html?run=digits-2d",
    "compare": "compare.html?run=digits-2d&with=mnist-2d",
    "train": "train.html",
    "lesson": f"{DIES}#step=1",
    "question": f"{DIES}#step=4",
    "fault": "run.html?run=nobody",
}


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_and_a_phone_scrolls_one_way(browser, host, view):
    for size in (LAPTOP, PHONE):
        with tab(browser, viewport=size, reduced_motion="reduce", service_workers="block") as page:
            page.goto(host[0] + VIEWS[view])
            expect(page.locator(".wait")).to_have_count(0)
            settled(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            assert_no_barrier_in_either_scheme(page)
