"""Does a run of a model from elsewhere open everywhere, and does the page say what it is not?"""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.hosts.html_file import html_page
from explorer.pages.dimensions.sections import SECTIONS
from explorer.surface.lowering import plain_network
from explorer.surface.payload import pack, pack_static, unpack
from explorer.surface.schema import Dynamic
from tests.explorer import shown
from tests.explorer.imported import NAMES
from tests.explorer.shown import faultless
from tests.places import ROOT
from trainer.datasets import load_dataset
from trainer.likelihoods.numpy_ import mean_picture
from trainer.models.numpy_engine import run_part
from trainer.runs.catalogue import load_run

VIEWS = ["atlas", "reconstruct", "interpolate", "dimensions", "compare"]
WITHOUT_ENCODER = ["own-lattice", "own-gallery", "own-codes", "own-points", "own-pictures"]
PICTURED = ["own-lattice", "own-gallery"]


@pytest.fixture
def app(imported, fresh_app, monkeypatch):
    monkeypatch.setenv("LATENT_RUNS", str(imported))
    return lambda **query: faultless(shown.app(**query).run())


def words(test: AppTest) -> str:
    return shown.texts(test, "markdown", "caption", "info")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("view", VIEWS)
def test_every_imported_run_opens_in_every_view(app, imported, name, view):
    latent_dim = load_run(name, imported).config.latent_dim
    test = app(run=name, view=view, pins="_".join(["0.5"] * latent_dim))
    assert not re.search(r"\b(nan|-?inf|None)\b|not finite", words(test))
    says_pictures = "Pictures are interpolated between stored ones, because decode uses sin" in words(test)
    assert says_pictures == (name in PICTURED and view != "dimensions") or view == "compare"


def test_compare_says_that_a_run_without_pictures_has_no_likelihood(app):
    captions = " ".join(element.proto.body for element in app(run="own-codes", view="compare").get("html"))
    assert "own-codes: without pictures: no −log p, KL " in captions and "not finite" not in captions


@pytest.mark.parametrize("look", [section.TITLE for section in SECTIONS[1:]])
@pytest.mark.parametrize("name", ["own-heavy", "own-gallery", "own-codes", "own-points"])
def test_every_part_of_the_clinic_opens(app, name, look):
    """The switch has the sections that have something to say of the run; a link to another opens the first."""
    test = app(run=name, view="dimensions", look=look)
    assert not test.exception and not test.error
    switch = next(group for group in test.get("button_group") if {"traversals", "codes"} & set(group.options))
    assert switch.value == (look if look in switch.options else switch.options[0])
    without_decoder = {"codes", "class bounds", "amortisation", "gradients"}
    lacking = {
        "own-heavy": {"codes", "class bounds"},
        "own-gallery": {*without_decoder, "continuity"},
        "own-codes": {*without_decoder, "information", "eigen-images"},
    }
    assert look in switch.options or name == "own-points" or look in lacking[name]


def test_a_run_without_its_encoder_offers_test_images_and_says_why(app, imported):
    for name in WITHOUT_ENCODER:
        test = app(run=name, view="reconstruct")
        assert "This run's encoder is not known here" in words(test), name
        assert not test.get("file_uploader") and len(test.number_input) == 1
        ends = app(run=name, view="interpolate")
        choices = [str(group.options) for group in ends.get("button_group")]
        assert not any("Yours" in options for options in choices)
    told = app(run="own", view="reconstruct")
    assert "encoder is not known" not in words(told)


BENT = """import torch
from torch import nn
from torch.nn import functional


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean, self.spread, self.up = nn.Linear(64, 3), nn.Linear(64, 3), nn.Linear(3, 64)

    def encode(self, x):
        h = self.bent(x).flatten(1)
        return self.mean(h), self.spread(h)

    def decode(self, z):
        return torch.sigmoid(self.bent(self.up(z).view(-1, 1, 8, 8)))


class Spectrum(Vae):
    def bent(self, h):
        return torch.fft.irfft2(torch.fft.rfft2(h), s=(8, 8))


class Warp(Vae):
    def bent(self, h):
        turn = torch.tensor([[0.9, -0.2, 0.0], [0.2, 0.9, 0.1]]).expand(len(h), -1, -1)
        return functional.grid_sample(h, functional.affine_grid(turn, h.shape, align_corners=False), align_corners=False)
"""


@pytest.mark.parametrize(("kind", "operation"), [("Spectrum", "fft_rfft2"), ("Warp", "grid_sample")])
def test_what_falls_back_names_its_operation_on_the_console_in_the_run_and_on_the_page(kind, operation, fresh_app, tmp_path):
    module, runs = tmp_path / "bent.py", tmp_path / "runs"
    module.write_text(BENT, encoding="utf-8")
    words_given = ("import", "--module", f"{module}:{kind}", "--data", "digits", "--name", "bent", "--runs", str(runs))
    command = [sys.executable, "-m", "trainer", *words_given, "--no-umap", "--no-classifier"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    says = f"uses {operation}, which is none of our layers"
    assert f"because decode {says}" in done.stdout and f"because encode {says}" in done.stdout
    origin = json.loads((runs / "bent" / "run.json").read_text(encoding="utf-8"))["origin"]
    assert (origin["decoder"], origin["why_decoder"], origin["why_encoder"]) == ("pictures", says, says)
    run = load_run("bent", runs)
    _, header, _ = unpack(pack(Dynamic(), pack_static(run, next(iter(run.projections.values())))))
    assert f"because decode {says}" in header["decoder_note"]
    assert f"because decode {says}" in words(faultless(shown.app(run="bent", view="atlas").run()))
    assert f"(encode {says})" in words(faultless(shown.app(run="bent", view="reconstruct").run()))


def test_the_clinic_tells_what_is_wrong_and_that_remedies_are_for_their_own_code(app):
    test = app(run="own-heavy", view="dimensions", look="fix")
    assert "Collapsed: the latent code carries almost no information" in words(test)
    assert "This model was trained elsewhere, so they are for its own training code." in words(test)
    assert not [button for button in test.button if button.label == "Retrain"]


def test_without_pictures_there_is_no_bound_and_no_verdict_and_the_page_says_so(app):
    test = app(run="own-codes", view="atlas")
    assert "imported without its images, so nothing is known of its reconstruction" in words(test)
    test = app(run="own-codes", view="dimensions")
    assert "imported without its images" in words(test)
    assert "There is no history: this model was trained elsewhere." in words(test)


@pytest.mark.parametrize("name", NAMES)
def test_the_browser_gets_the_runs_own_decoder(imported, name):
    """Read back from the bytes and run layer by layer, against the run's answer."""
    run = load_run(name, imported)
    for projection in run.projections.values():
        _, header, arrays = unpack(pack(Dynamic(), pack_static(run, projection, precision="float32")))
        json.dumps(header, allow_nan=False)
        z = np.random.default_rng(0).standard_normal((5, run.config.latent_dim)).astype(np.float32)
        value = run_part("w.decoder", plain_network(run, "decoder").layers, arrays, z)
        np.testing.assert_allclose(mean_picture(run.config, value), run.forward.decode(z), atol=1e-5)
        assert (header["encoder"] == []) == (name in WITHOUT_ENCODER)
        assert ("decoder_note" in header) == (name in PICTURED)
        assert all(np.isfinite(array).all() for key, array in arrays.items() if key.startswith("points_"))


@pytest.mark.parametrize("name", NAMES)
def test_it_becomes_one_file(imported, name):
    assert b"latent-atlas-book" in html_page(load_run(name, imported))


def test_two_runs_of_unknown_pictures_are_not_compared_as_if_they_were_the_same(imported):
    codes, pictures = load_run("own-codes", imported), load_run("own-pictures", imported)
    assert len({codes.info.dataset.sha256, pictures.info.dataset.sha256, load_dataset("digits").sha256}) == 3
