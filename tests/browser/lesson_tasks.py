"""How is a lesson's task done on the page? For each subject of a condition a hand that moves, clicks or trains until it can hold.

A new subject of `explorer.lessons.conditions` gets a function here and a line in `HANDS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from playwright.sync_api import Locator, Page, expect

from explorer.lessons.conditions import Clause, Condition
from tests.browser.surface import answered, choose_tab, drawer, eventually, settled, the_map

Hand = Callable[[Page, Clause], None]

# What the map of the page knows: asked from the one who shows it.
MAP = """(what) => new Promise((give, fail) => {
  const later = setTimeout(() => fail(new Error('no map answers')), 5000);
  addEventListener('latent-atlas-screen', ({ detail }) => {
    clearTimeout(later);
    const state = detail.state();
    const { data, view, reading, pins, layers } = state;
    const name = (label) => data.className(label) ?? '';
    const on = ([x, y]) => [
      view.plot.width / 2 + (x - view.camera.x) * view.camera.scale,
      view.plot.height / 2 - (y - view.camera.y) * view.camera.scale,
    ];
    give({
      facts: () => ({
        support: reading.support, zoom: view.zoom, looks: reading.looks ? name(reading.looks.label) : '',
        pins: state.host.pins.length + (pins.added?.length ?? 0), size: [view.plot.width, view.plot.height],
        selected: state.selection.indices.length, isPath: Boolean(state.path.ends),
      }),
      points: () => Array.from({ length: data.nPoints }, (_, i) =>
        [name(data.labels[i]), ...on([data.points[2 * i], data.points[2 * i + 1]])]),
      pinned: () => state.host.pins.map(({ map }) => on(map)),
    }[what]());
  }, { once: true });
  dispatchEvent(new Event('latent-atlas-which-screen'));
})"""

BACKGROUNDS = {
    "none": "Plain",
    "manifold": "Decoded manifold",
    "density": "Density of the codes",
    "holes": "Posterior − prior",
    "magnification": "Magnification",
}
OVERLAYS = {
    "rings": "Prior rings",
    "points": "Points",
    "shapes": "Marker shapes",
    "thumbnails": "Pictures when close",
    "contours": "Class contours",
    "ellipses": "Posterior ellipses",
    "truth": "True posterior",
    "neighbours": "Nearest in latent space",
}
BORDER, APART = 30, 45  # CSS pixels


def do(page: Page, condition: Condition) -> None:
    """Everything that the condition asks for, in the order in which a hand can do it."""
    clauses = sorted(condition.clauses, key=lambda clause: list(HANDS).index(clause.subject))
    for clause in clauses:
        HANDS[clause.subject](page, clause)


# --- the map


def _asked(page: Page, what: str) -> Any:
    return page.evaluate(MAP, what)


def _at(page: Page, left: float, top: float) -> tuple[float, float]:
    """The page's position of one of the map."""
    the_map(page).scroll_into_view_if_needed()
    box = the_map(page).bounding_box()
    assert box is not None
    return box["x"] + left, box["y"] + top


def hover_at(page: Page, left: float, top: float) -> Mapping[str, Any]:
    """What the map reads there, once the hand rests."""
    page.mouse.move(*_at(page, left, top))
    settled(page)
    return dict(_asked(page, "facts"))


def pin_at(page: Page, left: float, top: float) -> None:
    """A click there, which the server has counted."""
    before = _n_pins(page)
    page.mouse.click(*_at(page, left, top))
    eventually(lambda: _assert(_n_pins(page) > before))
    answered(page)
    settled(page)


def _n_pins(page: Page) -> int:
    return len(_asked(page, "pinned"))


def _assert(holds: bool) -> None:
    assert holds


def _places(page: Page, class_name: str = "") -> Iterator[tuple[float, float]]:
    """Places of points of a class, within the map and apart from each other and from pins; of any class other places too."""
    (width, height), kept = _asked(page, "facts")["size"], [tuple(place) for place in _asked(page, "pinned")]
    others = [] if class_name else [("", x * width / 8, y * height / 8) for x in range(2, 7) for y in range(2, 7)]
    for name, left, top in [*_asked(page, "points"), *others]:
        is_within = BORDER < left < width - BORDER and BORDER < top < height - BORDER
        if is_within and class_name in ("", name) and all(abs(left - x) + abs(top - y) > APART for x, y in kept):
            kept.append((left, top))
            yield left, top


def _pins(page: Page, clause: Clause) -> None:
    assert clause.relation in (">=", ">"), f"no hand for pins {clause.relation}"
    wanted = int(float(clause.value)) + (clause.relation == ">")
    if not clause.of:
        for place, _ in zip(_places(page), range(max(0, wanted - _n_pins(page))), strict=False):
            pin_at(page, *place)
        return
    found = 0
    for place in _places(page, clause.of):
        if found == wanted:
            return
        if hover_at(page, *place)["looks"] == clause.of:
            pin_at(page, *place)
            found += 1
    assert found == wanted, f"{found} places look like class {clause.of}"


def _class(page: Page, clause: Clause) -> None:
    places = _places(page, str(clause.value) if clause.relation == "=" else "")
    assert any((hover_at(page, *place)["looks"] == clause.value) == (clause.relation == "=") for place in places)


def _support(page: Page, clause: Clause) -> None:
    """Places of points where much is asked for, else the borders and what is between them."""
    width, height = _asked(page, "facts")["size"]
    grid = ((x * width / 12, y * height / 8) for x in (1, 11, 2, 10, 3, 9, 4, 8, 5, 7, 6) for y in (1, 7, 2, 6, 3, 5, 4))
    places = grid if clause.relation in ("<", "<=") else _places(page)
    value = float(clause.value)
    for place in places:
        support = hover_at(page, *place)["support"]
        if support < value if clause.relation in ("<", "<=") else support > value:
            return
    raise AssertionError(f"no place has support {clause.relation} {value:g}")


def _zoom(page: Page, clause: Clause) -> None:
    key = "-" if clause.relation in ("<", "<=") else "+"
    the_map(page).focus()
    for _ in range(12):
        zoom = _asked(page, "facts")["zoom"]
        if zoom < float(clause.value) if key == "-" else zoom > float(clause.value):
            return
        page.keyboard.press(key)
        settled(page)
    raise AssertionError(f"the map is at {_asked(page, 'facts')['zoom']}, not {clause.relation} {clause.value}")


def _background(page: Page, clause: Clause) -> None:
    wanted = str(clause.value) if clause.relation == "=" else next(name for name in BACKGROUNDS if name != clause.value)
    drawer(page).get_by_label(re.compile(f"^{BACKGROUNDS[wanted]}")).check()
    page.keyboard.press("Escape")


def _layer(page: Page, clause: Clause) -> None:
    box = drawer(page).get_by_label(re.compile(f"^{OVERLAYS[str(clause.value)]}"))
    box.set_checked(clause.relation == "=")
    page.keyboard.press("Escape")


def _colour(page: Page, clause: Clause) -> None:
    chooser = page.get_by_role("combobox", name="Colour")
    values = chooser.locator("option").evaluate_all("all => all.map((one) => one.value)")
    chooser.select_option(str(clause.value) if clause.relation == "=" else next(one for one in values if one != clause.value))


def _map(page: Page, clause: Clause) -> None:
    chooser = page.locator(".st-key-projection").get_by_role("radio")
    wanted = re.compile(f"^{re.escape(str(clause.value))}$", re.IGNORECASE)
    (chooser.filter(has_text=wanted) if clause.relation == "=" else chooser.filter(has_not_text=wanted)).first.click()
    answered(page)


def _tab(page: Page, clause: Clause) -> None:
    wanted = str(clause.value) if clause.relation == "=" else next(name for name in ("details", "pins") if name != clause.value)
    choose_tab(page, wanted.capitalize())


def _path(page: Page, clause: Clause) -> None:
    if _n_pins(page) < 2:
        _pins(page, Clause("pins", "", ">=", 2.0))
    choose_tab(page, "Pins")
    if clause.relation == "=":
        kind = str(clause.value).capitalize()
        page.get_by_role("group", name="Path between pins").get_by_role("radio", name=kind, exact=True).check()
    play = page.get_by_role("button", name="Play the path")
    if play.count():
        play.click()
    expect(page.get_by_role("button", name="Remove the path")).to_be_visible()


def _selected(page: Page, clause: Clause) -> None:
    """A box around the middle of the map, which grows until it holds enough."""
    width, height = _asked(page, "facts")["size"]
    for share in (0.1, 0.2, 0.3, 0.45):
        page.get_by_role("button", name=re.compile("^Drag draws a box")).first.click()
        page.mouse.move(*_at(page, (0.5 - share) * width, (0.5 - share) * height))
        page.mouse.down()
        page.mouse.move(*_at(page, (0.5 + share) * width, (0.5 + share) * height), steps=8)
        page.mouse.up()
        settled(page)
        if _asked(page, "facts")["selected"] > float(clause.value):
            return
    raise AssertionError("the box holds too few points")


# --- a training


def _beta(page: Page, clause: Clause) -> None:
    page.get_by_role("slider", name="β").first.press("Home" if clause.relation in ("<", "<=") else "End")


def _train(page: Page, clause: Clause) -> None:
    """It learns; who waits for the task stops it."""
    go = page.get_by_test_id("go")
    expect(go).to_be_enabled()
    if go.inner_text() != "Pause":
        go.click()


def pause(page: Page) -> None:
    """The training of the page rests, where there is one."""
    go = page.get_by_test_id("go")
    if go.count() and go.inner_text() == "Pause":
        go.click()
        expect(go).not_to_have_text("Pause")


# --- an interactive piece


def _piece_number(page: Page, name: str) -> float:
    """What the surgery tells of itself."""
    return float(page.get_by_test_id(f"piece-{name}").inner_text().replace("−", "-"))


def own_terms(page: Page) -> list[float]:
    """Distortion, rate, bound and gap of the own Gaussian, nats, as soon as the page has computed all of them."""
    cells = page.locator("[data-testid=piece-terms] tr[data-of='Your Gaussian'] td")
    expect(cells.filter(has_text="…")).to_have_count(0)
    return [float(cell.replace("−", "-")) for cell in cells.all_inner_texts()]


def _gap(page: Page, clause: Clause) -> None:
    """The encoder's Gaussian, where that is near enough, else the best there is."""
    page.get_by_role("button", name="The encoder's").click()
    eventually(lambda: _assert("= " in page.get_by_test_id("piece-evidence").inner_text()))
    settled(page)
    if own_terms(page)[3] >= float(clause.value):
        page.get_by_test_id("piece-climb").click()
        expect(page.get_by_role("rowheader", name="Optimised")).to_be_visible()
    page.get_by_test_id("piece-plane").focus()
    while own_terms(page)[3] < float(clause.value) / 2:  # a hand comes near, and not to the best: that is a later task
        page.keyboard.press("x")


def _rate(page: Page, clause: Clause) -> None:
    """Of one Gaussian: narrower along one axis. Of several: all at one far place."""
    if page.get_by_test_id("piece-line").count():
        page.get_by_role("button", name="Trap").click()
        return
    page.get_by_test_id("piece-plane").focus()
    for _ in range(200):
        if own_terms(page)[1] >= float(clause.value):
            return
        page.keyboard.press("Shift+X")
    raise AssertionError(f"the rate is {own_terms(page)[1]}")


def _information(page: Page, clause: Clause) -> None:
    if clause.relation in ("<", "<="):
        page.get_by_role("button", name="Trap").click()
        return
    page.get_by_role("button", name="Good").click()
    for image in range(int(page.get_by_test_id("piece-images").inner_text().split()[0])):
        page.get_by_test_id("piece-line").focus()
        page.keyboard.press(str(image + 1))
        for _ in range(12):
            page.keyboard.press("Shift+X")
    _assert(_piece_number(page, "information") >= float(clause.value))


def _images(page: Page, clause: Clause) -> None:
    while (n := int(page.get_by_test_id("piece-images").inner_text().split()[0])) != int(float(clause.value)):
        page.get_by_role("button", name="One image more" if n < float(clause.value) else "One image less").click()


def _source(page: Page, clause: Clause) -> None:
    page.get_by_role("radio", name="from the encoder's q(z|x)" if clause.value == "encoder" else "from the prior p(z)").check()


def _darts(page: Page, clause: Clause) -> None:
    _throw(page, lambda thrown, _: thrown >= float(clause.value))


def _error(page: Page, clause: Clause) -> None:
    """More darts until the mean is near; of cells the button goes on by itself."""
    if "cells" not in page.get_by_test_id("piece-words").inner_text():
        _throw(page, lambda _, error: error < float(clause.value))


def _throw(page: Page, is_enough: Callable[[float, float], bool]) -> None:
    words, go = page.get_by_test_id("piece-words"), page.get_by_test_id("piece-go")
    for _ in range(5):
        if (found := _thrown(words)) and is_enough(*found):
            return
        before = found[0] if found else 0.0
        go.click()
        eventually(lambda before=before: _assert((_thrown(words) or (0.0, 0.0))[0] >= max(100, 10 * before)), seconds=120)
    raise AssertionError(words.inner_text())


def _thrown(words: Locator) -> tuple[float, float] | None:
    """How many darts a repeat, and how far their mean is from the value by quadrature."""
    text = words.inner_text().replace("−", "-")
    n, values = re.search(r"N = (\d+):", text), re.findall(r"(-?\d+\.\d+)", text)
    return (float(n[1]), abs(float(values[0]) - float(values[2]))) if n and len(values) >= 3 else None


def _grid(page: Page, _clause: Clause) -> None:
    page.get_by_test_id("piece-go").click()


def _baseline(page: Page, clause: Clause) -> None:
    page.get_by_role("checkbox", name=re.compile("baseline")).set_checked(clause.value == "on")


def _draws(page: Page, _clause: Clause) -> None:
    page.get_by_test_id("piece-go").click()


HANDS: Mapping[str, Hand] = {
    "map": _map,
    "pins": _pins,
    "path": _path,
    "background": _background,
    "layer": _layer,
    "colour": _colour,
    "tab": _tab,
    "selected": _selected,
    "zoom": _zoom,
    "support": _support,
    "class": _class,
    "source": _source,
    "darts": _darts,
    "grid": _grid,
    "error": _error,
    "baseline": _baseline,
    "draws": _draws,
    "images": _images,
    "information": _information,
    "rate": _rate,
    "gap": _gap,
    **dict.fromkeys(("bound", "reconstruction"), _gap),
    "marginal": _rate,
    "beta": _beta,
    **dict.fromkeys(("step", "epoch", "kl", "distortion", "elbo", "active"), _train),
}
"""How each subject of a condition is brought about; from what must come first to what must still hold at the end."""


def task_box(page: Page, key: str) -> Locator:
    """The block of that key."""
    return page.locator(f".st-key-{key.replace('.', '-')}")
