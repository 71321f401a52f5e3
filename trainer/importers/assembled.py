"""How is a model asked of which some parts are layers of ours and the others still the functions that were brought along?"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from trainer.config import ImportedConfig
from trainer.models.layers import ImageShape
from trainer.models.torch_engine import Posterior, Vae


class AssembledVae(Vae):
    """A model of which some parts are layers of ours and the others still the functions that were brought along.

    encode: x to (mu, logvar) or (mu,), where the encoder is not layers.
    decode: z to means or logits, where the decoder is not.
    """

    def __init__(
        self,
        config: ImportedConfig,
        image_shape: ImageShape,
        encode: Callable[..., tuple[Tensor, ...]] | None,
        decode: Callable[..., Tensor] | None,
        is_logit: bool,
        n_classes: int = 0,
    ) -> None:
        super().__init__(config, image_shape, n_classes)
        self._encode, self._decode, self._is_logit = encode, decode, is_logit

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        if self._encode is None:
            answer: tuple[Tensor, ...] = tuple(self.encoder(x, y).chunk(1 if self.is_deterministic else 2, dim=1))
        else:
            answer = self._encode(x) if y is None else self._encode(x, y)
        return Posterior(answer[0], answer[1] if len(answer) > 1 else torch.full_like(answer[0], -torch.inf))

    def output(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        if self._decode is None:
            return super().output(z, y)
        pictures = self._decode(z) if y is None else self._decode(z, y)
        is_coin = self.config.likelihood == "bernoulli"
        return pictures.clamp(1e-6, 1 - 1e-6).logit() if is_coin and not self._is_logit else pictures
