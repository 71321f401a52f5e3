"""Does a walk go where its formulas say? Closed forms on linear decoders, brute force, invariances."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.errors import ConfigError, DataError
from trainer.latent.decoded_graphs import decoded_graphs
from trainer.latent.directions import analogy, class_means, corner_grid, direction
from trainer.latent.geodesics import geodesic
from trainer.latent.interpolation import interpolate
from trainer.latent.path_measures import measure_path
from trainer.latent.paths import FORMULAS, LatentPath, codes_along, even_line, resampled
from trainer.maps.support import SupportEstimator

RNG = np.random.default_rng(0)
STOPS = RNG.standard_normal((4, 5))
MATRIX = RNG.standard_normal((12, 5))


def linear_decoder(z):
    return np.asarray(z, float) @ MATRIX.T


def crooked_decoder(z):
    """Fast in some places and slow in others."""
    z = np.asarray(z, float)
    return np.tanh(3 * z @ MATRIX.T)


@pytest.mark.parametrize("kind", FORMULAS)
def test_every_stop_is_met_once_and_exactly(kind):
    z = codes_along(LatentPath(STOPS, kind, n=11))
    assert z.shape == (31, 5)
    np.testing.assert_allclose(z[::10], STOPS, atol=1e-12)
    for leg in range(3):
        np.testing.assert_allclose(
            z[10 * leg : 10 * leg + 11], interpolate(STOPS[leg], STOPS[leg + 1], np.linspace(0, 1, 11), kind)
        )


@pytest.mark.parametrize("n_stops", [2, 3, 4])
def test_a_loop_ends_where_it_began_and_has_no_overshoot(n_stops):
    z = codes_along(LatentPath(STOPS[:n_stops], is_loop=True, overshoot=0.5, n=11))
    assert len(z) == 10 * n_stops + 1
    np.testing.assert_array_equal(z[0], z[-1])
    np.testing.assert_allclose(z[10 * (n_stops - 1)], STOPS[n_stops - 1])


def test_overshoot_of_a_line_is_the_same_line():
    a, b = STOPS[:2]
    z = codes_along(LatentPath(STOPS[:2], overshoot=0.5, n=11))
    t = np.linspace(-0.5, 1.5, 21)
    np.testing.assert_allclose(z, (1 - t)[:, None] * a + t[:, None] * b, atol=1e-12)


def test_a_spherical_path_keeps_the_norm_beyond_its_ends_too():
    units = STOPS / np.linalg.norm(STOPS, axis=1, keepdims=True)
    z = codes_along(LatentPath(3 * units, "spherical", overshoot=1.0))
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 3, rtol=1e-9)
    first = codes_along(LatentPath(3 * units[:2], "spherical", overshoot=1.0, n=61))
    plane = np.linalg.svd(units[:2])[2][2:]  # at right angles to both ends
    np.testing.assert_allclose(first @ plane.T, 0, atol=1e-9)  # the same great circle
    angles = np.arccos(np.clip(np.sum(first[1:] * first[:-1], axis=1) / 9, -1, 1))
    np.testing.assert_allclose(angles, angles[0], rtol=1e-5)


def test_a_variance_preserving_path_preserves_the_variance_beyond_its_ends_too():
    draws = np.random.default_rng(1).standard_normal((2, 20_000))
    for t in (-0.7, -0.2, 0.3, 1.4):
        z = interpolate(draws[0], draws[1], [t], "variance-preserving")[0]
        assert abs(z.var() - 1) < 5 * np.sqrt(2 / 20_000)  # five standard errors


def test_on_a_linear_decoder_of_equal_scale_the_geodesic_is_the_straight_line():
    basis = np.linalg.qr(RNG.standard_normal((7, 2)))[0]
    graph = decoded_graphs(lambda z: np.asarray(z, float) @ basis.T, RNG.standard_normal((300, 2)))
    a, b = np.array([-1.0, 0.4]), np.array([0.8, -0.6])
    way = geodesic(a, b, graph, 21)
    z = codes_along(LatentPath(np.stack((a, b)), "geodesic", n=21, overshoot=0.5), geodesics=[way.z])
    t = np.linspace(-0.5, 1.5, 41)[:, None]
    np.testing.assert_allclose(z, (1 - t) * a + t * b, atol=1e-6)


def test_a_geodesic_needs_a_way_for_every_leg():
    with pytest.raises(DataError, match="1 geodesics for 3 legs"):
        codes_along(LatentPath(STOPS, "geodesic"), geodesics=[STOPS])


@pytest.mark.parametrize("kind", FORMULAS)
def test_equal_steps_are_equal_in_decoded_distance(kind):
    walk = LatentPath(STOPS[:3], kind, n=61)
    for even, most in ((False, np.inf), (True, 0.03)):
        z = codes_along(LatentPath(walk.stops, kind, n=61, even=even), crooked_decoder)
        steps = np.linalg.norm(np.diff(crooked_decoder(z), axis=0), axis=1)
        assert steps.std() / steps.mean() < most
        if not even:
            assert steps.std() / steps.mean() > 0.2  # there was something to do
    np.testing.assert_allclose(z[[0, -1]], STOPS[[0, 2]])
    assert z.shape == codes_along(walk).shape


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"stops": STOPS[:1]}, r"stops have shape \(1, 5\)"),
        ({"stops": np.full((2, 2), np.nan)}, "finite numbers"),
        ({"kind": "cubic"}, "path"),
        ({"overshoot": 1.5}, "0 to 1"),
        ({"n": 1}, "both ends belong"),
    ],
)
def test_a_walk_that_cannot_be_is_one_sentence(wrong, words):
    with pytest.raises((ConfigError, DataError), match=words):
        LatentPath(**{"stops": STOPS, **wrong})


# --- measures


def test_measures_on_a_linear_decoder():
    """A straight line under a linear decoder: as long as its ends are apart, straightness 1, equal steps."""
    a, b = STOPS[:2]
    z = codes_along(LatentPath(STOPS[:2]))
    along = measure_path(z, linear_decoder(z).reshape(len(z), 1, 3, 4), SupportEstimator(STOPS.astype(np.float32)), has_prior=True)
    assert along.length == pytest.approx(np.linalg.norm(MATRIX @ (b - a)), rel=1e-9)
    assert along.straightness == pytest.approx(1, rel=1e-9)
    assert along.unevenness == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(along.log_prior, -0.5 * (z**2).sum(1))
    assert along.classes is None


def test_there_and_back_is_twice_as_long_and_not_straight():
    z = codes_along(LatentPath(STOPS[[0, 1, 0]]))
    along = measure_path(z, linear_decoder(z), SupportEstimator(STOPS.astype(np.float32)), has_prior=False)
    assert along.length == pytest.approx(2 * np.linalg.norm(MATRIX @ (STOPS[1] - STOPS[0])), rel=1e-9)
    assert along.straightness == pytest.approx(0, abs=1e-9)
    assert along.log_prior is None


def test_a_walk_that_stands_is_straight():
    z = np.repeat(STOPS[:1], 5, axis=0)
    along = measure_path(z, linear_decoder(z), SupportEstimator(STOPS.astype(np.float32)), has_prior=True)
    assert (along.length, along.straightness, along.unevenness) == (0, 1, 0)


def test_log_prior_is_torchs_less_its_peak():
    torch = pytest.importorskip("torch")
    z = codes_along(LatentPath(STOPS))
    normal = torch.distributions.Normal(torch.zeros(5, dtype=torch.float64), 1)
    expected = normal.log_prob(torch.tensor(z)).sum(1) - normal.log_prob(torch.zeros(5, dtype=torch.float64)).sum()
    found = measure_path(z, linear_decoder(z), SupportEstimator(STOPS.astype(np.float32)), has_prior=True).log_prior
    np.testing.assert_allclose(found, expected, atol=1e-12)


# --- walks that are not paths


def test_resampling_keeps_ends_and_places():
    z = np.arange(10.0)[:, None] * np.array([1, -2])
    np.testing.assert_allclose(resampled(z, 19), np.arange(0, 9.5, 0.5)[:, None] * np.array([1, -2]))
    np.testing.assert_array_equal(resampled(z, 10), z)


def test_a_drawn_line_is_laid_out_evenly():
    corner = even_line([[0, 0], [0, 0], [3, 0], [3, 0], [3, 1]], 9)
    np.testing.assert_allclose(np.linalg.norm(np.diff(corner, axis=0), axis=1), 0.5)
    np.testing.assert_array_equal(corner[[0, -1]], [[0, 0], [3, 1]])
    np.testing.assert_array_equal(even_line([[2, 2], [2, 2]], 3), [[2, 2]] * 3)


def test_an_analogy_of_the_same_is_the_other():
    a, b, c, _ = STOPS
    np.testing.assert_allclose(analogy(a, a, c), c)
    np.testing.assert_allclose(analogy(a, b, b), a)
    np.testing.assert_allclose(analogy(a, b, c) - c, a - b)


def test_directions_and_means_by_loop():
    mu = RNG.standard_normal((30, 4)).astype(np.float32)
    label = np.array([0, 1, -1] * 10)
    means = class_means(mu, label, 3)
    assert sorted(means) == [0, 1]
    for y, mean in means.items():
        np.testing.assert_allclose(mean, sum(mu[i].astype(float) for i in range(30) if label[i] == y) / 10, atol=1e-12)
    np.testing.assert_allclose(direction(mu, label == 0, label == 1), means[1] - means[0], atol=1e-12)
    with pytest.raises(DataError, match="10 and 0 images"):
        direction(mu, label == 0, label == 2)


@pytest.mark.parametrize("kind", ["bilinear", "spherical"])
def test_a_grid_has_its_corners(kind):
    grid = corner_grid(STOPS, 6, kind)
    assert grid.shape == (6, 6, 5)
    np.testing.assert_allclose(grid[[0, 0, -1, -1], [0, -1, 0, -1]], STOPS, atol=1e-12)


def test_a_bilinear_grid_is_the_weighted_mean():
    grid = corner_grid(STOPS, 5)
    for i, v in enumerate(np.linspace(0, 1, 5)):
        for j, u in enumerate(np.linspace(0, 1, 5)):
            np.testing.assert_allclose(grid[i, j], [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v] @ STOPS, atol=1e-12)


def test_a_spherical_grid_keeps_the_norm():
    units = STOPS / np.linalg.norm(STOPS, axis=1, keepdims=True)
    np.testing.assert_allclose(np.linalg.norm(corner_grid(2 * units, 7, "spherical"), axis=2), 2, rtol=1e-9)
    assert np.linalg.norm(corner_grid(2 * units, 7), axis=2).min() < 1.9


def test_a_grid_of_three_corners_is_refused():
    with pytest.raises(DataError, match="3 corners"):
        corner_grid(STOPS[:3], 5)


@pytest.mark.parametrize(("n_points", "n_dims"), [(31, 4), (1, 3), (5, 1)])
def test_a_banded_solution_is_the_dense_one(n_points, n_dims):
    from trainer.latent.smoothing import _banded_solution

    size = n_points * n_dims
    rng = np.random.default_rng(size)
    matrix = np.zeros((size, size))
    for i in range(n_points + 1):  # residuals that join neighbours, as the steps of a path
        columns = [k for j in (i - 1, i) if 0 <= j < n_points for k in range(j * n_dims, (j + 1) * n_dims)]
        slope = rng.standard_normal((6, len(columns)))
        matrix[np.ix_(columns, columns)] += slope.T @ slope
    right = rng.standard_normal(size)
    expected = np.linalg.solve(matrix + 0.1 * np.eye(size), right)
    np.testing.assert_allclose(_banded_solution(matrix, 2 * n_dims - 1, 0.1, right), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("kind", ["linear", "variance-preserving", "spherical"])
def test_a_leg_from_a_stop_to_itself_stays_there(kind):
    stops = np.array([[-1.2, 1.3], [-1.2, 1.3], [0.5, 0.5]])
    codes = codes_along(LatentPath(stops, kind, n=11))
    np.testing.assert_array_equal(codes[:11], np.repeat(stops[:1], 11, axis=0))
    np.testing.assert_allclose(codes[-1], stops[-1], atol=1e-12)
