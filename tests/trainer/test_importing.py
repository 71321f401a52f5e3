"""Does a model that was trained elsewhere become a run like any other, and is every mistake a sentence?

Second opinions: the brought model itself, torch.distributions, the closed form of the KL, a process of its own for the command line.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.places import ROOT
from tests.trainer import foreign_models
from trainer import load_run
from trainer.datasets import load_dataset
from trainer.diagnosis.diagnose import diagnose
from trainer.errors import ConfigError, DataError, ExternalModelError, LatentError, RunCorrupt, RunError
from trainer.importers import conversion
from trainer.importers.importing import HowTrained, import_model, make_run
from trainer.importers.loading import load_model
from trainer.importers.model_adapter import adapt_model
from trainer.importers.process.external_errors import within_memory
from trainer.numerals import number

pytestmark = pytest.mark.slow

HERE = "tests.trainer.foreign_models"
FEW = 539  # images of the test split of digits


@pytest.fixture(scope="module")
def model():
    torch.set_num_threads(1)
    return foreign_models.trained()


@pytest.fixture(scope="module")
def imported(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported")
    return import_model(model, load_dataset("digits"), "examples", runs=folder, source="a:b", umap=False, classifier=False)


def test_a_vae_of_pytorch_examples_decodes_and_encodes_as_itself_in_numpy_and_torch(model, imported):
    again = load_run("examples", imported.folder.parent)  # from the files, not from memory
    z = 2 * np.random.default_rng(1).standard_normal((50, 4)).astype(np.float32)
    x = load_dataset("digits").subset("test").images[:50].astype(np.float32) / 255
    with torch.no_grad():
        pictures = model.decode(torch.from_numpy(z)).reshape(-1, 1, 8, 8).numpy()
        mu, logvar = (part.numpy() for part in model.encode(torch.from_numpy(x).flatten(1)))
    for decoded in (again.forward.decode(z), again.model.decode(z).numpy()):
        assert np.abs(decoded - pictures).max() < 1e-5
    for codes in (again.forward.encode(x), again.model.encode(x)):
        assert np.abs(np.asarray(codes.mu) - mu).max() < 1e-5
        assert np.abs(np.asarray(codes.logvar) - logvar).max() < 1e-5
    assert again.info.origin is not None
    assert (again.info.origin.decoder, again.info.origin.sentences()) == ("layers", ())


def test_its_figures_are_those_of_its_own_loss(model, imported):
    x = torch.from_numpy(load_dataset("digits").subset("test").images.copy()).float() / 255
    with torch.no_grad():
        q = torch.distributions.Normal(*(lambda mu, logvar: (mu, torch.exp(logvar / 2)))(*model.encode(x.flatten(1))))
        kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).mean(0)
        torch.manual_seed(0)
        nll = np.mean(
            [
                float(torch.nn.functional.binary_cross_entropy(model.decode(q.sample()), x.flatten(1), reduction="sum")) / len(x)
                for _ in range(30)
            ]
        )
    metrics = imported.info.metrics
    assert np.allclose(metrics.kl_per_dim, kl.numpy(), rtol=1e-4)
    assert abs(metrics.reconstruction - nll) < 0.05
    assert metrics.elbo == pytest.approx(-(metrics.reconstruction + metrics.kl))
    assert metrics.n == FEW and imported.info.n_parameters == sum(p.numel() for p in model.parameters())


def test_the_clinic_finds_it_healthy(imported):
    verdict = diagnose(imported.config, imported.info.examination, imported.encodings.mu)
    assert verdict.kind in ("healthy", "surplus") and not verdict.is_alarm, verdict.headline


@pytest.mark.parametrize(("beta", "kinds"), [(30.0, {"collapsed"}), (4.0, {"over-regularised", "collapsed"})])
def test_the_clinic_sees_that_the_kl_weighed_too_much(beta, kinds, tmp_path):
    model = foreign_models.trained(beta=beta)
    run = import_model(
        model, load_dataset("digits"), "heavy", how=HowTrained(beta=beta), runs=tmp_path, umap=False, classifier=False
    )
    verdict = diagnose(run.config, run.info.examination, run.encodings.mu)
    assert verdict.kind in kinds and verdict.is_alarm
    assert any(f"{beta:g}" in line for line in verdict.because) or verdict.kind == "collapsed"
    assert "Lower β" in [remedy.name for remedy in verdict.remedies]


def test_a_vae_of_pythae(tmp_path):
    pytest.importorskip("pythae")
    from pythae.models import VAE, VAEConfig

    torch.manual_seed(0)
    theirs = VAE(VAEConfig(input_dim=(1, 8, 8), latent_dim=5, reconstruction_loss="bce"))
    x, optimiser = foreign_models.digits(), torch.optim.Adam(theirs.parameters(), lr=2e-3)
    for _ in range(8):
        for rows in torch.randperm(len(x)).split(128):
            loss = theirs({"data": x[rows]}).loss
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    run = import_model(theirs, load_dataset("digits"), "pythae", runs=tmp_path, umap=False, classifier=False)
    z = np.random.default_rng(1).standard_normal((20, 5)).astype(np.float32)
    images = load_dataset("digits").subset("test").images[:20].astype(np.float32) / 255
    with torch.no_grad():
        pictures = theirs.decoder(torch.from_numpy(z)).reconstruction.numpy()
        answer = theirs.encoder(torch.from_numpy(images))
    codes = run.forward.encode(images)
    assert np.abs(run.forward.decode(z) - pictures).max() < 1e-5
    assert np.abs(codes.mu - answer.embedding.numpy()).max() < 1e-5
    assert np.abs(codes.logvar - answer.log_covariance.numpy()).max() < 1e-5
    assert not diagnose(run.config, run.info.examination, run.encodings.mu).is_alarm


@pytest.mark.parametrize("factory", ["with_named_fields", "with_distribution"])
def test_answers_with_names_and_distributions_are_understood(factory):
    x = foreign_models.digits()[:9]
    adapter = adapt_model(getattr(foreign_models, factory)(), x)
    mu, logvar = adapter.encode(x)
    wanted = foreign_models.untrained().encode(x.flatten(1))
    assert torch.allclose(mu, wanted[0], atol=1e-5) and torch.allclose(logvar, wanted[1], atol=1e-4)
    assert adapter.decode(mu).shape == (9, 1, 8, 8)


MISTAKES = {
    "logits": (r"decode gave values from −?-?\d+\.\d+ to \d+\.\d+; allowed for bernoulli pixels: 0 to 1; .*--output logits"),
    "not_finite": "encode's mu is not a finite number for input 0; .*diverge",
    "draws": r"encode gave two different mu for the same images; .*eval\(\)",
    "sampled_pictures": r"decode gave two different pictures for the same codes; .*eval\(\)",
    "drawn_on_the_way": r"decode gave two different pictures for the same codes; .*eval\(\)",
    "pictures_that_are_no_numbers": r"decode\(encode\(x\)\) gives values that are not finite numbers; allowed: pictures of finite numbers",
    "other_size": r"encode raised RuntimeError: .*8 × 8 .*\(64, K\) for a batch of any size; look whether",
    "other_pictures": r"decode gave a tensor of shape \(64, 3, 8, 8\) for 64 codes; allowed: \(64, 1, 8, 8\) or \(64, 64\)",
    "three_values": r"encode gave 3 values of one shape .*; allowed: \(mu, logvar\)",
    "unequal": r"mu of shape \(64, 4\) and logvar of shape \(64, 3\); allowed: the same shape",
    "without_decode": r"a Half without decode; allowed: an object with encode\(x\)",
    "without_statistics": r"decode gives other numbers for an image alone than among 64 \(alone it raised ValueError",
    "spread_over_batch": r"encode gives other numbers for an image alone than among 64 \(alone they are not finite\)",
    "noise_on_the_way": r"encode gave two different mu for the same images; .*not a draw",
}


@pytest.mark.parametrize("factory", MISTAKES)
def test_every_wrong_answer_is_a_sentence_and_leaves_no_run(factory, tmp_path):
    model = load_model(f"{HERE}:{factory}").model
    with pytest.raises(ExternalModelError, match=MISTAKES[factory]) as error:
        import_model(model, load_dataset("digits"), "wrong", runs=tmp_path)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")
    assert not (tmp_path / "wrong" / "run.json").exists()


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("nothing:", "--module is 'nothing:'; allowed: FILE.py:CLASS or PACKAGE.MODULE:FACTORY"),
        ("no.such.module:f", "no module 'no.such.module' here"),
        (f"{HERE}:nobody", "has no 'nobody'; it has: "),
        (f"{HERE}:raises", "raises gave no model: RuntimeError: weights.pt is not here; second line."),
    ],
)
def test_every_wrong_module_is_a_sentence(module, says):
    with pytest.raises(LatentError) as error:
        load_model(module)
    assert says in str(error.value)


def test_a_module_that_is_not_there_is_a_sentence(in_folder):
    """Of a place beside which no file lies that could have been meant."""
    with pytest.raises(LatentError) as error:
        load_model("../etc:x")
    assert "../etc is not there; allowed: FILE.py:CLASS or PACKAGE.MODULE:FACTORY" in str(error.value)


def test_logits_are_taken_as_such_and_means_are_not(tmp_path):
    model = foreign_models.logits()
    how = HowTrained(output="logits")
    run = import_model(model, load_dataset("digits"), "logits", how=how, runs=tmp_path, umap=False, classifier=False)
    z = np.random.default_rng(1).standard_normal((20, 4)).astype(np.float32)
    with torch.no_grad():
        wanted = torch.sigmoid(model.decode(torch.from_numpy(z))).reshape(-1, 1, 8, 8).numpy()
    assert np.abs(run.forward.decode(z) - wanted).max() < 1e-5
    with pytest.raises(ExternalModelError, match="which are means, not logits"):
        import_model(foreign_models.untrained(), load_dataset("digits"), "means", how=how, runs=tmp_path)


def test_a_taken_name_is_refused_before_any_work_and_overwrite_replaces(model, imported):
    folder = imported.folder.parent
    with pytest.raises(RunError, match="--overwrite replaces it"):
        import_model(model, load_dataset("digits"), "examples", runs=folder)


def test_codes_and_a_decoder_alone_make_a_run(model, tmp_path):
    x = torch.from_numpy(load_dataset("digits").subset("test").images.copy()).float() / 255
    with torch.no_grad():
        mu, logvar = model.encode(x.flatten(1))
    run = make_run("codes", model.decode, mu, logvar, image_shape=(1, 8, 8), runs=tmp_path, umap=False)
    again = load_run("codes", tmp_path)
    assert again.info.metrics.elbo is None and again.info.metrics.reconstruction is None and again.info.examination is None
    closed = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(0).numpy()
    assert np.allclose(again.info.metrics.kl_per_dim, closed, rtol=1e-4)
    assert not again.config.has_encoder and again.images is None
    with pytest.raises(DataError, match="this run's encoder is not known"):
        run.forward.encode(x[:1].numpy())
    with pytest.raises(DataError, match="this run's encoder is not known"):
        run.model.encode(x[:1])
    assert np.abs(run.forward.decode(mu[:5].numpy()) - model.decode(mu[:5]).detach().reshape(-1, 1, 8, 8).numpy()).max() < 1e-5


def test_codes_with_pictures_are_examined_without_an_encoder(model, imported, tmp_path):
    split = load_dataset("digits").subset("test")
    with torch.no_grad():
        mu, logvar = model.encode(torch.from_numpy(split.images.copy()).float().flatten(1) / 255)
    run = make_run("pictures", model.decode, mu, logvar, images=split.images, labels=split.labels, runs=tmp_path, umap=False)
    # the same codes and pictures as `imported` had, so the same figures, although here nobody encodes
    assert run.info.metrics.elbo == pytest.approx(imported.info.metrics.elbo, abs=1e-4)
    assert run.info.examination.information == pytest.approx(imported.info.examination.information, abs=1e-3)
    assert np.array_equal(run.images, split.images)
    assert run.info.dataset.class_names == tuple("0123456789")
    floats = make_run("floats", model.decode, mu, logvar, images=split.images[:, 0] / 255.0, runs=tmp_path, umap=False)
    assert np.array_equal(floats.images, split.images)


def test_points_without_a_posterior_make_a_deterministic_run(model, tmp_path):
    split = load_dataset("digits").subset("test")
    with torch.no_grad():
        mu, _ = model.encode(torch.from_numpy(split.images.copy()).float().flatten(1) / 255)
    run = make_run("points", model.decode, mu, images=split.images, encode=lambda x: model.encode(x)[0], runs=tmp_path, umap=False)
    assert run.config.is_deterministic and run.info.examination is None and run.config.has_encoder
    assert np.allclose(run.forward.encode(split.images[:3].astype(np.float32) / 255).mu, mu[:3], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mu": np.full((5, 4), np.nan)}, "mu is not a finite number for image 0"),
        ({"mu": np.zeros(5)}, r"mu has shape \(5,\); allowed: \(N, K\)"),
        ({"logvar": np.zeros((5, 3))}, "logvar has shape"),
        ({"images": np.zeros((4, 8, 8), np.uint8)}, r"images have shape \(4, 1, 8, 8\); allowed: \(5, C, H, W\)"),
        ({"images": np.full((5, 8, 8), 7.0)}, "images have values from 7.00 to 7.00; allowed: floats from 0 to 1"),
        (
            {"images": np.zeros((5, 9, 9), np.uint8)},
            r"decode gave a tensor of shape \(5, 64\) for 5 codes; allowed: \(5, 1, 9, 9\)",
        ),
        ({"labels": np.zeros(5)}, "labels have shape"),
        ({"image_shape": None, "images": None}, "image_shape is None"),
        ({"how": HowTrained(sigma=-1)}, "sigma is -1"),
        ({"name": "../up"}, "run name is"),
    ],
)
def test_what_does_not_fit_together_is_a_sentence(change, says, tmp_path):
    given = {"name": "x", "mu": np.zeros((5, 4)), "logvar": np.zeros((5, 4)), "images": np.zeros((5, 8, 8), np.uint8)} | change
    with pytest.raises((DataError, ExternalModelError, ConfigError), match=says):
        make_run(given.pop("name"), foreign_models.untrained().decode, given.pop("mu"), runs=tmp_path, umap=False, **given)


def test_another_encoder_than_the_one_of_the_codes_is_noticed(model, tmp_path):
    split = load_dataset("digits").subset("test")
    other = foreign_models.untrained()
    with torch.no_grad():
        mu, logvar = model.encode(torch.from_numpy(split.images.copy()).float().flatten(1) / 255)
    with pytest.raises(DataError, match="gives other codes than mu for the same images"):
        make_run("x", model.decode, mu, logvar, encode=other.encode, images=split.images, runs=tmp_path)


def test_layers_in_run_json_that_do_not_fit_together_are_a_sentence(imported, tmp_path):
    import json

    from trainer.runs.folder import info_checksum

    folder = tmp_path / "broken"
    folder.mkdir()
    for file in Path(imported.folder).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    for spoil, says in (
        ({"op": "Linear", "n_in": 4, "n_out": 7, "n_labels": 0}, "cannot take a tensor of shape"),
        ({"op": "Pickle"}, "layer 'Pickle' is not known"),
        ({"op": "Linear", "n_in": "4", "n_out": 128, "n_labels": 0}, "layer 'Linear' has fields"),
        ({"op": "Upsample", "scale": 10**9}, "layer 'Upsample' has fields"),
    ):
        raw = json.loads((Path(imported.folder) / "run.json").read_text())
        raw["config"]["parts"]["decoder"][0] = spoil
        raw["checksum"] = info_checksum(raw)
        (folder / "run.json").write_text(json.dumps(raw))
        with pytest.raises(RunCorrupt, match=says):
            load_run("broken", tmp_path)


def run_command(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trainer", "import", *words, "--runs", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_command_writes_a_run_from_a_file_of_arrays(tmp_path):
    split = load_dataset("digits").subset("test")
    np.savez(tmp_path / "own.npz", images=split.images[:90, 0], labels=split.labels[:90])
    done = run_command(
        "--module",
        f"{HERE}:untrained",
        "--data",
        str(tmp_path / "own.npz"),
        "--no-umap",
        "--no-classifier",
        folder=tmp_path / "runs",
    )
    assert done.returncode == 0, done.stderr
    run = load_run("untrained", tmp_path / "runs")
    assert run.images is not None and len(run.images) == len(run.encodings.mu) == run.info.dataset.n_test
    assert run.info.origin.source == f"{HERE}:untrained"
    assert "Traceback" not in done.stderr


def test_the_command_tells_a_mistake_in_a_line(tmp_path):
    done = run_command("--module", f"{HERE}:raises", "--data", "digits", folder=tmp_path)
    assert done.returncode == 2 and "weights.pt is not here" in done.stderr and "Traceback" not in done.stderr
    done = run_command("--module", f"{HERE}:untrained", "--data", "digitz", folder=tmp_path)
    assert done.returncode == 2 and "no data set 'digitz'" in done.stderr
    assert sum("trainer: " in line for line in done.stderr.splitlines()) == 1


def test_every_refusal_is_an_error_of_the_house():
    assert issubclass(ExternalModelError, LatentError)


def test_what_was_measured_with_the_decoder_is_not_replaced_by_figures_of_its_pictures(tmp_path, capsys):
    from trainer.cli.main import main

    run = import_model(foreign_models.wavy(), load_dataset("digits"), "wavy", runs=tmp_path, umap=False, classifier=False)
    before = (tmp_path / "wavy" / "run.json").read_bytes()
    for command in ("evaluate", "examine"):
        assert main([command, "wavy", "--runs", str(tmp_path)]) == 0
        out = capsys.readouterr().out
        assert "figures measured when it was imported, with the model itself, because its decoder is not here" in out
        assert command == "examine" or number(run.info.metrics.elbo) in out
    for command in ("maps", "classifier"):
        assert main([command, "wavy", "--runs", str(tmp_path)]) == 2
        assert "was imported without its decoder, so nothing more can be measured here" in capsys.readouterr().err
    assert (tmp_path / "wavy" / "run.json").read_bytes() == before


def test_an_imported_run_of_layers_is_evaluated_like_any_other(imported, capsys):
    from trainer.cli.main import main

    assert main(["evaluate", "examples", "--runs", str(imported.folder.parent), "--images", "50", "--samples", "20"]) == 0
    assert f"{imported.info.metrics.kl:10.2f}" in capsys.readouterr().out


def test_the_recipe_of_the_readme_works_as_it_is_written(model, tmp_path, monkeypatch):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (recipe,) = [block for block in text.split("```python\n")[1:] if "make_run(" in block]
    split = load_dataset("digits").subset("test")
    x, y = torch.from_numpy(split.images[:60].copy()).float() / 255, torch.from_numpy(split.labels[:60].copy())
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path))
    model.train()  # which a recipe forgets
    exec(recipe.split("```")[0], {"model": model, "x": x, "y": y})
    run = load_run("mine", tmp_path)
    assert run.config.beta == 4 and run.config.has_encoder and not model.training
    assert run.info.examination is not None and np.array_equal(run.images, split.images[:60])


def test_a_folder_of_images_and_its_run_carries_them(tmp_path, monkeypatch, capsys):
    from PIL import Image

    from trainer.cli.main import main

    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "cache"))
    split = load_dataset("digits").subset("train")
    for i in range(40):
        place = tmp_path / "photos" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(split.images[i, 0]).resize((8, 8)).save(place / f"{i}.png")
    words = ["--data", f"folder:{tmp_path / 'photos'}?size=8", "--no-umap", "--no-classifier", "--runs", str(tmp_path / "runs")]
    assert main(["import", "--module", f"{HERE}:untrained", *words]) == 0
    run = load_run("untrained", tmp_path / "runs")
    assert run.images is not None and len(run.images) == len(run.encodings.mu)
    assert run.info.dataset.class_names == ("a", "b")
    words[1] = str(tmp_path / "photos")  # 32 pixels wide, unless asked otherwise
    capsys.readouterr()
    assert main(["import", "--module", f"{HERE}:untrained", "--name", "wide", *words]) == 2
    assert "images of shape 1 × 32 × 32" in capsys.readouterr().err


def test_a_decoder_that_leaves_torch_is_measured_without_gradients(model, tmp_path):
    split = load_dataset("digits").subset("test")
    with torch.no_grad():
        mu, logvar = model.encode(torch.from_numpy(split.images.copy()).float().flatten(1) / 255)

    def decode(z):
        return torch.from_numpy(model.decode(torch.from_numpy(z.numpy().copy())).detach().numpy())

    given = {"images": split.images, "runs": tmp_path, "umap": False}
    outside, inside = (make_run(name, one, mu, logvar, **given) for name, one in (("outside", decode), ("inside", model.decode)))
    assert (outside.info.origin.decoder, inside.info.origin.decoder) == ("pictures", "layers")
    assert "because decode computes outside of torch" in outside.info.origin.sentences()[0]
    # the figures are the decoder's own either way; slopes by differences, where there is no derivative
    for name in ("information", "baseline", "residual"):
        assert getattr(outside.info.examination, name) == pytest.approx(getattr(inside.info.examination, name), rel=1e-4)
    assert np.allclose(outside.info.examination.sensitivity, inside.info.examination.sensitivity, rtol=1e-2)


def test_draws_by_a_generator_that_the_model_seeds_are_its_own_numbers(tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = foreign_models.SeededVae().eval()
    x = foreign_models.digits()[:40]
    adapter = adapt_model(theirs, x)
    with torch.no_grad():
        wanted = theirs.encode(x.flatten(1))
        assert all(torch.allclose(own, given, atol=1e-6) for own, given in zip(adapter.encode(x), wanted, strict=True))
        assert torch.allclose(adapter.decode(wanted[0]).flatten(1), theirs.decode(wanted[0]), atol=1e-6)
    run = import_model(theirs, load_dataset("digits"), "seeded", runs=tmp_path, umap=False, classifier=False)
    origin = run.info.origin
    assert origin.decoder == "pictures" and origin.why_decoder == origin.why_encoder == "draws random numbers (randn)"


@pytest.mark.parametrize("kind", ["SeededDrawVae", "ExamplesVae"])
def test_a_code_whose_noise_is_seeded_is_found_as_any_other(kind):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = getattr(foreign_models, kind)().eval()
    x = foreign_models.digits()[:40]
    adapter = adapt_model(theirs, x)
    with torch.no_grad():
        wanted = theirs.encode(x.flatten(1))
        assert all(torch.allclose(own, given, atol=1e-6) for own, given in zip(adapter.encode(x), wanted, strict=True))
    assert adapter.is_sure


@pytest.mark.parametrize(("most", "stored"), [(4000, True), (7000, False)])
def test_a_tensor_too_large_on_the_way_is_named_before_anything_is_run(monkeypatch, most, stored):
    monkeypatch.setattr(conversion, "MOST_NUMBERS", most)
    weight = torch.linspace(-1, 1, 4 * 64).reshape(64, 4)
    mu = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    found = conversion.decoder_layers(
        lambda z: torch.sigmoid((z @ weight.T)[:, :, None].expand(-1, -1, 100).mean(2)), HowTrained(), mu, (1, 8, 8)
    )
    assert found.is_exact is not stored
    assert ("has a tensor of 0.0064 million numbers a picture on its way" in found.why) is stored


@pytest.mark.parametrize(
    ("compute", "says"),
    [
        (lambda: torch.empty(2**48), r"not enough memory .* \(1.13e\+06 GB were asked for at once\); allowed: encode and decode"),
        (lambda: np.empty(2**48, np.float32), "not enough memory to measure the model on these images; allowed: encode and decode"),
    ],
)
def test_memory_that_runs_out_is_a_sentence(compute, says):
    with pytest.raises(ExternalModelError, match=says), within_memory():
        compute()


def test_what_else_goes_wrong_within_memory_stays_what_it_is():
    with pytest.raises(RuntimeError, match="mat1 and mat2"), within_memory():
        torch.ones(2, 3) @ torch.ones(2, 3)


def test_a_decoder_too_large_for_a_browser_is_stored(model, monkeypatch):
    from trainer.importers import conversion as own_layers
    from trainer.importers.model_adapter import decoding

    mu = np.random.default_rng(0).standard_normal((300, 4)).astype(np.float32)
    decode = decoding(model.decode, (1, 8, 8))
    assert own_layers.decoder_layers(decode, HowTrained(), mu, (1, 8, 8)).is_exact
    monkeypatch.setattr(own_layers, "MOST_MULTIPLY_ADDS", 4 * 128 + 128 * 64 - 1)
    found = own_layers.decoder_layers(decode, HowTrained(), mu, (1, 8, 8))
    assert not found.is_exact and "million multiply-adds a picture" in found.why
