"""Continuity and completeness against closed forms of constructed decoders and classifiers, and their errors against repeated draws."""

import math

import numpy as np
import pytest

from trainer.metrics.continuity import (
    PRECISION,
    Threshold,
    box_draws,
    calibrated_threshold,
    completeness,
    continuity,
    prior_draws,
)
from trainer.metrics.model_continuity import model_figures
from trainer.metrics.run_continuity import Sizes, run_figures
from trainer.runs.catalogue import load_run
from trainer.runs.continuity_figures import Share

N, K = 300, 3
RNG = np.random.default_rng(5)
CODES = (RNG.standard_normal((N, K)) * [3, 1, 0.2]).astype(np.float32)
WEIGHT = RNG.standard_normal((K, 12))
ALWAYS = Threshold(0.9, Share(10, 10), Share(10, 10))


def linear(weight):
    return lambda z, rows: (z.astype(float) @ weight).reshape(len(z), 1, 3, 4)


def test_a_linear_decoder_moves_by_the_length_of_the_step_through_its_matrix():
    found = continuity(linear(WEIGHT), CODES, np.random.default_rng(0))
    spread = math.sqrt(np.trace(np.cov(CODES.astype(float).T, bias=True)))
    assert found.spread == pytest.approx(spread)
    ways = found.directions.astype(float)
    np.testing.assert_allclose(np.linalg.norm(ways, axis=1), 1, rtol=1e-5)
    for share, squared in zip(found.shares, found.squared, strict=True):
        np.testing.assert_allclose(squared, (share * spread) ** 2 * np.square(ways @ WEIGHT).sum(1), rtol=1e-3)


def test_a_decoder_that_keeps_lengths_has_half_the_share_squared():
    """E‖z_i − z_j‖² over pairs of two different images is 2r² N/(N − 1)."""
    many = (RNG.standard_normal((100_000, K)) * [3, 1, 0.2]).astype(np.float32)
    found = continuity(linear(np.linalg.qr(WEIGHT.T)[0].T), many, np.random.default_rng(0), n_pairs=50_000)
    assert found.n == 50_000
    wanted = found.shares**2 / 2 * (1 - 1 / len(many))
    assert (np.abs(found.relative - wanted) < 4 * found.relative_error + 1e-5 * wanted).all()


def test_a_decoder_that_ignores_the_code_has_none():
    found = continuity(lambda z, rows: np.full((len(z), 1, 2, 2), 0.5, np.float32), CODES, np.random.default_rng(0))
    assert not found.squared.any() and not found.mean_error.any()
    assert np.isnan(found.relative).all()


def test_shift_turn_and_scale_of_the_codes_change_nothing():
    turn = 7 * np.linalg.qr(RNG.standard_normal((K, K)))[0]
    moved = (CODES @ turn + 4).astype(np.float32)
    back = lambda z, rows: linear(WEIGHT)((z - 4) @ np.linalg.inv(turn), rows)
    first, second = (continuity(d, mu, np.random.default_rng(3)) for d, mu in ((linear(WEIGHT), CODES), (back, moved)))
    np.testing.assert_allclose(first.relative, second.relative, rtol=1e-3)


def test_the_class_changes_where_a_step_crosses_the_border():
    """The picture is the code; the class is the sign of its first number."""
    decode = lambda z, rows: z.reshape(len(z), 1, 1, K)
    classify = lambda x: np.stack([x[:, 0, 0, 0] < 0, x[:, 0, 0, 0] >= 0], 1).astype(np.float32)
    found = continuity(decode, CODES, np.random.default_rng(1), classify)
    for place in range(len(found.shares)):
        crossed = (found.at(place)[:, 0] < 0) != (found.codes[:, 0] < 0)
        np.testing.assert_array_equal(found.changed[place], crossed)
    assert found.changed.mean(1).tolist() == sorted(found.changed.mean(1))


def test_the_same_seed_gives_the_same_figures():
    first, second = (continuity(linear(WEIGHT), CODES, np.random.default_rng(9)) for _ in range(2))
    np.testing.assert_array_equal(first.squared, second.squared)
    np.testing.assert_array_equal(first.rows, second.rows)


@pytest.mark.parametrize("n_images", [30, 400])
def test_standard_errors_are_the_spread_over_other_images(n_images):
    """New images in every repetition, few and many. The spread of R estimates has relative error 1/√(2R): 4.5 of it for R = 500 is 14 %;
    of few pairs a ratio's delta method and the estimated spread of the codes add some per cent."""
    bent, rng = lambda z, rows: np.tanh(linear(WEIGHT)(z, rows) / 3), np.random.default_rng(11)
    found = []
    for _ in range(500):
        codes = (rng.standard_normal((n_images, K)) * [3, 1, 0.2]).astype(np.float32)
        found.append(continuity(bent, codes, rng, shares=[0.1], n_pairs=100))
    assert {each.n for each in found} == {min(100, n_images // 2)}
    for estimate, error in (("mean", "mean_error"), ("relative", "relative_error")):
        spread = np.std([getattr(each, estimate)[0] for each in found], ddof=1)
        told = np.sqrt(np.mean([getattr(each, error)[0] ** 2 for each in found]))
        assert told == pytest.approx(spread, rel=0.25 if n_images == 30 else 0.16)


def test_no_image_is_in_two_pairs():
    """Of nine images four pairs: starts and ends are eight of them, each once."""
    decode = lambda z, rows: z.reshape(len(z), 1, 1, K)
    found = continuity(decode, CODES[:9], np.random.default_rng(0))
    ends = found.codes + np.sqrt(found.reference)[:, None] * found.directions
    places = np.concatenate([found.codes, ends])
    nearest = np.linalg.norm(places[:, None] - CODES[None, :9], axis=2)
    assert len(set(nearest.argmin(1).tolist())) == 8 and nearest.min(1).max() < 1e-5


def test_known_draws_are_those_of_the_constructed_classifier():
    """It knows pictures whose first number is above 0, which half of N(0, I) is, and of the box the part above 0."""
    decode = lambda z, rows: z.reshape(len(z), 1, 1, K)

    def classify(x):
        sure = np.where(x[:, 0, 0, 0] > 0, 0.95, 0.6)
        return np.stack([sure, 1 - sure], 1).astype(np.float32)

    n, rng = 20_000, np.random.default_rng(2)
    rows = np.zeros(n, int)
    prior = completeness(decode, classify, ALWAYS, prior_draws(rng, n, K), rows).known
    assert abs(prior.value - 0.5) < 4 * prior.standard_error
    low, high = CODES[:, 0].min(), CODES[:, 0].max()
    box = completeness(decode, classify, ALWAYS, box_draws(rng, n, CODES), rows).known
    assert abs(box.value - high / (high - low)) < 4 * box.standard_error


@pytest.mark.parametrize(("n_yes", "n"), [(0, 50), (13, 50), (50, 50), (1, 1000)])
def test_the_interval_holds_the_shares_whose_score_test_accepts(n_yes, n):
    """Wilson's ends solve |p̂ − p| = 1.96 √(p(1 − p)/n)."""
    share = Share(n_yes, n)
    for end in share.interval:
        if 0 < end < 1:
            assert abs(share.value - end) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / n), rel=1e-6)


def test_a_shares_standard_error_is_the_spread_of_repeated_draws():
    draws = np.random.default_rng(0).binomial(200, 0.3, 5000)
    assert Share(60, 200).standard_error == pytest.approx(np.std(draws / 200), rel=0.05)


@pytest.mark.parametrize("n_yes", [0, 12])
def test_all_of_a_few_is_not_told_without_an_error(n_yes):
    """0 of 12 is seen as often as not where the share is 1 − 2^(−1/12) = 5.6 %: an error of 0 would deny it."""
    share = Share(n_yes, 12)
    assert share.standard_error > (1 - 0.5 ** (1 / 12))


def test_the_threshold_makes_the_classifier_right_and_is_judged_on_others():
    """A classifier that is right as often as it says: above t it is right on average (1 + t)/2, so t = 0.9 for 95 %."""
    rng = np.random.default_rng(7)
    sure = rng.uniform(0.5, 1, 40_000)
    labels = (rng.random(len(sure)) > sure).astype(int)  # class 0 is named
    found = calibrated_threshold(np.stack([sure, 1 - sure], 1), labels)
    assert found.value == pytest.approx(0.9, abs=0.02)
    assert abs(found.right.value - PRECISION) < 4 * found.right.standard_error
    assert found.passed.value == pytest.approx(0.2, abs=0.04) and found.passed.n == 20_000


def test_there_is_no_threshold_for_a_classifier_that_guesses():
    rng = np.random.default_rng(7)
    assert calibrated_threshold(rng.dirichlet(np.ones(10), 500), rng.integers(10, size=500)) is None


def test_a_classifier_that_is_always_right_needs_no_more_than_a_half():
    sure = np.linspace(0.3, 1, 200)
    assert calibrated_threshold(np.stack([sure, *[(1 - sure) / 3] * 3], 1), np.zeros(200, int)).value == 0.5


@pytest.mark.parametrize("name", ["digits-2d", "digits-autoencoder", "digits-conditional-vae", "digits-pca"])
def test_the_figures_of_a_run_are_those_of_a_loop_over_its_images(name):
    """Brute force: image by image, with the run's own decoder and classifier in torch."""
    import torch

    run = load_run(name)
    kept, mu = run.info.continuity, run.encodings.mu
    rng = np.random.default_rng(20_160_101)
    start, end = rng.permutation(len(mu))[: 2 * (len(mu) // 2)].reshape(2, -1)
    spread = mu.std(0, dtype=float)
    length = 0.1 * math.sqrt(sum(s * s for s in spread))

    def picture(z, row):
        y = None if run.told is None else torch.tensor([int(run.told[row])])
        return run.model.decode(torch.tensor(np.asarray(z, np.float32)[None]), y).detach().numpy()

    changed, whole, other = [], [], 0
    for i, j in zip(start, end, strict=True):
        way = (mu[j] - mu[i]).astype(float)
        here, there, far = (picture(z, row) for z, row in ((mu[i], i), (mu[i] + length * way / math.hypot(*way), i), (mu[j], j)))
        changed.append(float(((there - here) ** 2).sum()))
        whole.append(float(((far - here) ** 2).sum()))
        other += int(run.classifier.probabilities(here).argmax() != run.classifier.probabilities(there).argmax())
    assert kept.n_pairs == len(changed)
    assert kept.change == pytest.approx(sum(changed) / sum(whole), rel=1e-3)
    assert abs(kept.class_changes - other) <= 1
    told = model_figures(run.model, mu, run.encodings.label, run.told, run.classifier)
    assert told.change == pytest.approx(kept.change, rel=1e-4) and abs(told.known_box - kept.known_box) <= 2
    again = run_figures(run)  # not bit for bit: another processor rounds the decoder otherwise
    for name in ("change", "change_error", "threshold"):
        assert getattr(again, name) == pytest.approx(getattr(kept, name), rel=1e-4)
    assert (again.step, again.n_pairs, again.n_draws) == (kept.step, kept.n_pairs, kept.n_draws)
    for name in ("class_changes", "known_prior", "known_box"):
        assert abs(getattr(again, name) - getattr(kept, name)) <= 2


def test_a_slow_decoder_gets_fewer_pairs_and_draws():
    wanted = 3 * Sizes().pairs + 2 * Sizes().draws + Sizes().calibration
    half = Sizes().affordable(0.01, 0.01 * wanted / 2)
    assert (half.pairs, half.draws, half.calibration) == (200, 500, 500)
    assert Sizes().affordable(1e-9, 60) == Sizes()
    assert Sizes().affordable(10, 1).pairs == 20
