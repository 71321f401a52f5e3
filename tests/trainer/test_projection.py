"""Do maps lead back to codes?"""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.places import ROOT
from trainer.errors import ConfigError
from trainer.maps.lattice import lattice_nodes
from trainer.maps.projection import axis_pair, bilinear, latent_line, latent_plane, lattice_map, pca, projections_of
from trainer.maps.support import SupportEstimator

RNG = np.random.default_rng(3)


def blob(n: int, k: int) -> np.ndarray:
    return (RNG.standard_normal((n, k)) * np.linspace(2, 0.3, k)).astype(np.float32)


def test_the_latent_plane_is_its_own_map():
    plane = latent_plane(blob(200, 2))
    places = RNG.standard_normal((7, 2)).astype(np.float32)
    np.testing.assert_array_equal(plane.to_latent(places), places)


def test_pca_is_scikit_learns_pca_and_comes_back():
    from sklearn.decomposition import PCA

    mu = blob(300, 6)
    projection, oracle = pca(mu), PCA(2).fit(mu)
    np.testing.assert_allclose(np.abs(projection.points), np.abs(oracle.transform(mu)), atol=1e-4)
    back = projection.to_latent(projection.points)
    signs = np.sign((oracle.transform(mu) * projection.points).sum(0))
    np.testing.assert_allclose(back, oracle.inverse_transform(projection.points * signs), atol=1e-4)
    assert f"{100 * oracle.explained_variance_ratio_.sum():.0f}\u00a0%" in projection.note


def test_an_axis_pair_sets_two_dimensions_and_leaves_the_others_at_zero():
    z = axis_pair(blob(50, 5), 3, 1).to_latent([[0.5, -2.0]])[0]
    assert z.tolist() == [0, -2.0, 0, 0.5, 0]


@pytest.mark.parametrize(
    ("first", "second", "text"), [(5, 0, "axis is 6; allowed: 1 to 5"), (-1, 0, "axis is 0"), (2, 2, "two different")]
)
def test_bad_axes_are_refused(first, second, text):
    with pytest.raises(ConfigError, match=text):
        axis_pair(blob(20, 5), first, second)


def test_one_dimension_has_a_map_too():
    line = latent_line(blob(40, 1))
    assert line.to_latent([[1.5, 0.7]]).tolist() == [[1.5]]
    np.testing.assert_allclose(line.points[:, 0], line.to_latent(line.points)[:, 0])


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_bilinear_reproduces_what_is_linear_and_clamps_outside(x, y):
    extent = (-1.0, 2.0, -2.0, 1.0)
    nodes = lattice_nodes(extent, 5)
    lattice = (nodes @ np.array([[1, 2, 0], [3, -1, 0]], np.float32) + 1).reshape(5, 5, 3)
    cx, cy = np.clip(x, -1, 2), np.clip(y, -2, 1)
    expected = [cx + 3 * cy + 1, 2 * cx - cy + 1, 1]
    np.testing.assert_allclose(bilinear(lattice, extent, np.array([[x, y]], np.float32))[0], expected, atol=1e-4)


def test_a_lattice_leads_back_near_the_points_and_beats_the_nearest_point():
    """Points on a smooth sheet in 6-D, its own coordinates as the map: held-out codes come back, better than by their nearest neighbour."""
    sheet = RNG.uniform(-2, 2, (2200, 2)).astype(np.float32)
    mu = np.column_stack([sheet, np.sin(sheet), np.cos(sheet)]).astype(np.float32) + RNG.normal(0, 0.15, (2200, 6)).astype(
        np.float32
    )
    projection = lattice_map("umap", sheet[:2000], mu[:2000], "UMAP", ("a", "b"))
    blended = projection.to_latent(sheet[2000:])
    nearest = mu[:2000][np.square(sheet[2000:, None] - sheet[None, :2000]).sum(2).argmin(1)]
    error = lambda z: np.square(z - mu[2000:]).mean()
    assert error(blended) < 0.75 * error(nearest)
    assert 1 - error(blended) / mu[2000:].var(0).mean() > 0.9


KINDS = ("plane", "line", "pca", "axes", "lattice")


@pytest.fixture(scope="module")
def maps():
    mu = blob(60, 5)
    return {
        "plane": (latent_plane(mu[:, :2]), mu[:, :2]),
        "line": (latent_line(mu[:, :1]), mu[:, :1]),
        "pca": (pca(mu), mu),
        "axes": (axis_pair(mu, 1, 4), mu),
        "lattice": (lattice_map("umap", mu[:, :2].copy(), mu, "UMAP", ("a", "b")), mu),
    }


FAR = st.one_of(
    st.floats(allow_nan=False, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 5e-324, 1e-45, 3.4e38, -3.5e38, 1e39, 1e300, -1.7e308, float("inf"), -float("inf")]),
)


@pytest.mark.parametrize("kind", KINDS)
@given(places=st.lists(st.tuples(FAR, FAR), max_size=4))
def test_no_place_however_far_raises(maps, kind, places):
    """Every number but NaN: a finite code of the right shape, and a support between 0 and 1."""
    projection, mu = maps[kind]
    z = projection.to_latent(places)
    assert z.shape == (len(places), mu.shape[1])
    assert z.dtype == np.float32
    assert np.isfinite(z).all()
    support = SupportEstimator(mu, has_prior=True).of(z)
    assert ((support >= 0) & (support <= 1)).all()


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_no_code_however_far_raises(maps, kind, data):
    """Every number but NaN: a finite place; on a lattice within reach of the real ones."""
    projection, mu = maps[kind]
    codes = data.draw(st.lists(st.tuples(*[FAR] * mu.shape[1]), max_size=4))
    found = projection.to_map(codes, mu)
    assert found.shape == (len(codes), 2)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    if kind == "lattice" and codes:
        (low, high), width = (projection.points.min(0), projection.points.max(0)), projection.extent[1] - projection.extent[0]
        assert (found >= low - 0.04 * width).all()
        assert (found <= high + 0.04 * width).all()


@pytest.mark.parametrize("kind", KINDS)
def test_far_away_is_still_the_right_direction(maps, kind):
    """A place a thousand units out comes back from its code, where the map is a plane."""
    projection, mu = maps[kind]
    places = np.array([[1000, 0], [-300, 700]], np.float32)
    back = projection.to_map(projection.to_latent(places), mu)
    if kind == "line":
        np.testing.assert_allclose(back[:, 0], places[:, 0], rtol=1e-5)
    elif kind != "lattice":
        np.testing.assert_allclose(back, places, rtol=1e-4, atol=1e-2)


def test_which_maps_a_run_stores():
    assert [p.name for p in projections_of(blob(30, 1), np.ones(1), 0, True)] == ["latent"]
    assert [p.name for p in projections_of(blob(30, 2), np.ones(2), 0, True)] == ["latent"]
    maps = projections_of(blob(30, 4), np.array([0, 3.0, 1, 2]), 0, False)
    assert [p.name for p in maps] == ["pca", "axes"]
    assert maps[1].labels == ("z₂", "z₄")


UMAP_ALONE = """
import sys, numpy as np, torch
from trainer.maps.projection import projections_of, umap_map

torch.get_num_threads()
umap_map(np.random.default_rng(0).standard_normal((5000, 4)).astype(np.float32), 0, epochs=1)
threads = torch.get_num_threads()
mu = np.load(sys.argv[1])
first, second = (projections_of(mu, np.ones(5), 0, True)[0] for _ in range(2))
np.savez(sys.argv[2], threads=threads, first=first.points, second=second.points, back=first.to_latent(first.points))
"""


@pytest.fixture(scope="module")
def two_blobs():
    return np.concatenate([blob(40, 5), blob(40, 5) + 12]).astype(np.float32)


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory, two_blobs):
    """In a process of its own, since numba starts its threads once; and in one alone, since every process compiles UMAP anew."""
    folder = tmp_path_factory.mktemp("umap")
    np.save(folder / "mu.npy", two_blobs)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "2", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", UMAP_ALONE, str(folder / "mu.npy"), str(folder / "found.npz")]
    subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return np.load(folder / "found.npz")


@pytest.mark.slow
def test_umap_keeps_separate_what_is_separate_and_is_deterministic(laid_out, two_blobs):
    points, back = laid_out["first"], laid_out["back"]
    np.testing.assert_array_equal(points, laid_out["second"])
    centres = points[:40].mean(0), points[40:].mean(0)
    spread = max(points[:40].std(0).max(), points[40:].std(0).max())
    assert np.linalg.norm(centres[0] - centres[1]) > 2 * spread
    assert ((back.mean(1) > 6) == (two_blobs.mean(1) > 6)).mean() > 0.95


@pytest.mark.slow
def test_a_map_leaves_torch_the_threads_that_it_had(laid_out):
    """With two it would compute other sums from then on."""
    assert laid_out["threads"] == 1
