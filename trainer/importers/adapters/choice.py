"""Which of a model's parts encodes, which decodes, and do they belong together?

Of the adapters in `ENCODERS` and `DECODERS` the first that fits and passes is taken. Where the model has a forward pass that draws its
code, that is the judge: an encoder must give the mean and the spread of that draw, a decoder the picture that the pass makes of the same
code. Parts that do not agree with it are passed over, and the pass itself encodes and decodes.

Letters: B images, C×H×W their shape, K latent dimensions.
"""

from __future__ import annotations

from math import prod

import torch
from torch import nn

from trainer.errors import ExternalModelError
from trainer.importers.adapters.decoders import DECODERS
from trainer.importers.adapters.encoders import ENCODERS
from trainer.importers.adapters.records import Decoder, Encoder
from trainer.importers.adapters.refusals import disagrees, draws_pictures, not_gaussian, said_by, without
from trainer.importers.adapters.roles import NoisyError, Spread, Unfit
from trainer.importers.calls import noise
from trainer.importers.calls.forward_pass import as_pictures
from trainer.importers.calls.subject import Subject

NEAR = 2e-3  # how far two pictures of the same code may be apart


def untouched(subject: Subject, encoder: Encoder, decoder: Decoder) -> list[str]:
    """Layers that could stand before or behind the code, as wide as it, and that decode(encode(x)) never calls; none where a forward
    pass agrees with it, since that tells."""
    if decoder.apart is not None or not isinstance(subject.model, nn.Module):
        return []
    width, called = prod(encoder.latent), set[nn.Module]()
    layers = {
        name: part for name, part in subject.model.named_modules() if isinstance(part, nn.Linear) and part.out_features == width
    }
    handles = [part.register_forward_hook(lambda module, inputs, output: called.add(module)) for part in layers.values()]
    try:
        with torch.no_grad():
            decoder.decode(
                encoder.encode(subject.pixels.into(subject.x[:2]), None if subject.y is None else subject.y[:2])[0],
                None if subject.y is None else subject.y[:2],
            )
    finally:
        for handle in handles:
            handle.remove()
    return [name for name, part in layers.items() if part not in called]


def find_encoder(subject: Subject, spread: Spread | None) -> Encoder:
    """The first encoder that fits. Raises `ExternalModelError` that says what the most promising one answered."""
    complaints: list[str] = []
    first: ExternalModelError | None = None
    for what, adapters in (("encode", ENCODERS), ("decode", DECODERS)):
        if not any(adapter.fits(subject) for adapter in adapters):
            raise without(subject, what, [])
    for adapter in ENCODERS:
        if not adapter.fits(subject):
            continue
        try:
            found: Encoder = adapter.adapt(subject, adapter.name, spread)
            return found
        except Unfit as error:
            complaints.append(f"{adapter.name} {error}")
        except NoisyError:
            raise
        except ExternalModelError as error:
            first = first or error
    passing = subject.forward
    if passing is not None and passing.others and not passing.codes:
        raise not_gaussian(subject, passing)
    if first is not None:
        raise first
    raise without(subject, "encode", complaints)


def find_decoder(subject: Subject, encoder: Encoder) -> Decoder:
    """The first decoder that takes codes of the encoder and, where there is a forward pass, agrees with it."""
    first: ExternalModelError | None = None
    apart: list[tuple[str, float]] = []
    for adapter in DECODERS:
        if not adapter.fits(subject):
            continue
        for decoder in adapter.adapt(subject, adapter.name, encoder.latent):
            try:
                with torch.no_grad():
                    checked = _against_forward(subject, encoder, decoder)
            except ExternalModelError as error:
                first = first or error
                continue
            except Exception as error:
                shape = (len(subject.x), *encoder.latent)
                first = first or ExternalModelError(
                    f"decode raised {said_by(error)} for codes of shape {shape}; allowed: one picture for each code of as many numbers as "
                    "encode gives."
                )
                continue
            if checked.apart is None or checked.apart <= NEAR:
                return checked
            apart.append((decoder.name, checked.apart))
    passing = subject.forward
    if apart and passing is not None and not passing.codes and (passing.others or passing.is_odd):
        raise not_gaussian(subject, passing)
    if apart:
        raise disagrees(*apart[0])
    if first is not None:
        raise first
    raise without(subject, "decode", [])


def _against_forward(subject: Subject, encoder: Encoder, decoder: Decoder) -> Decoder:
    """The decoder with its distance from the forward pass at a draw that both are told."""
    passing, function = subject.forward, subject.forwards()
    x, y = subject.pixels.into(subject.x), subject.y
    mu = encoder.encode(x, y)[0]
    if passing is None or function is None or len(passing.codes) > 1:
        decoder.decode(mu, y)
        return decoder
    seen = subject.see(function, passing.feed.arguments(x, y), noise.random(3), None, passing.needs_training)
    z = mu if passing.code is None else seen.draws[passing.code].z.flatten(1)
    wanted = as_pictures(seen.values[passing.picture].tensor, subject.image_shape)
    got = decoder.decode(z, y)
    if not torch.allclose(got, decoder.decode(z, y), rtol=1e-4, atol=1e-5, equal_nan=True):
        raise draws_pictures()
    apart, as_logit = (float((one - wanted).abs().mean()) for one in (got, got.sigmoid()))
    is_logit = as_logit <= NEAR < apart
    return Decoder(decoder.name, decoder.decode, min(apart, as_logit) if is_logit else apart, is_logit, decoder.has_class)
