"""Which layers beside an encoder that gives features make mean and spread of them?"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from trainer.importers.adapters.roles import MEANS, SPREAD_NAMES
from trainer.importers.calls.subject import Subject

PAIRS = 8  # linear layers that are tried as heads of mean and spread


def head_pairs(subject: Subject, features: Tensor) -> Iterator[tuple[nn.Module, nn.Module, bool, str]]:
    """Pairs of layers that take such features and give codes: those with names for mean and spread first, with the
    word for the spread where both names say so."""
    if not isinstance(subject.model, nn.Module):
        return
    flat = features.flatten(1)
    fitting: list[tuple[str, nn.Module, bool, int]] = []
    for name, module in subject.model.named_modules():
        if isinstance(module, nn.Linear) and module.in_features == flat.shape[1]:
            fitting.append((name, module, True, module.out_features))
        elif isinstance(module, nn.Conv2d) and features.ndim == 4 and module.in_channels == features.shape[1]:
            fitting.append((name, module, False, module.out_channels))
    fitting = [item for item in fitting if not item[0].startswith(("encoder", "decoder"))][:PAIRS]
    pairs = [(a, b) for a in fitting for b in fitting if a is not b and a[2:] == b[2:]]
    pairs.sort(key=lambda pair: -(_says(pair[0][0], MEANS) + _says(pair[1][0], tuple(SPREAD_NAMES))))
    for a, b in pairs:
        kind = next((word for word in SPREAD_NAMES if _says(b[0], (word,))), "") if _says(a[0], MEANS) else ""
        yield a[1], b[1], a[2], kind


def _says(name: str, words: tuple[str, ...]) -> int:
    """Whether one of the words is a part of a name: fc_mu says mu."""
    last = name.rpartition(".")[2].lower()
    return int(last in words or any(last.endswith(f"_{word}") or last.startswith(f"{word}_") for word in words))
