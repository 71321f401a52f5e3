"""Does every kind of model open in every view, say true things, and does the browser get the network of the chosen class?"""

from __future__ import annotations

import json
import math
import re
import shutil

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.app.pages import NAMES as VIEWS
from explorer.pictures.arrays import to_picture
from explorer.pictures.preprocess import prepare
from explorer.surface.lowering import plain_network
from explorer.surface.payload import pack, pack_static, unpack
from explorer.surface.schema import Dynamic, MarkerRecord
from tests.explorer import shown
from tests.explorer.conftest import KINDS
from tests.explorer.shown import faultless
from trainer.config import checked
from trainer.likelihoods.numpy_ import mean_picture
from trainer.maps.projection import axis_pair
from trainer.models.numpy_engine import run_part
from trainer.runs.catalogue import load_run
from trainer.runs.folder import info_checksum

NEAREST = 12  # pictures of the nearest test images: six by code, six by pixels
CONDITIONAL = [name for name, config in KINDS.items() if config.is_conditional]
DETERMINISTIC = [name for name, config in KINDS.items() if config.is_deterministic]


@pytest.fixture
def app(kinds, fresh_app, monkeypatch):
    monkeypatch.setenv("LATENT_RUNS", str(kinds))
    return lambda **query: faultless(shown.app(**query).run())


def words(test: AppTest) -> str:
    return shown.words(test, ("markdown", "caption"))


def facts(test: AppTest) -> str:
    """The panel “About this run”: its sentence, then a figure in a line, with its meaning in the next."""
    before = words(test).split("\n")
    test.button(key="about-run").click()
    return "\n".join(line for line in words(faultless(test.run())).split("\n") if line not in before)


def pictures(test: AppTest) -> list[str]:
    return [image.proto.imgs[0].url for image in test.get("image")]


def refuse(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_kind_opens_in_every_view_and_shows_no_number_that_is_none(app, name, view):
    test = app(run=name, view=view, pins="_".join(["0.5"] * KINDS[name].latent_dim))
    assert not re.search(r"\b(nan|-?inf|None)\b|not finite", words(test))
    charts = [chart.proto.spec for chart in test.get("plotly_chart")]
    for chart in charts:
        json.loads(chart, parse_constant=refuse)
    has_history = KINDS[name].epochs > 1
    gauges = 2 if KINDS[name].is_deterministic else 3  # a point has no ELBO
    expected = {
        "atlas": 0,
        "interpolate": 0,
        "reconstruct": 1 + gauges,
        "compare": 1,
        "dimensions": 1 + (has_history and name != "pca"),
    }
    assert len(charts) == expected.get(view, len(charts))


# --- what the browser gets


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("label", [None, 0, 7])
def test_the_browsers_network_is_the_runs_for_that_class(kinds, name, label):
    """Plain layers in numpy, read back from the bytes, against the run's own answer with the class given."""
    run = load_run(name, kinds)
    y = np.full(4, label or 0) if run.config.is_conditional else None
    projection = next(iter(run.projections.values()))
    _, header, arrays = unpack(pack(Dynamic(), pack_static(run, projection, precision="float32", label=label)))
    rng = np.random.default_rng(0)
    z, x = rng.standard_normal((4, run.config.latent_dim)).astype(np.float32), rng.random((4, *run.image_shape), np.float32)
    results = {}
    for part, value in (("decoder", z), ("encoder", x)):
        results[part] = run_part(f"w.{part}", plain_network(run, part, label).layers, arrays, value)
        assert len(header[part]) == len(plain_network(run, part).layers)
    one_scale = checked(run.config, scale="fixed") if run.config.scale == "per-pixel" else run.config
    np.testing.assert_allclose(mean_picture(one_scale, results["decoder"]), run.forward.decode(z, y), atol=1e-5)
    codes = run.forward.encode(x, y)
    both = codes.mu if run.config.is_deterministic else np.hstack([codes.mu, codes.logvar])
    np.testing.assert_allclose(results["encoder"], both, atol=1e-4)
    assert not [tensor for tensor in arrays if "features" in tensor]
    told = {} if run.classifier is None else run.classifier.weights  # and nothing of q(y|x)
    assert {key for key in arrays if "classifier" in key} == {f"w.{key}" for key in told}
    assert header["decoded_as"] == (str(label or 0) if run.config.is_conditional else None)
    assert header["label"] == ((label or 0) if run.config.is_conditional else None)
    assert header["likelihood"] == run.config.likelihood


@pytest.mark.parametrize("name", CONDITIONAL)
@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_the_browser_is_sent_the_bias_of_every_class(kinds, name, precision):
    """Any payload becomes that of another class by one column: what the strip under the map decodes with."""
    run = load_run(name, kinds)
    projection = next(iter(run.projections.values()))
    _, header, arrays = unpack(pack(Dynamic(), pack_static(run, projection, precision=precision, label=4)))
    (told,) = [op for op in header["decoder"] if "biases" in op]
    assert not [op for op in header["encoder"] if "biases" in op]
    for label in range(10):
        _, _, other = unpack(pack(Dynamic(), pack_static(run, projection, precision=precision, label=label)))
        np.testing.assert_array_equal(arrays[told["biases"]][:, label], other[told["bias"]])
        changed = {key for key in arrays if key.startswith("w.decoder") and not np.array_equal(arrays[key], other[key])}
        assert changed == (set() if label == 4 else {told["bias"]})


@pytest.mark.parametrize("name", CONDITIONAL)
def test_classes_differ_in_the_browsers_network(kinds, name):
    run = load_run(name, kinds)
    ids = {pack_static(run, next(iter(run.projections.values())), label=y) for y in range(10)}
    assert len(ids) == 10


@pytest.mark.parametrize("name", KINDS)
def test_the_browsers_header_is_strict_json(kinds, name):
    run = load_run(name, kinds)
    for projection in run.projections.values():
        data = pack_static(run, projection)
        length = int.from_bytes(data[:4], "little")
        header = json.loads(data[4 : 4 + length], parse_constant=refuse)
        assert header["projection"]["rings"] is (KINDS[name].latent_dim > 1 and not KINDS[name].is_deterministic)
        assert ("prior" in header["projection"]["note"]) is (projection.name == "axes" and not KINDS[name].is_deterministic)


def test_what_is_no_json_number_is_refused_before_it_is_sent():
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack(Dynamic(markers=[MarkerRecord("x", (math.nan, 0.0), (0.0,))]), b"")


def test_codes_too_large_for_half_precision_keep_single(kinds):
    run = load_run("autoencoder", kinds)
    mu = run.encodings.mu * np.float32(1e6)
    large = type(run)(run.id, run.folder, run.info)
    object.__setattr__(large, "encodings", type(run.encodings)(**{**vars(run.encodings), "mu": mu}))
    _, _, arrays = unpack(pack(Dynamic(), pack_static(large, axis_pair(mu, 0, 1))))
    np.testing.assert_array_equal(arrays["points_mu"], mu)
    assert arrays["w.decoder.0.weight"].dtype == np.float16


# --- a model that is told the class


@pytest.mark.parametrize("view", ["atlas", "reconstruct", "interpolate", "dimensions", "compare"])
@pytest.mark.parametrize("name", ["conditional", "m2"])
def test_the_class_chooser_is_in_every_view_and_read_from_the_link(app, kinds, name, view):
    of_image = view in ("compare", "reconstruct", "interpolate")  # there it is the shown test image's own, or the first stop's
    first = str(load_run(name, kinds).encodings.label[0]) if of_image else "0"
    look = {"look": "traversals"} if view == "dimensions" else {}
    assert app(run=name, view=view, **look).selectbox(key="as").value == first
    test = app(run=name, view=view, **{"as": "7"}, **look)
    assert test.selectbox(key="as").value == "7"
    wanted = (
        "All strips are decoded as 7."
        if view == "dimensions"
        else "Points are images, each encoded under its own class; pictures under the cursor are decoded as 7."
    )
    assert wanted in words(test)


@pytest.mark.parametrize("name", [name for name in KINDS if name not in CONDITIONAL])
def test_no_other_model_has_a_class_chooser(app, name):
    test = app(run=name, **{"as": "7"})
    assert "as" not in [box.key for box in test.selectbox]
    assert "decoded as" not in words(test)


@pytest.mark.parametrize("view", ["interpolate", "dimensions"])
def test_another_class_is_another_picture_of_the_same_code(app, kinds, view):
    look = {"look": "traversals"} if view == "dimensions" else {}
    test = app(run="conditional", view=view, pins="0.1_0.2_0.3", **look)
    before = pictures(test)
    faultless(test.selectbox(key="as").set_value("7").run())
    after = pictures(test)
    assert len(before) == len(after) > 0
    changed = [a != b for a, b in zip(before, after, strict=True)]
    assert changed[0]
    assert all(changed) == (view != "interpolate")  # where a test image is a stop too: it is decoded as its own class


def test_a_class_that_the_next_run_does_not_have_is_forgotten(app, kinds, tmp_path, monkeypatch):
    shutil.copytree(kinds / "conditional", tmp_path / "runs" / "letters")
    path = tmp_path / "runs/letters/run.json"
    raw = json.loads(path.read_text())
    raw["dataset"]["class_names"] = [*"abcdefghi", "[j](x)"]
    path.write_text(json.dumps({**raw, "checksum": info_checksum(raw)}))
    shutil.copytree(kinds / "conditional", tmp_path / "runs" / "numbers")
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path / "runs"))
    test = app(run="numbers", **{"as": "7"})
    test.selectbox(key="run").set_value("letters")
    faultless(test.run())
    assert test.selectbox(key="as").value == "a"
    assert "decoded as a." in words(test)
    test.selectbox(key="as").set_value("[j](x)")
    caption = next(c.value for c in faultless(test.run()).caption if "own class" in c.value)
    assert "[j](" not in caption
    assert "decoded as [j](x)." in words(test)


def test_neighbours_without_their_originals_are_decoded_with_their_own_class(kinds, app, monkeypatch):
    from explorer.widgets.pictures import stored_pictures

    monkeypatch.setattr("explorer.cache.datasets.originals", lambda run_id: None)
    run = load_run("conditional", kinds)
    rows = np.array([3, 50, 7])
    shown = stored_pictures("conditional", rows)
    expected = run.model.decode(run.encodings.mu[rows], run.encodings.label[rows]).numpy()
    np.testing.assert_allclose(shown, expected, atol=1e-5)


def test_figures_of_a_conditional_run_are_given_the_class(app):
    told = facts(app(run="m2", view="atlas"))
    assert "M2 with 2 latent dimensions and 20 labels on digits: ELBO given the class" in told
    assert told.count("this is a bound of log p(x|y)") == 2  # the ELBO and the NLL
    assert re.search(r"Test error\S* \d+\.\d\s% with 20 labels", told)
    assert "given the class" not in facts(app(run="iwae", view="atlas")).replace("Where the model is given the class, the code", "")


def test_a_test_image_is_encoded_under_its_own_class(app, kinds):
    run = load_run("m2", kinds)
    label = run.encodings.label[0]
    test = app(run="m2", view="reconstruct")
    text = words(test)
    said = re.search(r"Encoded under its own class (\d) \(most probable under q\(y\|x\): (\d), probability (?:> )?\d+\s%\)", text)
    assert said
    assert int(said[1]) == label
    told = re.search(r"μ = \(([^)]*)\)", text)
    assert told
    mu = [float(value.replace("−", "-")) for value in told[1].split(", ")]
    assert mu == pytest.approx(run.encodings.mu[0].tolist(), abs=0.00501)
    assert text.count("<figure>") == 10 + NEAREST
    assert f"as {label}, as encoded" in text


@pytest.mark.parametrize("name", ["m2", "m1-m2", "conditional"])
def test_a_picture_of_no_class_is_taken_as_one_and_shown_as_every_class(app, kinds, name):
    test = app(run=name, view="reconstruct")
    test.segmented_control(key="reconstruct-source").set_value("Sample")
    text = words(faultless(test.run()))
    sure = r" \(probability (?:> )?\d+\s%\)" if name != "conditional" else ""
    said = re.search(rf"Taken as class (\d){sure}; the same z as every class", text)
    assert said
    assert f"as {said[1]}, as encoded" in text
    assert text.count("<figure>") == 10 + NEAREST


def test_an_end_of_no_class_says_which_one_it_is_encoded_as(app):
    test = app(run="conditional", view="interpolate")
    test.segmented_control(key="stop-from-TCPU").set_value("Upload")
    faultless(test.run())
    test.segmented_control(key="stop-source").set_value("Sample")
    assert re.search(r"Encoded as class \d, the model's most probable class", words(faultless(test.run())))


# --- a model without a posterior


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_a_deterministic_run_shows_no_figure_of_a_bound(app, kinds, name):
    told = facts(app(run=name, view="atlas"))
    metrics = load_run(name, kinds).info.metrics
    assert f"Reconstruction** {-metrics.reconstruction:.2f} nats".replace("-", "−") in told
    assert f"squared error {metrics.squared_error:.2f} per image" in told
    assert not re.search(r"\*\*(ELBO|NLL|KL|β)", told)


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_its_dimensions_are_told_by_variance_and_why_there_is_no_kl(app, kinds, name):
    text = words(app(run=name, view="dimensions"))
    assert "there is no posterior, no KL and no bound" in text
    assert "nothing to draw new codes from" in text
    variance = np.var(load_run(name, kinds).encodings.mu.astype(float), axis=0)
    shown = [("₁₂₃₄₅₆₇₈₉".index(k), float(v)) for k, v in re.findall(r"z([₁-₉]) · variance ([\d.]+)", text)]
    order = np.argsort(-variance).tolist()
    assert [k for k, _ in shown] == [*order[::2], *order[1::2]]  # two columns, read one after the other
    np.testing.assert_allclose([v for _, v in shown], variance[[k for k, _ in shown]], atol=0.006)
    assert "prior" not in text.split("What each dimension does")[1].split("\n")[0]
    assert "all others at the mean of the codes" in text


def test_its_strips_run_over_the_codes_and_not_over_a_prior(app, kinds):
    """The far ends are three standard deviations of the codes from their mean, all other dimensions at the mean."""
    from explorer.pictures.arrays import data_uri, fitted, strip

    run = load_run("autoencoder-2d", kinds)
    mu = run.encodings.mu
    shown = pictures(app(run="autoencoder-2d", view="dimensions"))
    expected = []
    for k in np.argsort(-mu.var(0)):
        codes = np.tile(mu.mean(0), (13, 1))
        codes[:, k] = np.linspace(mu[:, k].mean() - 3 * mu[:, k].std(), mu[:, k].mean() + 3 * mu[:, k].std(), 13)
        expected.append(data_uri(fitted(strip([to_picture(x_hat) for x_hat in run.forward.decode(codes)]), 1100)))
    assert shown == expected


def test_its_reconstruction_has_no_draws_and_no_sigma(app):
    test = app(run="autoencoder", view="reconstruct")
    text = words(test)
    assert "no posterior, so no KL" in text
    assert "σ" not in text
    assert "Draw again" not in [button.label for button in test.button]
    assert "Pin this code" in [button.label for button in test.button]
    assert not any("error_y" in chart.proto.spec for chart in test.get("plotly_chart"))


@pytest.mark.parametrize("kind", ["variance-preserving", "spherical"])
def test_a_path_that_assumes_the_prior_says_so_where_there_is_none(app, kind):
    assert f"A {kind} path assumes codes that are spread as the prior" in words(
        app(run="autoencoder", view="interpolate", path=kind)
    )
    assert "path assumes" not in words(app(run="autoencoder", view="interpolate"))
    assert "path assumes" not in words(app(run="iwae", view="interpolate", path=kind))


def test_its_axes_are_sorted_by_variance(app, kinds):
    test = app(run="pca", view="atlas", projection="axes")
    by_variance = np.argsort(-load_run("pca", kinds).encodings.mu.var(0), kind="stable") + 1
    assert [test.selectbox(key="x").value, test.selectbox(key="y").value] == by_variance[:2].tolist()


def test_a_model_solved_at_once_has_no_history(app):
    assert "solved in one step" in words(app(run="pca", view="dimensions"))


def test_an_autoencoder_of_one_epoch_was_not_solved_at_once(app, kinds, tmp_path, monkeypatch):
    from trainer.datasets import load_dataset
    from trainer.training.fit import fit

    for _ in fit(checked(KINDS["autoencoder"], epochs=1), load_dataset("digits"), "short", tmp_path / "runs"):
        pass
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path / "runs"))
    assert "trained for one epoch" in words(app(run="short", view="dimensions"))


# --- two frames


def test_two_frames_are_red_and_cyan_and_a_still_picture_fills_both():
    from PIL import Image

    x = np.zeros((2, 1, 2), np.float32)
    x[0, 0, 0] = x[1, 0, 1] = 1
    np.testing.assert_array_equal(to_picture(x), [[[255, 0, 0], [0, 255, 255]]])
    ready = prepare(Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)), (2, 16, 16), "pendulum")
    assert ready.x.shape == (2, 16, 16)
    np.testing.assert_array_equal(ready.x[0], ready.x[1])
