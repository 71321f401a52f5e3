"""Does the widget say to Python what is pinned, and take pins from it?"""

from __future__ import annotations

import builtins
import sys
from urllib.parse import parse_qsl

import numpy as np
import pytest

from explorer.notebook import Pin, show
from explorer.surface import bundles
from explorer.surface.run_bundle import pack_run_bundle, unpack_run_bundle
from tests.explorer.shown import app, faultless, pins
from trainer.errors import ConfigError, LatentError, RunNotFound
from trainer.maps.support import SupportEstimator
from trainer.runs.catalogue import HOME, load_run

ASSETS = HOME / "assets" / "runs"


def test_the_widget_holds_the_run_and_the_program(trained):
    run = load_run("tiny-5d", trained)
    widget = show(run, height=420)
    assert unpack_run_bundle(widget.book)[0]["title"] == "tiny-5d"
    assert widget.book == pack_run_bundle(run)
    assert (widget.map_name, widget.decoded_as, widget.height, widget.pins) == ("pca", None, 420, ())
    assert "export{" in widget._esm
    synced = {name for name, trait in widget.traits().items() if trait.metadata.get("sync")}
    assert {"book", "pinned", "map_name", "decoded_as", "height"} <= synced
    assert show("tiny-2d", runs=trained).map_name == "latent"


def test_the_widget_of_melodies_brings_what_plays_them_before_the_map_and_others_do_not(trained):
    sound, page = bundles.read("site-sound.js"), bundles.read("hosts.js")
    widget = show("melodies-2d", runs=ASSETS)
    assert widget._esm == f"{sound}\n{page}" and widget.get_state("_esm")["_esm"] == widget._esm
    assert show("tiny-2d", runs=trained)._esm == page


def test_what_the_browser_pins_is_read_as_records_with_their_places(trained):
    run = load_run("tiny-5d", trained)
    widget = show(run)
    heard = []
    widget.observe(heard.append, "pinned")
    widget.set_state({"pinned": [{"z": [0.5, 0, 0, -1, 0], "on": "", "place": None}]})  # as a message from the browser arrives
    assert len(heard) == 1
    [pin] = widget.pins
    assert pin.z == (0.5, 0, 0, -1, 0)
    projection = run.projections["pca"]
    basis, origin = projection.basis.astype(float), projection.origin.astype(float)
    expected = np.linalg.lstsq(basis.T, np.array(pin.z) - origin, rcond=None)[0]
    np.testing.assert_allclose(pin.map, expected, atol=1e-5)
    assert 0 <= pin.support <= 1
    assert pin.support == pytest.approx(float(SupportEstimator(run.encodings.mu, True).of([pin.z])[0]))


def test_pins_set_from_python_go_to_the_browser_as_it_writes_them(trained):
    widget = show("tiny-2d", runs=trained, pins=[[0, 1]])
    assert widget.get_state(["pinned"])["pinned"] == [{"z": [0, 1], "on": "", "place": None, "name": ""}]
    widget.pins = [*widget.pins, np.array([2.0, -1.0], np.float32)]
    assert [pin.z for pin in widget.pins] == [(0, 1), (2, -1)]
    assert [pin.map for pin in widget.pins] == [(0, 1), (2, -1)]
    widget.pins = []
    assert widget.pinned == []


def test_a_place_on_a_layout_is_kept_as_it_was_clicked():
    widget = show("mnist-20d", runs=ASSETS)
    assert widget.map_name == "umap"
    z = widget.projection.to_latent([[9.5, 7.5]])[0].tolist()
    widget.pinned = [{"z": z, "on": "umap", "place": [9.5, 7.5]}]
    [pin] = widget.pins
    assert pin.map == (9.5, 7.5)
    widget.pins = [pin]
    assert widget.pinned[0]["place"] == [9.5, 7.5]
    widget.map_name = "pca"  # where a place is a formula
    assert widget.pins[0].map != (9.5, 7.5)
    assert widget.pins[0].z == pin.z


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"map": "tsne"}, "map is 'tsne'; allowed: latent."),
        ({"as_class": "3"}, "as_class is '3'; allowed: None"),
        ({"pins": [[1, 2, 3]]}, r"pin is \[1.0, 2.0, 3.0\]; allowed: a code of run 'tiny-2d', latent_dim is 2"),
        ({"pins": [[1, float("nan")]]}, "of finite numbers"),
        ({"pins": [[0, 0]] * 27}, "pins is '27 pins'; allowed: up to 26"),
    ],
)
def test_a_mistake_is_a_sentence(trained, settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        show("tiny-2d", runs=trained, **settings)


# --- a link


def test_a_link_opens_the_same_map_class_and_pins_in_a_notebook_and_in_the_app():
    """The app reads it as its own address."""
    widget = show("mnist-20d", runs=ASSETS, map="umap")
    z = widget.projection.to_latent([[9.5, 7.5]])[0].round(4).tolist()
    named = {"z": [0.25] * 20, "on": "", "place": None, "name": "a~b * 100 % “ß”"}
    widget.pinned = [{"z": z, "on": "umap", "place": [9.5, 7.5], "name": ""}, named]
    again = show("mnist-20d", runs=ASSETS, link=widget.link)
    assert (again.map_name, again.decoded_as, again.link) == ("umap", None, widget.link)
    assert [pin.map for pin in again.pins] == [pin.map for pin in widget.pins] and again.pins[1].name == named["name"]
    np.testing.assert_allclose([pin.z for pin in again.pins], [pin.z for pin in widget.pins], rtol=1e-6)
    opened = faultless(app(**dict(parse_qsl(widget.link))).run())
    assert [(pin["z"], pin["name"]) for pin in pins(opened)] == [(pytest.approx(z, rel=1e-6), ""), (named["z"], named["name"])]
    assert pins(opened)[0]["map"] == [9.5, 7.5]


@pytest.mark.parametrize(
    "link",
    [
        "https://atlas.example/app/?run=digits-conditional-vae&as=7&projection=pca&pins=0_0_0_0_0_0_0_1*tall%2520seven#v=1&cam=1_2_3",
        "file:///home/ada/digits.html#projection=pca&as=7&pins=0_0_0_0_0_0_0_1*tall%2520seven&v=1&of=digits-conditional-vae/pca&bg=support",
        "map=pca&as=7&pins=0_0_0_0_0_0_0_1*tall%2520seven",
    ],
)
def test_an_address_of_the_app_or_of_a_page_is_a_link_too(link):
    widget = show("digits-conditional-vae", runs=ASSETS, link=link)
    assert (widget.map_name, widget.decoded_as) == ("pca", "7")
    assert [(pin.z, pin.name) for pin in widget.pins] == [((0, 0, 0, 0, 0, 0, 0, 1), "tall seven")]
    given = show("digits-conditional-vae", runs=ASSETS, link=link, map="axes", as_class="3", pins=np.ones((2, 8)))
    assert (given.map_name, given.decoded_as, [pin.z for pin in given.pins]) == ("axes", "3", [(1,) * 8] * 2)


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("", "link is ''; allowed: an address of the app"),
        ("https://example.org/", "allowed: an address of the app"),
        ("x" * 100_000, "link is 'x"),
        ("?run=mnist-2d&pins=0_0", "link is 'one to run mnist-2d'; allowed: one to run tiny-2d"),
        ("pins=0_0~1_2_3~nan_1~1e9_0", "link is '4 pins, 3 of them damaged or of another run'"),
        ("projection=tsne", "map is 'tsne'; allowed: latent"),
    ],
)
def test_a_link_that_says_nothing_of_this_run_is_a_sentence(trained, link, sentence):
    with pytest.raises(ConfigError) as caught:
        show("tiny-2d", runs=trained, link=link)
    assert sentence in str(caught.value) and len(str(caught.value)) < 400


def test_a_class_is_one_of_the_runs(kinds):
    run = load_run("conditional", kinds)
    assert show(run).decoded_as == run.info.dataset.class_names[0]
    assert show(run, as_class="7").decoded_as == "7"
    with pytest.raises(ConfigError, match="as_class is 'seven'; allowed: 0, 1"):
        show(run, as_class="seven")


def test_an_unknown_run_is_told_with_those_that_are_there(trained):
    with pytest.raises(RunNotFound, match=r"no run 'nope'; available: tiny-2d, tiny-5d, tiny-conv|no run 'nope'"):
        show("nope", runs=trained)


def test_without_anywidget_a_sentence_says_what_to_install(monkeypatch):
    usual = builtins.__import__

    def without(name, *rest):
        if name == "anywidget":
            raise ModuleNotFoundError("No module named 'anywidget'", name="anywidget")
        return usual(name, *rest)

    monkeypatch.delitem(sys.modules, "explorer.hosts.widget", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LatentError, match=r"needs the package anywidget.*pip install anywidget=="):
        show("mnist-2d")


def test_a_pin_is_a_record():
    assert Pin((1.0,), (1.0, 0.0), 0.5) == Pin(z=(1.0,), map=(1.0, 0.0), support=0.5)
