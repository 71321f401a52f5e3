"""Which models need no gradient? Principal component analysis, and a linear VAE on its last stretch.

PCA is the optimum of a linear autoencoder, read from the covariance. A linear VAE with Gaussian pixels has the optimum of probabilistic
PCA (Lucas et al. 2019), but gradients turn its axes into place very slowly where two eigenvalues are close; each half of its bound has a
closed-form optimum given the other half, and these steps get there. Letters: N images, P pixels, K latent dimensions.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.errors import ConfigError
from trainer.likelihoods.torch_ import HasScale
from trainer.metrics.evaluate import as_labels, device_of_model, labels_told, seeded, to_unit
from trainer.metrics.pca_spectrum import Spectrum
from trainer.models.torch_engine import Vae
from trainer.training.inputs import HELD_OUT, MEAN_BATCH

MOST_STEPS = 50_000
SETTLED = 1e-9  # of the largest standard deviation of the data: what a step moves the decoder once it has arrived
SMALLEST_VARIANCE = 1e-8


def fill_with_pca(model: Vae, found: Spectrum) -> None:
    """Sets encoder and decoder to the K first directions, and σ² to the mean of the other eigenvalues (Tipping & Bishop 1999, eq. 8).

    The code is the projection on unit directions; the largest entry of each is positive, so that runs compare.
    """
    n_dims, n_pixels = model.config.latent_dim, len(found.mean)
    if n_dims > n_pixels:
        raise ConfigError("latent_dim", n_dims, f"1 to {n_pixels}, the number of pixels, for pca")
    axes = found.directions[:, :n_dims]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(n_dims)])
    rest = found.values[n_dims:].mean() if n_dims < n_pixels else 0.0
    encoder, decoder = model.encoder[1], model.decoder[0]
    with torch.no_grad():
        encoder.weight.copy_(torch.from_numpy(axes.T))  # type: ignore[operator]
        encoder.bias.copy_(torch.from_numpy(-found.mean @ axes))  # type: ignore[operator]
        decoder.weight.copy_(torch.from_numpy(axes))  # type: ignore[operator]
        decoder.bias.copy_(torch.from_numpy(found.mean))  # type: ignore[operator]
        if model.config.scale != "fixed":
            model.log_sigma.fill_(0.5 * float(np.log(max(rest, 1e-8))))


def finish_linear_vae(model: Vae, found: Spectrum) -> None:
    """Takes the model to the optimum of its own bound by alternating closed-form steps.

    Encoder given decoder: q(z|x) = N(A(x − mean), diag v) with v_k = 1/(1 + ‖w_k‖²/(βσ²)) and A = diag(v) Wᵀ/(βσ²), after a rotation
    that makes WᵀW diagonal, which the isotropic prior allows (Tipping & Bishop 1999, appendix A). Decoder given encoder: least squares.
    With β = 1 this is EM for probabilistic PCA (Tipping & Bishop 1999, eq. 27 and 28, in the covariance).
    """
    config = model.config
    decoder, encoder = model.decoder[0], model.encoder[1]
    n_dims, n_pixels = config.latent_dim, len(found.mean)
    values, total = found.values, float(found.values.sum())
    # in the eigenbasis the covariance is a diagonal
    w = found.directions.T @ decoder.weight.detach().double().numpy()  # type: ignore[operator]
    sigma2 = float((2 * model.log_sigma.detach().double()).exp())
    is_learned = config.scale == "learned" and model.log_sigma.requires_grad
    for _ in range(MOST_STEPS):
        _, rotation = np.linalg.eigh(w.T @ w)
        w = w @ rotation[:, ::-1]
        spread = config.beta * sigma2
        v = 1 / (1 + np.square(w).sum(0) / spread)
        a = (v[:, None] * w.T) / spread
        of_codes = a * values  # A S
        moments = of_codes @ a.T + np.diag(v)
        new = np.linalg.solve(moments, of_codes).T
        change = float(np.abs(new - w).max())
        w = new
        if is_learned:
            sigma2 = max((total - float(np.sum(w * of_codes.T))) / n_pixels, SMALLEST_VARIANCE)
        if change < SETTLED * float(np.sqrt(values[0])):
            break
    with torch.no_grad():
        axes = found.directions
        encoder.weight.zero_()  # type: ignore[operator]
        encoder.weight[:n_dims] = torch.from_numpy(a @ axes.T)  # type: ignore[operator]
        encoder.bias[:n_dims] = torch.from_numpy(-a @ (axes.T @ found.mean))  # type: ignore[operator]
        encoder.bias[n_dims:] = torch.from_numpy(np.log(v))  # type: ignore[operator]
        decoder.weight.copy_(torch.from_numpy(axes @ w))  # type: ignore[operator]
        decoder.bias.copy_(torch.from_numpy(found.mean))  # type: ignore[operator]
        model.log_sigma.fill_(0.5 * float(np.log(sigma2)))


@torch.no_grad()
def set_best_scale(model: Vae, images: NDArray[np.uint8], labels: NDArray[np.int64] | None, chosen: NDArray[np.int64]) -> None:
    """`log_sigma` becomes the best one on the chosen images, from one draw of z each."""
    likelihood, device = cast(HasScale, model.likelihood), device_of_model(model)
    generator = seeded(model.config.seed, HELD_OUT)
    errors = 0.0
    for start in range(0, len(chosen), MEAN_BATCH):
        pick = chosen[start : start + MEAN_BATCH]
        x = to_unit(torch.from_numpy(images[pick]), False).to(device)
        y = as_labels(labels_told(model, x, None if labels is None else labels[pick]), device)
        output = model.output(model.posterior(x, y).sample(generator), y)
        errors += float(likelihood.error(output, x)) * len(pick)
    model.log_sigma.fill_(float(likelihood.log_scale_for(torch.tensor(errors / len(chosen)))))
