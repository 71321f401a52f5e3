"""Does the browser's engine compute every operation as torch does, whichever arithmetic it has, alone and in graphs?

Networks are made for the purpose: cases of one operation stand beside each other as branches of one encoder, which each take their share of
the numbers of a picture and give theirs of the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings

from tests.browser.networks import BATCH, CLASSES, SCRIPT, Asked, Graph, encoding, of_torch
from tests.browser.surface import tab
from tests.browser.test_engine import from_text
from tests.places import BUNDLES
from tests.trainer.test_operations import CASES
from trainer.models import layers as spec
from trainer.models.layer_shapes import network_shapes, shape_after
from trainer.models.layers import CLASS, INPUT, Layer
from trainer.models.torch_layers import Autoregress, build_layer

EXAMPLES = 40  # of every operation
ARITHMETIC = (None, "simd", "scalar")  # None: the best that there is
TOLERANCE = 1e-5
POSITIVE = (spec.Activation("log"), spec.Activation("sqrt"), spec.Combine("divide"))


@pytest.fixture(scope="module")
def ask(browser) -> Iterator[Callable[..., list[list[dict[str, Any]]]]]:
    with tab(browser) as page:
        bundle = (BUNDLES / "surface.js").read_text(encoding="utf-8")
        page.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
        page.route("**/surface.js", lambda route: route.fulfill(body=bundle, content_type="text/javascript"))
        page.goto("http://engine.test/")
        yield lambda cases: page.evaluate(SCRIPT, [ARITHMETIC, [case.record() for case in cases]])


def off(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Largest difference of each column, relative where the number is large."""
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))  # also infinities
    with np.errstate(invalid="ignore"):
        return np.where(same, 0, np.abs(found - wanted) / np.maximum(1, np.abs(wanted))).max(0)


def assert_engine(ask, cases: list[Asked], wanted: list[tuple[np.ndarray, np.ndarray]], names: list[list[str]]) -> None:
    """wanted: codes (BATCH, K) and pictures (BATCH, C·H·W) of every case; names: of what each number of a code comes from."""
    for answers in ask(cases):
        for answer, (mu, places), of_code in zip(answers, wanted, names, strict=True):
            pictures = places.clip(0, 1)  # the mean of a Gaussian pixel
            for key, expected in (("mu", mu), ("muOfMany", mu), ("decoded", pictures), ("decodedMany", pictures)):
                worst = off(from_text(answer[key], expected.shape), expected)
                wrong = [of_code[i] if key.startswith("mu") else "decoder" for i in np.flatnonzero(~(worst <= TOLERANCE))]
                assert not wrong, (answer["arithmetic"], key, worst.max(), sorted(set(wrong)))


# --- each operation


def drawn(kind: type) -> list[tuple[Layer, list[tuple[int, ...]]]]:
    """Different cases that fit, the same ones in every run: of activations each."""
    found: dict[str, tuple[Layer, list[tuple[int, ...]]]] = {}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(CASES[kind])
    def collect(case):
        found[str(case)] = case

    collect()
    cases = [*found.values()]
    if kind is spec.Activation:
        shape = (3, 2, 3)
        cases += [
            (spec.Activation(name, 0.3 if name in get_args(spec.SlopedActivation) else 0), [shape])
            for name in get_args(spec.ActivationKind)
        ]
    return [case for case in cases if fits(*case)]


def fits(layer: Layer, shapes: list[tuple[int, ...]]) -> bool:
    try:
        shape_after(layer, *shapes)
    except ValueError:
        return False
    return True


def alone(layer: Layer, tensors: dict[str, np.ndarray], given_: list[np.ndarray]) -> np.ndarray:
    """What torch makes of it, (BATCH, numbers)."""
    module = build_layer(layer)
    module.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    module.double()
    with torch.no_grad():
        x = [torch.from_numpy(one).double() for one in given_]
        y = module.unroll(*x) if isinstance(module, Autoregress) else module(*x)
    return y.expand(BATCH, *y.shape[1:]).reshape(BATCH, -1).detach().double().numpy()


def beside_each_other(cases: list[tuple[Layer, list[tuple[int, ...]]]]) -> tuple[Asked, np.ndarray, list[str]]:
    """One encoder of all cases, what torch answers, and from which case every number comes."""
    rng = np.random.default_rng(len(cases))
    graph = Graph(rng)
    flat = graph.add(spec.Flatten(), INPUT)
    values, wanted, names, ends, at = [], [], [], [], 0
    for layer, shapes in cases:
        given_ = [(1.5 * rng.standard_normal((BATCH, *shape))).astype(np.float32) for shape in shapes]
        given_ = [np.abs(x) + np.float32(0.5) for x in given_] if layer in POSITIVE else given_
        inputs = []
        for shape, x in zip(shapes, given_, strict=True):
            n = int(np.prod(shape))
            inputs.append(graph.row(flat, spec.Slice(0, at, at + n), spec.Reshape(shape)))
            values.append(x.reshape(BATCH, -1))
            at += n
        number = graph.add(layer, *inputs)
        ends.append(graph.row(number, spec.Flatten()))
        own = {name.split(".")[1]: array for name, array in graph.arrays.items() if name.startswith(f"{number}.")}
        wanted.append(alone(layer, own, given_))
        names += [f"{layer} of {shapes}"] * wanted[-1].shape[1]
    graph.add(spec.Concat(0), *ends)
    pictures = np.concatenate(values or [np.zeros((BATCH, 1), np.float32)], axis=1)[:, None, None]
    codes = np.concatenate(wanted, axis=1)
    return encoding(graph.done(), pictures, codes.shape[1], rng), codes, names


@pytest.mark.parametrize("kind", [kind for kind in CASES if kind is not spec.First], ids=lambda kind: kind.__name__)
def test_an_operation_is_torchs(ask, kind):
    cases = drawn(kind)
    assert len(cases) >= 5
    asked, codes, names = beside_each_other(cases)
    assert_engine(ask, [asked], [(codes, of_torch(asked.decoder, asked.codes).reshape(BATCH, -1))], [names])


def test_pixels_that_are_told_the_ones_before_are_torchs(ask):
    cases = [(spec.Autoregress(n, hidden), [(1, 1, n)]) for n, hidden in ((1, 3), (2, 5), (6, 4), (12, 30))]
    asked, codes, names = beside_each_other(cases)
    assert_engine(ask, [asked], [(codes, of_torch(asked.decoder, asked.codes).reshape(BATCH, -1))], [names])


# --- graphs


def residual(graph: Graph) -> tuple[int, int, int]:
    branch = graph.row(
        INPUT,
        spec.Conv2d(6, 8, 3, 1, 1),
        spec.GroupNorm(4, 8, 1e-5),
        spec.Activation("silu"),
        spec.Conv2d(8, 6, 3, 1, 1),
        spec.GroupNorm(6, 6, 1e-5),
    )
    graph.row(graph.add(spec.Combine("add"), INPUT, branch), spec.Activation("relu"), spec.Flatten())
    return 6, 5, 7


def attention(graph: Graph) -> tuple[int, int, int]:
    x = graph.row(INPUT, spec.GroupNorm(2, 4, 1e-6), spec.Reshape((4, 15)), spec.Permute((1, 0)))
    # two heads
    q, k, v = (graph.row(x, spec.Linear(4, 6), spec.Reshape((15, 2, 3)), spec.Permute((1, 0, 2))) for _ in range(3))
    scores = graph.add(spec.MatMul(), graph.row(q, spec.Scale(0.5)), graph.row(k, spec.Permute((0, 2, 1))))
    heads = graph.add(spec.MatMul(), graph.row(scores, spec.Softmax(2)), v)
    y = graph.row(
        heads, spec.Permute((1, 0, 2)), spec.Reshape((15, 6)), spec.Linear(6, 4), spec.Permute((1, 0)), spec.Reshape((4, 3, 5))
    )
    graph.row(graph.add(spec.Combine("add"), y, INPUT), spec.Flatten())
    return 4, 3, 5


def skips(graph: Graph) -> tuple[int, int, int]:
    high = graph.row(INPUT, spec.Conv2d(2, 4, 3, 1, 1), spec.Activation("leaky-relu", 0.2))
    low = graph.row(high, spec.Pool("max", 2, 2), spec.Conv2d(4, 6, 3, 1, 1), spec.Activation("elu", 1.0))
    up = graph.row(low, spec.ConvTranspose2d(6, 3, 4, 2, 1), spec.Activation("mish"))
    both = graph.add(spec.Concat(0), high, up, INPUT)
    graph.row(both, spec.Conv2d(9, 2, 1, 1, 0), spec.Resize("bilinear", 5, 9), spec.Flatten())
    return 2, 8, 6


def two_networks(graph: Graph) -> tuple[int, int, int]:
    """Mean from a dense, the rest from a convolutional one."""
    dense = graph.row(INPUT, spec.Flatten(), spec.Linear(48, 700), spec.Activation("tanh"), spec.Linear(700, 5))
    convolutions = graph.row(INPUT, spec.Pad(1, 2, 1, 2, "reflect"), spec.Conv2d(3, 6, 3, 2, 0, 1, 3), spec.Reduce("mean", (1, 2)))
    graph.add(spec.Concat(0), dense, convolutions)
    return 3, 4, 4


def deep_sums(graph: Graph) -> tuple[int, int, int]:
    """More terms of a product than a panel has rows, in convolutions and both ways of dense layers."""
    x = graph.row(
        INPUT, spec.Conv2d(70, 9, 3, 1, 1), spec.ConvTranspose2d(9, 130, 3, 2, 1, 1), spec.Conv2d(130, 3, (2, 4), 2, (0, 2))
    )
    shape = network_shapes(tuple(graph.layers), (70, 4, 3))[x]
    graph.row(x, spec.Flatten(), spec.Linear(int(np.prod(shape)), 1100), spec.Activation("gelu-erf"), spec.Linear(1100, 7))
    return 70, 4, 3


GRAPHS = [residual, attention, skips, two_networks, deep_sums]


def asked_of(build: Callable[[Graph], tuple[int, int, int]], seed: int = 0) -> tuple[Asked, tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    graph = Graph(rng)
    shape = build(graph)
    pictures = rng.standard_normal((BATCH, *shape)).astype(np.float32)
    codes = of_torch(graph.done(), pictures)
    asked = encoding(graph.done(), pictures, codes.shape[1], rng)
    return asked, (codes, of_torch(asked.decoder, asked.codes).reshape(BATCH, -1))


@pytest.mark.parametrize("build", GRAPHS, ids=lambda build: build.__name__)
def test_a_graph_is_torchs(ask, build):
    asked, wanted = asked_of(build)
    assert_engine(ask, [asked], [wanted], [[build.__name__] * wanted[0].shape[1]])


def random_graph(graph: Graph) -> tuple[int, int, int]:
    """Layers that each take one or two that are there, many of them several times; all pictures are of the same size."""
    rng, shape = graph.rng, (3, 4, 5)
    kinds = get_args(spec.ActivationKind)
    names = [name for name in kinds if name not in ("log", "sqrt", "exp", "logit", "square")]
    unary: list[Callable[[], Layer]] = [
        lambda: spec.Activation(str(rng.choice(names))),
        lambda: spec.Conv2d(3, 3, 3, 1, 1),
        lambda: spec.ConvTranspose2d(3, 3, 3, 1, 1),
        lambda: spec.ChannelAffine(3),
        lambda: spec.Prelu(3),
        lambda: spec.GroupNorm(1, 3, 1e-3),
        lambda: spec.Bias(shape),
        lambda: spec.Clamp(-1, 1),
        lambda: spec.Reshape(shape),
        lambda: spec.Linear(5, 5),
        lambda: spec.Softmax(1),
        lambda: spec.Pool("average", 3, 1, 1),
    ]
    numbers = [INPUT]
    for _ in range(14):
        recent = [int(rng.choice(numbers[-4:])) for _ in range(2)]
        if rng.random() < 0.35:
            numbers.append(graph.add(spec.Combine(str(rng.choice(["add", "subtract", "maximum", "minimum"]))), *recent))
        elif rng.random() < 0.2:
            both = graph.add(spec.Concat(0), *recent)
            numbers.append(graph.row(both, spec.Conv2d(6, 3, 1, 1, 0)))
        else:
            numbers.append(graph.add(unary[rng.integers(len(unary))](), recent[0]))
    graph.row(graph.add(spec.Combine("add"), numbers[-1], numbers[-3]), spec.Clamp(-20, 20), spec.Flatten())
    return shape


def test_random_graphs_are_torchs(ask):
    pairs = [asked_of(random_graph, seed) for seed in range(40)]
    cases, wanted = [asked for asked, _ in pairs], [codes for _, codes in pairs]
    assert_engine(
        ask, cases, wanted, [[str(case.encoder.layers)] * codes.shape[1] for case, (codes, _) in zip(cases, wanted, strict=True)]
    )


def embedded(graph: Graph) -> tuple[int, int, int]:
    """The class as a few numbers beside the code."""
    told = graph.row(CLASS, spec.Linear(len(CLASSES), 4))
    both = graph.add(spec.Concat(0), INPUT, told)
    graph.row(
        both,
        spec.Linear(6, 20),
        spec.Activation("gelu"),
        spec.Linear(20, 12),
        spec.Activation("sigmoid"),
        spec.Unflatten((2, 2, 3)),
    )
    return 2, 2, 3


def shuffled(graph: Graph) -> tuple[int, int, int]:
    x = graph.row(INPUT, spec.Linear(2, 24), spec.Unflatten((4, 2, 3)), spec.Conv2d(4, 12, 3, 1, 1), spec.PixelShuffle(2))
    graph.row(x, spec.Activation("silu"), spec.Upsample(2), spec.Conv2d(3, 1, 3, 1, 1), spec.Activation("sigmoid"))
    return 1, 8, 12


@pytest.mark.parametrize(("build", "labels"), [(embedded, range(len(CLASSES))), (shuffled, [-1])], ids=["embedded", "shuffled"])
def test_a_decoder_is_torchs(ask, build, labels):
    rng = np.random.default_rng(1)
    graph, encoder = Graph(rng), Graph(rng)
    shape = build(graph)
    encoder.row(INPUT, spec.Flatten(), spec.Linear(int(np.prod(shape)), 2))
    pictures = rng.standard_normal((BATCH, *shape)).astype(np.float32)
    codes = rng.standard_normal((BATCH, 2)).astype(np.float32)
    cases = [Asked(encoder.done(), graph.done(), pictures, codes, label) for label in labels]
    wanted = [(of_torch(case.encoder, pictures), of_torch(case.decoder, codes, case.label).reshape(BATCH, -1)) for case in cases]
    assert_engine(ask, cases, wanted, [["linear"] * 2] * len(cases))


# --- where it runs


@pytest.mark.parametrize(
    ("policy", "arithmetic"),
    [("script-src 'self'", "scalar (this page's policy forbids WebAssembly)"), ("script-src 'self' 'wasm-unsafe-eval'", "relaxed")],
)
def test_where_the_policy_forbids_webassembly_typescript_computes_the_same(browser, policy, arithmetic):
    asked, wanted = asked_of(skips)
    bundle = (BUNDLES / "surface.js").read_text(encoding="utf-8")
    with tab(browser) as page:
        headers = {"Content-Security-Policy": f"default-src 'none'; {policy}"}
        page.route("**/*", lambda route: route.fulfill(body="", content_type="text/html", headers=headers))
        page.route("**/surface.js", lambda route: route.fulfill(body=bundle, content_type="text/javascript"))
        page.goto("http://engine.test/")
        ((answer,),) = page.evaluate(SCRIPT, [[None], [asked.record()]])
    assert answer["arithmetic"] == arithmetic
    assert off(from_text(answer["mu"], wanted[0].shape), wanted[0]).max() <= TOLERANCE
