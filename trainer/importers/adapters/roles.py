"""Which of the values that an encoder gives is the mean, which the spread, which a draw, and what kind of spread?

What is seen decides, the strongest first: a draw that was held (`trainer.importers.calls.noise`) shows mean and standard deviation
themselves, and the values are only compared with them; then names; then repeatability (a draw differs, a mean does not), shapes, signs
(a σ is never negative) and which value decodes to the picture. What is decided by convention alone, mean before log variance, is marked as
such, and `trainer.importers.conventions` puts it to the test.

Letters: B images, K latent dimensions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from torch import Tensor

from trainer.errors import ExternalModelError
from trainer.importers.calls.outputs import MEAN, OTHER_LAW, SIGMA, Value
from trainer.numerals import number

Spread = Literal["logvar", "sigma", "variance", "log-sigma"]
SPREADS: tuple[Spread, ...] = get_args(Spread)
WORDS = {
    "logvar": "the log variance",
    "sigma": "the standard deviation",
    "variance": "the variance",
    "log-sigma": "the logarithm of the standard deviation",
    "softplus": "the standard deviation before its softplus",
}
LOGVAR_OF: dict[str, Callable[[Tensor], Tensor]] = {
    "logvar": lambda b: b,
    "log-sigma": lambda b: 2 * b,
    "sigma": lambda b: 2 * b.log(),
    "variance": lambda b: b.log(),
    "softplus": lambda b: 2 * torch.nn.functional.softplus(b).log(),
}
MEANS = (
    "mu",
    "mean",
    "means",
    "loc",
    "embedding",
    "z_mean",
    "mu_z",
    "z_mu",
    "mean_z",
    "z_loc",
    "qz_m",
    "m",
    "posterior_mean",
    "latent_mean",
    "q_mu",
    "q_mean",
    "code",
    "latent",
)
SPREAD_NAMES: dict[str, Spread] = {
    **dict.fromkeys(
        (
            "logvar",
            "log_var",
            "log_variance",
            "logvariance",
            "log_covariance",
            "z_log_var",
            "logvar_z",
            "z_logvar",
            "lv",
            "log_sigma_sq",
            "log_sigma2",
            "log_sigma_squared",
            "ln_var",
            "logsigma2",
            "q_logvar",
            "log_var_z",
        ),
        "logvar",
    ),
    **dict.fromkeys(("std", "sigma", "scale", "stddev", "stdev", "z_std", "z_scale", "std_z", "sigma_z", "z_sigma", "sd"), "sigma"),
    **dict.fromkeys(("var", "variance", "sigma2", "sigma_sq", "z_var", "qz_v", "covariance", "var_z"), "variance"),
    **dict.fromkeys(
        ("log_std", "logstd", "log_sigma", "logsigma", "log_scale", "logscale", "z_log_std", "log_stddev", "lnstd"), "log-sigma"
    ),
}
SPLITS: dict[str, Callable[[Tensor], tuple[Tensor, ...]]] = {
    "": lambda t: (t,),
    "in halves": lambda t: t.chunk(2, dim=1),
    "in turns": lambda t: t.flatten(1).reshape(len(t), -1, 2).unbind(-1),
    "along the last axis": lambda t: t.chunk(2, dim=-1),
}
SAME, SAME_NEAR_0 = 2e-3, 1e-4
CLEARLY_BETTER = 0.8  # ratio of squared errors of what two values decode to, where no sign says which is which


class Unfit(Exception):
    """Why an adapter does not fit a model; words that end a sentence."""


class NoisyError(ExternalModelError):
    """Noise on the way to the code: what other parts of the model give without it is not the code that decode knows."""


@dataclass(frozen=True)
class Pick:
    """One value of an answer, or one part of one that holds two."""

    name: str
    """of the value"""
    index: int
    """its place among the values"""
    split: str = ""
    """how the value is split, a key of `SPLITS`; empty for the whole"""
    part: int = 0
    """which part: 0 or 1"""

    def of(self, values: Sequence[Value]) -> Tensor:
        """The tensor, (B, …)."""
        if self.index >= len(values):
            raise ExternalModelError("encode gave fewer values for other images than before; allowed: always the same.")
        return SPLITS[self.split](values[self.index].tensor)[self.part]

    @property
    def words(self) -> str:
        place = _place(self.name, self.index)
        return f"part {self.part + 1} of {place} ({self.split})" if self.split else place


@dataclass(frozen=True)
class Roles:
    """How mean and log variance are read out of the values of an answer."""

    mu: Pick
    """the mean"""
    spread: Pick | None
    """None for a point"""
    kind: str
    """what the spread is, a key of `LOGVAR_OF`"""
    why: str
    """what decided, in words"""
    is_sure: bool
    """whether it was seen, named or given; not where only the usual order says so"""

    def read(self, values: Sequence[Value]) -> tuple[Tensor, ...]:
        """(mu, logvar), or (mu,), each as the model shapes it."""
        mu = self.mu.of(values)
        if self.spread is None:
            return (mu,)
        return mu, LOGVAR_OF[self.kind](self.spread.of(values)).reshape(mu.shape)

    @property
    def words(self) -> str:
        """What was understood, a sentence without its full stop."""
        if self.spread is None:
            return f"the code is {self.mu.words}, a point ({self.why})"
        return f"the mean is {self.mu.words}, {WORDS[self.kind]} is {self.spread.words} ({self.why})"


def by_draw(values: Sequence[Value], mean: Tensor, sigma: Tensor) -> Roles | None:
    """The values that are the mean and the spread of a code whose draw was held, both (B, …); None where the mean is not among them."""
    picks = list(_picks(values, mean[0].numel()))
    mu = next((pick for pick in picks if _is_same(pick.of(values), mean)), None)
    if mu is None:
        return None
    for kind, logvar in LOGVAR_OF.items():
        for pick in picks:
            found = logvar(pick.of(values)) if pick != mu else None
            if found is not None and bool(torch.isfinite(found).all()) and _is_same((found / 2).exp(), sigma):
                return Roles(mu, pick, kind, "seen where the code is drawn", is_sure=True)
    return None


def by_name(values: Sequence[Value]) -> Roles | None:
    """By the names of fields, where they say both."""
    names = [_plain(value.name) for value in values]
    odd = next((value.name for value in values if value.name.startswith(OTHER_LAW)), None)
    if odd is not None:
        raise ExternalModelError(
            f"encode gave a {odd.removeprefix(OTHER_LAW)}; allowed: torch.distributions.Normal, alone or in Independent, because the "
            "clinic measures diagonal Gaussians."
        )
    if MEAN in names and SIGMA in names:
        mu, sigma = (Pick(name, names.index(name)) for name in (MEAN, SIGMA))
        return Roles(mu, sigma, "sigma", "a distribution says so itself", is_sure=True)
    means = [at for name in MEANS for at, given in enumerate(names) if given == name]
    if not means:
        return None
    mu = Pick(values[means[0]].name, means[0])
    for name, kind in SPREAD_NAMES.items():
        if name in names:
            spread = Pick(name, names.index(name))
            check_shapes(values[mu.index].tensor, values[spread.index].tensor)
            return Roles(mu, spread, kind, "by its name", is_sure=False)
    numbers = [value for value in values if value.tensor.is_floating_point() and value.tensor.ndim > 1]
    return Roles(mu, None, "", "by its name", is_sure=True) if len(numbers) == 1 else None


def by_looks(
    values: Sequence[Value], again: Sequence[Value], x: Tensor, takes: Callable[[Tensor], bool], redraws: Callable[[Tensor], float]
) -> Roles:
    """By repeatability, shapes, signs and pictures.

    again: the values of a second call.
    takes: whether decode takes such codes.
    redraws: the squared error of what codes decode to, ∞ where they do not.

    Raises `ExternalModelError` or `Unfit`.
    """
    every = [Pick(value.name, at) for at, value in enumerate(values) if value.tensor.is_floating_point()]
    left = [pick for pick in every if _is_same(pick.of(values), pick.of(again))]
    drawn = {values[pick.index].width for pick in every if pick not in left}
    if not left:
        raise draws_codes()
    left = _without_copies([pick for pick in left if not _is_same(pick.of(values), x)] or left, values)
    if len(left) == 2 and len({values[pick.index].width for pick in left}) == 2:
        check_shapes(*(pick.of(values) for pick in left))
    alike = _alike(left, values, takes)
    if len(alike) == 1 and values[alike[0].index].width in drawn:
        raise draws_codes()
    if len(alike) == 1:
        return _single(alike[0], values, takes, redraws)
    related = _related(alike, values)
    if related is not None:
        return related
    if len(alike) > 2:
        raise Unfit(f"gave {len(alike)} values of one shape that do not say which is which")
    return _pair(alike[0], alike[1], values, redraws)


def draws_codes(kind: type[ExternalModelError] = ExternalModelError) -> ExternalModelError:
    """Where encode gives a draw, or numbers that a draw on the way has changed."""
    return kind(
        "encode gave two different mu for the same images; allowed: mean and log variance of the posterior, not a draw, "
        "from a model in evaluation (call eval() in the factory)."
    )


def check_shapes(mu: Tensor, logvar: Tensor) -> None:
    """Raises `ExternalModelError` where a spread does not belong to a mean."""
    if mu[0].numel() != logvar[0].numel():
        raise ExternalModelError(
            f"encode gave mu of shape {tuple(mu.shape)} and logvar of shape {tuple(logvar.shape)}; allowed: the same shape, a log "
            "variance for every dimension."
        )


def told(roles: Roles, spread: Spread | None, values: Sequence[Value]) -> Roles:
    """The same with the kind of spread that the person says. Raises `ExternalModelError` where that cannot be."""
    if spread is None or roles.spread is None:
        return roles
    if roles.is_sure and roles.kind != spread:
        raise ExternalModelError(
            f"--spread is {spread}, but {roles.spread.words} of encode is {WORDS[roles.kind]} ({roles.why}); allowed: leave the option out."
        )
    low = float(roles.spread.of(values).min())
    if spread in ("sigma", "variance") and low < 0:
        raise ExternalModelError(
            f"--spread is {spread}, but {roles.spread.words} of encode has values down to {number(low)}, and {WORDS[spread]} is never "
            "negative; allowed: logvar or log-sigma."
        )
    return replace(roles, kind=spread, why="as --spread says", is_sure=True)


# --- one question each


def _picks(values: Sequence[Value], width: int) -> list[Pick]:
    """What can be a code of so many numbers: whole values first, then halves of values twice as wide."""
    whole = [Pick(value.name, at) for at, value in enumerate(values) if value.width == width]
    double = [(at, value) for at, value in enumerate(values) if value.width == 2 * width]
    splits = [
        Pick(value.name, at, split, part)
        for at, value in double
        for split in list(SPLITS)[1:]
        for part in (0, 1)
        if _can_split(value.tensor, split)
    ]
    return whole + splits


def _can_split(tensor: Tensor, split: str) -> bool:
    if split == "in turns":
        return tensor[0].numel() % 2 == 0
    dim = 1 if split == "in halves" else -1
    return tensor.ndim >= 2 and tensor.shape[dim] % 2 == 0 and not (split == "along the last axis" and tensor.ndim == 2)


def _is_same(one: Tensor, other: Tensor) -> bool:
    if one.numel() != other.numel() or not one.is_floating_point():
        return False
    return torch.allclose(one.reshape(len(one), -1), other.reshape(len(one), -1).to(one), SAME, SAME_NEAR_0)


def _without_copies(picks: list[Pick], values: Sequence[Value]) -> list[Pick]:
    """Of equal values (z of a model in evaluation is mu) the one with a name that says mean, else the first."""
    kept: list[Pick] = []
    for pick in picks:
        twin = next((k for k, other in enumerate(kept) if _is_same(pick.of(values), other.of(values))), None)
        if twin is None:
            kept.append(pick)
        elif _plain(pick.name) in MEANS and _plain(kept[twin].name) not in MEANS:
            kept[twin] = pick
    return kept


def _alike(picks: list[Pick], values: Sequence[Value], takes: Callable[[Tensor], bool]) -> list[Pick]:
    """Those of one width: that of the codes that decode takes, else the width that occurs most often."""
    by_width: dict[int, list[Pick]] = {}
    for pick in picks:
        if values[pick.index].tensor.is_floating_point() and values[pick.index].tensor.ndim > 1:
            by_width.setdefault(values[pick.index].width, []).append(pick)
    if not by_width:
        raise Unfit("gave no codes: numbers of shape (B, K)")
    fitting = [group for group in by_width.values() if takes(group[0].of(values))]
    return max(fitting or list(by_width.values()), key=len)


def _related(picks: list[Pick], values: Sequence[Value]) -> Roles | None:
    """Where a spread is given twice, as σ and as log variance, the two say what they are, and the one that is left is the mean."""
    for low in picks:
        for high in picks:
            if low is high:
                continue
            for kind in ("sigma", "variance"):
                b = low.of(values)
                if bool((b > 0).all()) and _is_same(LOGVAR_OF[kind](b), high.of(values)):
                    rest = [pick for pick in picks if pick not in (low, high)]
                    if len(rest) == 1:
                        return Roles(rest[0], high, "logvar", f"beside {WORDS[kind]}, of which it is the logarithm", is_sure=True)
    return None


def _single(pick: Pick, values: Sequence[Value], takes: Callable[[Tensor], bool], redraws: Callable[[Tensor], float]) -> Roles:
    """One value: a point, or mean and spread in one tensor, which the width that decode takes tells."""
    tensor = pick.of(values)
    if takes(tensor):
        return Roles(pick, None, "", "encode gives one value, and decode takes it", is_sure=True)
    halves = [[replace(pick, split=split, part=part) for part in (0, 1)] for split in list(SPLITS)[1:] if _can_split(tensor, split)]
    halves = [pair for pair in halves if all(takes(half.of(values)) for half in pair)]
    if not halves:
        raise Unfit(f"gave {tensor[0].numel()} numbers an image, and decode takes neither so many nor half of them")
    first, second = min(halves, key=lambda pair: min(redraws(half.of(values)) for half in pair))
    why = f"decode takes {first.of(values)[0].numel()} of the {tensor[0].numel()} numbers"
    return replace(_pair(first, second, values, redraws), why=why)


def _pair(first: Pick, second: Pick, values: Sequence[Value], redraws: Callable[[Tensor], float]) -> Roles:
    """Mean and spread in the usual order, unless signs or pictures say that it is the other."""
    a, b = first.of(values), second.of(values)
    check_shapes(a, b)
    errors, lows = (redraws(a), redraws(b)), (float(a.min()), float(b.min()))
    is_turned, why = False, "in the usual order"
    if lows[0] >= 0 > lows[1] and not errors[0] < errors[1]:
        is_turned, why = True, "the other is never negative"
    elif lows[0] >= 0 > lows[1]:  # a mean may have no negative value; a spread does not redraw images
        why = "it is what decodes to the pictures"
    elif errors[1] < CLEARLY_BETTER * errors[0]:
        is_turned, why = True, "it is what decodes to the pictures"
    elif lows[1] >= 0 > lows[0]:
        why = "the other is never negative"
    mu, spread = (second, first) if is_turned else (first, second)
    kind = "sigma" if float(spread.of(values).min()) > 0 else "logvar"  # σ is never 0; zeros everywhere are the log of σ = 1
    return Roles(mu, spread, kind, why, is_sure=False)


def _plain(name: str) -> str:
    """A field's name as the lists have it."""
    if name in (MEAN, SIGMA):
        return name
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")


def _place(name: str, index: int) -> str:
    """A value as it is told: by its name, or by its number."""
    ordinals = ("the first", "the second", "the third", "the fourth")
    if not name or name.replace(".", "").isdigit():
        return f"{ordinals[index] if index < 4 else f'number {index + 1}'} value"
    return name if name in (MEAN, SIGMA) else repr(name)
