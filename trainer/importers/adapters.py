"""Which of a model's parts encodes, which decodes, and do they belong together?

Two lists of adapters, as data: each has a name, which the output and the run keep, a test whether it fits, and what it makes of the model.
The first that fits and passes is taken; one more is a function and a line. Where the model has a forward pass that draws its code, that is
the judge: an encoder must give the mean and the spread of that draw, a decoder the picture that the pass makes of the same code. Parts that
do not agree with it are passed over, and the pass itself encodes and decodes.

Letters: B images, C×H×W their shape, K latent dimensions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from trainer.importers import noise
from trainer.importers.module_calls import PICTURES, Feed, Labels, Pass, Seen, Subject, as_pictures, class_forms, feeds, wants_more
from trainer.importers.outputs import ExternalModelError, Value, described, values_of
from trainer.importers.process.external_errors import lines_of, said
from trainer.importers.roles import MEANS, SPREAD_NAMES, Roles, Spread, Unfit, by_draw, by_looks, by_name, told
from trainer.models.layers import ImageShape
from trainer.numerals import number

Encode = Callable[[Tensor, Labels], tuple[Tensor, ...]]
Decode = Callable[[Tensor, Labels], Tensor]
NEAR = 2e-3  # how far two pictures of the same code may be apart
PAIRS = 8  # linear layers that are tried as heads of mean and spread


@dataclass(frozen=True)
class Encoder:
    """mu and logvar (B, K) of images in the model's own range. words: what was understood · is_sure: of the kind of spread."""

    name: str
    encode: Encode
    latent: tuple[int, ...]
    is_point: bool
    words: str
    roles: Roles | None
    is_sure: bool
    has_class: bool = False


@dataclass(frozen=True)
class Decoder:
    """Pictures (B, C, H, W), in the model's own range, of codes (B, K). apart: how far from the forward pass; None where there is none."""

    name: str
    decode: Decode
    apart: float | None = None
    is_logit: bool = False
    has_class: bool = False


@dataclass(frozen=True)
class Adapter:
    """One shape that models have. fits: whether a model may have it · adapt: the part, or `Unfit` with the reason."""

    name: str
    fits: Callable[[Subject], bool]
    adapt: Callable[[Subject, str, Any], Any]


# --- decoders


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
) -> Decode:  # fmt: skip
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


DECODERS = (
    Adapter("decode", lambda s: _decode_of(s) is not None, _by_function(_decode_of)),
    Adapter("decoder", lambda s: _decoder_of(s) is not None, _by_function(_decoder_of)),
    Adapter("forward, with z in place of the code that it draws", lambda s: s.forward is not None and s.forward.code is not None, _by_pass),
    Adapter(
        "forward, with z in place of what its encoder gives",
        lambda s: s.forward is not None and not s.forward.codes and _gives_one_tensor(s), _by_rest,
    ),
)  # fmt: skip


# --- encoders


@dataclass(frozen=True)
class _Asking:
    """A function of images, how it is fed, and whether it must be told that it trains."""

    function: Callable[..., Any]
    feed: Feed
    training: bool = False
    inside: bool = False

    def see(self, subject: Subject, x: Tensor, y: Labels, give: noise.Give) -> Seen:
        return subject.see(self.function, self.feed.arguments(x, y), give, None, self.training, self.inside)


def _by_values(find: Callable[[Subject], Callable[..., Any] | None]) -> Callable[[Subject, str, Any], Encoder]:
    """An encoder whose values are told apart."""

    def adapt(subject: Subject, name: str, spread: Spread | None) -> Encoder:
        function = find(subject)
        assert function is not None
        return _read(subject, name, _fed(subject, function), spread)

    return adapt


def _fed(subject: Subject, function: Callable[..., Any]) -> _Asking:
    """The first way to hand over images that a function takes. Raises `ExternalModelError` that says what it answered."""
    said: list[str] = []
    for feed in feeds(subject.n_classes if subject.y is not None else 0):
        asking = _Asking(function, feed)
        try:
            with torch.no_grad():
                seen = asking.see(subject, subject.pixels.into(subject.x), subject.y, noise.zeros)
            if any(value.tensor.ndim >= 2 for value in seen.values):
                return asking
            said.append(f"gave {described(seen.answer)}")
        except ExternalModelError:
            raise
        except Exception as error:  # somebody else's code, asked in a way that it may not know
            said.append(f"raised {said_by(error)}")
    c, h, w = subject.image_shape
    more = wants_more(function)
    if more and subject.y is None:
        raise ExternalModelError(
            f"encode wants {more!r} beside the images: if it is the class, say --conditional (the data set's labels are then handed over); "
            "allowed otherwise: encode(x)."
        )
    vectors = "" if len(said) < 2 or said[1] == said[0] else f" (and for vectors of {c * h * w} pixels it {said[1]})"
    raise ExternalModelError(
        f"encode {said[0]} for {len(subject.x)} images of shape {c} × {h} × {w}{vectors}; allowed: mu of shape ({len(subject.x)}, K) for a "
        "batch of any size; look whether it takes a whole batch, and whether --data is what the model was trained on."
    )


def _read(subject: Subject, name: str, asking: _Asking, spread: Spread | None) -> Encoder:
    """Roles for what a function gives, and the encoder that reads them."""
    x, y = subject.pixels.into(subject.x), subject.y
    with torch.no_grad():
        zero, one = (asking.see(subject, x, y, give) for give in (noise.zeros, noise.ones))
        first, second = (asking.see(subject, x, y, noise.random(seed)) for seed in (1, 2))
    values = [*zero.values, *zero.inside]
    _check_finite(values)
    truth = _truth(subject, zero, one)
    if truth is not None:
        roles = by_draw(values, *truth)
        if roles is None:
            own = subject.codes_of(zero)
            if len(own) != 1:
                raise Unfit("gives other numbers than the mean and the spread of the code that forward draws")
            _check_contradiction(name, spread)
            return _from_draw(subject, name, asking, own[0], truth[0], replace(asking, inside=False))
        roles = told(roles, spread, values)
        return _with_roles(subject, name, asking, roles, values)
    roles = by_name([*first.values]) or by_looks(
        first.values, second.values, x, lambda z: takes(subject, z), lambda z: redraws(subject, z)
    )
    roles = told(roles, spread, first.values)
    return _with_roles(subject, name, asking, roles, first.values)


def _check_contradiction(name: str, spread: Spread | None) -> None:
    if spread is not None:
        raise ExternalModelError(
            f"--spread is {spread}, but {name} gives no spread of its own: it is read from the draw; allowed: leave the option out."
        )


def _truth(subject: Subject, zero: Seen, one: Seen) -> tuple[Tensor, Tensor] | None:
    """Mean and standard deviation of the code that is drawn: by the function itself, else by the forward pass."""
    own = subject.codes_of(zero)
    if len(own) == 1:
        mean = zero.draws[own[0]].z
        return mean, one.draws[own[0]].z - mean
    passing, function = subject.forward, subject.forwards()
    if own or passing is None or passing.code is None or function is None:
        return None
    arguments = passing.feed.arguments(subject.pixels.into(subject.x), subject.y)
    with torch.no_grad():
        low, high = (
            subject.see(function, arguments, give, None, passing.needs_training).draws[passing.code].z
            for give in (noise.zeros, noise.ones)
        )  # fmt: skip
    return low, high - low


def _with_roles(subject: Subject, name: str, asking: _Asking, roles: Roles, values: list[Value]) -> Encoder:
    def encode(x: Tensor, y: Labels = None) -> tuple[Tensor, ...]:
        seen = asking.see(subject, x, y, noise.zeros)
        return tuple(part.flatten(1) for part in roles.read([*seen.values, *seen.inside]))

    latent = tuple(roles.mu.of(values).shape[1:])
    return Encoder(
        f"{name} of {asking.feed.name}",
        encode,
        latent,
        roles.spread is None,
        roles.words,
        roles,
        roles.is_sure,
        asking.feed.has_class,
    )


def _from_draw(subject: Subject, name: str, asking: _Asking, draw: int, mean: Tensor, plain: _Asking) -> Encoder:
    """Mean and spread from two draws: eps = 0 and eps = 1."""

    def encode(x: Tensor, y: Labels = None) -> tuple[Tensor, ...]:
        low, high = (plain.see(subject, x, y, give).draws[draw].z for give in (noise.zeros, noise.ones))
        return low.flatten(1), 2 * (high - low).flatten(1).log()

    words = "mean and standard deviation are those of the code that it draws"
    return Encoder(
        f"{name} of {asking.feed.name}", encode, tuple(mean.shape[1:]), False, words, None, True, asking.feed.has_class
    )  # fmt: skip


def _by_forward(subject: Subject, name: str, spread: Spread | None) -> Encoder:
    """The code that the forward pass draws, read from its values or from those of its modules where they are among them."""
    passing, function = subject.forward, subject.forwards()
    assert passing is not None and function is not None
    return _read(subject, name, _Asking(function, passing.feed, passing.needs_training, inside=True), spread)


def _by_heads(subject: Subject, name: str, spread: Spread | None) -> Encoder:
    """An encoder that gives features, and the layers for mean and spread beside it, found by shape and by name."""
    encoder = _encoder_of(subject)
    assert encoder is not None
    asking = _fed(subject, encoder)
    with torch.no_grad():
        features = asking.see(subject, subject.pixels.into(subject.x), subject.y, noise.zeros).values[0].tensor
    for first, second, is_flat, _ in _heads(subject, features):

        def of(*arguments: Any, first: nn.Module = first, second: nn.Module = second, is_flat: bool = is_flat) -> Any:
            found = values_of(encoder(*arguments), len(arguments[0]))[0].tensor
            found = found.flatten(1) if is_flat else found
            return first(found), second(found)

        try:
            return _read(subject, name, _Asking(of, asking.feed), spread)
        except Unfit:
            continue
    raise Unfit("gives features, and no two layers of one shape beside it make mean and spread of them")


def _by_named_heads(subject: Subject, name: str, spread: Spread | None) -> Encoder:
    """The same where the names of two layers say mean and spread: they decide before the encoder's features are taken for a code."""
    encoder = _encoder_of(subject)
    assert encoder is not None
    asking = _fed(subject, encoder)
    with torch.no_grad():
        values = asking.see(subject, subject.pixels.into(subject.x), subject.y, noise.zeros).values
    named = [item for item in _heads(subject, values[0].tensor) if item[3]] if len(values) == 1 else []
    if not named:
        raise Unfit("has no heads that are called so")
    first, second, is_flat, kind = named[0]

    def of(*arguments: Any) -> Any:
        found = values_of(encoder(*arguments), len(arguments[0]))[0].tensor
        found = found.flatten(1) if is_flat else found
        return {"mu": first(found), kind: second(found)}

    return _read(subject, name, _Asking(of, asking.feed), spread)


def untouched(subject: Subject, encoder: Encoder, decoder: Decoder) -> list[str]:
    """Layers that could stand before or behind the code, as wide as it, and that decode(encode(x)) never calls; none where a forward
    pass agrees with it, since that tells."""
    if decoder.apart is not None or not isinstance(subject.model, nn.Module):
        return []
    width, called = prod(encoder.latent), set[nn.Module]()
    layers = {
        name: part for name, part in subject.model.named_modules() if isinstance(part, nn.Linear) and part.out_features == width
    }  # fmt: skip
    handles = [part.register_forward_hook(lambda module, inputs, output: called.add(module)) for part in layers.values()]
    try:
        with torch.no_grad():
            decoder.decode(encoder.encode(subject.pixels.into(subject.x[:2]), None if subject.y is None else subject.y[:2])[0],
                           None if subject.y is None else subject.y[:2])  # fmt: skip
    finally:
        for handle in handles:
            handle.remove()
    return [name for name, part in layers.items() if part not in called]


def _heads(subject: Subject, features: Tensor) -> Iterator[tuple[nn.Module, nn.Module, bool, str]]:
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


# --- which ones


def find_encoder(subject: Subject, spread: Spread | None) -> Encoder:
    """The first encoder that fits. Raises `ExternalModelError` that says what the most promising one answered."""
    complaints: list[str] = []
    first: ExternalModelError | None = None
    for what, adapters in (("encode", ENCODERS), ("decode", DECODERS)):
        if not any(adapter.fits(subject) for adapter in adapters):
            raise _without(subject, what, [])
    for adapter in ENCODERS:
        if not adapter.fits(subject):
            continue
        try:
            found: Encoder = adapter.adapt(subject, adapter.name, spread)
            return found
        except Unfit as error:
            complaints.append(f"{adapter.name} {error}")
        except ExternalModelError as error:
            first = first or error
    passing = subject.forward
    if passing is not None and passing.others and not passing.codes:
        raise _is_not_gaussian(subject, passing)
    if first is not None:
        raise first
    raise _without(subject, "encode", complaints)


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
        raise _is_not_gaussian(subject, passing)
    if apart:
        raise _disagrees(*apart[0])
    if first is not None:
        raise first
    raise _without(subject, "decode", [])


def _disagrees(name: str, apart: float) -> ExternalModelError:
    return ExternalModelError(
        f"{name}(encode(x)) gives other pictures than forward(x) at the same noise (pixels differ by {number(apart, 3)} in the mean): "
        "layers stand between the two; allowed: encode and decode that hold all layers between picture and code."
    )


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
    apart, as_logit = (float((one - wanted).abs().mean()) for one in (got, got.sigmoid()))
    is_logit = as_logit <= NEAR < apart
    return Decoder(decoder.name, decoder.decode, min(apart, as_logit) if is_logit else apart, is_logit, decoder.has_class)


def takes(subject: Subject, z: Tensor) -> bool:
    """Whether a decoder of the model takes codes such as z (B, …)."""
    return redraws(subject, z) < float("inf")


def redraws(subject: Subject, z: Tensor) -> float:
    """Mean squared error of what codes z (B, …) decode to, in the model's range; ∞ where they do not decode."""
    wanted = subject.pixels.into(subject.x)
    for adapter in DECODERS[:2]:
        if adapter.fits(subject):
            for decoder in adapter.adapt(subject, adapter.name, tuple(z.shape[1:])):
                try:
                    with torch.no_grad():
                        return float((decoder.decode(z.flatten(1), subject.y) - wanted).square().mean())
                except Exception:  # codes that it does not take
                    continue
    return float("inf")


def _without(subject: Subject, what: str, complaints: list[str]) -> ExternalModelError:
    """What is missing, and what to add."""
    kind = type(subject.model).__name__
    if complaints:
        return ExternalModelError(
            f"{complaints[0]}; allowed: (mu, logvar), mu alone, a torch.distributions.Normal, or fields such as mu and logvar."
        )
    passing = subject.forward
    if passing is not None and len(passing.codes) > 1:
        shapes = ", ".join(" × ".join(map(str, shape)) for shape in passing.codes)
        return ExternalModelError(
            f"the factory gave a {kind} whose forward draws {len(passing.codes)} codes ({shapes}), a hierarchy, and one code is shown "
            "here; allowed: add encode and decode for one of them, the others at their means."
        )
    if passing is not None and (passing.others or passing.is_odd):
        return _is_not_gaussian(subject, passing)
    if passing is not None and what == "decode":
        return ExternalModelError(
            f"the factory gave a {kind} whose forward draws no code, and there is no decode, so no code can be decoded; allowed: add "
            "decode(z), the part of forward after the code."
        )
    return ExternalModelError(
        f"the factory gave a {kind} without {what}; allowed: an object with encode(x), which gives mu and logvar, and "
        "decode(z), which gives pictures."
    )


def _is_not_gaussian(subject: Subject, passing: Pass) -> ExternalModelError:
    return ExternalModelError(
        f"the factory gave a {type(subject.model).__name__} whose forward draws codes that are not Gaussian with a mean and a standard "
        f"deviation for each number{f' ({passing.others[0]})' if passing.others else ''}; allowed: a code that is mean + standard "
        "deviation · noise."
    )


def _check_finite(values: list[Value]) -> None:
    for value in values:
        if value.tensor.is_floating_point():
            bad = (~torch.isfinite(value.tensor)).flatten(1).any(1).nonzero()
            if len(bad):
                raise ExternalModelError(
                    f"encode's {value.name if value.name and not value.name.isdigit() else 'mu'} is not a finite number for input "
                    f"{int(bad[0])}; allowed: finite numbers; look whether the training diverged, and whether weights are loaded."
                )


def said_by(error: BaseException) -> str:
    """An exception of somebody else's code in a line: all that it says, and the last place of it that lies in a file of theirs."""
    places = lines_of(error)
    return " ".join(said(error).split()) + (f" ({places[-1]})" if places else "")
