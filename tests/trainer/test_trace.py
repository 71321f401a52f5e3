"""Are the layers that are found behind a function those that it computes? Torch's own answer is the second opinion."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from trainer.importers.tracing.recording import disagreement, trace, trace_joined
from trainer.importers.tracing.steps import UntraceableError
from trainer.models import layers as spec
from trainer.models.torch_layers import build_layer

CLOSE = 2e-6


def settled(module: nn.Module, example: torch.Tensor) -> nn.Module:
    """With running means of a batch norm that are not 0 and 1, in evaluation."""
    torch.manual_seed(1)
    for _ in range(4):
        module(torch.randn_like(example) + 0.3)
    return module.eval()


def heads(module, width=6, depth=1):
    """Mean and log variance beside each other."""
    layers = [nn.Linear(width, 5), nn.Tanh()] * (depth - 1)
    last = 5 if depth > 1 else width
    mu, logvar = (nn.Sequential(*layers, nn.Linear(last, 3)) for _ in range(2))
    return lambda x: (mu(module(x)), logvar(module(x)))


VECTOR, PICTURE = torch.randn(7, 6, generator=torch.Generator().manual_seed(0)), torch.rand(7, 3, 9, 9)

DENSE, WIDE, CONV = nn.Linear(6, 5), nn.Linear(6, 8), nn.Conv2d(3, 2, 3, padding=1)
GREY = torch.tensor([0.4, 0.5, 0.6])[:, None, None]

FUNCTIONS = {
    "functional": (lambda: lambda z: torch.sigmoid(DENSE(functional.relu(z))), VECTOR),
    "without bias": (lambda: nn.Linear(6, 5, bias=False), VECTOR),
    "batch norm of a vector": (lambda: nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.BatchNorm1d(5)), VECTOR),
    "batch norm of pictures": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ELU(0.7), nn.BatchNorm2d(4)),
        PICTURE,
    ),
    "transposed, one row more": (
        lambda: nn.Sequential(nn.ConvTranspose2d(3, 2, 3, 2, 1, output_padding=1), nn.BatchNorm2d(2)),
        PICTURE,
    ),
    "transposed, no bias": (lambda: nn.ConvTranspose2d(3, 2, 4, 2, 1, bias=False), PICTURE),
    "padding same": (lambda: nn.Conv2d(3, 2, 5, padding="same"), PICTURE),
    "activations": (
        lambda: nn.Sequential(
            nn.Linear(6, 9),
            nn.LeakyReLU(0.2),
            nn.Linear(9, 9),
            nn.GELU(),
            nn.Linear(9, 9),
            nn.GELU("tanh"),
            nn.Linear(9, 9),
            nn.Softplus(),
            nn.Linear(9, 9),
            nn.SiLU(),
            nn.Linear(9, 9),
            nn.PReLU(),
            nn.ELU(),
        ),
        VECTOR,
    ),
    "shapes": (
        lambda: nn.Sequential(nn.Linear(6, 48), nn.Unflatten(1, (3, 4, 4)), nn.Upsample(scale_factor=2), nn.Flatten()),
        VECTOR,
    ),
    "in place": (
        lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(inplace=True), nn.Linear(5, 4), nn.LeakyReLU(inplace=True)),
        VECTOR,
    ),
    "dropout": (lambda: nn.Sequential(nn.Linear(6, 5), nn.Dropout(0.5)), VECTOR),
    "standardised pixels": (lambda: lambda x: CONV((x - 0.13) / 0.31), PICTURE),
    "mean and scale of every channel": (lambda: lambda x: (x - GREY) / (2 * GREY), PICTURE),
    "from minus one to one": (lambda: lambda z: (1 + torch.tanh(DENSE(z))) * 0.5, VECTOR),
    "a crop": (lambda: lambda x: x[:, :, :5, :7], PICTURE),
    "some numbers": (lambda: lambda z: WIDE(z)[:, 2:5], VECTOR),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_found_gives_the_numbers_of_the_function(name):
    make, example = FUNCTIONS[name]
    torch.manual_seed(0)
    function = make()
    function = settled(function, example) if isinstance(function, nn.Module) else function
    (found,) = trace(function, example)
    torch.manual_seed(5)
    x = 2 * torch.randn(31, *example.shape[1:])
    assert disagreement(found, function, x) < CLOSE
    # and torch, running the layers that were found, agrees too
    stack = nn.Sequential(*map(build_layer, found.layers))
    stack.load_state_dict({key: torch.from_numpy(array) for key, array in found.weights.items()})
    with torch.no_grad():
        assert torch.allclose(stack(x), function(x), atol=1e-5, rtol=1e-4)


def test_a_batch_norm_costs_no_layer():
    module = settled(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()), PICTURE)
    (found,) = trace(module, PICTURE)
    assert found.layers == (spec.Conv2d(3, 4, 3, 1, 0), spec.Activation("relu"))


@pytest.mark.parametrize("depth", [1, 2])
def test_two_heads_become_one_network(depth):
    torch.manual_seed(2)
    trunk = nn.Sequential(nn.Flatten(), nn.Linear(243, 6), nn.ReLU())
    function = heads(trunk, depth=depth)
    found = trace_joined(function, PICTURE)
    assert sum(isinstance(layer, spec.Linear) for layer in found.layers) == 1 + depth
    assert disagreement(found, lambda x: torch.cat(function(x), 1), torch.rand(30, 3, 9, 9)) < CLOSE


def test_a_vector_cut_in_two_and_a_logarithm_of_the_deviation():
    torch.manual_seed(2)
    whole = nn.Sequential(nn.Flatten(), nn.Linear(243, 8))

    def function(x):
        mu, log_std = whole(x).chunk(2, dim=1)
        return mu, 2 * torch.exp(log_std).log()

    found = trace_joined(function, PICTURE)
    assert found.layers == (spec.Flatten(), spec.Linear(243, 8))
    x = torch.rand(30, 3, 9, 9)
    mu, logvar = np.split(found.run(x.numpy()), 2, axis=1)
    with torch.no_grad():
        assert np.allclose(mu, whole(x)[:, :4].numpy(), atol=1e-6)
        assert np.allclose(logvar, 2 * whole(x)[:, 4:].numpy(), atol=1e-6)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda z: torch.sin(z), "uses sin"),
        (lambda z: z + torch.randn(7, 6), "draws random numbers"),
        (lambda z: z + torch.sin(z), "uses sin"),
        (lambda z: z * torch.relu(z), "two branches of itself"),
        (lambda z: z if z.sum().item() > 0 else -z, "cannot be recorded"),
        (lambda z: z - z.mean(0, keepdim=True), "mixes the inputs of a batch"),
        (lambda z: functional.layer_norm(z, (6,)), "native_layer_norm"),
        (lambda z: torch.exp(z), "uses exp"),
        (lambda z: nn.functional.batch_norm(z, None, None, training=True), "call eval"),
        (lambda z: torch.ones(7, 6), "does not depend on its input"),
        (lambda z: functional.conv2d(z.view(7, 6, 1, 1), torch.ones(6, 1, 1, 1), groups=6), "groups"),
    ],
)
def test_what_no_layer_of_ours_computes_is_refused_by_name(function, why):
    with pytest.raises(UntraceableError, match=why):
        trace(function, VECTOR)


def test_a_branch_that_depends_on_the_input_is_found_out_by_its_numbers():
    def function(z):
        return torch.relu(z) if z.shape[0] == 7 else torch.tanh(z)

    (found,) = trace(function, VECTOR)
    assert disagreement(found, function, VECTOR) == 0
    assert disagreement(found, function, VECTOR[:5]) > 0.1
