"""How does torch run the described layers?

Letters: B images, C×H×W their shape, K latent dimensions, Y classes.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from trainer.errors import DataError
from trainer.models import layers as spec
from trainer.models.autoregressive import masks
from trainer.models.layer_shapes import tensor_shapes
from trainer.models.layers import CLASS, ImageShape, Layer, inputs_of
from trainer.models.tabulated_decoder import in_gallery, on_lattice
from trainer.models.torch_ops import module_of


class First(nn.Module):
    """Keeps the first n numbers."""

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
        y = _told(y)
        of_x = nn.functional.linear(x, self.weight[:, : self.n_in], self.bias)
        if len(y) != len(x):
            of_x = of_x.repeat(len(y) // len(x), 1)
        return of_x + self.weight[:, self.n_in :].T[y]


class Stack(nn.Sequential):
    """Layers of a network as modules, run as the graph that their `inputs` describe; the class reaches those that are told it."""

    def __init__(self, layers: tuple[Layer, ...], n_classes: int = 0) -> None:
        super().__init__(*map(build_layer, layers))
        self.n_classes = n_classes
        self.sources = [inputs_of(layers, i) for i in range(len(layers))]
        last_use = {number: i for i, numbers in enumerate(self.sources) for number in numbers}
        self.done = [[number for number in set(numbers) if last_use[number] == i] for i, numbers in enumerate(self.sources)]
        """What is let go after each layer, because no later one takes it."""
        self.is_told = CLASS in last_use

    def forward(self, x: Tensor, y: Tensor | None = None, start: int = 0, stop: int | None = None) -> Tensor:
        """x (B, …), y (B,) or several times as many; of a row of layers only those from start up to, not including, stop."""
        values = {}
        if self.is_told:
            y = _told(y)
            values[CLASS] = nn.functional.one_hot(y, self.n_classes).to(x.dtype)
            x = x.repeat(len(y) // len(x), *[1] * (x.ndim - 1)) if len(y) != len(x) else x
        values[start - 1], n = x, len(x)
        for i, module in list(enumerate(self))[start:stop]:
            given = [values[number] for number in self.sources[i]]
            x = module(*given, y) if isinstance(module, LabelledLinear) else module(*given)
            if isinstance(module, Constant):
                x = x.expand(n, *x.shape[1:])
            for number in self.done[i]:
                del values[number]
            values[i] = x
        return x.float() if x.dtype == torch.bfloat16 else x  # under autocast: what is summed is summed in float32


def _told(y: Tensor | None) -> Tensor:
    if y is None:
        raise DataError("A conditional model was asked without labels; allowed: y, the class of every image or code.")
    return y


class _Stored(nn.Module):
    """Pictures of a decoder that is not known, in place of its layers; numpy looks them up, so there are no gradients."""

    def __init__(self, layer: spec.Lattice | spec.Gallery) -> None:
        super().__init__()
        self.layer = layer
        for name, shape in tensor_shapes(layer).items():
            self.register_buffer(name, torch.zeros(shape, dtype=torch.uint8 if name == "pictures" else torch.float32))

    def forward(self, z: Tensor) -> Tensor:
        tensors = [buffer.cpu().numpy() for buffer in self.buffers()]
        codes = z.detach().cpu().numpy()
        if isinstance(self.layer, spec.Lattice):
            found = on_lattice(codes, tensors[0], self.layer.size, self.layer.low, self.layer.high)
        else:
            found = in_gallery(codes, tensors[0], tensors[1])
        return torch.from_numpy(np.ascontiguousarray(found)).to(z.device).view(len(z), *self.layer.shape)


class Bias(nn.Module):
    """Adds one learned number to every pixel."""

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


class GroupNorm(nn.GroupNorm):
    """Also of one number a group, which torch's module refuses: it is its own mean."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


class ChannelAffine(nn.Module):
    """A factor and an offset a channel, the first axis after the batch."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        shape = (-1, *[1] * (x.ndim - 2))
        return x * self.weight.view(shape) + self.bias.view(shape)


class Constant(nn.Module):
    """A tensor that depends on no input; the stack lays it out for the batch."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self) -> Tensor:
        return self.weight[None]


def build_layer(layer: Layer) -> nn.Module:
    """The torch module of one described layer, with torch's own initial weights."""
    match layer:
        case spec.Linear(n_in, n_out, n_labels):
            return LabelledLinear(n_in, n_out, n_labels) if n_labels else nn.Linear(n_in, n_out)
        case spec.First(n):
            return First(n)
        case spec.Conv2d(n_in, n_out, kernel, stride, padding, dilation, groups):
            return nn.Conv2d(n_in, n_out, kernel, stride, padding, dilation, groups)
        case spec.ConvTranspose2d(n_in, n_out, kernel, stride, padding, extra, dilation, groups):
            return nn.ConvTranspose2d(n_in, n_out, kernel, stride, padding, extra, groups, dilation=dilation)
        case spec.GroupNorm(groups, channels, eps):
            return GroupNorm(groups, channels, eps)
        case spec.LayerNorm(shape, eps):
            return nn.LayerNorm(shape, eps)
        case spec.ChannelAffine(channels):
            return ChannelAffine(channels)
        case spec.Prelu(channels):
            return nn.PReLU(channels)
        case spec.Constant(shape):
            return Constant(shape)
        case spec.Bias(shape):
            return Bias(shape)
        case spec.Lattice() | spec.Gallery():
            return _Stored(layer)
        case spec.Autoregress(n_pixels, n_hidden):
            return Autoregress(n_pixels, n_hidden)
    module = module_of(layer)
    assert module is not None, layer
    return module
