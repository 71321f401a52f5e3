"""Labels that spread along neighbours, against scikit-learn's, a dense solution and what is plain to see."""

import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform
from sklearn.datasets import make_moons
from sklearn.semi_supervised import LabelSpreading

from trainer.config import FitConfig, checked
from trainer.datasets import load_dataset
from trainer.errors import ConfigError
from trainer.models.torch_engine import model_of
from trainer.presets import PRESETS
from trainer.training.events import EpochEnded, Finished, Finishing
from trainer.training.fit import fit
from trainer.training.labels.propagated import (
    COMPONENTS,
    LARGE,
    MOVES,
    SLANTS,
    SPREAD,
    TURNS,
    Propagated,
    Propagation,
    moved,
    moved_codes,
    nearest,
    propagated,
    transformations,
    turned,
)
from trainer.training.objectives import Batch, Objective
from trainer.training.schedules import StepSettings


def spread(codes, labelled, labels, k=6, n_classes=2):
    """Of points as they are."""
    points = np.asarray(codes, np.float32)[None]
    numbers, distances = nearest(points, slice(0, points.shape[1]), min(k, points.shape[1] - 1))
    return propagated(numbers, distances, np.asarray(labelled), np.asarray(labels), n_classes)


def dense_weights(codes, k):
    """W of the text, by loops."""
    n = len(codes)
    squared = np.square(codes[:, None] - codes[None]).sum(2)
    np.fill_diagonal(squared, np.inf)
    weights = np.zeros((n, n))
    for i in range(n):
        nearest = np.argsort(squared[i], kind="stable")[:k]
        weights[i, nearest] = np.exp(-squared[i, nearest] / squared[i, nearest[-1]])
    return np.maximum(weights, weights.T)


def test_two_moons_are_told_apart_by_one_label_each():
    codes, truth = make_moons(1500, noise=0.05, random_state=0)
    labelled = np.array([np.flatnonzero(truth == label)[0] for label in (0, 1)])
    found = spread(codes, labelled, truth[labelled])
    assert (found.label.numpy() == truth).mean() > 0.99
    nearest = np.square(codes[:, None] - codes[labelled][None]).sum(2).argmin(1)
    assert (truth[labelled][nearest] == truth).mean() < 0.9  # what distance alone would say


def test_it_is_the_solution_of_the_dense_system():
    rng = np.random.default_rng(0)
    codes, labelled, labels = rng.standard_normal((60, 3)), np.arange(6), np.array([0, 1, 2, 0, 1, 2])
    weights = dense_weights(codes, 5)
    scaled = weights / np.sqrt(np.outer(weights.sum(0), weights.sum(0)))
    start = np.zeros((60, 3))
    start[labelled, labels] = 1
    shares = np.linalg.solve(np.eye(60) - SPREAD * scaled, start)
    shares /= shares.sum(0)
    shares /= shares.sum(1, keepdims=True)
    entropy = -(shares * np.log(shares)).sum(1) / np.log(3)
    found, others = spread(codes, labelled, labels, k=5, n_classes=3), np.arange(6, 60)
    np.testing.assert_array_equal(found.label.numpy()[others], shares.argmax(1)[others])
    np.testing.assert_allclose(found.weight.numpy()[others], 1 - entropy[others], atol=1e-4)


def test_it_agrees_with_the_library_of_the_field():
    """scikit-learn spreads by rounds of its own, and weighs no class."""
    codes, truth = make_moons(300, noise=0.05, random_state=1)
    labelled = np.concatenate([np.flatnonzero(truth == label)[:5] for label in (0, 1)])
    told = np.full(300, -1)
    told[labelled] = truth[labelled]
    library = LabelSpreading(kernel=lambda a, b: dense_weights(a, 6), alpha=SPREAD, max_iter=3000, tol=1e-9).fit(codes, told)
    assert (library.transduction_ == spread(codes, labelled, truth[labelled]).label.numpy()).mean() > 0.99


def test_the_order_of_the_images_makes_no_difference():
    codes, truth = make_moons(400, noise=0.08, random_state=2)
    labelled = np.array([3, 5, 8, 13, 21, 34])
    found = spread(codes, labelled, truth[labelled])
    order = np.random.default_rng(3).permutation(400)
    place = np.argsort(order)
    moved = spread(codes[order], place[labelled], truth[labelled])
    np.testing.assert_array_equal(moved.label.numpy(), found.label.numpy()[order])
    np.testing.assert_allclose(moved.weight.numpy(), found.weight.numpy()[order], atol=1e-4)


def test_given_labels_stay_and_an_island_without_one_has_no_say():
    rng = np.random.default_rng(4)
    codes = np.concatenate([rng.normal(place, 0.1, (30, 2)) for place in (0, 5, 50)])
    found = spread(codes, [0, 30, 1], [0, 1, 1], k=4)  # the third is a label against its neighbours
    assert found.label[1] == 1
    assert found.weight[[0, 1, 30]].tolist() == [1, 1, 1]
    assert found.label[31:60].tolist() == [1] * 29
    assert found.weight[60:].max() == 0


def test_equal_images_and_fewer_images_than_neighbours():
    found = spread(np.zeros((5, 2)), [0, 1], [0, 1], k=50)
    assert torch.isfinite(found.weight).all()
    found = propagated(np.array([[1], [0]]), np.zeros((2, 1), np.float32), np.array([0]), np.array([1]), 2)
    assert found.label.tolist() == [1, 1]


def test_principal_codes_keep_what_differs_most():
    images = np.asarray(load_dataset("digits").subset("train").images[np.arange(200)])
    (codes,) = moved_codes(images, seed=0)  # 8 × 8: a pixel is much of them
    flat = images.reshape(200, -1) / 255
    singular = np.linalg.svd(flat - flat.mean(0), compute_uv=False)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=0)[:20], singular[:20], rtol=1e-3)
    assert codes.shape == (200, COMPONENTS)


def test_an_image_that_moved_by_a_pixel_is_the_nearest():
    rng = np.random.default_rng(0)
    images = np.zeros((40, 1, LARGE, LARGE), np.uint8)
    images[:, :, 2:-2, 2:-2] = rng.integers(0, 256, (40, 1, LARGE - 4, LARGE - 4))
    images[20:] = np.stack([np.roll(one, (-1, 1), (1, 2)) for one in images[:20]])
    codes = moved_codes(images, seed=0)
    assert codes.shape[:2] == (len(MOVES) + len(TURNS) + len(SLANTS), 40)
    numbers, distances = nearest(codes, slice(0, 40), 1)
    assert numbers[:, 0].tolist() == [*range(20, 40), *range(20)]
    assert distances.max() < 1e-2
    still, _ = nearest(codes[:1], slice(0, 40), 1)
    assert (still[:, 0] != numbers[:, 0]).mean() > 0.5


@pytest.mark.parametrize("move", MOVES)
def test_what_moves_out_is_gone_and_the_edge_goes_on(move):
    images = np.random.default_rng(1).integers(1, 256, (3, 2, 5, 6), np.uint8)
    found = moved(images, *move)
    assert found.shape == images.shape
    for row in range(5):
        for column in range(6):
            expected = images[:, :, np.clip(row - move[0], 0, 4), np.clip(column - move[1], 0, 5)]
            assert (found[:, :, row, column] == expected).all()


@pytest.mark.parametrize("size", [(16, 16), (16, 24), (25, 17)])
@pytest.mark.parametrize("by", [(1.0, 0.3, 0.0, 1.0), (0.8, -0.6, 0.6, 0.8), (0.0, -1.0, 1.0, 0.0)])
def test_a_turn_and_a_slant_are_scipys(by, size):
    images = np.random.default_rng(3).integers(0, 256, (3, 2, *size), np.uint8)
    a, b, c, d = by
    matrix, middle = np.array([[d, c], [b, a]]), (np.array(size) - 1) / 2  # of (row, column)
    expected = [
        [affine_transform(one.astype(float), matrix, middle - matrix @ middle, order=1, mode="nearest") for one in each]
        for each in images
    ]
    np.testing.assert_allclose(turned(images, by), expected, atol=0.51)


def test_an_image_that_was_turned_or_slanted_is_nearer_than_another():
    ink = np.zeros((1, 1, 28, 28), np.uint8)
    ink[..., 4:24, 13:15] = 255
    images = np.concatenate([transform(ink) for transform in transformations()[len(MOVES) :]])
    middle = images[:, 0].astype(float)
    still = [np.abs(one - ink[0, 0]).mean() for one in middle]
    assert min(still) > 1, "each differs from the image as it is"
    found = moved_codes(np.concatenate([ink, images]), seed=0)
    squared = np.square(found[:, 0] - found[0][1:, None]).sum(-1)  # of the image by every way, to each that was turned as it is
    assert squared.argmin(1).tolist() == list(range(len(MOVES), len(MOVES) + len(images)))


def test_images_that_are_all_alike_have_codes_too():
    """pytest makes an error of the warning that a variance of 0 is divided by."""
    assert np.isfinite(moved_codes(np.zeros((30, 1, LARGE, LARGE), np.uint8), seed=0)).all()


def test_labels_meet_in_the_middle_of_a_chain():
    """60 images a step apart with a label at each end."""
    codes = np.column_stack([np.arange(60), np.zeros(60)]).astype(float)
    found = spread(codes, [0, 59], [0, 1], k=2)
    assert found.label.tolist() == [0] * 30 + [1] * 30
    assert found.weight[29:31].max() < 0.1 < found.weight[1:5].min()


def test_the_share_that_is_done_rises_to_all():
    images = np.asarray(load_dataset("digits").subset("train").images)
    labels = np.asarray(load_dataset("digits").subset("train").labels)
    places = np.concatenate([np.flatnonzero(labels == label)[:5] for label in range(10)])
    work = Propagation(5, 10)
    shares = list(work.spread(images, places, labels[places], seed=0))
    assert shares == sorted(shares) and shares[-1] == 1
    assert (work.result.label.numpy() == labels).mean() > 0.85


def test_the_classifier_pays_for_likely_classes_by_their_weight():
    torch.manual_seed(0)
    config = FitConfig(model="m2", latent_dim=2, hidden=(8,), alpha=2.0, label_neighbours=3)
    model = model_of(config, (1, 3, 4), 3)
    x, y = torch.rand((6, 1, 3, 4)), torch.arange(6) % 3
    likely = Propagated(torch.tensor([2, 2, 1, 0, 1, 0]), torch.tensor([0, 0.5, 1, 0.25, 0, 1]))
    objective, normal = Objective(model), lambda *shape: torch.zeros((6, *shape))
    settings = StepSettings(1.0)
    with torch.no_grad():
        without, _ = objective(Batch(x, y, x, y), normal, settings)
        told, _ = objective(Batch(x, y, x, y, likely), normal, settings)
        log_q = model.class_logits(x).log_softmax(1)
    by_hand = -sum(float(w) * float(log_q[i, c]) for i, (c, w) in enumerate(zip(likely.label, likely.weight, strict=True))) / 6
    assert float(told - without) == pytest.approx(2.0 * by_hand, rel=1e-4)


@pytest.mark.parametrize("model", ["m2", "m1+m2"])
def test_a_training_spreads_once_and_goes_on_the_same(tmp_path, model):
    config = checked(PRESETS[f"digits-{model}"], epochs=3, feature_epochs=1 if model == "m1+m2" else 0, label_neighbours=7)
    config = checked(config, umap=False, classifier=False, film_weights=0)
    dataset = load_dataset("digits")
    events = list(fit(config, dataset, "whole", tmp_path))
    kinds = [type(event) for event in events]
    spreading = [
        i for i, event in enumerate(events) if isinstance(event, Finishing) and event.part.startswith("neighbours of every image: ")
    ]
    assert len(spreading) == 3  # 1079 images, 500 at once
    assert kinds[: spreading[0]].count(EpochEnded) == (1 if model == "m1+m2" else 0)
    cut = fit(config, dataset, "cut", tmp_path)
    for event in cut:
        if isinstance(event, EpochEnded) and event.epoch == 2:
            break
    cut.close()
    resumed = [event for event in fit(config, dataset, "cut", tmp_path, resume=True) if isinstance(event, Finished)]
    whole = events[-1]
    assert resumed[0].info.metrics == whole.info.metrics


def test_only_models_with_few_labels_spread_them():
    with pytest.raises(ConfigError, match=r"label_neighbours is 5; allowed: 0 unless the model is 'm2' or 'm1\+m2'"):
        checked(FitConfig(), label_neighbours=5)
