"""What does somebody else's model answer, and is it what a VAE answers?

Any object that encodes and decodes in PyTorch is asked a few times, and its answers are brought into one form: mu and logvar (B, K),
pictures (B, C, H, W) with grey levels from 0 to 1. `trainer.importers.calls` calls its functions, `trainer.importers.adapters` finds the
parts that encode and decode; here the parts are put together and held against each other. Each way in which that can fail is one sentence.
The app never imports anybody's module, and nothing is unpickled.

Letters: B images, C×H×W their shape, K latent dimensions, Y classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

from trainer.errors import ExternalModelError
from trainer.importers.adapters.choice import find_decoder, find_encoder
from trainer.importers.adapters.decoders import picture
from trainer.importers.adapters.records import Decoder, Encoder
from trainer.importers.adapters.refusals import draws_pictures, said_by
from trainer.importers.adapters.roles import LOGVAR_OF, Spread
from trainer.importers.calls.contents import modules_of, n_parameters
from trainer.importers.calls.feeding import Labels
from trainer.importers.calls.forward_pass import forward_of
from trainer.importers.calls.pixel_range import Pixels
from trainer.importers.calls.subject import Subject, subject_of
from trainer.importers.understanding import Understood, understood_of
from trainer.models.layers import ImageShape
from trainer.numerals import count, number

Output = Literal["means", "logits"]
MOST_CODES = 4096
SLACK = 1e-4  # by which rounding may carry a probability out of [0, 1]
IS_LOGIT = (
    "if they are logits, say so with --output logits, and if the decoder was trained on pixels of another range, name it with --pixels "
    "(-1..1 for a tanh)"
)

Given = TypeVar("Given")


@dataclass(frozen=True)
class ModelAdapter:
    """What a model answers, in our form."""

    encode: Callable[..., tuple[Tensor, ...]] | None
    """x (B, C, H, W) in [0, 1], and classes y (B,) of a class-conditional model, to mu and logvar (B, K), without logvar for a
    deterministic model; None where there is no encoder"""
    decode: Callable[..., Tensor]
    """z (B, K), and y, to (B, C, H, W), means or logits"""
    latent_dim: int
    """K"""
    is_deterministic: bool
    """whether a code is a point"""
    n_parameters: int
    """each parameter counted once"""
    understood: Understood = field(default_factory=Understood)
    """what is told of it"""
    is_sure: bool = True
    """whether it was seen what kind of spread it gives"""
    spread: str = "logvar"
    """that kind"""
    has_class: bool = False
    """whether it is told the class"""
    is_by_name: bool = False
    """whether a name says what kind of spread it is"""
    in_range: Callable[[Pixels], ModelAdapter] | None = None
    """the same for pixels in another range"""
    unit: float = 1.0
    """how much of the model's range one grey level from 0 to 1 is, in which its pictures come back: 2 for −1 to 1"""
    is_given: bool = True
    """whether encode is a function of the model, and no table of stored codes"""

    def with_spread(self, kind: Spread) -> ModelAdapter:
        """The same with the spread read as another kind; where it cannot be that kind, log variances are no numbers."""
        encode, was = self.encode, self.spread
        assert encode is not None

        def other(x: Tensor, y: Labels = None) -> tuple[Tensor, ...]:
            mu, logvar = encode(x, y) if self.has_class else encode(x)
            return mu, LOGVAR_OF[kind](_raw(logvar, was))

        return replace(self, encode=other, spread=kind)


def _raw(logvar: Tensor, kind: str) -> Tensor:
    """What was read as a log variance, as the model gave it."""
    return {"logvar": logvar, "log-sigma": logvar / 2, "sigma": (logvar / 2).exp(), "variance": logvar.exp()}[kind]


def adapt_model(
    model: Any,
    x: Tensor,
    *,
    y: Labels = None,
    n_classes: int = 0,
    pixels: Pixels | None = None,
    spread: Spread | None = None,
    output: Output = "means",
) -> ModelAdapter:
    """How a model is to be asked, found out with a few images x (B, C, H, W) in [0, 1] (y (B,), n_classes: for a conditional model).

    pixels: the range in which it wants them, and gives them back.
    spread: the kind of spread that encode gives, where the person says it.
    output: what decode gives.

    Raises `ExternalModelError`.
    """
    pixels = pixels or Pixels()
    subject = subject_of(model, x, y, n_classes, pixels)
    try:
        subject.forward = forward_of(subject)
        encoder = find_encoder(subject, spread)
        decoder = find_decoder(subject, encoder)
    finally:
        settle(model)
    if prod(encoder.latent) > MOST_CODES:
        raise ExternalModelError(
            f"encode gives {count(prod(encoder.latent))} numbers an image, of shape {encoder.latent}; allowed: at most {count(MOST_CODES)}."
        )
    if y is not None and not (encoder.has_class or decoder.has_class):
        raise ExternalModelError("neither encode nor decode takes a class; allowed: leave --conditional out.")
    found = _put_together(subject, encoder, decoder, output)
    _check_batches(found, x, y)
    return found


def _put_together(subject: Subject, encoder: Encoder, decoder: Decoder, output: Output) -> ModelAdapter:
    roles = encoder.roles
    has_spread = roles is not None and roles.spread is not None

    def in_range(pixels: Pixels) -> ModelAdapter:
        is_back = _gives_back(subject, encoder, decoder, pixels)
        encode = _encode_in_range(encoder, pixels)
        decode = _decode_in_range(decoder, pixels if is_back else Pixels(), output)
        return ModelAdapter(
            encode,
            decode,
            prod(encoder.latent),
            encoder.is_point,
            n_parameters(subject.modules),
            understood_of(subject, encoder, decoder, pixels, is_back),
            encoder.is_sure,
            roles.kind if roles is not None and has_spread else "logvar",
            encoder.has_class or decoder.has_class,
            has_spread and roles is not None and "name" in roles.why,
            in_range,
            pixels.unit if is_back and output == "means" else 1.0,
        )

    return in_range(subject.pixels)


def _gives_back(subject: Subject, encoder: Encoder, decoder: Decoder, pixels: Pixels) -> bool:
    """Whether pictures come back in the range in which they are handed over, and not from 0 to 1: what is nearer to the images."""
    if pixels.is_plain or decoder.is_logit:
        return False
    with torch.no_grad():
        pictures = decoder.decode(encoder.encode(pixels.into(subject.x), subject.y)[0], subject.y)
    errors = [float((given - subject.x).square().mean()) for given in (pictures, pixels.back(pictures))]
    return not errors[0] < errors[1]


def _encode_in_range(encoder: Encoder, pixels: Pixels) -> Callable[..., tuple[Tensor, ...]]:
    return lambda x, y=None: encoder.encode(pixels.into(x), y)


def _decode_in_range(decoder: Decoder, pixels: Pixels, output: Output) -> Callable[..., Tensor]:
    """Means in grey levels from 0 to 1; logits as they are."""
    if output == "logits":
        return decoder.decode
    if decoder.is_logit:  # its forward pass says so
        return lambda z, y=None: decoder.decode(z, y).sigmoid()
    return lambda z, y=None: pixels.back(decoder.decode(z, y))


def decoding(decode: Callable[..., Any], image_shape: ImageShape, latent_shape: tuple[int, ...] = ()) -> Callable[[Tensor], Tensor]:
    """decode with codes (B, K) and pictures (B, C, H, W), whatever shapes of the same numbers it has itself."""
    return lambda z: picture(decode(z.reshape(len(z), *latent_shape) if latent_shape else z), len(z), image_shape)


def check_pictures(decode: Callable[[Tensor], Tensor], z: Tensor, output: Output, likelihood: str) -> None:
    """Whether codes z (B, K) decode to numbers that can be what they are said to be. Raises `ExternalModelError`."""
    pictures = _repeated(decode, z)
    low, high = float(pictures.min()), float(pictures.max())
    if output == "logits":
        if low >= 0 and high <= 1:
            raise ExternalModelError(
                f"decode gave values from {number(low)} to {number(high)}, which are means, not logits; allowed with --output logits: "
                "numbers before the sigmoid; leave the option out."
            )
    elif likelihood == "bernoulli" and (low < -SLACK or high > 1 + SLACK):
        raise ExternalModelError(
            f"decode gave values from {number(low)} to {number(high)}; allowed for {likelihood} pixels: 0 to 1; {IS_LOGIT}."
        )
    elif low < -1 or high > 2:
        raise ExternalModelError(f"decode gave values from {number(low)} to {number(high)}; allowed: about 0 to 1; {IS_LOGIT}.")


def _repeated(decode: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """What codes decode to, twice the same."""
    pictures, again = _decoded(decode, z), _decoded(decode, z)
    _check_numbers("decode", pictures)
    if not torch.allclose(pictures, again, rtol=1e-4, atol=1e-5):
        raise draws_pictures()
    return pictures


def settle(model: Any) -> None:
    """Evaluation, for every module of torch in it: no dropout, no statistics of the batch."""
    for module in modules_of(model):
        module.eval()


def _check_batches(found: ModelAdapter, x: Tensor, y: Labels) -> None:
    """A picture's code is its own, whoever stands beside it. Raises `ExternalModelError`."""
    encode = found.encode
    assert encode is not None
    classes = (y,) if found.has_class and y is not None else ()
    alone = tuple(part[:1] for part in classes)
    with torch.no_grad():
        together = encode(x, *classes)
        single = _alone("encode", lambda: encode(x[:1], *alone), len(x))
        z = together[0]
        pictures = _repeated(lambda code: found.decode(code, *classes), z)
        one = _alone("decode", lambda: found.decode(z[:1], *alone), len(x))
    for what, first, second in (
        *(("encode", a[:1], b) for a, b in zip(together, single, strict=True)),
        ("decode", pictures[:1], one),
    ):
        _check_numbers(what, first)
        if not bool(torch.isfinite(second).all()):
            raise _mixes(what, len(x), "alone they are not finite")
        apart = float((first - second).abs().max() / max(1.0, float(first.abs().max())))
        if not apart < 1e-3:
            raise _mixes(what, len(x), f"they differ by {apart:.1g}")


def _alone(what: str, ask: Callable[[], Given], n: int) -> Given:
    """What is given for one image, after as many as n went well."""
    try:
        return ask()
    except ExternalModelError:
        raise
    except Exception as error:
        raise _mixes(what, n, f"alone it raised {said_by(error)}") from None


def _mixes(what: str, n: int, how: str) -> ExternalModelError:
    return ExternalModelError(
        f"{what} gives other numbers for an image alone than among {n} ({how}), as a batch norm does in training, or always where it "
        "keeps no running statistics; allowed: a model in evaluation (call eval() in the factory) whose numbers for an image depend on "
        "that image alone."
    )


def _decoded(decode: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    try:
        with torch.no_grad():
            return decode(z)
    except ExternalModelError:
        raise
    except Exception as error:
        raise ExternalModelError(
            f"decode raised {said_by(error)} for codes of shape {tuple(z.shape)}; allowed: one picture for each code of as many numbers as "
            "encode gives."
        ) from None


def _check_numbers(what: str, numbers: Tensor) -> None:
    bad = (~torch.isfinite(numbers.detach())).flatten(1).any(1).nonzero()
    if len(bad):
        raise ExternalModelError(
            f"{what} is not a finite number for input {int(bad[0])}; allowed: finite numbers; look whether the training diverged, and "
            "whether weights are loaded."
        )
