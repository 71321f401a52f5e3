"""Principal axes of linear decoders against PCA, scipy and turned bases."""

import numpy as np
import pytest
from scipy.linalg import subspace_angles as of_scipy

from trainer.metrics.linear_axes import data_axes, measured_on, pca_error, principal_axes, subspace_angles, turned_like
from trainer.metrics.pca_spectrum import spectrum

N, P, K = 400, 20, 3
RNG = np.random.default_rng(3)
X = RNG.standard_normal((N, P)) @ (RNG.standard_normal((P, P)) * np.linspace(2, 0.1, P)[:, None])
SPECTRUM = spectrum([X], P)


def autoencoder(turn):
    """At its optimum: decoder V A, encoder A⁻¹ Vᵀ, for any A."""
    basis = SPECTRUM.directions[:, :K]
    return basis @ turn, ((X - X.mean(0)) @ basis @ np.linalg.inv(turn).T).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_the_axes_of_any_linear_autoencoder_at_its_optimum_are_the_principal_components(seed):
    columns, mu = autoencoder(np.random.default_rng(seed).standard_normal((K, K)))
    axes, pca = principal_axes(columns, mu), data_axes(SPECTRUM, K)
    np.testing.assert_allclose(turned_like(axes, pca).directions, pca.directions, atol=1e-4)
    np.testing.assert_allclose(axes.variance, SPECTRUM.values[:K], rtol=1e-4)
    np.testing.assert_allclose(measured_on(axes, SPECTRUM).variance, SPECTRUM.values[:K], rtol=1e-4)
    assert subspace_angles(columns, pca.directions).max() < 1e-7
    assert np.abs(columns / np.linalg.norm(columns, axis=0) - pca.directions).max() > 0.1  # the columns themselves are not


def test_the_variance_along_a_direction_is_that_of_the_images():
    columns = RNG.standard_normal((P, K))
    axes = measured_on(principal_axes(columns, RNG.standard_normal((50, K)).astype(np.float32)), SPECTRUM)
    np.testing.assert_allclose(axes.variance, (X @ axes.directions).var(0), rtol=1e-9)
    np.testing.assert_allclose(axes.share, axes.variance / X.var(0).sum())


@pytest.mark.parametrize(("first", "second"), [(3, 3), (2, 5), (5, 2)])
def test_the_angles_are_scipys(first, second):
    a, b = RNG.standard_normal((P, first)), RNG.standard_normal((P, second))
    np.testing.assert_allclose(subspace_angles(a, b), np.sort(of_scipy(a, b)), rtol=1e-9)


def test_small_angles_are_exact():
    """Two planes that are turned against each other by known angles, in any basis."""
    turn = np.linalg.qr(RNG.standard_normal((P, P)))[0]
    angles, axes = np.array([1e-9, 0.3]), np.eye(P)
    tilted = axes[:, :2] * np.cos(angles) + axes[:, 2:4] * np.sin(angles)
    found = subspace_angles(turn @ axes[:, :2], turn @ tilted @ np.array([[2.0, 1.0], [0.0, 3.0]]))
    np.testing.assert_allclose(found, angles, rtol=1e-6)


def test_the_error_of_pca_is_the_rest_of_the_spectrum():
    images = RNG.integers(0, 256, (200, 1, 4, 5), np.uint8)
    of_images = spectrum([images.reshape(200, -1) / 255.0], 20)
    error, standard_error = pca_error(of_images, K, images)
    assert error == pytest.approx(of_images.values[K:].sum())
    assert 0 < standard_error < error
