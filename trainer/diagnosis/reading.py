"""What is measured of a model so that the checks can tell whether it was read rightly?

Letters: N images, C×H×W their shape, K latent dimensions. Nats per image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trainer.runs.examination import Measured

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.models.torch_engine import Vae


ALONE = 20  # images that are also encoded one by one
OUTSIDE = 0.25  # how far beyond black or white a pixel counts as outside
SCORED = 1000  # images at once


def measure(
    model: Vae,
    x: Tensor,
    y: Tensor | None,
    mu: NDArray[Any],
    logvar: NDArray[Any],
    mean_picture: Tensor,
    ess: float | None = None,
    ess_draws: int | None = None,
) -> Measured:
    """Of images x (N, C, H, W) in [0, 1], their posteriors mu, logvar (N, K), and the mean picture (C, H, W) of the data set."""
    import torch

    with torch.no_grad():
        nll, outside = _redrawn(model, x, y, torch.from_numpy(np.asarray(mu, np.float32)))
        constant = _mean_output(model, mean_picture[None], x)
        # the mean picture knows no pixel before another, so the likelihood alone scores it
        parts = [x[start : start + SCORED] for start in range(0, len(x), SCORED)]
        null = torch.cat([model.likelihood.nll(constant.expand(len(part), -1, -1, -1), part, model.log_sigma) for part in parts])
        perfect = [model.likelihood.nll(_mean_output(model, part, x), part, model.log_sigma).double().sum() for part in parts]
        alone = _alone(model, x, y)
    excess = (nll - null.double()).numpy()
    spread = np.asarray(logvar, float)
    return Measured(
        n=len(x),
        n_pixels=x[0].numel(),
        n_positions=x[0, 0].numel(),
        nll=float(nll.mean()),
        mean_nll=float(null.mean()),
        perfect_nll=float(torch.stack(perfect).sum()) / len(x),
        excess=float(excess.mean()),
        excess_error=float(excess.std() / np.sqrt(len(excess))),
        alone=alone,
        outside=outside,
        least_logvar=float(spread.min()),
        mean_logvar=float(spread.mean()),
        ess=ess,
        ess_draws=ess_draws,
    )


def _redrawn(model: Vae, x: Tensor, y: Tensor | None, mu: Tensor) -> tuple[Tensor, float]:
    """−log p(x|z) at the mean codes, (N,), and the share of decoded pixels far outside of 0 to 1."""
    import torch

    nll, outside = [], 0
    for start in range(0, len(x), SCORED):
        part = slice(start, start + SCORED)
        output = model.output(mu[part], None if y is None else y[part])
        nll.append(model.nll(output, x[part]).double())
        if model.config.has_scale:
            place = output[:, : x.shape[1]]
            outside += int(((place < -OUTSIDE) | (place > 1 + OUTSIDE)).sum())
    return torch.cat(nll), outside / x.numel()


def _mean_output(model: Vae, pictures: Tensor, x: Tensor) -> Tensor:
    """The output (B, C or 2C, H, W) of a decoder that gives these pictures (B, C, H, W); pixels of their own scale get that of x."""
    import torch

    place = model.likelihood.output_for(pictures)
    if not (model.config.has_scale and model.config.scale == "per-pixel"):
        return place
    spread = x.std(0, unbiased=False).clamp_min(1e-3).log()
    return torch.cat((place, spread.expand(len(place), -1, -1, -1)), 1)


def _alone(model: Vae, x: Tensor, y: Tensor | None) -> float:
    """The largest difference between a code from a batch and from its image alone, over 1 + its size."""
    if not model.config.has_encoder and type(model).posterior.__qualname__.startswith("Vae."):
        return 0.0  # there is nothing to ask
    few, worst = min(ALONE, len(x)), 0.0
    together = model.posterior(x[:few], None if y is None else y[:few])
    for i in range(few):
        single = model.posterior(x[i : i + 1], None if y is None else y[i : i + 1])
        for a, b in ((together.mu[i], single.mu[0]), (together.logvar[i], single.logvar[0])):
            worst = max(worst, float(((a - b).abs() / (1 + b.abs())).max()))
    return worst
