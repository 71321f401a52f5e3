"""Do the models with a known optimum find it? PCA, the linear autoencoder and the linear VAE against the eigenvalues of the data."""

import numpy as np
import pytest
import torch

from trainer.config import checked
from trainer.datasets import load_dataset
from trainer.models.gaussians import kl_standard_normal
from trainer.presets import PRESETS
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run
from trainer.training.fit import fit

pytestmark = pytest.mark.slow

DIGITS = "digits"


def trained(preset: str, folder, **changes) -> Run:
    for _ in fit(checked(PRESETS[preset], **changes), load_dataset(DIGITS), "run", folder, overwrite=True):
        pass
    return load_run("run", folder)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    images = load_dataset(DIGITS).subset("train").images
    return images.reshape(len(images), -1).astype(float) / 255


@pytest.fixture(scope="module")
def eigen(pixels):
    """Eigenvalues, largest first, and eigenvectors in columns, of the covariance of the training images."""
    values, vectors = np.linalg.eigh(np.cov(pixels.T, bias=True))
    return values[::-1], vectors[:, ::-1]


def log_likelihood(values: np.ndarray, n_dims: int, sigma2: float) -> float:
    """numbers.md §1 (Tipping & Bishop 1999, eq. 9) for any σ²: log N(x; mean, C) with C's eigenvalues l_i = max(λ_i, σ²), then σ²."""
    n = len(values)
    model = np.concatenate((np.maximum(values[:n_dims], sigma2), np.full(n - n_dims, sigma2)))
    return float(-0.5 * (n * np.log(2 * np.pi) + np.log(model).sum() + (values / model).sum()))


def exact_elbo(run: Run, pixels: np.ndarray, beta: float = 1.0) -> tuple[float, np.ndarray]:
    """The mean ELBO with E_q in closed form, and the mean KL of every dimension; written out here, without the trainer's own terms."""
    x = torch.from_numpy(pixels).float()
    q = run.model.encode(x.view(-1, 1, 8, 8))
    weight, bias = run.model.decoder[0].weight.detach(), run.model.decoder[0].bias.detach()
    s2 = (2 * run.model.log_sigma).exp().item()
    error = (x - q.mu @ weight.T - bias).square().sum(1) + (q.logvar.exp() @ weight.square().sum(0))
    kl = kl_standard_normal(q.mu, q.logvar)
    elbo = -(0.5 * error / s2 + 32 * np.log(2 * np.pi * s2)) - kl.sum(1)
    return float(elbo.mean()), kl.mean(0).detach().numpy()


@pytest.mark.parametrize("n_dims", [2, 8, 32])
def test_a_linear_vae_is_probabilistic_pca(tmp_path, pixels, eigen, n_dims):
    """ELBO and KL of each dimension within 1e-2 nats of the closed form, the directions those of PCA (Lucas et al. 2019)."""
    values, vectors = eigen
    run = trained("digits-linear-vae", tmp_path, latent_dim=n_dims, epochs=20)
    sigma2 = values[n_dims:].mean()
    elbo, kl = exact_elbo(run, pixels)
    assert elbo == pytest.approx(log_likelihood(values, n_dims, sigma2), abs=1e-2)
    assert run.model.log_sigma.item() == pytest.approx(0.5 * np.log(sigma2), abs=1e-3)
    order = np.argsort(-kl)
    np.testing.assert_allclose(kl[order], 0.5 * np.log(values[:n_dims] / sigma2), atol=1e-2)
    directions = run.weights["decoder.0.weight"][:, order]
    cosines = np.abs((directions / np.linalg.norm(directions, axis=0) * vectors[:, :n_dims]).sum(0))
    assert cosines.min() > 0.99


def test_gradients_alone_come_close(tmp_path, pixels, eigen):
    """Without the closed-form finish: within .1 nats for two dimensions, so that the finish has little to do."""
    run = trained("digits-linear-vae", tmp_path, latent_dim=2, finish_linear=False, epochs=400)
    assert exact_elbo(run, pixels)[0] == pytest.approx(log_likelihood(eigen[0], 2, eigen[0][2:].mean()), abs=0.1)


@pytest.mark.parametrize(("sigma", "beta"), [(0.3, 1.0), (1.0, 1.0), (0.2, 4.0)])
def test_dimensions_live_where_the_eigenvalue_exceeds_beta_sigma_squared(tmp_path, pixels, eigen, sigma, beta):
    """numbers.md §1: KL_i = ½ log(λ_i / (βσ²)) where λ_i > βσ², else 0; with σ = 1 every dimension of digits collapses."""
    values, _ = eigen
    run = trained("digits-linear-vae", tmp_path, latent_dim=12, epochs=10, scale="fixed", sigma=sigma, beta=beta)
    expected = 0.5 * np.log(np.maximum(values[:12], beta * sigma**2) / (beta * sigma**2))
    elbo, kl = exact_elbo(run, pixels)
    np.testing.assert_allclose(np.sort(kl)[::-1], expected, atol=1e-2)
    if beta == 1:
        assert elbo == pytest.approx(log_likelihood(values, 12, sigma**2), abs=1e-2)
    if sigma == 1:
        assert kl.max() < 1e-6


def test_an_optimal_sigma_is_probabilistic_pcas(tmp_path, pixels, eigen):
    """σ² = batch MSE (Rybkin 2021) ends where the learned one does; one draw of z and the whole set as batch: within .2 nats."""
    run = trained("digits-linear-vae", tmp_path, latent_dim=4, scale="optimal", finish_linear=False, epochs=600, learning_rate=1e-2)
    values = eigen[0]
    assert run.model.log_sigma.item() == pytest.approx(0.5 * np.log(values[4:].mean()), abs=0.02)
    assert exact_elbo(run, pixels)[0] == pytest.approx(log_likelihood(values, 4, values[4:].mean()), abs=0.2)


def test_pca_and_the_linear_autoencoder_share_subspace_and_error(tmp_path, pixels, eigen):
    """Squared error Σ_{i>K} λ_i, principal angles 0 (numbers.md §1)."""
    values, vectors = eigen
    x = pixels.reshape(-1, 1, 8, 8)
    for preset, tolerance in (("digits-pca", 1e-5), ("digits-linear-ae", 2e-3)):
        run = trained(preset, tmp_path)
        mu = run.model.encode(x).mu
        x_hat = run.model.output(mu).detach().double().numpy().reshape(pixels.shape)
        assert np.square(pixels - x_hat).sum(1).mean() == pytest.approx(values[8:].sum(), rel=tolerance)
        basis, _ = np.linalg.qr(run.weights["decoder.0.weight"].astype(float))
        angles = np.linalg.svd(basis.T @ vectors[:, :8], compute_uv=False)
        assert angles.min() > (1 - 1e-5 if preset == "digits-pca" else 0.99)
        assert run.info.metrics is not None
        assert run.info.metrics.elbo is None
        assert run.info.metrics.kl_per_dim is None


def test_the_covariance_in_batches_is_numpys(pixels):
    from trainer.metrics.pca_spectrum import spectrum

    found = spectrum((pixels[start : start + 100] for start in range(0, len(pixels), 100)), 64)
    np.testing.assert_allclose(found.values, np.maximum(np.linalg.eigvalsh(np.cov(pixels.T, bias=True))[::-1], 0), atol=1e-12)
    np.testing.assert_allclose(found.mean, pixels.mean(0), atol=1e-12)
