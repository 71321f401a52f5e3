"""Which runs show what collapse is, and which a course compares? They ship in assets; this file is how they were made.

python -m trainer.cli.shipped_runs clinic                the patients, and one mended by each remedy
python -m trainer.cli.shipped_runs sweep                 digits, eight values of beta, three seeds
python -m trainer.cli.shipped_runs mnist-sweep           MNIST, five values of beta
python -m trainer.cli.shipped_runs linear                linear VAEs of digits, six values of beta
python -m trainer.cli.shipped_runs thin                  of the widest films a few hundred images, so that all that ships stays within 60 MB
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from trainer.config import FitConfig, checked
from trainer.datasets import Dataset, load_dataset
from trainer.presets import PRESETS
from trainer.runs.catalogue import HOME, load_run
from trainer.runs.folder import FILM
from trainer.runs.write import RunWriter
from trainer.training.finish import now
from trainer.training.fit import fit
from trainer.training.loop import Trainer

FOLDERS = {"clinic": HOME / "assets" / "clinic"} | dict.fromkeys(("sweep", "mnist-sweep", "linear"), HOME / "assets" / "sweep")
SNAPSHOTS = 5  # moments: the patients are compared more than watched, and the sweeps are not watched at all

_SMALL = checked(PRESETS["digits-vae"], hidden=(64,), latent_dim=8, warmup_epochs=0, umap=False, film_weights=0)
_STRONG = checked(_SMALL, likelihood="bernoulli", binarise=True, context=256, epochs=200, learning_rate=3e-3)
_HEAVY = checked(_SMALL, beta=4.0)
_WIDE = checked(_SMALL, scale="fixed", sigma=1.0)

# each mended run has the settings of its patient but for the remedy
CLINIC: dict[str, FitConfig] = {
    "clinic-healthy": checked(_SMALL, latent_dim=4),
    "clinic-surplus": checked(_SMALL, latent_dim=24),
    "clinic-over-regularised": _HEAVY,
    "clinic-collapsed": _WIDE,
    "clinic-strong-decoder": _STRONG,
    "clinic-kl-without-information": checked(_SMALL, latent_dim=4, epochs=1),
    "clinic-mended-beta": checked(_HEAVY, beta=1.0),
    "clinic-mended-sigma": checked(_WIDE, scale="learned"),
    "clinic-mended-warmup": checked(_STRONG, warmup_epochs=150),
    "clinic-mended-cycles": checked(_STRONG, beta_cycles=4),
    "clinic-mended-free-bits": checked(_STRONG, free_bits=0.5),
    "clinic-mended-lagging": checked(_STRONG, lagging_steps=100),
}

BETAS = (0.1, 0.3, 0.6, 1.0, 2.0, 4.0, 8.0, 16.0)
MNIST_BETAS = (0.25, 1.0, 2.0, 4.0, 8.0)
_MNIST_SWEPT = checked(PRESETS["vae"], hidden=(128,), latent_dim=10, epochs=20, umap=False, film_weights=0)


def swept() -> dict[str, FitConfig]:
    """Digits: eight values of beta, three seeds each."""
    return {f"sweep-digits-beta-{beta:g}-seed-{seed}": checked(_SMALL, beta=beta, seed=seed) for beta in BETAS for seed in range(3)}


def mnist_swept() -> dict[str, FitConfig]:
    """MNIST: five values of beta."""
    return {f"sweep-mnist-beta-{beta:g}": checked(_MNIST_SWEPT, beta=beta) for beta in MNIST_BETAS}


def linear() -> dict[str, FitConfig]:
    """Linear VAEs of a fixed σ² = 0.04 at six values of beta: which eigenvalues stay above βσ²."""
    base = checked(PRESETS["digits-linear-vae"], latent_dim=32, scale="fixed", sigma=0.2, epochs=100, film_weights=0)
    return {f"sweep-linear-beta-{beta:g}": checked(base, beta=beta) for beta in (0.1, 0.3, 1.0, 3.0, 8.0, 20.0)}


def make(configs: dict[str, FitConfig], folder: Path) -> Iterator[str]:
    """Trains every run that is not there yet; its name when it is whole."""
    for name, config in configs.items():
        if (folder / name / "run.json").is_file():
            continue
        dataset = load_dataset(config.data)
        if name == "clinic-kl-without-information":
            set_by_hand(config, dataset, name, folder)
        else:
            for _ in fit(config, dataset, name, folder, snapshots=SNAPSHOTS if name in CLINIC else 0, overwrite=True):
                pass
        yield name


def set_by_hand(config: FitConfig, dataset: Dataset, name: str, folder: Path) -> None:
    """A run whose every posterior is N(4, I): 8 nats of KL a dimension that tell no image from another. Not learned, but set."""
    trainer = Trainer(config, dataset, RunWriter.at(folder, name), "custom", now(), snapshots=2)
    for _ in trainer.epochs():
        pass
    with torch.no_grad():
        last, first = trainer.model.encoder[-1], trainer.model.decoder[0]
        assert isinstance(last, torch.nn.Linear)
        assert isinstance(first, torch.nn.Linear)
        last.weight.zero_()
        last.bias.copy_(torch.cat((torch.full((config.latent_dim,), 4.0), torch.zeros(config.latent_dim))))
        first.weight.zero_()
    trainer.progress.history[-1] = trainer.row(config.epochs)
    trainer.snapshots.drop_last(trainer.progress)
    trainer.snapshot(trainer.n_steps)
    for _ in trainer.finish():
        pass


WATCHED = 400
"""Images of the film of a run whose codes are wide."""
WIDE = ("mnist-20d", "shapes-6d", "faces-64")


def thin(name: str, folder: Path) -> None:
    """Keeps so many images of a film, evenly; the run opens at any moment."""
    run = load_run(name, folder)
    film = run.film
    rows = np.unique(np.linspace(0, len(film.index) - 1, WATCHED).round().astype(int))
    writer = RunWriter.at(folder, name)
    writer.write_info(run.info, unchecked=(FILM,))
    kept = {"mu": film.mu[:, rows], "epoch": film.epoch, "label": film.label[rows], "index": film.index[rows]}
    writer.write_arrays(FILM, kept)
    writer.write_info(run.info)


def main(argv: list[str]) -> int:
    kinds = {"clinic": CLINIC, "sweep": swept(), "mnist-sweep": mnist_swept(), "linear": linear()}
    if len(argv) != 1 or argv[0] not in (*kinds, "thin"):
        print(f"usage: python -m trainer.cli.shipped_runs {'|'.join(kinds)}|thin", file=sys.stderr)
        return 2
    os.environ["LATENT_SHIP"] = "1"  # these are the shipped runs
    if argv[0] == "thin":
        for name in WIDE:
            thin(name, HOME / "assets" / "runs")
        return 0
    for name in make(kinds[argv[0]], FOLDERS[argv[0]]):
        print(name, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
