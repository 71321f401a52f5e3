"""Does the pad do what Python does: the same preparation, code and posterior, by mouse, finger and clipboard?"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page, expect

from explorer.hosts.cli import main
from explorer.pictures.opening import open_upload
from explorer.pictures.preprocess import PreparedPicture, prepare
from explorer.pictures.protocols import browser_protocol
from tests.browser.surface import SURFACE, address, assert_no_barrier, choose_tab, grey, ready, settled, stroke, tab
from tests.places import ASSETS, BUNDLES
from trainer.datasets import load_dataset
from trainer.errors import ImageError
from trainer.runs.catalogue import load_run

PREPARE = """async ([program, pictures]) => {
  const { prepare } = await import(URL.createObjectURL(new Blob([program], { type: 'text/javascript' })));
  return pictures.map(({ rgba, width, height, shape, protocol, off }) => {
    const data = Uint8ClampedArray.from(atob(rgba), (letter) => letter.charCodeAt(0));
    try {
      const { x, steps } = prepare({ width, height, data }, shape, protocol, new Set(off));
      return { x: Array.from(x), steps: steps.map(({ title, sentence }) => [title, sentence]) };
    } catch (error) {
      return { error: error.message };
    }
  });
}"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    for name in ("mnist-2d", "mnist-20d", "shapes-6d"):
        assert main(["export", name, "--html", str(folder / f"{name}.html"), "--runs", str(ASSETS)]) == 0
    return {name: (folder / f"{name}.html").as_uri() for name in ("mnist-2d", "mnist-20d", "shapes-6d")}


def on_a_canvas(x: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """A real image at random size, place, angle, brightness and polarity on a larger sheet, sometimes grainy, coloured or transparent."""
    side = int(rng.integers(70, 260))
    size = int(side * rng.uniform(0.4, 0.9))
    digit = Image.fromarray(x).resize((size, size), Image.Resampling.BICUBIC).rotate(rng.uniform(-5, 5), Image.Resampling.BILINEAR)
    sheet = np.zeros((side, int(side * rng.uniform(1, 1.3))))
    top, left = (int(rng.integers(0, room - size + 1)) for room in sheet.shape)
    sheet[top : top + size, left : left + size] = np.asarray(digit)
    low, high = rng.uniform(0, 60), rng.uniform(150, 255)
    sheet = low + sheet / 255 * (high - low)
    sheet = 255 - sheet if rng.random() < 0.5 else sheet
    sheet += rng.normal(0, 4, sheet.shape) if rng.random() < 0.3 else 0
    grey = np.rint(np.clip(sheet, 0, 255)).astype(np.uint8)
    if rng.random() < 0.3:
        return Image.fromarray(np.stack([grey, grey // 2 + 100, 255 - grey // 3], -1).astype(np.uint8))
    if rng.random() < 0.2:
        return Image.fromarray(np.stack([grey, grey, grey, np.where(grey < 40, 90, 255)], -1).astype(np.uint8), "RGBA")
    return Image.fromarray(grey)


def odd_pictures() -> list[Image.Image]:
    """What preparation must refuse or survive: empty, tiny, narrow, the model's own size, over the working size."""
    stroke = Image.new("L", (1300, 40), 255)
    ImageDraw.Draw(stroke).line((100, 20, 1200, 22), 0, 3)
    own = Image.fromarray(np.random.default_rng(1).integers(0, 255, (28, 28), np.uint8))
    dark = Image.new("L", (28, 28), 240)
    ImageDraw.Draw(dark).line((6, 7, 21, 7, 12, 22), 20, 3)
    through = [Image.new("RGBA", size, (level, level, level, 0)) for size in ((28, 28), (90, 80)) for level in (0, 70, 255)]
    for image in through:
        image.putalpha(Image.eval(dark, lambda level: 255 - level).resize(image.size))
    sheet = Image.new("RGBA", (90, 80), (240, 235, 230, 255))
    sheet.paste((0, 0, 0, 0), (0, 0, 12, 12))
    ImageDraw.Draw(sheet).line((30, 20, 60, 25, 40, 66), (20, 30, 120, 255), 4)
    own_size = [own, dark, Image.eval(dark, lambda level: 255 - level), dark.convert("RGBA"), *through, sheet]
    blank = [Image.new("L", (60, 50), level) for level in (0, 128, 255)]
    noise = [
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side), np.uint8)) for seed, side in ((2, 64), (3, 40))
    ]
    return [
        *noise,
        *blank,
        Image.new("L", (28, 28), 7),
        Image.new("L", (1, 1), 0),
        Image.new("L", (1, 900), 255),
        stroke,
        *own_size,
    ]


GROUNDS = {"folder:dark": "dark", "folder:light": "light"}


def prepared(picture: Image.Image, shape: tuple[int, int, int], name: str, off: list[str]) -> PreparedPicture | str:
    """What Python makes of it, or the sentence of its refusal."""
    try:
        return prepare(picture, shape, name, off, GROUNDS.get(name))
    except ImageError as error:
        return str(error)


def test_pictures_are_prepared_as_in_python(page):
    rng = np.random.default_rng(0)
    images = {name: load_dataset(name).images for name in ("mnist", "digits")}
    shapes = {"digits": (1, 8, 8), "shapes": (3, 64, 64), "folder:grey": (1, 32, 48)}
    cases = []
    for i in range(60):
        name = ["mnist", "digits", "fashion-mnist", "shapes", "mnist", "folder:grey"][i % 6]
        protocol = browser_protocol(name)
        off = [step for step, _, _ in protocol["switches"] if rng.random() < 0.3] if i % 2 else []
        digit = images.get(name, images["mnist"])[i][0]
        cases.append((on_a_canvas(digit, rng), shapes.get(name, (1, 28, 28)), name, off))
    for picture in odd_pictures():
        for off in ([], ["paper"], ["crop", "box"]):
            cases.append((picture, (1, 28, 28), "mnist", off))
        cases.append((picture, (1, 28, 28), "fashion-mnist", ["paper", "crop"]))
        cases.append((picture, (1, 28, 28), "mnist", ["own"]))
        cases.append((picture, (3, 64, 64), "shapes", []))
        for ground, off in (("dark", []), ("light", []), ("dark", ["paper"])):
            cases.append((picture, (1, 28, 28), f"folder:{ground}", off))
    sent = [
        {
            "rgba": base64.b64encode(np.asarray(picture.convert("RGBA")).tobytes()).decode(),
            "width": picture.width,
            "height": picture.height,
            "shape": shape,
            "off": off,
            "protocol": browser_protocol(name, GROUNDS.get(name)),
        }
        for picture, shape, name, off in cases
    ]
    page.goto("about:blank")
    answers = page.evaluate(PREPARE, [(BUNDLES / "studio.js").read_text(encoding="utf-8"), sent])
    refused = 0
    for (picture, shape, name, off), answer in zip(cases, answers, strict=True):
        ready = prepared(picture, shape, name, off)
        if isinstance(ready, str):
            refused += 1
            assert answer == {"error": ready}, (name, off, picture.size)
            continue
        assert "error" not in answer, (answer, name, off, picture.size)
        np.testing.assert_allclose(np.reshape(answer["x"], shape), ready.x, atol=1e-3, err_msg=f"{name} {off} {picture.size}")
        theirs = [[step.title, step.sentence] for step in ready.steps]
        assert answer["steps"] == theirs
    assert 5 < refused < len(cases) / 3


# --- drawing


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    size = {"width": 390, "height": 844}
    with tab(browser, viewport=size, has_touch=True, is_mobile=True, reduced_motion="reduce") as page:
        yield page


def opened(page: Page, address: str) -> Locator:
    page.goto(address)
    ready(page)
    return opened_pad(page)


def opened_pad(page: Page) -> Locator:
    choose_tab(page, "Draw")
    return page.get_by_test_id("pad")


SEVEN = [[(0.3, 0.25), (0.7, 0.22), (0.45, 0.85)], [(0.35, 0.55), (0.65, 0.55)]]


def draw(page: Page, pad: Locator, places: list[tuple[float, float]]) -> None:
    pad.scroll_into_view_if_needed()
    stroke(page, pad, places, steps=6)


def code(page: Page) -> np.ndarray:
    return np.array(json.loads(page.get_by_test_id("drawing").get_attribute("data-z")))


def raster(page: Page) -> Image.Image:
    """The drawing as a picture, as the browser prepares it."""
    width, height, data = page.evaluate(
        f"() => {{ const b = {SURFACE}.pad.rasterised(); return [b.width, b.height, btoa(String.fromCharCode(...b.data))]; }}"
    )
    return Image.frombytes("RGBA", (width, height), base64.b64decode(data))


def fed(page: Page) -> np.ndarray:
    return np.array(page.evaluate(f"() => Array.from({SURFACE}.pad.ready.x)"), np.float32).reshape(1, 28, 28)


def test_a_drawing_is_prepared_encoded_and_decoded_as_python_does_with_the_same_picture(page, exported):
    run = load_run("mnist-2d", ASSETS)
    pad = opened(page, exported["mnist-2d"])
    for line in SEVEN:
        draw(page, pad, line)
        ready = prepare(raster(page), run.image_shape, "mnist")
        np.testing.assert_allclose(fed(page), ready.x, atol=1e-3)
        z = code(page).astype(np.float32)
        np.testing.assert_allclose(z, run.forward.encode(ready.x[None]).mu[0], atol=5e-3)  # the browser's weights have 16 bits
        made = grey(page.get_by_test_id("made"))
        assert np.abs(made - 255 * run.forward.decode(z[None])[0, 0]).max() <= 1.5
    shown = json.loads(page.get_by_test_id("decoded").get_attribute("data-z"))
    np.testing.assert_allclose(shown, code(page), atol=1e-6)  # the card and the map follow
    heading = page.get_by_text("Your drawing, decoded")
    expect(heading).to_be_visible()


def test_every_step_can_be_left_out_and_is_shown(page, exported):
    run = load_run("mnist-2d", ASSETS)
    pad = opened(page, exported["mnist-2d"])
    draw(page, pad, [(0.1, 0.1), (0.35, 0.1), (0.33, 0.16), (0.12, 0.36)])
    page.get_by_text("How it is prepared, step by step").click()
    expect(page.get_by_test_id("steps").locator("li b")).to_have_text(["Your picture", "Grey", "Ink", "Crop", "Model input"])
    off: list[str] = []
    for name, title in (("mass", "Centre of mass"), ("crop", "Crop to the ink"), ("paper", "Background and polarity")):
        before = fed(page)
        page.get_by_label(title).uncheck()
        settled(page)
        off.append(name)
        np.testing.assert_allclose(fed(page), prepare(raster(page), run.image_shape, "mnist", off).x, atol=1e-3)
        assert name in ("own", "paper") or np.abs(fed(page) - before).max() > 0.2
    expect(page.get_by_test_id("steps")).to_contain_text("Background and polarity were left alone")
    page.get_by_label("Pen of the data set").uncheck()
    settled(page)
    rows = np.flatnonzero(np.asarray(raster(page).convert("L")).any(1))
    assert rows[-1] < 64  # as it was drawn: in the upper half, no larger


def test_undo_redo_eraser_and_clear_are_announced(page, exported):
    pad = opened(page, exported["mnist-2d"])
    said = page.get_by_test_id("surface-state")
    draw(page, pad, SEVEN[0])
    one, ink = code(page), np.asarray(raster(page).convert("L")).sum()
    draw(page, pad, SEVEN[1])
    two = code(page)
    pad.focus()
    page.keyboard.press("Control+z")
    expect(said).to_have_text("Undone")
    settled(page)
    np.testing.assert_allclose(code(page), one, atol=1e-6)
    page.keyboard.press("Control+y")
    settled(page)
    np.testing.assert_allclose(code(page), two, atol=1e-6)
    page.get_by_role("button", name="Undo", exact=True).click()
    page.get_by_role("button", name="Eraser").click()
    expect(page.get_by_role("button", name="Eraser")).to_have_attribute("aria-pressed", "true")
    draw(page, pad, [(0.3, 0.25), (0.42, 0.24)])
    assert np.asarray(raster(page).convert("L")).sum() < 0.9 * ink
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(said).to_have_text("Pad cleared")
    expect(page.get_by_test_id("drawing")).to_have_text("Nothing drawn yet")
    expect(page.get_by_label("Posterior of your picture")).to_be_hidden()
    page.get_by_role("button", name="Undo", exact=True).click()  # wiping is a step like any other
    expect(page.get_by_test_id("drawing")).to_have_attribute("data-z", re.compile("."))


def test_a_finger_draws_and_the_page_does_not_scroll(phone, exported):
    pad = opened(phone, exported["mnist-2d"])
    box = pad.bounding_box()
    session = phone.context.new_cdp_session(phone)
    scrolled = phone.evaluate("scrollY")

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": 0} for x, y in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        settled(phone)

    touch("touchStart", (0.5, 0.2))
    for y in (0.35, 0.5, 0.65, 0.8):
        touch("touchMove", (0.5, y))
    touch("touchEnd")
    assert phone.evaluate("scrollY") == scrolled
    run = load_run("mnist-2d", ASSETS)
    nearest = run.encodings.label[np.argsort(((run.encodings.mu - code(phone)) ** 2).sum(1))[:15]]
    assert (nearest == 1).mean() > 0.9  # a line downwards is a one
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    tools = phone.get_by_role("group", name="Draw").get_by_role("button")
    assert min(tool.bounding_box()["height"] for tool in tools.all()) >= 40


# --- pictures from elsewhere

PASTE = """([data, type]) => {
  const clipboard = new DataTransfer();
  if (type) clipboard.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], 'image.png', { type }));
  else clipboard.setData('text/plain', data);
  document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: clipboard, bubbles: true, cancelable: true }));
}"""


def png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def paste(page: Page, data: bytes, kind: str = "image/png") -> None:
    page.evaluate(PASTE, [base64.b64encode(data).decode() if kind else data.decode(), kind])


@contextmanager
def taken(page: Page) -> Iterator[None]:
    """What is done brings another picture onto the pad, which is decoded and prepared first."""
    page.evaluate(f"() => {{ window.before = {SURFACE}.pad.ready; }}")
    yield
    page.wait_for_function(f"() => {SURFACE}.pad.ready !== window.before")
    settled(page)


def test_a_pasted_picture_is_read_as_an_upload_is(page, exported):
    run, rng = load_run("mnist-2d", ASSETS), np.random.default_rng(3)
    opened(page, exported["mnist-2d"])
    for digit in load_dataset("mnist").images[60_000:60_003, 0]:
        picture = on_a_canvas(digit, rng).convert("RGB")
        with taken(page):
            paste(page, png(picture))
        ready = prepare(picture, run.image_shape, "mnist")
        np.testing.assert_allclose(fed(page), ready.x, atol=1e-3)
        np.testing.assert_allclose(code(page), run.forward.encode(ready.x[None]).mu[0], atol=5e-3)
    expect(page.get_by_role("alert")).to_have_count(0)
    pad = page.get_by_test_id("pad")
    draw(page, pad, SEVEN[0])  # a stroke is the beginning of a drawing of one's own
    np.testing.assert_allclose(fed(page), prepare(raster(page), run.image_shape, "mnist").x, atol=1e-3)


def test_a_large_photograph_is_told_with_the_size_of_its_file_as_python_tells_it(page, exported):
    run = load_run("mnist-2d", ASSETS)
    opened(page, exported["mnist-2d"])
    large = Image.new("L", (3000, 2000), 255)
    large.paste(0, (1400, 600, 1600, 1400))
    with taken(page):
        paste(page, png(large))
    page.get_by_text("How it is prepared, step by step").click()
    expect(page.get_by_test_id("steps")).to_contain_text("3000 × 2000 pixels, opened at 2048 × 1365.")
    said = prepare(open_upload(png(large), "large.png"), run.image_shape, "mnist").steps[0].sentence
    assert said == "3000 × 2000 pixels."


def bomb() -> bytes:
    """A PNG whose header says 50 000 × 50 000."""
    data = bytearray(png(Image.new("L", (4, 4))))
    data[16:24] = (50_000).to_bytes(4, "big") * 2
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "kind", "words"),
    [
        ("text", b"a seven", "", "There is no picture on the clipboard"),
        ("empty", b"", "image/png", "is empty (0 bytes)"),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "is not an image that can be read"),
        ("pdf", b"%PDF-1.7", "image/png", "is not an image that can be read"),
        ("cut", png(Image.effect_noise((90, 90), 90))[:3000], "image/png", "is damaged or cut off"),
        ("bomb", bomb(), "image/png", "is 50000 × 50000 = 2500.0 megapixels"),
        ("blank", png(Image.new("L", (80, 80), 255)), "image/png", "looks blank"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 8 else "",
)
def test_what_is_no_picture_is_one_sentence(page, exported, name, data, kind, words):
    pad = opened(page, exported["mnist-2d"])
    paste(page, data, kind)
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text(words)
    assert refusal.inner_text().count(".") <= 3
    page.get_by_role("button", name="Clear", exact=True).click() if name == "blank" else None
    draw(page, pad, SEVEN[0])
    expect(refusal).to_be_hidden()
    assert code(page).shape == (2,)


def test_a_dropped_file_and_one_that_is_too_large(page, exported):
    opened(page, exported["mnist-2d"])
    drop = """([data, n]) => {
      const bytes = n ? new Uint8Array(n) : Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
      const files = new DataTransfer();
      files.items.add(new File([bytes], '<img src=x onerror=alert(1)>.png', { type: 'image/png' }));
      const pad = document.querySelector('[data-testid=pad]');
      pad.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
    }"""
    picture = on_a_canvas(load_dataset("mnist").images[7, 0], np.random.default_rng(5)).convert("L")
    with taken(page):
        page.evaluate(drop, [base64.b64encode(png(picture)).decode(), 0])
    np.testing.assert_allclose(fed(page), prepare(picture, (1, 28, 28), "mnist").x, atol=1e-3)
    page.evaluate(drop, ["", 20_000_001])
    expect(page.get_by_role("alert")).to_have_text(
        "<img src=x onerror=alert(1)>.png has 20.0 MB; allowed: at most 20 MB; make the picture smaller."
    )


def test_the_camera_is_asked_for_only_then_and_its_absence_is_a_sentence(page, exported):
    opened(page, exported["mnist-2d"])
    page.evaluate(
        "() => { window.asked = 0; navigator.mediaDevices.getUserMedia = async () => {"
        " asked++; throw new DOMException('none', 'NotFoundError'); }; }"
    )
    assert page.evaluate("asked") == 0
    page.get_by_role("button", name="Camera").click()
    expect(page.get_by_role("alert")).to_have_text("No camera was found; connect one, or paste a picture instead.")
    page.evaluate(
        """() => {
          const c = Object.assign(document.createElement('canvas'), { width: 320, height: 240 }), g = c.getContext('2d');
          setInterval(() => { g.fillStyle = '#eee'; g.fillRect(0, 0, 320, 240); g.fillStyle = '#111'; g.fillRect(150, 60, 16, 120); }, 30);
          window.stream = c.captureStream(30);
          navigator.mediaDevices.getUserMedia = async () => window.stream;
        }"""
    )
    page.get_by_role("button", name="Camera").click()
    page.wait_for_function("() => document.querySelector('video').readyState >= HTMLMediaElement.HAVE_CURRENT_DATA")
    with taken(page):
        page.get_by_role("button", name="Take the picture").click()
    upright = fed(page)[0]
    rows, columns = np.flatnonzero((upright > 0.5).any(1)), np.flatnonzero((upright > 0.5).any(0))
    assert len(rows) == 20
    assert len(columns) <= 4
    assert page.evaluate("window.stream.getTracks().every((t) => t.readyState === 'ended')")  # its light goes out


def test_a_colour_model_takes_pictures_and_no_strokes(page, exported):
    run = load_run("shapes-6d", ASSETS)
    opened(page, exported["shapes-6d"])
    expect(page.get_by_role("button", name="Eraser")).to_have_count(0)
    rng = np.random.default_rng(2)
    picture = Image.fromarray(rng.integers(0, 255, (9, 12, 3), np.uint8)).resize((150, 100), Image.Resampling.BICUBIC)
    with taken(page):
        paste(page, png(picture))
    x = prepare(picture, run.image_shape, "shapes").x
    np.testing.assert_allclose(np.reshape(page.evaluate(f"() => Array.from({SURFACE}.pad.ready.x)"), x.shape), x, atol=1e-3)
    np.testing.assert_allclose(code(page), run.forward.encode(x[None]).mu[0], atol=0.02)


# --- the posterior


def told(page: Page) -> dict[str, np.ndarray]:
    choose_tab(page, "Posterior")
    numbers = json.loads(page.get_by_label("Posterior of your picture").get_attribute("data-numbers"))
    return {name: np.array(values) for name, values in numbers.items()}


@pytest.mark.parametrize("name", ["mnist-2d", "mnist-20d"])
def test_samples_are_mean_plus_noise_and_are_decoded(page, exported, name):
    run = load_run(name, ASSETS)
    pad = opened(page, exported[name])
    draw(page, pad, SEVEN[0])
    settled(page)
    ready = prepare(raster(page), run.image_shape, "mnist")
    codes = run.forward.encode(ready.x[None])
    first = told(page)
    np.testing.assert_allclose(first["mu"], codes.mu[0], atol=0.01)
    np.testing.assert_allclose(first["std"], codes.std[0], atol=0.01)
    np.testing.assert_allclose(first["z"], first["mu"] + first["std"] * first["eps"], atol=1e-9)
    shown = [
        page.get_by_label("Posterior of your picture").get_by_role("row").nth(1 + k).locator("td").all_inner_texts()
        for k in range(2)
    ]
    for k, row in enumerate(shown):
        values = [float(text.replace("−", "-")) for text in row]
        np.testing.assert_allclose(values, [first[key][k] for key in ("mu", "std", "eps", "z")], atol=0.00501)
    page.get_by_role("button", name="sample 3").click()
    third = told(page)
    settled(page)
    decoded = json.loads(page.get_by_test_id("decoded").get_attribute("data-z"))
    np.testing.assert_allclose(decoded, third["z"], atol=1e-6)
    tile = grey(page.get_by_role("button", name="sample 3").locator("canvas"))
    assert np.abs(tile - 255 * run.forward.decode(third["z"][None].astype(np.float32))[0, 0]).max() <= 2
    page.get_by_role("button", name="Resample ε").click()
    again = told(page)
    assert np.abs(again["eps"] - third["eps"]).max() > 1e-3
    np.testing.assert_allclose(again["mu"], third["mu"])


def marker(page: Page) -> dict[str, np.ndarray]:
    found = page.evaluate(f"() => {SURFACE}.panel('posterior').marker")
    return {name: np.array(found[name]) for name in ("map", "spread", "dots") if found[name] is not None}


def test_the_ellipse_is_to_scale_and_dots_are_the_samples_places(page, exported):
    pad = opened(page, exported["mnist-2d"])
    draw(page, pad, SEVEN[0])
    settled(page)
    on_plane, numbers = marker(page), told(page)
    np.testing.assert_allclose(on_plane["map"], numbers["mu"])
    np.testing.assert_allclose(on_plane["spread"], [numbers["std"][0] ** 2, 0, numbers["std"][1] ** 2])
    np.testing.assert_allclose(on_plane["dots"][0], numbers["z"], atol=1e-9)
    inside = (((on_plane["dots"] - numbers["mu"]) / numbers["std"]) ** 2).sum(1) < 2 * np.log(2)  # half of a Gaussian on a plane
    assert abs(inside.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(inside))
    page.get_by_role("button", name="Zoom to it").click()
    settled(page)
    scale = page.evaluate(f"() => [{SURFACE}.viewport.camera.scale, {SURFACE}.stage.plot.height]")
    np.testing.assert_allclose(scale[1] / scale[0], 6 * numbers["std"].max(), rtol=0.02)  # three σ on each side


def test_on_a_plane_in_many_dimensions_ellipse_and_dots_are_projected(page, exported):
    projection = load_run("mnist-20d", ASSETS).projections["pca"]
    opened(page, exported["mnist-20d"])
    page.get_by_role("radio", name=projection.title).check(force=True)
    draw(page, opened_pad(page), SEVEN[0])
    settled(page)
    shown, numbers = marker(page), told(page)
    basis = np.asarray(projection.basis, float)
    covariance = basis @ np.diag(numbers["std"] ** 2) @ basis.T  # the basis is orthonormal
    np.testing.assert_allclose(shown["spread"], [covariance[0, 0], covariance[0, 1], covariance[1, 1]], rtol=1e-2)
    places = projection.to_map(np.stack([numbers["mu"], numbers["z"]]).astype(np.float32), np.zeros((1, 20), np.float32))
    np.testing.assert_allclose([shown["map"], shown["dots"][0]], places, atol=5e-3)


def test_noise_is_standard_normal(page, exported):
    pad = opened(page, exported["mnist-20d"])
    draw(page, pad, SEVEN[0])
    eps = np.array(page.evaluate(f"() => Array.from({SURFACE}.panel('posterior').eps)"))
    n = len(eps)
    assert abs(eps.mean()) < 4 / np.sqrt(n)
    assert abs(eps.var() - 1) < 4 * np.sqrt(2 / n)


# --- the app


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_in_the_app_the_picture_is_handed_over_when_asked(browser, server, width, scheme):
    with tab(browser, viewport={"width": width, "height": 1000}, color_scheme=scheme, reduced_motion="reduce") as page:
        page.goto(address(server, run="mnist-2d", view="reconstruct"))
        page.get_by_role("radio", name="Draw").or_(page.get_by_role("button", name="Draw", exact=True)).first.click()
        pad = page.get_by_test_id("pad")
        expect(pad).to_be_visible()
        settled(page)
        pad.scroll_into_view_if_needed()
        for line in SEVEN:
            draw(page, pad, line)
        before = code(page)
        page.get_by_role("button", name="Pin this code").click()
        expect(page.get_by_test_id("tile")).to_have_count(1)
        np.testing.assert_allclose(json.loads(page.get_by_test_id("tile").get_attribute("data-z")), before, atol=1e-4)
        page.get_by_role("button", name="Analyse").click()
        expect(page.get_by_text("model input").first).to_be_visible()
        expect(page.get_by_text(re.compile("your drawing: mean absolute error"))).to_be_visible()
        np.testing.assert_allclose(code(page), before, atol=1e-6)  # the pad keeps its drawing through the rerun
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_text("How it is prepared, step by step").first.click()
        settled(page)
        assert_no_barrier(page)
