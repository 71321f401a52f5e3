"""What does `import` take on the command line, and what does it answer?"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from trainer.arguments import NewName, RunsToWrite, parse
from trainer.config import check_run_name
from trainer.errors import LatentError, RunError
from trainer.runs import RUN_JSON, RunInfo, default_roots
from trainer.store import place


@dataclass(frozen=True)
class ImportOptions:
    """Make a run of a model that was trained elsewhere, so that the app shows it and the clinic examines it.

    Imports and runs the module that you name, as `python` would, here and only now: the app never does.
    """

    module: str
    """PACKAGE.MODULE:FACTORY, a function without arguments that returns an object with encode(x) and decode(z) in PyTorch"""
    data: str
    """data set that it was trained on: a name, a folder of images, or a file .npz with images (and labels, class_names)"""
    name: NewName = None
    """name of the run (default: the factory's)"""
    runs: RunsToWrite = field(default_factory=lambda: str(default_roots()[0]))
    """folder of runs, a path or an fsspec URL such as s3://bucket/runs (default: $LATENT_RUNS, else runs)"""
    likelihood: Literal["bernoulli", "gaussian", "laplace"] = "bernoulli"
    """what the reconstruction loss means: bernoulli for cross-entropy, gaussian for squared, laplace for absolute error"""
    sigma: float = 1.0
    """scale of a Gaussian or Laplace pixel: 1 for a loss Σ(x − x̂)²/2, 0.7071 for Σ(x − x̂)²"""
    beta: float = 1.0
    """weight of the KL term in its loss"""
    output: Literal["means", "logits"] = "means"
    """what decode gives: means in [0, 1], or logits"""
    binarise: bool = False
    """it was trained on black and white pixels drawn from the grey ones"""
    umap: bool = True
    """lay out a UMAP for more than two latent dimensions"""
    classifier: bool = True
    """train a small classifier of pictures, where the data set has classes"""
    overwrite: bool = False
    """replace a run of this name"""


def import_command(argv: list[str], prog: str) -> None:
    """`import`, with the words after it; prog: how the program was called. Raises `LatentError`."""
    options = parse(ImportOptions, argv, f"{prog} import")
    name = check_run_name(options.name or slug(options.module.rpartition(":")[2]))
    if not options.runs.strip():
        raise LatentError("--runs is ''; allowed: a folder or an fsspec address.")
    if not options.overwrite and (place(options.runs) / name / RUN_JSON).is_file():
        raise RunError(f"run {name!r} is already in {options.runs}; --overwrite replaces it, --name starts another.")
    from trainer.clinic import diagnose
    from trainer.datasets import load_dataset
    from trainer.importing import HowTrained, import_model
    from trainer.loading import load_factory

    model = load_factory(options.module)
    dataset = load_dataset(_data_name(options.data), progress=True)
    for note in dataset.notes:
        print(note, file=sys.stderr)
    how = HowTrained(options.likelihood, options.sigma, options.beta, options.output, options.binarise)
    run = import_model(
        model, dataset, name, source=options.module, how=how, runs=options.runs, overwrite=options.overwrite, umap=options.umap,
        classifier=options.classifier, on_part=lambda part: print(f"{part} …", file=sys.stderr),
    )  # fmt: skip
    print(f"{run.folder}: {run_line(run.info)}.")
    for line in run.info.origin.sentences() if run.info.origin else ():
        print(f"  {line}")
    if run.info.examination is not None:
        print(f"  {diagnose(run.config, run.info.examination, run.encodings.mu).headline}")


def slug(text: str) -> str:
    """A name as a run may have it."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-_.") or "imported"


def _data_name(data: str) -> str:
    """A folder or a file .npz by its path as the name that the data sets know; any other name as it is."""
    path = Path(data).expanduser()
    if data.lower().endswith(".npz") and not data.startswith("npz:"):
        return f"npz:{path.resolve()}"
    return f"folder:{path.resolve()}" if path.is_dir() and ("/" in data or "\\" in data or data not in _names()) else data


def _names() -> tuple[str, ...]:
    from trainer.datasets import dataset_names

    return dataset_names()


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
        return f"{what}, reconstruction {info.metrics.reconstruction:.2f}"
    given = " given the class" if info.config.is_conditional else ""
    return f"{what}, ELBO {info.metrics.elbo:.2f}, NLL{given} {info.metrics.nll:.2f}"
