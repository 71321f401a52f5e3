"""What was measured of a run to tell whether dimensions of it died? The record alone; `trainer.diagnosis` fills and reads it."""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict, model_validator

CAPPED = 0.9  # share of log N from which an estimate says "at least"
SURELY = 2.0  # standard errors


class Implied(BaseModel):
    """`ImpliedBeta` of `trainer.metrics.implied_beta` as run.json keeps it. A dimension without a value is None, as is what an older run
    lacks."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    value: float
    low: float
    high: float
    spread: float
    n: int
    per_dim: tuple[float | None, ...]
    means: float | None = None
    means_low: float | None = None
    means_high: float | None = None
    means_shift: float | None = None


class Measured(BaseModel):
    """What the checks rest on, of `n` images as the model sees them; nats per image."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    n: int
    n_pixels: int
    """P = C·H·W."""
    n_positions: int
    """H·W."""
    nll: float
    """−log p of the images under the decoder at their mean codes."""
    mean_nll: float
    """−log p of the images under the mean picture of their data set."""
    perfect_nll: float
    """−log p of the images under a decoder that gives each image itself."""
    excess: float
    """nll − mean_nll, the mean over the images."""
    excess_error: float
    """Its standard error."""
    alone: float
    """The largest difference of a code when its image is encoded alone, over 1 + its size."""
    outside: float
    """Share of decoded pixels more than .25 beyond 0 or 1; 0 where a likelihood keeps them inside."""
    least_logvar: float
    mean_logvar: float
    ess: float | None = None
    """Mean effective number of `ess_draws` draws of importance sampling."""
    ess_draws: int | None = None


class Examination(BaseModel):
    """What was measured of a run on `n` held-out images, nats per image; stored in run.json. K latent dimensions.

    Fields that may be None are not in runs of before.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    n: int
    mean_kl: float
    information: float
    """Mutual information of image and code; this and the next three: see `trainer.metrics.information`."""
    information_error: float
    """Its standard error."""
    marginal_kl: float
    """KL(q(z) ‖ p(z)), estimated from above."""
    total_correlation: float
    dimension_wise_kl: tuple[float, ...]
    """(K,)."""
    baseline: float
    """E_q[−log p(x|z)]."""
    shuffled: tuple[float, ...]
    """(K,): rise of the baseline when dimension k is another image's, see `trainer.metrics.collapse.Interventions`."""
    zeroed: tuple[float, ...]
    """(K,): rise of the baseline when dimension k is 0."""
    all_shuffled: float
    """Rise of the baseline when the whole code is another image's."""
    sensitivity: tuple[float, ...]
    """(K,): mean ‖∂x_hat/∂z_k‖."""
    residual: float
    """Mean squared error of a pixel at sampled codes."""
    sigma: float | None = None
    """The fixed or learned scale of a pixel; None where there is none or every pixel has its own."""
    shuffled_error: tuple[float, ...] | None = None
    """(K,): standard errors of `shuffled`."""
    zeroed_error: tuple[float, ...] | None = None
    """(K,): standard errors of `zeroed`."""
    interventions_n: int | None = None
    """Of how many images the interventions are."""
    prior_low: float | None = None
    """Lower bound of the distance to the prior, see `trainer.metrics.information_bracket`; marginal_kl is the upper one."""
    prior_error: float | None = None
    """Its standard error."""
    prior_density: str = ""
    """Which density gave the lower bound."""
    variance: tuple[float, ...] | None = None
    """(K,): of the posterior mean over the images."""
    signal_to_noise: tuple[float, ...] | None = None
    """(K,): that over the mean posterior variance."""
    knn_means: float | None = None
    """Share of the examined images whose class their 15 nearest neighbours among the others vote for, by posterior means."""
    knn_draws: float | None = None
    """The same by one draw of each posterior."""
    implied: Implied | None = None
    """The β that the model implies."""
    measured: Measured | None = None
    """What the checks rest on."""

    @property
    def ceiling(self) -> float:
        """log n nats: more cannot be seen with n images."""
        return math.log(self.n)

    @property
    def is_capped(self) -> bool:
        """Whether the estimate of the information is so near log n that the information may be any larger."""
        return self.n > 1 and self.information > CAPPED * self.ceiling

    @property
    def prior_distance(self) -> tuple[float, float]:
        """Lower and upper bound of KL(q(z) ‖ p(z)), nats; each two standard errors farther out, and never below 0.

        Both are means over the images of nearly the same log ratio of q(z) and p(z), so the error of the lower one holds for the upper one
        too; where the prior itself fits best and has no error, that of the information stands in.
        """
        high = max(0.0, self.marginal_kl + SURELY * max(self.prior_error or 0.0, self.information_error))
        low = 0.0 if self.prior_low is None else self.prior_low - SURELY * (self.prior_error or 0.0)
        return min(max(0.0, low), high), high

    @property
    def information_between(self) -> tuple[float, float]:
        """Lower and upper bound of the information of image and code, nats: the mean KL less the two bounds of the distance."""
        low = max(0.0, self.information)
        return low, max(low, self.mean_kl - self.prior_distance[0])

    @model_validator(mode="after")
    def _fits_together(self) -> Examination:
        of_dims = (
            self.dimension_wise_kl,
            self.shuffled,
            self.zeroed,
            self.sensitivity,
            self.shuffled_error,
            self.zeroed_error,
            self.variance,
            self.signal_to_noise,
            None if self.implied is None else self.implied.per_dim,
        )
        lengths = {len(values) for values in of_dims if values is not None}
        if len(lengths) != 1 or self.n < 1:
            raise ValueError(f"the examination has {sorted(lengths)} dimensions of {self.n} images")
        return self
