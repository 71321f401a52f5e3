"""How does `FitConfig` become a form? For every field its label, kind of control, bounds, default and help, from the field itself.

A page is a loop over `form_fields`; `configuration` makes of what was filled in a configuration, or the trainer's own sentence.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from trainer.config import FitConfig, can_stop_early, checked
from trainer.errors import ConfigError
from trainer.likelihoods.registry import LIKELIHOODS
from trainer.training.choosing.looking import with_epochs

Control = Literal["choice", "whole", "number", "switch", "widths"]
Group = Literal["model", "objective", "training", "afterwards"]
Value = str | int | float | bool | tuple[int, ...]

LEFT_OUT = {"data": "the data set is chosen by itself, from those that are here and what was uploaded"}
"""Fields that are no part of the form, each with its reason."""

LABELS = {
    "latent_dim": "latent dimensions",
    "beta": "β, weight of the KL",
    "sigma": "σ, scale of a pixel",
    "alpha": "α, weight of the classifier",
    "umap": "UMAP",
    "adam_eps": "Adam's ε",
    "elbo_epochs": "epochs of the ELBO first",
    "film_weights": "moments whose decoder is kept",
}
"""Of fields whose name is no label."""

OBJECTIVE = {
    "likelihood",
    "sigma",
    "scale",
    "binarise",
    "importance_samples",
    "elbo_epochs",
    "beta",
    "warmup_epochs",
    "beta_cycles",
}
OBJECTIVE |= {"free_bits", "lagging_steps", "finish_linear", "labelled", "alpha", "labelled_shift", "label_neighbours"}
MODEL = {"model", "latent_dim", "network", "hidden", "activation", "context", "feature_dim", "feature_hidden"}
AFTERWARDS = {"umap", "classifier", "film_weights"}

APPLIES: dict[str, Callable[[FitConfig], bool]] = {
    "context": lambda config: config.model == "vae" and config.network in ("mlp", "linear") and config.likelihood == "bernoulli",
    "hidden": lambda config: config.network != "linear",
    "activation": lambda config: config.network != "linear",
    "sigma": lambda config: config.has_scale,
    "scale": lambda config: config.has_scale,
    "binarise": lambda config: config.likelihood == "bernoulli",
    "importance_samples": lambda config: config.model in ("vae", "conditional-vae"),
    "elbo_epochs": lambda config: config.importance_samples > 1,
    "finish_linear": lambda config: config.model == "vae" and config.network == "linear" and config.likelihood == "gaussian",
    "umap": lambda config: config.latent_dim > 2,
    "early_stopping": can_stop_early,
    **dict.fromkeys(("beta", "warmup_epochs", "beta_cycles"), lambda config: not config.is_deterministic),
    **dict.fromkeys(("free_bits", "lagging_steps"), lambda config: config.model in ("vae", "conditional-vae")),
    **dict.fromkeys(("labelled", "alpha", "labelled_shift", "label_neighbours"), lambda config: config.is_semi_supervised),
    **dict.fromkeys(("feature_dim", "feature_hidden", "feature_epochs"), lambda config: config.model == "m1+m2"),
}
"""When a field means something; the others always do."""


@dataclass(frozen=True)
class FormField:
    """One setting as a control."""

    name: str
    """of the field"""
    label: str
    control: Control
    group: Group
    default: Value
    help: str
    """the field's documentation, as a sentence"""
    low: float | None = None
    """the least allowed"""
    high: float | None = None
    """the most allowed"""
    excludes_low: bool = False
    """whether only more than the least is allowed"""
    choices: tuple[str, ...] = ()
    """of a choice, in order"""

    def applies(self, config: FitConfig) -> bool:
        """Whether it means something with the other settings."""
        return APPLIES[self.name](config) if self.name in APPLIES else True


def form_fields(base: FitConfig | None = None) -> tuple[FormField, ...]:
    """A field of the form for every field of a configuration but those left out, with the values of `base`, a preset's for example."""
    base = base or FitConfig()
    return tuple(_field(name, info, base) for name, info in FitConfig.model_fields.items() if name not in LEFT_OUT)


def configuration(data: str, values: Mapping[str, Any], base: FitConfig | None = None, is_chosen: bool = False) -> FitConfig:
    """The configuration that was filled in; what does not apply to it is as in `base`. Raises `ConfigError` with the trainer's sentence.

    Widths may be a text, `256, 128`. is_chosen: whether `base` was chosen from the data, so that what follows from a setting goes with it.
    """
    base = base or FitConfig()
    told = {name: widths_of(name, value) if name in ("hidden", "feature_hidden") else value for name, value in values.items()}
    if not can_stop_early(base.model_copy(update={"data": data, **told})):
        told["early_stopping"] = False  # which another model or other splits to learn from do not allow
    config = checked(base, data=data, **told)
    return with_epochs(base, config) if is_chosen else config


def widths_of(name: str, value: Any) -> tuple[int, ...]:
    """Whole numbers with commas or spaces between. Raises `ConfigError`."""
    if not isinstance(value, str):
        return tuple(value)
    words = re.split(r"[,;\s]+", value.strip().strip("()[]"))
    if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
        raise ConfigError(name, value, "1 to 8 whole numbers from 1 to 8192, with commas between")
    return tuple(map(int, words))


def _field(name: str, info: FieldInfo, base: FitConfig) -> FormField:
    limits: dict[str, float] = {}
    for item in info.metadata:
        limits |= {key: getattr(item, key) for key in ("ge", "gt", "le", "lt") if hasattr(item, key)}
    high = limits["lt"] - 1 if "lt" in limits else limits.get("le")
    return FormField(
        name=name,
        label=LABELS.get(name, name.replace("_", " ")),
        control=_control(name, info),
        group=_group(name),
        default=getattr(base, name),
        help=_sentence(info.description or ""),
        low=limits.get("ge", limits.get("gt")),
        high=high,
        excludes_low="gt" in limits,
        choices=_choices(name, info),
    )


def _control(name: str, info: FieldInfo) -> Control:
    kinds: dict[Any, Control] = {bool: "switch", int: "whole", float: "number"}
    if info.annotation in kinds:
        return kinds[info.annotation]
    if get_origin(info.annotation) is tuple:
        return "widths"
    if _choices(name, info):
        return "choice"
    raise TypeError(f"no control for {name}: {info.annotation}")


def _choices(name: str, info: FieldInfo) -> tuple[str, ...]:
    if name == "likelihood":
        return tuple(LIKELIHOODS)
    return get_args(info.annotation) if get_origin(info.annotation) not in (tuple, types.UnionType) else ()


def _group(name: str) -> Group:
    return "model" if name in MODEL else "objective" if name in OBJECTIVE else "afterwards" if name in AFTERWARDS else "training"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
