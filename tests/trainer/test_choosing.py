"""Does a first training get settings that fit the pictures, and is each of them said?"""

from __future__ import annotations

import io
import math
import shlex
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from tests.trainer.test_cli import ask
from trainer.cli.main import main
from trainer.config import FitConfig, checked
from trainer.datasets import absolute_name, load_dataset
from trainer.datasets.names import parse
from trainer.datasets.pictures import size_of
from trainer.errors import ImageError
from trainer.models.layer_shapes import multiply_adds, network_shapes
from trainer.models.networks import encoder_layers, parts_of
from trainer.models.torch_engine import model_of
from trainer.presets import CHOSEN, PRESETS, SIDES
from trainer.runs import catalogue
from trainer.runs.catalogue import load_run
from trainer.runs.read import read_info
from trainer.runs.write import RunWriter
from trainer.training.choosing import table
from trainer.training.choosing.looking import facts_of, sized
from trainer.training.choosing.settings import STEPS, TRAINING_S, Facts, chosen_settings, chosen_size, with_typed
from trainer.training.choosing.table import chosen_for, print_choices
from trainer.training.choosing.trial import BOTH, FASTER, Trial, tried
from trainer.training.events import EpochEnded
from trainer.training.fit import fit

LIVE = 150e6  # multiply-adds of a picture that a browser decodes
GREY, COLOUR = Facts(5000, 1000, (1, 28, 28), 0.99), Facts(7000, 2000, (3, 32, 32), 0.1)
FACTS = st.builds(
    Facts,
    st.integers(1, 10**6),
    st.integers(1, 10**5),
    st.tuples(st.sampled_from([1, 3]), st.integers(1, 128), st.integers(1, 128)),
    st.floats(0, 1),
    st.one_of(st.none(), st.floats(0.1, 1e6)),
)


@given(FACTS)
def test_whatever_the_pictures_are_there_is_a_network_that_fits_them(facts):
    chosen = chosen_settings(facts)
    config = chosen.config
    parts = parts_of(config, facts.image_shape, 0)
    assert network_shapes(parts["encoder"], facts.image_shape)[-1] == (2 * config.latent_dim,)
    assert network_shapes(parts["decoder"], (config.latent_dim,))[-1] == facts.image_shape
    assert multiply_adds(parts["decoder"], (config.latent_dim,), 0) < LIVE
    assert all(choice.value and choice.why and choice.change.startswith("--") for choice in chosen.choices)
    assert config.latent_dim == 2 or config.latent_dim * 10 <= facts.n_train


@given(FACTS)
def test_a_measured_speed_keeps_the_training_within_its_time(facts):
    config = chosen_settings(facts).config
    slow = chosen_settings(replace(facts, images_per_s=None)).config
    assert checked(config, epochs=1, warmup_epochs=0) == checked(slow, epochs=1, warmup_epochs=0)
    if facts.images_per_s is not None and config.epochs > 1:
        assert config.epochs * facts.images_an_epoch / facts.images_per_s <= TRAINING_S
    assert config.epochs <= slow.epochs


def test_small_grey_pictures_of_two_tones_get_dense_layers_and_coins():
    config = chosen_settings(GREY).config
    assert (config.network, config.likelihood, config.latent_dim) == ("mlp", "bernoulli", 16)
    steps = config.epochs * math.ceil(GREY.n_train / config.batch_size)
    assert STEPS <= steps < STEPS + 200


def test_pictures_in_colour_get_residual_convolutions_down_to_four_pixels():
    config = chosen_settings(COLOUR).config
    assert (config.network, config.hidden, config.likelihood, config.latent_dim) == ("residual", (32, 64, 128), "gaussian", 32)
    assert chosen_settings(replace(COLOUR, image_shape=(3, 64, 64))).config.hidden == PRESETS["folder-64"].hidden
    assert chosen_settings(replace(COLOUR, image_shape=(3, 128, 128))).config.hidden == PRESETS["folder-128"].hidden


def test_what_was_typed_has_no_other_reason():
    chosen = chosen_settings(COLOUR)
    told = with_typed(chosen, checked(chosen.config, latent_dim=2, hidden=(8, 8)))
    assert {choice.setting: choice.value for choice in told if choice.why == "as typed"} == {
        "network": "residual 8-8",
        "latent dimensions": "2",
    }


@pytest.mark.parametrize(
    ("sides", "size", "fit"),
    [
        ([(28, 28)] * 3, 28, "crop"),
        ([(64, 64)], 64, "crop"),
        ([(4000, 3000), (3000, 4000)], 64, "crop"),
        ([(40, 41), (39, 45), (40, 44)], 32, "crop"),
        ([(1920, 1080)], 64, "pad"),
        ([(3, 3)], 32, "crop"),
        ([(200, 200)], 64, "crop"),
    ],
)
def test_a_size_is_the_pictures_own_or_one_that_is_quick(sides, size, fit):
    found = chosen_size(sides)
    assert (found.size, found.fit) == (size, fit)


@pytest.mark.parametrize(
    ("side", "size", "said"),
    [((3000, 20), 64, "150 times as long as wide"), ((300, 45), 64, "6.67"), ((40, 20), 32, "2")],
)
def test_of_oblong_pictures_the_longer_side_has_to_fit(side, size, said):
    found = chosen_size([side, side[::-1]])
    assert (found.size, found.fit) == (size, "pad")
    assert said in found.why
    left = size * min(side) / max(side)
    assert ("cut them into pieces" in found.why) == (left < 8)
    assert ("a single pixel of the shorter side" in found.why) == (left < 1.5)


@pytest.mark.parametrize(
    ("asked", "side", "size"), [("stretch", (300, 45), 32), ("stretch", (3000, 200), 64), ("pad", (40, 41), 32)]
)
def test_how_pictures_become_square_stays_as_it_was_said(asked, side, size):
    found = chosen_size([side], asked)
    assert (found.size, found.fit) == (size, asked)
    assert "of the shorter side:" not in found.why and "is kept" not in found.why  # as of those that are padded


@pytest.mark.parametrize("network", ["mlp", "conv", "residual", "linear"])
@pytest.mark.parametrize("facts", [GREY, COLOUR], ids=["grey", "colour"])
def test_a_network_that_was_typed_has_the_widths_that_go_with_it(facts, network):
    config = chosen_settings(facts, network).config
    shapes = network_shapes(encoder_layers(config, facts.image_shape), facts.image_shape)
    assert config.network == network and shapes[-1] == (2 * config.latent_dim,)
    if network in ("conv", "residual"):
        smallest = [shape for shape in shapes if len(shape) == 3][-1]
        assert 2 <= min(smallest[1:]) <= 4  # not by 512 and 256 channels at full size
        assert max(config.hidden) <= 128
    value = chosen_settings(facts, network).choices[0].value
    assert value == ("linear" if network == "linear" else f"{network} {'-'.join(map(str, config.hidden))}")


@pytest.mark.parametrize(("each", "labelled"), [(30, 100), (4, 40), (1, 10)])
def test_as_many_labels_are_used_as_there_are(tmp_path, capsys, each, labelled):
    """500 images, of which few have a label; nobody typed how many."""
    rng, labels = np.random.default_rng(0), np.full(500, -1)
    labels[: 10 * each] = np.arange(10 * each) % 10
    split = np.array(["train"] * 400 + ["test"] * 100)
    np.savez(tmp_path / "few.npz", images=rng.integers(0, 256, (500, 8, 8), np.uint8), labels=labels, split=split)
    first = chosen_for(str(tmp_path / "few.npz"))
    told = first.dataset.subset("train").labels
    had = np.bincount(told[told >= 0], minlength=10).min()
    typed = lambda config: checked(config, model="m2", network="mlp", hidden=(8,), label_neighbours=3)
    config, choices = first.settled(typed, RunWriter.at(tmp_path / "runs", "few"))
    assert config.labelled == 10 * min(10, had) <= labelled
    assert choices[-1].setting == "labels" and choices[-1].value == str(config.labelled)
    assert choices[0].change == ""  # an array has its size; nothing that is typed changes it
    print_choices(first.dataset, choices)
    assert "()" not in capsys.readouterr().err


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path / "runs"))
    rng = np.random.default_rng(0)
    for i in range(80):
        folder = tmp_path / "My Photos" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (13, 13, 3), np.uint8)).save(folder / f"{i}.jpg")
    return tmp_path / "My Photos"


def test_sizes_are_seen_in_headers_upright_and_files_that_are_none_are_passed_over(photos):
    Image.new("RGB", (20, 10)).save(photos / "a" / "0.jpg", exif=_turned())
    (photos / "b" / "broken.png").write_bytes(b"no picture")
    own, found = sized(parse(str(photos)))
    assert found is not None and found.size == own.size == 32  # one picture is 10 × 20
    assert sized(parse(f"{photos}?size=24")) == (parse(f"{photos}?size=24"), None)


def test_a_size_is_read_without_decoding_a_pixel(monkeypatch):
    """Of a PNG without orientation too, which Pillow would decode to look for one behind its pixels."""

    def decode(self, *_):
        raise AssertionError("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    for ending, save in (("png", {}), ("jpg", {"exif": _turned()}), ("webp", {"exif": _turned()})):
        out = io.BytesIO()
        Image.new("RGB", (20, 10)).save(out, format="jpeg" if ending == "jpg" else ending, **save)
        assert size_of(out.getvalue(), f"a.{ending}") == ((10, 20) if save else (20, 10))


def test_a_picture_that_is_too_large_has_no_size():
    """Its header says more pixels than may be decoded."""
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, format="png")
    data = bytearray(out.getvalue())
    data[16:24] = (7_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(ImageError, match=r"a\.png is 7000 × 7000 = 49\.0 megapixels; allowed: at most 40"):
        size_of(bytes(data), "a.png")


def test_the_way_to_a_square_that_was_said_stays_and_is_chosen_where_it_was_not(tmp_path):
    for i in range(6):
        Image.new("RGB", (60, 20), (40 * i, 0, 0)).save(tmp_path / f"{i}.png")
    squarings = {word: sized(parse(f"{tmp_path}{word}"))[0].squaring for word in ("", "?fit=crop", "?size=24", "?size=24&fit=crop")}
    assert squarings == {"": "pad", "?fit=crop": "crop", "?size=24": "pad", "?size=24&fit=crop": "crop"}


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def test_facts_are_those_of_the_images(photos):
    data = load_dataset(f"{photos}?size=13")
    facts = facts_of(data)
    train = data.subset("train").images
    near = np.mean([pixel <= 12 or pixel >= 243 for pixel in train.ravel().tolist()])
    n_validation = len(data.splits["validation"])
    assert facts == Facts(len(train), len(data.splits["test"]), (3, 13, 13), pytest.approx(near), None, n_validation)


@pytest.mark.slow
def test_one_command_trains_a_folder_and_the_run_remembers_why(photos, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = ask(capsys, "fit", str(photos), "--epochs", "1", "--latent-dim", "3")
    assert code == 0, err
    info = read_info(tmp_path / "runs" / "my-photos")
    assert info.preset == CHOSEN and info.state == "finished" and info.config.epochs == 1
    assert info.config.precision in BOTH and info.config.network == "residual"
    assert info.dataset.image_shape == (3, 13, 13)
    assert [sentence.split()[0] for sentence in info.chosen] == [
        *("size", "network", "latent", "likelihood", "batch", "epochs", "precision", "threads"),
    ]
    assert info.config.warmup_epochs == 0  # of one epoch; of those that would have been chosen it would be 30
    assert any(sentence.startswith("latent dimensions 3: as typed") for sentence in info.chosen)
    for word in ("13 × 13", "residual", "gaussian", "as typed"):
        assert word in err
    assert not [*photos.glob("**/*.pixels")] and len([*(tmp_path / "cache").glob("**/*.pixels")]) == 1
    run = load_run("my-photos", tmp_path / "runs")
    assert run.model.decode(np.zeros((1, 3), np.float32)).shape == (1, 3, 13, 13)
    code, _, err = ask(capsys, "fit", str(photos), "--resume", "--name", "my-photos")
    assert code == 2 and "is finished" in err


@pytest.mark.parametrize(
    ("typed", "warmup"),
    [
        ({"epochs": 40}, 4),
        ({"epochs": 40, "warmup_epochs": 0}, 0),
        ({"epochs": 40, "warmup_epochs": 7}, 7),
        ({"beta_cycles": 4}, 0),
    ],
)
def test_the_warm_up_goes_with_the_epochs_that_were_typed(photos, tmp_path, typed, warmup):
    found, choices = chosen_for(absolute_name(str(photos))).settled(
        lambda config: checked(config, hidden=(4,), **typed), RunWriter.at(tmp_path / "runs", "one")
    )
    assert found.warmup_epochs == warmup
    assert (f"{warmup} epochs" in [choice.value for choice in choices if choice.setting == "warm-up"]) == (warmup == 4)


def test_steps_are_those_of_the_batch_that_was_typed():
    facts = Facts(700, 100, (1, 28, 28), 0.99)
    told = {choice.setting: choice.why for choice in chosen_settings(facts, batch_size=700).choices}
    assert told["batch"] == "as typed, a single step an epoch" and told["epochs"].startswith("300 steps")
    assert chosen_settings(Facts(1, 1, (1, 8, 8), 0.99)).choices[3].why == "1 image to learn from, a single step an epoch"


def test_a_name_that_is_taken_while_settings_are_chosen_is_left_to_the_other(photos, tmp_path, capsys, monkeypatch):
    """Two people start on one folder: the second comes to write its run while the first has begun."""
    monkeypatch.chdir(tmp_path)
    words = ("--epochs", "1", "--hidden", "4", "--latent-dim", "2", "--no-classifier", "--film-weights", "0")
    settled = table.First.settled

    def meanwhile(self, *told):
        found = settled(self, *told)
        monkeypatch.setattr(table.First, "settled", settled)
        assert ask(capsys, "fit", str(photos), *words)[0] == 0
        return found

    monkeypatch.setattr(table.First, "settled", meanwhile)
    code, _, err = ask(capsys, "fit", str(photos), *words)
    assert code == 0, err
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"my-photos", "my-photos-2"}
    assert all(read_info(tmp_path / "runs" / name).state == "finished" for name in ("my-photos", "my-photos-2"))
    assert "my-photos-2" in err


@pytest.mark.slow
@pytest.mark.parametrize("name", SIDES)
def test_a_preset_for_folders_takes_its_own_size(photos, tmp_path, capsys, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    words = ["--epochs", "1", "--hidden", "4", "4", "--no-umap", "--no-classifier", "--film-weights", "0", "--latent-dim", "3"]
    code, _, err = ask(capsys, "fit", name, "--data", str(photos), *words)
    assert code == 0, err
    info = read_info(tmp_path / "runs" / name)
    assert info.dataset.image_shape == (3, SIDES[name], SIDES[name])
    assert "precision" in err and info.config.precision in BOTH  # which one is measured, so it is no more to be told


@pytest.mark.slow
def test_a_first_training_that_was_stopped_goes_on_by_the_same_path(photos, tmp_path):
    """The settings are those of the run, not chosen again, and what was said of them stays."""
    data = load_dataset(f"{photos}?size=13")
    small = {"epochs": 3, "warmup_epochs": 0, "umap": False, "classifier": False, "film_weights": 0}
    config = checked(chosen_settings(facts_of(data)).config, data=data.name, precision="auto", **small)
    events = fit(config, data, "my-photos", tmp_path / "runs", CHOSEN, chosen=("epochs 3: as typed",))
    next(event for event in events if isinstance(event, EpochEnded))
    events.close()
    began = read_info(tmp_path / "runs" / "my-photos")
    assert began.state == "interrupted" and began.config.precision in BOTH
    said = catalogue._unfinished("my-photos", tmp_path / "runs", began)
    words = shlex.split(said.partition("python -m trainer ")[2].removesuffix(" finishes it."))
    assert main(words) == 0
    done = read_info(tmp_path / "runs" / "my-photos")
    assert done.state == "finished" and done.config == began.config and done.chosen == began.chosen == ("epochs 3: as typed",)


# --- precision


def test_bfloat16_has_to_be_clearly_faster():
    assert Trial({"fp32": 1.0, "autocast": FASTER}, 8).precision == "fp32"
    assert Trial({"fp32": 1.0, "autocast": FASTER - 0.01}, 8).precision == "autocast"
    assert Trial({"fp32": 0.5, "autocast": 0.25}, 8).images_per_s == 32


def test_a_trial_writes_nothing_and_leaves_the_training_as_it_was(photos, tmp_path):
    data = load_dataset(f"{photos}?size=13")
    config = FitConfig(network="residual", hidden=(4, 4), latent_dim=2, likelihood="gaussian", batch_size=16, precision="auto")
    before = torch.random.get_rng_state()
    trial = tried(config, data, RunWriter.at(tmp_path / "runs", "trial"))
    assert set(trial.seconds) == set(BOTH) and all(seconds > 0 for seconds in trial.seconds.values())
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not (tmp_path / "runs" / "trial").exists()


def test_under_autocast_weights_and_sums_are_float32():
    torch.manual_seed(0)
    config = FitConfig(network="residual", hidden=(8, 8), latent_dim=4, likelihood="gaussian", sigma=0.2)
    model = model_of(config, (3, 16, 16), 0)
    x = torch.rand(8, 3, 16, 16)
    seen = []
    model.encoder[0].register_forward_hook(lambda module, given, out: seen.append(out.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        q = model.posterior(x)
        output = model.output(q.mu)
        half = model.nll(output, x)
    full = model.nll(model.output(model.posterior(x).mu), x)
    assert seen[0] == torch.bfloat16 and {q.mu.dtype, q.logvar.dtype, output.dtype, half.dtype} == {torch.float32}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    torch.testing.assert_close(half, full, rtol=0.02, atol=1.0)
