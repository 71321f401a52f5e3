"""The networks of which people build VAEs, one small one of each kind, written anew and not trained: what they compute has to be ours.

All encode pictures (B, 3, 16, 16) to mean and log variance unless they say otherwise, and decode codes (B, K) to probabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch import distributions as laws
from torch.nn import functional

K, SIDE, Y = 5, 16, 4


@dataclass
class Network:
    """A model as it is brought along, and its own arithmetic."""

    model: nn.Module
    posterior: Callable[..., tuple[Tensor, Tensor]]
    """x, and y where it is told the class, to (mu, logvar)"""
    decode: Callable[..., Tensor]
    """z, and y, to pictures"""
    side: int = SIDE
    is_told: bool = False


class Vae(nn.Module):
    """features: x to (B, …); they become 2K numbers by one matrix; pixels: z to the picture's logits."""

    def __init__(self, features: nn.Module, pixels: nn.Module, side: int = SIDE) -> None:
        super().__init__()
        self.features, self.pixels = features, pixels
        with torch.no_grad():
            width = features(torch.rand(2, 3, side, side)).flatten(1).shape[1]
        self.mu, self.logvar = nn.Linear(width, K), nn.Linear(width, K)

    def encode(self, x):
        h = self.features(x).flatten(1)
        return self.mu(h), self.logvar(h)

    def decode(self, z):
        return torch.sigmoid(self.pixels(z))

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decode(mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)), mu, logvar


def settled(module: nn.Module, side: int = SIDE) -> nn.Module:
    """In evaluation, with statistics of a batch norm and gains of a norm that are not 0 and 1."""
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm | nn.GroupNorm | nn.LayerNorm) and part.weight is not None:
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.5, 0.5)
        if getattr(part, "running_mean", None) is not None:
            part.running_mean.uniform_(-0.5, 0.5)
            part.running_var.uniform_(0.5, 2)
    return module.eval()


def of(features: nn.Module, pixels: nn.Module, side: int = SIDE) -> Network:
    net = settled(Vae(features, pixels, side))
    return Network(net, net.encode, net.decode, side)


def down(*after: nn.Module, width: int = 8) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, width, 3, 2, 1), *after, nn.Conv2d(width, width, 3, 2, 1), nn.ReLU())


def up(*between: nn.Module, width: int = 8) -> nn.Sequential:
    """z to 8 × 8 pictures, what is given, then 16 × 16."""
    first = (nn.Linear(K, width * 64), nn.Unflatten(1, (width, 8, 8)))
    return nn.Sequential(*first, *between, nn.Upsample(scale_factor=2), nn.Conv2d(width, 3, 3, 1, 1))


class Residual(nn.Module):
    def __init__(self, inner: nn.Module, skip: nn.Module | None = None):
        super().__init__()
        self.inner, self.skip = inner, skip or nn.Identity()

    def forward(self, x):
        return self.skip(x) + self.inner(x)


def block(n_in: int, n_out: int) -> nn.Module:
    inner = (nn.GroupNorm(2, n_in), nn.SiLU(), nn.Conv2d(n_in, n_out, 3, 1, 1), nn.GroupNorm(4, n_out), nn.SiLU(), nn.Dropout(0.1))
    return Residual(nn.Sequential(*inner, nn.Conv2d(n_out, n_out, 3, 1, 1)), nn.Conv2d(n_in, n_out, 1) if n_in != n_out else None)


def residual_blocks():
    return of(nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), block(8, 12), nn.AvgPool2d(2), block(12, 12)), up(block(8, 8), block(8, 8)))


def pixel_shuffle():
    decoder = (nn.Linear(K, 128), nn.Unflatten(1, (8, 4, 4)), nn.Conv2d(8, 32, 3, 1, 1), nn.PixelShuffle(2), nn.LeakyReLU(0.1))
    features = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(12, 8, 3, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool2d((3, 5)))
    return of(features, nn.Sequential(*decoder, nn.Conv2d(8, 12, 3, 1, 1), nn.PixelShuffle(2)))


def max_pooling():
    features = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
    )
    return of(features, up(nn.ReLU(), nn.Conv2d(8, 8, 3, padding="same"), nn.ReLU()))


def bilinear():
    decoder = (
        nn.Linear(K, 72),
        nn.Unflatten(1, (8, 3, 3)),
        nn.Upsample(size=(7, 9), mode="bilinear"),
        nn.Conv2d(8, 8, 3, 1, 1),
        nn.ReLU(),
    )
    last = (nn.Upsample(size=(SIDE, SIDE), mode="bilinear", align_corners=True), nn.Conv2d(8, 3, 3, 1, 1))
    return of(down(nn.ReLU()), nn.Sequential(*decoder, *last))


def depthwise():
    def separable(n_in, n_out, stride=1):
        first = (nn.Conv2d(n_in, n_in, 3, stride, 1, groups=n_in, bias=False), nn.BatchNorm2d(n_in), nn.ReLU6())
        return nn.Sequential(*first, nn.Conv2d(n_in, n_out, 1, bias=False), nn.BatchNorm2d(n_out), nn.Hardswish())

    transposed = nn.ConvTranspose2d(8, 8, 4, 2, 1, groups=4)
    decoder = (nn.Linear(K, 512), nn.Unflatten(1, (8, 8, 8)), separable(8, 8), transposed, separable(8, 3))
    return of(nn.Sequential(separable(3, 8, 2), separable(8, 12, 2)), nn.Sequential(*decoder))


def instance_norm():
    kept = nn.InstanceNorm2d(8, affine=True, track_running_stats=True)
    return of(
        down(nn.InstanceNorm2d(8), nn.ReLU()), up(nn.InstanceNorm2d(8, affine=True), nn.ELU(), nn.Conv2d(8, 8, 3, 1, 1), kept)
    )


def prelu():
    slopes = [nn.PReLU(8), nn.PReLU(8), nn.PReLU()]
    for part in slopes:
        nn.init.uniform_(part.weight, -0.3, 0.6)
    return of(down(slopes[0]), up(slopes[1], nn.Conv2d(8, 8, 3, 1, 1), slopes[2]))


class Attention(nn.Module):
    """As the middle block of an AutoencoderKL."""

    def __init__(self, n: int, heads: int = 1):
        super().__init__()
        self.norm, self.heads = nn.GroupNorm(4, n), heads
        self.q, self.k, self.v, self.out = (nn.Linear(n, n) for _ in range(4))

    def forward(self, x):
        b, c, h, w = x.shape
        rows = self.norm(x).view(b, c, h * w).transpose(1, 2)
        q, k, v = (part(rows).view(b, -1, self.heads, c // self.heads).transpose(1, 2) for part in (self.q, self.k, self.v))
        seen = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, -1, c)
        return self.out(seen).transpose(-1, -2).reshape(b, c, h, w) / 1.5 + x


def self_attention():
    return of(down(nn.SiLU(), Attention(8)), up(Attention(8, heads=2), nn.SiLU()))


def attention_by_products():
    class Own(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.qkv, self.out, self.scale = nn.Conv2d(n, 3 * n, 1, bias=False), nn.Conv2d(n, n, 1), nn.Parameter(torch.tensor(0.7))

        def forward(self, x):
            q, k, v = self.qkv(x).flatten(2).chunk(3, dim=1)
            weights = torch.softmax(torch.bmm(q.transpose(1, 2), k) * q.shape[1] ** -0.5, dim=-1)
            return x + self.scale * self.out(torch.einsum("bij,bcj->bci", weights, v).view(x.shape))

    return of(down(nn.SiLU(), Own(8)), up(Own(8)))


def vision_transformer():
    class Patches(nn.Module):
        def __init__(self):
            super().__init__()
            self.cut, self.places = nn.Conv2d(3, 12, 4, 4), nn.Parameter(torch.randn(1, 16, 12) / 4)
            self.whole = nn.TransformerEncoder(
                nn.TransformerEncoderLayer(12, 3, 16, batch_first=True, activation="gelu"), 2, enable_nested_tensor=False
            )

        def forward(self, x):
            return self.whole(self.cut(x).flatten(2).transpose(1, 2) + self.places).mean(1)

    class Pixels(nn.Module):
        def __init__(self):
            super().__init__()
            self.places, self.first, self.last = nn.Parameter(torch.randn(16, 12) / 2), nn.Linear(K, 12), nn.Linear(12, 48)
            self.whole = nn.TransformerEncoderLayer(12, 2, 16, batch_first=True, norm_first=True)

        def forward(self, z):
            rows = self.last(self.whole(self.first(z)[:, None].repeat(1, 16, 1) + self.places))
            return rows.view(-1, 4, 4, 4, 4, 3).permute(0, 5, 1, 3, 2, 4).reshape(-1, 3, 16, 16)

    return of(Patches(), Pixels())


def separate_networks():
    """Mean and variance by networks of different depth."""

    class Apart(Vae):
        def __init__(self):
            super().__init__(nn.Flatten(), up())
            self.mu = nn.Sequential(nn.Linear(768, 20), nn.Tanh(), nn.Linear(20, K))
            self.logvar = nn.Sequential(
                nn.Unflatten(1, (3, 16, 16)), down(nn.ReLU()), nn.Flatten(), nn.Linear(128, 9), nn.ELU(), nn.Linear(9, K)
            )

    net = Apart().eval()
    return Network(net, net.encode, net.decode)


def distribution():
    """encode gives a torch.distributions.Normal."""

    class Law(Vae):
        def encode(self, x):
            h = self.features(x).flatten(1)
            return laws.Independent(laws.Normal(self.mu(h), torch.exp(0.5 * self.logvar(h))), 1)

        def forward(self, x):
            q = self.encode(x)
            return laws.Bernoulli(probs=self.decode(q.rsample())), q

    net = settled(Law(down(nn.BatchNorm2d(8), nn.ReLU()), up()))
    return Network(net, lambda x: (net.encode(x).mean, 2 * net.encode(x).stddev.log()), net.decode)


def sampled_distribution():
    """forward alone, which draws by `Normal.sample` of mean and standard deviation."""

    class Sampled(Vae):
        encode = None

        def forward(self, x):
            h = self.features(x).flatten(1)
            q = laws.Normal(self.mu(h), functional.softplus(self.logvar(h)))
            return self.decode(q.sample()), q

    net = settled(Sampled(down(nn.ReLU()), up(nn.ReLU())))

    def posterior(x):
        h = net.features(x).flatten(1)
        return net.mu(h), 2 * functional.softplus(net.logvar(h)).log()

    return Network(net, posterior, net.decode)


def softplus_sigma():
    class Spread(Vae):
        def encode(self, x):
            h = self.features(x).flatten(1)
            return self.mu(h), functional.softplus(self.logvar(h), beta=2) + 1e-4

        def forward(self, x):
            mu, sigma = self.encode(x)
            return self.decode(mu + sigma * torch.randn_like(mu))

    net = Spread(down(nn.ReLU()), up()).eval()
    return Network(net, lambda x: (net.encode(x)[0], 2 * net.encode(x)[1].log()), net.decode)


def unbound():
    """(B, 2, K), unbound; the log variance within soft bounds."""

    class Unbound(Vae):
        def encode(self, x):
            h = self.features(x).flatten(1)
            mu, raw = torch.cat([self.mu(h), self.logvar(h)], 1).view(-1, 2, K).unbind(1)
            return mu, -3 + 2.5 * (torch.tanh(raw) + 1)

    net = Unbound(down(nn.Mish()), up()).eval()
    return Network(net, net.encode, net.decode)


def other_padding():
    def conv(n_in, n_out, kind, stride=1):
        return nn.Conv2d(n_in, n_out, 3, stride, 1, padding_mode=kind)

    features = nn.Sequential(
        conv(3, 8, "reflect", 2), nn.ReLU(), nn.ReplicationPad2d((1, 2, 0, 1)), nn.Conv2d(8, 8, 3, 2), nn.GELU()
    )
    return of(
        features,
        up(conv(8, 8, "replicate"), nn.ReLU(), nn.ReflectionPad2d(1), nn.Conv2d(8, 8, 3), conv(8, 8, "circular"), nn.GELU("tanh")),
    )


def channels_as_wide():
    """A batch norm of 32 channels at 32 × 32: one number a channel, not a column."""
    features = nn.Sequential(nn.Conv2d(3, 32, 3, 1, 1), nn.ReLU(), nn.BatchNorm2d(32), nn.MaxPool2d(4), nn.BatchNorm2d(32))
    pixels = (
        nn.Linear(K, 2048),
        nn.BatchNorm1d(2048),
        nn.Unflatten(1, (32, 8, 8)),
        nn.Upsample(scale_factor=4),
        nn.BatchNorm2d(32),
        nn.ReLU(),
    )
    return of(features, nn.Sequential(*pixels, nn.BatchNorm2d(32), nn.Conv2d(32, 3, 1)), 32)


def code_as_picture():
    """A code of shape (2, 4, 4)."""

    class Picture(Vae):
        def __init__(self):
            super().__init__(down(nn.SiLU()), nn.Identity())
            self.mu, self.logvar = nn.Conv2d(8, 2, 1), nn.Conv2d(8, 2, 1)
            self.pixels = nn.Sequential(
                block(2, 8), nn.ConvTranspose2d(8, 8, 3, 2, 1, 1), nn.SiLU(), nn.ConvTranspose2d(8, 3, 4, 2, 1)
            )

        def encode(self, x):
            h = self.features(x)
            return self.mu(h), self.logvar(h).clamp(-8, 4)

    net = settled(Picture())
    return Network(net, net.encode, net.decode)


def skipping_code():
    """The code again at every layer; no layer has a bias."""

    class Skipping(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(
                [nn.Linear(K, 30, bias=False), nn.Linear(30 + K, 30, bias=False), nn.Linear(30 + K, 768, bias=False)]
            )

        def forward(self, z):
            h = functional.leaky_relu(self.layers[0](z), 0.2)
            h = functional.leaky_relu(self.layers[1](torch.cat([h, z], 1)), 0.2)
            return self.layers[2](torch.cat((z, h), dim=-1)).view(len(z), 3, SIDE, SIDE)

    return of(nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, bias=False)), Skipping())


def squeeze_and_excite():
    class Gate(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(n, 3), nn.ReLU(), nn.Linear(3, n), nn.Hardsigmoid())

        def forward(self, x):
            return x * self.inner(x.mean((2, 3)))[:, :, None, None].expand_as(x)

    return of(down(nn.Hardswish(), Gate(8)), up(Gate(8), nn.ReLU()))


def layer_norms():
    features = nn.Sequential(
        nn.Flatten(), nn.Linear(768, 24), nn.LayerNorm(24), nn.GELU(), nn.Linear(24, 24), nn.RMSNorm(24), nn.SELU()
    )
    pixels = nn.Sequential(
        nn.Linear(K, 24), nn.LayerNorm(24, elementwise_affine=False), nn.SiLU(), nn.Linear(24, 768), nn.Unflatten(1, (3, 16, 16))
    )
    return of(features, pixels)


def dense_connections():
    class Dense(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.a, self.b = nn.Conv2d(n, 4, 3, 1, 2, dilation=2), nn.Conv2d(n + 4, 4, (3, 1), 1, (1, 0))

        def forward(self, x):
            first = functional.mish(self.a(x))
            return torch.cat([x, first, functional.softplus(self.b(torch.cat([x, first], 1)))], 1)

    return of(down(Dense(8), nn.Conv2d(16, 8, 1)), up(Dense(8), nn.Conv2d(16, 8, 1), nn.Softsign()))


def broadcast_code():
    """The code at every pixel, beside the pixel's place."""

    class Broadcast(nn.Module):
        def __init__(self):
            super().__init__()
            line = torch.linspace(-1, 1, SIDE)
            self.register_buffer("places", torch.stack(torch.meshgrid(line, line, indexing="ij"))[None])
            self.layers = nn.Sequential(nn.Conv2d(K + 2, 8, 3, 1, 1), nn.ReLU(), nn.Conv2d(8, 3, 3, 1, 1))

        def forward(self, z):
            wide = z[:, :, None, None].expand(-1, -1, SIDE, SIDE)
            return self.layers(torch.cat([wide, self.places.expand(len(z), -1, -1, -1)], 1))

    return of(down(nn.ReLU()), Broadcast())


def styled():
    """Mean and deviation of every channel from the code."""

    class Styled(nn.Module):
        def __init__(self):
            super().__init__()
            self.start = nn.Parameter(torch.randn(1, 8, 8, 8))
            self.first, self.style, self.last = nn.Conv2d(8, 8, 3, 1, 1), nn.Linear(K, 16), nn.ConvTranspose2d(8, 3, 2, 2)

        def forward(self, z):
            x = self.first(self.start.repeat(len(z), 1, 1, 1)) + self.style(z)[:, :8, None, None]
            gain, offset = self.style(z)[..., None, None].chunk(2, 1)
            x = (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), keepdim=True) + 1e-3).sqrt()
            return self.last(functional.leaky_relu(x * (1 + gain) + offset, 0.2))

    return of(down(nn.ReLU()), Styled())


def normed_weights():
    norm, spectral = nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm
    features = nn.Sequential(norm(nn.Conv2d(3, 8, 3, 2, 1)), nn.ReLU(), spectral(nn.Conv2d(8, 8, 3, 2, 1)), nn.ReLU())
    return of(
        features, nn.Sequential(norm(nn.Linear(K, 64)), nn.GELU(), spectral(nn.Linear(64, 768)), nn.Unflatten(1, (3, 16, 16)))
    )


def in_place():
    class Steps(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(8, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 1, 1)

        def forward(self, x):
            h = self.a(x).relu_()
            h += x
            h *= 0.5
            return self.b(h).add_(h).clamp_(min=-1)

    return of(down(nn.ReLU(inplace=True), Steps()), up(Steps(), nn.Hardtanh(inplace=True)))


class Told(nn.Module):
    """The class is handed over as a number, or one hot."""

    def __init__(self, is_number: bool) -> None:
        super().__init__()
        self.is_number, self.embedding = is_number, nn.Embedding(Y, 6)
        self.layers()

    def forward(self, x, y):
        mu, logvar = self.encode(x, y)
        return self.decode(mu + torch.randn_like(mu) * torch.exp(0.5 * logvar), y), mu, logvar


def told(kind: type[Told], is_number: bool) -> Network:
    net = settled(kind(is_number))
    form = (lambda y: y) if is_number else (lambda y: functional.one_hot(y, Y).float())
    return Network(net, lambda x, y: net.encode(x, form(y)), lambda z, y: net.decode(z, form(y)), is_told=True)


def embedded_class():
    class Embedded(Told):
        def layers(self):
            self.first, self.heads = nn.Linear(774, 20), nn.Linear(20, 2 * K)
            self.last = nn.Sequential(nn.Linear(K + 6, 24), nn.ReLU(), nn.Linear(24, 768), nn.Unflatten(1, (3, 16, 16)))

        def encode(self, x, y):
            return self.heads(torch.relu(self.first(torch.cat([x.flatten(1), self.embedding(y)], 1)))).chunk(2, 1)

        def decode(self, z, y):
            return torch.sigmoid(self.last(torch.cat([z, self.embedding(y)], 1)))

    return told(Embedded, is_number=True)


def class_as_maps():
    """Convolutional: the class one hot as maps beside the channels, and beside the code."""

    class Maps(Told):
        def layers(self):
            self.down = nn.Sequential(
                nn.Conv2d(3 + Y, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(512, 2 * K)
            )
            self.first, self.last = nn.Linear(K + Y, 512), nn.ConvTranspose2d(8 + Y, 3, 4, 2, 1)

        def encode(self, x, y):
            maps = y[:, :, None, None].expand(-1, -1, SIDE, SIDE)
            return self.down(torch.cat([x, maps], 1)).chunk(2, 1)

        def decode(self, z, y):
            h = torch.relu(self.first(torch.cat([z, y], 1))).view(-1, 8, 8, 8)
            return torch.sigmoid(self.last(torch.cat([h, y.view(-1, Y, 1, 1).repeat(1, 1, 8, 8)], 1)))

    return told(Maps, is_number=False)


def class_as_gains():
    """Convolutional: gain and offset of every channel from the embedding of the class."""

    class Gains(Told):
        def layers(self):
            self.down, self.heads = nn.Conv2d(3, 6, 3, 2, 1), nn.Linear(384, 2 * K)
            self.first, self.gain, self.last = nn.Linear(K, 384), nn.Linear(6, 6), nn.ConvTranspose2d(6, 3, 4, 2, 1)

        def styled(self, h, y):
            e = self.embedding(y)
            return torch.relu(h * torch.sigmoid(self.gain(e))[:, :, None, None] + e[:, :, None, None])

        def encode(self, x, y):
            return self.heads(self.styled(self.down(x), y).flatten(1)).chunk(2, 1)

        def decode(self, z, y):
            return torch.sigmoid(self.last(self.styled(self.first(z).view(-1, 6, 8, 8), y)))

    return told(Gains, is_number=True)


LIVE = (
    residual_blocks,
    pixel_shuffle,
    max_pooling,
    bilinear,
    depthwise,
    instance_norm,
    prelu,
    self_attention,
    attention_by_products,
    vision_transformer,
    separate_networks,
    distribution,
    sampled_distribution,
    softplus_sigma,
    unbound,
    other_padding,
    channels_as_wide,
    code_as_picture,
    skipping_code,
    squeeze_and_excite,
    layer_norms,
    dense_connections,
    broadcast_code,
    styled,
    normed_weights,
    in_place,
    embedded_class,
    class_as_maps,
    class_as_gains,
)


def with_sines():
    class Sine(nn.Module):
        def forward(self, x):
            return torch.sin(3 * x)

    return of(down(Sine()), up(Sine()))


def with_lines():
    class Lines(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Conv1d(8, 8, 3, padding=1)

        def forward(self, x):
            return self.inner(x.flatten(2)).view_as(x)

    return of(down(Lines()), up(Lines()))


def with_sorting():
    class Sorted(nn.Module):
        def forward(self, x):
            return x.sort(1).values

    return of(down(Sorted()), up(Sorted()))


def with_spectrum():
    class Spectrum(nn.Module):
        def forward(self, x):
            return torch.fft.irfft2(torch.fft.rfft2(x) / 2, s=x.shape[-2:])

    return of(down(Spectrum()), up(Spectrum()))


def with_warp():
    class Warp(nn.Module):
        def forward(self, x):
            turn = torch.tensor([[0.9, -0.2, 0.0], [0.2, 0.9, 0.1]]).expand(len(x), -1, -1)
            return functional.grid_sample(x, functional.affine_grid(turn, x.shape, align_corners=False), align_corners=False)

    return of(down(Warp()), up(Warp()))


NAMED = {
    with_sines: "uses sin,",
    with_lines: "uses conv1d,",
    with_sorting: "uses sort,",
    with_spectrum: "uses fft_rfft2,",
    with_warp: "uses grid_sample,",
}
"""Networks with an operation that is none of ours, and how it is named."""
