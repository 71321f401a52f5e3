"""How is a step of training taken without autograd?

For dense networks and the bound with one sample: forward and backward pass are laid out once for a number of images, from the records of
the layers, and a step makes the calls. Whatever else there is, autograd differentiates; `reason_against` says why.
Letters: B images, K latent dimensions.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from trainer.models.layers import Layer
from trainer.models.networks import parts_of
from trainer.models.torch_engine import Vae
from trainer.training.backward.flat import FlatAdam
from trainer.training.backward.pixels import KNOWN, pixels_of
from trainer.training.backward.rules import Buffers, Tape, is_known, lay_out
from trainer.training.distributed import Noise
from trainer.training.objectives import Batch, is_linear_gaussian


def reason_against(model: Vae, device: str, n_processes: int) -> str:
    """Why the gradients of a run are autograd's; empty where they are written out."""
    config, layers = model.config, parts_of(model.config, model.image_shape, model.n_classes)
    reasons = {
        f"model {config.model}": config.model != "vae",
        "a context": bool(config.context),
        "importance samples": config.importance_samples > 1,
        "lagging inference": bool(config.lagging_steps),
        "pixels whose expectation has a closed form": is_linear_gaussian(config),
        f"pixels that are {config.likelihood}": config.likelihood not in KNOWN,
        "a scale for every pixel": config.has_scale and config.scale == "per-pixel",
        "mixed precision": config.precision == "autocast",
        f"a {device} device": device != "cpu",
        f"{n_processes} processes": n_processes > 1,
        f"network {config.network}": not all(map(is_known, layers.values())),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


class WrittenStep:
    """One update of all parameters of a model."""

    def __init__(self, model: Vae, optimiser: torch.optim.AdamW) -> None:
        """Moves the model's parameters into one tensor; of a model for which `reason_against` knows no reason."""
        self._model = model
        self._layers = parts_of(model.config, model.image_shape, model.n_classes)
        self._flat = FlatAdam([p for p in model.parameters() if p.requires_grad], optimiser)
        self._passes: dict[int, _Pass] = {}  # by the number of images: the last batch of an epoch is short

    def __call__(self, batch: Batch, noise: Noise, beta: float, rate: float) -> Tensor:
        """Mean nll and mean KL of the images, (2,)."""
        terms = self.differentiate(batch, noise(self._model.config.latent_dim), beta)
        self._flat.update(rate)
        return terms

    def differentiate(self, batch: Batch, eps: Tensor, beta: float) -> Tensor:
        """Writes the gradients for noise eps (B, K), and gives mean nll and mean KL (2,)."""
        n = len(batch.x)
        if n not in self._passes:
            self._passes[n] = _Pass(self._model, self._layers, self._flat, n)
        return self._passes[n].run(batch.x.flatten(1), eps, beta)

    def gradients(self) -> dict[str, Tensor]:
        """Those that were written last, by the parameter's name."""
        found = {name: self._flat.gradient_of(p) for name, p in self._model.named_parameters()}
        return {name: gradient for name, gradient in found.items() if gradient is not None}


class _Pass:
    """Forward and backward for B images."""

    def __init__(self, model: Vae, layers: dict[str, tuple[Layer, ...]], flat: FlatAdam, n: int) -> None:
        config = model.config
        n_dims, empty = config.latent_dim, flat.values.new_empty
        self._free_bits = config.free_bits
        self._encoder, self._decoder = Tape(n), Tape(n)
        self._x = empty(n, prod(model.image_shape))
        codes = lay_out(self._encoder, layers["encoder"], list(model.encoder), Buffers(self._x, None), flat)
        self._z, self._of_z, self._shift, self._excess, self._kl = (empty(n, n_dims) for _ in range(5))
        assert codes.gradient is not None
        self._mu, self._logvar = codes.value.chunk(2, 1)
        self._of_mu, self._of_logvar = codes.gradient.chunk(2, 1)
        self._output = lay_out(self._decoder, layers["decoder"], list(model.decoder), Buffers(self._z, self._of_z), flat)
        self._weight, self._terms = empty(n_dims), empty(2)
        self._pixels = pixels_of(config, model.log_sigma.data, flat.gradient_of(model.log_sigma))

    def run(self, x: Tensor, eps: Tensor, beta: float) -> Tensor:
        """x (B, P), eps (B, K)."""
        self._x.copy_(x)
        self._encoder.run_forward()
        torch.mul(self._logvar, 0.5, out=self._shift).exp_().mul_(eps)
        torch.add(self._mu, self._shift, out=self._z)
        self._decoder.run_forward()
        assert self._output.gradient is not None
        nll = self._pixels(self._output.value, self._x, self._output.gradient)
        kl = self._kl_of_codes(beta)
        self._decoder.run_backward()
        self._through_sampling()
        self._encoder.run_backward()
        return torch.stack((nll, kl), out=self._terms).div_(len(x))

    def _kl_of_codes(self, beta: float) -> Tensor:
        """Σ of all images; sets the weight of every dimension, which is 0 where its KL is within the free bits."""
        torch.expm1(self._logvar, out=self._excess)
        kl = torch.sub(self._excess, self._logvar, out=self._kl).addcmul_(self._mu, self._mu)
        self._weight.fill_(beta)
        if not self._free_bits:
            return 0.5 * kl.sum()
        per_dim = 0.5 * kl.sum(0)
        self._weight.mul_(per_dim > self._free_bits * len(kl))
        return per_dim.sum()

    def _through_sampling(self) -> None:
        """From z = mu + std·eps to mu and logvar; ∂KL/∂mu = mu, ∂KL/∂logvar = ½ (exp(logvar) − 1)."""
        torch.addcmul(self._of_z, self._mu, self._weight, out=self._of_mu)
        pull = self._excess.mul_(self._weight).addcmul_(self._shift, self._of_z)
        torch.mul(pull, 0.5, out=self._of_logvar)
