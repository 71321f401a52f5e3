"""What is an adapter, and what does it make of a model: an encoder or a decoder.

Letters: B images, C×H×W their shape, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from trainer.importers.adapters.roles import Roles
from trainer.importers.calls.feeding import Labels
from trainer.importers.calls.subject import Subject

Encode = Callable[[Tensor, Labels], tuple[Tensor, ...]]
Decode = Callable[[Tensor, Labels], Tensor]


@dataclass(frozen=True)
class Encoder:
    """What encodes: mu and logvar (B, K) of images in the model's own range."""

    name: str
    """of the adapter, and how the images are handed over"""
    encode: Encode
    """from x (B, C, H, W) and classes to mu and logvar (B, K)"""
    latent: tuple[int, ...]
    """shape of one code as the model has it"""
    is_point: bool
    """whether there is no spread: the code is a point"""
    words: str
    """which value is what, for people"""
    roles: Roles | None
    """where mean and spread are in the answer; None where they are read from two draws"""
    is_sure: bool
    """whether the kind of spread was seen, not assumed"""
    has_class: bool = False
    """whether it is told the class"""


@dataclass(frozen=True)
class Decoder:
    """What decodes: pictures (B, C, H, W), in the model's own range, of codes (B, K)."""

    name: str
    """of the adapter"""
    decode: Decode
    """from z (B, K) and classes to pictures"""
    apart: float | None = None
    """how far its pictures are from those of the forward pass, mean absolute difference; None where there is no such pass"""
    is_logit: bool = False
    """whether the forward pass has a sigmoid behind it"""
    has_class: bool = False
    """whether it is told the class"""


@dataclass(frozen=True)
class Adapter:
    """One shape that models have."""

    name: str
    """as the output and the run keep it"""
    fits: Callable[[Subject], bool]
    """whether a model may have this shape"""
    adapt: Callable[[Subject, str, Any], Any]
    """makes the part, or raises `Unfit` with the reason"""
