"""Which of a model's parts encodes?

`ENCODERS` is a list of adapters as `DECODERS` is. Where the model has a forward pass that draws its code, an encoder must give the mean
and the spread of that draw. Letters: B images, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from trainer.importers.adapters.heads import head_pairs
from trainer.importers.adapters.reading import ImageFunction, encoder_from, fed_function
from trainer.importers.adapters.records import Adapter, Encoder
from trainer.importers.adapters.roles import Spread, Unfit
from trainer.importers.calls import noise
from trainer.importers.calls.outputs import values_of
from trainer.importers.calls.subject import Subject


def _by_values(find: Callable[[Subject], Callable[..., Any] | None]) -> Callable[[Subject, str, Any], Encoder]:
    """An encoder whose values are told apart."""

    def adapt(subject: Subject, name: str, spread: Spread | None) -> Encoder:
        function = find(subject)
        assert function is not None
        return encoder_from(subject, name, fed_function(subject, function), spread)

    return adapt


def _by_forward(subject: Subject, name: str, spread: Spread | None) -> Encoder:
    """The code that the forward pass draws, read from its values or from those of its modules where they are among them."""
    passing, function = subject.forward, subject.forwards()
    assert passing is not None and function is not None
    return encoder_from(subject, name, ImageFunction(function, passing.feed, passing.needs_training, inside=True), spread)


def _by_heads(subject: Subject, name: str, spread: Spread | None) -> Encoder:
    """An encoder that gives features, and the layers for mean and spread beside it, found by shape and by name."""
    encoder = _encoder_of(subject)
    assert encoder is not None
    call = fed_function(subject, encoder)
    with torch.no_grad():
        features = call.see(subject, subject.pixels.into(subject.x), subject.y, noise.zeros).values[0].tensor
    for first, second, is_flat, _ in head_pairs(subject, features):

        def of(*arguments: Any, first: nn.Module = first, second: nn.Module = second, is_flat: bool = is_flat) -> Any:
            found = values_of(encoder(*arguments), len(arguments[0]))[0].tensor
            found = found.flatten(1) if is_flat else found
            return first(found), second(found)

        try:
            return encoder_from(subject, name, ImageFunction(of, call.feed), spread)
        except Unfit:
            continue
    raise Unfit("gives features, and no two layers of one shape beside it make mean and spread of them")


def _by_named_heads(subject: Subject, name: str, spread: Spread | None) -> Encoder:
    """The same where the names of two layers say mean and spread: they decide before the encoder's features are taken for a code."""
    encoder = _encoder_of(subject)
    assert encoder is not None
    call = fed_function(subject, encoder)
    with torch.no_grad():
        values = call.see(subject, subject.pixels.into(subject.x), subject.y, noise.zeros).values
    named = [item for item in head_pairs(subject, values[0].tensor) if item[3]] if len(values) == 1 else []
    if not named:
        raise Unfit("has no heads that are called so")
    first, second, is_flat, kind = named[0]

    def of(*arguments: Any) -> Any:
        found = values_of(encoder(*arguments), len(arguments[0]))[0].tensor
        found = found.flatten(1) if is_flat else found
        return {"mu": first(found), kind: second(found)}

    return encoder_from(subject, name, ImageFunction(of, call.feed), spread)


def _encode_of(subject: Subject) -> Callable[..., Any] | None:
    return subject.method("encode", "encode_latents", "encode_z", "encoding", "infer", "inference")


def _encoder_of(subject: Subject) -> Callable[..., Any] | None:
    return subject.method("encoder", "enc", "recognition", "inference_net", "q_z", "encoder_net", "Encoder", "q_net")


ENCODERS = (
    Adapter("encode", lambda s: _encode_of(s) is not None, _by_values(_encode_of)),
    Adapter(
        "encoder, then its heads for mean and spread",
        lambda s: _encoder_of(s) is not None and (s.forward is None or not s.forward.codes),
        _by_named_heads,
    ),
    Adapter("encoder", lambda s: _encoder_of(s) is not None, _by_values(_encoder_of)),
    Adapter("encoder, then its heads for mean and spread", lambda s: _encoder_of(s) is not None, _by_heads),
    Adapter("forward", lambda s: s.forward is not None and s.forward.code is not None, _by_forward),
)
