"""Does the classifier of pictures learn, is it as sure as it is right, and does it live in its run as other files do?"""

import dataclasses
import json
import shutil
import time

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch.nn import functional

from trainer.cli.main import main
from trainer.cli.measuring import classifier_line
from trainer.config import FitConfig, checked
from trainer.datasets import load_dataset
from trainer.errors import DataError, RunCorrupt, RunError
from trainer.metrics.cost import Budget, seconds_of
from trainer.metrics.run_continuity import run_figures
from trainer.models.picture_classifier import (
    PictureClassifier,
    Scores,
    best_temperature,
    channels_of,
    classifier_layers,
    expected_calibration_error,
    scores_of,
)
from trainer.models.torch_layers import Stack
from trainer.runs.catalogue import HOME, load_run
from trainer.runs.write import RunWriter
from trainer.training.events import Finishing
from trainer.training.finish import seconds_of_parts
from trainer.training.fit import fit
from trainer.training.picture_classifier import LEAST_SEEN, ClassifierTraining, epochs_of
from trainer.training.refresh import refresh_classifier

pytestmark = pytest.mark.slow

CONFIG = FitConfig(hidden=(12,), epochs=2, batch_size=17, umap=False)
FILE = "classifier.safetensors"


def some_logits(n=400, n_classes=5, seed=0, scale=3.0):
    """Logits that are right more often than not, and surer than that."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, n)
    return scale * (rng.standard_normal((n, n_classes)) + np.eye(n_classes)[labels]), labels


def softmax(logits):
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)


# --- how sure it may be


@pytest.mark.parametrize("scale", [0.8, 1.5, 3.0, 9.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_temperature_is_the_best_of_a_fine_grid(scale, seed):
    logits, labels = some_logits(seed=seed, scale=scale)
    grid = np.geomspace(0.5, 10, 4000)
    nll = [functional.cross_entropy(torch.tensor(logits / t), torch.tensor(labels)).item() for t in grid]
    assert best_temperature(logits, labels) == pytest.approx(grid[int(np.argmin(nll))], rel=2e-3)


def test_the_temperature_has_bounds_and_needs_no_picture():
    right = np.eye(3)[[0, 1, 2, 0]]
    assert best_temperature(10 * right, np.array([0, 1, 2, 0])) == pytest.approx(0.5)  # the surer the better: no minimum
    assert best_temperature(10 * right, np.array([1, 2, 0, 1])) == pytest.approx(10)
    assert best_temperature(np.zeros((0, 3)), np.zeros(0, int)) == 1
    assert best_temperature(np.float32([[500, -500], [-500, 500], [500, -500]]), np.array([0, 1, 1])) == pytest.approx(10)


def test_scores_are_those_of_sklearn_and_torch():
    from sklearn.metrics import accuracy_score, log_loss

    logits, labels = some_logits()
    found, p = scores_of(logits, labels), softmax(logits)
    assert found.accuracy == pytest.approx(accuracy_score(labels, p.argmax(1)))
    assert found.nll == pytest.approx(log_loss(labels, p))
    far = scores_of(np.float32([[500, -500], [-500, 500]]), np.array([0, 0]))
    assert (far.accuracy, far.nll) == (0.5, 500)


def test_the_calibration_error_is_the_loop_over_bins():
    rng = np.random.default_rng(3)
    sure = np.concatenate([rng.uniform(0.1, 1, 300), [1.0, 1 / 15, 2 / 15]])
    is_right = rng.random(303) < sure**2
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (sure > low + 1e-12) & (sure <= low + 1 / 15 + 1e-12)
        if inside.any():
            expected += inside.mean() * abs(sure[inside].mean() - is_right[inside].mean())
    assert expected_calibration_error(sure, is_right) == pytest.approx(expected)


def test_a_calibrated_classifier_has_hardly_any_calibration_error_and_a_boastful_one_has():
    """Labels drawn from the probabilities themselves: what is left is the spread of 20 000 draws, about 1 / √n a bin."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.standard_normal((20_000, 4))
    p = softmax(logits)
    labels = (p.cumsum(1) > rng.random((20_000, 1))).argmax(1)
    assert scores_of(logits, labels).ece < 4 * 15**0.5 / 20_000**0.5 / 2
    assert scores_of(3 * logits, labels).ece > 0.1
    assert best_temperature(3 * logits, labels) == pytest.approx(3, rel=0.03)


# --- the network


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64), (2, 7, 13), (3, 64, 5), (1, 200, 160)]
)
def test_numpy_runs_what_torch_runs_within_a_frame(shape):
    torch.manual_seed(0)
    layers = classifier_layers(shape, 6, channels_of(shape))
    network = Stack(layers).eval()
    weights = {f"classifier.{key}": value.numpy() for key, value in network.state_dict().items()}
    nothing = Scores(1, 1.0, 0.0, 0.0)
    classifier = PictureClassifier(shape, 6, channels_of(shape), weights, 1.0, nothing, nothing)
    assert classifier.shapes == {key: value.shape for key, value in weights.items()}
    x = np.random.default_rng(1).random((3, *shape), np.float32)
    with torch.no_grad():
        logits = network(torch.from_numpy(x))
    np.testing.assert_allclose(classifier.logits(x), logits.numpy(), atol=1e-5)
    np.testing.assert_allclose(classifier.probabilities(x), logits.softmax(1).numpy(), atol=1e-6)
    n_products = sum(
        layer.weight.numel() * out.shape[-2] * out.shape[-1]
        for layer, out in outputs(network, x)
        if isinstance(layer, torch.nn.Conv2d)
    )
    assert n_products < 2e6  # the decoder of such a picture takes more


def outputs(network, x):
    value = torch.from_numpy(x)
    for layer in network:
        value = layer(value)
        yield layer, value.detach()


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory):
    """digits-2d as it is shipped, without a classifier, in a folder of its own."""
    folder = tmp_path_factory.mktemp("digits")
    shutil.copytree(HOME / "assets/runs/digits-2d", folder / "digits-2d")
    (folder / "digits-2d" / FILE).unlink(missing_ok=True)
    run = load_run("digits-2d", HOME / "assets/runs")
    RunWriter(folder / "digits-2d").write_info(run.info)
    return folder


def test_it_learns_digits_as_well_as_logistic_regression_and_knows_blurred_ones_better(digits_run):
    """A second learner, scikit-learn's, of the same training images; scikit-learn's figures of both."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, log_loss

    digits = load_dataset("digits")
    assert load_run("digits-2d", digits_run).classifier is None
    refresh_classifier(load_run("digits-2d", digits_run), digits)
    run = load_run("digits-2d", digits_run)
    classifier = run.classifier
    train, validation, test = (digits.subset(name) for name in ("train", "validation", "test"))
    other = LogisticRegression(max_iter=2000).fit(train.images.reshape(train.n, -1) / 255, train.labels)
    p = classifier.probabilities(test.images / np.float32(255))
    assert accuracy_score(test.labels, p.argmax(1)) > other.score(test.images.reshape(test.n, -1) / 255, test.labels) - 0.015
    assert classifier.images.accuracy == pytest.approx(accuracy_score(test.labels, p.argmax(1)))
    assert classifier.images.nll == pytest.approx(log_loss(test.labels, p), rel=1e-4)
    decoded = run.forward.decode(run.forward.encode(test.images / np.float32(255)).mu)
    q = classifier.probabilities(decoded)
    assert log_loss(test.labels, q) < log_loss(test.labels, other.predict_proba(decoded.reshape(test.n, -1))) - 0.02
    assert classifier.decoded.accuracy == pytest.approx(accuracy_score(test.labels, q.argmax(1)), abs=0.004)  # 8-bit pictures there
    assert classifier.decoded.nll == pytest.approx(log_loss(test.labels, q), rel=0.01)
    # what rests on it was measured anew, of the pictures that numpy decodes too
    kept, mine = run.info.continuity, run_figures(run)
    assert None not in (kept.class_changes, kept.known_prior, kept.known_box)
    assert kept.known_prior == pytest.approx(mine.known_prior, abs=3) and kept.known_box == pytest.approx(mine.known_box, abs=3)
    # no other temperature would have suited the reconstructions of the validation split better
    held_out = classifier.logits(run.forward.decode(run.forward.encode(validation.images / np.float32(255)).mu))
    losses = {t: log_loss(validation.labels, softmax(held_out / t)) for t in np.geomspace(0.5, 2, 81)}
    assert min(losses, key=losses.get) == pytest.approx(1, rel=0.03)


def test_every_shipped_run_has_one():
    for folder in (HOME / "assets/runs").iterdir():
        run = load_run(folder.name, HOME / "assets/runs")
        classifier = run.classifier
        assert (classifier.image_shape, classifier.n_classes) == (run.image_shape, len(run.info.dataset.class_names))
        assert classifier.decoded.accuracy > 0.85
        assert (folder / FILE).stat().st_size < 250_000
        # its figures are of this run's own pictures: decoded codes of the test split have their image's class
        mu, labels = run.encodings.mu, run.encodings.label
        x_hat = run.forward.decode(mu, labels if run.config.is_conditional else None)
        share = (classifier.probabilities(x_hat).argmax(1) == labels).mean()
        assert share == pytest.approx(classifier.decoded.accuracy, abs=0.003)  # 8-bit pictures there


# --- a budget


@pytest.mark.parametrize("rate", [1e-9, 1e-3, 60.0])
def test_no_budget_and_no_busy_machine_leaves_a_classifier_of_no_use(monkeypatch, rate):
    """Whatever a picture seems to cost, seconds: logistic regression of as many test images is the other opinion."""
    from sklearn.linear_model import LogisticRegression

    digits, run = load_dataset("digits"), load_run("digits-2d", HOME / "assets/runs")
    monkeypatch.setattr(ClassifierTraining, "seconds_a_picture", lambda self, train: rate)
    training = ClassifierTraining(run.model, digits, 0, Budget(4.0))
    pictures, n_epochs = training.affordable(training.pictures("train"))
    assert len(pictures.labels) * n_epochs >= min(LEAST_SEEN, digits.subset("train").n * epochs_of(digits.subset("train").n)) - 128
    if rate > 1:
        for _ in training.epochs():
            pass
        train, test = digits.subset("train"), digits.subset("test")
        other = LogisticRegression(max_iter=2000).fit(train.images.reshape(train.n, -1) / 255, train.labels)
        assert training.result().images.accuracy > other.score(test.images.reshape(test.n, -1) / 255, test.labels) - 0.05


def test_the_cost_of_a_call_is_processor_time_not_time_that_passes():
    """Sleep stands for the time that other programs take; a loop of a known length of processor time for the work."""

    def work():
        time.sleep(0.03)
        end = time.thread_time() + 0.004
        while time.thread_time() < end:
            pass

    assert 0.004 <= seconds_of(work) < 0.02
    readings = iter([0, 0, 0, 0.016, 0.016, 0.016, 0.016, 0.016, 0.016, 0.032])
    assert seconds_of(lambda: None, lambda: next(readings)) == pytest.approx(0.032 / 5)  # a clock of 16 ms
    assert seconds_of(lambda: None, lambda: 0.0) > 0


def test_a_classifier_that_is_wrong_as_often_as_right_is_kept_and_not_shown(digits_run):
    """Its answers told as probabilities would be believed; what it is worth stands on the terminal."""
    run = load_run("digits-2d", HOME / "assets/runs")
    weak = dataclasses.replace(run.classifier, images=Scores(500, 0.323, 2.0, 0.1))
    assert "right on 32.3\u00a0% of 500 test images; too few for the app to show its answers (X)" in classifier_line(weak, "X")
    assert "too few" not in classifier_line(run.classifier, "X")
    folder = digits_run / "weak"
    shutil.copytree(HOME / "assets/runs/digits-2d", folder)
    RunWriter(folder).replace_classifier(run.info, weak)
    again = load_run("weak", digits_run)
    assert again.classifier is not None and again.reliable_classifier is None
    assert run.reliable_classifier is run.classifier


# --- its file


def trained_one(dataset, folder, name="r", config=CONFIG, **options):
    for _ in fit(config, dataset, name, folder, **options):
        pass
    return load_run(name, folder)


def test_it_comes_back_as_it_was_written(tiny_dataset, tmp_path):
    run = trained_one(tiny_dataset, tmp_path)
    x = tiny_dataset.images[:20] / np.float32(255)
    again = RunWriter.at(tmp_path, "other")
    again.write_classifier(run.classifier)
    assert (tmp_path / "other" / FILE).read_bytes() == (tmp_path / "r" / FILE).read_bytes()
    assert (run.classifier.images.n, run.classifier.decoded.n) == (26, 26)
    assert run.classifier.images.accuracy > 0.9  # bars in three places
    np.testing.assert_allclose(run.classifier.probabilities(x).sum(1), 1, rtol=1e-6)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tiny_dataset, tmp_path):
    for name, seed in (("one", 0), ("two", 0), ("other", 1)):
        trained_one(tiny_dataset, tmp_path, name, checked(CONFIG, seed=seed))
    one, two, other = ((tmp_path / name / FILE).read_bytes() for name in ("one", "two", "other"))
    assert one == two != other


def test_a_run_that_was_stopped_while_it_learned_ends_the_same(tiny_dataset, tmp_path, monkeypatch):
    def on_a_quiet_machine(*args):
        return seconds_of_parts(*args[:-2], 1e-5, args[-1])  # an image; what was measured depends on what else the machine does

    monkeypatch.setattr("trainer.training.loop.seconds_of_parts", on_a_quiet_machine)
    trained_one(tiny_dataset, tmp_path, "whole")
    events = fit(CONFIG, tiny_dataset, "cut", tmp_path)
    shares = []
    for event in events:
        if isinstance(event, Finishing) and event.part == "classifier of pictures":
            shares.append(event.share)
        if len(shares) == 5:
            break
    events.close()
    assert shares == sorted(set(shares))
    assert 0.7 <= shares[0] < shares[-1] <= 1  # by what its parts cost there; continuity comes after it
    assert json.loads((tmp_path / "cut/run.json").read_text())["state"] == "interrupted"
    trained_one(tiny_dataset, tmp_path, "cut", resume=True)
    for file in (FILE, "weights.safetensors"):
        assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


@pytest.mark.parametrize("why", ["option", "unlabelled", "one class"])
def test_where_there_is_nothing_to_learn_there_is_none(tiny_dataset, tmp_path, why):
    config = checked(CONFIG, classifier=False) if why == "option" else CONFIG
    changes = {
        "option": {},
        "unlabelled": {"labels": None, "class_names": ()},
        "one class": {"labels": np.zeros_like(tiny_dataset.labels), "class_names": ("a",)},
    }
    dataset = dataclasses.replace(tiny_dataset, **changes[why])
    run = trained_one(dataset, tmp_path, config=config)
    assert run.classifier is None
    assert not (tmp_path / "r" / FILE).exists()
    if why != "option":
        with pytest.raises(DataError, match="data set 'digits' has no classes to tell apart; allowed: one with 2 or more"):
            refresh_classifier(run, dataset)
    else:
        assert refresh_classifier(run, dataset).images.accuracy > 0.9


def test_images_without_a_label_are_not_learned_from(tiny_dataset, tmp_path):
    labels = tiny_dataset.labels.copy()
    labels[::4] = -1
    run = trained_one(dataclasses.replace(tiny_dataset, labels=labels), tmp_path)
    assert run.classifier.images.n == int((labels[tiny_dataset.splits["test"]] >= 0).sum()) < 26
    assert run.classifier.images.accuracy > 0.85


def test_an_older_run_opens_without_one(trained, tmp_path):
    shutil.copytree(trained / "tiny-2d", tmp_path / "tiny-2d")
    (tmp_path / "tiny-2d" / FILE).unlink()
    RunWriter(tmp_path / "tiny-2d").write_info(load_run("tiny-2d", trained).info)
    run = load_run("tiny-2d", tmp_path)
    assert FILE not in run.info.files
    assert run.classifier is None
    assert run.weights and run.projections


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, meta: arrays.pop("meta"), "it cannot be understood"),
        (lambda arrays, meta: arrays.update(meta=np.zeros(4, np.uint8)), "it cannot be understood"),
        (lambda arrays, meta: meta.update(channels=[]), "it cannot be understood"),
        (lambda arrays, meta: meta.update(channels=[1.5, 2]), "it cannot be understood"),
        (lambda arrays, meta: meta.update(channels=[10**9]), "it cannot be understood"),
        (lambda arrays, meta: meta.update(channels=[4, 4]), r"tensor 'classifier\.0\.\w+' has shape"),
        (lambda arrays, meta: meta["images"].update(ece=float("nan")), "it cannot be understood"),
        (lambda arrays, meta: meta["images"].pop("ece"), "it cannot be understood"),
        (lambda arrays, meta: meta.update(decoded=None), "it cannot be understood"),
        (lambda arrays, meta: arrays.pop("classifier.0.bias"), r"tensor 'classifier\.0\.bias' is missing"),
        (lambda arrays, meta: arrays.update(extra=np.zeros(2, np.float32)), "tensor 'extra' is not of this network"),
        (lambda arrays, meta: arrays.update({"classifier.0.bias": np.float32([np.inf] * 32)}), "is not a finite number"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_sentence(trained, tmp_path, change, message):
    shutil.copytree(trained / "tiny-2d", tmp_path / "tiny-2d")
    path = tmp_path / "tiny-2d" / FILE
    arrays = dict(load_file(path))
    meta = json.loads(arrays["meta"].tobytes())
    before = json.dumps(meta)
    change(arrays, meta)
    if json.dumps(meta) != before:
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    save_file(arrays, path)
    RunWriter(tmp_path / "tiny-2d").write_info(load_run("tiny-2d", trained).info)
    with pytest.raises(RunCorrupt, match=rf"run 'tiny-2d': classifier\.safetensors is damaged: .*{message}"):
        _ = load_run("tiny-2d", tmp_path).classifier


@pytest.mark.parametrize("write", [1, 2, 3])
def test_it_is_replaced_whole_or_not_at_all(trained, tmp_path, monkeypatch, write):
    """Stopped before its first, second or third file, the run opens, with the old one or the new."""
    shutil.copytree(trained / "tiny-2d", tmp_path / "tiny-2d")
    run = load_run("tiny-2d", tmp_path)
    old, new = run.classifier, dataclasses.replace(run.classifier, temperature=7.0)
    real, n_writes = RunWriter.write, []

    def stops(self, name, data):
        n_writes.append(name)
        if len(n_writes) == write:
            raise KeyboardInterrupt
        real(self, name, data)

    monkeypatch.setattr(RunWriter, "write", stops)
    with pytest.raises(KeyboardInterrupt):
        RunWriter(run.folder).replace_classifier(run.info, new)
    found = load_run("tiny-2d", tmp_path)
    assert found.classifier.temperature == (7.0 if write == 3 else old.temperature)
    assert found.info.metrics == run.info.metrics


# --- the command


def test_the_command_adds_one_makes_it_again_the_same_and_changes_nothing_else(capsys, in_folder):
    words = ["fit", "digits-2d", "--name", "mine", "--epochs", "2", "--hidden", "16"]
    assert main(words) == 0
    folder = in_folder / "runs" / "mine"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert FILE in before
    (folder / FILE).write_bytes(b"damaged")
    assert main(["classifier", "mine"]) == 0
    out = capsys.readouterr().out
    assert "mine: classifier of pictures: right on " in out
    assert "reconstructions  accuracy 0." in out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (folder / FILE).unlink()
    assert main(["classifier", "mine"]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_another_data_set_is_refused(tiny_dataset, trained):
    other = dataclasses.replace(tiny_dataset, images=255 - tiny_dataset.images)
    with pytest.raises(RunError, match="data set 'digits' is not the one that run 'tiny-2d' was trained on"):
        refresh_classifier(load_run("tiny-2d", trained), other)
