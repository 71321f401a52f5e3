"""Is the browser's true posterior the trainer's, are the manifold's tiles where they belong, and codes where Python puts them?"""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from explorer.hosts.cli import main
from explorer.surface.payload import Precision, pack, pack_static
from explorer.surface.schema import Dynamic, Options
from tests.browser.surface import SURFACE, choose_tab, drawer, drawn, find, grey, opened, ready, settled, stroke
from tests.kept import trained_runs
from tests.places import ASSETS, BUNDLES
from trainer.config import FitConfig
from trainer.datasets import load_dataset
from trainer.metrics.quadrature import gap_map, true_posterior
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run

needs_mnist = pytest.mark.skipif(
    not (Path(os.environ.get("LATENT_DATA") or "/nowhere") / "mnist").is_dir(),
    reason="the MNIST files are not in $LATENT_DATA/mnist",
)

MOUNT = """async ([bundle, searches, payload]) => {
  const bytes = Uint8Array.from(atob(payload), (c) => c.charCodeAt(0));
  const program = (text) => import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
  const { mount, offerSearches } = await program(bundle);
  offerSearches((await program(searches)).default);
  document.body.replaceChildren(document.createElement('div'));
  mount(document.body.firstChild, bytes);
}"""


def mounted(page: Page, run: Run, precision: Precision = "float16", **options) -> Locator:
    """The surface alone on an empty page, without a host."""
    static = pack_static(run, next(iter(run.projections.values())), precision=precision)
    payload = pack(Dynamic(options=Options(hint=False, **options)), static)
    page.goto("about:blank")
    programs = [(BUNDLES / f"{name}.js").read_text(encoding="utf-8") for name in ("surface", "searches")]
    page.evaluate(MOUNT, [*programs, base64.b64encode(payload).decode()])
    return ready(page)


def closed(page: Page) -> None:
    choose_tab(page, "Details")


def found(page: Page, key: str | re.Pattern[str] = "") -> dict:
    """What the card knows of the posterior, once the search is over."""
    words = page.get_by_test_id("truth")
    pattern = key if isinstance(key, re.Pattern) else re.compile(re.escape(f'"key":"{key}'))
    expect(words).to_have_attribute("data-posterior", pattern, timeout=120_000)
    return json.loads(words.get_attribute("data-posterior"))


def study(page: Page, x: np.ndarray, mu: np.ndarray, logvar: np.ndarray) -> dict:
    """The posterior of a picture that the host brings."""
    page.evaluate(
        f"([x, mu, logvar]) => {SURFACE}.study({{ x: Float32Array.from(x), q: {{ mu, logvar }} }})",
        [x.ravel().tolist(), mu.tolist(), logvar.tolist()],
    )
    return found(page, f"own {','.join(map(number, mu.tolist()))} ")


def number(value: float) -> str:
    """As JavaScript writes it, where Python does not go over to an exponent earlier."""
    return np.format_float_positional(value, trim="-")


# --- the true posterior


def pictures_of(run: Run, kind: str) -> torch.Tensor:
    """Pictures whose posteriors the trainer's lattice is fine enough for: σ of 0.03 and more."""
    std = np.exp(run.encodings.logvar / 2).min(1)
    rows = np.flatnonzero(std > 0.03)[:: max(1, int((std > 0.03).sum()) // 5)][:5]
    if kind == "real":
        return torch.from_numpy(load_dataset(run.info.dataset.name).subset("test").images[rows].copy()).float() / 255
    grey = run.model.decode(run.encodings.mu[rows])
    if kind == "grey":
        return grey
    return torch.bernoulli(grey, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("kind", ["grey", "drawn", pytest.param("real", marks=needs_mnist)])
def test_log_px_and_the_bound_are_the_trainers_quadrature(page, kind):
    """Bernoulli pixels, weights in half precision: within 0.05 nats of `exact.gap_map`, whose lattice and sums are its own."""
    run = load_run("mnist-2d", ASSETS)
    x = pictures_of(run, kind)
    q = run.model.encode(x)
    gaps = gap_map(run.model, x, n_steps=0)
    mounted(page, run)
    drawer(page).get_by_label("True posterior").check()
    closed(page)
    for i in range(len(x)):
        ours = study(page, x[i].numpy(), q.mu[i].numpy(), q.logvar[i].numpy())
        assert ours["largestShare"] <= 0.02
        assert ours["logPx"] == pytest.approx(gaps.log_px[i], abs=0.05)
        assert ours["elbo"] == pytest.approx(gaps.elbo_encoder[i], abs=0.05)
        expect(page.get_by_test_id("truth")).to_have_text(
            re.compile(rf"^q\(z\|x\) of your drawing is {ours['logPx'] - ours['elbo']:.2f} nats from the true posterior\.$")
        )


@pytest.fixture(scope="module")
def likelihoods(tmp_path_factory) -> Path:
    """A folder of small runs on a latent plane, by the name of their likelihood."""
    names = ("bernoulli", "continuous-bernoulli", "gaussian", "laplace")
    configs = {name: FitConfig(likelihood=name, hidden=(12,), epochs=3, latent_dim=2, umap=False) for name in names}
    return trained_runs(tmp_path_factory.mktemp("likelihoods"), configs)


@pytest.mark.parametrize("name", ["bernoulli", "continuous-bernoulli", "gaussian", "laplace"])
def test_every_likelihood_is_the_trainers(page, likelihoods, name):
    run = load_run(name, likelihoods)
    x = torch.rand((2, *run.image_shape), generator=torch.Generator().manual_seed(0))
    q, gaps = run.model.encode(x), gap_map(run.model, x, n_steps=0)
    mounted(page, run, "float32")  # noise is so improbable that half precision would show
    drawer(page).get_by_label("True posterior").check()
    closed(page)
    for i in range(len(x)):
        ours = study(page, x[i].numpy(), q.mu[i].numpy(), q.logvar[i].numpy())
        assert ours["logPx"] == pytest.approx(gaps.log_px[i], abs=0.05)
        assert ours["elbo"] == pytest.approx(gaps.elbo_encoder[i], abs=0.05)


def test_in_the_app_the_nearest_image_has_its_posterior_drawn_and_told(page, server):
    """Gaussian pixels: mean and covariance against the trainer's density on its lattice."""
    opened(page, server, run="digits-2d")
    panel = drawer(page)
    panel.get_by_label("True posterior").check()
    run, images = load_run("digits-2d", ASSETS), load_dataset("digits").subset("test").images
    for row in (321, 17):
        find(page, f"#{row}")
        ours = found(page, f"image {row}")
        x = torch.from_numpy(images[row : row + 1].copy()).float() / 255
        gaps, truth = gap_map(run.model, x, n_steps=0), true_posterior(run.model, x, step=0.02)
        assert ours["logPx"] == pytest.approx(gaps.log_px[0], abs=0.05)
        assert ours["elbo"] == pytest.approx(gaps.elbo_encoder[0], abs=0.05)
        x0, x1, y0, y1 = truth.extent
        first, second = np.meshgrid(np.linspace(x0, x1, truth.density.shape[1]), np.linspace(y0, y1, len(truth.density)))
        share = truth.density / truth.density.sum()
        mean = [(share * first).sum(), (share * second).sum()]
        assert ours["mean"] == pytest.approx(mean, abs=5e-3)
        variances = [(share * (first - mean[0]) ** 2).sum(), (share * (second - mean[1]) ** 2).sum()]
        assert [ours["covariance"][0], ours["covariance"][2]] == pytest.approx(variances, rel=0.05)
        # about 86.5 % of the trainer's mass lies within the box around the larger border, and not much more
        x0, x1, y0, y1 = ours["extent"]
        inside = share[(first >= x0) & (first <= x1) & (second >= y0) & (second <= y1)].sum()
        assert 0.865 <= inside < 0.96
    title = page.get_by_test_id("truth").locator("..").get_attribute("title")
    assert "Cremer" in title
    assert "log p(x) − ELBO" in title


def test_another_image_ends_the_search_and_a_known_one_is_there_at_once(page, server):
    opened(page, server, run="digits-2d")
    panel = drawer(page)
    panel.get_by_label("True posterior").check()
    for row in (5, 6, 7, 8, 9):  # as quickly as it goes: only the last one is looked for
        find(page, f"#{row}")
    last = found(page, "image 9")
    assert page.get_by_test_id("truth").inner_text().startswith("q(z|x) of test image 9 is ")
    find(page, "#321")
    found(page, "image 321")
    find(page, "#9")
    settled(page)
    assert json.loads(page.get_by_test_id("truth").get_attribute("data-posterior")) == last


def test_both_are_drawn_and_can_be_zoomed_to(page, server):
    canvas = opened(page, server, run="digits-2d")
    panel = drawer(page)
    panel.get_by_label("Pictures when close").uncheck()
    find(page, "#321")
    closed(page)
    settled(page)
    before = drawn(canvas)
    drawer(page).get_by_label("True posterior").check()
    closed(page)
    ours = found(page, "image 321")
    settled(page)
    assert drawn(canvas) != before
    page.get_by_role("button", name="Zoom to both").click()
    settled(page)
    # the border's box and the 2σ ellipse, half of the map wide or high
    mu, std = load_run("digits-2d", ASSETS).encodings.mu[321], np.exp(load_run("digits-2d", ASSETS).encodings.logvar[321] / 2)
    x0, x1, y0, y1 = ours["extent"]
    low, high = np.minimum((x0, y0), mu - 2 * std), np.maximum((x1, y1), mu + 2 * std)
    size = canvas.evaluate("c => [c.clientWidth, c.clientHeight]")
    scale = page.get_by_test_id("surface").evaluate("root => root.surface.viewport.camera.scale")
    assert max((high - low) * scale / np.array(size)) == pytest.approx(0.5, abs=0.02)


def test_it_is_offered_only_where_it_can_be_told(page, server):
    for run, query in (("digits-16d", "&projection=pca"), ("digits-autoencoder", ""), ("tiny-conditional", ""), ("tiny-m1-m2", "")):
        page.goto(f"{server}/?run={run}{query}")
        ready(page)
        expect(drawer(page).get_by_label("True posterior")).to_have_count(0)


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    for name in ("mnist-2d", "mnist-20d"):
        assert main(["export", name, "--html", str(folder / f"{name}.html"), "--runs", str(ASSETS)]) == 0
    return {name: (folder / f"{name}.html").as_uri() for name in ("mnist-2d", "mnist-20d")}


def test_a_file_without_pictures_says_so_and_tells_it_of_a_drawing(page, exported):
    page.goto(exported["mnist-2d"])
    ready(page)
    drawer(page).get_by_label("True posterior").check()
    closed(page)
    words = page.get_by_test_id("truth")
    expect(words).to_have_text(
        "The true posterior of an image needs its pixels, and those of mnist are not here. "
        "Draw on the pad to see it for your drawing."
    )
    choose_tab(page, "Draw")
    stroke(page, page.get_by_test_id("pad"), [(0.5, 0.15), (0.45, 0.85)], steps=6)
    choose_tab(page, "Details")
    ours = found(page, "own ")
    x = torch.from_numpy(grey(page.get_by_test_id("seen"))).float().view(1, 1, 28, 28) / 255
    gaps = gap_map(load_run("mnist-2d", ASSETS).model, x, n_steps=0)
    # the canvas holds 256 grey levels of the drawing's own
    assert ours["logPx"] == pytest.approx(gaps.log_px[0], abs=0.5)
    expect(words).to_contain_text("of your drawing is ")
    choose_tab(page, "Draw")
    page.get_by_role("button", name="Clear").click()
    expect(words).to_contain_text("Draw on the pad")


# --- the decoded manifold


def tiles_shown(page: Page) -> list[str]:
    panel = drawer(page)
    panel.get_by_label("Prior rings").uncheck()
    return sorted(panel.get_by_role("group", name="Tiles of the decoded manifold").locator("label").all_inner_texts())


GREY = """([x, y]) => {
  const surface = document.querySelector('[data-testid=surface]').surface, [left, top] = surface.viewport.toScreen([x, y]);
  const { plot, ratio } = surface.stage, context = surface.root.querySelector('[data-testid=ground]').getContext('2d');
  return context.getImageData(Math.round((plot.left + left) * ratio), Math.round((plot.top + top) * ratio), 1, 1).data[0];
}"""
GROWN = """(isZoomed) => {
  const { manifold, viewport, stage: { plot } } = document.querySelector('[data-testid=surface]').surface, { detail } = manifold;
  if (viewport.isGliding || ![...manifold.first.values()].every((made) => made.isComplete)) return false;
  if (!isZoomed) return true;
  const width = plot.width / viewport.camera.scale;
  return detail !== null && detail.manifold.isComplete && detail.extent[1] - detail.extent[0] < 1.31 * width;
}"""
NORMAL = torch.distributions.Normal(torch.tensor(0.0, dtype=torch.float64), 1.0)


def grey_at(page: Page, place: np.ndarray) -> int:
    """The ground's grey level at a place of the map."""
    return page.evaluate(GREY, place.tolist())


def grown(page: Page, is_zoomed: bool) -> None:
    """Until all tiles are there, for what is seen now."""
    page.wait_for_function(GROWN, arg=is_zoomed)
    settled(page)


def quantile(share: np.ndarray) -> np.ndarray:
    return NORMAL.icdf(torch.from_numpy(share)).numpy()


def probability(place: np.ndarray) -> np.ndarray:
    return NORMAL.cdf(torch.from_numpy(place)).numpy()


def grid(page: Page, which: str) -> list[np.ndarray]:
    """Middles of the tiles along x and y of one of the manifold's looks."""
    axes = page.evaluate(f"(() => {{ const {{ x, y }} = {SURFACE}.manifold.{which}.grid; return [[...x], [...y]]; }})()")
    return [np.array(axis) for axis in axes]


def assert_tile_is_decoded(page: Page, run: Run, middle: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """The tile between two corners shows the picture that its middle decodes to: row 0 at the top, each pixel at its own share."""
    expected = 255 * run.model.decode(middle[None].astype(np.float32)).numpy()[0, 0]
    height, width = expected.shape
    for row in range(height):
        for column in range(width):
            share = np.array([(column + 0.5) / width, 1 - (row + 0.5) / height])
            assert grey_at(page, low + share * (high - low)) == pytest.approx(expected[row, column], abs=3)


def test_tiles_at_equal_shares_of_the_prior_are_decoded_at_their_middles(page):
    """Middles by torch's inverse normal, borders where a twentieth of the prior ends; the outermost as wide outwards as inwards."""
    run = load_run("digits-2d", ASSETS)
    mounted(page, run, manifold=True)
    names = tiles_shown(page)
    assert [name.split("\n")[0] for name in names] == ["Equal shares of the prior", "Equal steps"]
    closed(page)
    grown(page, is_zoomed=False)
    middles = quantile((np.arange(20) + 0.5) / 20)
    borders = quantile(np.arange(1, 20) / 20)
    borders = np.concatenate([[2 * middles[0] - borders[0]], borders, [2 * middles[-1] - borders[-1]]])
    for column, row in ((0, 0), (19, 0), (0, 19), (18, 18)):  # the largest, whose pixels can be told apart
        at = np.array([column, row])
        assert_tile_is_decoded(page, run, middles[at], borders[at], borders[at + 1])
    assert grey_at(page, np.array([borders[0] - 0.05, 0])) > 230  # nothing beyond


def test_zooming_in_halves_the_cells_of_the_prior(page):
    run = load_run("digits-2d", ASSETS)
    canvas = mounted(page, run, manifold=True)
    tiles_shown(page)
    closed(page)
    page.evaluate(f"{SURFACE}.moveProbe([0.6, -0.4])")
    zoomed(page, canvas, 14)
    axes, size, scale = grid(page, "detail.manifold"), canvas.bounding_box(), page.evaluate(f"{SURFACE}.viewport.camera.scale")
    share = [probability(axis) for axis in axes]
    step = [np.diff(along)[0] for along in share]
    for axis, along, one, length in zip(axes, share, step, (size["width"], size["height"]), strict=True):
        assert 10 <= len(axis) <= 26
        assert np.ptp(axis) * scale > 0.8 * length  # they fill the map
        np.testing.assert_allclose(np.diff(along), one, rtol=1e-4)  # equal shares still
        halvings = np.log2(1 / 20 / one)
        assert halvings == pytest.approx(round(halvings), abs=1e-3)
        assert halvings >= 2
        np.testing.assert_allclose((along / one) % 1, 0.5, atol=1e-3)  # middles of whole cells: an odd number of half steps
    middle = np.array([axis[8] for axis in axes])
    low, high = (
        np.array([quantile(along[8:9] + end * one)[0] for along, one in zip(share, step, strict=True)]) for end in (-0.5, 0.5)
    )
    assert_tile_is_decoded(page, run, middle, low, high)


def zoomed(page: Page, canvas: Locator, times: int) -> None:
    """Closer around the probe, by the keyboard."""
    canvas.focus()
    for _ in range(times):
        page.keyboard.press("+")
        settled(page)
    grown(page, is_zoomed=True)


def test_tiles_at_equal_steps_are_all_of_one_size_and_get_smaller_when_zoomed(page):
    run = load_run("digits-2d", ASSETS)
    canvas = mounted(page, run, manifold=True)
    tiles_shown(page)
    page.get_by_label("Equal steps").check()
    closed(page)
    zoomed(page, canvas, 12)
    x, y = grid(page, "detail.manifold")
    for axis in (x, y):
        np.testing.assert_allclose(np.diff(axis), axis[1] - axis[0], rtol=1e-6)
    step = np.array([x[1] - x[0], y[1] - y[0]])
    first = [axis[1] - axis[0] for axis in grid(page, "first.get('steps')")]
    assert (np.array(first) > 3 * step).all()
    middle = np.array([x[5], y[5]])
    assert_tile_is_decoded(page, run, middle, middle - step / 2, middle + step / 2)


def test_the_choice_of_tiles_is_offered_where_there_is_a_prior_on_a_plane(page, server):
    for run, query, n in (("digits-16d", "projection=pca", 2), ("digits-16d", "projection=umap", 0), ("digits-autoencoder", "", 0)):
        page.goto(f"{server}/?run={run}&{query}")
        ready(page)
        page.get_by_role("button", name=re.compile("^Manifold")).click()
        group = drawer(page).get_by_role("group", name="Tiles of the decoded manifold")
        expect(group).to_have_count(1 if n else 0)
        if n:
            expect(group.get_by_role("radio")).to_have_count(n)
            expect(group.get_by_label("Equal steps")).to_be_checked()


# --- words


@pytest.mark.parametrize(("run", "query"), [("digits-2d", ""), ("digits-16d", "projection=umap"), ("digits-autoencoder", "")])
def test_every_layer_says_what_it_is_and_every_field_has_formula_and_source(page, server, run, query):
    page.goto(f"{server}/?run={run}&{query}")
    ready(page)
    panel = drawer(page)
    options = panel.locator("label:has(input:is([type=radio], [type=checkbox]))").all()
    assert len(options) > 3
    for option in options:
        assert 3 < len(option.get_attribute("title") or option.locator("input").get_attribute("title") or "") < 130, (
            option.text_content()
        )
    for background in ("Density of the codes", "Posterior − prior", "Magnification"):
        choice = panel.get_by_label(background)
        if choice.count() == 0:
            continue
        choice.check()
        bar = page.get_by_test_id("scale").first
        expect(bar.locator("[aria-hidden]")).to_be_visible()
        expect(bar).to_have_attribute("title", re.compile(r"[=√Σ−].*\(.*\b(19|20)\d\d", re.DOTALL))


# --- a code's place


def test_on_a_layout_a_code_has_the_place_that_python_gives_it(page, exported):
    """Real codes, codes between two, draws from the prior: what an uploaded picture or a pin may be."""
    run = load_run("mnist-20d", ASSETS)
    projection, mu, rng = run.projections["umap"], run.encodings.mu, np.random.default_rng(4)
    rows = rng.integers(0, len(mu), (8, 2))
    between = 0.5 * (mu[rows[:, 0]] + mu[rows[:, 1]])
    codes = np.concatenate([mu[:4], between, rng.standard_normal((8, 20)), mu[20:24] + 0.2 * rng.standard_normal((4, 20))])
    codes = np.round(codes, 4).astype(np.float32)
    expected = projection.to_map(codes, mu)
    page.goto(exported["mnist-20d"])
    ready(page)
    shown = []
    for z in codes:
        page.evaluate("text => { location.hash = text; }", "pins=" + "_".join(f"{value:.4f}" for value in z.tolist()))
        expect(page.get_by_test_id("pin")).to_have_attribute("data-z", re.compile(re.escape(f"[{number(round(float(z[0]), 4))},")))
        shown.append(json.loads(page.get_by_test_id("pin").get_attribute("data-map")))
    np.testing.assert_allclose(shown, expected, atol=1e-3)
