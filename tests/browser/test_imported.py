"""Does Chromium decode a model that was trained elsewhere, and show it in the app with the words that belong to it?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from explorer.surface.payload import pack, pack_static
from explorer.surface.schema import Dynamic
from tests.browser.conftest import served
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
    expect(root).to_be_visible(timeout=60_000)  # the first page of a fresh server
    expect(page.get_by_test_id("decoder-note")).to_contain_text("Pictures are interpolated between stored ones")
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
    expect(page.get_by_text("imported, bernoulli").first).to_be_visible()
    expect(page.get_by_text("reconstruction", exact=True).first).to_be_visible()
    expect(page.get_by_test_id("decoder-note")).to_be_hidden()
