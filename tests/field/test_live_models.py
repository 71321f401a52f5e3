"""Do the networks of which people build VAEs run here as layers, decoder and encoder, with the numbers of their own code?

Second opinions: each network's raw modules.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from explorer.surface.lowering import PlainNetwork, ops
from tests.field import networks, zoo
from tests.programs import alone
from trainer import load_run
from trainer.datasets import load_dataset
from trainer.exporting import DIALECTS, Decoder, program
from trainer.importers import conversion
from trainer.importers.calls.pixel_range import pixels_of
from trainer.importers.conversion import OwnDecoder, decoder_layers, encoder_layers
from trainer.importers.importing import HowTrained, import_model
from trainer.importers.model_adapter import ModelAdapter, adapt_model
from trainer.importers.tracing.steps import TracedNetwork
from trainer.models import layers as spec
from trainer.models.layer_records import layer_of, layer_record

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

CLOSE = 1e-4
FEWEST = 20
"""Of each, of networks of 24 kinds or more."""


def pictures(side: int, n: int = 60) -> torch.Tensor:
    """Smooth blots (n, 3, side, side), bytes."""
    generator = torch.Generator().manual_seed(side)
    coarse = torch.rand(n, 3, 4, 4, generator=generator)
    return (255 * torch.nn.functional.interpolate(coarse, size=side, mode="bilinear")).round().byte()


def found_of(network: networks.Network) -> tuple[ModelAdapter, OwnDecoder, TracedNetwork | None, str]:
    """What is made of a network."""
    images = pictures(network.side)
    x = images.float() / 255
    y = torch.arange(len(x)) % networks.Y if network.is_told else None
    n_classes = networks.Y if network.is_told else 0
    adapter = adapt_model(network.model, x[:32], y=None if y is None else y[:32], n_classes=n_classes)
    with torch.no_grad():
        mu = adapter.encode(x, *(() if y is None else (y,)))[0]
    decoder = decoder_layers(adapter.decode, HowTrained(), mu.numpy(), tuple(x.shape[1:]), n_classes)
    return adapter, decoder, *encoder_layers(adapter, images.numpy(), n_classes)


@pytest.mark.parametrize("build", networks.LIVE, ids=lambda build: build.__name__)
def test_a_network_runs_here_with_its_own_numbers(build):
    torch.manual_seed(0)
    network = build()
    adapter, decoder, encoder, why = found_of(network)
    assert decoder.is_exact, decoder.why
    assert encoder is not None, why
    for part in (decoder.found, encoder):  # as run.json and the wire hold them
        assert tuple(layer_of(json.loads(json.dumps(layer_record(layer)))) for layer in part.layers) == part.layers
        json.dumps(ops("decoder", PlainNetwork(part.layers, {})), allow_nan=False)
    torch.manual_seed(7)
    n, n_classes = 23, networks.Y if network.is_told else 0
    x, z = torch.rand(n, 3, network.side, network.side), 1.5 * torch.randn(n, adapter.latent_dim)
    labels = torch.arange(n) % n_classes if n_classes else None
    told = () if labels is None else (labels,)
    y = None if labels is None else labels.numpy()
    with torch.no_grad():
        mu, logvar = (part.flatten(1).numpy() for part in network.posterior(x, *told))
        latent = network.posterior(x, *told)[0].shape[1:]
        shown = network.decode(z.view(n, *latent), *told).numpy()
    got_mu, got_logvar = np.split(encoder.run(x.numpy(), y, n_classes), 2, axis=1)
    logits = decoder.found.run(z.numpy(), y, n_classes).reshape(shown.shape)
    assert np.abs(got_mu - mu).max() < CLOSE * max(1, np.abs(mu).max())
    assert np.abs(got_logvar - logvar).max() < CLOSE * max(1, np.abs(logvar).max())
    assert np.abs(1 / (1 + np.exp(-logits)) - shown).max() < CLOSE


def test_a_network_is_a_program_that_needs_nothing_of_this_project(tmp_path):
    wanted = {}
    for build in networks.LIVE:
        torch.manual_seed(0)
        network = build()
        adapter, decoder, _, _ = found_of(network)
        z, side = [round(0.4 * math.sin(3 * k), 6) for k in range(adapter.latent_dim)], network.side
        y = torch.tensor([2]) if network.is_told else None
        with torch.no_grad():
            latent = network.posterior(torch.rand(1, 3, side, side), *(() if y is None else (y,)))[0].shape[1:]
            picture = network.decode(torch.tensor([z]).view(1, *latent), *(() if y is None else (y,)))[0].numpy()
        place = tmp_path / f"{build.__name__}.safetensors"
        save_file({f"decoder.{name}": np.ascontiguousarray(array) for name, array in decoder.found.weights.items()}, place)
        shape, n_classes = (3, side, side), networks.Y if network.is_told else 0
        written = Decoder(build.__name__, str(place), decoder.found.layers, (), "bernoulli", len(z), shape, n_classes)
        for dialect in DIALECTS:
            file = tmp_path / f"{build.__name__}-{dialect}.py"
            text = program(written, dialect).replace(f"z = {[0.0] * len(z)}", f"z = {z}")
            file.write_text(text.replace("label = 0", "label = 2"))
            wanted[str(file)] = picture
    found = alone(wanted, tmp_path)
    for file, picture in wanted.items():
        np.testing.assert_allclose(found[file], picture, atol=CLOSE, rtol=0, err_msg=file)


@pytest.mark.parametrize("build", networks.NAMED, ids=lambda build: build.__name__)
def test_what_is_none_of_ours_is_named_and_its_pictures_are_stored(build):
    torch.manual_seed(0)
    _, decoder, encoder, why = found_of(build())
    assert not decoder.is_exact and networks.NAMED[build] in decoder.why
    assert encoder is None and networks.NAMED[build] in why


def test_of_published_shapes_nearly_all_are_live(capsys):
    """Of the zoo, whose networks are plain and whose calls are not."""
    x = zoo.digits("test")
    images = (255 * x[:60]).round().byte().numpy()
    decoders, encoders, kinds = [], [], zoo.UNDERSTOOD
    for build in kinds:
        adapter = adapt_model(build().model, x[:48])
        with torch.no_grad():
            mu = adapter.encode(x)[0].numpy()
        decoders.append(decoder_layers(adapter.decode, HowTrained(), mu, (1, 8, 8)).is_exact)
        encoders.append(encoder_layers(adapter, images)[0] is not None)
    with capsys.disabled():
        print(f"\n{len(kinds)} published shapes: {sum(decoders)} decoders and {sum(encoders)} encoders live")
    assert len(kinds) >= 24 and sum(decoders) >= len(kinds) - 1 and sum(encoders) >= len(kinds) - 2
    assert min(sum(decoders), sum(encoders)) >= FEWEST and len(networks.LIVE) >= 24


@pytest.mark.parametrize(("name", "nets"), [("VAE", "mlp"), ("VAE", "conv"), ("VAE", "res"), ("VAMP", "mlp"), ("AE", "mlp")])
def test_models_of_pythae_are_live(name, nets, monkeypatch):
    models = pytest.importorskip("pythae.models")
    mnist = pytest.importorskip("pythae.models.nn.benchmarks.mnist")
    monkeypatch.setattr(conversion, "CHECKED", 20)
    side, kind = 28, "AE" if name == "AE" else "VAE"
    config = getattr(models, f"{name}Config")(input_dim=(1, side, side), latent_dim=5)
    torch.manual_seed(0)
    own = {}
    if nets != "mlp":
        family = "Conv" if nets == "conv" else "ResNet"
        encoder = getattr(mnist, f"Encoder_{family}_{kind}_MNIST")(config)
        own = {"encoder": encoder, "decoder": getattr(mnist, f"Decoder_{family}_AE_MNIST")(config)}
    net = networks.settled(getattr(models, name)(config, **own))
    images = pictures(side)[:, :1]
    x = images.float() / 255
    adapter = adapt_model(net, x[:32])
    z = torch.randn(9, 5, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        mu, shown, answer = adapter.encode(x)[0], net.decoder(z).reconstruction, net.encoder(x[:9])
    decoder = decoder_layers(adapter.decode, HowTrained(), mu.numpy(), (1, side, side))
    encoder, why = encoder_layers(adapter, images.numpy())
    assert decoder.is_exact, decoder.why
    assert encoder is not None, why
    wanted = answer.embedding if kind == "AE" else torch.cat([answer.embedding, answer.log_covariance], 1)
    assert np.abs(encoder.run(x[:9].numpy()) - wanted.numpy()).max() < CLOSE
    logits = decoder.found.run(z.numpy()).reshape(shown.shape)
    assert np.abs(1 / (1 + np.exp(-logits)) - shown.numpy()).max() < CLOSE


def test_an_autoencoder_of_diffusers_is_live():
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    net = diffusers.AutoencoderKL(
        in_channels=3, out_channels=3, block_out_channels=(8, 8), layers_per_block=1, latent_channels=2, norm_num_groups=4, **blocks
    )
    images = pictures(16)
    x = images.float() / 255
    adapter = adapt_model(networks.settled(net), x[:32], pixels=pixels_of("-1..1"))
    with torch.no_grad():
        mu, logvar = adapter.encode(x)
        shown = net.decode(mu[:9].view(9, 2, 8, 8)).sample / 2 + 0.5
    decoder = decoder_layers(adapter.decode, HowTrained(likelihood="gaussian", sigma=0.1), mu.numpy(), (3, 16, 16))
    encoder, why = encoder_layers(adapter, images.numpy())
    assert decoder.is_exact, decoder.why
    assert encoder is not None, why
    assert any(isinstance(layer, spec.MatMul) for layer in decoder.found.layers)
    assert np.abs(decoder.found.run(mu[:9].numpy()) - shown.numpy()).max() < CLOSE
    assert np.abs(encoder.run(x.numpy()) - torch.cat([mu, logvar], 1).numpy()).max() < CLOSE


@pytest.mark.parametrize("is_told", [False, True])
def test_a_run_of_branches_and_classes_is_read_again_with_the_same_numbers(is_told, tmp_path):
    """The whole way: imported, written, read, run by numpy and by torch."""
    torch.manual_seed(0)
    data = load_dataset("digits")
    net = zoo.conditional_maps() if is_told else zoo.residual().model
    run = import_model(net, data, "own", how=HowTrained(conditional=is_told), runs=tmp_path, umap=False, classifier=False)
    assert run.info.origin.decoder == "layers" and run.config.has_encoder
    again = load_run("own", tmp_path)
    x, z = zoo.digits("test")[:30], torch.randn(30, zoo.K)
    labels = zoo.labels("test")[:30]
    told = (labels,) if is_told else ()
    y = (labels.numpy(),) if is_told else ()
    with torch.no_grad():
        mu, logvar = net.encode(x, *told)
        shown = net.decode(z, *told).reshape(30, 1, 8, 8).numpy()
    codes = again.forward.encode(x.numpy(), *y)
    assert np.abs(codes.mu - mu.numpy()).max() < CLOSE and np.abs(codes.logvar - logvar.numpy()).max() < CLOSE
    assert np.abs(again.forward.decode(z.numpy(), *y) - shown).max() < CLOSE
    assert np.abs(again.model.decode(z, *told).numpy() - shown).max() < CLOSE
