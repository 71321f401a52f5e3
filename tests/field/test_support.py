"""Is there one support, does a far code count as far, and do marks leave the decoder's pixels alone?"""

from __future__ import annotations

import numpy as np
import pytest

from explorer.cache.maps import get_support
from explorer.cache.runs import get_run
from explorer.pages.interpolate.downloads import _film_file, _strip_file
from explorer.pictures.arrays import to_picture
from explorer.pictures.export import FRAME, framed
from explorer.surface.payload import pack, pack_static, unpack
from explorer.surface.schema import Dynamic
from trainer import load_run
from trainer.maps.projection import latent_plane
from trainer.maps.support import LOW, MEDIUM, SupportEstimator, density_figure, density_words, prior_factor, prior_share

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("n", "k"), [(400, 3), (60, 8), (4, 2)])
def test_it_is_the_share_of_images_that_are_at_least_as_lonely(n, k):
    mu = np.random.default_rng(n).standard_normal((n, k)).astype(np.float32)
    asked = np.random.default_rng(1).standard_normal((20, k)) * 2
    fifth = min(5, n - 1)
    own = np.sort(np.linalg.norm(mu[:, None] - mu[None], axis=2), axis=1)[:, min(fifth, n - 1)]  # column 0 is the code itself
    theirs = np.sort(np.linalg.norm(asked[:, None] - mu[None], axis=2), axis=1)[:, fifth - 1]
    np.testing.assert_allclose(SupportEstimator(mu).of(asked), [(own >= far).mean() for far in theirs], atol=1.01 / n)
    assert SupportEstimator(mu).of(np.full((1, k), 1e3))[0] == 0


def test_it_is_high_in_the_thick_low_at_the_rim_and_zero_far_away():
    mu = RNG.standard_normal((1000, 2)).astype(np.float32)
    middle, rim, far, farther = SupportEstimator(mu, has_prior=True).of([[0, 0], [2.6, 0], [3.9, 3.9], [1e30, 0]])
    assert middle > 0.5
    assert 0 < rim < middle
    assert (far, farther) == (0, 0)


def test_of_new_codes_like_the_old_it_is_one_half_on_average():
    """By definition it is a rank."""
    real, fresh = RNG.standard_normal((2, 1500, 2)).astype(np.float32)
    assert SupportEstimator(real).of(fresh).mean() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("k", [1, 2, 20])
def test_the_share_of_the_prior_is_that_of_its_draws(k):
    radii = np.linalg.norm(np.random.default_rng(5).standard_normal((40_000, k)), axis=1)
    z = np.zeros((5, k))
    z[:, 0] = np.quantile(radii, [0.005, 0.1, 0.5, 0.9, 0.999])
    np.testing.assert_allclose(prior_share(z), [0.005, 0.1, 0.5, 0.9, 0.999], atol=0.01)
    np.testing.assert_allclose(prior_factor(z)[1:4], 1)
    assert prior_factor(z)[4] < 0.2


def test_a_norm_that_the_prior_does_not_have_counts_as_far_where_no_codes_are_near():
    """A few lonely codes far out do not make their surroundings medium; a crowd there does, whatever the prior says of it."""
    lonely = np.concatenate((RNG.standard_normal((900, 2)), [4.5, 0] + 0.6 * RNG.standard_normal((100, 2)))).astype(np.float32)
    asked = np.column_stack([np.full(60, 4.5), np.linspace(0, 3, 60)])
    plain, strict = SupportEstimator(lonely).of(asked), SupportEstimator(lonely, has_prior=True).of(asked)
    at_the_edge = (plain > LOW) & (plain < MEDIUM)
    assert at_the_edge.sum() > 2
    assert (strict[at_the_edge] < plain[at_the_edge]).all()
    crowd = np.concatenate((RNG.standard_normal((500, 2)), [5, 0] + 0.2 * RNG.standard_normal((500, 2)))).astype(np.float32)
    assert SupportEstimator(crowd, has_prior=True).of([[5.0, 0.0]])[0] == SupportEstimator(crowd).of([[5.0, 0.0]])[0] > MEDIUM


def test_of_codes_of_one_image_or_of_equal_ones_it_is_a_number():
    for mu in (np.zeros((1, 3), np.float32), np.ones((7, 3), np.float32)):
        found = SupportEstimator(mu, has_prior=True).of([[0, 0, 0], [9, 9, 9]])
        assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("support", "word"), [(0, "low"), (0.019, "low"), (0.02, "medium"), (0.19, "medium"), (0.2, "high"), (1, "high")]
)
def test_density_is_said_in_three_words(support, word):
    assert density_words(support) == f"{word} density of encoded images"
    assert density_figure(support) == f"{word}, {support:.2f}"


@pytest.mark.parametrize("name", ["mnist-2d", "mnist-20d", "digits-conditional-vae"])
def test_every_map_of_a_run_sends_the_same_distances(name):
    """What the browser says comes from the code and from these numbers alone: no map brings a support of its own."""
    run = load_run(name)
    sent = [unpack(pack(Dynamic(), pack_static(run, projection)))[2] for projection in run.projections.values()]
    for arrays in sent:
        assert "support" not in arrays
        np.testing.assert_array_equal(arrays["support_distances"], SupportEstimator(run.encodings.mu).distances)


def test_stored_codes_are_rarely_called_low():
    for name in ("mnist-2d", "mnist-20d", "digits-16d"):
        run = load_run(name)
        assert np.mean(SupportEstimator(run.encodings.mu, True).of(run.encodings.mu[:2000]) < LOW) < 0.05


def test_a_run_that_was_stored_with_a_lattice_of_support_opens():
    run = load_run("mnist-2d")
    assert latent_plane(run.encodings.mu).extent == pytest.approx(run.projections["latent"].extent)


# --- marks


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_frame_goes_around_the_pixels(channels):
    frames = RNG.integers(0, 256, (4, 7, 9, *channels), dtype=np.uint8)
    low = np.array([False, True, False, True])
    marked = framed(frames, low)
    np.testing.assert_array_equal(marked[:, FRAME:-FRAME, FRAME:-FRAME], frames)
    assert (marked[~low][:, 0] == 255).all()
    assert (marked[low][:, 0] == 0).any(axis=tuple(range(1, marked.ndim - 1))).all()
    assert framed(frames, np.zeros(4, bool)) is frames


def test_a_film_that_goes_far_out_shows_the_decoders_own_pixels():
    from io import BytesIO

    from PIL import Image

    run = get_run("mnist-2d")
    codes = np.array([[0.0, 0.0], [40.0, 0.0]], np.float32)
    assert (get_support(run.id).of(codes) < LOW).tolist() == [False, True]
    expected = [to_picture(x) for x in run.forward.decode(codes)]
    film = Image.open(BytesIO(_film_file(run, codes, None, None, "webp", 1)))
    for number, picture in enumerate(expected):
        film.seek(number)
        np.testing.assert_array_equal(np.asarray(film.convert("L"))[FRAME:-FRAME, FRAME:-FRAME], picture)
    strip = np.asarray(Image.open(BytesIO(_strip_file(run, codes, None, 1))).convert("L"))
    side = 28 + 2 * FRAME
    np.testing.assert_array_equal(strip[FRAME:-FRAME, side + 1 + FRAME : side + 1 + FRAME + 28], expected[1])
