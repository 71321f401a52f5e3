"""What is measured of a run, made up: two dimensions that are used, and whatever a test changes of it."""

from __future__ import annotations

from trainer.runs.examination import Examination


def of_two_dimensions(**changes: object) -> Examination:
    plain = {
        "n": 1000,
        "mean_kl": 5.0,
        "information": 4.0,
        "information_error": 0.1,
        "marginal_kl": 1.0,
        "total_correlation": 0.9,
        "dimension_wise_kl": (0.05, 0.05),
        "baseline": 10.0,
        "shuffled": (3.0, 2.0),
        "zeroed": (1.0, 1.0),
        "all_shuffled": 9.0,
        "sensitivity": (1.0, 1.0),
        "residual": 0.01,
    }
    return Examination(**{**plain, **changes})
