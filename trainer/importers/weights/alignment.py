"""Which name in a file of weights stands for which name of the model?

A prefix is whatever has to be taken off one side so that the names meet: of a wrapped model (`module.`, `_orig_mod.`) or of a larger one
(`vae.`). Shapes decide between prefixes. Every parameter and buffer of the model has to be found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from trainer.importers.weights.candidates import Candidate, is_copy_name

Shape = tuple[int, ...] | None  # None: not known before the first use (lazy modules)
WRAPPERS = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module", "module")
OPTIONAL = ("num_batches_tracked",)  # a counter that no evaluation reads
MOST_PAIRS = 40  # of prefixes that are tried


@dataclass(frozen=True)
class Alignment:
    """Which name in the file stands for which name of the model."""

    names: dict[str, str] = field(default_factory=dict)
    """of the model: in the file"""
    prefix: str = ""
    """taken off the names in the file"""
    own_prefix: str = ""
    """taken off the names of the model"""
    others: tuple[str, ...] = ()
    """further prefixes under which the file holds as much"""
    renamed: tuple[tuple[str, str], ...] = ()
    """parts of the file that are taken for parts of another name: (in the file, of the model)"""

    @property
    def n(self) -> int:
        return len(self.names)


def align(there: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> Alignment:
    """The names in a file and the names of a model, brought together by taking one prefix off each side.

    there, wanted: shapes by name. Names meet where they are equal after that; shapes decide between prefixes.
    """
    plain = {_plain(name): name for name in there}
    own = {_plain(name): name for name in wanted}
    best, equals = Alignment(), list[tuple[str, str]]()
    most = (-1, -1)
    for prefix, own_prefix in _pairs(plain, there, own, wanted):
        names, fitting = {}, 0
        for name, full in own.items():
            stem = name.removeprefix(own_prefix) if name.startswith(own_prefix) else None
            other = None if stem is None else plain.get(prefix + stem)
            if other is not None:
                names[full] = other
                fitting += is_same_shape(there[other], wanted[full])
        score = (fitting, len(names))
        if score > most or (score == most and (is_copy_name(best.prefix), len(best.prefix)) > (is_copy_name(prefix), len(prefix))):
            equals = [*equals, (best.prefix, best.own_prefix)] if score == most else []
            best, most = Alignment(names, prefix, own_prefix), score
        elif score == most:
            equals.append((prefix, own_prefix))
    others = tuple(sorted({p for p, q in equals if p != best.prefix and q == best.own_prefix})) if best.n == len(wanted) else ()
    best = Alignment(best.names, best.prefix, best.own_prefix, others)
    return _with_renamed_parts(best, there, wanted)


def _plain(name: str) -> str:
    """A name without the words that wrappers put into it, but for one before all others, which is a prefix like any other."""
    words = name.split(".")
    at = next((i for i, word in enumerate(words) if word not in WRAPPERS), 0)
    return ".".join(words[:at] + [word for word in words[at:] if word not in WRAPPERS])


def _pairs(
    plain: Mapping[str, str], there: Mapping[str, Shape], own: Mapping[str, str], wanted: Mapping[str, Shape]
) -> list[tuple[str, str]]:
    """Prefixes to take off, of the file's names and of the model's: those that bring the most names of one shape together."""
    by_leaf: dict[str, list[list[str]]] = defaultdict(list)
    for name in plain:
        words = name.split(".")
        by_leaf[words[-1]].append(words)
    votes: Counter[tuple[str, str]] = Counter({("", ""): 1})
    for name, full in own.items():
        words = name.split(".")
        for other in by_leaf[words[-1]]:
            if not is_same_shape(there[plain[".".join(other)]], wanted[full]):
                continue
            k = 0
            while k < min(len(words), len(other)) and words[-1 - k] == other[-1 - k]:
                k += 1
            prefix, own_prefix = ".".join(other[: len(other) - k]), ".".join(words[: len(words) - k])
            votes[(f"{prefix}." if prefix else "", f"{own_prefix}." if own_prefix else "")] += 1
    return [pair for pair, _ in votes.most_common(MOST_PAIRS)] + [("", "")]


def _with_renamed_parts(best: Alignment, there: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> Alignment:
    """Parts that are called otherwise (`enc` for `encoder`), where names below and shapes are all the same and no other part is so."""
    spare = _parts({name: shape for name, shape in there.items() if name not in set(best.names.values())})
    lacking = _parts({name: shape for name, shape in wanted.items() if name not in best.names and not is_optional(name)})
    names, renamed = dict(best.names), []
    for own, inside in lacking.items():
        alike = [part for part, other in spare.items() if _without_optional(other) == inside and len(inside) >= 4]
        twins = [part for part, other in lacking.items() if other == inside]
        if len(alike) == 1 and len(twins) == 1 and own:
            names.update({f"{own}.{rest}": f"{alike[0]}.{rest}" for rest in inside})
            renamed.append((alike[0], own))
    return Alignment(names, best.prefix, best.own_prefix, best.others, tuple(renamed))


def _parts(names: Mapping[str, Shape]) -> dict[str, dict[str, Shape]]:
    parts: dict[str, dict[str, Shape]] = defaultdict(dict)
    for name, shape in names.items():
        part, _, rest = name.partition(".")
        if rest:
            parts[part][rest] = shape
    return parts


def _without_optional(names: Mapping[str, Shape]) -> dict[str, Shape]:
    return {name: shape for name, shape in names.items() if not is_optional(name)}


def is_optional(name: str) -> bool:
    return name.rpartition(".")[2] in OPTIONAL


def is_same_shape(one: Shape, other: Shape) -> bool:
    return one is None or other is None or one == other


def shapes_of(candidate: Candidate) -> dict[str, Shape]:
    """Shapes of its tensors by their names."""
    return {name: tuple(value.shape) for name, value in candidate.tensors.items()}
