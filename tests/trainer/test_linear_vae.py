"""Does training find the optimum that is known in closed form?"""

import numpy as np
import pytest
import torch

from trainer.config import FitConfig
from trainer.datasets import load_dataset
from trainer.fit import fit
from trainer.objectives import kl_standard_normal
from trainer.runs import load_run


def test_a_linear_vae_reaches_probabilistic_pca_on_digits(tmp_path):
    """numbers.md §1 (Lucas et al. 2019; Tipping & Bishop 1999): at the optimum the ELBO is pPCA's log-likelihood; here within .05 nats."""
    config = FitConfig(
        network="linear", latent_dim=8, likelihood="gaussian", sigma=0.5, epochs=600, batch_size=60, learning_rate=1e-2, umap=False
    )  # fmt: skip
    digits = load_dataset("digits")
    for _ in fit(config, digits, "linear", tmp_path):
        pass
    x = digits.subset("train").images.reshape(-1, 64).astype(float) / 255
    values = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
    n_dims, n_pixels = 8, 64
    sigma2 = values[n_dims:].mean()
    nll = (
        n_pixels / 2 * np.log(2 * np.pi)
        + 0.5 * np.log(values[:n_dims]).sum()
        + (n_pixels - n_dims) / 2 * np.log(sigma2)
        + n_pixels / 2
    )
    model = load_run("linear", tmp_path).model
    q = model.encode(digits.subset("train").images)
    weight, bias = model.decoder[0].weight.detach(), model.decoder[0].bias.detach()
    flat, s2 = torch.from_numpy(x).float(), (2 * model.log_sigma).exp().item()
    # E_q of the squared error in closed form: the mean's error plus the spread through the decoder
    error = (flat - q.mu @ weight.T - bias).square().sum(1) + (q.logvar.exp() @ weight.square().sum(0))
    elbo = -(0.5 * error / s2 + n_pixels / 2 * np.log(2 * np.pi * s2)) - kl_standard_normal(q.mu, q.logvar).sum(1)
    assert elbo.mean().item() == pytest.approx(-nll, abs=0.05)
    assert s2 == pytest.approx(sigma2, rel=0.02)
    kl = np.sort(kl_standard_normal(q.mu, q.logvar).mean(0).detach().numpy())[::-1]
    assert kl.sum() == pytest.approx(0.5 * np.log(values[:n_dims] / sigma2).sum(), abs=0.05)
