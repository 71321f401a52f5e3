"""Does a link give its columns, is what it cannot have a sentence, and does the chart show what run.json says?"""

from __future__ import annotations

import base64
import json
import math
import re
import shutil

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer.charts.rate_distortion import rate_distortion as draw_rate_distortion
from explorer.pages.compare.image_scores import (
    Noise,
    Scored,
    apart_sentence,
    image_sentence,
    images_of,
    noise_of,
    score_words,
    scored,
)
from explorer.pages.compare.rate_distortion import Rated, another_command, chart_sentence, measure, rate_distortion
from explorer.session import columns as comparison
from tests.explorer import shown
from tests.explorer.conftest import KINDS
from tests.explorer.shown import said, sound, surfaces, words
from tests.places import ASSETS, ROOT
from trainer.config import FitConfig, check_run_name, checked
from trainer.presets import PRESETS
from trainer.runs.catalogue import list_runs, load_run
from trainer.runs.folder import info_checksum

pytestmark = pytest.mark.usefixtures("fresh_app")
FILES = {path.parent.name: path for folder in ("sweep", "clinic", "runs") for path in (ROOT / "assets" / folder).glob("*/run.json")}


def app(**query: str) -> AppTest:
    """Compare, shown once."""
    return sound(shown.app(**{"view": "compare", **query}).run())


def run_ids(test: AppTest) -> list[str]:
    return [header["run"]["id"] for _, header in surfaces(test)]


def in_link(test: AppTest, name: str) -> str:
    found = test.query_params.get(name, "")
    return found if isinstance(found, str) else found[0]


def file(run: str) -> dict:
    return json.loads(FILES[run].read_text())


def densities_of_digits() -> list[str]:
    """Every run of digits that has a rate and a density, by name."""
    every = {name: file(name) for name in FILES}
    return sorted(
        name
        for name, raw in every.items()
        if raw["dataset"]["name"] == "digits" and raw["config"]["likelihood"] == "gaussian" and raw["metrics"]["kl"] is not None
    )


# --- links and columns


def test_a_link_gives_its_columns_maps_and_image():
    test = app(run="mnist-2d", with_="mnist-20d:pca~mnist-20d:axes_3_1", image="42")
    shown = surfaces(test)
    assert [(h["run"]["id"], h["projection"]["name"]) for _, h in shown] == [
        ("mnist-2d", "latent"),
        ("mnist-20d", "pca"),
        ("mnist-20d", "axes"),
    ]
    assert [shown[2][1]["projection"][key] for key in ("x_label", "y_label")] == ["z₃", "z₁"]
    for dynamic, header in shown:
        np.testing.assert_allclose(dynamic["exact"]["z"], load_run(header["run"]["id"], ASSETS).encodings.mu[42], atol=1e-6)
        assert dynamic["exact"]["label"] == "Test image 42, decoded"
        assert dynamic["options"]["compact"] and not dynamic["options"]["pinnable"]
    assert test.number_input(key=comparison.IMAGE_KEY).value == 42
    assert not test.warning
    assert in_link(test, "with") == "mnist-20d:pca~mnist-20d:axes_3_1"


def test_runs_of_one_data_set_are_of_one_group_and_others_are_not():
    shown = surfaces(app(run="digits-2d", with_="digits-16d~digits-pca~pendulum-2d"))
    groups = [dynamic["options"]["link"] for dynamic, _ in shown]
    assert len(set(groups[:3])) == 1 and groups[0]
    assert groups[3] not in ("", groups[0])
    assert [dynamic["exact"] is not None for dynamic, _ in shown] == [True, True, True, False]


def test_a_run_of_another_data_set_is_shown_with_a_sentence():
    text = words(app(run="digits-2d", with_="digits-16d~pendulum-2d"))
    assert "pendulum-2d was trained on pendulum: its images are others, so it does not follow." in text
    assert "digits-16d was trained" not in text


@pytest.mark.parametrize(
    ("query", "sentence", "ids"),
    [
        ({"with_": "nothing~mnist-20d"}, "There is no run “nothing” to compare with; its column is left out.", ["mnist-20d"]),
        ({"with_": "../../etc"}, "There is no run “../../etc”", ["mnist-20d"]),
        (
            {"with_": "mnist-20d:tsne"},
            "Run mnist-20d has no map “tsne”; it has umap, pca, axes. Showing umap instead.",
            ["mnist-20d"],
        ),
        ({"with_": "mnist-20d:axes_1_99"}, "no pair of axes 1 and 99: two different dimensions from 1 to 20", ["mnist-20d"]),
        ({"with_": "~".join(["mnist-20d"] * 4)}, "at most 4 columns; the link asks for 5", ["mnist-20d"] * 3),
        ({"image": "10000"}, "There is no test image “10000”; they go from 0 to 9999. Showing 0 instead.", ["mnist-20d"]),
        ({"image": "-1"}, "There is no test image “-1”", ["mnist-20d"]),
        ({"image": "<b>"}, "There is no test image “<b>”", ["mnist-20d"]),
    ],
)
def test_what_a_link_cannot_have_is_a_sentence_and_a_default(query, sentence, ids):
    test = app(run="mnist-2d", **query)
    assert sentence in said(test.warning[0])
    assert run_ids(test) == ["mnist-2d", *ids]
    test.button(key="dismiss-compare").click()
    assert not sound(test.run()).warning


def test_without_a_link_another_run_of_the_data_set_is_proposed():
    assert run_ids(app(run="mnist-2d")) == ["mnist-2d", "mnist-20d"]
    assert len(set(run_ids(app(run="digits-m2")))) == 2


def test_a_run_that_is_alone_is_compared_with_another_map_of_its_own():
    shown = surfaces(app(run="shapes-6d"))
    assert [(h["run"]["id"], h["projection"]["name"]) for _, h in shown] == [("shapes-6d", "umap"), ("shapes-6d", "pca")]


def test_a_run_that_is_alone_with_one_map_has_an_empty_column_that_says_how_to_fill_it():
    test = app(run="pendulum-2d")
    assert run_ids(test) == ["pendulum-2d"]
    assert "For another one of pendulum, train it and reload this page" in words(test)
    assert "python -m trainer fit pendulum-2d --beta 4" in test.code[0].value
    sound(test.selectbox(key=comparison.run_key(0)).set_value("mnist-2d").run())
    assert run_ids(test) == ["pendulum-2d", "mnist-2d"]


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_said_to_train_can_be_trained(name):
    """The command against the real parser of the command line, for every preset."""
    like = load_run("digits-2d", ASSETS).info
    info = like.model_copy(update={"preset": name, "config": PRESETS[name]})
    words = another_command(info).split()
    assert words[:5] == ["python", "-m", "trainer", "fit", name]
    other = checked(PRESETS[name], **{words[5].removeprefix("--"): words[6]})
    assert other != PRESETS[name]
    assert words[7] == "--name" and check_run_name(words[8]) not in PRESETS
    assert another_command(info.model_copy(update={"preset": "my own"})) == "python -m trainer list"
    assert another_command(info.model_copy(update={"config": checked(PRESETS[name], data="folder:x")})) == "python -m trainer list"


def test_columns_are_added_changed_and_removed_and_the_link_follows():
    test = app(run="digits-2d", with_="digits-16d:pca")
    sound(test.button(key="add-column").click().run())
    assert run_ids(test) == ["digits-2d", "digits-16d", "digits-autoencoder"]
    sound(test.selectbox(key=comparison.run_key(1)).set_value("digits-m2").run())
    sound(test.segmented_control(key=comparison.map_key(1)).set_value("axes").run())
    sound(test.selectbox(key=comparison.axis_keys(1)[0]).set_value(7).run())
    assert re.fullmatch(r"digits-16d:pca~digits-m2:axes_7_\d", in_link(test, "with"))
    sound(test.button(key="drop-column-0").click().run())
    assert run_ids(test) == ["digits-2d", "digits-m2"]
    assert surfaces(test)[1][1]["projection"]["x_label"] == "z₇"
    sound(test.number_input(key=comparison.IMAGE_KEY).set_value(100).run())
    assert in_link(test, "image") == "100"
    assert {dynamic["exact"]["label"] for dynamic, _ in surfaces(test)} == {"Test image 100, decoded"}


def test_each_data_set_has_its_own_comparison_and_other_views_have_none_in_their_link():
    test = app(run="digits-2d", with_="digits-m2", image="9")
    sound(test.selectbox(key="run").set_value("mnist-20d").run())
    assert run_ids(test) == ["mnist-20d", "mnist-2d"]
    assert "image" not in test.query_params
    sound(test.segmented_control(key="view").set_value("dimensions").run())
    assert "with" not in test.query_params
    sound(test.segmented_control(key="view").set_value("compare").run())
    sound(test.selectbox(key="run").set_value("digits-2d").run())
    assert run_ids(test) == ["digits-2d", "digits-m2"]
    assert test.number_input(key=comparison.IMAGE_KEY).value == 9


def test_the_arrays_of_a_map_are_sent_once_and_again_when_the_browser_asks():
    test = app(run="digits-2d", with_="digits-16d")
    assert all(header["address"].endswith(".gz") for _, header in surfaces(test))  # the browser fetches them there
    sound(test.number_input(key=comparison.IMAGE_KEY).set_value(5).run())
    assert all(header["reference"] and not header["address"] for _, header in surfaces(test))
    test.session_state["compare-1"] = {"pin": {"want": "1"}}
    sound(test.run())
    assert ["reference" in header for _, header in surfaces(test)] == [True, False]


def test_what_is_wrong_with_a_run_is_said_in_its_column_and_the_others_stay(tmp_path):
    shutil.copytree(ASSETS / "digits-16d", tmp_path / "runs/broken")
    path = tmp_path / "runs/broken/encodings.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    test = app(run="digits-2d", with_="broken~digits-pca")
    [error] = test.error
    assert "run 'broken': encodings.safetensors is damaged" in said(error)
    assert run_ids(test) == ["digits-2d", "digits-pca"]
    test = app(run="broken", with_="digits-2d~digits-pca")
    assert len(test.error) == 1
    assert run_ids(test) == ["digits-2d", "digits-pca"]


def test_a_conditional_model_is_told_the_class_of_the_image_until_another_is_chosen():
    labels = load_run("digits-m2", ASSETS).encodings.label
    test = app(run="digits-2d", with_="digits-m2", image="17")
    assert surfaces(test)[1][1]["decoded_as"] == str(labels[17])
    sound(test.selectbox(key="as").set_value("3").run())
    assert surfaces(test)[1][1]["decoded_as"] == "3"
    sound(test.number_input(key=comparison.IMAGE_KEY).set_value(18).run())
    assert surfaces(test)[1][1]["decoded_as"] == str(labels[18])
    assert surfaces(app(run="digits-m2", image="17", **{"as": "8"}))[0][1]["decoded_as"] == "8"


# --- one image under every run


@pytest.mark.parametrize("name", KINDS)
def test_an_images_figures_are_torchs(kinds, name):
    from trainer.datasets import load_dataset

    run = load_run(name, kinds)
    test = load_dataset(run.config.data).subset("test")
    for row in (0, 7):
        x = test.images[row].astype(np.float32) / 255
        mine = scored(run, row, x)
        mu, logvar = (torch.from_numpy(array[[row]]) for array in (run.encodings.mu, run.encodings.logvar))
        y = torch.tensor([int(run.encodings.label[row])]) if run.config.is_conditional else None
        with torch.no_grad():
            expected = float(run.model.nll(run.model.output(mu, y), torch.from_numpy(x)[None]))
        assert mine.nll == pytest.approx(expected, rel=1e-4, abs=1e-3)
        with torch.no_grad():
            off = run.model.decode(mu, y)[0] - torch.from_numpy(x)
        assert mine.error == pytest.approx(float((off**2).mean().sqrt()), rel=1e-4, abs=1e-6)
        if run.config.is_deterministic:
            assert mine.kl is None
            continue
        normal = torch.distributions.Normal
        kl = torch.distributions.kl_divergence(normal(mu, (logvar / 2).exp()), normal(0.0, 1.0)).sum()
        assert mine.kl == pytest.approx(float(kl), rel=1e-4, abs=1e-4)
        assert scored(run, row, None).nll == run.encodings.reconstruction[row]


def test_the_row_has_the_image_and_every_run_once():
    text = words(app(run="digits-16d", with_="digits-16d:pca~digits-pca", image="3"))
    run = load_run("digits-16d", ASSETS)
    assert "Test image 3" in text
    assert text.count("<figure>") == 3
    assert "the image itself" in text
    kl = 0.5 * (run.encodings.mu[3] ** 2 + np.exp(run.encodings.logvar[3]) - run.encodings.logvar[3] - 1).sum()
    assert re.search(rf"digits-16d: −log p −?[\d.]+, KL {kl:.1f} nats", text)
    assert re.search(r"digits-pca: −log p −?[\d.]+ nats, no KL", text)
    assert "digits-16d comes closest" in text


def test_the_sentence_on_an_image():
    scores = [Scored("a", 90.0, 10.0), Scored("b", 60.0, 24.0), Scored("c", 70.0, None)]
    assert image_sentence(scores) == "b comes closest, −log p 60.0 nats; it uses more rate (KL) than a, 24.0 against 10.0 nats."
    assert image_sentence([Scored("a", 90.0, 10.0), Scored("b", 60.0, 4.0)]).endswith(
        "it uses less rate (KL) than a, 4.0 against 10.0 nats."
    )
    assert image_sentence([Scored("a", 90.0, 1.0), Scored("c", -7.0, None)]) == "c comes closest, −log p −7.0 nats."
    assert image_sentence(scores[:1]) == ""


NARROW, WIDE = Noise("gaussian, σ 0.0500"), Noise("gaussian, σ 0.2000")


def test_runs_of_different_noise_are_ranked_by_their_pixels():
    """The same picture under σ = 0.05 and 0.2: −log p differs by what log σ and the squared error make of it, not by how close it is."""
    off, n = 0.1, 64
    nll = {sigma: n * (np.log(sigma) + 0.5 * np.log(2 * np.pi) + 0.5 * (off / sigma) ** 2) for sigma in (0.05, 0.2)}
    assert nll[0.05] > nll[0.2] + 5  # the same picture
    worse_but_wide = [Scored("a", nll[0.05], 10.0, NARROW, off), Scored("b", nll[0.2], 24.0, WIDE, 1.1 * off)]
    told = image_sentence(worse_but_wide)
    assert told == (
        "a comes closest: its pixels are off by 0.10 (root mean square, of 1), those of b by 0.11; it uses less rate (KL) than b, "
        "10.0 against 24.0 nats. −log p does not tell which is closer, because the runs assume different noise "
        "(a: gaussian, σ 0.0500; b: gaussian, σ 0.2000)."
    )
    alike = [Scored("a", 90.0, 1.0, NARROW, 0.3), Scored("b", 60.0, 2.0, NARROW, 0.2)]
    assert image_sentence(alike).startswith("b comes closest, −log p 60.0 nats")


def test_without_the_image_different_noise_ranks_nobody():
    told = image_sentence([Scored("a", 90.0, 1.0, NARROW), Scored("b", 60.0, 2.0, WIDE, 0.2)])
    assert told.startswith("−log p does not tell which is closer") and "comes closest" not in told
    each = Noise("gaussian, another σ for each pixel", varies=True)
    assert "comes closest" not in image_sentence([Scored("a", 90.0, 1.0, each), Scored("b", 60.0, 2.0, each)])


def test_noise_is_that_of_the_weights():
    run = load_run("digits-16d", ASSETS)
    sigma = float(torch.exp(torch.tensor(run.weights["log_sigma"])))
    assert noise_of(run).words.startswith("gaussian, σ 0.")
    assert float(noise_of(run).words.split()[-1]) == pytest.approx(sigma, rel=5e-3)
    assert noise_of(load_run("mnist-2d", ASSETS)) == Noise("bernoulli")


def test_a_run_without_pictures_has_no_score_and_is_never_the_closest():
    without = Scored("codes", None, 3.21)
    assert score_words(without) == "without pictures: no −log p, KL 3.2 nats"
    assert score_words(Scored("codes", None, None)) == "without pictures: no −log p, no KL"
    assert score_words(Scored("a", 90.04, 10.0)) == "−log p 90.0, KL 10.0 nats"
    assert score_words(Scored("a", 90.04, None)) == "−log p 90.0 nats, no KL"
    assert image_sentence([without, Scored("a", 90.0, 10.0)]) == ""
    assert image_sentence([without, Scored("a", 90.0, 10.0), Scored("b", 60.0, 4.0)]).startswith("b comes closest")


def test_runs_that_are_scored_otherwise_are_named_and_none_is_called_closest():
    grey, binary = "cross-entropies of grey pixels", "probabilities of binarised pixels"
    told = apart_sentence(
        {binary: [Scored("mnist-2d", 130.0, 6.0)], grey: [Scored("mine", 78.6, 25.0), Scored("other", 80.0, 9.0)]}
    )
    assert f"mnist-2d: {binary}; mine, other: {grey}" in told
    assert "not compared with each other" in told
    assert "none is ranked" in told and "comes closest" not in told
    assert apart_sentence({grey: [Scored("mine", 78.6, 25.0), Scored("other", 80.0, 9.0)]}) == ""


def test_images_are_the_same_where_data_set_and_order_are():
    runs = {name: load_run(name, ASSETS) for name in ("digits-2d", "digits-16d", "pendulum-2d")}
    assert images_of(runs["digits-2d"]) == images_of(runs["digits-16d"]) != images_of(runs["pendulum-2d"])
    turned = load_run("digits-2d", ASSETS)
    object.__setattr__(turned.encodings, "index", turned.encodings.index[::-1])
    assert images_of(turned) != images_of(runs["digits-2d"])


# --- rate and distortion


def points(test: AppTest) -> dict[str, tuple[float, float]]:
    """The named points of the chart."""
    [chart] = test.get("plotly_chart")
    [trace] = [trace for trace in json.loads(chart.proto.spec)["data"] if trace["mode"] == "markers+text"]
    x, y = (np.frombuffer(base64.b64decode(trace[axis]["bdata"]), trace[axis]["dtype"]) for axis in "xy")
    return {row[0]: (a, b) for row, a, b in zip(trace["customdata"], x, y, strict=True)}


def test_the_chart_shows_what_run_json_says():
    shown = points(app(run="digits-16d"))
    assert sorted(shown) == densities_of_digits()
    for run, (rate, distortion) in shown.items():
        metrics = file(run)["metrics"]
        assert rate == pytest.approx(sum(metrics["kl_per_dim"]), rel=1e-9)
        assert distortion == pytest.approx(-metrics["elbo"] - sum(metrics["kl_per_dim"]), rel=1e-9)


def test_deterministic_runs_are_listed_and_not_plotted():
    test = app(run="digits-pca")
    assert sorted(points(test)) == densities_of_digits()
    text = words(test)
    for run in ("digits-pca", "digits-autoencoder"):
        assert f"{run} (−log p at the code {file(run)['metrics']['reconstruction']:.1f})".replace("-2", "−2") in text
    assert "Open diamonds are given the class: they bound log p(x|y)" in text


def test_only_what_is_measured_alike_is_in_one_chart(kinds, monkeypatch):
    monkeypatch.setenv("LATENT_RUNS", str(kinds))
    runs = list_runs()
    found = {name: rate_distortion(runs, runs[name]) for name in ("iwae", "conditional-conv", "pendulum")}
    assert found["iwae"].measure == "densities of grey pixels"
    assert found["conditional-conv"].measure == "cross-entropies of grey pixels"
    both = [{run.run_id for run in found[name].rated} for name in ("iwae", "conditional-conv")]
    assert "conditional-conv" in both[1] and "continuous" in both[0]
    assert not both[0] & both[1]
    assert both[1] <= set(found["iwae"].elsewhere)
    assert {run.run_id for run in found["pendulum"].rated} == {"pendulum", "pendulum-2d"} - (
        set() if runs["pendulum"].dataset.sha256 == runs["pendulum-2d"].dataset.sha256 else {"pendulum-2d"}
    )
    assert measure(FitConfig(binarise=True), True) == "probabilities of binarised pixels"


def test_a_figure_that_is_no_number_is_named_and_not_plotted(tmp_path):
    folder = tmp_path / "runs/odd"
    shutil.copytree(ASSETS / "digits-2d", folder)
    info = json.loads((folder / "run.json").read_text())
    info["metrics"]["reconstruction"] = math.inf
    (folder / "run.json").write_text(json.dumps({**info, "checksum": info_checksum(info)}))
    found = list_runs([tmp_path / "runs", ASSETS])
    told = rate_distortion(found, found["digits-16d"])
    assert told.not_finite == ("odd",)
    assert "odd" not in {run.run_id for run in told.rated}


def test_dashed_lines_join_equal_bounds_and_say_which():
    rate, distortion = np.array([7.4, 20.8, 1.0]), np.array([123.9, 70.6, 200.0])
    figure = draw_rate_distortion(
        ["a", "b", "c"], rate, distortion, notes=[""] * 3, is_shown=[True, False, False], is_given_label=[False, False, True]
    )
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert 3 <= len(lines) <= 14
    (x0, x1), (y0, y1) = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert x0 <= 0 and x1 > rate.max() and y0 < distortion.min() and y1 > distortion.max()
    for line, note in zip(lines, figure.layout.annotations, strict=True):
        sums = np.asarray(line.x) + np.asarray(line.y)
        elbo = float(note.text.removeprefix("ELBO ").replace("−", "-"))
        np.testing.assert_allclose(sums, -elbo, atol=1e-9)
        assert min(line.x) >= x0 - 1e-9 and max(line.x) <= x1 + 1e-9
        assert min(line.y) >= y0 - 1e-9 and max(line.y) <= y1 + 1e-9
    assert list(figure.data[-1].marker.symbol) == ["circle", "circle", "diamond-open"]


def test_one_run_alone_has_a_chart_too():
    figure = draw_rate_distortion(["a"], [0.0], [-5.0], notes=[""], is_shown=[True], is_given_label=[False])
    assert all(np.isfinite(figure.layout[axis].range).all() for axis in ("xaxis", "yaxis"))


def test_the_sentence_on_the_chart():
    def rated(name, rate, distortion, given=False):
        return Rated(name, rate, distortion, 1.0, 2, "VAE", given)

    runs = [rated("plane", 7.5, 124.0), rated("deep", 20.5, 71.0), rated("told", 1.0, 2.0, given=True)]
    assert chart_sentence(runs) == (
        "Best bound: deep, ELBO −91.5, rate 20.5 and distortion 71.0 nats. "
        "Against plane its rate (KL) is 13.0 nats higher and its distortion 53.0 nats lower."
    )
    assert chart_sentence(runs[:1]) == "plane: rate 7.5 and distortion 124.0 nats."
    assert chart_sentence([rated("small", 1.0, 2.0), rated("large", 3.0, 9.0)]) == (
        "Best bound: small, ELBO −3.0, rate 1.0 and distortion 2.0 nats."
    )
    assert chart_sentence([]) == "No run here has a rate."


def click(test: AppTest, key: str) -> AppTest:
    return sound(test.button(key=key).click().run())


def test_the_list_puts_runs_into_columns_until_there_is_no_room_and_then_into_the_last():
    test = app(run="digits-2d", with_="digits-16d")
    click(test, "beside-digits-m2")
    click(test, "beside-digits-conditional-vae")
    assert run_ids(test) == ["digits-2d", "digits-16d", "digits-m2", "digits-conditional-vae"]
    click(test, "beside-digits-pca")
    assert run_ids(test) == ["digits-2d", "digits-16d", "digits-m2", "digits-pca"]
    assert test.button(key="beside-digits-pca").disabled
    click(test, "atlas-digits-m2")
    assert test.selectbox(key="run").value == "digits-m2"
    assert test.segmented_control(key="view").value == "atlas"
