"""How does torch run the described layers, and how is a model asked for codes and pictures?

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
from trainer.models import layers as spec
from trainer.models.autoregressive import masks
from trainer.models.gaussians import kl_standard_normal
from trainer.models.layers import NO_ENCODER, ImageShape, Layer, parts_of
from trainer.models.tabulated_decoder import in_gallery, on_lattice

_ACTIVATIONS: dict[str, Any] = {
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "gelu": lambda: nn.GELU(approximate="tanh"),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu-erf": nn.GELU,
    "leaky-relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "softplus": nn.Softplus,
    "logit": lambda: _Logit(),
}


@dataclass(frozen=True)
class Posterior:
    """q(z|x), a diagonal Gaussian. mu (B, K) · logvar (B, K), log variance."""

    mu: Tensor
    logvar: Tensor

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


class _Crop(nn.Module):
    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: Tensor) -> Tensor:
        return x[..., : self.height, : self.width]


class _Logit(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(1e-6, 1 - 1e-6).logit()


class _First(nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def forward(self, x: Tensor) -> Tensor:
        return x[:, : self.n]


class LabelledLinear(nn.Linear):
    """A dense layer whose last inputs are the class, one hot: its product is a choice of columns."""

    def __init__(self, n_in: int, n_out: int, n_labels: int) -> None:
        super().__init__(n_in + n_labels, n_out)
        self.n_in = n_in

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """x (B, n_in), y (R·B,): every row of x with R labels, x again and again, its product computed once."""
        if y is None:
            raise DataError("A conditional model was asked without labels; allowed: y, the class of every image or code.")
        of_x = nn.functional.linear(x, self.weight[:, : self.n_in], self.bias)
        if len(y) != len(x):
            of_x = of_x.repeat(len(y) // len(x), 1)
        return of_x + self.weight[:, self.n_in :].T[y]


class Stack(nn.Sequential):
    """Layers in a row; the class reaches those that are told it."""

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        for module in self:
            x = module(x, y) if isinstance(module, LabelledLinear) else module(x)
        return x


class _Stored(nn.Module):
    """Pictures of a decoder that is not known, in place of its layers; numpy looks them up, so there are no gradients."""

    def __init__(self, layer: spec.Lattice | spec.Gallery) -> None:
        super().__init__()
        self.layer = layer
        for name, shape in spec.part_shapes("", (layer,)).items():
            name = name.rpartition(".")[2]
            self.register_buffer(name, torch.zeros(shape, dtype=torch.uint8 if name == "pictures" else torch.float32))

    def forward(self, z: Tensor) -> Tensor:
        tensors = [buffer.cpu().numpy() for buffer in self.buffers()]
        codes = z.detach().cpu().numpy()
        if isinstance(self.layer, spec.Lattice):
            found = on_lattice(self.layer, codes, tensors[0])
        else:
            found = in_gallery(codes, tensors[0], tensors[1]).reshape(len(codes), *self.layer.shape)
        return torch.from_numpy(np.ascontiguousarray(found)).to(z.device)


class _Bias(nn.Module):
    def __init__(self, shape: ImageShape) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class Autoregress(nn.Module):
    """What the pixels before a pixel add to its logit; see `trainer.models.autoregressive`."""

    def __init__(self, n_pixels: int, n_hidden: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_hidden, n_pixels))
        self.bias = nn.Parameter(torch.zeros(n_hidden))
        # nothing at first, so that an untrained decoder starts at the mean image like any other
        self.out = nn.Parameter(torch.zeros(n_pixels, n_hidden))
        nn.init.xavier_uniform_(self.weight)
        known = masks(n_pixels, n_hidden)
        self.register_buffer("mask_into", torch.from_numpy(known.into), persistent=False)
        self.register_buffer("mask_out", torch.from_numpy(known.out), persistent=False)

    mask_into: Tensor
    mask_out: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W): the addition for pictures x (B, C, H, W)."""
        hidden = torch.tanh(nn.functional.linear(x.flatten(1), self.weight * self.mask_into, self.bias))
        return nn.functional.linear(hidden, self.out * self.mask_out).view_as(x)

    def unroll(self, logits: Tensor, generator: torch.Generator | None = None, draws: bool = False) -> Tensor:
        """Logits (B, C, H, W) with each pixel told those before it: their probabilities, or draws of them."""
        into, out = self.weight * self.mask_into, self.out * self.mask_out
        hidden = self.bias.expand(len(logits), -1)
        found = []
        for d, logit in enumerate(logits.flatten(1).unbind(1)):
            logit = logit + torch.tanh(hidden) @ out[d]
            p = torch.sigmoid(logit)
            told = torch.bernoulli(p, generator=generator) if draws else p
            hidden = hidden + told[:, None] * into[:, d]
            found.append(torch.where(told > 0.5, torch.inf, -torch.inf) if draws else logit)
        return torch.stack(found, 1).view_as(logits)


def build_layer(layer: Layer) -> nn.Module:
    """The torch module of one described layer, with torch's own initial weights."""
    match layer:
        case spec.Linear(n_in, n_out, n_labels):
            return LabelledLinear(n_in, n_out, n_labels) if n_labels else nn.Linear(n_in, n_out)
        case spec.First(n):
            return _First(n)
        case spec.Conv2d(n_in, n_out, kernel, stride, padding):
            return nn.Conv2d(n_in, n_out, kernel, stride, padding)
        case spec.ConvTranspose2d(n_in, n_out, kernel, stride, padding):
            return nn.ConvTranspose2d(n_in, n_out, kernel, stride, padding)
        case spec.Upsample(scale):
            return nn.Upsample(scale_factor=scale, mode="nearest")
        case spec.Activation(kind, slope):
            return _ACTIVATIONS[kind](*([slope] if kind in ("leaky-relu", "elu") else []))  # type: ignore[no-any-return]
        case spec.Flatten():
            return nn.Flatten(start_dim=1)
        case spec.Unflatten(shape):
            return nn.Unflatten(1, shape)
        case spec.Crop(height, width):
            return _Crop(height, width)
        case spec.Bias(shape):
            return _Bias(shape)
        case spec.Lattice() | spec.Gallery():
            return _Stored(layer)
        case spec.Autoregress(n_pixels, n_hidden):
            return Autoregress(n_pixels, n_hidden)


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
            self.add_module(part, Stack(*map(build_layer, layers)))
        self.log_sigma = nn.Parameter(
            torch.tensor(config.sigma).log(), requires_grad=config.has_scale and config.scale == "learned"
        )  # fmt: skip

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
        last = next(module for module in reversed(self.decoder) if isinstance(module, nn.Linear | _Bias))
        place = self.likelihood.output_for(mean_image).flatten()
        scale = torch.full_like(place, math.log(self.config.sigma))[: last.bias.numel() - len(place)]
        last.bias.copy_(torch.cat((place, scale)).reshape(last.bias.shape))

    def _images(self, x: Any) -> Tensor:
        images = as_tensor(x)
        images = images.float() / 255 if images.dtype == torch.uint8 else images.float()
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
        mu, logvar = self.features[:-1](x).chunk(2, dim=1)
        return Posterior(mu, logvar)

    def feature_output(self, features: Tensor) -> Tensor:
        """M1's decoder: codes z₁ (B, feature_dim) to the likelihood's parameters."""
        output: Tensor = self.decoder[self._cut + 1 :](features)
        return output

    def feature_prior(self, z: Tensor, y: Tensor) -> Posterior:
        """M2's p(z₁|z, y), a diagonal Gaussian, for z (B, K)."""
        mu, logvar = self.decoder[: self._cut](z, y).chunk(2, dim=1)
        return Posterior(mu, logvar)

    @property
    def _cut(self) -> int:
        """Place of the layer between M2's decoder and M1's."""
        return next(i for i, module in enumerate(self.decoder) if isinstance(module, _First))


def model_of(config: FitConfig, image_shape: ImageShape, n_classes: int) -> Vae:
    """The untrained model that a configuration asks for; n_classes: of the data set, 0 where it has none. Raises `ConfigError`."""
    if config.is_conditional and n_classes < 2:
        raise ConfigError("model", config.model, "'vae' or 'autoencoder' for a data set without classes")
    kinds: dict[str, type[Vae]] = {"m2": SemiSupervisedVae, "m1+m2": StackedVae, "autoencoder": Autoencoder, "pca": Autoencoder}
    return kinds.get(config.model, Vae)(config, image_shape, n_classes)


def as_tensor(x: Any) -> Tensor:
    """A tensor as it is; anything else is copied, because shared arrays are read-only and torch must not write into them."""
    return x if isinstance(x, Tensor) else torch.from_numpy(np.array(x))


def _words(shape: ImageShape) -> str:
    return ", ".join(map(str, shape))
