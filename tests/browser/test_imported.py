"""Does Chromium decode a model that was trained elsewhere, and show it in the app with the words that belong to it?"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Page, expect

from explorer.pictures.preprocess import prepare
from explorer.surface.payload import pack, pack_static
from explorer.surface.schema import Dynamic
from tests.browser.conftest import served
from tests.browser.surface import SURFACE, grey, settled, stroke
from tests.browser.test_engine import asked, from_text
from tests.trainer import foreign_models
from trainer.runs.catalogue import load_run


@pytest.fixture(scope="module")
def their_server(imported) -> Iterator[str]:
    with served(imported) as url:
        yield url


def test_a_convolutional_vae_with_batch_norms_is_torchs_in_the_browser(page, imported):
    run, theirs = load_run("own-conv", imported), foreign_models.convolutional()
    codes = (2 * np.random.default_rng(1).standard_normal((40, 3))).astype(np.float32)
    pictures = np.random.default_rng(2).random((40, 1, 8, 8), np.float32)
    payload = pack(Dynamic(), pack_static(run, next(iter(run.projections.values())), precision="float32"))
    answer = asked(page, payload, codes, pictures)
    with torch.no_grad():
        wanted = theirs.decode(torch.from_numpy(codes)).numpy()
        mu, logvar = (part.numpy() for part in theirs.encode(torch.from_numpy(pictures)))
    np.testing.assert_allclose(from_text(answer["decoded"], wanted.shape), wanted, atol=2e-5)
    np.testing.assert_allclose(from_text(answer["mu"], mu.shape), mu, atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(from_text(answer["logvar"], mu.shape), logvar, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["own-lattice", "own-gallery"])
def test_the_map_of_a_stored_decoder_is_alive_and_says_what_it_shows(page, their_server, imported, name):
    run = load_run(name, imported)
    page.goto(f"{their_server}/?run={name}")
    root = page.get_by_test_id("surface")
    expect(root).to_be_visible()  # the first page of a fresh server
    expect(page.get_by_test_id("decoder-note")).to_contain_text(
        "Pictures are interpolated between stored ones, because decode uses sin"
    )
    codes = run.encodings.mu[:20]
    decoded = root.evaluate(
        "(element, codes) => codes.map((z) => Array.from(element.surface.decode(z)))", [code.tolist() for code in codes]
    )
    np.testing.assert_allclose(np.array(decoded).reshape(-1, 1, 8, 8), run.forward.decode(codes), atol=2e-2)
    theirs = foreign_models.Wavy(run.config.latent_dim)
    with torch.no_grad():
        truth = theirs.decode(torch.from_numpy(codes.copy())).reshape(-1, 1, 8, 8).numpy()
    assert np.quantile(np.abs(np.array(decoded).reshape(truth.shape) - truth), 0.99) < run.info.origin.most_error + 0.03


def test_an_imported_model_is_told_apart_from_ours_nowhere_but_in_its_line(page, their_server):
    page.goto(f"{their_server}/?run=own&view=reconstruct")
    expect(page.get_by_text(re.compile("^Imported .* with")).first).to_be_visible()
    expect(page.get_by_text("reconstruction", exact=True).first).to_be_visible()
    expect(page.get_by_test_id("decoder-note")).to_be_hidden()


# --- pictures of one's own, by the encoder that came along


def posterior_of(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of a picture (1, 8, 8), by the model's own code: mean and log variance (K,)."""
    with torch.no_grad():
        mu, logvar = foreign_models.convolutional().encode(torch.from_numpy(np.asarray(x, np.float32)[None]))
    return mu[0].numpy(), logvar[0].numpy()


def drawn(page: Page) -> np.ndarray:
    """The code that the pad says it has."""
    return np.array(json.loads(page.get_by_test_id("drawing").get_attribute("data-z")))


def marker(page: Page) -> np.ndarray:
    """Where on the map the posterior of the drawing is."""
    return np.array(page.evaluate(f"() => {SURFACE}.panel('posterior').marker.map"))


def test_a_stroke_on_the_pad_is_encoded_by_the_imported_encoder_and_moves_the_marker(page, their_server, imported):
    run = load_run("own-conv", imported)
    page.goto(f"{their_server}/?run=own-conv&view=reconstruct")
    page.get_by_role("radio", name="Draw").click()
    pad = page.get_by_test_id("pad")
    expect(pad).to_be_visible()  # the first page of a fresh server
    settled(page)
    pad.scroll_into_view_if_needed()
    places = []
    for line in ([(0.5, 0.2), (0.5, 0.8)], [(0.25, 0.25), (0.75, 0.25), (0.4, 0.8)]):
        stroke(page, pad, line, steps=6)
        mu, logvar = posterior_of(np.reshape(page.evaluate(f"() => Array.from({SURFACE}.pad.ready.x)"), (1, 8, 8)))
        np.testing.assert_allclose(drawn(page), mu, atol=5e-3)  # the browser's weights have 16 bits
        numbers = json.loads(page.get_by_label("Posterior of your picture").get_attribute("data-numbers"))
        np.testing.assert_allclose(numbers["std"], np.exp(logvar / 2), atol=5e-3)
        with torch.no_grad():
            wanted = foreign_models.convolutional().decode(torch.from_numpy(mu[None])).numpy().reshape(8, 8)
        assert np.abs(grey(page.get_by_test_id("made")) - 255 * wanted.clip(0, 1)).max() <= 2
        projection = next(iter(run.projections.values()))
        place = projection.to_map(drawn(page)[None].astype(np.float32), run.encodings.mu)[0]
        np.testing.assert_allclose(marker(page), place, atol=5e-3)
        places.append(marker(page))
    assert np.abs(places[0] - places[1]).max() > 1e-2


def test_an_upload_is_reconstructed_by_the_imported_encoder_and_decoder(page, their_server):
    paper = np.full((120, 120), 240, np.uint8)
    paper[20:100, 52:64] = 20
    out = io.BytesIO()
    Image.fromarray(paper).save(out, "PNG")
    page.goto(f"{their_server}/?run=own-conv&view=reconstruct")
    page.get_by_text("Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files({"name": "one.png", "mimeType": "image/png", "buffer": out.getvalue()})
    x = prepare(Image.fromarray(paper), (1, 8, 8), "digits").x
    mu, _ = posterior_of(x)
    with torch.no_grad():
        off = np.abs(foreign_models.convolutional().decode(torch.from_numpy(mu[None])).numpy()[0] - x).mean()
    said = page.get_by_text(re.compile("mean absolute error"))
    expect(said).to_be_visible()  # the first page of a fresh server
    assert float(re.search(r"error ([\d.]+) per pixel", said.inner_text())[1]) == pytest.approx(off, abs=1e-3)
    settled(page)
    np.testing.assert_allclose(json.loads(page.get_by_test_id("decoded").get_attribute("data-z")), mu, atol=1e-5)
