"""How is a model asked for codes and pictures, in torch?

    Vae                          encoder, decoder; conditional ones are told the class y
    └── Autoencoder              a point instead of a posterior; PCA is one whose weights are computed, not trained
    └── SemiSupervisedVae        M2: a conditional VAE and a classifier q(y|x)
        └── StackedVae           M1+M2: the same on the features of a first VAE

Letters: B images, C×H×W their shape, K latent dimensions, Y classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from trainer.config import FitConfig
from trainer.errors import ConfigError, DataError
from trainer.likelihoods.torch_ import likelihood_of
from trainer.models.gaussians import kl_standard_normal
from trainer.models.layers import ImageShape
from trainer.models.networks import NO_ENCODER, parts_of
from trainer.models.torch_layers import Autoregress, Bias, First, Stack


@dataclass(frozen=True)
class Posterior:
    """q(z|x), a diagonal Gaussian."""

    mu: Tensor
    """(B, K)."""
    logvar: Tensor
    """(B, K), log variance."""

    @property
    def std(self) -> Tensor:
        """(B, K), exp(logvar / 2)."""
        return (self.logvar / 2).exp()

    def at(self, eps: Tensor) -> Tensor:
        """z = mu + std · eps, (…, B, K), for noise eps; Kingma & Welling 2014, eq. 10."""
        return self.mu + self.std * eps

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """One draw of z, (B, K). The noise is drawn on the processor, so that a seed means the same on every device."""
        return self.at(torch.randn(self.mu.shape, generator=generator, dtype=self.mu.dtype).to(self.mu.device))


class Vae(nn.Module):
    """Encoder and decoder of a variational autoencoder with prior N(0, I) (Kingma & Welling 2014).

    `encode(x)` gives q(z|x), `decode(z)` the mean picture in [0, 1]. A conditional model is also told the class y (B,), whole numbers
    below n_classes. `log_sigma` is the log scale of a pixel, a scalar; it is there for every likelihood, so that all runs have the same
    tensors, and learned only where asked for.
    """

    def __init__(self, config: FitConfig, image_shape: ImageShape, n_classes: int = 0) -> None:
        super().__init__()
        self.config, self.image_shape, self.n_classes = config, image_shape, n_classes
        self.likelihood = likelihood_of(config)
        for part, layers in parts_of(config, image_shape, n_classes).items():
            self.add_module(part, Stack(layers, n_classes))
        self.log_sigma = nn.Parameter(
            torch.tensor(config.sigma).log(), requires_grad=config.has_scale and config.scale == "learned"
        )

    encoder: Stack
    decoder: Stack

    @property
    def lookback(self) -> Autoregress | None:
        """What of the decoder sees the pixels before, if anything."""
        stack = self._modules.get("context")
        return stack[0] if isinstance(stack, Stack) and isinstance(stack[0], Autoregress) else None

    @property
    def is_deterministic(self) -> bool:
        """Whether a picture's code is a point: std 0, logvar −∞."""
        return self.config.is_deterministic

    @property
    def is_conditional(self) -> bool:
        return self.config.is_conditional

    def inputs(self, x: Tensor) -> Tensor:
        """What encoder and classifier see of x (B, C, H, W): here x itself."""
        return x

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        """q(z|x), or q(z|x, y), for x (B, C, H, W) in [0, 1], with gradients. R·B labels give R·B posteriors, x again and again."""
        if not self.config.has_encoder:
            raise DataError(NO_ENCODER)
        mu, logvar = self.encoder(self.inputs(x), y).chunk(2, dim=1)
        return Posterior(mu, logvar)

    def output(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The likelihood's parameters for z (B, K), (B, C or 2C, H, W), with gradients: logits or means, and log scales."""
        output: Tensor = self.decoder(z, y)
        return output

    def nll(self, output: Tensor, x: Tensor) -> Tensor:
        """−log p(x|z), (B,) nats, summed over pixels."""
        if self.lookback is not None:
            output = output + self.lookback(x)
        return self.likelihood.nll(output, x, self.log_sigma)

    def mean(self, output: Tensor) -> Tensor:
        """x_hat, the mean picture (B, C, H, W) in [0, 1], of the decoder's output."""
        if self.lookback is not None:
            output = self.lookback.unroll(output)
        return self.likelihood.mean(output)

    def draw(self, output: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """A picture drawn from p(x|z), (B, C, H, W), clipped to [0, 1]."""
        if self.lookback is not None:
            output = self.lookback.unroll(output, generator, draws=True)
        return self.likelihood.draw(output, self.log_sigma, generator)

    @torch.no_grad()
    def encode(self, x: Any, y: Any = None) -> Posterior:
        """q(z|x) for pictures x (B, C, H, W), floats in [0, 1] or uint8; a conditional model without y uses `label_of(x)`.

        Raises `DataError` for another shape, for pixels that are not finite (with the image's number), for labels that do not fit.
        """
        images = self._images(x)
        return self.posterior(images, self._labels(y, len(images), images))

    @torch.no_grad()
    def decode(self, z: Any, y: Any = None) -> Tensor:
        """x_hat, the mean picture of p(x|z) or p(x|z, y), (B, C, H, W) in [0, 1], for z (B, K). Raises `DataError`."""
        codes = as_tensor(z).float()
        if codes.ndim != 2 or codes.shape[1] != self.config.latent_dim:
            raise DataError(f"decode got codes of shape {tuple(codes.shape)}; allowed: (B, {self.config.latent_dim}).")
        return self.mean(self.output(codes, self._labels(y, len(codes), None)))

    @torch.no_grad()
    def label_of(self, x: Any) -> Tensor:
        """The class (B,) under which the bound of x is highest, each at its posterior mean: Bayes' rule with equal odds."""
        images = self._images(x)
        bounds = []
        for label in range(self.n_classes):
            y = torch.full((len(images),), label)
            q = self.posterior(images, y)
            kl = kl_standard_normal(q.mu, q.logvar).sum(1)
            bounds.append(-self.nll(self.output(q.mu, y), images) - kl)
        return torch.stack(bounds).argmax(0)

    @torch.no_grad()
    def start_at_mean(self, mean_image: Tensor) -> None:
        """Sets the output bias so that an untrained decoder gives about the training mean, (C, H, W) in [0, 1].

        The first loss is then the null model's (about 206 nats for binarised MNIST) and not 784·log 2 = 543.
        """
        last = next(module for module in reversed(self.decoder) if isinstance(module, nn.Linear | Bias))
        place = self.likelihood.output_for(mean_image).flatten()
        scale = torch.full_like(place, math.log(self.config.sigma))[: last.bias.numel() - len(place)]
        last.bias.copy_(torch.cat((place, scale)).reshape(last.bias.shape))

    def _images(self, x: Any) -> Tensor:
        images = as_unit(x).float()
        if images.ndim != 4 or tuple(images.shape[1:]) != tuple(self.image_shape):
            raise DataError(f"encode got pictures of shape {tuple(images.shape)}; allowed: (B, {_words(self.image_shape)}).")
        bad = (~torch.isfinite(images)).flatten(1).any(1).nonzero()
        if len(bad):
            raise DataError(f"picture {int(bad[0])} has a pixel that is not a finite number; allowed: 0 to 1.")
        return images

    def _labels(self, y: Any, n: int, images: Tensor | None) -> Tensor | None:
        """y as a tensor, checked; none for an unconditional model."""
        if not self.is_conditional:
            return None
        if y is None and images is not None:
            return self.label_of(images)
        if y is None:
            raise DataError(f"decode needs y, the class of every code; allowed: {n} whole numbers from 0 to {self.n_classes - 1}.")
        labels = as_tensor(y).long()
        if labels.shape != (n,) or (n and not 0 <= int(labels.min()) <= int(labels.max()) < self.n_classes):
            raise DataError(f"y is {labels.tolist()[:5]} …; allowed: {n} whole numbers from 0 to {self.n_classes - 1}.")
        return labels


class Autoencoder(Vae):
    """A deterministic code: the encoder gives a point, which is the posterior of standard deviation 0."""

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        if not self.config.has_encoder:
            raise DataError(NO_ENCODER)
        mu = self.encoder(x)
        return Posterior(mu, torch.full_like(mu, -math.inf))


class SemiSupervisedVae(Vae):
    """M2 of Kingma, Rezende, Mohamed & Welling 2014: p(y) uniform, p(x|y, z), q(z|x, y) and a classifier q(y|x)."""

    classifier: Stack

    def class_logits(self, x: Tensor) -> Tensor:
        """Logits (B, Y) of q(y|x), with gradients."""
        logits: Tensor = self.classifier(self.inputs(x))
        return logits

    @torch.no_grad()
    def label_of(self, x: Any) -> Tensor:
        """The most probable class (B,) under q(y|x)."""
        return self.class_logits(self._images(x)).argmax(1)


class StackedVae(SemiSupervisedVae):
    """M1+M2 (Kingma et al. 2014, section 2.1): M1, a VAE of the pictures, then M2 of M1's codes.

    As a model of pictures M1's code is the mean that M2's decoder gives, so that `decode` runs from (z, y) to x in one go.
    """

    features: Stack

    def inputs(self, x: Tensor) -> Tensor:
        """M1's posterior means (B, feature_dim)."""
        means: Tensor = self.features(x)
        return means

    def feature_posterior(self, x: Tensor) -> Posterior:
        """M1's q(z₁|x), (B, feature_dim), with gradients."""
        mu, logvar = self.features(x, stop=-1).chunk(2, dim=1)
        return Posterior(mu, logvar)

    def feature_output(self, features: Tensor) -> Tensor:
        """M1's decoder: codes z₁ (B, feature_dim) to the likelihood's parameters."""
        output: Tensor = self.decoder(features, start=self._cut + 1)
        return output

    def feature_prior(self, z: Tensor, y: Tensor) -> Posterior:
        """M2's p(z₁|z, y), a diagonal Gaussian, for z (B, K)."""
        mu, logvar = self.decoder(z, y, stop=self._cut).chunk(2, dim=1)
        return Posterior(mu, logvar)

    @property
    def _cut(self) -> int:
        """Place of the layer between M2's decoder and M1's."""
        return next(i for i, module in enumerate(self.decoder) if isinstance(module, First))


def model_of(config: FitConfig, image_shape: ImageShape, n_classes: int) -> Vae:
    """The untrained model that a configuration asks for; n_classes: of the data set, 0 where it has none. Raises `ConfigError`."""
    if config.is_conditional and n_classes < 2:
        which = "of a single class" if n_classes else "without classes"
        raise ConfigError("model", config.model, f"'vae' or 'autoencoder' for a data set {which}")
    kinds: dict[str, type[Vae]] = {"m2": SemiSupervisedVae, "m1+m2": StackedVae, "autoencoder": Autoencoder, "pca": Autoencoder}
    return kinds.get(config.model, Vae)(config, image_shape, n_classes)


def as_tensor(x: Any) -> Tensor:
    """A tensor as it is; anything else is copied, because shared arrays are read-only and torch must not write into them."""
    return x if isinstance(x, Tensor) else torch.from_numpy(np.array(x))


def as_unit(x: Any) -> Tensor:
    """Pictures in [0, 1]: bytes are divided by 255, floats stay what they are."""
    images = as_tensor(x)
    return images.float() / 255 if images.dtype == torch.uint8 else images


def _words(shape: ImageShape) -> str:
    return ", ".join(map(str, shape))
