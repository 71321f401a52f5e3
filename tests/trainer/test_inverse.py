"""Does a place on a map lead back to the right code, never fail, and is what a map loses counted right?"""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.maps.inverse import LATTICE_SIZE, SETTLE, find_inverse, held_out_quality, refine, settle
from trainer.maps.lattice import bilinear, blend, lattice_nodes, local_fit
from trainer.maps.placing import _descend, xy_of
from trainer.maps.projection import lattice_map, pca, quality_of, square_extent
from trainer.maps.quality import inverse_quality, projection_quality
from trainer.runs.catalogue import load_run
from trainer.runs.write import RunWriter

RNG = np.random.default_rng(5)
EXTENT = (-2.0, 2.0, -2.0, 2.0)


def draw(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def squared(target):
    """A decoder whose pictures are the codes themselves: error ½|z − target|², gradient z − target."""
    return lambda z, index: (0.5 * np.square(z - target[index]).sum(1), z - target[index])


def test_a_linear_map_comes_back_exactly_inside():
    """Codes that are a linear function of the place: moving least squares without ridge reproduces them to rounding."""
    points, matrix = RNG.uniform(-2, 2, (800, 2)).astype(np.float32), draw(2, 5)
    places = RNG.uniform(-1.8, 1.8, (300, 2)).astype(np.float32)
    found = local_fit(places, points, points @ matrix + 3, ridge=0)
    np.testing.assert_allclose(found, places @ matrix + 3, atol=2e-4)


def test_with_its_ridge_and_lattice_a_linear_map_still_gives_back_all_of_the_variance():
    points = RNG.uniform(-2, 2, (1500, 2)).astype(np.float32)
    error = held_out_quality(points, points @ draw(2, 5), square_extent(points))
    assert error.n == 150
    assert error.is_held_out
    assert error.r2 > 0.999


@pytest.fixture(scope="module")
def small_map():
    mu = draw(120, 5) * 3
    return mu, lattice_map("umap", mu[:, :2].copy(), mu, "UMAP", ("a", "b"), squared(mu))


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_far_outside_the_points_a_place_still_stands_for_a_finite_code_near_real_ones(small_map, x, y):
    mu, projection = small_map
    found = projection.to_latent([[x, y]])
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 2 * np.abs(mu).max()


@pytest.mark.parametrize("n", [1, 2, 3, 25])
@pytest.mark.parametrize("duplicated", [False, True])
@pytest.mark.parametrize("decoded", [False, True])
def test_few_points_and_duplicates_have_an_inverse(n, duplicated, decoded):
    mu = draw(n, 4)
    points = mu[:, :2].copy()
    if duplicated:
        mu[:], points[:] = mu[0], points[0]
    projection = lattice_map("umap", points, mu, "UMAP", ("a", "b"), squared(mu) if decoded else None, np.zeros(n, np.int64))
    assert projection.points.shape == (n, 2)
    assert np.isfinite(projection.to_latent([[0, 0], [1e9, -1e9], *points])).all()
    if duplicated or n == 1:
        np.testing.assert_allclose(projection.to_latent(points), mu, atol=1e-4)
    quality = quality_of(mu, projection)
    assert (quality is None) == (n < 3)


@pytest.mark.slow
def test_a_decoder_that_fails_leaves_the_fit_to_the_codes():
    mu = draw(60, 4)
    broken = lambda z, index: (np.full(len(z), np.nan, np.float32), np.full_like(z, np.nan))
    with_broken, without = (lattice_map("u", mu[:, :2].copy(), mu, "U", ("a", "b"), decode) for decode in (broken, None))
    np.testing.assert_array_equal(with_broken.lattice_z, without.lattice_z)
    assert "pictures" not in with_broken.note


def two_clusters():
    centre = np.array([[-4, 0, 0, 0], [4, 3, -2, 1]], np.float32)
    which = np.repeat([0, 1], 200)
    mu = centre[which] + 0.3 * draw(400, 4)
    points = np.array([[-1.5, 0], [1.5, 0]], np.float32)[which] + 0.1 * draw(400, 2)
    return mu, points.astype(np.float32)


def test_a_place_between_two_clusters_stands_for_one_of_them_not_for_their_average():
    """Brute force: the code found is nowhere farther from all real codes than the blend's, and mostly as near as in a cluster."""
    mu, points = two_clusters()
    places = np.column_stack([np.linspace(-1, 1, 41), np.zeros(41)]).astype(np.float32)
    lonely = lambda z: np.sqrt(np.square(z[:, None] - mu[None]).sum(2)).min(1)
    found, blended = local_fit(places, points, mu), blend(places, points, mu)
    assert (lonely(found) <= lonely(blended) + 0.3).all()
    assert lonely(found).mean() <= lonely(blended).mean()
    off_middle = np.abs(places[:, 0]) > 0.1
    assert lonely(found)[off_middle].max() < 1.0  # the clusters are 9 apart with a spread of .6


def test_between_two_clusters_decoding_is_no_worse_than_the_blends():
    """Pictures of two kinds, error 20 · (share of neither kind): the average of two codes is worse than any one of them."""
    mu, points = two_clusters()
    target = np.where(np.arange(400) < 200, -1.0, 1.0)

    def decode(z, index):
        kind = np.tanh(z[:, 0])
        missed = kind - target[index]
        slope = np.zeros_like(z)
        slope[:, 0] = 40 * missed * (1 - kind**2)
        return (20 * missed**2).astype(np.float32), slope

    extent = square_extent(points)
    sheet = find_inverse(points, mu, extent, decode)
    for x in np.linspace(-1.4, 1.4, 15):
        place = np.array([[x, 0]], np.float32)
        sides = [0] if x < -0.5 else [399] if x > 0.5 else [0, 399]  # in the middle either side is as good
        error = lambda z, numbers=sides: min(decode(z, np.array([number]))[0][0] for number in numbers)
        assert error(bilinear(sheet.lattice_z, extent, place)) <= error(blend(place, points, mu)) + 0.5


def noisy_sheet(n=1200):
    """Codes on a bent sheet with noise, laid out by places that are off by a little: what a layout does."""
    place = RNG.uniform(-3, 3, (n, 2)).astype(np.float32)
    mu = np.column_stack([place, np.sin(place), np.cos(place)]).astype(np.float32) + 0.05 * draw(n, 6)
    return (place + 0.05 * draw(n, 2)).astype(np.float32), mu


def test_settling_moves_no_point_farther_than_its_reach_and_brings_its_code_nearer():
    points, mu = noisy_sheet()
    extent = square_extent(points)
    lattice = local_fit(lattice_nodes(extent, LATTICE_SIZE), points, mu).reshape(LATTICE_SIZE, LATTICE_SIZE, -1)
    settled = settle(points, mu, lattice, extent)
    assert np.linalg.norm(settled - points, axis=1).max() <= SETTLE * (extent[1] - extent[0]) * 1.001
    missed = lambda places: np.square(bilinear(lattice, extent, places) - mu).sum(1).mean()
    assert missed(settled) < 0.9 * missed(points)
    same = settle(points, bilinear(lattice, extent, points), np.zeros_like(lattice), extent)
    np.testing.assert_array_equal(same, points)  # no place is nearer than another: nothing moves


@pytest.mark.slow
def test_settling_and_refining_give_back_more_of_points_left_out_than_a_blend():
    points, mu = noisy_sheet()
    extent = square_extent(points)
    order = np.random.default_rng((0, len(mu))).permutation(len(mu))
    out, kept = order[: len(mu) // 10], order[len(mu) // 10 :]
    blended = inverse_quality(blend(points[out], points[kept], mu[kept]), out, mu)
    assert held_out_quality(points, mu, extent).r2 > blended.r2
    assert held_out_quality(points, mu, extent, squared(mu)).r2 > blended.r2


def test_refining_lowers_the_decoded_error():
    points, mu = noisy_sheet()
    extent = square_extent(points)
    coarse = blend(lattice_nodes(extent, 24), points, mu, 60).reshape(24, 24, -1)
    decode, every = squared(mu), np.arange(len(mu))
    refined = refine(coarse, points, mu, extent, decode)
    error = lambda lattice: decode(bilinear(lattice, extent, points), every)[0].mean()
    assert error(refined) < error(coarse)
    assert refine(coarse, points, mu, extent, lambda z, index: (np.zeros(len(z)), np.zeros_like(z))) is None


def test_the_error_of_exact_codes_is_none_and_of_the_mean_all():
    mu, labels = draw(200, 4), np.repeat([0, 1], 100)
    mu[:100] -= 20
    index = np.arange(0, 200, 4)
    exact = inverse_quality(mu[index], index, mu, squared(mu), labels)
    assert (exact.r2, exact.nll, exact.own_nll, exact.agreement) == (1, 0, 0, 1)
    mean = inverse_quality(np.repeat(mu.mean(0)[None], 50, 0), index, mu)
    assert mean.r2 == pytest.approx(0, abs=1e-5)
    swapped = inverse_quality(mu[(index + 100) % 200], index, mu, None, labels)
    assert swapped.agreement == 0
    assert inverse_quality(mu[index], index, mu, None, np.full(200, -1)).agreement is None


def test_the_identity_keeps_all_neighbours_and_a_random_map_as_many_as_chance():
    mu = draw(1200, 2)
    same = projection_quality(mu, mu)
    assert (same.neighbours_kept, same.trustworthiness) == (1, 1)
    chance = projection_quality(mu, draw(1200, 2))
    expected = 15 / 1199
    # 1200·15 draws that hit with this probability, 6 standard deviations
    assert chance.neighbours_kept == pytest.approx(expected, abs=6 * np.sqrt(expected / (1200 * 15)))
    assert chance.trustworthiness == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("n", "k"), [(300, 15), (40, 15), (31, 15)])
def test_trustworthiness_is_scikit_learns(n, k):
    from sklearn.manifold import trustworthiness

    mu = draw(n, 6)
    points = mu[:, :2] + 0.3 * draw(n, 2)
    quality = projection_quality(mu, points)
    assert quality.k == k
    assert quality.n == n
    one_rank = 2 / (n * k * (2 * n - 3 * k - 1))  # two distances that are nearly equal may be ranked either way
    assert quality.trustworthiness == pytest.approx(trustworthiness(mu, points, n_neighbors=k), abs=2 * abs(one_rank) + 1e-9)


def test_neighbours_kept_by_brute_force_and_k_for_few_points():
    mu = draw(50, 5)
    points = mu[:, :2].copy()
    order = lambda x: np.argsort(np.square(x[:, None] - x[None]).sum(2) + np.diag(np.full(50, np.inf)), 1)[:, :15]
    kept = np.mean([len(set(a) & set(b)) / 15 for a, b in zip(order(mu), order(points), strict=True)])
    assert projection_quality(mu, points).neighbours_kept == pytest.approx(kept)
    assert projection_quality(mu[:7], points[:7]).k == 3
    assert projection_quality(mu[:2], points[:2]) is None


def test_losses_are_stored_with_a_map_and_old_files_are_read_without(trained, tmp_path):
    import shutil

    shutil.copytree(trained, tmp_path / "runs")
    run = load_run("tiny-2d", tmp_path / "runs")
    mu = draw(80, 5)
    maps = (lattice_map("umap", mu[:, :2].copy(), mu, "UMAP", ("a", "b"), squared(mu)), pca(mu))
    RunWriter(run.folder).replace_projections(run.info, maps)
    again = load_run("tiny-2d", tmp_path / "runs").projections
    assert again["umap"].inverse_quality == maps[0].inverse_quality
    assert again["pca"].inverse_quality is None
    assert again["pca"].quality is None
    assert quality_of(mu, again["pca"]) == projection_quality(mu, maps[1].points)
    np.testing.assert_allclose(again["umap"].lattice_z, maps[0].lattice_z, rtol=2e-3, atol=1e-3)

    from safetensors.numpy import load_file, save_file

    file = run.folder / "projection.safetensors"
    arrays = load_file(file)
    meta = [
        {key: value for key, value in item.items() if key not in ("honest", "way_back")}
        for item in json.loads(arrays["meta"].tobytes())
    ]
    save_file(arrays | {"meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)}, file)
    RunWriter(run.folder).write_info(run.info)
    assert load_run("tiny-2d", tmp_path / "runs").projections["umap"].inverse_quality is None


@pytest.mark.parametrize("write", [1, 2, 3])
def test_maps_are_replaced_whole_or_not_at_all(trained, tmp_path, monkeypatch, write):
    """Stopped before its first, second or third file, the run opens, with all of the old maps or all of the new."""
    import shutil

    shutil.copytree(trained, tmp_path / "runs")
    run = load_run("tiny-2d", tmp_path / "runs")
    old, mu = list(run.projections), draw(40, 5)
    count, real = [0], RunWriter.write

    def stopping(self, name, data):
        count[0] += 1
        if count[0] == write:
            raise KeyboardInterrupt
        real(self, name, data)

    monkeypatch.setattr(RunWriter, "write", stopping)
    with pytest.raises(KeyboardInterrupt):
        RunWriter(run.folder).replace_projections(run.info, (pca(mu),))
    found = load_run("tiny-2d", tmp_path / "runs")
    assert list(found.projections) == (["pca"] if write == 3 else old)
    assert found.info.metrics == run.info.metrics


# --- from a code to its place


def test_a_code_on_the_sheet_comes_back_to_its_place_and_a_blend_does_not():
    """A curved sheet in six dimensions, its own coordinates as the map: place → code → place, at places that are no points."""
    points = RNG.uniform(-3, 3, (4000, 2)).astype(np.float32)
    mu = np.column_stack([points, np.sin(points), np.cos(points)]).astype(np.float32)
    extent = square_extent(points)
    sheet = find_inverse(points, mu, extent)
    places = RNG.uniform(-2.7, 2.7, (300, 2)).astype(np.float32)
    codes = bilinear(sheet.lattice_z, extent, places)
    off = lambda found: np.median(np.linalg.norm(found - places, axis=1))
    found = xy_of(codes, mu, sheet.points, sheet.lattice_z, extent)
    assert off(found) < 1e-3
    assert off(found) < 0.1 * off(blend(codes, mu, sheet.points))
    np.testing.assert_allclose(bilinear(sheet.lattice_z, extent, found), codes, atol=0.15)


def test_a_real_code_has_its_own_place_even_rounded(small_map):
    mu, projection = small_map
    np.testing.assert_array_equal(projection.to_map(mu, mu), projection.points)
    rounded = mu.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(projection.to_map(rounded, mu), projection.points)


def test_a_code_between_two_islands_goes_to_one_of_them_and_not_into_the_sea():
    """Brute force: the place is near a real one, and decodes nearer to the code than the blend's does."""
    mu, points = two_clusters()
    extent = square_extent(points)
    sheet = find_inverse(points, mu, extent)
    share = np.linspace(0.3, 0.7, 21, dtype=np.float32)[:, None]
    codes = (1 - share) * mu[:1] + share * mu[-1:]
    alone = lambda found: np.sqrt(np.square(found[:, None] - sheet.points[None]).sum(2)).min(1)
    found = xy_of(codes, mu, sheet.points, sheet.lattice_z, extent)
    assert alone(found).max() < 0.15  # the islands are 3 apart
    missed = lambda places: np.square(bilinear(sheet.lattice_z, extent, places) - codes).sum(1)
    assert (missed(found) <= missed(blend(codes, mu, sheet.points)) + 1e-6).mean() > 0.9


def test_going_downhill_ends_where_a_search_of_all_places_in_reach_ends():
    """Gauss-Newton against 40 000 places in the disc, on a smooth sheet."""
    points, mu = noisy_sheet(3000)
    extent = square_extent(points)
    lattice = local_fit(lattice_nodes(extent, LATTICE_SIZE), points, mu, 60).reshape(LATTICE_SIZE, LATTICE_SIZE, -1)
    reach = 0.4
    start = RNG.uniform(-2, 2, (12, 2))
    codes = bilinear(lattice, extent, (start + RNG.uniform(-0.2, 0.2, (12, 2))).astype(np.float32)).astype(float) + 0.02 * draw(
        12, 6
    )
    found = _descend(start, codes, lattice, extent, reach)
    steps = np.linspace(-reach, reach, 201)
    disc = np.array([(x, y) for x in steps for y in steps if x * x + y * y <= reach**2])
    missed = lambda places, z: np.square(bilinear(lattice, extent, places.astype(np.float32)) - z).sum(1)
    for i in range(12):
        assert np.linalg.norm(found[i] - start[i]) <= reach * (1 + 1e-9)
        assert missed(found[i : i + 1], codes[i])[0] <= missed(start[i] + disc, codes[i]).min() + 2e-3
