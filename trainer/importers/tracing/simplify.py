"""Which smaller graph computes the same?

Rules are applied from the inputs to the output, again and again until nothing changes: what is computed twice is computed once, changes of
shape in a row become one, scales and shifts go into the layer before, and what depends on no input is a constant.
"""

from __future__ import annotations

from hashlib import sha256

from trainer.importers.tracing.fold_rules import FOLD_RULES
from trainer.importers.tracing.graph_rules import GRAPH_RULES, Uses
from trainer.importers.tracing.steps import Floats, Given, Step
from trainer.models import layers as spec

MOST_PASSES = 40
RULES = (*GRAPH_RULES, *FOLD_RULES)


class _Digests:
    """Digests of arrays, each computed once."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Floats, bytes]] = {}

    def of(self, array: Floats) -> bytes:
        """The array is kept, so that no other takes its place in memory."""
        if id(array) not in self.known:
            self.known[id(array)] = array, sha256(array.tobytes()).digest()
        return self.known[id(array)][1]


def simplified(last: Step) -> Step:
    """The same function in fewer layers."""
    digests = _Digests()
    for _ in range(MOST_PASSES):
        last, has_changed = _passed(last, digests)
        if not has_changed:
            break
    return last


def _passed(last: Step, digests: _Digests) -> tuple[Step, bool]:
    """Every rule once for every step."""
    steps = _all(last)
    readers: dict[int, list[Step]] = {id(step): [] for step in steps}
    for step in steps:
        for source in step.sources:
            readers[id(source)].append(step)
    new: dict[int, Step] = {}
    made: dict[tuple[object, ...], Step] = {}
    seen: set[int] = set()
    uses, has_changed = Uses(set(), set()), False
    for step in steps:
        sources = tuple(new[id(source)] for source in step.sources)
        is_same = all(a is b for a, b in zip(sources, step.sources, strict=True))
        found = step if is_same else Step(step.layer, step.shape, sources, step.arrays)
        simpler = next((other for other in (rule(found, uses) for rule in RULES) if other is not None), found)
        kept = made.setdefault(_key(simpler, digests), simpler)
        has_changed = has_changed or kept is not found
        if id(kept) in seen:  # several became one
            uses.single.discard(id(kept))
            uses.cut.discard(id(kept))
        elif len(readers[id(step)]) == 1:
            uses.single.add(id(kept))
        elif _is_cut(step, readers[id(step)]):
            uses.cut.add(id(kept))
        seen.add(id(kept))
        new[id(step)] = kept
    return new[id(last)], has_changed


def _is_cut(step: Step, readers: list[Step]) -> bool:
    """Whether all that is taken of a step are slices, together no more than there is."""
    cuts = [reader.layer for reader in readers if isinstance(reader.layer, spec.Slice)]
    if len(cuts) < len(readers) or len({cut.axis for cut in cuts}) != 1:
        return False
    return sum(reader.shape[cuts[0].axis] for reader in readers) <= step.shape[cuts[0].axis]


def _all(last: Step) -> list[Step]:
    """Every step that is needed, each after those that it takes."""
    done: dict[int, Step] = {}
    waiting = [last]
    while waiting:
        step = waiting[-1]
        missing = [source for source in step.sources if id(source) not in done]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        done.setdefault(id(step), step)
    return list(done.values())


def _key(step: Step, digests: _Digests) -> tuple[object, ...]:
    """The same for steps that compute the same."""
    if isinstance(step.layer, Given):
        return (step.layer,)
    arrays = tuple((name, array.shape, digests.of(array)) for name, array in sorted(step.arrays.items()))
    return (step.layer, tuple(id(source) for source in step.sources), arrays)
