"""Does every kind of model train, learn, resume bit for bit, and come back from disk as it was?"""

import dataclasses

import numpy as np
import pytest
import torch

from trainer.config import FitConfig, checked
from trainer.datasets import Dataset
from trainer.errors import ConfigError
from trainer.presets import PRESETS
from trainer.runs.catalogue import load_run
from trainer.training.events import EpochEnded
from trainer.training.fit import fit
from trainer.training.inputs import mean_image
from trainer.training.labels.given import labelled_images

pytestmark = pytest.mark.slow

KINDS = {
    name.removeprefix("digits-"): checked(
        config,
        hidden=(12,),
        epochs=4,
        feature_epochs=2 if config.model == "m1+m2" else 0,
        feature_hidden=(9,),
        feature_dim=3,
        batch_size=17,
        labelled=6,
        latent_dim=2,
        umap=False,
    )
    for name, config in PRESETS.items()
    if name.startswith("digits-") and config.model != "pca"
} | {
    "lagging": FitConfig(hidden=(12,), epochs=4, batch_size=17, lagging_steps=20, umap=False),
    "free-bits-cyclical": FitConfig(hidden=(12,), epochs=4, batch_size=17, free_bits=0.2, beta_cycles=2, umap=False),
    "optimal": FitConfig(hidden=(12,), epochs=4, batch_size=17, likelihood="laplace", scale="optimal", umap=False),
    "per-pixel": FitConfig(hidden=(12,), epochs=4, batch_size=17, likelihood="gaussian", scale="per-pixel", sigma=0.3, umap=False),
    "continuous": FitConfig(network="conv", hidden=(4,), epochs=4, batch_size=17, likelihood="continuous-bernoulli", umap=False),
    "residual": FitConfig(network="residual", hidden=(4, 6), epochs=4, batch_size=17, umap=False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_resumes_to_the_same_weights_and_opens(kind, tiny_dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.training.loop.CHECKPOINT_S", 0.0)
    config = KINDS[kind]
    whole = list(fit(config, tiny_dataset, "whole", tmp_path))
    events = fit(config, tiny_dataset, "cut", tmp_path)
    for event in events:
        if isinstance(event, EpochEnded) and event.epoch == 2:
            break
    events.close()
    list(fit(config, tiny_dataset, "cut", tmp_path, resume=True))
    for file in ("weights.safetensors", "history.csv", "encodings.safetensors"):
        assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file
    run = load_run("whole", tmp_path)
    test = tiny_dataset.subset("test")
    y = test.labels if config.is_conditional else None
    mu = run.model.encode(test.images, y).mu.numpy()
    np.testing.assert_allclose(run.encodings.mu, mu, atol=1e-5)
    np.testing.assert_allclose(run.forward.decode(mu, y), run.model.decode(mu, y).numpy(), atol=2e-5)
    metrics = whole[-1].info.metrics
    if config.is_deterministic:
        assert (metrics.elbo, metrics.nll, metrics.kl, metrics.kl_per_dim) == (None, None, None, None)
        assert np.isneginf(run.encodings.logvar).all()
    else:
        assert metrics.elbo == pytest.approx(-(metrics.reconstruction + metrics.kl))
        assert metrics.elbo <= -metrics.nll + 0.1  # its KL is exact, its reconstruction sampled
    x_hat = run.model.output(torch.tensor(mu), None if y is None else torch.tensor(y))
    place = (x_hat[:, :1] if config.has_scale else run.model.mean(x_hat)).detach().numpy()
    if not config.binarise:
        assert metrics.squared_error == pytest.approx(np.square(test.images / 255 - place).sum((1, 2, 3)).mean(), rel=1e-4)
    assert (metrics.classifier_error is not None) == config.is_semi_supervised


def test_a_few_labels_teach_m2_the_classes(tiny_dataset, tmp_path):
    """Three bars in noise, six labels: a classifier that learned nothing would be wrong two times in three."""
    config = checked(KINDS["m2"], epochs=60, learning_rate=3e-3)
    list(fit(config, tiny_dataset, "m2", tmp_path))
    run = load_run("m2", tmp_path)
    assert run.info.metrics.classifier_error < 0.1
    test = tiny_dataset.subset("test")
    guesses = run.forward.label_of(test.images.astype(np.float32) / 255)
    assert run.info.metrics.classifier_error == pytest.approx((guesses != test.labels).mean())
    assert run.info.dataset.n_labelled == 6


def test_a_conditional_model_leaves_the_class_out_of_its_code(tiny_dataset, tmp_path):
    """Decoding one z under every class gives pictures of the classes: the bar moves with the label."""
    config = checked(KINDS["conditional-vae"], epochs=80, learning_rate=3e-3)
    list(fit(config, tiny_dataset, "c", tmp_path))
    forward = load_run("c", tmp_path).forward
    pictures = forward.decode(np.zeros((3, 2)), np.arange(3))
    assert pictures[:, 0].mean(1).argmax(1).tolist() == [1, 2, 3]


def test_the_labelled_images_are_the_same_number_of_each_class_and_follow_the_seed():
    labels = np.repeat(np.arange(4), [9, 20, 7, 30])
    chosen = labelled_images(labels, 4, FitConfig(model="m2", labelled=20)).numpy()
    assert np.bincount(labels[chosen]).tolist() == [5, 5, 5, 5]
    assert len(set(chosen.tolist())) == 20
    other = labelled_images(labels, 4, FitConfig(model="m2", labelled=20, seed=1)).numpy()
    assert chosen.tolist() != other.tolist()
    for n in (18, 32):
        with pytest.raises(ConfigError, match=rf"labelled is {n}; allowed: a multiple of 4, the number of classes, up to 28"):
            labelled_images(labels, 4, FitConfig(model="m2", labelled=n))


def test_the_encoder_lags_only_until_information_peaks(tiny_dataset, tmp_path, monkeypatch):
    """He 2019, algorithm 1: once the information falls, the inner loop ends and never comes back."""
    from trainer.training import lagging
    from trainer.training.loop import Trainer

    nats, inner = iter([1.0, 2.0, 1.5, 9.0, 9.0]), []
    real = Trainer.train_encoder_ahead
    monkeypatch.setattr(
        lagging, "information_split", lambda *_: dataclasses.make_dataclass("S", ["mutual_information"])(next(nats))
    )
    monkeypatch.setattr(
        Trainer, "train_encoder_ahead", lambda self, step, settings, rate: (inner.append(step), real(self, step, settings, rate))
    )
    list(fit(KINDS["lagging"], tiny_dataset, "l", tmp_path))
    assert inner == list(range(12))  # three epochs of four steps; the fourth has none


def test_encoder_steps_leave_the_decoder_alone(tiny_dataset, tmp_path):
    from trainer.runs.write import RunWriter
    from trainer.training.loop import Trainer
    from trainer.training.schedules import StepSettings

    trainer = Trainer(KINDS["lagging"], tiny_dataset, RunWriter.at(tmp_path, "x"), "custom", "now")
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    trainer.train_encoder_ahead(0, StepSettings(1.0), 1e-3)
    changed = {name.split(".")[0] for name, value in trainer.model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"encoder"}


def test_the_mean_image_of_batches_is_the_mean():
    images = np.random.default_rng(0).integers(0, 256, (9001, 1, 2, 3), np.uint8)
    np.testing.assert_allclose(mean_image(images).numpy(), images.mean(0) / 255, atol=1e-6)


@pytest.mark.parametrize("case", ["one class", "constant", "one image each", "one pixel"])
def test_odd_data_sets_train(case, tiny_dataset, tmp_path):
    images, labels, splits = tiny_dataset.images.copy(), tiny_dataset.labels.copy(), dict(tiny_dataset.splits)
    names = tiny_dataset.class_names
    if case == "one class":
        labels, names = np.zeros_like(labels), ("a",)
    if case == "constant":
        images = np.full_like(images, 77)
    if case == "one image each":
        splits = {name: np.array([i]) for i, name in enumerate(splits)}
        images, labels = images[:3].copy(), labels[:3].copy()
    if case == "one pixel":
        images = images[:, :, :1, :1].copy()
    data = Dataset(
        name="digits", images=images, labels=labels, class_names=names, factors=None, factor_names=(), splits=splits, licence=""
    )
    for kind in ("vae", "autoencoder", "linear-vae"):
        list(fit(checked(KINDS[kind], epochs=2, finish_linear=kind == "linear-vae"), data, kind, tmp_path))
        run = load_run(kind, tmp_path)
        assert np.isfinite(run.encodings.mu).all()
        assert np.isfinite(run.model.decode(run.encodings.mu).numpy()).all()
