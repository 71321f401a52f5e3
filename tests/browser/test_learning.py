"""Does the page learn what torch learns: the same gradients, the same path, and the optimum that is known?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Error
from torch import Tensor
from torch.nn import functional

from explorer.surface.lowering import PlainNetwork, ops
from tests.browser.learning import arrays_of, from_text, open_learner, to_text
from tests.browser.networks import Graph
from tests.browser.test_operations import POSITIVE, drawn
from tests.places import BUNDLES
from tests.trainer.test_operations import CASES as ALONE
from trainer.datasets import load_dataset
from trainer.models import layers as spec
from trainer.models.layer_shapes import network_shapes
from trainer.models.layers import INPUT
from trainer.models.torch_layers import Stack
from trainer.training.inputs import spectrum_of

ACTIVATIONS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "relu": lambda x, slope: functional.relu(x),
    "leaky-relu": functional.leaky_relu,
    "elu": functional.elu,
    "tanh": lambda x, slope: torch.tanh(x),
    "sigmoid": lambda x, slope: torch.sigmoid(x),
    "silu": lambda x, slope: functional.silu(x),
    "gelu": lambda x, slope: functional.gelu(x, approximate="tanh"),
    "gelu-erf": lambda x, slope: functional.gelu(x),
    "softplus": lambda x, slope: functional.softplus(x),
    "mish": lambda x, slope: functional.mish(x),
}


def linear(name: str) -> dict[str, Any]:
    return {"op": "linear", "weight": f"{name}.weight", "bias": f"{name}.bias"}


def activation(kind: str, slope: float = 0.0) -> dict[str, Any]:
    return {"op": "activation", "kind": kind, "slope": slope}


def conv(name: str, stride: int, padding: int, dilation: int = 1, groups: int = 1) -> dict[str, Any]:
    sides = {"stride": [stride] * 2, "padding": [padding] * 2, "dilation": [dilation] * 2, "groups": groups}
    return {"op": "conv2d", "weight": f"{name}.weight", "bias": f"{name}.bias", **sides}


def transposed(name: str, stride: int, padding: int, groups: int = 1, more: int = 0) -> dict[str, Any]:
    return {**conv(name, stride, padding, 1, groups), "op": "conv_transpose2d", "output_padding": [more] * 2}


@dataclass(frozen=True)
class Case:
    """One autoencoder, described for both."""

    image: tuple[int, int, int]
    encoder: list[dict[str, Any]]
    decoder: list[dict[str, Any]]
    shapes: dict[str, tuple[int, ...]]
    likelihood: str = "bernoulli"
    sigma: float = 1.0
    learns_sigma: bool = False
    is_deterministic: bool = False
    latent_dim: int = 3
    settings: tuple[tuple[str, float], ...] = ()

    @property
    def record(self) -> dict[str, Any]:
        """As the page wants it."""
        return {
            "imageShape": self.image,
            "latentDim": self.latent_dim,
            "encoder": self.encoder,
            "decoder": self.decoder,
            "shapes": self.shapes,
            "likelihood": self.likelihood,
            "sigma": self.sigma,
            "learnsSigma": self.learns_sigma,
            "isDeterministic": self.is_deterministic,
        }

    def first_weights(self) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(0)
        found = {
            name: (rng.uniform(-1, 1, shape) / math.sqrt(max(math.prod(shape[1:]), 4))).astype(np.float32)
            for name, shape in self.shapes.items()
        }
        return {**found, "log_sigma": np.array([math.log(self.sigma)], np.float32)} if self.learns_sigma else found


def run(ops: list[dict[str, Any]], x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """The operations in torch."""
    ys: list[Tensor] = []
    given = x
    for op in ops:
        inputs = [given if i < 0 else ys[i] for i in op.get("inputs", [len(ys) - 1])]
        ys.append(one(op, inputs, weights))
    return ys[-1]


def one(op: dict[str, Any], inputs: list[Tensor], weights: dict[str, Tensor]) -> Tensor:
    x, kind = inputs[0], op["op"]
    if kind == "linear":
        return functional.linear(x, weights[op["weight"]], weights[op["bias"]])
    if kind == "activation":
        return ACTIVATIONS[op["kind"]](x, op["slope"])
    if kind == "conv2d":
        sides = {name: tuple(op[name]) for name in ("stride", "padding", "dilation")}
        return functional.conv2d(x, weights[op["weight"]], weights[op["bias"]], groups=op["groups"], **sides)
    if kind == "conv_transpose2d":
        sides = {name: tuple(op[name]) for name in ("stride", "padding", "dilation", "output_padding")}
        return functional.conv_transpose2d(x, weights[op["weight"]], weights[op["bias"]], groups=op["groups"], **sides)
    if kind == "combine":
        return inputs[0] + inputs[1]
    if kind == "concat":
        return torch.cat(inputs, 1)
    if kind == "upsample":
        return functional.interpolate(x, scale_factor=op["scale"], mode="nearest")
    if kind == "bias":
        return x + weights[op["bias"]]
    if kind == "flatten":
        return x.flatten(1)
    assert kind == "unflatten", kind
    return x.reshape(len(x), *op["shape"])


def loss_of(case: Case, weights: dict[str, Tensor], x: Tensor, noise: Tensor | None) -> Tensor:
    settings = dict(case.settings)
    answer, kl = run(case.encoder, x, weights), torch.zeros(())
    z = answer
    if not case.is_deterministic:
        mu, logvar = answer.chunk(2, 1)
        z = mu if noise is None else mu + (0.5 * logvar).exp() * noise
        per_dim = (0.5 * (mu.square() + logvar.expm1() - logvar)).mean(0)
        kl = per_dim.clamp_min(settings.get("freeBits", 0)).sum()
    output = run(case.decoder, z, weights).flatten(1)
    if case.likelihood == "bernoulli":
        nll = functional.binary_cross_entropy_with_logits(output, x.flatten(1), reduction="none").sum(1).mean()
    else:
        log_sigma = weights["log_sigma"] if case.learns_sigma else torch.tensor(math.log(case.sigma))
        squares = (output - x.flatten(1)).square().sum(1).mean()
        nll = output.shape[1] * (0.5 * math.log(2 * math.pi) + log_sigma) + 0.5 * squares * (-2 * log_sigma).exp()
    return (nll + settings.get("beta", 1) * kl).sum()


def dense(hidden: int = 12, kind: str = "relu", slope: float = 0.0, n_code: int = 6, **others: Any) -> Case:
    """Two layers each way on images of 6 × 5."""
    encoder = [{"op": "flatten"}, linear("encoder.1"), activation(kind, slope), linear("encoder.3")]
    decoder = [linear("decoder.0"), activation(kind, slope), linear("decoder.2"), {"op": "unflatten", "shape": [1, 6, 5]}]
    widths = {"encoder.1": (hidden, 30), "encoder.3": (n_code, hidden), "decoder.0": (hidden, 3), "decoder.2": (30, hidden)}
    return Case((1, 6, 5), encoder, decoder, with_biases(widths), **others)


def with_biases(weights: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.{part}": shape if part == "weight" else shape[:1] for name, shape in weights.items() for part in ("weight", "bias")
    }


def convolutional(**others: Any) -> Case:
    """Strides, a dilation, groups, a branch that is added again, and transposed convolutions of four phases, one with a row of its own."""
    encoder = [
        conv("e0", 2, 1),
        activation("silu"),
        conv("e1", 1, 2, dilation=2, groups=2),
        {"op": "combine", "kind": "add", "inputs": [1, 2]},
        {"op": "flatten"},
        linear("e2"),
    ]
    decoder = [
        linear("d0"),
        activation("elu", 1.0),
        {"op": "unflatten", "shape": [4, 4, 4]},
        transposed("d1", 2, 1, groups=2, more=1),
        activation("leaky-relu", 0.2),
        transposed("d2", 1, 1),
        {"op": "bias", "bias": "pixels"},
    ]
    shapes = with_biases(
        {"e0": (4, 1, 3, 3), "e1": (4, 2, 3, 3), "e2": (6, 64), "d0": (64, 3), "d1": (4, 2, 3, 3), "d2": (4, 1, 3, 3)}
    )
    shapes = {**shapes, "d1.bias": (4,), "d2.bias": (1,), "pixels": (1, 8, 8)}
    return Case((1, 8, 8), encoder, decoder, shapes, **others)


def branched() -> Case:
    """A concatenation, and nearest upsampling."""
    encoder = [
        conv("e0", 2, 0),
        activation("tanh"),
        {"op": "concat", "inputs": [0, 1], "axis": 0},
        {"op": "flatten"},
        linear("e1"),
    ]
    decoder = [linear("d0"), {"op": "unflatten", "shape": [2, 4, 4]}, {"op": "upsample", "scale": 2}, conv("d1", 1, 1)]
    shapes = with_biases({"e0": (3, 1, 2, 2), "e1": (6, 96), "d0": (32, 3), "d1": (1, 2, 3, 3)})
    return Case((1, 8, 8), encoder, decoder, shapes)


CASES = {
    **{f"dense {kind}": dense(kind=kind, slope=0.2 if kind == "leaky-relu" else 1.0) for kind in ACTIVATIONS},
    "β and free bits": dense(settings=(("beta", 2.5), ("freeBits", 0.05))),
    "without noise": dense(settings=(("noise", 0.0),)),
    "gaussian, fixed σ": dense(likelihood="gaussian", sigma=0.3),
    "gaussian, learned σ": dense(likelihood="gaussian", sigma=0.3, learns_sigma=True, settings=(("beta", 0.5),)),
    "deterministic": dense(n_code=3, is_deterministic=True),
    "convolutional": convolutional(),
    "convolutional gaussian, learned σ": convolutional(likelihood="gaussian", sigma=0.5, learns_sigma=True),
    "branched": branched(),
}


def inputs_of(case: Case, n: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray | None]:
    rng = np.random.default_rng(seed)
    images = rng.random((n, *case.image), np.float32)
    has_noise = not case.is_deterministic and dict(case.settings).get("noise", 1)
    return images, rng.standard_normal((n, case.latent_dim)).astype(np.float32) if has_noise else None


def options_of(case: Case, images: np.ndarray, kernels: str | None, batch: int, **settings: float) -> dict[str, Any]:
    wanted = {**dict(case.settings), **settings}
    wanted = {name: bool(value) if name == "noise" else value for name, value in wanted.items()}
    weights = {name: to_text(values) for name, values in case.first_weights().items()}
    return {
        "record": case.record,
        "images": to_text(images),
        "seed": 0,
        "batch": batch,
        "settings": wanted,
        "weights": weights,
        "kernels": kernels,
    }


GRADIENTS = """({options, n, noise}) => {
  const learner = learnerOf(options);
  const {loss} = learner.gradients(Array.from({length: n}, (_, i) => i), noise && floatsOf(noise));
  return {loss, gradients: arraysOf(learner, 'gradient')};
}"""


@pytest.mark.parametrize("kernels", [None, "simd", "scalar"])
@pytest.mark.parametrize("name", CASES)
def test_gradients_are_torchs(page, name, kernels):
    case = CASES[name]
    images, noise = inputs_of(case, 9)
    options = options_of(case, images, kernels, batch=12)
    answer = open_learner(page).evaluate(
        GRADIENTS, {"options": options, "n": 9, "noise": None if noise is None else to_text(noise)}
    )
    weights = {name: torch.from_numpy(values).double().requires_grad_() for name, values in case.first_weights().items()}
    loss = loss_of(case, weights, torch.from_numpy(images).double(), None if noise is None else torch.from_numpy(noise).double())
    loss.backward()
    assert answer["loss"] == pytest.approx(loss.item(), abs=1e-4)
    found = arrays_of(answer["gradients"], {name: tuple(values.shape) for name, values in weights.items()})
    for array, values in weights.items():
        assert values.grad is not None
        np.testing.assert_allclose(found[array], values.grad.numpy(), rtol=1e-4, atol=1e-4, err_msg=array)


# --- every operation that learns

CANNOT_LEARN = {spec.Autoregress, spec.Lattice, spec.Gallery}
KINDS = [kind for kind in ALONE if kind not in {spec.First, *CANNOT_LEARN}]
LEAST = 0.5  # of a number that a logarithm, a root or a division takes


def beside_each_other(cases: list[tuple[spec.Layer, list[tuple[int, ...]]]]) -> tuple[Graph, np.ndarray]:
    """An encoder whose branches are the cases, before each an offset that learns, and images for it."""
    rng = np.random.default_rng(len(cases))
    shapes = [shape for _, of_case in cases for shape in of_case]
    size = sum(math.prod(shape) for shape in shapes) or 1
    graph, ends, parts, at = Graph(rng), [], [np.zeros((9, 0), np.float32)], 0
    flat = graph.row(INPUT, spec.Bias((1, 1, size)), spec.Flatten())
    graph.arrays["0.bias"] *= np.float32(0)
    for layer, of_case in cases:
        inputs = []
        for shape in (one or (1,) for one in of_case):
            n = math.prod(shape)
            values = (1.5 * rng.standard_normal((9, n))).astype(np.float32)
            parts.append(np.abs(values) + np.float32(LEAST) if layer in POSITIVE else values)
            inputs.append(graph.row(flat, spec.Slice(0, at, at + n), spec.Reshape(shape)))
            at += n
        ends.append(graph.row(graph.add(layer, *inputs), spec.Flatten()))
    both = graph.add(spec.Concat(0), *ends)
    width = math.prod(network_shapes(tuple(graph.layers), (1, 1, size))[both])
    graph.row(both, spec.Linear(width, 3))
    images = np.concatenate(parts, axis=1)
    return graph, (images if at else np.zeros((9, 1), np.float32))[:, None, None]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_gradients_of_an_operation_are_torchs(page, kind):
    """By its inputs and its weights, in every arithmetic, over shapes that are drawn."""
    graph, images = beside_each_other(drawn(kind))
    size = images.shape[-1]
    decoder = Graph(graph.rng)
    decoder.row(INPUT, spec.Linear(3, size), spec.Unflatten((1, 1, size)))
    networks = {"encoder": graph.done(), "decoder": decoder.done()}
    arrays = {f"w.{part}.{name}": array for part, one in networks.items() for name, array in one.arrays.items()}
    written = {part: ops(part, PlainNetwork(one.layers, one.arrays)) for part, one in networks.items()}
    shapes, sigma = {name: array.shape for name, array in arrays.items()}, math.sqrt(size)  # so that gradients are about 1
    case = Case(
        (1, 1, size),
        [*map(dict, written["encoder"])],
        [*map(dict, written["decoder"])],
        shapes,
        "gaussian",
        sigma,
        is_deterministic=True,
    )
    stacks = {part: Stack(one.layers) for part, one in networks.items()}
    for part, stack in stacks.items():
        stack.load_state_dict({name: torch.from_numpy(array) for name, array in networks[part].arrays.items()})
        stack.double()
    x = torch.from_numpy(images).double()
    output = stacks["decoder"](stacks["encoder"](x))
    loss = 0.5 * ((output - x).square().sum() / len(x) / size + size * math.log(2 * math.pi * size))
    loss.backward()
    wanted = {f"w.{part}.{name}": one.grad for part, stack in stacks.items() for name, one in stack.named_parameters()}
    learner = open_learner(page)
    for kernels in (None, "simd", "scalar"):
        options = {
            **options_of(case, images, kernels, batch=12),
            "weights": {name: to_text(array) for name, array in arrays.items()},
        }
        answer = learner.evaluate(GRADIENTS, {"options": options, "n": 9, "noise": None})
        assert answer["loss"] == pytest.approx(loss.item(), rel=1e-5)
        found = arrays_of(answer["gradients"], shapes)
        for name, gradient in wanted.items():
            expected = np.zeros(shapes[name]) if gradient is None else gradient.numpy()
            least = max(1e-6, 1e-5 * float(np.abs(expected).max()))  # what float32 leaves of large sums
            np.testing.assert_allclose(found[name], expected, rtol=1e-4, atol=least, err_msg=f"{kernels} {name}")


@pytest.mark.parametrize("op", ["autoregress", "lattice", "gallery", "batch_norm"])
def test_what_cannot_learn_is_refused_by_name(page, op):
    case = dense()
    images, _ = inputs_of(case, 9)
    wrong = {
        "autoregress": {"weight": "made.weight", "bias": "made.bias", "out": "made.out"},
        "lattice": {"pictures": "made.pictures", "shape": [1, 6, 5], "size": 2, "low": -1, "high": 1},
        "gallery": {"pictures": "made.pictures", "codes": "made.codes", "shape": [1, 6, 5]},
        "batch_norm": {"weight": "made.weight", "bias": "made.bias"},
    }[op]
    shapes = {"made.weight": (4, 30), "made.bias": (4,), "made.out": (30, 4), "made.pictures": (8, 30), "made.codes": (8, 3)}
    decoder = [*case.decoder, {"op": op, **wrong}] if op in ("autoregress", "batch_norm") else [{"op": op, **wrong}]
    options = options_of(replace(case, decoder=decoder, shapes={**case.shapes, **shapes}), images, None, batch=12)
    with pytest.raises(Error, match=f"This page cannot (learn|compute) the layer “{op}”"):
        open_learner(page).evaluate("(options) => void learnerOf(options)", options)


PATH = """({options, order, noise}) => {
  const learner = learnerOf(options);
  const draws = noise && floatsOf(noise);
  const K = options.record.latentDim, B = options.batch, losses = [];
  order.forEach((chosen, i) => losses.push(learner.stepOn(chosen, draws && draws.subarray(i * B * K, (i * B + chosen.length) * K)).loss));
  return {losses, weights: arraysOf(learner, 'floats')};
}"""
PATHS = ["dense relu", "gaussian, fixed σ", "gaussian, learned σ", "convolutional", "deterministic", "β and free bits"]
N_STEPS, BATCH = 200, 16


@pytest.mark.parametrize("name", PATHS)
def test_two_hundred_steps_are_torchs(page, name):
    """Adam with torch's defaults on the same order and draws, the loss of every step to a thousandth of a nat."""
    case = CASES[name]
    images, _ = inputs_of(case, 40)
    rng = np.random.default_rng(5)
    order = [part.tolist() for _ in range(67) for part in np.split(rng.permutation(40), [16, 32])][:N_STEPS]
    noise = rng.standard_normal((N_STEPS, BATCH, case.latent_dim)).astype(np.float32)
    options = options_of(case, images, None, batch=BATCH, learningRate=1e-3)
    sent = {"options": options, "order": order, "noise": None if case.is_deterministic else to_text(noise)}
    answer = open_learner(page).evaluate(PATH, sent)
    weights = {name: torch.from_numpy(values).requires_grad_() for name, values in case.first_weights().items()}
    optimiser = torch.optim.Adam(weights.values(), lr=1e-3)
    losses = []
    for chosen, draws in zip(order, noise, strict=True):
        optimiser.zero_grad()
        loss = loss_of(case, weights, torch.from_numpy(images[chosen]), torch.from_numpy(draws[: len(chosen)]))
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.abs(np.array(answer["losses"]) - losses).max() <= 1e-3


LINEAR = """({record, images, seed, rates}) => {
  const learner = new latentLearner.Learner(record, floatsOf(images), {seed});
  for (const [rate, epochs] of rates) {
    learner.set({learningRate: rate});
    for (let i = 0; i < epochs * learner.stepsPerEpoch; i++) learner.next();
  }
  return {arrays: arraysOf(learner, 'floats'), told: learner.evaluate().loss};
}"""
RATES = [[1e-2, 300], [2e-3, 300], [3e-4, 300], [5e-5, 200]]


@pytest.mark.parametrize("n_dims", [2, 8])
def test_a_linear_vae_becomes_probabilistic_pca(page, n_dims):
    """numbers.md §1: at its optimum the bound is the log-likelihood of Tipping & Bishop's model (1999, eq. 9)."""
    images = load_dataset("digits").images
    found = spectrum_of(images)
    n_pixels, values = len(found.mean), found.values
    best = values[n_dims:].mean()
    wanted = 0.5 * (
        n_pixels * math.log(2 * math.pi) + np.log(values[:n_dims]).sum() + (n_pixels - n_dims) * math.log(best) + n_pixels
    )
    x = images.reshape(len(images), -1) / 255
    case = Case(
        (1, 8, 8),
        [{"op": "flatten"}, linear("e")],
        [linear("d"), {"op": "unflatten", "shape": [1, 8, 8]}],
        with_biases({"e": (2 * n_dims, 64), "d": (64, n_dims)}),
        likelihood="gaussian",
        learns_sigma=True,
        latent_dim=n_dims,
    )
    answer = open_learner(page).evaluate(LINEAR, {"record": case.record, "images": to_text(x), "seed": 0, "rates": RATES})
    arrays = {name: from_text(text).astype(float) for name, text in answer["arrays"].items()}
    both = x @ arrays["e.weight"].reshape(-1, 64).T + arrays["e.bias"]
    mu, logvar = both[:, :n_dims], both[:, n_dims:]
    w = arrays["d.weight"].reshape(64, n_dims)
    # the draws' mean in closed form: Σ_k v_k ‖w_k‖² more than at the posterior's mean
    squares = ((x - mu @ w.T - arrays["d.bias"]) ** 2).sum(1) + np.exp(logvar) @ (w**2).sum(0)
    log_sigma = arrays["log_sigma"][0]
    nll = n_pixels * (0.5 * math.log(2 * math.pi) + log_sigma) + 0.5 * squares.mean() * math.exp(-2 * log_sigma)
    kl = 0.5 * (mu**2 + np.expm1(logvar) - logvar).sum(1).mean()
    assert wanted - 1e-6 <= nll + kl <= wanted + 0.05
    assert answer["told"] == pytest.approx(nll + kl, abs=0.8)  # of one draw an image


SEEDED = """({options, steps}) => {
  const learner = learnerOf(options);
  for (let i = 0; i < steps; i++) learner.next();
  return textOf(learner.vae.parameters.copyOfWeights());
}"""


def test_the_same_seed_gives_the_same_digits(page):
    """Order, draws and every rounding: two pages, plain SIMD."""
    case = CASES["dense tanh"]
    options = options_of(case, inputs_of(case, 40)[0], "simd", batch=BATCH)
    first, again = (open_learner(page).evaluate(SEEDED, {"options": options, "steps": 100}) for _ in range(2))
    assert first == again
    other = open_learner(page).evaluate(SEEDED, {"options": {**options, "seed": 1}, "steps": 100})
    assert other != first


SESSION = """async ({program, record, images, ms, policy}) => {
  const told = [], frames = [];
  if (policy) {
    const meta = document.createElement('meta');
    meta.httpEquiv = 'Content-Security-Policy';
    meta.content = policy;
    document.head.append(meta);
  }
  let heard = () => {};
  const session = latentLearner.openSession(program, (message) => { told.push({at: performance.now(), message}); heard(message); });
  const until = (kind) => new Promise((resolve) => { heard = (message) => message.kind === kind && resolve(message); });
  const ready = until('ready');
  session.post({kind: 'start', record, seed: 1, images: floatsOf(images), settings: {learningRate: 0.003}});
  await ready;
  const began = performance.now();
  session.post({kind: 'train'});
  const draw = (now) => { frames.push(now); if (now - began < ms) requestAnimationFrame(draw); };
  requestAnimationFrame(draw);
  await new Promise((resolve) => setTimeout(resolve, ms));
  const paused = until('progress');
  session.post({kind: 'pause'});
  await paused;
  const kept = until('snapshot');
  session.post({kind: 'snapshot'});
  const {snapshot} = await kept;
  session.close();
  const progress = told.map(({message}) => message).filter(({kind, step}) => kind === 'progress' && step > 0);
  const last = progress.at(-1);
  return {
    where: session.where, kinds: told.map(({message}) => message.kind), steps: progress.map(({step}) => step),
    losses: progress.flatMap(({terms}) => terms ? [terms.loss] : []), n_codes: last.mu.length, is_running: last.isRunning,
    seconds: (performance.now() - began) / 1000, frames: frames.length, snapshot_step: snapshot.step,
  };
}"""
MS = 1500


def session(page: Any, program: str, policy: str = "") -> dict[str, Any]:
    x = load_dataset("digits").images.reshape(-1, 64) / 255
    hidden = [{"op": "flatten"}, linear("e0"), activation("relu"), linear("e1")]
    decoder = [linear("d0"), activation("relu"), linear("d1"), {"op": "unflatten", "shape": [1, 8, 8]}]
    shapes = with_biases({"e0": (32, 64), "e1": (4, 32), "d0": (32, 2), "d1": (64, 32)})
    record = Case((1, 8, 8), hidden, decoder, shapes, latent_dim=2).record
    sent = {"program": program, "record": record, "images": to_text(x), "ms": MS, "policy": policy}
    return open_learner(page).evaluate(SESSION, sent)


def check_session(answer: dict[str, Any], n_images: int = 1797) -> None:
    assert answer["kinds"][:3] == ["here", "ready", "progress"]
    assert answer["kinds"][-1] == "snapshot"
    assert answer["snapshot_step"] == answer["steps"][-1] > 50
    assert answer["steps"] == sorted(answer["steps"])
    assert answer["losses"][-1] < answer["losses"][0]
    assert answer["n_codes"] == 2 * n_images
    assert not answer["is_running"]
    assert len(answer["steps"]) / answer["seconds"] <= 60


def test_a_worker_learns_while_the_page_draws(page):
    answer = session(page, (BUNDLES / "learner.js").read_text(encoding="utf-8"))
    assert answer["where"] == "worker"
    check_session(answer)


def test_where_workers_are_forbidden_the_page_learns_in_slices(page):
    answer = session(page, (BUNDLES / "learner.js").read_text(encoding="utf-8"), "worker-src 'none'")
    assert answer["where"] == "page"
    check_session(answer)
    assert answer["frames"] > 5
