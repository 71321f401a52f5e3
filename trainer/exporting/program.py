"""How does a run's decoder become a program that anybody can run: plain PyTorch or numpy, and the run's file of weights?

The program defines `decode`, then decodes one code. Its last lines are `z = […]`, `label = …` of a model that is told the class, and
`x_hat = …`: the map in the browser puts its own code in the place of the first two (`frontend/src/editor/export.ts`).
Letters: B codes, K latent dimensions, C, H, W the picture's shape, Y classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from trainer.exporting.carrying import carried
from trainer.exporting.library import Library
from trainer.exporting.numpy_words import NUMPY
from trainer.exporting.torch_words import TORCH
from trainer.exporting.words import Given, Place, listed, literal
from trainer.likelihoods.registry import LIKELIHOODS, LikelihoodName
from trainer.models.layer_shapes import network_shapes, tensor_shapes
from trainer.models.layers import CLASS, INPUT, Autoregress, ImageShape, Layer, Linear, Shape, inputs_of
from trainer.models.networks import parts_of
from trainer.runs.catalogue import HOME
from trainer.runs.folder import WEIGHTS
from trainer.runs.read import Run

Dialect = Literal["torch", "numpy"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)


@dataclass(frozen=True)
class Decoder:
    """What a program is written of."""

    name: str
    """The run's."""
    file: str
    """Where its weights lie, as the program says it."""
    layers: tuple[Layer, ...]
    """z (K,) to the likelihood's parameters."""
    context: tuple[Layer, ...]
    """What a pixel is told of those before it: nothing, or one layer."""
    likelihood: LikelihoodName
    latent_dim: int
    image_shape: ImageShape
    n_classes: int
    """Of which it is told one; 0 for none."""

    @property
    def is_told(self) -> bool:
        """Whether some layer takes the class."""
        return any(
            CLASS in inputs_of(self.layers, i) or (isinstance(layer, Linear) and layer.n_labels > 0)
            for i, layer in enumerate(self.layers)
        )


def decoder_of(run: Run, is_here: bool = False) -> Decoder:
    """The decoder of a run; is_here: for a program that stays on this machine, else no path of it is told."""
    parts = parts_of(run.config, run.image_shape, run.n_classes)
    context = parts.get("context", ())
    sizes = run.config.latent_dim, run.image_shape, run.n_classes
    return Decoder(run.id, _file(run, is_here), parts["decoder"], context, run.config.likelihood, *sizes)


def _file(run: Run, is_here: bool) -> str:
    """Where the weights of a run lie: from the checkout, or as runs lie on most machines."""
    folder = run.folder.resolve() if isinstance(run.folder, Path) else None
    if folder is not None and is_here:
        return str(folder / WEIGHTS)
    return f"{folder.relative_to(HOME).as_posix() if folder and folder.is_relative_to(HOME) else f'runs/{run.id}'}/{WEIGHTS}"


def program(decoder: Decoder, dialect: Dialect) -> str:
    """The whole text; it decodes z = 0, of a model that is told the class as class 0."""
    library, mean = (TORCH, _mean_in_torch) if dialect == "torch" else (NUMPY, _mean_in_numpy)
    lines = ['    """' + _promise(decoder) + '"""']
    needed: list[str] = []
    for line, names in [*_statements(decoder, dialect, library), mean(decoder)]:
        lines.append(f"    {line}")
        needed += names
    brought = carried(needed)
    imports = {
        f"from safetensors.{dialect} import load_file": None,
        "import numpy as np" if dialect == "numpy" else "import torch": None,
    }
    if dialect == "torch":
        imports["from torch.nn import functional as F"] = None
    imports |= dict.fromkeys(brought.imports)
    blocks = [
        _head(decoder, dialect),
        "from __future__ import annotations\n\n" * bool(brought.functions) + "\n".join(sorted(imports, key=_order)),
        f"WEIGHTS = {decoder.file!a}  # where the file lies on your machine\nw = load_file(WEIGHTS)",
        *(["\n".join(brought.constants)] if brought.constants else []),
        *(f"\n{text}" for text in brought.functions),
        "\n" + "@torch.no_grad()\n" * (dialect == "torch") + f"def decode(z{', label' * decoder.is_told}):\n" + "\n".join(lines),
        "\n" + "\n".join(_last_lines(decoder, dialect)),
    ]
    return "\n\n".join(blocks) + "\n"


def _head(decoder: Decoder, dialect: Dialect) -> str:
    """Comments; of the names, which anybody may have chosen, nothing that ends a line."""
    packages = "torch safetensors numpy" if dialect == "torch" else "numpy safetensors"
    return "\n".join(
        (
            f"# The decoder of the run {decoder.name!a}: a code z to the mean picture of p(x|z).",
            f"# It needs: pip install {packages}; and the run's file {WEIGHTS}, which lies in the run's folder:",
            "# assets/runs/NAME of Latent Atlas for a run that comes with it, runs/NAME for one of your own. WEIGHTS says where.",
        )
    )


def _promise(decoder: Decoder) -> str:
    told = f", label (B,) whole numbers below {literal(decoder.n_classes)}," if decoder.is_told else ""
    return f"z (B, {literal(decoder.latent_dim)}){told} to pictures (B, {listed(*decoder.image_shape)}) in [0, 1]."


def _order(line: str) -> tuple[bool, str]:
    """Of imports: the standard library's before all others, each by the alphabet."""
    module = line.split()[1].partition(".")[0]
    return module in ("numpy", "safetensors", "torch"), f"{line.startswith('from')}{module}"


def _statements(decoder: Decoder, dialect: Dialect, library: Library) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A line for each layer, and which functions it needs."""
    shapes: dict[int, Shape] = {INPUT: (decoder.latent_dim,), CLASS: (decoder.n_classes,)}
    shapes |= dict(enumerate(network_shapes(decoder.layers, shapes[INPUT], decoder.n_classes)))
    names = _names(decoder.layers)
    if any(CLASS in inputs_of(decoder.layers, i) for i in range(len(decoder.layers))):
        hot = "F.one_hot(label, {}).float()" if dialect == "torch" else "np.eye({}, dtype=np.float32)[label]"
        yield f"{names[CLASS]} = {hot.format(literal(decoder.n_classes))}", ()
    for i, layer in enumerate(decoder.layers):
        given = tuple(Given(names[number], shapes[number]) for number in inputs_of(decoder.layers, i))
        words = library.written(layer, Place(given, _tensors("decoder", i, layer), shapes[i]))
        yield f"{names[i]} = {words.expression}  # (B, {listed(*shapes[i])})", words.carried
    for i, layer in enumerate(decoder.context):
        assert isinstance(layer, Autoregress)
        words = library.written(
            layer, Place((Given("x", decoder.image_shape),), _tensors("context", i, layer), decoder.image_shape)
        )
        yield f"x = {words.expression}", words.carried


def _names(layers: tuple[Layer, ...]) -> dict[int, str]:
    """The variable of every output: x where the next layer alone takes it, a name of its own where others do. The last one is x."""
    takers: dict[int, set[int]] = {}
    for i in range(len(layers)):
        for number in inputs_of(layers, i):
            takers.setdefault(number, set()).add(i)
    own = {i: "x" if takers.get(i) == {i + 1} or i == len(layers) - 1 else f"x{i}" for i in range(len(layers))}
    return {INPUT: "z", CLASS: "one_hot", **own}


def _tensors(part: str, i: int, layer: Layer) -> dict[str, str]:
    return {name: f'w["{part}.{literal(i)}.{name}"]' for name in tensor_shapes(layer)}


def _mean_in_torch(decoder: Decoder) -> tuple[str, tuple[str, ...]]:
    """The line that gives the mean of p(x|z)."""
    if decoder.likelihood == "bernoulli":
        return "return torch.sigmoid(x)", ()
    if decoder.likelihood == "continuous-bernoulli":
        return "return continuous_bernoulli_mean(x)", ("torch_continuous_bernoulli_mean",)
    return f"return {_place(decoder)}.clamp(0, 1)", ()


def _mean_in_numpy(decoder: Decoder) -> tuple[str, tuple[str, ...]]:
    if decoder.likelihood == "bernoulli":
        return "return sigmoid(x)", ("sigmoid",)
    if decoder.likelihood == "continuous-bernoulli":
        return "return continuous_bernoulli_mean(x)", ("continuous_bernoulli_mean",)
    return f"return np.clip({_place(decoder)}, 0, 1)", ()


def _place(decoder: Decoder) -> str:
    """The mean before it is clipped: of a decoder that gives scales too, the first half of its channels."""
    assert LIKELIHOODS[decoder.likelihood].output == "place"
    shape = network_shapes(decoder.layers, (decoder.latent_dim,), decoder.n_classes)[-1]
    return "x" + f"[:, :{literal(decoder.image_shape[0])}]" * (shape[0] != decoder.image_shape[0])


def _last_lines(decoder: Decoder, dialect: Dialect) -> Iterator[str]:
    yield f"z = [{listed(*[0.0] * decoder.latent_dim)}]"
    if decoder.is_told:
        yield "label = 0"
    wrap = (
        ("torch.tensor([z])", "torch.tensor([label])") if dialect == "torch" else ("np.array([z], np.float32)", "np.array([label])")
    )
    given = ", ".join(wrap if decoder.is_told else wrap[:1])
    yield f"x_hat = decode({given})[0]  # {literal(decoder.image_shape)}: channels, height, width"
