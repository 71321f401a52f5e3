"""Is the KL of both engines the one of torch.distributions, and does it keep its digits near the prior?"""

import numpy as np
import pytest
import torch
import torch.distributions as dist
from hypothesis import given
from hypothesis import strategies as st

from trainer.models.gaussians import kl_standard_normal, kl_standard_normal_numpy


@pytest.fixture
def codes() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(50, 4, dtype=torch.float64), torch.randn(50, 4, dtype=torch.float64)


def of_torch(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    return dist.kl_divergence(dist.Normal(mu, (logvar / 2).exp()), dist.Normal(0.0, 1.0))


def test_kl_is_torchs_kl(codes):
    torch.testing.assert_close(kl_standard_normal(*codes), of_torch(*codes))


def test_kl_of_arrays_is_torchs_kl(codes):
    mu, logvar = codes
    np.testing.assert_allclose(kl_standard_normal_numpy(mu.numpy(), logvar.numpy()), of_torch(mu, logvar).numpy(), rtol=1e-9)


@given(st.floats(-1e-3, 1e-3), st.floats(-1e-3, 1e-3))
def test_kl_near_the_prior_is_not_negative_and_keeps_its_digits(mu, logvar):
    """Second order: KL ≈ ½ mu² + ¼ logvar²; `exp − 1` in float32 would lose all of it."""
    tensors = torch.tensor([[mu]], dtype=torch.float32), torch.tensor([[logvar]], dtype=torch.float32)
    arrays = kl_standard_normal_numpy(*(each.numpy() for each in tensors))
    for kl in (kl_standard_normal(*tensors).item(), arrays.item()):
        assert kl >= -1e-12
        assert kl == pytest.approx(0.5 * mu**2 + 0.25 * logvar**2, rel=2e-3, abs=1e-10)


def test_an_array_keeps_its_precision():
    half = np.zeros((2, 3), np.float32)
    assert kl_standard_normal_numpy(half, half).dtype == np.float32


def test_a_point_is_infinitely_far():
    assert kl_standard_normal_numpy(np.zeros(1), np.full(1, -np.inf)).item() == np.inf
