"""Are the layers that are found behind a function those that it computes? Torch's own answer is the second opinion."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from trainer.importers.tracing.recording import disagreement, trace, trace_joined
from trainer.importers.tracing.steps import UntraceableError
from trainer.models import layers as spec
from trainer.models.torch_layers import Stack

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


torch.manual_seed(6)  # the weights below are the same whatever was imported before
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

SLOPES, WIDTHS = torch.linspace(-0.2, 0.4, 3), torch.linspace(0.5, 2, 9)
QUERIES = nn.Linear(9, 9)
CHANNELS = torch.rand(4, 3, 3, 3, generator=torch.Generator().manual_seed(3))
THIN = torch.rand(3, 1, 3, 3, generator=torch.Generator().manual_seed(4))
SPREAD = torch.rand(3, 2, 3, 3, generator=torch.Generator().manual_seed(5))


def rows(x: torch.Tensor) -> torch.Tensor:
    """Pictures (B, 3, 9, 9) as 27 tokens of 9 numbers."""
    return x.reshape(len(x), 27, 9)


OPERATIONS = {
    "a product of two branches": lambda x: x * torch.relu(x),
    "a sum of two branches": lambda x: torch.relu(CONV(x)) + CONV(x).tanh(),
    "a quotient": lambda x: x / (1 + x.abs()),
    "a constant over it": lambda x: 1 / (2 + x.square()),
    "one picture for all": lambda x: x * CHANNELS.reshape(-1)[:81].reshape(9, 9) - 0.5,
    "larger and smaller": lambda x: torch.maximum(x, -x).minimum(torch.full_like(x, 0.8)),
    "powers": lambda x: x**2 + x**3 - (x.abs() + 1) ** 0.5 + (x.abs() + 1) ** -0.5 + (x.abs() + 1).reciprocal() + 2.0**x,
    "exp and log": lambda x: torch.log(x.exp() + 1) + torch.log1p(x.abs()) + torch.expm1(x / 4),
    "hard ones": lambda x: functional.hardtanh(x) + functional.hardswish(x) + functional.hardsigmoid(x) + functional.relu6(4 * x),
    "soft ones": lambda x: functional.mish(x) + functional.selu(x) + functional.celu(x, 0.5) + functional.softplus(x, 2.0),
    "others": lambda x: functional.logsigmoid(x) + functional.softsign(x) + functional.tanhshrink(x),
    "a gate": lambda x: functional.glu(torch.cat([x, x * 2], 1), 1),
    "a slope a channel": lambda x: functional.prelu(x, SLOPES),
    "a softmax": lambda x: x.softmax(1) + x.log_softmax(-1) / 50,
    "group norm": lambda x: functional.group_norm(x, 3, SLOPES, SLOPES + 1),
    "layer norm": lambda x: functional.layer_norm(x, (9, 9)) + functional.layer_norm(x, (9,), WIDTHS, WIDTHS),
    "instance norm": lambda x: functional.instance_norm(x, weight=SLOPES, bias=SLOPES),
    "instance norm that was kept": lambda x: functional.instance_norm(x, SLOPES, 1 + SLOPES, use_input_stats=False),
    "mean and deviation": lambda x: (
        (x - x.mean((2, 3), keepdim=True)) / (x.std((2, 3), keepdim=True) + x.var(1, keepdim=True) + 0.1)
    ),
    "means of vectors": lambda x: x.mean((2, 3)) + x.amax((2, 3)) + x.sum((-1, -2)) / 81 + x.max(3).values.max(2)[0],
    "a length": lambda x: functional.normalize(x.flatten(1)),
    "max pooling": lambda x: functional.max_pool2d(x, 3, 2, 1) + functional.max_pool2d(x, 2, 2, ceil_mode=True),
    "mean pooling": lambda x: functional.avg_pool2d(x, 3, 2, 1) + functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    "adaptive pooling": lambda x: functional.adaptive_avg_pool2d(x, (4, 5)) + functional.adaptive_max_pool2d(x, (4, 5)),
    "groups": lambda x: functional.conv2d(x, THIN, padding=1, groups=3),
    "dilation": lambda x: functional.conv2d(x, CHANNELS, dilation=2, padding="same"),
    "an even kernel": lambda x: functional.conv2d(x, CHANNELS[..., :2], padding="same"),
    "strides of its own": lambda x: functional.conv2d(x, CHANNELS, stride=(2, 1), padding=(0, 2)),
    "transposed with groups": lambda x: functional.conv_transpose2d(x, THIN, stride=2, padding=1, output_padding=1, groups=3),
    "transposed and dilated": lambda x: functional.conv_transpose2d(x, SPREAD, stride=(2, 1), dilation=2),
    "reflection": lambda x: functional.pad(x, (1, 2, 3, 0), mode="reflect"),
    "replication": lambda x: functional.pad(x, (1, 2, 3, 0), mode="replicate"),
    "circles": lambda x: functional.pad(x, (1, 2, 3, 0), mode="circular"),
    "ones around": lambda x: functional.pad(x, (1, 2, 3, 0), value=1.0),
    "less than nothing around": lambda x: functional.pad(x, (-1, 2, 0, -3)),
    "nearest-exact": lambda x: functional.interpolate(x, scale_factor=3, mode="nearest-exact"),
    "nearest": lambda x: functional.interpolate(x, scale_factor=2) + functional.interpolate(x, size=(18, 18)),
    "nearest, odd": lambda x: functional.interpolate(x, size=(7, 13)),
    "bilinear": lambda x: functional.interpolate(x, size=(13, 20), mode="bilinear"),
    "bilinear, corners on corners": lambda x: functional.interpolate(x, size=(13, 20), mode="bilinear", align_corners=True),
    "pixel shuffle": lambda x: functional.pixel_shuffle(functional.pixel_unshuffle(functional.pad(x, (0, 1, 1, 0)), 2), 2),
    "joins": lambda x: torch.cat([x, GREY.expand(len(x), 3, 9, 9), x.relu()], 1),
    "a stack": lambda x: torch.stack([x, x.tanh()], 2).flatten(1, 2),
    "pieces": lambda x: torch.cat([part.tanh() * i for i, part in enumerate(x.split([2, 3, 4], 3))], 3),
    "halves": lambda x: x[..., :8].chunk(2, 3)[0] * x[..., :8].chunk(2, -1)[1],
    "one by one": lambda x: x.unbind(1)[0] + x.select(2, 4)[:, :1] - x[:, -1],
    "every other": lambda x: x[:, :, ::2, 1::3],
    "backwards": lambda x: x.flip(1) + x[:, [2, 0, 1]] + x.roll(1, 1),
    "again and again": lambda x: x[:, :, :1, :1].expand(-1, -1, 5, 4) + x[:, :, :1, :1].repeat(1, 1, 5, 4) + x[:, :1, :5, :4],
    "each twice": lambda x: x.repeat_interleave(2, 2),
    "axes": lambda x: x.permute(0, 2, 3, 1).transpose(1, 2).unsqueeze(1).squeeze(1).movedim(3, 1),
    "the batch elsewhere": lambda x: QUERIES(rows(x).transpose(0, 1)).transpose(0, 1),
    "the batch beside an axis": lambda x: QUERIES(rows(x).reshape(-1, 9)).view(len(x), 27, 9).relu(),
    "attention": lambda x: functional.scaled_dot_product_attention(QUERIES(rows(x)), rows(x), rows(x).tanh()),
    "attention that looks back": lambda x: functional.scaled_dot_product_attention(
        rows(x), rows(x), rows(x), is_causal=True, scale=0.3
    ),
    "attention by hand": lambda x: torch.bmm(torch.softmax(rows(x) @ QUERIES(rows(x)).transpose(1, 2) / 3, -1), rows(x)),
    "attention by sums": lambda x: torch.einsum("bij,bkj->bik", rows(x), QUERIES(rows(x))),
    "added products": lambda x: torch.baddbmm(rows(x) @ rows(x).mT, rows(x), rows(x).mT, beta=0.5, alpha=0.25),
    "a matrix from the left": lambda x: WIDTHS.diag() @ x + QUERIES.weight @ x,
    "a matrix and a vector": lambda x: (x @ WIDTHS) @ QUERIES.weight[:, :2] + (x @ QUERIES.weight[:, :2]).sum(2),
    "made of others": lambda x: (
        torch.lerp(x, x.tanh(), 0.3) + torch.addcmul(x, x, x.relu(), value=0.5) + x.logsumexp(1, keepdim=True)
    ),
    "written in place": lambda x: x.clone().mul_(2).add_(x.tanh()).clamp_(-1, 1),
    "batch norm as wide as there are channels": lambda x: functional.batch_norm(x.transpose(1, 3), WIDTHS, WIDTHS, WIDTHS),
    "a variance by its parts": lambda x: ((x.exp() * 0.5).square()).log() + torch.sqrt(x.exp()).log(),
    "double precision in passing": lambda x: x.double().tanh().float(),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_gives_the_numbers_of_the_function(name):
    function = OPERATIONS[name]
    (found,) = trace(function, PICTURE)
    torch.manual_seed(5)
    x = 1.5 * torch.randn(13, 3, 9, 9)
    assert disagreement(found, function, x) < 2e-5
    stack = Stack(found.layers)
    stack.load_state_dict({key: torch.from_numpy(array) for key, array in found.weights.items()})
    with torch.no_grad():
        assert torch.allclose(stack(x), function(x), atol=1e-4, rtol=1e-4)


def test_answers_that_are_no_numbers_do_not_agree():
    """`max` of an array with a NaN is NaN, which is not above any limit."""
    (found,) = trace(torch.tanh, PICTURE)
    for wrong in (math.nan, math.inf):
        assert disagreement(found, lambda x, wrong=wrong: torch.full_like(x, wrong), PICTURE) == math.inf


def switches() -> tuple[bool, bool]:
    """What of torch is changed while it records."""
    return torch.backends.mha.get_fastpath_enabled(), torch.distributions.Distribution._validate_args


@pytest.fixture
def checking() -> Iterator[None]:
    """Distributions look at their arguments, as they do unless torch has compiled something, which switches that off for good."""
    before = torch.distributions.Distribution._validate_args
    torch.distributions.Distribution.set_default_validate_args(True)
    yield
    torch.distributions.Distribution.set_default_validate_args(before)


def test_heads_of_attention_as_torch_writes_them(checking):
    torch.manual_seed(0)
    whole = nn.TransformerEncoderLayer(9, 3, 12, batch_first=True).eval()
    apart = nn.MultiheadAttention(9, 3).eval()  # the batch is the second axis
    for function in (lambda x: whole(rows(x)), lambda x: apart(*[rows(x).transpose(0, 1)] * 3)[0].transpose(0, 1)):
        (found,) = trace(function, PICTURE)
        assert disagreement(found, function, torch.rand(13, 3, 9, 9)) < 1e-5
    assert switches() == (True, True)


def spread(z: torch.Tensor) -> torch.Tensor:
    """Every number as a picture of its own."""
    return z[:, :, None, None].expand(-1, -1, 4, 3)


CLASSES = {
    "one hot": lambda z, y: torch.cat([z, functional.one_hot(y, 5).float()], 1),
    "an embedding": lambda z, y: DENSE(z) + EMBEDDING(y),
    "a network of the embedding": lambda z, y: DENSE(z) * torch.sigmoid(DENSE(EMBEDDING_OF_6(y))),
    "a map": lambda z, y: torch.cat([spread(z), spread(functional.one_hot(y, 5))], 1),
    "a gain of every channel": lambda z, y: z.view(-1, 3, 2, 1) * EMBEDDING_OF_3(y)[:, :, None, None] + y[:, None, None, None] / 5,
    "a column of numbers": lambda z, y: torch.cat([z, y[:, None].float()], 1),
}
EMBEDDING, EMBEDDING_OF_6, EMBEDDING_OF_3 = nn.Embedding(5, 5), nn.Embedding(5, 6), nn.Embedding(5, 3)


@pytest.mark.parametrize("name", CLASSES)
def test_the_class_is_an_input_of_its_own(name):
    function = CLASSES[name]
    (found,) = trace(function, VECTOR, 5)
    assert found.takes_class
    y = torch.arange(23) % 5
    assert disagreement(found, function, torch.randn(23, 6), y, 5) < 1e-5


def test_a_distribution_that_looks_at_its_numbers_is_recorded_all_the_same():
    def function(z):
        law = torch.distributions.Normal(DENSE(z), functional.softplus(DENSE(z)) + 1e-3)
        return law.mean, law.stddev.log()

    found = trace_joined(function, VECTOR)
    assert disagreement(found, lambda z: torch.cat(function(z), 1), torch.randn(20, 6)) < 1e-5


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
    stack = Stack(found.layers)
    stack.load_state_dict({key: torch.from_numpy(array) for key, array in found.weights.items()})
    with torch.no_grad():
        assert torch.allclose(stack(x), function(x), atol=1e-5, rtol=1e-4)


def test_a_batch_norm_costs_no_layer():
    module = settled(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()), PICTURE)
    (found,) = trace(module, PICTURE)
    assert found.layers == (spec.Conv2d(3, 4, 3, 1, 0), spec.Activation("relu"))


def test_of_what_is_computed_twice_or_for_nothing_one_layer_is_left():
    def function(z):
        h = torch.relu(DENSE(z))
        again = torch.relu(DENSE(z))
        torch.exp(h)
        return (h + again * 0 + 1) - 1

    (found,) = trace(function, VECTOR)
    assert found.layers == (spec.Linear(6, 5), spec.Activation("relu"))


def test_what_turns_gradients_on_is_recorded_by_running_it():
    """torch.export makes a graph of its own of such a part."""

    def function(z):
        with torch.enable_grad():
            return torch.tanh(DENSE(z)).detach()

    (found,) = trace(function, VECTOR)
    assert found.layers == (spec.Linear(6, 5), spec.Activation("tanh"))
    assert disagreement(found, function, torch.randn(20, 6)) < CLOSE


def test_a_batch_norm_after_a_vector_became_a_picture_costs_no_layer():
    module = settled(
        nn.Sequential(nn.Linear(6, 48), nn.Unflatten(1, (3, 4, 4)), nn.BatchNorm2d(3), nn.Upsample(scale_factor=2)), VECTOR
    )
    (found,) = trace(module, VECTOR)
    assert found.layers == (spec.Linear(6, 48), spec.Unflatten((3, 4, 4)), spec.Upsample(2))
    assert disagreement(found, module, torch.randn(20, 6)) < CLOSE


def test_activations_that_are_written_out_are_those_that_have_a_name():
    (found,) = trace(lambda z: (torch.tanh(DENSE(z) * torch.sigmoid(DENSE(z))) + 1) / 2, VECTOR)
    assert [layer.kind for layer in found.layers if isinstance(layer, spec.Activation)] == ["silu", "sigmoid"]


def test_changes_of_shape_in_a_row_are_one():
    (found,) = trace(
        lambda x: x.flatten(1).view(-1, 9, 27).transpose(1, 2).transpose(1, 2).reshape(-1, 3, 9, 9).flatten(1), PICTURE
    )
    assert found.layers == (spec.Flatten(),)


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


def zero_in_part(z):
    y = z.clone()
    y[:, :2] = 0
    return y


def halved_in_part(z):
    """The whole after a part of it was halved, and a part after the whole was."""
    whole = z.clone()
    part = whole[:, :2]
    part.mul_(0.5)
    other = z.clone()
    of_other = other[:, :2]
    other.mul_(0.5)
    return whole, of_other


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda z: torch.sin(z), "uses sin"),
        (lambda z: z + torch.randn(7, 6), "draws random numbers"),
        (lambda z: z + torch.sin(z), "uses sin"),
        (lambda z: z if z.sum().item() > 0 else -z, "reads a number out of a tensor, as a branch on the input does"),
        (lambda z: z * 2 if z.sum() > 0 else z, "reads a number out of a tensor, as a branch on the input does"),
        (lambda z: torch.from_numpy(z.detach().numpy()), "computes outside of torch, as numpy does"),
        (lambda z: z.half().float(), "rounds its numbers to float16"),
        (lambda z: z.bfloat16().float() + 1, "rounds its numbers to bfloat16"),
        (lambda z: z.round().long().float(), "rounds its numbers to int64|uses round"),
        (lambda z: z + torch.randn(7, 6, generator=torch.Generator().manual_seed(0)), "draws random numbers"),
        (lambda z: z - z.mean(0, keepdim=True), "mixes the inputs of a batch"),
        (lambda z: functional.conv1d(z.view(7, 1, 6), torch.ones(1, 1, 3)), "uses conv1d"),
        (lambda z: z.flatten()[:7, None], "mixes the inputs of a batch"),
        (lambda z: z @ z.T, "mixes the inputs of a batch"),
        (lambda z: torch.where(z > 0, z, -z), "uses where,"),
        (lambda z: z.masked_fill(z < 0, 0.0), "uses masked_fill,"),
        (lambda z: z * (z > 0).float(), "uses gt,"),
        (lambda z: functional.lp_pool2d(z.view(7, 1, 2, 3), 2, 2).flatten(1), "uses lp_pool2d,"),
        (lambda z: torch.stack([one * 1.0 for one in z]), r"mixes the inputs of a batch \(unbind\)"),
        (zero_in_part, "writes into a part of a tensor"),
        (lambda z: halved_in_part(z)[0], "writes into a part of a tensor"),
        (lambda z: halved_in_part(z)[1] + 1, "writes into a part of a tensor"),
        (lambda z: functional.linear(z, z.sum(0)[None]), "mixes the inputs of a batch"),
        (lambda z: functional.dropout(z, 0.5, training=True), "dropout"),
        (lambda z: nn.functional.batch_norm(z, None, None, training=True), r"also after eval\(\)"),
        (lambda z: functional.batch_norm(z, torch.zeros(6), torch.ones(6), training=True), r"call eval\(\) before"),
        (
            lambda z: functional.interpolate(z.view(7, 1, 2, 3), scale_factor=1.3, mode="bilinear"),
            "uses upsample_bilinear2d by a factor",
        ),
        (lambda z: functional.interpolate(z.view(7, 1, 2, 3), scale_factor=1.7), "uses upsample_nearest2d by a factor"),
        (lambda z: torch.ones(7, 6), "does not depend on its input"),
    ],
)
def test_what_no_layer_of_ours_computes_is_refused_by_name(function, why):
    with pytest.raises(UntraceableError, match=why):
        trace(function, VECTOR)


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM, nn.RNN])
@pytest.mark.parametrize("dropped", [0.0, 0.5])
def test_recurrent_layers_are_refused_by_name(kind, dropped):
    """They carry torch's mark of what draws random numbers, for the sake of dropout between layers."""
    layer = kind(3, 3, num_layers=2, batch_first=True, dropout=dropped).eval()
    with pytest.raises(UntraceableError, match=rf"uses {kind.__name__.lower()}\w*, which is none of our layers"):
        trace(lambda z: layer(z.view(7, 2, 3))[0].flatten(1), VECTOR)
    layer.train()
    with pytest.raises(UntraceableError, match="none of our layers" if not dropped else "draws random numbers"):
        trace(lambda z: layer(z.view(7, 2, 3))[0].flatten(1), VECTOR)


def test_recording_says_nothing_to_the_person(capfd):
    with pytest.raises(UntraceableError):
        trace(lambda z: z * 2 if z.sum() > 0 else z, VECTOR)
    assert capfd.readouterr() == ("", "")


def test_a_tensor_that_is_written_again_has_changed_under_all_its_names():
    def function(z):
        first = z * 1.0
        second = first.relu_()
        second.add_(1.0)
        return first * 2

    (found,) = trace(function, VECTOR)
    assert disagreement(found, function, torch.randn(11, 6)) < 1e-6


def test_a_mask_of_the_models_own_and_upsampling_that_cuts_nothing_off_are_layers():
    mask = torch.tensor([True, False, True, True, False, True])
    for function in (
        lambda z: z[:, mask],
        lambda z: functional.interpolate(z.view(len(z), 1, 2, 3), scale_factor=(1.5, 2.0), mode="bilinear"),
        lambda z: functional.interpolate(z.view(len(z), 1, 2, 3), size=(3, 5)),
    ):
        (found,) = trace(function, VECTOR)
        assert disagreement(found, function, torch.randn(11, 6)) < 1e-5


def test_a_branch_that_depends_on_the_input_is_found_out_by_its_numbers():
    def function(z):
        return torch.relu(z) if z.shape[0] == 7 else torch.tanh(z)

    (found,) = trace(function, VECTOR)
    assert disagreement(found, function, VECTOR) == 0
    assert disagreement(found, function, VECTOR[:5]) > 0.1
