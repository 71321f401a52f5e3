"""The pull-back metric and geodesics against decoders whose geometry is known."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from trainer.config import FitConfig
from trainer.errors import ConfigError, DataError
from trainer.latent.decoded_graphs import DecodedGraph, decoded_graphs, lattice_graph, neighbour_graph
from trainer.latent.decoded_length import equal_speed, path_length
from trainer.latent.geodesics import geodesic
from trainer.latent.interpolation import interpolate
from trainer.latent.metric import magnification, pullback_metric
from trainer.models.torch_engine import Vae, model_of

RNG = np.random.default_rng(0)
SHAPE = (1, 8, 8)


def sphere(z):
    """Chart (polar angle, azimuth) of the unit sphere."""
    polar, azimuth = np.asarray(z, float).T
    return np.stack((np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)), axis=1)


def great_circle(a, b):
    return float(np.arccos(np.clip(sphere([a])[0] @ sphere([b])[0], -1, 1)))


def polar(z):
    """(r, θ) to the plane; numpy or torch."""
    lib = torch if isinstance(z, torch.Tensor) else np
    return lib.stack((z[:, 0] * lib.cos(z[:, 1]), z[:, 0] * lib.sin(z[:, 1])), 1)


def linear(n_dims, n_pixels=7):
    weight = np.random.default_rng(n_dims).standard_normal((n_dims, n_pixels))
    return weight, lambda z: np.asarray(z) @ weight


@pytest.fixture(scope="module")
def globe() -> DecodedGraph:
    return lattice_graph(sphere, (0.1, 3.0, -3, 3))


# --- metric


def test_a_linear_decoder_has_one_metric_everywhere():
    weight, _ = linear(3)
    found = pullback_metric(lambda z: z @ torch.from_numpy(weight), RNG.standard_normal((5, 3)))
    np.testing.assert_allclose(found, np.broadcast_to(weight @ weight.T, (5, 3, 3)), rtol=1e-12)


def test_the_polar_decoder_magnifies_by_r():
    """numbers.md §6: det [[1, 0], [0, r²]] = r²."""
    z = np.stack((RNG.uniform(0, 3, 200), RNG.uniform(-3, 3, 200)), axis=1)
    np.testing.assert_allclose(magnification(pullback_metric(polar, z)), z[:, 0], rtol=1e-10)


@pytest.mark.parametrize("n_dims", [1, 2, 5])
def test_magnification_is_the_root_of_the_determinant(n_dims):
    root = RNG.standard_normal((10, n_dims, n_dims))
    np.testing.assert_allclose(magnification(root @ root.mT), np.abs(np.linalg.det(root)), rtol=1e-6)


def test_a_decoder_that_loses_a_dimension_magnifies_by_nothing():
    metric = pullback_metric(lambda z: z[:, :1].expand(-1, 4), torch.zeros(3, 2, dtype=torch.float64))
    assert magnification(metric).tolist() == [0, 0, 0]
    rounded = np.array([[[1, 1 + 1e-12], [1 + 1e-12, 1]]])  # determinant −2e-12
    assert magnification(rounded).tolist() == [0]


def test_magnification_neither_overflows_nor_underflows_where_the_determinant_does():
    assert magnification(np.eye(100)[None] * 1e6)[0] == pytest.approx(1e300)  # the determinant is 1e600
    assert magnification(np.eye(100)[None] * 1e-6)[0] == pytest.approx(1e-300)


@pytest.mark.parametrize(
    ("settings", "n_classes"),
    [
        ({}, 0),
        ({"network": "conv", "hidden": (4, 4, 4)}, 0),
        ({"likelihood": "gaussian", "scale": "per-pixel"}, 0),
        ({"model": "conditional-vae"}, 3),
        ({"model": "autoencoder"}, 0),
    ],
)
def test_the_metric_of_a_model_is_that_of_numerical_derivatives(settings, n_classes):
    """Also chunks that do not divide the number of codes."""
    config = FitConfig(**{"latent_dim": 3, "hidden": (16,), "activation": "tanh", **settings})
    model = model_of(config, SHAPE, n_classes).double()
    z = RNG.standard_normal((5, 3))
    y = np.array([0, 1, 2, 0, 1]) if n_classes else None
    h, columns = 1e-5, []

    def x_hat(codes):
        labels = () if y is None else (torch.from_numpy(y),)
        return model.mean(model.output(torch.from_numpy(codes), *labels)).detach().flatten(1).numpy()

    for axis in np.eye(3):
        columns.append((x_hat(z + h * axis) - x_hat(z - h * axis)) / (2 * h))
    slope = np.stack(columns, axis=2)
    expected = slope.transpose(0, 2, 1) @ slope
    assert (np.abs(expected) > 0).any()
    np.testing.assert_allclose(pullback_metric(model, z, y=y, chunk=2), expected, rtol=1e-5, atol=1e-8)


def test_fishers_metric_is_the_second_derivative_of_the_kl():
    """KL(p(x|z) ‖ p(x|z + hd)) = ½ h² dᵀGd + O(h³); the odd terms cancel between d and −d."""
    model = Vae(FitConfig(latent_dim=2, hidden=(16,), activation="tanh"), SHAPE).double()
    with torch.no_grad():
        model.decoder[-2].weight.mul_(4)  # away from p = ½, where every metric looks alike
    z, h = torch.from_numpy(RNG.standard_normal((4, 2))), 1e-3

    def coins(codes):
        return torch.distributions.Bernoulli(logits=model.output(codes).detach().flatten(1))

    found = pullback_metric(model, z, "fisher")
    for direction in ((1.0, 0.0), (0.0, 1.0), (1.0, -2.0)):
        d = torch.tensor(direction, dtype=torch.float64)
        kls = [torch.distributions.kl_divergence(coins(z), coins(z + s * h * d)).sum(1) for s in (1, -1)]
        np.testing.assert_allclose(np.einsum("i,nij,j->n", d, found, d), (sum(kls) / h**2).numpy(), rtol=1e-4)


def test_fishers_metric_survives_logits_of_500():
    found = pullback_metric(lambda z: 500 * z, torch.tensor([[1.0], [-1.0]]), "fisher")
    assert np.isfinite(found).all()
    assert found.max() < 1e-100


def test_the_metric_takes_float32_read_only_arrays_and_one_code_in_one_dimension():
    z = np.array([[2.0]], np.float32)
    z.flags.writeable = False
    assert pullback_metric(lambda z: z**2, z).tolist() == [[[16.0]]]
    assert pullback_metric(Vae(FitConfig(latent_dim=1, hidden=(4,)), SHAPE), z).shape == (1, 1, 1)
    assert pullback_metric(polar, np.zeros((0, 2))).shape == (0, 2, 2)


def test_metrics_that_make_no_sense_are_refused():
    model = Vae(FitConfig(latent_dim=2, hidden=(4,), likelihood="gaussian"), SHAPE)
    with pytest.raises(ConfigError, match="euclidean, fisher"):
        pullback_metric(model, np.zeros((1, 2)), "riemann")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="likelihood 'gaussian'"):
        pullback_metric(model, np.zeros((1, 2)), "fisher")
    with pytest.raises(DataError, match=r"shape \(2,\); allowed: \(N, K\)"):
        pullback_metric(model, np.zeros(2))


# --- geodesics


def test_a_linear_decoder_makes_straight_lines_on_the_plane():
    weight, decode = linear(2)
    a, b = np.array([-2.0, -1.0]), np.array([2.2, 1.7])
    found = geodesic(a, b, lattice_graph(decode, (-3, 3, -3, 3)))
    np.testing.assert_allclose(found.z, interpolate(a, b, found.t), atol=1e-6)
    assert found.decoded_length == pytest.approx(np.linalg.norm((b - a) @ weight), rel=1e-9)
    assert found.straight_length == pytest.approx(found.decoded_length, rel=1e-9)


@pytest.mark.parametrize("n_dims", [1, 3, 20])
def test_a_linear_decoder_makes_straight_lines_through_a_graph_of_codes(n_dims):
    weight, decode = linear(n_dims, 30)
    codes = RNG.standard_normal((300, n_dims))
    found = geodesic(codes[0], codes[1], decoded_graphs(decode, codes), 17)
    np.testing.assert_allclose(found.z, interpolate(codes[0], codes[1], found.t), atol=1e-6)
    assert found.decoded_length == pytest.approx(np.linalg.norm((codes[1] - codes[0]) @ weight), rel=1e-9)


@pytest.mark.parametrize(
    ("a", "b"), [((0.6, -1.3), (0.9, 1.4)), ((0.3, -1.5), (0.3, 1.5)), ((1.0, -1.0), (2.0, 1.2)), ((0.5, 0.0), (0.5, 2.9))]
)
def test_on_the_sphere_the_way_is_the_great_circle(globe, a, b):
    found = geodesic(a, b, globe)
    truth = great_circle(a, b)
    assert found.decoded_length == pytest.approx(truth, rel=0.01)
    assert found.decoded_length >= truth * (1 - 1e-3)  # nothing is shorter; the chords of the measuring points are, a little
    assert found.straight_length > found.decoded_length
    normal = np.cross(sphere([a])[0], sphere([b])[0])
    assert np.abs(sphere(found.z) @ normal / np.linalg.norm(normal)).max() < 0.04  # all of it near the plane of the circle


def test_in_four_dimensions_the_way_is_the_great_circle_and_a_line():
    """Sphere × plane: lengths add as squares."""

    def decode(z):
        return np.concatenate((sphere(z[:, :2]), z[:, 2:]), axis=1)

    codes = np.stack((RNG.uniform(0.2, 2.8, 1500), RNG.uniform(-3, 3, 1500), *RNG.uniform(-1, 1, (2, 1500))), axis=1)
    a, b = np.array([0.5, -1.4, 0, 0]), np.array([0.6, 1.4, 0.5, 0.2])
    found = geodesic(a, b, neighbour_graph(decode, codes))
    truth = np.hypot(great_circle(a[:2], b[:2]), np.hypot(0.5, 0.2))
    assert found.straight_length > 1.2 * truth
    assert found.decoded_length == pytest.approx(truth, rel=0.01)


def test_the_polar_decoders_geodesic_is_the_chord():
    found = geodesic([1.0, 0.0], [1.0, 2.0], lattice_graph(polar, (0.05, 3, -3, 3)))
    assert found.decoded_length == pytest.approx(2 * np.sin(1), rel=1e-3)
    assert found.straight_length == pytest.approx(2, rel=1e-3)  # an arc of the unit circle
    np.testing.assert_allclose(polar(found.z)[:, 0], np.linspace(1, np.cos(2), 61), atol=0.01)


def test_ends_are_exact_and_steps_are_even(globe):
    a, b = np.array([0.61234567, -1.3]), np.array([0.9, 1.41])
    found = geodesic(a, b, globe, 31)
    assert found.z.shape == (31, 2)
    assert found.z[0].tolist() == a.tolist()
    assert found.z[-1].tolist() == b.tolist()
    np.testing.assert_allclose(found.t, np.arange(31) / 30)
    steps = np.linalg.norm(np.diff(sphere(found.z), axis=0), axis=1)
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.01)
    assert path_length(sphere, found.z) == pytest.approx(found.decoded_length, rel=2e-3)


def test_there_and_back_is_the_same_way(globe):
    there, back = geodesic([0.6, -1.3], [0.9, 1.4], globe), geodesic([0.9, 1.4], [0.6, -1.3], globe)
    assert there.decoded_length == pytest.approx(back.decoded_length, rel=2e-3)
    np.testing.assert_allclose(sphere(there.z), sphere(back.z[::-1]), atol=0.03)


def test_a_wall_is_gone_round_where_its_gap_is():
    """A decoder with a steep ridge at z₁ = 0 that is open above z₂ = 1: no smoothing of the line finds that gap, the lattice does."""

    def decode(z):
        ridge = 20 * np.exp(-(z[:, 0] ** 2) / 0.08) / (1 + np.exp((z[:, 1] - 1) / 0.1))
        return np.stack((z[:, 0], z[:, 1], ridge), axis=1)

    found = geodesic([-1.5, -1.0], [1.5, -1.0], lattice_graph(decode, (-3, 3, -3, 3)))
    at_wall = found.z[np.abs(found.z[:, 0]) < 0.3]
    assert len(at_wall)
    assert at_wall[:, 1].min() > 0.8
    assert found.straight_length > 40  # up and down
    assert 2 * np.hypot(1.5, 2) < found.decoded_length < 8


def test_where_support_is_low_the_way_is_that_of_light():
    """A flat decoder and a disc without data between the ends: without the cost the line crosses it, with it the path bends round.

    Then 1 + cost is a refractive index n(r), and along a ray n·r·sin(angle to the radius) is constant (Bouguer's formula, Born & Wolf
    §3.2), which gives angle and length from the nearest radius r₀ by quadrature; r = r₀ + u² takes out the root at the turning point.
    """
    from scipy.integrate import quad
    from scipy.optimize import brentq

    def thick(r):
        return 1 / (1 + np.exp(-(r - 1) / 0.1))

    def index(r):
        return 1 + 4 * (1 - thick(r))

    a, b, extent = [-2.0, 0.3], [2.0, 0.3], (-3.0, 3.0, -3.0, 3.0)
    support = lambda z: thick(np.linalg.norm(z, axis=1))
    free, paid = (geodesic(a, b, lattice_graph(lambda z: z, extent, 48, support, cost)) for cost in (0.0, 4.0))
    np.testing.assert_allclose(free.z[:, 1], 0.3, atol=1e-6)

    def along_ray(r0, integrand):
        def of_u(u):
            r = r0 + u * u
            return 2 * u * integrand(r) / np.sqrt((index(r) * r) ** 2 - (index(r0) * r0) ** 2)

        return 2 * quad(of_u, 1e-9, np.sqrt(np.hypot(2, 0.3) - r0))[0]

    def angle(r0):
        return along_ray(r0, lambda r: index(r0) * r0 / r)

    radii = np.linspace(1, 1.95, 400)
    turning = radii[np.argmin(index(radii) * radii)]  # rays turn only where n·r rises outwards; at its minimum they circle for ever
    nearest = brentq(lambda r0: angle(r0) - (np.pi - 2 * np.arctan2(0.3, 2)), turning + 0.005, 1.95)
    assert np.linalg.norm(paid.z, axis=1).min() == pytest.approx(nearest, rel=0.02)
    assert paid.decoded_length == pytest.approx(along_ray(nearest, lambda r: index(r) * r), rel=0.01)


@pytest.mark.parametrize("graph_of", [lambda d, c: lattice_graph(d, (-1, 1, -1, 1), 8), neighbour_graph])
def test_a_path_from_a_code_to_itself_stands(graph_of):
    found = geodesic([0.3, 0.4], [0.3, 0.4], graph_of(polar, RNG.standard_normal((20, 2))), 5)
    assert found.z.tolist() == [[0.3, 0.4]] * 5
    assert (found.decoded_length, found.straight_length) == (0, 0)


@pytest.mark.parametrize("codes", [np.zeros((1, 3)), np.zeros((9, 3)), np.array([[0.0, 0, 0], [1, 1, 1]])])
def test_one_code_or_equal_codes_are_enough(codes):
    weight, decode = linear(3)
    found = geodesic([1.0, 0, 0], [0, 1.0, 0], decoded_graphs(decode, codes), 9)
    assert found.decoded_length == pytest.approx(np.linalg.norm(weight[1] - weight[0]), rel=1e-6)


def test_two_islands_of_codes_are_joined_by_the_line():
    """The graph has no way from one to the other."""
    decode = linear(3)[1]
    codes = np.concatenate((RNG.normal(0, 0.1, (40, 3)), RNG.normal(9, 0.1, (40, 3))))
    found = geodesic(codes[0], codes[-1], decoded_graphs(decode, codes))
    np.testing.assert_allclose(found.z, interpolate(codes[0], codes[-1], found.t), atol=1e-5)


def test_ends_far_outside_and_a_constant_decoder_never_raise(globe):
    assert np.isfinite(geodesic([50.0, -80.0], [1.0, 1.0], globe, 9).z).all()
    a, b = np.array([9.0, 9.0]), np.array([-1.0, 3.0])
    constant = geodesic(a, b, lattice_graph(lambda z: np.full((len(z), 3), 0.5), (-1, 1, -1, 1), 6), 9)
    np.testing.assert_allclose(constant.z, interpolate(a, b, constant.t), atol=1e-12)
    assert constant.decoded_length == 0


def test_a_model_in_float32_is_followed_as_the_app_does():
    """The decoder as numpy, pictures in float32: never longer than the line, and the lengths are those of the model's own decode."""
    model = Vae(FitConfig(latent_dim=2, hidden=(16,)), SHAPE)
    with torch.no_grad():
        for module in model.decoder:
            if isinstance(module, nn.Linear):
                module.weight.mul_(3)

    def decode(z):
        return model.decode(torch.as_tensor(z, dtype=torch.float32)).numpy()

    graph = decoded_graphs(decode, RNG.standard_normal((200, 2)).astype(np.float32))
    for a, b in RNG.standard_normal((4, 2, 2)):
        found = geodesic(a, b, graph)
        assert found.decoded_length <= found.straight_length * (1 + 1e-9)
        assert path_length(decode, interpolate(a, b, np.linspace(0, 1, 2000))) == pytest.approx(found.straight_length, rel=2e-3)


def test_the_lattice_joins_every_pair_of_its_moves_once():
    """By brute force over all pairs; size 2 has no room for knights."""
    for size in (2, 3, 5):
        graph = lattice_graph(lambda z: z, (0, size - 1, 0, size - 1), size)
        moves = {(1, 0), (0, 1), (1, 1), (1, 2), (2, 1)}
        expected = {
            (i, j)
            for i in range(size * size)
            for j in range(i + 1, size * size)
            if tuple(np.abs(graph.z[i] - graph.z[j]).astype(int)) in moves
        }
        edges = [tuple(sorted(pair)) for pair in graph.edges.tolist()]
        assert len(set(edges)) == len(edges)
        assert set(edges) == expected
        i, j = graph.edges.T
        np.testing.assert_allclose(graph.costs, np.linalg.norm(graph.z[i] - graph.z[j], axis=1), rtol=1e-5)


def test_the_graph_of_codes_joins_the_nearest_and_thins_many():
    codes = RNG.standard_normal((60, 3))
    graph = neighbour_graph(lambda z: z, codes, n_neighbours=4)
    order = np.argsort(np.linalg.norm(codes[:, None] - codes, axis=2), axis=1)
    expected = {(min(i, j), max(i, j)) for i in range(60) for j in order[i, 1:5].tolist()}
    assert {tuple(pair) for pair in graph.edges.tolist()} == expected
    assert len(graph.edges) == len(expected)
    assert len(neighbour_graph(lambda z: z, codes, max_nodes=25).z) == 25


# --- paths


def test_length_of_a_path_is_the_sum_of_its_chords():
    angles = np.linspace(0, np.pi / 2, 10)
    z = np.stack((np.ones(10), angles), axis=1)
    assert path_length(polar, z) == pytest.approx(9 * 2 * np.sin(np.pi / 36))  # nine chords of 10°
    assert path_length(polar, z[:1]) == 0


def test_equal_speed_undoes_a_decoder_that_hurries():
    """x = exp(3z): equal steps of x are logarithms."""
    found = equal_speed([[0.0], [1.0]], lambda z: np.exp(3 * z), 11)
    np.testing.assert_allclose(found[:, 0], np.log(np.linspace(1, np.exp(3), 11)) / 3, atol=2e-3)
    assert found[[0, -1], 0].tolist() == [0, 1]


def test_equal_speed_stays_on_the_polyline_and_keeps_a_standing_path():
    found = equal_speed([[0.0, 0.0], [1.0, 0.0], [1.0, 3.0]], lambda z: z, 9)
    np.testing.assert_allclose(found, [[min(s, 1), max(s - 1, 0)] for s in np.arange(9) / 2], atol=5e-3)
    assert equal_speed([[1.0, 2.0]], lambda z: z, 3).tolist() == [[1, 2]] * 3
    assert equal_speed([[1.0, 2.0], [1.0, 2.0]], lambda z: z, 3).tolist() == [[1, 2]] * 3


def test_linear_interpolation_goes_on_beyond_its_ends():
    np.testing.assert_allclose(interpolate([0.0, 1.0], [1.0, 3.0], [-0.5, 1.5]), [[-0.5, 0], [1.5, 4]])


def test_what_does_not_fit_is_refused_with_a_sentence(globe):
    with pytest.raises(DataError, match=r"\(2,\) and \(3,\); allowed: \(2,\)"):
        geodesic([0.0, 0], [0.0, 0, 0], globe)
    with pytest.raises(ConfigError, match="n_moments is 1"):
        geodesic([0.0, 0], [0.0, 1], globe, 1)
    with pytest.raises(ConfigError, match="at least 2 nodes"):
        lattice_graph(sphere, (0, 1, 2, 2))
    with pytest.raises(ConfigError, match="support_cost is -1"):
        lattice_graph(sphere, (0, 1, 0, 1), support_cost=-1)
    for codes in (np.zeros((0, 2)), np.zeros(3), [[np.nan, 0.0]]):
        with pytest.raises(DataError, match="at least one row, finite"):
            decoded_graphs(sphere, codes)


def test_geodesics_need_no_torch():
    code = (
        "import sys, numpy as np\nfrom trainer.geometry import *\nheavy = [m for m in ('torch', 'scipy') if m in sys.modules]\n"
        "geodesic([0., 0.], [1., 1.], decoded_graphs(lambda z: z, np.eye(2)), 5)\nprint(heavy, 'torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split("\n")[0] == "[] False"
