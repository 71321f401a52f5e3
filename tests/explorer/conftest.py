"""One small trained run of every kind of model, for the tests of what the explorer shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.config import FitConfig, checked
from trainer.presets import PRESETS

TINY = {"hidden": (12,), "epochs": 2, "umap": False, "latent_dim": 3, "labelled": 20, "classifier": False}
KINDS = {
    "pca": checked(PRESETS["digits-pca"], latent_dim=3, classifier=False),
    "linear-vae": checked(PRESETS["digits-linear-vae"], epochs=3, latent_dim=3, classifier=False),
    "autoencoder": checked(PRESETS["digits-autoencoder"], **TINY),
    "autoencoder-2d": checked(PRESETS["digits-autoencoder"], **{**TINY, "latent_dim": 2}),
    "autoencoder-1d": checked(PRESETS["digits-autoencoder"], **{**TINY, "latent_dim": 1}),
    "conditional": checked(PRESETS["digits-conditional-vae"], **{**TINY, "classifier": True}),
    "m2": checked(PRESETS["digits-m2"], **{**TINY, "latent_dim": 2, "classifier": True}),
    "m1-m2": checked(PRESETS["digits-m1+m2"], **TINY, feature_epochs=1, feature_dim=4, feature_hidden=(9,)),
    "iwae": checked(PRESETS["digits-iwae"], **TINY),
    "per-pixel": FitConfig(model="conditional-vae", likelihood="laplace", scale="per-pixel", **TINY),
    "per-pixel-conv": FitConfig(network="conv", likelihood="gaussian", scale="per-pixel", **{**TINY, "hidden": (3, 4)}),
    "conditional-conv": FitConfig(model="conditional-vae", network="conv", **{**TINY, "hidden": (3, 4)}),
    "conditional-linear": FitConfig(model="conditional-vae", network="linear", likelihood="continuous-bernoulli", **TINY),
    "continuous": FitConfig(likelihood="continuous-bernoulli", **TINY),
    "pendulum": checked(PRESETS["pendulum-2d"], hidden=(12,), epochs=1, classifier=False),
}


@pytest.fixture(scope="session")
def kinds(tmp_path_factory) -> Path:
    """A folder of finished runs, one of every kind, by the names of `KINDS`."""
    from tests.kept import trained_runs

    return trained_runs(tmp_path_factory.mktemp("kinds"), KINDS)
