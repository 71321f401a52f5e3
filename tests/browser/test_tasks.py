"""Does a newcomer do these things without help and without scrolling, on a projector and on a phone?

Each test does one of them with what is on the screen, and fails where what it asked for is outside the viewport, cut off or covered at the
moment when it appears. Nothing here scrolls.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.surface import (
    SURFACE,
    address,
    at,
    choose_tab,
    code,
    eventually,
    find,
    pretrained,
    ready,
    settled,
    tab,
    the_map,
    tiles,
)

SIZES = {"projector": {"width": 1280, "height": 720}, "phone": {"width": 390, "height": 844}}

# The share of an element that is within the viewport and within whatever clips it, and whether its middle is what lies on top there.
SEEN = """(element) => {
  const whole = element.getBoundingClientRect();
  let [left, top, right, bottom] = [whole.left, whole.top, whole.right, whole.bottom];
  const clip = (box) => {
    [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
    [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
  };
  clip({ left: 0, top: 0, right: innerWidth, bottom: innerHeight });
  for (let node = element.parentNode; node; node = node.parentNode ?? node.host) {
    if (!(node instanceof Element) || node === document.documentElement || node === document.body) continue;
    const { overflowX, overflowY } = getComputedStyle(node);
    if (overflowX !== 'visible' || overflowY !== 'visible') clip(node.getBoundingClientRect());
  }
  const share = Math.max(0, right - left) * Math.max(0, bottom - top) / Math.max(1, whole.width * whole.height);
  let on_top = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  while (on_top?.shadowRoot) {
    const inner = on_top.shadowRoot.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    if (!inner || inner === on_top) break;
    on_top = inner;
  }
  const related = on_top && (element.contains(on_top) || on_top.contains(element) || on_top.getRootNode().host?.contains?.(element));
  return { share, covered: share > 0 && !related ? on_top?.outerHTML.slice(0, 120) ?? 'nothing' : '' };
}"""


@pytest.fixture(params=list(SIZES))
def screen(request, browser: Browser) -> Iterator[Page]:
    """A page of that size; a phone's is touched."""
    mobile = {"has_touch": True, "is_mobile": True} if request.param == "phone" else {}
    with tab(browser, viewport=SIZES[request.param], **mobile) as page:
        yield page


def visible(page: Page, pattern: str) -> Locator:
    """The first text of that pattern that is not hidden."""
    return page.get_by_text(re.compile(pattern)).locator("visible=true").first


def is_phone(page: Page) -> bool:
    return page.viewport_size != SIZES["projector"]


def press(thing: Locator) -> None:
    """As the person would: what is out of sight cannot be pressed."""
    on_screen(thing)
    if is_phone(thing.page):
        thing.tap()
    else:
        thing.click()


def on_screen(*things: Locator, share: float = 0.95, covers: bool = True) -> None:
    """All of it, or that share, is seen now; `covers` False where it lies under others by its nature, as a canvas of a map does."""
    for thing in things:
        expect(thing).to_be_visible()
        thing.element_handle().wait_for_element_state("stable")
        eventually(partial(_assert_seen, thing, share, covers), seconds=2)  # a dialog that comes in is at its place a moment later


def _assert_seen(thing: Locator, share: float, covers: bool) -> None:
    seen = thing.evaluate(SEEN)
    assert seen["share"] >= share, (str(thing), seen)
    assert not covers or not seen["covered"], (str(thing), seen)


def map_and_picture(page: Page) -> None:
    on_screen(the_map(page), covers=False)
    on_screen(page.get_by_test_id("decoded"))


def at_map(page: Page, x: float, y: float) -> None:
    """A click or tap at a share of the map's width and height."""
    place = at(the_map(page), x, y)
    if is_phone(page):
        page.touchscreen.tap(*place)
    else:
        page.mouse.click(*place)


def probe_at(page: Page) -> tuple[float, float]:
    """Where the probe's ring stands, CSS pixels of the page."""
    box = page.get_by_test_id("surface").locator(".la-probe").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def probe_on_screen(page: Page) -> None:
    (x, y), box = probe_at(page), the_map(page).bounding_box()
    assert box["x"] <= x <= box["x"] + box["width"] and box["y"] <= y <= box["y"] + box["height"]


def test_an_image_is_found_by_its_number(screen, server):
    screen.goto(address(server, run="mnist-20d"))
    ready(screen)
    press(screen.get_by_role("button", name=re.compile("^(Search|Find)")))
    box = screen.get_by_role("dialog").get_by_role("combobox")
    on_screen(box)
    box.fill("image 1192")
    press(screen.get_by_role("option", name=re.compile("1192")).first)
    settled(screen)
    run = pretrained("mnist-20d")
    map_and_picture(screen)
    probe_on_screen(screen)
    near = np.linalg.norm(run.encodings.mu - np.array(code(screen)), axis=1)
    assert near[1192] <= np.partition(near, 20)[20]  # the map's place of the image, whose inverse is approximate
    expect(screen.get_by_test_id("nearest")).to_contain_text("test image 1192")
    on_screen(screen.get_by_test_id("nearest").locator("canvas"))  # the image itself, beside its decoding
    on_screen(visible(screen, "^Test image 1192"), covers=False)  # said over the map, through which the map is reached


def test_three_places_are_pinned_and_their_path_is_played(screen, server):
    screen.goto(address(server, run="mnist-2d"))
    ready(screen)
    for n, (x, y) in enumerate(((0.4, 0.4), (0.55, 0.3), (0.6, 0.6)), 1):
        at_map(screen, x, y)
        expect(screen.get_by_test_id("tile")).to_have_count(n)
        expect(screen).to_have_url(re.compile(f"pins=[^~&#]+(~[^~&#]+){{{n - 1}}}([&#]|$)"))  # the server has it
        settled(screen)
        on_screen(screen.get_by_test_id("tile").nth(n - 1).get_by_role("img"))
    map_and_picture(screen)
    press(screen.get_by_role("button", name="Play the path"))
    expect(screen.get_by_role("slider", name="Position on the path")).to_be_visible()
    on_screen(
        screen.get_by_role("slider", name="Position on the path"), screen.get_by_role("button", name=re.compile("^(Pause|Play)$"))
    )
    on_screen(screen.get_by_role("group", name="Filmstrip"))
    map_and_picture(screen)
    before = code(screen)
    eventually(lambda: np.testing.assert_array_less(1e-6, np.abs(np.subtract(code(screen), before)).max()))
    assert len(tiles(screen)) == 3


def test_a_digit_is_drawn_and_seen_to_land_while_it_is_drawn(screen, server):
    screen.goto(address(server, run="mnist-2d", view="reconstruct"))
    ready(screen)
    press(screen.get_by_text("Draw", exact=True).first)
    pad = screen.get_by_test_id("pad")
    expect(pad).to_be_visible()
    settled(screen)
    on_screen(pad, screen.get_by_test_id("made"), screen.get_by_test_id("seen"))
    on_screen(the_map(screen), covers=False)
    before = probe_at(screen)
    screen.mouse.move(*at(pad, 0.5, 0.15))
    screen.mouse.down()
    screen.mouse.move(*at(pad, 0.48, 0.85), steps=8)
    settled(screen)  # the button is still down
    assert probe_at(screen) != before
    probe_on_screen(screen)
    on_screen(pad, screen.get_by_test_id("made"))
    screen.mouse.up()
    run = pretrained("mnist-2d")
    z = np.array(json.loads(screen.get_by_test_id("drawing").get_attribute("data-z")))
    nearest = run.encodings.label[np.argsort(((run.encodings.mu - z) ** 2).sum(1))[:15]]
    assert (nearest == 1).mean() > 0.8


def test_an_uploaded_picture_is_told_how_unusual_it_is(screen, server, tmp_path: Path):
    stripes = np.zeros((28, 28), np.uint8)
    stripes[:, ::4] = 255
    Image.fromarray(stripes).resize((280, 280), Image.Resampling.NEAREST).save(tmp_path / "stripes.png")
    screen.goto(address(server, run="mnist-2d", view="reconstruct"))
    ready(screen)
    press(screen.get_by_text("Upload", exact=True).first)
    on_screen(screen.get_by_test_id("stFileUploaderDropzone"))
    screen.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(tmp_path / "stripes.png")
    verdict = visible(screen, "more unusual than .* of the test images")
    expect(verdict).to_be_visible()
    settled(screen)
    on_screen(verdict, visible(screen, "^model input"), visible(screen, "^reconstruction"))
    if not is_phone(screen):
        on_screen(the_map(screen), covers=False)


def test_dead_dimensions_and_why_they_died(screen, server):
    screen.goto(address(server, run="clinic-over-regularised"))
    ready(screen)
    verdict = screen.get_by_test_id("stMain").get_by_role("button", name=re.compile("collapse|Collapsed|dimensions", re.I)).first
    press(verdict)
    expect(screen.get_by_text("How to read this").first).to_be_visible()
    settled(screen)
    on_screen(visible(screen, "Over-regularised: 5 of 8 dimensions are used"), visible(screen, "one more nat of KL must lower"))
    on_screen(visible(screen, "dimensions are .*collapsed"))


def test_the_autoencoder_is_compared_with_the_vae_at_one_image(screen, server):
    screen.goto(address(server, run="digits-2d", view="compare", **{"with": "digits-autoencoder", "image": 5}))
    pictures = screen.get_by_test_id("decoded")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        expect(picture).to_have_attribute("data-z", re.compile(r"^\["))
    settled(screen)
    on_screen(*pictures.all())


def test_a_hole_is_shown(screen, server):
    screen.goto(address(server, run="mnist-2d"))
    ready(screen)
    press(screen.get_by_role("button", name=re.compile("^(Search|Find)")))
    screen.get_by_role("dialog").get_by_role("combobox").fill("hole")
    press(screen.get_by_role("option", name=re.compile("hole", re.I)).first)
    settled(screen)
    map_and_picture(screen)
    probe_on_screen(screen)
    on_screen(visible(screen, "low density of encoded images"))


def test_the_map_is_exported_as_a_page(screen, server):
    screen.goto(address(server, run="mnist-2d"))
    ready(screen)
    press(screen.get_by_test_id("stMain").get_by_role("button", name=re.compile("Share")).first)
    button = screen.get_by_role("button", name=re.compile("web page")).first
    expect(button).to_be_visible()
    with screen.expect_download() as download:
        press(button)
    assert Path(download.value.path()).read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html>")


def test_a_run_that_collapsed_says_so_first(screen, server):
    screen.goto(address(server, run="clinic-collapsed"))
    ready(screen)
    alarm = screen.get_by_test_id("stMain").get_by_role("button", name=re.compile("collapse", re.I)).first
    on_screen(alarm)
    box = alarm.bounding_box()
    assert box["y"] + box["height"] <= the_map(screen).bounding_box()["y"]
    map_and_picture(screen)


# --- a link that opens exactly this

STATE = f"""(() => {{
  const m = ({SURFACE}).shown().context.state, {{ camera, plot }} = m.view;
  return {{
    of: [m.data.header.run.id, m.data.header.projection.name],
    camera: [camera.x, camera.y, plot.width / camera.scale],
    layers: m.layers,
    colour: m.colourBy.id,
    shown: [...m.shown],
    selection: [...m.selection.indices],
    groups: m.groups.map(({{ name, indices }}) => [name, [...indices]]),
    pins: m.pins.known.map(({{ label, z, map }}) => [label, z, map]),
    path: m.path.ends,
    probe: [m.probe.from, ...m.probe.at],
    tab: m.tab,
    isSideOpen: m.isSideOpen,
  }};
}})()"""

PICTURE = (
    """(map) => [...map.querySelectorAll('canvas'), ...(map instanceof HTMLCanvasElement ? [map] : [])].map((c) => c.toDataURL())"""
)


def arrange(screen: Page) -> None:
    """A camera, a background, a colour, pins, a path through them, and a group: by buttons, as a person would."""
    for n, (x, y) in enumerate(((0.4, 0.4), (0.55, 0.3), (0.6, 0.6)), 1):
        at_map(screen, x, y)
        expect(screen.get_by_test_id("tile")).to_have_count(n)
        settled(screen)
    press(screen.get_by_role("button", name="Play the path"))
    press(screen.get_by_role("button", name=re.compile("^Pause$")))
    choose_tab(screen, "Group")
    screen.get_by_role("combobox", name="Which points").select_option(label="all of class 3")
    screen.get_by_role("button", name="Select", exact=True).click()
    box = screen.get_by_role("textbox", name="Name of the group")
    box.fill("Threes & more")
    screen.get_by_role("button", name="Save as group").click()
    find(screen, "Colour by KL")
    for key in ("m", "r", "+", "+", "ArrowLeft"):
        screen.keyboard.press(key)
        settled(screen)


def test_a_link_opens_exactly_this(screen, server, browser):
    screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.goto(address(server, run="mnist-2d"))
    ready(screen)
    arrange(screen)
    press(screen.get_by_role("button", name="Share").first)
    press(screen.get_by_role("button", name="Copy link").first)
    dialog = screen.get_by_role("dialog", name="Share")
    field, code_ = dialog.get_by_role("textbox"), dialog.get_by_role("img", name="QR code of the link")
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    on_screen(field, code_, dialog.get_by_text("Copied."))
    on_screen(dialog.get_by_text("This address is this computer's own"))
    link = field.input_value()
    assert screen.evaluate("navigator.clipboard.readText()") == link == screen.url
    assert decoded_code(code_) == link
    press(dialog.get_by_role("button", name="Close"))
    expect(dialog).to_be_hidden()
    before, picture = screen.evaluate(STATE), the_map(screen).evaluate(PICTURE)
    assert before["groups"] and before["path"] and before["layers"]["background"] == "manifold" and before["colour"] != "class"
    options = {"has_touch": True, "is_mobile": True} if is_phone(screen) else {}
    with tab(browser, viewport=screen.viewport_size, **options) as other:
        other.goto(link)
        ready(other)
        settled(other)
        eventually(lambda: _same(other.evaluate(STATE), before))
        settled(other)
        drawn = the_map(other).evaluate(PICTURE)
        assert len(drawn) == len(picture)
        for one, wanted in zip(drawn, picture, strict=True):
            found, before_ = pixels(one), pixels(wanted)
            assert found.shape == before_.shape
            d = np.abs(found - before_).max(-1)
            assert (d > 0).mean() < 1e-3 and (d > 64).sum() <= 2  # a camera of six digits may bring an edge over a pixel's middle
        assert other.url == link


def _same(found: dict, wanted: dict) -> None:
    """Field by field; numbers to the digits that a link has."""
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        if name in ("camera", "probe"):
            assert found[name][-2:] == pytest.approx(value[-2:], rel=1e-4, abs=1e-4), name
            assert found[name][0] == (value[0] if name == "probe" else pytest.approx(value[0], rel=1e-4, abs=1e-4)), name
        else:
            assert found[name] == value, name


def pixels(address_: str) -> np.ndarray:
    """Of a picture that is its own address."""
    return np.array(Image.open(io.BytesIO(base64.b64decode(address_.split(",")[1])))).astype(int)


def decoded_code(picture: Locator) -> str:
    """What a reader of QR codes says of what is seen."""
    import zxingcpp

    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.screenshot())))
    assert len(found) == 1
    return str(found[0].text)
