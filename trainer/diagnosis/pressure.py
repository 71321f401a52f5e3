"""How heavy does the KL term weigh in a run, beside the pixels as they are?"""

from __future__ import annotations

from trainer.config import FitConfig
from trainer.diagnosis.implied import implied_differs
from trainer.runs.examination import Examination

PRESSURE = 1.5  # effective beta from which the KL term is called too heavy


def weight_of_kl(config: FitConfig, found: Examination) -> float:
    """β: what the model implies where that is clearly another than what was declared."""
    if found.implied is not None and implied_differs(config, found.implied):
        return found.implied.value
    return config.beta


def pressure(config: FitConfig, found: Examination) -> float:
    """Effective beta: how heavy the KL term weighs beside the pixels as they are.

    With Gaussian pixels of a fixed σ a nat of reconstruction is counted in units of σ²; measured against the error that is really left it
    weighs β σ² / MSE. 1 where σ is learned, optimal or there is none, times β.
    """
    is_fixed = config.likelihood == "gaussian" and config.scale == "fixed"
    return weight_of_kl(config, found) * (config.sigma**2 / max(found.residual, 1e-12) if is_fixed else 1.0)
