"""What is shown where no engine runs the decoder? Held against scipy's bilinear interpolation, the formula written out, and the decoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.interpolate import RegularGridInterpolator

from tests.trainer import foreign_models
from trainer import load_run
from trainer.datasets import load_dataset
from trainer.diagnosis.diagnose import diagnose
from trainer.importers.importing import import_model
from trainer.models import layers as spec
from trainer.models.networks import parts_of
from trainer.models.tabulated_decoder import in_gallery, on_lattice
from trainer.models.torch_layers import build_layer

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(4)


def in_torch(layer, z, **tensors):
    module = build_layer(layer)
    module.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    return module(torch.from_numpy(z)).numpy()


@pytest.mark.parametrize("n_codes", [1, 2])
def test_a_lattice_is_bilinear_and_ends_at_its_edge(n_codes):
    layer = spec.Lattice((1, 2, 3), n_codes, 5, -2.0, 2.0)
    pictures = RNG.integers(0, 256, (5**n_codes, 6)).astype(np.uint8)
    z = RNG.uniform(-3, 3, (40, n_codes)).astype(np.float32)
    line = np.linspace(-2, 2, 5)
    grid = pictures.reshape(*[5] * n_codes, 6) / 255  # the last axis of codes is the first dimension
    wanted = RegularGridInterpolator([line] * n_codes, grid)(np.clip(z, -2, 2)[:, ::-1])
    assert np.abs(on_lattice(z, pictures, 5, -2.0, 2.0) - wanted).max() < 1e-6
    assert np.abs(in_torch(layer, z, pictures=pictures) - wanted.reshape(-1, 1, 2, 3)).max() < 1e-6


def test_a_gallery_gives_its_own_pictures_at_its_codes_and_shepards_mean_between():
    codes = RNG.standard_normal((60, 3)).astype(np.float32)
    pictures = RNG.integers(0, 256, (60, 4)).astype(np.uint8)
    assert np.abs(in_gallery(codes, pictures, codes) - pictures / 255).max() < 1e-4
    z = RNG.standard_normal((20, 3)).astype(np.float32)
    wanted = []
    for code in z.astype(float):
        distance = np.linalg.norm(codes - code, axis=1)
        order = np.argsort(distance)
        near, reach = order[:8], distance[order[8]]
        weight = ((reach - distance[near]) / (reach * distance[near])) ** 2
        wanted.append(weight @ (pictures[near] / 255) / weight.sum())
    layer = spec.Gallery((1, 2, 2), 60, 3)
    assert np.abs(in_gallery(z, pictures, codes) - wanted).max() < 1e-4
    assert np.abs(in_torch(layer, z, pictures=pictures, codes=codes).reshape(20, 4) - wanted).max() < 1e-4


def test_nothing_jumps_where_the_nearest_change():
    codes = RNG.standard_normal((200, 5)).astype(np.float32)
    pictures = RNG.integers(0, 256, (200, 3)).astype(np.uint8)
    ends = RNG.standard_normal((2, 5))
    walk = (ends[0] + np.linspace(0, 1, 4001)[:, None] * (ends[1] - ends[0])).astype(np.float32)
    assert np.abs(np.diff(in_gallery(walk, pictures, codes), axis=0)).max() < 0.02


@pytest.fixture(scope="module", params=[2, 5])
def wavy(request, tmp_path_factory):
    torch.set_num_threads(1)
    model = foreign_models.Wavy(request.param)
    run = import_model(model, load_dataset("digits"), "wavy", runs=tmp_path_factory.mktemp("wavy"), umap=False, classifier=False)
    return model, load_run("wavy", run.folder.parent)


def test_a_decoder_that_is_no_chain_of_layers_is_stored_as_pictures_and_says_so(wavy):
    model, run = wavy
    kind = spec.Lattice if run.config.latent_dim == 2 else spec.Gallery
    assert isinstance(parts_of(run.config, run.image_shape, 0)["decoder"][0], kind)
    said = run.info.origin.sentences()
    assert said[0].startswith("Pictures are interpolated between stored ones, because decode uses sin")
    assert "Reconstruct offers the test images only" in said[1] and "encode" in said[1]
    # what is said of the error holds for codes of images, with a margin for other codes than those it was measured on
    z = run.encodings.mu.copy()
    with torch.no_grad():
        off = np.abs(run.forward.decode(z) - model.decode(torch.from_numpy(z)).reshape(-1, 1, 8, 8).numpy())
    assert np.quantile(off, 0.99) < run.info.origin.most_error + 0.03
    assert np.abs(run.model.decode(z[:50]).numpy() - run.forward.decode(z[:50])).max() < 1e-4


def test_its_figures_are_of_the_decoder_itself_and_not_of_the_pictures(wavy):
    model, run = wavy
    x = torch.from_numpy(load_dataset("digits").subset("test").images.copy()).float() / 255
    torch.manual_seed(0)
    with torch.no_grad():
        mu, logvar = model.encode(x)
        q = torch.distributions.Normal(mu, torch.exp(logvar / 2))
        bce = torch.nn.functional.binary_cross_entropy
        nll = np.mean([float(bce(model.decode(q.sample()), x.flatten(1), reduction="sum")) / len(x) for _ in range(30)])
    assert run.info.metrics.reconstruction == pytest.approx(nll, abs=0.06)
    used = diagnose(run.config, run.info.examination, run.encodings.mu).used
    assert len(used) == run.config.latent_dim and used.any()
