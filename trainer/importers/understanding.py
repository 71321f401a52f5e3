"""What was understood of somebody else's model, and why may figures of a bound not be its own?

A prior that is learned, a hierarchy of codes, a flow or a quantiser is seen by its parts, their names and what the forward pass draws.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributions as laws

from trainer.importers.adapters.choice import untouched
from trainer.importers.adapters.records import Decoder, Encoder
from trainer.importers.calls.contents import n_parameters
from trainer.importers.calls.pixel_range import Pixels
from trainer.importers.calls.subject import Subject
from trainer.numerals import count, number

VAMP = "seems to learn its prior from pseudo-inputs (VampPrior), by a name in it"
FLOW = "seems to have a flow between its posterior or prior and its code, by a name in it"
# words of names as a pattern for the whole word
OTHER_PRIORS = {r"pseudo\w*|vamp\w*": VAMP, r"flows?|iafs?|mafs?|coupling|couplings|planar|nvp|(norm|normali[sz]ing)flows?": FLOW}
QUANTISERS = r"(vector)?quanti[sz]\w*|vq\w*|codebooks?"
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True)
class Understood:
    """What was understood of a model, for people. A field that is empty was not seen."""

    encoder: str = ""
    """the adapter's name"""
    decoder: str = ""
    """the adapter's name"""
    values: str = ""
    """which value is what, and why"""
    pixels: str = ""
    """the range in which pictures are handed over"""
    code: str = ""
    """the shape of a code"""
    forward: float | None = None
    """how far decode(encode(x)) is from the forward pass at the same noise, grey levels; None where there is none"""
    doubts: tuple[str, ...] = ()
    """why figures of a bound would not be its own, sentences"""
    notes: tuple[str, ...] = ()
    """what else should be known, sentences"""

    def lines(self) -> tuple[str, ...]:
        """A line each of what was seen."""
        told = [
            self.encoder and f"encoder: {self.encoder}; {self.values}",
            self.decoder and f"decoder: {self.decoder}",
            self.code and f"code: {self.code}",
            self.pixels and f"pixels: handed over as {self.pixels}",
            ""
            if self.forward is None
            else f"forward against decode(encode(x)) at the same noise: pixels differ by {number(self.forward, 6)} on average",
            *self.notes,
            *self.doubts,
        ]
        return tuple(line for line in told if line)


def understood_of(subject: Subject, encoder: Encoder, decoder: Decoder, given: Pixels, is_back: bool) -> Understood:
    shape = " × ".join(map(str, encoder.latent))
    pixels = "grey levels from 0 to 1"
    if not given.is_plain:
        pixels = f"{given.name}, given back {'in that range' if is_back else 'from 0 to 1'}"
    return Understood(
        encoder=encoder.name,
        decoder=decoder.name,
        values=encoder.words,
        pixels=pixels,
        code=f"{count(prod(encoder.latent))} numbers{f' ({shape})' if len(encoder.latent) > 1 else ''}",
        forward=decoder.apart,
        doubts=tuple(_doubts(subject, encoder, decoder)),
        notes=tuple(_notes(decoder)),
    )


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
