"""Do torch and numpy agree on every operation that a network may consist of, and do both give the shape that its record says?"""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trainer.models import layers as spec
from trainer.models.layer_shapes import shape_after, tensor_shapes
from trainer.models.numpy_ops.apply import apply_layer
from trainer.models.numpy_ops.elementwise import erf
from trainer.models.torch_layers import build_layer

SIDE = st.integers(1, 9)
FEW = st.integers(1, 4)
PADDING = st.integers(0, 3)
SIDES = st.one_of(FEW, st.tuples(FEW, FEW))
NARROW = st.one_of(PADDING, st.tuples(PADDING, PADDING))
PICTURE = st.tuples(st.integers(1, 6), SIDE, SIDE)
ANY = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@st.composite
def groups_of(draw):
    """Groups, and numbers of channels that they divide."""
    groups = draw(FEW)
    return groups, groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 3))


@st.composite
def conv2d(draw):
    groups, n_in, n_out = draw(groups_of())
    layer = spec.Conv2d(n_in, n_out, draw(SIDES), draw(SIDES), draw(NARROW), draw(SIDES), groups)
    return layer, [(n_in, draw(SIDE), draw(SIDE))]


@st.composite
def conv_transpose2d(draw):
    groups, n_in, n_out = draw(groups_of())
    layer = spec.ConvTranspose2d(n_in, n_out, draw(SIDES), draw(SIDES), draw(NARROW), draw(NARROW), draw(SIDES), groups)
    return layer, [(n_in, draw(SIDE), draw(SIDE))]


@st.composite
def pool(draw):
    kind = draw(st.sampled_from(get_args(spec.PoolKind)))
    dilation = draw(SIDES) if kind == "max" else 1
    layer = spec.Pool(kind, draw(SIDES), draw(SIDES), draw(NARROW), dilation, draw(st.booleans()), draw(st.booleans()))
    return layer, [draw(PICTURE)]


@st.composite
def pad(draw):
    return spec.Pad(*(draw(PADDING) for _ in range(4)), draw(st.sampled_from(get_args(spec.PadKind)))), [draw(PICTURE)]


@st.composite
def resize(draw):
    layer = spec.Resize(draw(st.sampled_from(get_args(spec.ResizeKind))), draw(SIDE), draw(SIDE), draw(st.booleans()))
    return layer, [draw(PICTURE)]


@st.composite
def adaptive_pool(draw):
    return spec.AdaptivePool(draw(st.sampled_from(get_args(spec.PoolKind))), draw(SIDE), draw(SIDE)), [draw(PICTURE)]


@st.composite
def shuffled(draw, kind):
    factor, (channels, height, width) = draw(st.integers(1, 3)), draw(PICTURE)
    shape = (channels * factor**2, height, width) if kind is spec.PixelShuffle else (channels, height * factor, width * factor)
    return kind(factor), [shape]


@st.composite
def group_norm(draw):
    groups, channels, _ = draw(groups_of())
    return spec.GroupNorm(groups, channels, draw(st.sampled_from([1e-5, 1e-3]))), [(channels, *draw(ANY)[1:])]


@st.composite
def layer_norm(draw):
    shape = draw(ANY)
    return spec.LayerNorm(shape[draw(st.integers(0, len(shape) - 1)) :], 1e-5), [shape]


@st.composite
def per_channel(draw, kind):
    shape = draw(ANY)
    return kind(shape[0]), [shape]


@st.composite
def broadcast(draw):
    """Two shapes that go together."""
    shape = draw(ANY)
    pair = [tuple(1 if draw(st.booleans()) else side for side in shape)[draw(st.integers(0, len(shape))) :], shape]
    return pair[:: draw(st.sampled_from([1, -1]))]


@st.composite
def combine(draw):
    return spec.Combine(draw(st.sampled_from(get_args(spec.CombineKind)))), draw(broadcast())


@st.composite
def matmul(draw):
    n, k, m = (draw(FEW) for _ in range(3))
    a, b = draw(broadcast())
    return spec.MatMul(), [(*a[:2], n, k), (*b[:2], k, m)]


@st.composite
def reduced(draw):
    shape = draw(ANY)
    axes = draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))
    return spec.Reduce(draw(st.sampled_from(get_args(spec.ReduceKind))), tuple(sorted(axes)), draw(st.booleans())), [shape]


@st.composite
def of_axis(draw, kind):
    shape = draw(ANY)
    return kind(draw(st.integers(0, len(shape) - 1))), [shape]


@st.composite
def concat(draw):
    layer, (shape,) = draw(of_axis(spec.Concat))
    return layer, [(*shape[: layer.axis], draw(FEW), *shape[layer.axis + 1 :]) for _ in range(draw(FEW))]


@st.composite
def cut(draw):
    shape = draw(ANY)
    axis = draw(st.integers(0, len(shape) - 1))
    start = draw(st.integers(0, shape[axis] - 1))
    return spec.Slice(axis, start, draw(st.integers(start + 1, shape[axis])), draw(st.integers(1, 3))), [shape]


@st.composite
def permuted(draw):
    shape = draw(ANY)
    return spec.Permute(tuple(draw(st.permutations(range(len(shape)))))), [shape]


@st.composite
def crop(draw):
    channels, height, width = draw(PICTURE)
    return spec.Crop(draw(st.integers(1, height)), draw(st.integers(1, width))), [(channels, height, width)]


@st.composite
def linear(draw):
    shape = draw(ANY)
    return spec.Linear(shape[-1], draw(FEW)), [shape]


@st.composite
def lattice(draw):
    n_codes = draw(st.integers(1, 2))
    return spec.Lattice(draw(PICTURE), n_codes, draw(st.integers(2, 5)), -1.5, 2.0), [(n_codes,)]


CASES = {
    spec.Linear: linear(),
    spec.First: st.tuples(FEW, FEW).map(lambda n: (spec.First(n[0]), [(n[0] + n[1],)])),
    spec.Conv2d: conv2d(),
    spec.ConvTranspose2d: conv_transpose2d(),
    spec.Pad: pad(),
    spec.Pool: pool(),
    spec.AdaptivePool: adaptive_pool(),
    spec.Upsample: st.tuples(FEW, PICTURE).map(lambda drawn: (spec.Upsample(drawn[0]), [drawn[1]])),
    spec.Resize: resize(),
    spec.PixelShuffle: shuffled(spec.PixelShuffle),
    spec.PixelUnshuffle: shuffled(spec.PixelUnshuffle),
    spec.GroupNorm: group_norm(),
    spec.LayerNorm: layer_norm(),
    spec.ChannelAffine: per_channel(spec.ChannelAffine),
    spec.Activation: st.tuples(st.sampled_from(get_args(spec.ActivationKind)), st.sampled_from([0.0, 0.2, 1.5]), ANY).map(
        lambda drawn: (spec.Activation(drawn[0], drawn[1] if drawn[0] in ("leaky-relu", "elu") else 0.0), [drawn[2]])
    ),
    spec.Prelu: per_channel(spec.Prelu),
    spec.Clamp: ANY.map(lambda shape: (spec.Clamp(-0.3, 0.8), [shape])),
    spec.Scale: ANY.map(lambda shape: (spec.Scale(-1.5, 0.25), [shape])),
    spec.Combine: combine(),
    spec.Constant: ANY.map(lambda shape: (spec.Constant(shape), [])),
    spec.MatMul: matmul(),
    spec.Softmax: of_axis(spec.Softmax),
    spec.Reduce: reduced(),
    spec.Concat: concat(),
    spec.Slice: cut(),
    spec.Reshape: ANY.map(lambda shape: (spec.Reshape(shape[::-1]), [shape])),
    spec.Permute: permuted(),
    spec.Flatten: ANY.map(lambda shape: (spec.Flatten(), [shape])),
    spec.Unflatten: PICTURE.map(lambda shape: (spec.Unflatten(shape), [(int(np.prod(shape)),)])),
    spec.Crop: crop(),
    spec.Bias: PICTURE.map(lambda shape: (spec.Bias(shape), [shape])),
    spec.Lattice: lattice(),
    spec.Gallery: st.tuples(PICTURE, FEW).map(lambda drawn: (spec.Gallery(drawn[0], 20, drawn[1]), [(drawn[1],)])),
}


def test_no_operation_is_left_out():
    assert set(CASES) == set(get_args(spec.Layer)) - {spec.Autoregress}


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
@settings(max_examples=60)
@given(st.data())
def test_numpy_gives_what_torch_gives_in_the_shape_that_the_record_says(kind, data):
    layer, shapes = data.draw(CASES[kind])
    try:
        shape = shape_after(layer, *shapes)
    except ValueError:
        assume(False)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    tensors = {name: rng.standard_normal(own).astype(np.float32) for name, own in tensor_shapes(layer).items()}
    if "pictures" in tensors:
        tensors["pictures"] = rng.integers(0, 256, tensors["pictures"].shape, np.uint8)
    given_ = [1.5 * rng.standard_normal((3, *own)).astype(np.float32) for own in shapes]
    if layer in (spec.Activation("log"), spec.Activation("sqrt"), spec.Combine("divide")):
        given_ = [np.abs(x) + np.float32(0.5) for x in given_]
    module = build_layer(layer)
    module.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    if isinstance(layer, spec.GroupNorm | spec.LayerNorm):  # which cancel in torch's single precision
        module.double()
    with torch.no_grad():
        wanted = module(*(torch.from_numpy(x).to(next(module.parameters(), torch.zeros(())).dtype) for x in given_)).numpy()
    found = apply_layer(layer, given_, tensors, n=3)
    wanted = np.broadcast_to(wanted, (3, *wanted.shape[1:]))  # one for all, of a constant
    assert found.shape == wanted.shape == (3, *shape)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=1e-5, rtol=1e-5)


IMPOSSIBLE = [
    (spec.Linear(4, 2), [(3,)]),
    (spec.Linear(4, 2), [()]),
    (spec.Linear(4, 2), [(4,), (4,)]),
    (spec.Linear(4, 2, 3), [(2, 4)]),
    (spec.First(3), [(2,)]),
    (spec.Conv2d(2, 2, 3, 1, 0), [(3, 9, 9)]),
    (spec.Conv2d(2, 2, 3, 1, 0), [(2, 9)]),
    (spec.Conv2d(2, 2, 3, 1, 0), [(2, 2, 9)]),
    (spec.Conv2d(2, 2, 3, 1, 1, 4), [(2, 6, 6)]),
    (spec.Conv2d(3, 4, 1, 1, 0, 1, 2), [(3, 2, 2)]),
    (spec.Conv2d(2, 3, 1, 1, 0, 1, 2), [(2, 2, 2)]),
    (spec.ConvTranspose2d(2, 2, 1, 1, 1), [(2, 2, 2)]),
    (spec.ConvTranspose2d(2, 2, 3, 2, 1, 2), [(2, 2, 2)]),
    (spec.Pad(3, 0, 0, 0, "reflect"), [(1, 3, 3)]),
    (spec.Pad(0, 0, 4, 0, "circular"), [(1, 3, 3)]),
    (spec.Pad(1, 0, 0, 0), [(3,)]),
    (spec.Pool("max", 3, 1), [(1, 2, 5)]),
    (spec.Pool("max", 2, 1, 2), [(1, 5, 5)]),
    (spec.Pool("average", 2, 1, 0, 2), [(1, 5, 5)]),
    (spec.PixelShuffle(2), [(6, 2, 2)]),
    (spec.PixelUnshuffle(2), [(1, 3, 2)]),
    (spec.GroupNorm(3, 4, 1e-5), [(4, 2)]),
    (spec.GroupNorm(2, 4, 1e-5), [(6, 2)]),
    (spec.LayerNorm((3,), 1e-5), [(3, 4)]),
    (spec.ChannelAffine(3), [(4, 3)]),
    (spec.Prelu(3), [(4,)]),
    (spec.Combine("add"), [(3,)]),
    (spec.Combine("add"), [(3,), (4,)]),
    (spec.Combine("add"), [(3,), (3,), (3,)]),
    (spec.Constant((2,)), [(2,)]),
    (spec.MatMul(), [(3,), (3, 2)]),
    (spec.MatMul(), [(2, 3), (2, 3)]),
    (spec.MatMul(), [(2, 4, 3), (3, 3, 5)]),
    (spec.Softmax(1), [(4,)]),
    (spec.Reduce("mean", (0, 0)), [(4,)]),
    (spec.Reduce("mean", (1,)), [(4,)]),
    (spec.Reduce("mean", ()), [(4,)]),
    (spec.Concat(0), []),
    (spec.Concat(1), [(2,), (2,)]),
    (spec.Concat(0), [(2, 3), (2, 4)]),
    (spec.Concat(0), [(2, 3), (2,)]),
    (spec.Slice(0, 2, 2), [(4,)]),
    (spec.Slice(0, 0, 5), [(4,)]),
    (spec.Slice(1, 0, 1), [(4,)]),
    (spec.Reshape((5,)), [(2, 2)]),
    (spec.Permute((0, 0)), [(2, 2)]),
    (spec.Permute((0,)), [(2, 2)]),
    (spec.Unflatten((1, 2, 2)), [(5,)]),
    (spec.Crop(3, 3), [(1, 2, 3)]),
    (spec.Bias((1, 2, 2)), [(1, 2, 3)]),
    (spec.Upsample(2), [(4,)]),
    (spec.Upsample(2**12), [(4, 4, 4)]),
    (spec.Lattice((1, 2, 2), 3, 2, 0.0, 1.0), [(3,)]),
    (spec.Gallery((1, 2, 2), 8, 2), [(2,)]),
    (spec.Reshape((1,) * 7), [(1,)]),
]


@pytest.mark.parametrize(("layer", "shapes"), IMPOSSIBLE, ids=str)
def test_what_a_layer_cannot_take_is_refused(layer, shapes):
    with pytest.raises(ValueError, match="cannot take a tensor of shape"):
        shape_after(layer, *shapes)


@settings(max_examples=200)
@given(st.data())
def test_windows_are_refused_where_torch_refuses_them(data):
    """Of convolutions and pools; torch is a little more generous with the padding of a pool than a picture can use."""
    layer, shapes = data.draw(st.one_of(conv2d(), conv_transpose2d(), pool(), pad()))
    try:
        with torch.no_grad():
            wanted = tuple(build_layer(layer)(torch.zeros(1, *shapes[0])).shape[1:])
    except (RuntimeError, ValueError):
        wanted = ()
    if 0 in wanted:
        wanted = ()
    if not wanted:
        with pytest.raises(ValueError, match="cannot take"):
            shape_after(layer, *shapes)
    elif not (
        isinstance(layer, spec.Pool) and any(2 * p > k for p, k in zip(*map(spec.pair, (layer.padding, layer.kernel)), strict=True))
    ):
        assert shape_after(layer, *shapes) == wanted


def test_the_error_function_is_that_of_torch():
    x = np.linspace(-6, 6, 20_001, dtype=np.float32)
    assert np.abs(erf(x) - torch.erf(torch.from_numpy(x).double()).numpy()).max() < 1.2e-7


@pytest.mark.parametrize("kind", get_args(spec.ActivationKind))
def test_activations_hold_far_out(kind):
    """Neither engine overflows where the other does not."""
    x = np.array([[-1e4, -90, -30, -1e-6, 0, 1e-6, 30, 90, 1e4]], np.float32)
    layer = spec.Activation(kind, 0.2 if kind in ("leaky-relu", "elu") else 0.0)
    wanted = build_layer(layer)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(apply_layer(layer, [x], {}), wanted, rtol=1e-5, atol=1e-6)
