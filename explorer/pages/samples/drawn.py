"""Which pictures does the model draw? The choice as a record, the codes, the pictures, and the words that say exactly what was sampled."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.text.test_images import class_name, image_name
from explorer.text.verdict import line_of
from trainer.diagnosis.sentences import samples_sentence
from trainer.latent.draws import fitted_draws, posterior_draws, prior_draws
from trainer.numerals import count, number
from trainer.runs.read import Run

Floats = NDArray[np.float32]
Source = Literal["Prior", "Posterior of an image", "Gaussian fitted to the codes"]
Pixels = Literal["mean", "draw"]
PRIOR: Source = "Prior"
POSTERIOR: Source = "Posterior of an image"
FITTED: Source = "Gaussian fitted to the codes"
CODES, PIXELS = 0, 1  # streams of one seed: the same codes whether pixels are means or draws


@dataclass(frozen=True)
class Choice:
    """What is to be drawn."""

    source: Source
    pixels: Pixels
    n: int
    temperature: float
    """Factor on the standard deviation of z, 0 or more."""
    seed: int
    row: int = 0
    """The test image whose posterior is drawn from, by its place among the encodings."""
    label: int | None = None
    """The class as which all are decoded, of a conditional model; None: the classes in turn."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn."""

    images: Floats
    """(n, C, H, W) in [0, 1]."""
    z: Floats
    """(n, K)."""
    labels: NDArray[np.int64] | None
    """(n,), the class as which each is decoded; None for a model that is told none."""


def sources(run: Run) -> tuple[Source, ...]:
    """From where codes can be drawn; a deterministic model has neither prior nor posterior."""
    return (FITTED,) if run.config.is_deterministic else (PRIOR, POSTERIOR)


def drawn(run: Run, choice: Choice) -> Drawn:
    """The same for the same choice, always."""
    z = _codes(run, choice)
    labels = _labels(run, choice)
    if choice.pixels == "mean":
        return Drawn(run.forward.decode(z, labels), z, labels)
    return Drawn(run.forward.draw(z, np.random.default_rng((choice.seed, PIXELS)), labels), z, labels)


def _codes(run: Run, choice: Choice) -> Floats:
    rng = np.random.default_rng((choice.seed, CODES))
    stored = run.encodings
    if choice.source == PRIOR:
        return prior_draws(choice.n, run.config.latent_dim, choice.temperature, rng)
    if choice.source == POSTERIOR:
        std = np.exp(stored.logvar[choice.row] / 2)
        return posterior_draws(stored.mu[choice.row], std, choice.n, choice.temperature, rng)
    return fitted_draws(stored.mu, choice.n, choice.temperature, rng)


def _labels(run: Run, choice: Choice) -> NDArray[np.int64] | None:
    if not run.config.is_conditional:
        return None
    if choice.source == POSTERIOR and run.told is not None:
        return np.full(choice.n, run.told[choice.row])  # it was encoded under that class
    return np.arange(choice.n) % run.n_classes if choice.label is None else np.full(choice.n, choice.label)


# --- in words


def title(run: Run, choice: Choice) -> str:
    """“20 pictures from the prior”; not yet Markdown."""
    what = f"{count(choice.n)} pictures"
    if choice.source == PRIOR:
        return f"{what} from the prior"
    if choice.source == POSTERIOR:
        return f"{what} from the posterior of {_image(run, choice.row)}"
    return f"{what} from a Gaussian fitted to the codes"


def sentence(run: Run, choice: Choice) -> str:
    """Exactly what was sampled, in a formula and a sentence; not yet Markdown."""
    t = "" if choice.temperature == 1 else f"{number(choice.temperature, 1)} · "
    formulas = {
        PRIOR: f"z = {t}ε, ε drawn from N(0, I)",
        POSTERIOR: f"z = μ + {t}σ · ε, ε drawn from N(0, I)",
        FITTED: f"z = mean + {t}covariance^½ · ε of the codes of the {count(len(run.encodings.mu))} test images",
    }
    mean = "decoded from z" if run.config.is_deterministic else "the mean of p(x|z)"
    pixels = mean if choice.pixels == "mean" else f"one draw from p(x|z), {run.config.likelihood}"
    return f"{formulas[choice.source]}; each picture is {pixels}{_told(run, choice)}. Seed {choice.seed}."


def caution(run: Run, choice: Choice) -> str:
    """That codes are spread otherwise than what is drawn, where that is known; not yet Markdown."""
    found, line = run.info.examination, line_of(run.info, run.encodings.mu)
    if choice.source != PRIOR or found is None or line is None or line.kind == "no-verdict":
        return ""
    return samples_sentence(found)


def _told(run: Run, choice: Choice) -> str:
    if not run.config.is_conditional:
        return ""
    names = run.info.dataset.class_names
    if choice.source == POSTERIOR and run.told is not None:
        return f", as class {names[int(run.told[choice.row])]}, under which the image is encoded"
    return ", as every class in turn" if choice.label is None else f", as class {class_name(choice.label, names)}"


def _image(run: Run, row: int) -> str:
    return image_name(row, int(run.encodings.label[row]), run.info.dataset.class_names)


# --- as files


def arrays_file(run: Run, choice: Choice, found: Drawn) -> bytes:
    """A .npz with pictures, codes, classes, and what was sampled in words."""
    out = io.BytesIO()
    arrays: dict[str, NDArray[np.generic]] = {"images": found.images, "z": found.z}
    if found.labels is not None:
        arrays["labels"] = found.labels
    np.savez_compressed(
        out, allow_pickle=False, what=np.array(f"{run.id}: {title(run, choice)}. {sentence(run, choice)}"), **arrays
    )
    return out.getvalue()
