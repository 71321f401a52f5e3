"""What do `import` and `check` take on the command line, and what do they answer?

Both bring somebody's model into a process of its own (`trainer.importers.process.parent_process`) and ask it there; `import` writes a run
of it, `check` only tells what was understood. This process parses the words, shows the progress, and prints.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import arg

from trainer.cli.arguments import NewName, RunsToWrite, parse
from trainer.config import check_run_name
from trainer.errors import LatentError, RunError
from trainer.numerals import number
from trainer.runs.catalogue import default_roots
from trainer.runs.folder import RUN_JSON
from trainer.runs.records import RunInfo
from trainer.runs.storage import place

LOADING = "loading the model"  # the part in which their code is imported
LONG = 30.0  # seconds of somebody's code after which it is said that it may be training

# help that fills more than a line: under its field, its line break would be kept
_MODULE = (
    "what is the model: FILE.py:NAME or PACKAGE.MODULE:NAME, where NAME is a class of torch.nn.Module, a model, or a function that "
    "returns one; a file alone, where it holds one class"
)
_WEIGHTS = (
    "weights to load into it: .pt, .pth, .bin, .ckpt or .safetensors, a state dict or a checkpoint that holds one, with whatever "
    "prefix; tensors only are loaded; several files where encoder and decoder were saved apart"
)
_DATA = (
    "data set that it was trained on: a name, or the path of your own images: a folder, or a file .zip, .npz, .npy or .csv; "
    "?size=64 after a folder gives the pixels of a side"
)
_PIXELS = (
    "range of the pixels that it was trained on: 0..1, -1..1, 0..255, or MEAN,STD as Normalize was given them, such as "
    "0.1307,0.3081 (default: 0..1; another that fits better is asked for)"
)

Spread = Literal["", "logvar", "sigma", "variance", "log-sigma"]


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Which model, how it is made, and what only the person knows who trained it."""

    module: Annotated[str, arg(metavar="FILE.py:NAME", help=_MODULE)]
    arguments: Annotated[str | None, arg(metavar="JSON", help_behavior_hint="")] = None
    """what the class or function is called with: '{"latent_dim": 20}' by name, or '[784, 20]' in their order"""
    weights: Annotated[tuple[str, ...], arg(metavar="FILE …", help_behavior_hint="", help=_WEIGHTS)] = ()
    weights_key: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """where in that file they are, such as ema (default: wherever names and shapes fit best)"""
    command_line: Annotated[str, arg(metavar="WORDS", help_behavior_hint="")] = ""
    """what the module's own command line reads, where it has one (default: nothing)"""
    data: Annotated[str, arg(metavar="DATA", help=_DATA)]
    held_out: Annotated[float | None, arg(metavar="SHARE", help_behavior_hint="")] = None
    """share of your own images that figures are measured on, 0.05 to 0.6 (default: 0.2, or the test split that is there)"""
    likelihood: Literal["bernoulli", "gaussian", "laplace"] = "bernoulli"
    """what its reconstruction loss means: bernoulli for cross-entropy, gaussian for squared, laplace for absolute error"""
    sigma: Annotated[float, arg(metavar="NUMBER")] = 1.0
    """scale of a Gaussian or Laplace pixel: 1 for a loss Σ(x − x̂)²/2, 0.7071 for Σ(x − x̂)²"""
    loss: Literal["sum", "mean"] = "sum"
    """whether its reconstruction loss is summed over the pixels of an image, or averaged over them as mse_loss(x_hat, x) does"""
    beta: Annotated[float, arg(metavar="NUMBER")] = 1.0
    """weight of the KL as its training loop has it, the KL summed over dimensions"""
    pixels: Annotated[str, arg(metavar="RANGE", help_behavior_hint="", help=_PIXELS)] = ""
    output: Literal["means", "logits"] = "means"
    """what decode gives: mean pixels, or logits (the numbers before a sigmoid)"""
    spread: Annotated[Spread, arg(metavar="{logvar,sigma,variance,log-sigma}", help_behavior_hint="")] = ""
    """what encode gives beside the mean (default: what is seen of it, else the log variance)"""
    conditional: Annotated[bool, arg(help_behavior_hint="")] = False
    """it is class-conditional: encode(x, y) or decode(z, y), as a number or one-hot (default: it is not)"""
    binarise: Annotated[bool, arg(help_behavior_hint="")] = False
    """it was trained on black and white pixels drawn from the grey ones (default: on the grey ones)"""


@dataclass(frozen=True, kw_only=True)
class ImportOptions(ModelOptions):
    """Make a run of a model that was trained elsewhere, so that the app shows it and the clinic examines it.

    Imports and runs the module that you name, as `python` would, in a process of its own and only now: the app never does.
    """

    name: NewName = None
    """name of the run (default: that of the class or function)"""
    runs: RunsToWrite = field(default_factory=lambda: str(default_roots()[0]))
    """folder of runs, a path or an fsspec URL such as s3://bucket/runs (default: $LATENT_RUNS, else runs)"""
    umap: bool = True
    """lay out a UMAP for more than two latent dimensions"""
    classifier: bool = True
    """train a small classifier of pictures, where the data set has classes"""
    thorough: bool = False
    """use all images and samples for every figure, however long it takes (default: as many as take about a minute)"""
    overwrite: bool = False
    """replace a run of this name"""


@dataclass(frozen=True, kw_only=True)
class CheckOptions(ModelOptions):
    """A dry run of import: load the model, run it a few times, and print how it was read. Nothing is written.

    It says how the module was loaded, what fits of the weights, which value of encode was taken for what, the ranges of pixels, and what
    disagrees. Takes the options of import.
    """


# --- here


def import_command(argv: list[str], prog: str) -> None:
    """`import`, with the words after it; prog: how the program was called. Raises `LatentError`."""
    options = parse(ImportOptions, joined(argv), f"{prog} import")
    if not options.runs.strip():
        raise LatentError("--runs is ''; allowed: a folder or an fsspec address.")
    name = _run_name(options)
    if not options.overwrite and (place(options.runs) / name / RUN_JSON).is_file():
        raise RunError(f"run {name!r} is already in {options.runs}; --overwrite replaces it, --name starts another.")
    _run("import", options, {"name": name, "runs": _absolute_unless_address(options.runs)})


def check_command(argv: list[str], prog: str) -> None:
    """`check`, with the words after it; prog: how the program was called. Raises `LatentError`."""
    _run("check", parse(CheckOptions, joined(argv), f"{prog} check"), {})


def joined(argv: list[str]) -> list[str]:
    """The words with `--pixels -1..1` and `--command-line "--lr 3"` as one each, since what begins with a minus is taken for an option."""
    words: list[str] = []
    for word in argv:
        is_value = bool(words) and ((words[-1] == "--pixels" and re.match(r"-[0-9.]", word)) or words[-1] == "--command-line")
        if is_value and word.startswith("-"):
            words[-1] = f"{words[-1]}={word}"
        else:
            words.append(word)
    return words


def _run_name(options: ImportOptions) -> str:
    """The name that was given, or that of what is the model: the class, or the file where none is named."""
    if options.name is not None:
        return check_run_name(options.name)
    where, _, name = options.module.rpartition(":")
    return check_run_name(slug(name if where and name else Path(options.module).stem))


def slug(text: str) -> str:
    """A name as a run may have it."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-_.") or "imported"


def _run(command: str, options: ModelOptions, changed: Mapping[str, Any]) -> None:
    """One command in a process of its own, with the paths that are meant from here; prints what it tells."""
    from trainer.importers.process.external_errors import ExternalCodeError
    from trainer.importers.process.parent_process import absolute, run_apart

    told = {**asdict(options), **changed, "module": _absolute_module(options.module), "data": _data_of(options)}
    told["weights"] = [absolute(file) for file in options.weights]
    request = {"command": command, "options": told}
    folder = os.getcwd()
    try:
        with Show(options.module) as show:
            run_apart(request, show.message, show.output, folder)
    except ExternalCodeError as error:
        beside = _folder_with(error.missing, str(told["module"]))
        if beside is None:
            raise
        print(f"{error.missing} is not here but beside the module: started again from {beside}.", file=sys.stderr)
        with Show(options.module) as show:
            run_apart(request, show.message, show.output, beside)


def _absolute_module(module: str) -> str:
    """The file by its full path, so that it is found from another folder; a module by its name as it is."""
    from trainer.importers.process.module_reference import place_of

    found = place_of(module)
    if found.file is None:
        return module
    return str(found.file) + ("" if found.name is None else f":{found.name}")


def _folder_with(missing: str | None, module: str) -> str | None:
    """The folder of the module, where a file that it did not find from here lies."""
    from trainer.importers.process.module_reference import place_of

    file = place_of(module).file
    if missing is None or file is None or file.parent == Path.cwd() or not (file.parent / missing).exists():
        return None
    return str(file.parent)


def _absolute_unless_address(folder: str) -> str:
    return folder if "://" in folder else str(Path(folder).expanduser().absolute())


def _data_of(options: ModelOptions) -> str:
    """The name of the data set that means the same from every folder, with the share that is held out. Raises `DataError`."""
    from trainer.datasets import absolute_name, with_held_out

    name = absolute_name(options.data)
    return name if options.held_out is None else with_held_out(name, options.held_out)


class Show:
    """What the other process tells, on this terminal: a bar or a line for each part, notes, and at the end the answer on stdout."""

    def __init__(self, module: str) -> None:
        self._module, self._bar, self._part, self._since = module, None, "", time.monotonic()  # type: Any, Any, str, float
        self._is_said = False

    def __enter__(self) -> Show:
        return self

    def __exit__(self, *raised: object) -> None:
        self._close()

    def message(self, message: Mapping[str, Any]) -> None:
        """One message of `trainer.cli.import_worker`, or {} for time that passes."""
        if "part" in message:
            self._begin(str(message["part"]), message.get("share"))
        if "note" in message:
            self._write(f"{message['note']}\n")
        if "say" in message:
            self._close()
            print(message["say"])
        if "bug" in message:
            self._close()
            raise RuntimeError(f"a fault of this program, please report it:\n{message['bug']}")
        if self._bar is not None:
            self._bar.refresh()
        if self._part == LOADING and time.monotonic() - self._since > LONG and not self._is_said:
            self._is_said = True
            self._write(
                f"{self._module} has been running for {LONG:.0f} s: if it trains when it is imported, put that under if __name__ == "
                "'__main__': (Ctrl-C ends it).\n"
            )

    def output(self, printed: bytes) -> None:
        """What their code prints."""
        self._write(printed.decode("utf-8", "replace"))

    def _write(self, text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        sys.stderr.write(text)
        sys.stderr.flush()

    def _begin(self, part: str, share: float | None) -> None:
        from tqdm import tqdm

        if part != self._part:
            self._close()
            self._part, self._since = part, time.monotonic()
            if not sys.stderr.isatty():
                self._write(f"{part} …\n")
                return
            form = "{desc:<34} {elapsed}" if share is None else "{desc:<34} {bar:24} {percentage:3.0f} % {elapsed}"
            self._bar = tqdm(total=1.0, desc=part, bar_format=form, file=sys.stderr, leave=True)
        if self._bar is not None and share is not None:
            self._bar.update(max(0.0, share - self._bar.n))

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


# --- in both processes


def options_of(request: Mapping[str, Any]) -> ModelOptions:
    """The options of a request of `_run`."""
    kinds: dict[str, type[ModelOptions]] = {"import": ImportOptions, "check": CheckOptions}
    kind = kinds[str(request["command"])]
    known = {item.name for item in fields(kind)}
    return kind(**{key: value for key, value in request["options"].items() if key in known})


def source_of(options: ModelOptions) -> str:
    """Where a model comes from, for people: the file or module, what in it, and the file of weights; no folders."""
    from trainer.importers.process.module_reference import place_of

    place = place_of(options.module)
    where = place.dotted if place.file is None else place.file.name
    name = f":{place.name}" if place.name else ""
    return f"{where}{name}" + (f" with {', '.join(Path(file).name for file in options.weights)}" if options.weights else "")


def run_line(info: Any) -> str:
    """A run in a line, of its record or of what is wrong with it."""
    if not isinstance(info, RunInfo):
        return str(info)
    if info.metrics is None:
        return f"{info.state} after {info.epoch} of {info.config.epochs} epochs"
    what = f"{info.dataset.name}, {info.config.model}, {info.config.latent_dim}-D"
    if info.metrics.reconstruction is None:
        return f"{what}, without pictures: no bound"
    if info.metrics.elbo is None or info.metrics.nll is None:
        return f"{what}, reconstruction {number(info.metrics.reconstruction)}"
    given = " given the class" if info.config.is_conditional else ""
    return f"{what}, ELBO {number(info.metrics.elbo)}, NLL{given} {number(info.metrics.nll)}"
