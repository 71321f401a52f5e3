"""Do surfaces beside each other show the same image and the same code, and does a point of the chart open its run?"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import surface
from tests.browser.surface import (
    SOME_CODE,
    address,
    answered,
    assert_no_barrier_in_either_scheme,
    choose_tab,
    eventually,
    heading,
    pixels,
    pretrained,
    settled,
    tab,
    the_map,
)
from trainer.runs.read import Run


def opened(page: Page, server: str, n: int, **query: str) -> list[Locator]:
    """The page with n surfaces, each of which has decoded something."""
    page.goto(address(server, view="compare", **query))
    return shown(page, n)


def shown(page: Page, n: int) -> list[Locator]:
    """The surfaces of the page that is there, each of which has decoded something."""
    roots = page.get_by_test_id("surface")
    expect(roots).to_have_count(n)
    found = [roots.nth(i) for i in range(n)]
    for root in found:
        expect(root.get_by_test_id("decoded")).to_have_attribute("data-z", SOME_CODE)
    settled(page)
    return found


def code(root: Locator) -> np.ndarray:
    return np.array(surface.code(root))


def picture(root: Locator, run: Run) -> np.ndarray:
    """(C, H, W) bytes of the decoded canvas."""
    return pixels(root.get_by_test_id("decoded"))[..., : run.image_shape[0]].transpose(2, 0, 1)


def near_image(root: Locator) -> int:
    """The number under the surface's nearest test image."""
    return int(re.search(r"test image (\d+)", root.get_by_test_id("nearest").text_content() or "")[1])


def hover(page: Page, root: Locator, x: float, y: float) -> None:
    canvas = the_map(root)
    canvas.scroll_into_view_if_needed()
    surface.hover(page, canvas, x, y)


def view(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name, exact=True)).first.click()


def assert_shows_image(root: Locator, run: Run, image: Locator | int) -> None:
    """Its own code of that image (of the one that the other map stands on), to float16, and numpy's picture of that code."""

    def shows() -> None:
        z, mu = code(root), run.encodings.mu[image if isinstance(image, int) else near_image(image)]
        np.testing.assert_allclose(z, mu, rtol=2e-3, atol=2e-3)
        expected = run.forward.decode(z[None].astype(np.float32))[0] * 255
        assert np.abs(picture(root, run) - expected).max() <= 1.1

    eventually(shows)


def assert_shows_code(root: Locator, z: np.ndarray) -> None:
    eventually(lambda: np.testing.assert_allclose(code(root), z, atol=1e-5))


def assert_same_code(one: Locator, other: Locator) -> None:
    eventually(lambda: np.testing.assert_array_equal(code(one), code(other)))


def test_hovering_over_one_map_every_run_decodes_its_own_code_of_that_image(page, server):
    first, deep, linear = opened(page, server, 3, run="digits-2d", **{"with": "digits-16d:umap~digits-pca:pca"})
    seen = set()
    for x, y in [(0.3, 0.3), (0.55, 0.45), (0.7, 0.6), (0.45, 0.75)]:
        hover(page, first, x, y)
        number = near_image(first)
        expect(heading(first)).to_have_text("Under the cursor")
        for root, name in ((deep, "digits-16d"), (linear, "digits-pca")):
            expect(heading(root)).to_have_text(f"Test image {number}, decoded")
            assert near_image(root) == number
            assert_shows_image(root, pretrained(name), number)
        seen.add(number)
    assert len(seen) >= 3
    hover(page, linear, 0.5, 0.5)  # and the other way round
    expect(heading(linear)).to_have_text("Under the cursor")
    assert_shows_image(first, pretrained("digits-2d"), linear)


def test_two_maps_of_one_run_show_exactly_the_same_code(page, server):
    umap, pca, axes, other = opened(page, server, 4, run="digits-16d", **{"with": "digits-16d:pca~digits-16d:axes_3_5~digits-2d"})
    run = pretrained("digits-16d")
    for source in (umap, pca, axes):
        hover(page, source, 0.4, 0.55)
        for root in (umap, pca, axes):
            assert_same_code(root, source)
            assert near_image(root) == near_image(source)
            np.testing.assert_array_equal(picture(root, run), picture(source, run))
        assert [heading(root).text_content() for root in (umap, pca, axes)].count("The same code here") == 2
        assert_shows_image(other, pretrained("digits-2d"), source)
    assert (code(axes)[[0, 1, 3]] == 0).all()  # a place of that map sets dimensions 3 and 5 only


def test_keys_and_sliders_move_the_others_too(page, server):
    first, second, third = opened(page, server, 3, run="digits-2d", **{"with": "digits-16d:umap~digits-16d:pca"})
    canvas = first.get_by_role("application")
    canvas.focus()
    before = code(first)
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    eventually(lambda: np.testing.assert_array_less(code(first)[0], before[0]))
    assert_shows_image(second, pretrained("digits-16d"), first)
    choose_tab(second, "Sliders")
    second.get_by_role("slider").first.focus()
    page.keyboard.press("End")
    eventually(lambda: np.testing.assert_equal(code(second).max(), 3.5))
    assert_same_code(third, second)
    assert_shows_image(first, pretrained("digits-2d"), second)


def test_keys_are_for_the_map_under_the_hand(page, server):
    roots = opened(page, server, 2, run="digits-2d", **{"with": "digits-autoencoder"})
    the_map(roots[1]).hover()
    page.keyboard.press("+")
    settled(page)
    zooms = [root.evaluate(LOOK)["camera"][2] for root in roots]
    page.keyboard.press("+")
    settled(page)
    again = [root.evaluate(LOOK)["camera"][2] for root in roots]
    assert again[0] == zooms[0] and again[1] < zooms[1]


def test_linking_asks_nothing_of_the_server(page, server):
    sent: list[int] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(len(data))))
    first, second = opened(page, server, 2, run="digits-2d", **{"with": "digits-16d:umap"})
    sent.clear()
    before = code(second)
    for x in (0.3, 0.5, 0.7):
        hover(page, first, x, 0.5)
    assert (code(second) != before).any()
    settled(page)
    assert sent == []


def test_one_column_becomes_large_for_a_room_and_its_help_tells_of_nothing_else_than_works_here(page, server):
    first, second = opened(page, server, 2, run="digits-2d", **{"with": "digits-16d:umap"})
    width, height = page.viewport_size["width"], page.viewport_size["height"]
    the_map(first).focus()
    page.keyboard.press("?")
    keys = first.get_by_role("dialog", name="Keys and gestures")
    expect(keys.get_by_text("presenter size")).to_be_visible()
    expect(keys.get_by_text(re.compile("copy a link|hide or show"))).to_have_count(0)  # keys of a map that has the page for itself
    page.keyboard.press("Escape")
    before = first.bounding_box()
    page.keyboard.press("Shift+P")
    eventually(lambda: np.testing.assert_allclose(list(first.bounding_box().values()), [0, 0, width, height], atol=1))
    assert the_map(first).bounding_box()["width"] > 0.5 * width
    hover(page, first, 0.4, 0.5)
    expect(heading(second)).to_have_text(f"Test image {near_image(first)}, decoded")  # behind it the others follow
    page.keyboard.press("Escape")
    eventually(lambda: np.testing.assert_allclose(list(first.bounding_box().values()), list(before.values()), atol=1))


def test_another_data_set_does_not_follow_and_says_so(page, server):
    first, second = opened(page, server, 2, run="digits-2d", **{"with": "pendulum-2d"})
    expect(page.get_by_text("its images are others, so it does not follow")).to_be_visible()
    before = code(second)
    for x in (0.3, 0.6):
        hover(page, first, x, 0.5)
    np.testing.assert_array_equal(code(second), before)


def test_the_chosen_image_goes_to_every_column_and_into_the_link_without_sending_the_maps_again(page, server):
    received: list[int] = []
    fetched: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
    page.on("request", lambda request: fetched.append(request.url) if request.url.endswith((".gz", ".js")) else None)
    roots = opened(page, server, 3, run="mnist-2d", **{"with": "mnist-20d:umap~mnist-20d:pca"})
    assert len([url for url in fetched if url.endswith(".gz")]) == 3
    assert sum(received) < 500_000  # neither the maps nor the programs
    received.clear()
    fetched.clear()
    box = page.get_by_role("spinbutton", name="Test image")
    box.fill("4321")
    box.press("Enter")
    for root, name in zip(roots, ("mnist-2d", "mnist-20d", "mnist-20d"), strict=True):
        expect(heading(root)).to_have_text("Test image 4321, decoded")
        assert_shows_code(root, pretrained(name).encodings.mu[4321])
    expect(page).to_have_url(re.compile("image=4321"))
    settled(page)
    assert sum(received) < 200_000 and fetched == []
    hover(page, roots[0], 0.5, 0.5)
    expect(heading(roots[1])).to_have_text(f"Test image {near_image(roots[0])}, decoded")


def test_a_run_that_comes_later_catches_up_with_the_others(page, server):
    first, second = opened(page, server, 2, run="digits-2d", **{"with": "digits-16d:umap"})
    hover(page, first, 0.35, 0.6)
    number = near_image(first)
    page.mouse.move(0, 0)
    column = page.get_by_role("combobox", name="Run of column 2")
    column.click()
    column.press_sequentially("digits-pca")  # a long list draws only the names in sight
    page.get_by_role("option", name="digits-pca").click()
    expect(page).to_have_url(re.compile("with=digits-pca"))
    expect(second.get_by_test_id("map-title")).to_have_text("PCA")
    expect(heading(second)).to_have_text(f"Test image {number}, decoded")
    assert_shows_image(second, pretrained("digits-pca"), number)
    page.get_by_role("button", name="Add a column").click()
    expect(page.get_by_test_id("surface")).to_have_count(3)
    third = page.get_by_test_id("surface").nth(2)
    expect(heading(third)).to_have_text(f"Test image {number}, decoded")


def test_a_point_of_the_chart_opens_its_run_in_a_column_and_so_does_the_list(page, server):
    opened(page, server, 2, run="digits-2d", **{"with": "digits-16d:umap"})
    words = page.get_by_test_id("stPlotlyChart").locator(".textpoint text")
    expect(words.filter(has_text=re.compile("^digits-m2$"))).to_be_visible()
    answered(page)  # a click on a chart that is drawn again finds nobody
    names = words.all_text_contents()
    points = page.get_by_test_id("stPlotlyChart").locator("path.point")  # Plotly has classes only
    points.nth(names.index("digits-m2")).click(force=True)
    expect(page).to_have_url(re.compile(r"with=digits-16d%3Aumap~digits-m2%3Aumap"))
    expect(page.get_by_test_id("surface")).to_have_count(3)
    answered(page)
    page.get_by_text("The same as a list").click()
    beside = page.get_by_role("button", name="Compare digits-conditional-vae")
    beside.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("surface")).to_have_count(4)
    expect(page).to_have_url(re.compile("digits-conditional-vae"))
    expect(page.get_by_role("button", name="Add a column")).to_be_disabled()
    answered(page)
    alone = page.get_by_role("button", name="Open in the atlas").nth(1)
    alone.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("surface")).to_have_count(1)
    expect(page).not_to_have_url(re.compile("view=compare|with="))


def test_the_pages_run_and_map_are_the_first_columns(page, server):
    surface.opened(page, server, run="digits-16d", projection="pca")
    view(page, "compare")
    expect(page.get_by_test_id("surface")).to_have_count(2)
    expect(page.get_by_test_id("map-title").first).to_have_text("PCA")
    expect(page.get_by_role("combobox", name="Run", exact=True)).to_have_count(1)
    expect(page).to_have_url(re.compile("run=digits-16d"))
    view(page, "atlas")
    expect(page.get_by_test_id("surface")).to_have_count(1)
    expect(page.get_by_test_id("map-title").first).to_have_text("PCA")


def test_axe_finds_nothing(browser, server):
    with tab(browser, reduced_motion="reduce") as page:
        opened(page, server, 4, run="digits-2d", **{"with": "digits-16d:axes~digits-conditional-vae~pendulum-2d"})
        expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible()
        page.get_by_text("The same as a list").click()
        assert_no_barrier_in_either_scheme(page)


@pytest.mark.parametrize("width", [390, 1400])
def test_columns_stand_beside_each_other_or_on_a_phone_below(browser, server, width):
    with tab(browser, viewport={"width": width, "height": 900}) as page:
        roots = opened(page, server, 3, run="digits-2d", **{"with": "digits-16d~digits-pca"})
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = [root.bounding_box() for root in roots]
        if width == 390:
            assert all(box["width"] > 300 for box in boxes)
            assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
        else:
            assert len({round(the_map(root).bounding_box()["y"]) for root in roots}) == 1
            for root in roots:
                canvas, decoded = the_map(root).bounding_box(), root.get_by_test_id("decoded").bounding_box()
                assert decoded["y"] > canvas["y"] + canvas["height"] - 1


# --- a link

LOOK = """(root) => {
  const { view: { camera, plot }, layers } = root.surface.shown().context.state;
  return { camera: [camera.x, camera.y, plot.width / camera.scale], background: layers.background };
}"""


def assert_looks(roots: list[Locator], wanted: list[dict]) -> None:
    """Cameras to the six digits of a link."""
    for root, look in zip(roots, wanted, strict=True):
        found = root.evaluate(LOOK)
        assert found["background"] == look["background"]
        assert found["camera"] == pytest.approx(look["camera"], rel=1e-4, abs=1e-4)


def test_a_link_has_camera_and_layers_of_every_column_and_reload_and_back_keep_them(page, server, browser):
    roots = opened(page, server, 2, run="digits-2d", **{"with": "digits-16d:pca"})
    first = [root.evaluate(LOOK) for root in roots]
    the_map(roots[0]).focus()
    page.keyboard.press("m")
    expect(page).to_have_url(re.compile(r"bg\.1=manifold"))
    the_map(roots[1]).focus()
    for key in ("+", "+", "+"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"bg\.1=manifold.*cam\.2="))
    settled(page)
    looks = [root.evaluate(LOOK) for root in roots]
    assert looks[0]["camera"] == first[0]["camera"] and looks[1]["camera"][2] < 0.6 * first[1]["camera"][2]
    assert [look["background"] for look in looks] == ["manifold", "none"]
    eventually(lambda: assert_in_address(page, "cam.2", looks[1]["camera"]))
    link = page.evaluate("location.href")
    with tab(browser) as other:
        other.goto(link)
        fresh = shown(other, 2)
        eventually(lambda: assert_looks(fresh, looks))
        assert other.evaluate("location.href") == link
    page.reload()
    again = shown(page, 2)
    eventually(lambda: assert_looks(again, looks))
    page.get_by_test_id("stMain").get_by_role("radio", name="atlas").click()
    expect(page).to_have_url(re.compile("^((?!view=compare).)*$"))
    expect(page.get_by_test_id("surface")).to_have_count(1)
    settled(page)
    page.go_back()
    eventually(lambda: assert_looks(shown(page, 2), looks))
    assert page.evaluate("location.href") == link


def test_what_is_looked_at_is_in_the_link_and_the_other_columns_follow_it_there(page, server, browser):
    roots = opened(page, server, 2, run="digits-2d", **{"with": "digits-autoencoder"})
    before = [code(root) for root in roots]
    the_map(roots[1]).focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    settled(page)
    codes = [code(root) for root in roots]
    assert all((now != then).any() for now, then in zip(codes, before, strict=True))
    eventually(lambda: assert_in_address(page, "at.2", codes[1]))  # the address follows a moment later
    assert "at.1=" not in page.evaluate("location.hash")  # the first only follows
    with tab(browser) as other:
        other.goto(page.evaluate("location.href"))
        fresh = shown(other, 2)
        eventually(lambda: np.testing.assert_allclose(code(fresh[1]), codes[1], rtol=1e-4))  # a link has six digits
        eventually(lambda: np.testing.assert_array_equal(code(fresh[0]), codes[0]))  # a test image's own code


def assert_in_address(page: Page, name: str, numbers: Sequence[float]) -> None:
    told = re.search(rf"{re.escape(name)}=([^&]+)", page.evaluate("location.hash"))
    assert told and [float(x) for x in told[1].split("_")] == pytest.approx(list(numbers), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(
    ("size", "others"), [((600, 900), 1), ((390, 844), 1), ((1280, 720), 3)], ids=["tablet", "phone", "four columns"]
)
def test_maps_of_columns_begin_at_one_height_whatever_their_runs_are_called(browser, server, size, others):
    """One run has three maps to choose from, the other one."""
    with tab(browser, viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce") as page:
        columns = "~".join(["mnist-2d", "mnist-20d", "mnist-2d"][:others])
        roots = opened(page, server, others + 1, run="mnist-20d", **{"with": columns})
        tops = [the_map(root).bounding_box()["y"] for root in roots]
        assert max(tops) - min(tops) < 1
        for root in roots:
            best = root.get_by_role("group", name="Class probabilities").get_by_text("class 7", exact=True)
            assert best.evaluate("one => one.scrollWidth <= one.clientWidth + 1")  # not cut
