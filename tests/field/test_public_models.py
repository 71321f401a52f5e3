"""Are the shapes in which VAEs are published understood with the figures of their own code, or refused with the right sentence?

Second opinions: each model's raw layers (`zoo`), torch.distributions.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from tests.field import zoo
from trainer import load_run
from trainer.datasets import load_dataset
from trainer.errors import ExternalModelError
from trainer.importers.calls.pixel_range import pixels_of
from trainer.importers.importing import HowTrained, import_model
from trainer.importers.model_adapter import adapt_model

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.mark.parametrize("build", zoo.UNDERSTOOD, ids=lambda build: build.__name__)
def test_a_published_shape_is_understood_as_its_own_layers_compute(build):
    case = build()
    x = zoo.digits("test")
    found = adapt_model(case.model, x[:48])
    assert not found.is_deterministic, found.understood
    with torch.no_grad():
        mu, sigma = (part.flatten(1) for part in case.posterior(x))
        z = torch.randn(x.shape[0], mu.shape[1], generator=torch.Generator().manual_seed(1))
        latent = case.posterior(x[:2])[0].shape[1:]
        pictures = case.decode(z.reshape(len(z), *latent)).reshape(len(z), -1)
        got_mu, got_logvar = found.encode(x)
        got = found.decode(z).flatten(1)
    assert torch.allclose(got_mu, mu, atol=1e-4), found.understood
    assert torch.allclose((got_logvar / 2).exp(), sigma, rtol=1e-4, atol=1e-5), found.understood
    assert torch.allclose(got, pictures, atol=1e-4), found.understood


REFUSED = {
    "full_covariance": r"MultivariateNormal whose dimensions are correlated; allowed: a diagonal Gaussian",
    "laplace_posterior": r"encode gave a Laplace; allowed: torch\.distributions\.Normal",
    "forward_without_draw": r"without encode; allowed",
    "hierarchy_alone": r"draws 2 codes .*2, 4.*a hierarchy",
    "shared_spread": r"mu of shape \(\d+, 4\) and logvar of shape \(\d+, 1\); allowed: the same shape",
    "mixed_batches": r"encode gives other numbers for an image alone than among \d+",
    "discrete": r"draws codes that are not Gaussian",
    "conditional_one_hot": r"encode takes 'c' beside the images: if it is the class, say --conditional",
    "conditional_number": r"--conditional",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_vae_of_one_diagonal_code_is_refused_by_name(name):
    with pytest.raises(ExternalModelError, match=REFUSED[name]) as error:
        adapt_model(getattr(zoo, name)(), zoo.digits("test")[:48])
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


DOUBTED = {
    "vamp": r"pseudo-inputs \(VampPrior\), by a name in it, so its prior is not N\(0, I\)",
    "own_prior": r"learns its prior",
    "with_flow": r"have a flow",
    "hierarchy": r"draws 2 codes \(2, 4\), a hierarchy",
    "quantised": r"quantises its codes \(VQ\)",
}


@pytest.mark.parametrize("name", DOUBTED)
def test_another_prior_or_more_codes_are_said_and_bring_no_verdict(name):
    found = adapt_model(getattr(zoo, name)(), zoo.digits("test")[:48])
    assert any(re.search(DOUBTED[name], doubt) for doubt in found.understood.doubts), found.understood


def test_a_prior_that_is_the_standard_one_is_no_doubt():
    assert adapt_model(zoo.standard_prior(), zoo.digits("test")[:48]).understood.doubts == ()


def test_what_stands_between_encoder_and_decoder_of_a_vq_vae_is_not_skipped():
    net, x = zoo.quantised(), zoo.digits("test")[:48]
    found = adapt_model(net, x)
    assert found.is_deterministic and found.latent_dim == 12
    with torch.no_grad():
        assert torch.allclose(found.decode(found.encode(x)[0]), net(x), atol=1e-5)
        assert (net.decoder(net.encoder(x)) - net(x)).abs().max() > 0.05  # what skipping the codebook would show


@pytest.mark.parametrize("name", ["conditional_one_hot", "conditional_number"])
def test_a_model_that_is_told_the_class_becomes_a_conditional_run(name, tmp_path):
    net, data = getattr(zoo, name)(), load_dataset("digits")
    run = import_model(net, data, "told", how=HowTrained(conditional=True), runs=tmp_path, umap=False, classifier=False)
    assert run.config.is_conditional and run.n_classes == 10 and run.info.origin.decoder == "layers" and run.config.has_encoder
    x, y = zoo.digits("test")[:30], zoo.labels("test")[:30]
    told = torch.nn.functional.one_hot(y, 10).float() if "hot" in name else y
    z = torch.randn(30, zoo.K, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        mu, logvar = net.encode(x, told)
        pictures = net.decode(z, told).reshape(30, 1, 8, 8).numpy()
    codes = run.forward.encode(x.numpy(), y.numpy())
    assert np.abs(codes.mu - mu.numpy()).max() < 1e-4 and np.abs(codes.logvar - logvar.numpy()).max() < 1e-4
    assert np.abs(run.forward.decode(z.numpy(), y.numpy()) - pictures).max() < 1e-4
    again = load_run("told", tmp_path)
    assert again.info.metrics.given_label
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
    x_all, y_all = zoo.digits("test"), zoo.labels("test")
    with torch.no_grad():
        mu, logvar = net.encode(x_all, torch.nn.functional.one_hot(y_all, 10).float() if "hot" in name else y_all)
        kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1).mean()
    assert again.info.metrics.kl == pytest.approx(float(kl), rel=1e-4)


def test_the_class_is_asked_for_only_where_it_is_taken():
    case = zoo.examples()
    with pytest.raises(ExternalModelError, match="neither encode nor decode takes a class"):
        adapt_model(case.model, zoo.digits("test")[:48], y=zoo.labels("test")[:48], n_classes=10)


def test_two_spreads_without_a_forward_pass_are_put_to_the_test(tmp_path):
    data = load_dataset("digits")
    for scale in (torch.exp, torch.nn.functional.softplus):
        case = zoo.pyro(scale)
        with pytest.raises(
            ExternalModelError, match=r"never negative.*--spread sigma, --spread variance.*read as the standard deviation"
        ):
            import_model(case.model, data, scale.__name__, runs=tmp_path)
        run = import_model(
            case.model, data, scale.__name__, how=HowTrained(spread="sigma"), runs=tmp_path, umap=False, classifier=False
        )
        x = zoo.digits("test")
        with torch.no_grad():
            mu, sigma = case.posterior(x)
        assert np.allclose(np.exp(run.encodings.logvar / 2), sigma, rtol=1e-4) and np.allclose(run.encodings.mu, mu, atol=1e-5)


def test_pixels_in_another_range_are_asked_for_and_then_right(tmp_path):
    data = load_dataset("digits")
    case = zoo.tanh_pixels()
    how = {"likelihood": "gaussian", "sigma": 0.05**0.5}
    with pytest.raises(ExternalModelError, match=r"handed over as -1\.\.1 with \d+\.\d+; say --pixels -1\.\.1"):
        import_model(case.model, data, "tanh", how=HowTrained(**how), runs=tmp_path)
    run = import_model(case.model, data, "tanh", how=HowTrained(pixels="-1..1", **how), runs=tmp_path, umap=False, classifier=False)
    x = zoo.digits("test")
    with torch.no_grad():
        mu, _ = case.posterior(2 * x - 1)
        z = torch.randn(20, zoo.K)
        pictures = (case.decode(z).reshape(20, 1, 8, 8) + 1) / 2
    assert np.allclose(run.encodings.mu, mu, atol=1e-4)
    assert np.abs(run.forward.decode(z.numpy()) - pictures.numpy()).max() < 1e-4
    assert run.config.sigma == pytest.approx(0.05**0.5 / 2)  # meant in their range, which is twice as wide
    with pytest.raises(ExternalModelError, match=r"say --pixels \d\.\d+,\d\.\d+, or --pixels 0\.\.1 to keep to it"):
        import_model(zoo.normalised(), data, "normalised", runs=tmp_path)


def _pythae(name: str):
    models = pytest.importorskip("pythae.models")
    config = getattr(models, f"{name}Config", None) or getattr(models, f"{name}_Config")
    torch.manual_seed(0)
    return getattr(models, name)(config(input_dim=(1, 8, 8), latent_dim=5))


VARIATIONAL = ("VAE", "BetaVAE", "BetaTCVAE", "FactorVAE", "INFOVAE_MMD", "IWAE", "MIWAE", "Adversarial_AE", "VAEGAN", "MSSSIM_VAE")
POINTS = ("AE", "WAE_MMD", "RAE_L2", "RAE_GP")


@pytest.mark.parametrize("name", VARIATIONAL)
def test_variational_models_of_pythae_are_read_as_their_encoder_names_them(name):
    net, x = _pythae(name), zoo.digits("test")[:64]
    found = adapt_model(net, x)
    net.eval()
    z = torch.randn(64, 5, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        answer, (mu, logvar) = net.encoder(x), found.encode(x)
        assert torch.allclose(mu, answer.embedding, atol=1e-5) and torch.allclose(logvar, answer.log_covariance, atol=1e-4)
        assert torch.allclose(found.decode(z), net.decoder(z).reconstruction, atol=1e-5)
    assert found.understood.doubts == ()


@pytest.mark.parametrize("name", POINTS)
def test_autoencoders_of_pythae_are_points_without_a_doubt(name):
    net, x = _pythae(name), zoo.digits("test")[:64]
    found = adapt_model(net, x)
    assert found.is_deterministic and found.understood.doubts == ()
    with torch.no_grad():
        assert torch.allclose(found.encode(x)[0], net.eval().encoder(x).embedding, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("VAMP", "VampPrior"),
        ("VAE_IAF", "have a flow"),
        ("VAE_LinNF", "have a flow"),
        ("HVAE", "draws 2 codes"),
        ("VQVAE", "quantises"),
    ],
)
def test_models_of_pythae_with_more_than_a_code_and_a_standard_prior_are_doubted(name, says):
    net, x = _pythae(name), zoo.digits("test")[:64]
    found = adapt_model(net, x)
    assert any(says in doubt for doubt in found.understood.doubts)
    if name in ("VAE_IAF", "VQVAE"):  # where the decoder alone would be another model
        with torch.no_grad():
            code = found.encode(x)[0]
            assert (net.decoder(code).reconstruction - found.decode(code)).abs().mean() > 1e-3


@pytest.mark.parametrize("name", ["SVAE", "PoincareVAE"])
def test_models_of_pythae_on_spheres_and_hyperbolic_planes_are_refused(name):
    with pytest.raises(
        ExternalModelError, match=rf"a {name} whose forward draws codes that are not Gaussian|logvar of shape \(64, 1\)"
    ):
        adapt_model(_pythae(name), zoo.digits("test")[:64])


def test_an_autoencoder_of_diffusers_is_read_as_its_own_distribution_says():
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    net = diffusers.AutoencoderKL(
        in_channels=1, out_channels=1, block_out_channels=(8, 8), layers_per_block=1, latent_channels=2, norm_num_groups=4, **blocks
    )
    x = zoo.digits("test")[:32]
    found = adapt_model(net, x, pixels=pixels_of("-1..1"))
    assert found.latent_dim == 32 and found.understood.doubts == ()
    with torch.no_grad():
        q, (mu, logvar) = net.encode(2 * x - 1).latent_dist, found.encode(x)
        assert torch.allclose(mu, q.mean.flatten(1), atol=1e-6) and torch.allclose(logvar, q.logvar.flatten(1), atol=1e-6)
        assert torch.allclose(found.decode(mu), (net.decode(q.mean).sample + 1) / 2, atol=1e-6)
