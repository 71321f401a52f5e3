"""Are eigen-images signed pictures around the page's ground, and is PCA said to be what a linear model finds, only where it is?"""

import re

import numpy as np
import pytest

from explorer.pictures.signed import DARK, LIGHT, signed_grid, signed_picture
from explorer.text.eigen_images import same_subspace_sentence
from tests.explorer.shown import app, sound, words
from trainer.datasets import load_dataset
from trainer.runs.catalogue import load_run


def test_zero_is_the_ground_and_the_ends_are_the_colours():
    values = np.array([[[-2.0, -1.0, 0.0, 1.0, 2.0]]])
    for dark, (negative, ground, positive) in ((False, LIGHT), (True, DARK)):
        [row] = signed_picture(values, 2.0, dark)
        np.testing.assert_array_equal(row[[0, 2, 4]], [negative, ground, positive])
        np.testing.assert_allclose(row[1], (negative + ground) / 2, atol=0.5)
        np.testing.assert_allclose(row[3], (positive + ground) / 2, atol=0.5)


def test_every_picture_has_a_light_and_a_dark_form_and_escaped_words():
    html = signed_grid([np.zeros((1, 2, 2))] * 2, ["a<b", "c"], 1.0, 60)
    assert html.count('class="in-dark"') == html.count('class="in-light"') == 2 and "a&lt;b" in html and "a<b" not in html


def test_the_same_subspace_is_claimed_for_small_angles_only():
    errors = [("a", 1.5)]
    near, far = (same_subspace_sentence(np.array([0.1, last]), 2, 2, errors) for last in (1.0, 40.0))
    assert near.startswith("Both span the same subspace: the largest of 2 angles between them is 1.00°")
    assert far.startswith("The subspaces differ: 50\u00a0% of 2 angles")
    assert near.endswith("squared error per test image: 1.500 of a.")


@pytest.mark.usefixtures("fresh_app")
@pytest.mark.parametrize(
    ("run", "wanted"),
    [
        ("digits-pca", "span"),
        ("sweep-linear-beta-1", "Columns of the decoder"),
        ("digits-autoencoder", "this model is not linear"),
        ("digits-2d", "of PCA with 2 components"),
    ],
)
def test_it_opens_for_every_kind_of_run(run, wanted):
    test = sound(app(run=run, view="dimensions", look="eigen-images").run())
    assert wanted in words(test) and "How to read this" in words(test)
    assert any('class="in-dark"' in element.proto.body for element in test.get("html"))


def test_a_linear_autoencoder_spans_what_pca_spans_by_numpys_own_svd():
    """Baldi & Hornik 1989, on digits: principal angles and squared error against the singular vectors of the centred training images."""
    digits = load_dataset("digits")
    train, test = (digits.subset(split).images.reshape(-1, 64) / 255 for split in ("train", "test"))
    _, values, directions = np.linalg.svd(train - train.mean(0), full_matrices=False)
    pca = directions[:8].T
    lost = np.square((test - train.mean(0)) @ (np.eye(64) - pca @ pca.T)).sum(1).mean()
    for name, most_degrees, tolerance in (("digits-pca", 1e-4, 1e-6), ("digits-linear-ae", 2.0, 1e-3)):
        run = load_run(name)
        assert run.config.latent_dim == 8
        basis, _ = np.linalg.qr(run.weights["decoder.0.weight"].astype(float))
        angles = np.degrees(np.arccos(np.clip(np.linalg.svd(basis.T @ pca, compute_uv=False), 0, 1)))
        assert angles.max() < most_degrees
        assert run.info.metrics is not None and run.info.metrics.squared_error == pytest.approx(lost, rel=tolerance)
        x_hat = run.forward.place(run.encodings.mu).reshape(test.shape)
        assert np.square(test - x_hat).sum(1).mean() == pytest.approx(lost, rel=tolerance)
    assert values[7] > values[8]  # or no subspace of eight would be the best


@pytest.mark.usefixtures("fresh_app")
def test_pca_and_the_linear_autoencoder_stand_beside_each_other():
    """The same sentence in Dimensions and in Compare, one button apart."""
    test = sound(app(run="digits-pca", view="dimensions", look="eigen-images").run())
    assert test.selectbox(key="eigen-beside-digits-pca").value == "digits-linear-ae"
    [sentence] = re.findall(
        r"Both span the same subspace: the largest of 8 angles between them is (\S+)°; squared error .*", words(test)
    )
    assert float(sentence) < 2
    assert "1.558 of digits-pca, 1.558 of digits-linear-ae" in words(test)
    test.button(key="compare-linear").click()
    sound(test.run())
    assert test.segmented_control(key="view").value == "compare"
    assert f"Both span the same subspace: the largest of 8 angles between them is {sentence}°" in words(test)
