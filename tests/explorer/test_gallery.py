"""Does a run say in a sentence what it is, with a sum that holds, and is it found in the gallery by what is known of it?"""

from __future__ import annotations

import base64
import io
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from explorer.pictures.map_picture import DARK, LIGHT, map_picture
from explorer.text.about_run import figures
from explorer.text.gallery import EVERY, VERDICTS, Wanted, cards, choices, offered_verdicts, sweep_of
from explorer.text.run_sentence import bound, data_title, run_sentence
from tests import places
from tests.explorer.shown import app, said, sound, texts, words
from tests.places import ASSETS, ROOT
from trainer.runs.catalogue import list_runs
from trainer.runs.records import RunInfo

pytestmark = pytest.mark.usefixtures("fresh_app")


@pytest.fixture(scope="module")
def shipped() -> dict[str, RunInfo]:
    found = list_runs([ASSETS, places.CLINIC, ROOT / "assets/sweep"])
    return {name: info for name, info in found.items() if isinstance(info, RunInfo)}


def number(text: str) -> float:
    return float(text.replace("−", "-"))


SUM = re.compile(r"ELBO(?: given the class)? (\S+) nats = reconstruction (\S+) − KL (\S+)$")


def test_the_sentence_of_every_shipped_run_has_a_sum_that_holds_and_is_that_of_run_json(shipped):
    told = 0
    for name, info in shipped.items():
        found = SUM.search(run_sentence(info))
        assert (found is None) == info.config.is_deterministic, name
        if found is None:
            continue
        elbo, reconstruction, kl = map(number, found.groups())
        assert elbo == pytest.approx(reconstruction - kl, abs=1e-9), name
        assert elbo == pytest.approx(info.metrics.elbo, abs=0.0501)
        assert kl == pytest.approx(info.metrics.kl, abs=0.0501)
        assert reconstruction == pytest.approx(-info.metrics.reconstruction, abs=0.16)  # three roundings
        told += 1
    assert told > 50


def test_terms_that_would_not_add_up_after_rounding_do():
    assert bound(-100.26, 20.26) == "−100.3 nats = reconstruction −80.0 − KL 20.3"
    assert bound(6886.5, 0.0) == "6886.5 nats = reconstruction 6886.5 − KL 0.0"
    assert bound(-0.04, 0.04) == "0.0 nats = reconstruction 0.0 − KL 0.0"  # zero has no sign


@pytest.mark.parametrize(
    ("run", "begins"),
    [
        ("mnist-20d", "IWAE with 20 latent dimensions on MNIST: ELBO −87.5 nats = reconstruction −64.2 − KL 23.3"),
        ("digits-conditional-vae", "Conditional VAE with 8 latent dimensions on digits: ELBO given the class "),
        ("digits-m2", "M2 with 8 latent dimensions and 50 labels on digits: ELBO given the class "),
        ("digits-pca", "PCA with 8 components on digits: squared error 1.56 per image; a code is a point, so there is no KL"),
        ("digits-autoencoder", "Autoencoder with 2 latent dimensions on digits: squared error 1.97 per image; a code is a point"),
        ("clinic-strong-decoder", "VAE with autoregressive decoder and 8 latent dimensions on digits: ELBO "),
        ("clinic-over-regularised", "β-VAE (β = 4) with 8 latent dimensions on digits: ELBO 8.4 nats = "),
    ],
)
def test_each_kind_of_model_is_called_what_it_is(shipped, run, begins):
    assert run_sentence(shipped[run]).startswith(begins)


def test_an_imported_run_says_so_and_one_without_images_that_nothing_was_measured(shipped):
    info = shipped["digits-2d"]
    origin = {"source": "package.module:factory"}
    raw = json.loads(info.model_copy(update={}).model_dump_json())
    found = info.model_copy(update={"origin": RunInfo.model_validate({**raw, "origin": origin}).origin})
    assert run_sentence(found).startswith("Imported VAE with 2 latent dimensions on digits: ELBO ")
    nothing = {"elbo": None, "nll": None, "reconstruction": None, "nll_n": None, "samples": None}
    blind = found.model_copy(update={"metrics": info.metrics.model_copy(update=nothing)})
    assert run_sentence(blind).endswith("imported without its images, so nothing is known of its reconstruction")
    assert "Reconstruction" not in [figure.name for figure in figures(blind, 0)]


def test_a_deterministic_run_without_a_squared_error_tells_its_log_density(shipped):
    info = shipped["digits-autoencoder"]
    old = info.model_copy(update={"metrics": info.metrics.model_copy(update={"squared_error": None})})
    assert "log p(x|z) 20.1 nats at the code" in run_sentence(old)


def test_data_of_ones_own_is_called_by_its_folder_and_never_by_its_whole_path():
    assert data_title("folder:/home/somebody/photos?size=64") == "“photos”"
    assert data_title("npz:/tmp/faces.npz") == "“faces.npz”"
    assert data_title("mnist") == "MNIST"
    assert data_title("pendulum") == "pendulum"


def test_every_figure_of_a_run_has_its_definition_and_the_terms_of_run_json(shipped):
    info = shipped["mnist-20d"]
    by_name = {figure.name: figure for figure in figures(info, 11_300_000)}
    assert by_name["ELBO"].value == "−87.46 nats"
    assert by_name["Reconstruction"].value == "−64.16 nats"
    assert by_name["KL"].value == "23.30 nats"
    assert {"β", "NLL", "15-NN", "Size", "Data set", "Likelihood p(x|z)"} <= set(by_name)
    assert all(by_name[name].meaning for name in ("ELBO", "Reconstruction", "KL", "NLL", "β", "15-NN"))
    given = {figure.name: figure for figure in figures(shipped["digits-m2"], 0)}
    assert "log p(x|y)" in given["ELBO"].meaning
    assert given["Test error"].value.endswith("with 50 labels")


# --- search and filters


def names(shipped, **wanted: str) -> set[str]:
    return {card.name for card in cards(shipped) if Wanted(**wanted).fits(card)}


def test_words_are_found_in_any_order_and_any_case(shipped):
    assert names(shipped) == set(shipped)
    assert names(shipped, words="iwae MNIST") == {"mnist-20d"}
    assert names(shipped, words="  ") == set(shipped)
    assert names(shipped, words="no such run") == set()


def test_filters_go_together(shipped):
    of_mnist = {name for name, info in shipped.items() if info.dataset.name == "mnist"}
    assert names(shipped, data="MNIST") == of_mnist
    assert names(shipped, data="MNIST", model="IWAE") == {"mnist-20d"}
    assert names(shipped, model="PCA") == {"digits-pca"}
    every = [names(shipped, verdict=verdict) for verdict in VERDICTS if verdict != EVERY]
    assert set.union(*every) == set(shipped)
    assert sum(map(len, every)) == len(shipped)  # each run has one verdict


def test_collapsed_runs_are_those_whose_code_carries_next_to_nothing(shipped):
    found = names(shipped, verdict="collapsed")
    assert {"clinic-collapsed", "clinic-strong-decoder", "clinic-kl-without-information"} <= found
    assert all(shipped[name].examination.information < np.log(2) for name in found)
    assert "digits-autoencoder" in names(shipped, verdict="no verdict")


def test_what_filters_offer_is_sorted_and_begins_with_everything(shipped):
    assert choices(card.data for card in cards(shipped)) == [
        "all",
        "digits",
        "faces",
        "faces-64",
        "melodies",
        "MNIST",
        "pendulum",
        "shapes",
        "sketches",
        "walker",
    ]


def test_runs_of_a_sweep_are_known_by_their_name():
    assert sweep_of("sweep-digits-beta-0.1-seed-2") == "digits"
    assert sweep_of("sweep-mnist-beta-4") == "mnist"
    assert sweep_of("digits-2d") == sweep_of("sweep") == ""


# --- the pictures


def test_colours_of_the_small_pictures_are_those_of_the_map():
    text = (ROOT / "explorer/surface/frontend/src/ui/palette.ts").read_text(encoding="utf-8")
    for name, colours in (("LIGHT", LIGHT), ("DARK", DARK)):
        listed = re.search(rf"const {name} = \[(.*?)\]", text, re.S)[1]
        assert re.findall(r"#[0-9a-f]{6}", listed) == list(colours)


def pixels(address: str) -> np.ndarray:
    data = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def test_the_picture_of_a_map_has_its_points_where_they_are_in_their_colours():
    points = np.array([[-1, -1], [1, 1], [-1, 1]], np.float32)  # left below, right above, left above
    seen = pixels(map_picture(np.repeat(points, 400, axis=0), np.repeat([0, 1, -1], 400), False))
    height, width = seen.shape[:2]
    where = {
        name: np.argwhere((seen[..., :3] == rgb).all(-1) & (seen[..., 3] > 0)).mean(0)
        for name, rgb in (
            ("first", list(bytes.fromhex(LIGHT[0][1:]))),
            ("second", list(bytes.fromhex(LIGHT[1][1:]))),
            ("none", list(bytes.fromhex("5f6b7a"))),
        )
    }
    assert where["first"][0] > height / 2 > where["second"][0]
    assert where["first"][1] < width / 2 < where["second"][1]
    assert where["none"][0] < height / 2
    assert (seen[0, 0, 3], seen[-1, -1, 3]) == (0, 0)  # the ground is that of the page


def test_a_map_whose_points_are_all_one_is_a_picture_too():
    assert (pixels(map_picture(np.zeros((5, 2), np.float32), np.zeros(5, np.int64), True))[..., 3] > 0).any()


# --- on the page


def opened(**query: str):
    test = sound(app(**query).run())
    test.button(key="all-runs").click()
    return sound(test.run())


def offered(test) -> set[str]:
    return {str(button.key).removeprefix("open-") for button in test.button if str(button.key).startswith("open-")}


def test_the_gallery_offers_every_run_that_is_no_part_of_a_sweep_and_says_what_the_clinic_says(shipped):
    test = opened(run="digits-2d")
    assert offered(test) == {name for name in shipped if not sweep_of(name)}
    told = texts(test, "caption")
    for name in ("mnist-20d", "clinic-collapsed"):
        assert run_sentence(shipped[name]) in told
    assert "Collapsed: the latent code carries almost no information" in told
    assert test.button(key="open-digits-2d").disabled


def test_a_filter_leaves_the_runs_that_fit_and_a_sweep_is_opened_by_its_switch(shipped):
    test = opened(run="mnist-2d")
    test.segmented_control(key="gallery-verdict").set_value("collapsed")
    test.button(key="all-runs").click()
    sound(test.run())
    wanted = names(shipped, verdict="collapsed")
    assert offered(test) == {name for name in wanted if not sweep_of(name)}
    test.toggle(key="gallery-open-digits").set_value(True)
    test.button(key="all-runs").click()
    sound(test.run())
    assert offered(test) == {name for name in wanted if sweep_of(name) in ("", "digits")}


def test_a_run_is_opened_in_the_view_that_is_shown():
    test = opened(run="mnist-2d", view="dimensions")
    test.button(key="open-digits-16d").click()
    test.button(key="all-runs").click()  # in a browser the dialog is open still
    sound(test.run())
    assert test.selectbox(key="run").value == "digits-16d"
    assert test.segmented_control(key="view").value == "dimensions"


def test_the_panel_about_a_run_has_every_figure_with_its_whole_definition(shipped):
    test = sound(app(run="digits-m2").run())
    test.button(key="about-run").click()
    told = words(sound(test.run()))
    for figure in figures(shipped["digits-m2"], 0):
        assert figure.name in told
        assert figure.meaning in told


@pytest.mark.parametrize("view", ["atlas", "reconstruct", "interpolate"])
def test_a_collapsed_run_says_so_before_anything_else(view):
    test = sound(app(run="clinic-collapsed", view=view).run())
    verdict, sentence = test.button(key="verdict"), next(c for c in test.caption if said(c).startswith("VAE with 8 latent"))
    assert verdict.label.startswith(":red[")
    assert "Collapsed: the latent code carries almost no information about the image]" in verdict.label.replace("\\", "")
    order = [id(element) for element in test.main]
    assert order.index(id(verdict)) < order.index(id(sentence))


def test_the_run_is_chosen_at_the_same_place_in_every_view():
    for view in ("atlas", "compare"):
        test = sound(app(run="mnist-20d", view=view).run())
        assert test.selectbox(key="run").value == "mnist-20d"
        assert test.button(key="all-runs").label == "All runs"


def test_a_run_whose_weights_are_cut_says_so_in_the_gallery_and_above_every_view(tmp_path):
    shutil.copytree(ASSETS / "digits-16d", tmp_path / "runs/broken")
    cut = tmp_path / "runs/broken/weights.safetensors"
    cut.write_bytes(cut.read_bytes()[:-1])
    test = opened(run="digits-2d")
    assert texts(test, "caption").count("Damaged: weights.safetensors is cut off") == 1
    test.segmented_control(key="gallery-verdict").set_value("damaged")
    test.button(key="all-runs").click()
    assert offered(sound(test.run())) == {"broken"}
    for view in ("atlas", "dimensions"):
        verdict = app(run="broken", view=view).run().button(key="verdict")
        assert verdict.label.startswith(":red[") and "Damaged" in verdict.label


def test_whole_runs_do_not_offer_a_filter_for_damaged_ones(shipped):
    assert offered_verdicts(cards(shipped)) == [verdict for verdict in VERDICTS if verdict != "damaged"]
    damaged = cards(shipped, {"mnist-2d": "weights.safetensors is cut off"})
    assert offered_verdicts(damaged) == list(VERDICTS)
    assert [card.name for card in damaged if card.verdict == "damaged"] == ["mnist-2d"]


def test_a_map_that_cannot_be_read_has_a_sentence_in_its_card(monkeypatch):
    monkeypatch.setattr("explorer.app.gallery.map_pictures", lambda run_id: None)
    test = opened(run="digits-2d")
    bodies = [element.proto.body for element in test.get("html")]
    assert sum("Its map cannot be read." in body for body in bodies) == len(offered(test))
