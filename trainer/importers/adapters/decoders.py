"""Which of a model's parts decodes?

`DECODERS` is a list of adapters: each has a name, which the output and the run keep, a test whether it fits, and what it makes of the
model. One more is a function and a line. Letters: B images, C×H×W their shape, K latent dimensions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from trainer.errors import ExternalModelError
from trainer.importers.adapters.records import Adapter, Decode, Decoder
from trainer.importers.calls import noise
from trainer.importers.calls.feeding import Labels, class_forms, feeds
from trainer.importers.calls.forward_pass import PICTURES, as_pictures
from trainer.importers.calls.outputs import described, values_of
from trainer.importers.calls.subject import Subject
from trainer.models.layers import ImageShape


def _by_function(find: Callable[[Subject], Callable[..., Any] | None]) -> Callable[[Subject, str, Any], Iterator[Decoder]]:
    """Ways to ask a function of codes for pictures."""

    def adapt(subject: Subject, name: str, latent: Any) -> Iterator[Decoder]:
        function = find(subject)
        assert function is not None
        for form, arguments in _told_class(subject):
            yield Decoder(
                f"{name}{form}", _asked_for_pictures(function, subject.image_shape, latent, arguments), has_class=bool(form)
            )

    return adapt


def _told_class(subject: Subject) -> Iterator[tuple[str, Callable[[Tensor, Labels], tuple[Any, ...]]]]:
    """With the class first, where the model is told it."""
    if subject.y is not None:
        for words, form in class_forms(subject.n_classes):
            yield f" with {words}", _with_class(form)
    yield "", lambda z, y: (z,)


def _with_class(form: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Labels], tuple[Any, ...]]:
    def arguments(z: Tensor, y: Labels) -> tuple[Any, ...]:
        assert y is not None
        return z, form(y)

    return arguments


def _asked_for_pictures(
    function: Callable[..., Any], shape: ImageShape, latent: tuple[int, ...], arguments: Callable[[Tensor, Labels], tuple[Any, ...]]
) -> Decode:
    def decode(z: Tensor, y: Labels = None) -> Tensor:
        answer = function(*arguments(z.reshape(len(z), *latent) if latent else z, y))
        return picture(answer, len(z), shape)

    return decode


def picture(answer: Any, n: int, shape: ImageShape) -> Tensor:
    """The pictures (n, C, H, W) in what a decoder gave. Raises `ExternalModelError` for what is none."""
    values = values_of(answer, n)
    fitting = [value for value in values if value.width == prod(shape)]
    named = [value for name in PICTURES for value in fitting if value.name == name]
    if not fitting:
        c, h, w = shape
        gave = f"a tensor of shape {tuple(answer.shape)}" if isinstance(answer, Tensor) else described(answer)
        raise ExternalModelError(
            f"decode gave {gave} for {n} codes; allowed: ({n}, {c}, {h}, {w}) or ({n}, {c * h * w}), as the images have; choose the "
            "--data that the model was trained on."
        )
    return as_pictures((named or fitting)[0].tensor, shape)


def _by_pass(subject: Subject, name: str, latent: Any) -> Iterator[Decoder]:
    """The forward pass with z in place of the code that it draws."""
    passing, function = subject.forward, subject.forwards()
    assert passing is not None and passing.code is not None and function is not None
    code = passing.code
    x0 = subject.pixels.into(subject.x[:1])

    def decode(z: Tensor, y: Labels = None) -> Tensor:
        x = x0.expand(len(z), *x0.shape[1:])
        y = subject.y[:1].expand(len(z)) if y is None and subject.y is not None else y
        seen = subject.see(function, passing.feed.arguments(x, y), noise.zeros, {code: z}, passing.needs_training)
        return as_pictures(seen.values[passing.picture].tensor, subject.image_shape)

    yield Decoder(name, decode, has_class=passing.feed.has_class)


def _by_rest(subject: Subject, name: str, latent: Any) -> Iterator[Decoder]:
    """The forward pass with z in place of what its encoder gives, for a model that draws nothing."""
    passing, function, encoder = subject.forward, subject.forwards(), subject.method("encoder", "encode")
    assert passing is not None and function is not None
    x0 = subject.pixels.into(subject.x[:1])

    def decode(z: Tensor, y: Labels = None) -> Tensor:
        x = x0.expand(len(z), *x0.shape[1:])
        with _replaced(subject, encoder, z.reshape(len(z), *latent)):
            seen = subject.see(function, passing.feed.arguments(x, y))
        return as_pictures(seen.values[passing.picture].tensor, subject.image_shape)

    yield Decoder(name, decode, has_class=passing.feed.has_class)


class _replaced:  # noqa: N801 — reads as what it does, after `with`
    """An encoder that gives z, whatever it is asked."""

    def __init__(self, subject: Subject, encoder: Any, z: Tensor) -> None:
        self.subject, self.encoder, self.z = subject, encoder, z
        self.handle: Any = None

    def __enter__(self) -> None:
        if isinstance(self.encoder, nn.Module):
            self.handle = self.encoder.register_forward_hook(lambda module, inputs, output: _with_code(output, self.z))
        else:
            self.subject.model.__dict__["encode"] = lambda *args, **kwargs: _with_code(self.encoder(*args, **kwargs), self.z)

    def __exit__(self, *error: object) -> None:
        if self.handle is not None:
            self.handle.remove()
        else:
            self.subject.model.__dict__.pop("encode", None)


def _with_code(answer: Any, z: Tensor) -> Any:
    """An encoder's answer with z in place of the one tensor that is its code."""
    if isinstance(answer, Tensor):
        return z
    found = copy.copy(answer)
    if isinstance(answer, Mapping):
        for key in answer:
            found[key] = z if isinstance(answer[key], Tensor) else answer[key]
        return found
    return type(answer)(z if isinstance(part, Tensor) else part for part in answer)


def _gives_one_tensor(subject: Subject) -> bool:
    """Whether the encoder's answer can be replaced by a code."""
    encoder = subject.method("encoder", "encode")
    if encoder is None or not isinstance(subject.model, nn.Module) or subject.forward is None:
        return False
    for feed in feeds(0):
        try:
            with torch.no_grad():
                answer = encoder(*feed.arguments(subject.pixels.into(subject.x[:2]), None))
                return isinstance(answer, Tensor | Mapping | tuple | list) and len(values_of(answer, 2)) == 1
        except Exception:
            continue
    return False


def _decode_of(subject: Subject) -> Callable[..., Any] | None:
    return subject.method("decode", "decode_latents", "decode_z", "decoding", "generate_from_latent")


def _decoder_of(subject: Subject) -> Callable[..., Any] | None:
    return subject.method("decoder", "dec", "generator", "decoder_net", "p_x", "generative", "de", "Decoder", "p_net")


OF_CODES = (
    Adapter("decode", lambda s: _decode_of(s) is not None, _by_function(_decode_of)),
    Adapter("decoder", lambda s: _decoder_of(s) is not None, _by_function(_decoder_of)),
)
"""Functions of a code alone, without the forward pass."""

DECODERS = (
    *OF_CODES,
    Adapter(
        "forward, with z in place of the code that it draws",
        lambda s: s.forward is not None and s.forward.code is not None,
        _by_pass,
    ),
    Adapter(
        "forward, with z in place of what its encoder gives",
        lambda s: s.forward is not None and not s.forward.codes and _gives_one_tensor(s),
        _by_rest,
    ),
)


def has_decoder(subject: Subject) -> bool:
    """Whether the model has a function of a code alone."""
    return any(adapter.fits(subject) for adapter in OF_CODES)


def takes(subject: Subject, z: Tensor) -> bool:
    """Whether a decoder of the model takes codes such as z (B, …)."""
    return redraws(subject, z) < float("inf")


def redraws(subject: Subject, z: Tensor) -> float:
    """Mean squared error of what codes z (B, …) decode to, in the model's range; ∞ where they do not decode."""
    wanted = subject.pixels.into(subject.x)
    for adapter in OF_CODES:
        if adapter.fits(subject):
            for decoder in adapter.adapt(subject, adapter.name, tuple(z.shape[1:])):
                try:
                    with torch.no_grad():
                        return float((decoder.decode(z.flatten(1), subject.y) - wanted).square().mean())
                except Exception:  # codes that it does not take
                    continue
    return float("inf")
