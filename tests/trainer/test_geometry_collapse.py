"""Interpolations keep their promises; KL and active units match definitions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainer.errors import ConfigError
from trainer.latent.interpolation import PATH_KINDS, interpolate
from trainer.metrics.collapse import active_units, is_active, kl_per_dim

RNG = np.random.default_rng(0)
T = np.linspace(0, 1, 9)
vectors = st.lists(st.floats(-5, 5), min_size=3, max_size=3)


@pytest.mark.parametrize("kind", PATH_KINDS)
@given(vectors, vectors)
def test_ends_are_exact_and_nothing_blows_up(kind, a, b):
    path = interpolate(a, b, T, kind)
    np.testing.assert_allclose(path[0], a, atol=1e-9)
    np.testing.assert_allclose(path[-1], b, atol=1e-9)
    assert np.isfinite(path).all()
    assert np.linalg.norm(path, axis=1).max() <= 1.4143 * max(np.linalg.norm(a), np.linalg.norm(b)) + 1e-9


def test_slerp_stays_on_the_sphere_at_even_angles():
    a, b = np.array([2.0, 0, 0]), np.array([0, 2.0, 0])
    path = interpolate(a, b, T, "spherical")
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 2)
    np.testing.assert_allclose(np.arctan2(path[:, 1], path[:, 0]), T * np.pi / 2, atol=1e-12)


def test_slerp_interpolates_the_norm():
    path = interpolate([1.0, 0], [0, 3.0], T, "spherical")
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1 + 2 * T)


@pytest.mark.parametrize("b", [[-1.0, 1e-9], [1.0, 1e-6], [0.0, 0.0]])
def test_slerp_falls_back_to_the_chord_where_there_is_no_arc(b):
    np.testing.assert_allclose(interpolate([1.0, 0], b, T, "spherical"), interpolate([1.0, 0], b, T, "linear"), atol=1e-5)


def test_variance_preserving_keeps_the_prior_and_linear_shrinks_it():
    a, b = RNG.standard_normal((2, 200_000))
    kept, shrunk = (interpolate(a, b, [0.5], kind)[0].std() for kind in ("variance-preserving", "linear"))
    assert kept == pytest.approx(1, abs=0.01)
    assert shrunk == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_an_unknown_path_is_refused():
    with pytest.raises(ConfigError, match="linear, variance-preserving, spherical"):
        interpolate([0.0], [1.0], T, "geodesic")  # type: ignore[arg-type]


def test_kl_per_dim_is_torchs_kl_averaged():
    mu, logvar = RNG.standard_normal((40, 3)).astype(np.float32), RNG.standard_normal((40, 3)).astype(np.float32)
    q = torch.distributions.Normal(torch.from_numpy(mu).double(), torch.from_numpy(logvar).double().div(2).exp())
    expected = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).mean(0)
    np.testing.assert_allclose(kl_per_dim(mu, logvar), expected.numpy(), rtol=1e-6)


def test_kl_is_not_information():
    """numbers.md §4: a constant encoder N(4, I) has KL 8 a dimension and no active unit."""
    mu, logvar = np.full((50, 2), 4, np.float32), np.zeros((50, 2), np.float32)
    assert kl_per_dim(mu, logvar).tolist() == [8, 8]
    assert active_units(mu) == 0


def test_active_means_a_variance_above_one_hundredth():
    base = np.array([-1.0, 1] * 50, np.float32)[:, None]
    assert is_active(base * np.array([[0.09, 0.1001, 1]], np.float32)).tolist() == [False, True, True]


def test_the_ends_of_every_path_are_the_ends_to_the_last_bit():
    rng = np.random.default_rng(0)
    for _ in range(200):
        a, b = rng.normal(size=(2, 5))
        for kind in ("linear", "variance-preserving", "spherical"):
            path = interpolate(a, b, np.linspace(0, 1, 7), kind)
            assert np.array_equal(path[0], a)
            assert np.array_equal(path[-1], b)
