"""What does somebody else's model answer, and is it what a VAE answers?

Any object that encodes and decodes in PyTorch is asked a few times, and its answers are brought into one form: mu and logvar (B, K),
pictures (B, C, H, W) with grey levels from 0 to 1. `trainer.importers.module_calls` asks, `trainer.importers.roles` tells its values apart,
`trainer.importers.adapters` lists the shapes that models have; here the parts are put together and held against each other. Each way in
which that can fail is one sentence. The app never imports anybody's module, and nothing is unpickled.

Letters: B images, C×H×W their shape, K latent dimensions, Y classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch import distributions as laws

from trainer.importers.adapters import Decoder, Encoder, find_decoder, find_encoder, picture, said_by, untouched
from trainer.importers.module_calls import Labels, Subject, forward_of, modules_of, n_parameters, subject_of
from trainer.importers.outputs import ExternalModelError
from trainer.importers.pixel_range import Pixels
from trainer.importers.roles import LOGVAR_OF, Spread
from trainer.models.layers import ImageShape
from trainer.numerals import count, number

__all__ = ["Asked", "ExternalModelError", "Output", "Understood", "asked", "check_pictures", "decoding", "settle"]

Output = Literal["means", "logits"]
MOST_CODES = 4096
SLACK = 1e-4  # by which rounding may carry a probability out of [0, 1]
IS_LOGIT = (
    "if they are logits, say so with --output logits, and if the decoder was trained on pixels of another range, name it with --pixels "
    "(-1..1 for a tanh)"
)
VAMP = "seems to learn its prior from pseudo-inputs (VampPrior), by a name in it"
FLOW = "seems to have a flow between its posterior or prior and its code, by a name in it"
# words of names as a pattern for the whole word
OTHER_PRIORS = {
    r"pseudo\w*|vamp\w*": VAMP, r"flows?|iafs?|mafs?|coupling|couplings|planar|nvp|(norm|normali[sz]ing)flows?": FLOW
}  # fmt: skip
QUANTISERS = r"(vector)?quanti[sz]\w*|vq\w*|codebooks?"
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True)
class Understood:
    """What was understood of a model, for people. A field that is empty was not seen.

    encoder, decoder: the adapters' names · values: which value is what, and why · pixels: the range in which pictures are handed over ·
    code: the shape of a code · forward: how far decode(encode(x)) is from the forward pass at the same noise, grey levels; None where
    there is none · doubts: why figures of a bound would not be its own, sentences · notes: what else should be known, sentences.
    """

    encoder: str = ""
    decoder: str = ""
    values: str = ""
    pixels: str = ""
    code: str = ""
    forward: float | None = None
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """A line each of what was seen."""
        told = [
            self.encoder and f"encoder: {self.encoder}; {self.values}",
            self.decoder and f"decoder: {self.decoder}",
            self.code and f"code: {self.code}",
            self.pixels and f"pixels: handed over as {self.pixels}",
            ""
            if self.forward is None
            else f"forward against decode(encode(x)) at the same noise: pixels differ by {number(self.forward, 6)} in the mean",
            *self.notes,
            *self.doubts,
        ]
        return tuple(line for line in told if line)


@dataclass(frozen=True)
class Asked:
    """What a model answers, in our form.

    encode: x (B, C, H, W) in [0, 1], and classes y (B,) of a conditional model, to mu and logvar (B, K), without logvar for a
    deterministic model; None where there is no encoder · decode: z (B, K), and y, to (B, C, H, W), means or logits · is_sure: whether it
    was seen what kind of spread it gives · is_by_name: whether a name says so · spread: that kind · has_class: whether it is told the
    class · in_range: the same for pixels in another range · unit: how much of the model's range one grey level from 0 to 1 is, in which
    its pictures come back: 2 for −1 to 1 · is_given: whether encode is a function of the model, and no table of stored codes.
    """

    encode: Callable[..., tuple[Tensor, ...]] | None
    decode: Callable[..., Tensor]
    latent_dim: int
    is_deterministic: bool
    n_parameters: int
    understood: Understood = Understood()
    is_sure: bool = True
    spread: str = "logvar"
    has_class: bool = False
    is_by_name: bool = False
    in_range: Callable[[Pixels], Asked] | None = None
    unit: float = 1.0
    is_given: bool = True

    def with_spread(self, kind: Spread) -> Asked:
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


def asked(
    model: Any, x: Tensor, *, y: Labels = None, n_classes: int = 0, pixels: Pixels | None = None, spread: Spread | None = None,
    output: Output = "means",
) -> Asked:  # fmt: skip
    """How a model is to be asked, found out with a few images x (B, C, H, W) in [0, 1] (y (B,), n_classes: for a conditional model).

    pixels: the range in which it wants them, and gives them back · spread: the kind of spread that encode gives, where the person says it ·
    output: what decode gives. Raises `ExternalModelError`.
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


def _put_together(subject: Subject, encoder: Encoder, decoder: Decoder, output: Output) -> Asked:
    roles = encoder.roles
    has_spread = roles is not None and roles.spread is not None

    def in_range(pixels: Pixels) -> Asked:
        is_back = _gives_back(subject, encoder, decoder, pixels)
        encode = _encode_in_range(encoder, pixels)
        decode = _decode_in_range(decoder, pixels if is_back else Pixels(), output)
        return Asked(
            encode, decode, prod(encoder.latent), encoder.is_point, n_parameters(subject.modules),
            _understood(subject, encoder, decoder, pixels, is_back), encoder.is_sure,
            roles.kind if roles is not None and has_spread else "logvar", encoder.has_class or decoder.has_class,
            has_spread and roles is not None and "name" in roles.why, in_range, pixels.unit if is_back and output == "means" else 1.0,
        )  # fmt: skip

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
                f"decode gave values from {number(low)} to {number(high)}, which are no logits but means; allowed with --output logits: "
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
        raise ExternalModelError(
            "decode gave two different pictures for the same codes; allowed: the mean picture, not a draw, from a model in evaluation "
            "(call eval() in the factory)."
        )
    return pictures


def settle(model: Any) -> None:
    """Evaluation, for every module of torch in it: no dropout, no statistics of the batch."""
    for module in modules_of(model):
        module.eval()


# --- what was understood


def _understood(subject: Subject, encoder: Encoder, decoder: Decoder, given: Pixels, is_back: bool) -> Understood:
    shape = " × ".join(map(str, encoder.latent))
    pixels = "grey levels from 0 to 1"
    if not given.is_plain:
        pixels = f"{given.name}, given back {'in that range' if is_back else 'from 0 to 1'}"
    return Understood(
        encoder=encoder.name, decoder=decoder.name, values=encoder.words, pixels=pixels,
        code=f"{count(prod(encoder.latent))} numbers{f' ({shape})' if len(encoder.latent) > 1 else ''}", forward=decoder.apart,
        doubts=tuple(_doubts(subject, encoder, decoder)), notes=tuple(_notes(decoder)),
    )  # fmt: skip


def _notes(decoder: Decoder) -> list[str]:
    if decoder.name.startswith("forward"):
        return [f"Pictures are those of {decoder.name}: no decode of the model's own gives the same."]
    return []


def _doubts(subject: Subject, encoder: Encoder, decoder: Decoder) -> list[str]:
    """Why a bound with prior N(0, I) and one code is not this model's."""
    found = []
    why = other_prior(subject)
    if why:
        found.append(f"The model {why}, so its prior is not N(0, I): KL, ELBO and what rests on them are not its own.")
    if subject.forward is not None and len(subject.forward.codes) > 1:
        shapes = ", ".join(" × ".join(map(str, shape)) for shape in subject.forward.codes)
        found.append(
            f"Its forward pass draws {len(subject.forward.codes)} codes ({shapes}), a hierarchy: what encode and decode give is one of "
            "them, so KL and ELBO are not the model's."
        )
    passing = subject.forward
    if passing is not None and not encoder.is_point and (passing.is_odd or (passing.others and not passing.codes)):
        found.append(
            "Its forward pass draws codes that are not mean + standard deviation · noise, so its posterior is not the diagonal Gaussian "
            "that KL and ELBO are of."
        )
    left_out = untouched(subject, encoder, decoder)
    if left_out:
        found.append(
            f"decode(encode(x)) never uses {', '.join(left_out)}, which could stand between picture and code, and no forward pass tells: "
            "codes and pictures may not be the model's own; add encode and decode that hold all layers."
        )
    if encoder.is_point and _has(subject, QUANTISERS):
        found.append("The model quantises its codes (VQ): codes are points before the codebook, with no KL and no bound.")
    return found


def other_prior(subject: Subject) -> str:
    """What makes the prior another than N(0, I); empty where nothing is seen."""
    model = subject.model
    for pattern, why in OTHER_PRIORS.items():
        if _has(subject, pattern):
            return why
    prior = getattr(model, "prior", None)
    if isinstance(prior, nn.Module) and n_parameters([prior]):
        return "learns its prior"
    if isinstance(prior, laws.Distribution) and not _is_standard(prior):
        return f"has a prior of its own ({type(prior).__name__})"
    log_prior = getattr(model, "log_p_z", None)
    if callable(log_prior) and not isinstance(log_prior, nn.Module):
        return "" if _is_standard_density(log_prior, subject) else "has a prior of its own (log_p_z)"
    return ""


def _has(subject: Subject, pattern: str) -> bool:
    """Whether a word of the name of a part that holds numbers, or of its class, fits."""
    names: list[str] = []
    for module in subject.modules:
        for name, part in module.named_modules():
            if next(part.parameters(), None) is None and next(part.buffers(), None) is None:
                continue  # nothing that could be learned
            names += [name.rpartition(".")[2], type(part).__name__ if not type(part).__module__.startswith("torch.nn") else ""]
        names += [name for name, value in vars(module).items() if isinstance(value, Tensor)]
        names += [name.rpartition(".")[2] for name, _ in (*module.named_parameters(), *module.named_buffers())]
    return any(re.fullmatch(pattern, word) for name in names for word in words_in(name))


def words_in(name: str) -> list[str]:
    """The words of an identifier, in small letters: FlowerVAE2_idle holds flower, vae and idle; VQVAE is vq."""
    words = [word.lower() for word in WORD.findall(name)]
    return [word.removesuffix("vae").removeprefix("vae") or word for word in words]


def _is_standard(prior: laws.Distribution) -> bool:
    """Whether a distribution is N(0, I)."""
    try:
        mean, std = prior.mean, prior.stddev
    except NotImplementedError:
        return False
    inner = prior.base_dist if isinstance(prior, laws.Independent) else prior
    is_normal = isinstance(inner, laws.Normal | laws.MultivariateNormal)
    return is_normal and bool((mean == 0).all()) and bool((std == 1).all())


def _is_standard_density(log_prior: Callable[..., Any], subject: Subject) -> bool:
    """Whether a function of codes gives the log density of N(0, I)."""
    passing = subject.forward
    width = prod(passing.codes[0]) if passing is not None and passing.codes else 0
    if not width:
        return True
    z = torch.randn((20, width), generator=torch.Generator().manual_seed(5))
    try:
        with torch.no_grad():
            found = log_prior(z)
            wanted = -0.5 * z.square().sum(1)
            return found.shape != wanted.shape or bool(torch.allclose(found - found.mean(), wanted - wanted.mean(), atol=1e-2))
    except Exception:  # asked in a way that it may not know
        return True


# --- held against itself


def _check_batches(found: Asked, x: Tensor, y: Labels) -> None:
    """A picture's code is its own, whoever stands beside it. Raises `ExternalModelError`."""
    assert found.encode is not None
    classes = (y,) if found.has_class and y is not None else ()
    alone = tuple(part[:1] for part in classes)
    with torch.no_grad():
        together, single = found.encode(x, *classes), found.encode(x[:1], *alone)
        z = together[0]
        pictures, one = (
            _repeated(lambda code: found.decode(code, *classes), z),
            _decoded(lambda code: found.decode(code, *alone), z[:1]),
        )
    for what, first, second in (
        *(("encode", a[:1], b) for a, b in zip(together, single, strict=True)),
        ("decode", pictures[:1], one),
    ):
        apart = float((first - second).abs().max() / max(1.0, float(first.abs().max())))
        if not apart < 1e-3:
            raise ExternalModelError(
                f"{what} gives other numbers for an image alone than among {len(x)} (they differ by {apart:.1g}), as a batch norm in "
                "training does; allowed: a model in evaluation (call eval() in the factory)."
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
