"""The shapes in which people publish VAEs, one small network each, in the style of public code and written anew.

A case holds the model as it would be brought along and, as the second opinion, its own arithmetic: `posterior(x)` gives (mu, sigma) and
`decode(z)` pictures from the raw layers, whatever the model's methods are called and return. All learn scikit-learn's digits for a second.
"""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch import distributions as laws
from torch.nn import functional

from trainer.datasets import load_dataset

K, WIDTH, N_PIXELS = 4, 48, 64


def digits(split: str = "train") -> Tensor:
    """Images (N, 1, 8, 8) in [0, 1]."""
    return torch.from_numpy(load_dataset("digits").subset(split).images.copy()).float() / 255


def labels(split: str = "train") -> Tensor:
    return torch.from_numpy(load_dataset("digits").subset(split).labels.copy()).long()


@dataclass
class Case:
    """model · posterior: x (B, 1, 8, 8) to (mu, sigma) · decode: z (B, …) to pictures of 64 numbers, both by the raw layers."""

    model: Any
    posterior: Callable[[Tensor], tuple[Tensor, Tensor]]
    decode: Callable[[Tensor], Tensor]


def fit(module: nn.Module, posterior, decode, epochs: int = 12, lr: float = 4e-3, into=lambda x: x, loss: str = "bce") -> nn.Module:
    """Trained by the sum of cross-entropy (or squared error) and KL; left in evaluation."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        x, optimiser = into(digits()), torch.optim.Adam(module.parameters(), lr=lr)
        module.train()
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(64):
                mu, sigma = posterior(x[rows])
                y = decode(mu + sigma * torch.randn_like(sigma)).flatten(1)
                target = x[rows].flatten(1)
                error = (
                    functional.binary_cross_entropy(y, target, reduction="sum")
                    if loss == "bce"
                    else 0.5 * (y - target).square().sum() / 0.05
                )
                kl = laws.kl_divergence(laws.Normal(mu, sigma), laws.Normal(0.0, 1.0)).sum()
                optimiser.zero_grad()
                ((error + kl) / len(rows)).backward()
                optimiser.step()
    return module.eval()


class Layers(nn.Module):
    """What all of the dense ones share."""

    def __init__(self, k: int = K) -> None:
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(N_PIXELS, WIDTH), nn.Linear(WIDTH, k), nn.Linear(WIDTH, k)
        self.fc3, self.fc4 = nn.Linear(k, WIDTH), nn.Linear(WIDTH, N_PIXELS)

    def hidden(self, x):
        return torch.relu(self.fc1(x.flatten(1)))

    def two(self, x):
        h = self.hidden(x)
        return self.fc21(h), self.fc22(h)

    def pixels(self, z):
        return torch.sigmoid(self.fc4(torch.relu(self.fc3(z))))


def draw(mu, logvar):
    return mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)


def dense(kind: type[Layers], sigma: Callable[[Tensor], Tensor] = lambda b: torch.exp(b / 2), seed: int = 0, **options) -> Case:
    """A case of a subclass of `Layers` whose second head means sigma."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = kind()

    def posterior(x):
        mu, b = net.two(x)
        return mu, sigma(b)

    fit(net, posterior, net.pixels, **options)
    return Case(net, posterior, net.pixels)


# --- one of each


def examples():
    class VAE(Layers):
        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.pixels(z)

        def forward(self, x):
            mu, logvar = self.encode(x.view(-1, 64))
            return self.decode(draw(mu, logvar)), mu, logvar

    return dense(VAE)


def with_lists_and_input():
    """encode gives a list; forward gives the input back as well; layers between encoder and decoder."""

    class VanillaVAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(
                nn.Conv2d(1, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.LeakyReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.LeakyReLU()
            )
            self.fc_mu, self.fc_var = nn.Linear(48, K), nn.Linear(48, K)
            self.decoder_input = nn.Linear(K, 48)
            self.decoder = nn.Sequential(nn.ConvTranspose2d(12, 8, 3, 2, 1, output_padding=1), nn.BatchNorm2d(8), nn.LeakyReLU())
            self.final_layer = nn.Sequential(
                nn.ConvTranspose2d(8, 8, 3, 2, 1, output_padding=1), nn.LeakyReLU(), nn.Conv2d(8, 1, 3, 1, 1), nn.Sigmoid()
            )

        def encode(self, input):
            result = torch.flatten(self.encoder(input), start_dim=1)
            return [self.fc_mu(result), self.fc_var(result)]

        def decode(self, z):
            return self.final_layer(self.decoder(self.decoder_input(z).view(-1, 12, 2, 2)))

        def reparameterize(self, mu, logvar):
            return torch.randn_like(mu) * torch.exp(0.5 * logvar) + mu

        def forward(self, input, **kwargs):
            mu, log_var = self.encode(input)
            return [self.decode(self.reparameterize(mu, log_var)), input, mu, log_var]

    net = VanillaVAE()

    def posterior(x):
        mu, logvar = VanillaVAE.encode(net, x)
        return mu, torch.exp(logvar / 2)

    fit(net, posterior, net.decode, epochs=6)
    return Case(net, posterior, net.decode)


def layers_between():
    """encoder → fc_mu → fc → decoder, all wide: what stands between is in forward only."""

    class Between(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.ReLU())
            self.fc_mu, self.fc_logvar, self.fc = nn.Linear(WIDTH, K), nn.Linear(WIDTH, K), nn.Linear(K, WIDTH)
            self.decoder = nn.Sequential(nn.ReLU(), nn.Linear(WIDTH, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))

        def forward(self, x):
            h = self.encoder(x)
            mu, logvar = self.fc_mu(h), self.fc_logvar(h)
            return self.decoder(self.fc(draw(mu, logvar))), mu, logvar

    net = Between()

    def posterior(x):
        h = net.encoder(x)
        return net.fc_mu(h), torch.exp(net.fc_logvar(h) / 2)

    decode = lambda z: net.decoder(net.fc(z))
    fit(net, posterior, decode)
    return Case(net, posterior, decode)


def with_heads():
    """As a Lightning module: forward gives the picture alone, the step draws with a distribution."""

    class LitVAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.Tanh())
            self.decoder = nn.Sequential(
                nn.Linear(K, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8))
            )
            self.fc_mu, self.fc_var = nn.Linear(WIDTH, K), nn.Linear(WIDTH, K)

        def forward(self, x):
            x = self.encoder(x)
            p, q, z = self.sample(self.fc_mu(x), self.fc_var(x))
            return self.decoder(z)

        def sample(self, mu, log_var):
            std = torch.exp(log_var / 2)
            p = laws.Normal(torch.zeros_like(mu), torch.ones_like(std))
            q = laws.Normal(mu, std)
            return p, q, q.rsample()

    net = LitVAE()

    def posterior(x):
        h = net.encoder(x)
        return net.fc_mu(h), torch.exp(net.fc_var(h) / 2)

    fit(net, posterior, net.decoder)
    return Case(net, posterior, net.decoder)


def latent_dist():
    """A code that is a small picture, in an object with a distribution of its own, as AutoencoderKL gives it."""

    class DiagonalGaussian:
        def __init__(self, parameters):
            self.parameters = parameters
            self.mean, self.logvar = torch.chunk(parameters, 2, dim=1)
            self.logvar = torch.clamp(self.logvar, -30.0, 20.0)
            self.deterministic = False
            self.std = torch.exp(0.5 * self.logvar)
            self.var = torch.exp(self.logvar)

        def sample(self, generator=None):
            return self.mean + self.std * torch.randn(self.mean.shape, generator=generator)

        def mode(self):
            return self.mean

    class KL(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.SiLU(), nn.Conv2d(8, 4, 3, 2, 1))
            self.quant_conv, self.post_quant_conv = nn.Conv2d(4, 4, 1), nn.Conv2d(2, 4, 1)
            self.decoder = nn.Sequential(
                nn.ConvTranspose2d(4, 8, 4, 2, 1), nn.SiLU(), nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Sigmoid()
            )

        def encode(self, x, return_dict=True):
            return SimpleNamespace(latent_dist=DiagonalGaussian(self.quant_conv(self.encoder(x))))

        def decode(self, z, return_dict=True):
            return SimpleNamespace(sample=self.decoder(self.post_quant_conv(z)))

        def forward(self, sample, sample_posterior=False, return_dict=True):
            posterior = self.encode(sample).latent_dist
            return self.decode(posterior.sample() if sample_posterior else posterior.mode())

    net = KL()

    def posterior(x):
        mu, logvar = net.quant_conv(net.encoder(x)).chunk(2, 1)
        return mu, torch.exp(logvar / 2)

    decode = lambda z: net.decoder(net.post_quant_conv(z))
    fit(net, posterior, decode, epochs=5)
    return Case(net, posterior, decode)


def sampling_layer():
    """As ports of Keras have it: the encoder gives z_mean, z_log_var and the draw of a Sampling layer; channels last."""

    class Sampling(nn.Module):
        def forward(self, inputs):
            z_mean, z_log_var = inputs
            return z_mean + torch.exp(0.5 * z_log_var) * torch.randn(z_mean.shape)

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.sampling = Layers(), Sampling()

        def forward(self, x):
            z_mean, z_log_var = self.inner.two(x)
            return z_mean, z_log_var, self.sampling((z_mean, z_log_var))

    class KerasVae(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, inner = Encoder(), Layers()
            self.decoder = nn.Sequential(inner.fc3, nn.ReLU(), inner.fc4, nn.Sigmoid())

        def forward(self, inputs):
            z_mean, z_log_var, z = self.encoder(inputs)
            return self.decoder(z)

    net = KerasVae()

    def posterior(x):
        mu, logvar = net.encoder.inner.two(x)
        return mu, torch.exp(logvar / 2)

    fit(net, posterior, net.decoder)
    return Case(net, posterior, net.decoder)


class _Pyro(nn.Module):
    """encoder and decoder as modules, z_loc and z_scale; model and guide are functions of pyro, so there is no forward."""

    def __init__(self, scale):
        super().__init__()
        self.inner, self.scale = Layers(), scale
        outer = self

        class Encoder(nn.Module):
            def forward(self, x):
                z_loc, raw = outer.__dict__["held"].two(x)
                return z_loc, scale(raw)

        class Decoder(nn.Module):
            def forward(self, z):
                return outer.__dict__["held"].pixels(z)

        self.__dict__["held"] = self.inner
        self.encoder, self.decoder = Encoder(), Decoder()


def pyro(scale=torch.exp):
    net = _Pyro(scale)

    def posterior(x):
        mu, raw = net.inner.two(x)
        return mu, scale(raw)

    fit(net, posterior, net.inner.pixels, epochs=30)
    return Case(net, posterior, net.inner.pixels)


def in_turns():
    """As in the code of β-TCVAE: 2K numbers, mean and log σ in turns, `view(B, K, 2)`."""

    class Turns(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2 * K))
            self.decoder = nn.Sequential(nn.Linear(K, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 64), nn.Sigmoid())

        def encode(self, x):
            z_params = self.encoder(x).view(x.size(0), K, 2)
            mu, logsigma = z_params.select(-1, 0), z_params.select(-1, 1)
            eps = torch.autograd.Variable(mu.data.new(mu.size()).normal_())
            return eps * torch.exp(logsigma) + mu, z_params

        def decode(self, z):
            return self.decoder(z).view(z.size(0), 1, 8, 8), None

        def forward(self, x):
            zs, z_params = self.encode(x)
            xs, x_params = self.decode(zs)
            return xs, x_params, zs, z_params

    net = Turns()

    def posterior(x):
        mu, b = net.encoder(x).view(-1, K, 2).unbind(-1)
        return mu, torch.exp(b)

    fit(net, posterior, net.decoder)
    return Case(net, posterior, net.decoder)


def _of_order(order: str):
    """encode gives m, v, z in this order."""

    class Ordered(Layers):
        def encode(self, x):
            mu, logvar = self.two(x)
            parts = {"m": mu, "v": logvar, "z": draw(mu, logvar)}
            return tuple(parts[letter] for letter in order)

        def decode(self, z):
            return self.pixels(z)

    return dense(Ordered)


def draw_first():
    return _of_order("zmv")


def draw_last():
    return _of_order("mvz")


def draw_in_the_middle():
    return _of_order("mzv")


def logvar_first():
    return _of_order("vm")


def draw_and_logvar():
    return _of_order("zv")


def _forward_of(order: str):
    """forward alone, its values r, m, v in this order."""

    class Forward(Layers):
        def forward(self, x):
            mu, logvar = self.two(x)
            parts = {"r": self.pixels(draw(mu, logvar)), "m": mu, "v": logvar}
            return tuple(parts[letter] for letter in order)

    return dense(Forward)


def forward_alone():
    return _forward_of("rmv")


def forward_turned():
    return _forward_of("vmr")


def forward_picture_last():
    return _forward_of("mvr")


def forward_dictionary():
    class Named(Layers):
        def forward(self, batch):
            mu, logvar = self.two(batch)
            out = {"posterior": {"q1": mu, "q2": logvar}, "xrec": self.pixels(draw(mu, logvar)), "loss": torch.zeros(())}
            return out

    return dense(Named)


def named_tuple():
    Answer = namedtuple("Answer", "log_sigma mean extra")

    class Tuple(Layers):
        def encode(self, x):
            mu, b = self.two(x)
            return Answer(b, mu, None)

        def decode(self, z):
            return {"p": self.pixels(z)}

    return dense(Tuple, torch.exp)


def arrays():
    """encode and decode give and take arrays."""
    case = examples()

    class Arrays:
        def __init__(self, net):
            self.net = net

        def encode(self, x):
            return tuple(part.detach().numpy() for part in self.net.two(torch.as_tensor(x)))

        def decode(self, z):
            return self.net.pixels(torch.as_tensor(np.asarray(z))).detach().numpy().tolist()

    return Case(Arrays(case.model), case.posterior, case.decode)


def draws_inside():
    """encode gives the draw and the KL; mean and spread stay inside."""

    class Inside(Layers):
        def encode(self, x):
            mu, logvar = self.two(x)
            self.kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()
            return draw(mu, logvar), self.kl

        def decode(self, z):
            return self.pixels(z)

        def forward(self, x):
            z, kl = self.encode(x)
            return self.decode(z), kl

    return dense(Inside)


def distributions():
    """Everything is a distribution."""

    class Laws(Layers):
        def qz(self, x):
            mu, b = self.two(x)
            return laws.Independent(laws.Normal(mu, functional.softplus(b) + 1e-5), 1)

        def encode(self, x):
            return self.qz(x)

        def decode(self, z):
            return laws.Independent(laws.Bernoulli(probs=self.pixels(z)), 1)

        def forward(self, x):
            q = self.qz(x)
            return q, self.decode(q.rsample())

    return dense(Laws, lambda b: functional.softplus(b) + 1e-5)


def _spread(kind: str, sigma, with_forward: bool = True):
    """encode gives mean and this kind of spread; forward tells which."""

    class Spread(Layers):
        def encode(self, x):
            mu, b = self.two(x)
            s = sigma(b)
            return mu, {"sigma": s, "variance": s**2, "log-sigma": s.log(), "logvar": 2 * s.log()}[kind]

        def decode(self, z):
            return self.pixels(z)

    class WithForward(Spread):
        def forward(self, x):
            mu, b = self.two(x)
            return self.decode(mu + sigma(b) * torch.randn_like(mu))

    return dense(WithForward if with_forward else Spread, sigma, epochs=30)


def sigma_in_forward():
    return _spread("sigma", lambda b: functional.softplus(b) + 1e-6)


def variance_in_forward():
    return _spread("variance", lambda b: torch.exp(b / 2))


def log_sigma_in_forward():
    return _spread("log-sigma", torch.exp)


def residual():
    """Convolutions with branches that join again."""

    class Block(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.inner = nn.Sequential(nn.Conv2d(n, n, 3, 1, 1), nn.GroupNorm(2, n), nn.SiLU(), nn.Conv2d(n, n, 3, 1, 1))

        def forward(self, x):
            return x + self.inner(x)

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), Block(8), nn.Flatten(), nn.Linear(128, 2 * K))
            self.up = nn.Sequential(
                nn.Linear(K, 128), nn.Unflatten(1, (8, 4, 4)), Block(8), nn.Upsample(scale_factor=2), nn.Conv2d(8, 1, 3, 1, 1)
            )

        def encode(self, x):
            return torch.chunk(self.down(x), 2, dim=1)

        def decode(self, z):
            return torch.sigmoid(self.up(z))

        def forward(self, x):
            mu, logvar = self.encode(x)
            return self.decode(draw(mu, logvar)), (mu, logvar)

    net = Residual()

    def posterior(x):
        mu, logvar = net.down(x).chunk(2, 1)
        return mu, torch.exp(logvar / 2)

    decode = lambda z: torch.sigmoid(net.up(z))
    fit(net, posterior, decode, epochs=4)
    return Case(net, posterior, decode)


def two_in_one():
    """A bare pair of modules: the encoder gives 2K numbers, the decoder takes K; no forward."""
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2 * K))
    decoder = nn.Sequential(nn.Linear(K, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 64), nn.Sigmoid())

    def posterior(x):
        mu, logvar = encoder(x).chunk(2, 1)
        return mu, torch.exp(logvar / 2)

    fit(nn.ModuleList([encoder, decoder]), posterior, decoder)
    return Case({"encoder": encoder, "decoder": decoder}, posterior, decoder)


def heads_beside():
    """encoder, fc_mu, fc_logvar and decoder as attributes of a plain object; nothing runs them."""

    class Held(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.ReLU())
            self.fc_logvar, self.fc_mu = nn.Linear(WIDTH, K), nn.Linear(WIDTH, K)
            self.decoder = nn.Sequential(nn.Linear(K, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 64), nn.Sigmoid())

    net = Held()

    def posterior(x):
        h = net.encoder(x)
        return net.fc_mu(h), torch.exp(net.fc_logvar(h) / 2)

    fit(net, posterior, net.decoder)
    return Case(net, posterior, net.decoder)


def draws_in_training_only():
    class Quiet(Layers):
        def reparameterize(self, mu, logvar):
            if self.training:
                return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
            return mu

        def forward(self, x):
            mu, logvar = self.two(x)
            return self.pixels(functional.dropout(self.reparameterize(mu, logvar), 0.1, self.training))

    return dense(Quiet)


def clamped_in_forward():
    """The log variance that is returned is not the one that is drawn with: forward holds it within bounds."""

    class Clamped(Layers):
        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.pixels(z)

        def forward(self, x):
            mu, b = self.encode(x)
            return self.decode(draw(mu, b.clamp(-2.0, 1.0))), mu, b

    return dense(Clamped, lambda b: torch.exp(b.clamp(-2.0, 1.0) / 2))


def logits_in_decode():
    """decode gives logits, forward their sigmoid."""

    class Logits(Layers):
        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.fc4(torch.relu(self.fc3(z)))

        def forward(self, x):
            mu, logvar = self.encode(x)
            return torch.sigmoid(self.decode(draw(mu, logvar))), mu, logvar

    return dense(Logits)


def parallel():
    case = examples()
    return Case(nn.DataParallel(case.model), case.posterior, case.decode)


def partials():
    """Functions of a module, bound by functools, left in training."""
    case = with_lists_and_input()
    case.model.train()
    encode = functools.partial(lambda net, x: net.encode(x), case.model)
    return Case({"encode": encode, "decode": functools.partial(type(case.model).decode, case.model)}, case.posterior, case.decode)


UNDERSTOOD = (
    examples,
    with_lists_and_input,
    layers_between,
    with_heads,
    latent_dist,
    sampling_layer,
    in_turns,
    draw_first,
    draw_last,
    draw_in_the_middle,
    logvar_first,
    draw_and_logvar,
    forward_alone,
    forward_turned,
    forward_picture_last,
    forward_dictionary,
    named_tuple,
    arrays,
    draws_inside,
    distributions,
    sigma_in_forward,
    variance_in_forward,
    log_sigma_in_forward,
    residual,
    two_in_one,
    heads_beside,
    draws_in_training_only,
    clamped_in_forward,
    logits_in_decode,
    parallel,
    partials,
)


# --- with a class


def _conditional(form: str):
    """encode(x, y) and decode(z, y): the class one hot beside the vectors, or an embedding of its number."""

    class Conditional(nn.Module):
        def __init__(self):
            super().__init__()
            wide = 10 if form == "one hot" else 6
            self.embedding = nn.Embedding(10, 6)
            self.fc1, self.fc21, self.fc22 = nn.Linear(64 + wide, WIDTH), nn.Linear(WIDTH, K), nn.Linear(WIDTH, K)
            self.fc3, self.fc4 = nn.Linear(K + wide, WIDTH), nn.Linear(WIDTH, 64)

        def told(self, c):
            return c if form == "one hot" else self.embedding(c)

        def encode(self, x, c):
            h = torch.relu(self.fc1(torch.cat([x.view(-1, 64), self.told(c)], dim=1)))
            return self.fc21(h), self.fc22(h)

        def decode(self, z, c):
            return torch.sigmoid(self.fc4(torch.relu(self.fc3(torch.cat([z, self.told(c)], 1)))))

        def forward(self, x, c):
            mu, logvar = self.encode(x, c)
            return self.decode(draw(mu, logvar), c), mu, logvar

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net, x, y = Conditional(), digits(), labels()
        told = functional.one_hot(y, 10).float() if form == "one hot" else y
        optimiser = torch.optim.Adam(net.parameters(), lr=4e-3)
        for _ in range(15):
            for rows in torch.randperm(len(x)).split(64):
                recon, mu, logvar = net(x[rows], told[rows])
                loss = functional.binary_cross_entropy(recon, x[rows].flatten(1), reduction="sum")
                loss = loss - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    return net.eval()


def conditional_one_hot():
    return _conditional("one hot")


def conditional_number():
    return _conditional("number")


def conditional_maps():
    """Convolutions that are told the class as maps and by an embedding that scales channels; not trained."""

    class Maps(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(10, 8)
            self.down, self.heads = nn.Conv2d(1 + 10, 8, 3, 2, 1), nn.Linear(128, 2 * K)
            self.first, self.up = nn.Linear(K, 128), nn.ConvTranspose2d(8, 1, 4, 2, 1)

        def encode(self, x, y):
            maps = functional.one_hot(y, 10).float()[:, :, None, None].expand(-1, -1, 8, 8)
            return self.heads(torch.relu(self.down(torch.cat([x, maps], 1))).flatten(1)).chunk(2, 1)

        def decode(self, z, y):
            h = torch.relu(self.first(z)).view(-1, 8, 4, 4) * torch.sigmoid(self.embedding(y))[:, :, None, None]
            return torch.sigmoid(self.up(h))

        def forward(self, x, y):
            mu, logvar = self.encode(x, y)
            return self.decode(draw(mu, logvar), y), mu, logvar

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Maps().eval()


# --- what is no VAE with one code and prior N(0, I)


class Quantised(nn.Module):
    """A VQ-VAE: the nearest entries of a codebook stand between encoder and decoder."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 3, 3, 2, 1))
        self.codebook = nn.Embedding(16, 3)
        self.decoder = nn.Sequential(nn.ConvTranspose2d(3, 8, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Sigmoid())

    def quantize(self, z):
        flat = z.permute(0, 2, 3, 1).reshape(-1, 3)
        nearest = torch.cdist(flat, self.codebook.weight).argmin(1)
        q = self.codebook(nearest).view(z.shape[0], z.shape[2], z.shape[3], 3).permute(0, 3, 1, 2)
        return z + (q - z).detach()

    def forward(self, x):
        return self.decoder(self.quantize(self.encoder(x)))


def quantised():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net, x = Quantised(), digits()
        optimiser = torch.optim.Adam(net.parameters(), lr=4e-3)
        for _ in range(4):
            for rows in torch.randperm(len(x)).split(64):
                e = net.encoder(x[rows])
                q = net.quantize(e)
                flat = e.permute(0, 2, 3, 1).reshape(-1, 3)
                book = torch.cdist(flat.detach(), net.codebook.weight).min(1).values.square().mean()
                loss = functional.binary_cross_entropy(net.decoder(q), x[rows]) + book
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    return net.eval()


def vamp():
    """A prior from pseudo-inputs."""

    class VampVAE(Layers):
        def __init__(self):
            super().__init__()
            self.means = nn.Linear(20, 64, bias=False)
            self.register_buffer("idle_input", torch.eye(20))

        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.pixels(z)

        def forward(self, x):
            mu, logvar = self.two(x)
            return self.pixels(draw(mu, logvar)), mu, logvar

        def log_p_z(self, z):
            mu, logvar = self.two(torch.sigmoid(self.means(self.idle_input)))
            parts = laws.Normal(mu, torch.exp(logvar / 2)).log_prob(z[:, None]).sum(-1)
            return torch.logsumexp(parts, 1) - np.log(20)

    return dense(VampVAE).model


def own_prior():
    """A mean of the prior that is learned."""

    class Prior(Layers):
        def __init__(self):
            super().__init__()
            self.prior = nn.Linear(1, 2 * K)

        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.pixels(z)

    return dense(Prior).model


def standard_prior():
    """N(0, I) under the name prior: nothing is wrong."""

    class Prior(Layers):
        def __init__(self):
            super().__init__()
            self.prior = laws.Normal(torch.zeros(K), torch.ones(K))

        def encode(self, x):
            return laws.Normal(self.two(x)[0], torch.exp(self.two(x)[1] / 2))

        def decode(self, z):
            return self.pixels(z)

        def log_p_z(self, z):
            return self.prior.log_prob(z).sum(1)

    return dense(Prior).model


def with_flow():
    class PlanarFlow(nn.Module):
        def __init__(self):
            super().__init__()
            self.u, self.w, self.b = nn.Parameter(torch.ones(K)), nn.Parameter(torch.randn(K)), nn.Parameter(torch.zeros(1))

        def forward(self, z):
            return z + self.u * torch.tanh(z @ self.w + self.b)[:, None]

    class FlowVAE(Layers):
        def __init__(self):
            super().__init__()
            self.flow = PlanarFlow()

        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.pixels(z)

        def forward(self, x):
            mu, logvar = self.two(x)
            return self.pixels(self.flow(draw(mu, logvar))), mu, logvar

    torch.manual_seed(0)
    return FlowVAE().eval()


def hierarchy():
    """A ladder of two codes."""

    class Ladder(Layers):
        def __init__(self):
            super().__init__()
            self.top, self.down = nn.Linear(WIDTH, 2 * 2), nn.Linear(2, 2 * K)

        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.pixels(z)

        def forward(self, x):
            h = self.hidden(x)
            z2 = draw(*self.top(h).chunk(2, 1))
            above = self.down(z2).chunk(2, 1)
            mu, logvar = self.two(x)
            z1 = draw(mu + above[0], logvar)
            return self.pixels(z1), [mu, logvar]

    torch.manual_seed(0)
    return Ladder().eval()


def hierarchy_alone():
    net = hierarchy()

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return self.net(x)[0]

    return Whole().eval()


def full_covariance():
    class Full(Layers):
        def __init__(self):
            super().__init__()
            self.tril = nn.Linear(WIDTH, K * K)

        def encode(self, x):
            h = self.hidden(x)
            low = torch.tril(self.tril(h).view(-1, K, K), -1) + torch.eye(K)
            return laws.MultivariateNormal(self.fc21(h), scale_tril=low)

        def decode(self, z):
            return self.pixels(z)

    torch.manual_seed(0)
    return Full().eval()


def laplace_posterior():
    class Heavy(Layers):
        def encode(self, x):
            mu, b = self.two(x)
            return laws.Laplace(mu, b.exp())

        def decode(self, z):
            return self.pixels(z)

    torch.manual_seed(0)
    return Heavy().eval()


def discrete():
    """Gumbel-softmax codes."""

    class Gumbel(Layers):
        def forward(self, x):
            z = functional.gumbel_softmax(self.two(x)[0], tau=0.5)
            return self.pixels(z), z

    torch.manual_seed(0)
    return Gumbel().eval()


def forward_without_draw():
    """An autoencoder of which only forward is there."""

    class Auto(Layers):
        def forward(self, x):
            return self.pixels(self.two(x)[0])

    torch.manual_seed(0)
    return Auto().eval()


def shared_spread():
    """One log variance for all dimensions."""

    class Shared(Layers):
        def encode(self, x):
            mu, logvar = self.two(x)
            return mu, logvar[:, :1]

        def decode(self, z):
            return self.pixels(z)

    torch.manual_seed(0)
    return Shared().eval()


def normalised(mean: float = 0.3, std: float = 0.35):
    """Trained on (x − mean) / std; pictures come out from 0 to 1, which is what they were compared with."""

    class Normalised(Layers):
        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.pixels(z)

    net = Normalised()

    def posterior(x):
        mu, b = net.two((x - mean) / std)
        return mu, torch.exp(b / 2)

    fit(net, posterior, net.pixels, epochs=25)
    return net


def tanh_pixels():
    """Trained on −1 to 1 with a tanh and the squared error."""

    class Tanh(Layers):
        def pixels(self, z):
            return torch.tanh(self.fc4(torch.relu(self.fc3(z))))

        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.pixels(z)

    net = Tanh()

    def posterior(x):
        mu, b = net.two(x)
        return mu, torch.exp(b / 2)

    fit(net, posterior, net.pixels, epochs=20, into=lambda x: 2 * x - 1, loss="squared")
    return Case(net, posterior, net.pixels)


def mixed_batches():
    """Statistics of the batch by hand: no eval() turns them off."""

    class Own(Layers):
        def encode(self, x):
            h = self.hidden(x)
            h = (h - h.mean(0)) / (h.std(0) + 1e-3) if len(h) > 1 else h
            return self.fc21(h), self.fc22(h)

        def decode(self, z):
            return self.pixels(z)

    torch.manual_seed(0)
    return Own().eval()
