"""Which settings does a first training on somebody's pictures get, and why each?

Functions of what was found (`Facts`) alone: no file is read here and nothing is measured, so the same facts give the same settings.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from trainer.config import FitConfig, can_stop_early, checked
from trainer.datasets.names import MIN_SIZE, SIZE, Fit
from trainer.numerals import count, counted, number, percent

LARGE = 64  # pixels of a side at most, unless more is asked for
SMALL_VALUES = 1024  # numbers of a grey picture up to which dense layers learn quickly
OBLONG = 1.6  # the longer side over the shorter: from there on cutting out the middle loses much
ENDS = 0.95  # share of values near black or white from which pixels are coins
WIDEST, NARROW, NARROW_FROM = 128, 16, 96  # channels
DENSE = (512, 256)  # widths of dense layers
FEWEST_PIXELS = 8  # of the shorter side, below which hardly anything is left of a picture
LEAST_SIDE = 4  # pixels of the smallest feature maps
IMAGES_A_DIMENSION = 10
STEPS, FEWEST, MOST = 8000, 10, 300  # a training of so many steps, and epochs
TRAINING_S = 180.0  # of the ten minutes that a first training may take with all that follows it
WARMUP_SHARE = 10  # one epoch of so many
FEWEST_VALIDATION = 3  # images: the loss of one or two says more of them than of the model
EARLY_STOPPING = "early stopping"
FORWARD_SHARE = 1 / 3  # of the work of a step: what is encoded and decoded between epochs has no way back


@dataclass(frozen=True)
class Facts:
    """What was found in the pictures."""

    n_train: int
    """images to learn from"""
    n_test: int
    """held out"""
    image_shape: tuple[int, int, int]
    """(C, H, W)"""
    share_at_ends: float
    """of all values, those that are within a twentieth of black or white"""
    images_per_s: float | None = None
    """learned from in a second, as measured with the settings that do not depend on it; None before"""
    n_validation: int = 0
    """of which nothing is learned, and by which a training may be stopped"""

    @property
    def images_an_epoch(self) -> float:
        """Images of work in an epoch: those learned from, and what is measured on those held out and on as many training as test images."""
        return self.n_train + FORWARD_SHARE * (2 * self.n_test + self.n_validation)


@dataclass(frozen=True)
class Choice:
    """One setting."""

    setting: str
    """by name"""
    value: str
    """in words"""
    why: str
    """what it was chosen by"""
    change: str
    """what to type for another; empty where there is none"""

    def sentence(self) -> str:
        """As a run remembers it."""
        another = f" (another: {self.change})" if self.change else ""
        return f"{self.setting} {self.value}: {self.why}{another}"


@dataclass(frozen=True)
class Chosen:
    """All settings of a first training."""

    config: FitConfig
    """the configuration; its data is not set"""
    choices: tuple[Choice, ...]
    """its settings in the order in which they were chosen"""


@dataclass(frozen=True)
class ChosenSize:
    """To which size pictures in files are brought."""

    size: int
    """pixels of a side"""
    fit: Fit
    """how a picture becomes square"""
    why: str


def chosen_size(sides: Sequence[tuple[int, int]], asked: Fit | None = None) -> ChosenSize:
    """From width and height of pictures in files, of at least one: their own size where that is small, else one that is quick to learn.

    asked: how they are to become square, where that was said.
    """
    shorter = [min(pair) for pair in sides]
    middle = int(median(shorter))
    ratio = median(max(pair) / min(pair) for pair in sides)
    fit: Fit = asked or ("pad" if ratio >= OBLONG else "crop")
    if fit == "pad" and ratio >= OBLONG:
        return _oblong_size(int(median(max(pair) for pair in sides)), ratio)
    pair, n = Counter(sides).most_common(1)[0]
    if n == len(sides) and pair[0] == pair[1] and MIN_SIZE <= pair[0] <= LARGE:
        return ChosenSize(pair[0], fit, "all that were looked at have this size")
    size = SIZE if middle < (SIZE + LARGE) / 2 else LARGE
    than = "smaller" if middle < size else "larger" if middle > size else "that"
    told = f"the shorter side of half of them is {middle} pixels or less"
    if n == len(sides):
        told = f"all that were looked at are {pair[0]} × {pair[1]}"
    more = f"; {2 * LARGE} pixels take four times as long" if than == "larger" and size == LARGE else ""
    return ChosenSize(size, fit, f"{told}{more}")


def _oblong_size(longer: int, ratio: float) -> ChosenSize:
    """Of pictures of which all is kept: their longer side is what has to fit."""
    size = SIZE if longer < (SIZE + LARGE) / 2 else LARGE
    times = count(round(ratio)) if ratio >= 10 else number(ratio)
    why = f"half of them are {times} times as long as wide or more, so all of each is kept"
    if size / ratio < FEWEST_PIXELS:
        left = max(1, round(size / ratio))
        why += f", and {'a single pixel' if left == 1 else f'{left} pixels'} of the shorter side: cut them into pieces to see more"
    return ChosenSize(size, "pad", why)


def chosen_settings(facts: Facts, network: str | None = None, batch_size: int | None = None) -> Chosen:
    """The settings for these pictures. Without a measured speed the number of epochs is that of a training without haste.

    network, batch_size: those that were typed; the widths, and the number of epochs, are then chosen for them.
    """
    typed = {"network": network, "batch_size": batch_size}
    settings: dict[str, Any] = {"seed": 0, **{name: value for name, value in typed.items() if value}}
    choices = []
    for choose in (_network, _latent_dim, _likelihood, _batch, _epochs):
        fields, choice = choose(facts, settings)
        settings |= fields
        choices.append(choice)
    return Chosen(checked(FitConfig(), **settings), tuple(choices))


def chosen_beside(usual: FitConfig, wanted: FitConfig, facts: Facts) -> Chosen:
    """The settings where a person wants another network or batch than the usual one."""
    network = None if wanted.network == usual.network else wanted.network
    batch_size = None if wanted.batch_size == usual.batch_size else wanted.batch_size
    return chosen_settings(facts, network, batch_size)


def warmup_of(epochs: int) -> int:
    """Over how many of them the KL weight rises to β."""
    return epochs // WARMUP_SHARE


def told_warmup(config: FitConfig) -> tuple[Choice, ...]:
    """How the KL weight rises, where it does by what was chosen."""
    if config.is_deterministic or not config.warmup_epochs or config.warmup_epochs != warmup_of(config.epochs):
        return ()
    why = "a tenth of them, over which the weight of the KL rises: fewer dimensions are given up early"
    return (Choice("warm-up", counted(config.warmup_epochs, "epoch"), why, "--warmup-epochs 0"),)


def told_early_stopping(config: FitConfig, n_validation: int) -> tuple[Choice, ...]:
    """Whether the validation images may end the training, where that was chosen or where they are too few to."""
    by = counted(n_validation, "validation image")
    if config.early_stopping and config.warmup_epochs < config.epochs:
        why = f"if the loss on {by} rises while that on training images falls, training starts again with fewer epochs"
        return (Choice(EARLY_STOPPING, "yes", why, "--no-early-stopping"),)
    if can_stop_early(config) and n_validation < FEWEST_VALIDATION:
        return (Choice(EARLY_STOPPING, "no", f"{by}: fewer than {FEWEST_VALIDATION} do not tell when to stop", ""),)
    return ()


def with_typed(chosen: Chosen, config: FitConfig) -> tuple[Choice, ...]:
    """The choices as they hold in a configuration: what a person typed otherwise has no other reason than that."""
    fields = {"network": ("network", "hidden"), "latent dimensions": ("latent_dim",), "likelihood": ("likelihood",)}
    fields |= {"batch": ("batch_size",), "epochs": ("epochs",)}
    told = []
    for choice in chosen.choices:
        names = fields[choice.setting]
        also = ("scale", "sigma") if choice.setting == "likelihood" and config.has_scale else ()
        is_typed = any(getattr(config, name) != getattr(chosen.config, name) for name in (*names, *also))
        value = " ".join(_word(getattr(config, name)) for name in names)
        told.append(replace(choice, value=value, why="as typed") if is_typed else choice)
    return tuple(told)


def _word(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _network(facts: Facts, settings: dict[str, Any]) -> tuple[dict[str, Any], Choice]:
    channels, height, width = facts.image_shape
    colour = "grey" if channels == 1 else "RGB" if channels == 3 else f"{channels} channels"
    said = f"pictures are {colour}, {width} × {height}"
    if (typed := settings.get("network")) is not None:
        widths = {"mlp": DENSE, "linear": FitConfig().hidden}.get(typed, _channels(height, width))
        value = "linear" if typed == "linear" else f"{typed} {_word(widths)}"
        why = "as typed" if typed == "linear" else "as typed, with the widths that go with these pictures"
        return {"network": typed, "hidden": widths}, Choice("network", value, why, "--network mlp --hidden 512 256")
    if channels == 1 and height * width <= SMALL_VALUES:
        fields: dict[str, Any] = {"network": "mlp", "hidden": DENSE}
        why = f"{said}: {count(height * width)} numbers are few enough for dense layers"
    else:
        fields = {"network": "residual", "hidden": _channels(height, width)}
        why = f"{said}: convolutions see the same thing wherever it is"
    value = f"{fields['network']} {_word(fields['hidden'])}"
    return fields, Choice("network", value, why, "--network conv --hidden 32 64")


def _channels(height: int, width: int) -> tuple[int, ...]:
    """One number for each halving until the shorter side is 4 pixels; twice as many channels each time, up to a bound."""
    side = min(height, width)
    first = NARROW if max(height, width) >= NARROW_FROM else 2 * NARROW
    n = min(8, max(1, math.ceil(math.log2(max(side, 1) / LEAST_SIDE)))) if side > LEAST_SIDE else 1
    return tuple(min(first * 2**level, WIDEST) for level in range(n))


def _latent_dim(facts: Facts, settings: dict[str, Any]) -> tuple[dict[str, Any], Choice]:
    n_values = math.prod(facts.image_shape)
    by_size = 16 if n_values <= SMALL_VALUES else 32 if n_values <= 3 * SMALL_VALUES else 64
    by_number = max(2, facts.n_train // IMAGES_A_DIMENSION)
    n = min(by_size, by_number)
    few = f"{counted(facts.n_train, 'image')} to learn from: fewer than {IMAGES_A_DIMENSION} for each of {by_size}"
    why = f"a picture is {count(n_values)} numbers" if n == by_size else few
    return {"latent_dim": n}, Choice("latent dimensions", str(n), f"{why}; those that are not needed switch off", "--latent-dim 2")


def _likelihood(facts: Facts, settings: dict[str, Any]) -> tuple[dict[str, Any], Choice]:
    share = percent(math.floor(100 * facts.share_at_ends) / 100)
    if facts.share_at_ends >= ENDS:
        why = f"{share} of all values are near black or white: a pixel is a coin"
        return {"likelihood": "bernoulli"}, Choice("likelihood", "bernoulli", why, "--likelihood gaussian")
    fields = {"likelihood": "gaussian", "scale": "learned", "sigma": 0.2}
    why = f"{share} of all values are near black or white, the others between; one standard deviation is learned for all pixels"
    return fields, Choice("likelihood", "gaussian", why, "--likelihood bernoulli")


def _batch(facts: Facts, settings: dict[str, Any]) -> tuple[dict[str, Any], Choice]:
    typed = settings.get("batch_size")
    n = typed or (32 if facts.n_train < 1000 else 64)
    why = "as typed" if typed else f"{counted(facts.n_train, 'image')} to learn from"
    return {"batch_size": n, "learning_rate": 1e-3}, Choice(
        "batch", str(n), f"{why}, {_steps(facts, n)} an epoch", "--batch-size 128"
    )


def _steps(facts: Facts, batch_size: int, epochs: int = 1) -> str:
    n = epochs * -(-facts.n_train // batch_size)
    return "a single step" if n == 1 else f"{count(n)} steps"


def _epochs(facts: Facts, settings: dict[str, Any]) -> tuple[dict[str, Any], Choice]:
    wanted = min(MOST, max(FEWEST, math.ceil(STEPS * settings["batch_size"] / facts.n_train)))
    n, why = wanted, _steps(facts, settings["batch_size"], wanted)
    if facts.images_per_s is not None:
        each = facts.images_an_epoch / facts.images_per_s
        n = min(wanted, max(1, math.floor(TRAINING_S / each)))
        pace = f"{count(round(facts.images_per_s))} images a second here"
        minutes = f"about {max(1, round(n * each / 60))} min with what is measured between them"
        why = f"{pace}: {minutes}" if n < wanted or n == FEWEST else f"{why}; {pace}: {minutes}"
    return {"epochs": n, "warmup_epochs": warmup_of(n)}, Choice("epochs", str(n), why, f"--epochs {2 * n}")
