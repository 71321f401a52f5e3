"""Is the film that the browser gets the one that the run kept: codes, terms, decoders, planes?"""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest

from explorer.hosts.cli import main
from explorer.surface.film import MOST_CODES, has_film, pack_film, pack_film_bundle, shown_on, terms_at
from explorer.surface.film_file import STEPS, map_film, map_for_film
from explorer.surface.lowering import plain_network
from explorer.surface.payload import arrays_of
from tests.kept import trained_runs
from tests.places import ASSETS
from tests.planes import out_of_planes
from trainer.cli.shipped_runs import linear, mnist_swept, swept
from trainer.config import FitConfig
from trainer.datasets import load_dataset
from trainer.errors import RunError
from trainer.runs.catalogue import load_run, shipped_roots
from trainer.training.fit import fit

CONFIGS = {
    "plain": FitConfig(hidden=(16,), latent_dim=3, epochs=4, classifier=False, umap=False),
    "points": FitConfig(model="autoencoder", hidden=(16,), epochs=2, classifier=False),
    "told": FitConfig(model="conditional-vae", hidden=(16,), epochs=2, classifier=False),
    "wide": FitConfig(hidden=(16,), likelihood="gaussian", scale="per-pixel", epochs=2, classifier=False),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    trained_runs(folder, CONFIGS)
    return {name: load_run(name, folder) for name in CONFIGS}


@pytest.mark.parametrize("name", CONFIGS)
def test_its_last_moment_is_the_run(runs, name):
    run = runs[name]
    header, arrays = arrays_of(pack_film(run))
    np.testing.assert_array_equal(arrays["mu"], run.film.mu)
    rows = np.searchsorted(run.encodings.index, arrays["index"])
    np.testing.assert_allclose(arrays["mu"][-1].astype(np.float32), run.encodings.mu[rows], atol=0.02, rtol=1e-3)
    assert arrays["moment"][-1] == len(run.film.mu) - 1
    final = plain_network(run, "decoder", 0 if run.config.is_conditional else None).arrays
    named = {key for op in header["decoder"] for key in op.values() if isinstance(key, str) and key.startswith("w.")}
    assert named == {f"w.decoder.{key}" for key in final}
    for key, array in final.items():
        np.testing.assert_allclose(arrays[f"w.decoder.{key}"][-1].astype(np.float32), array, atol=1e-3, rtol=1e-3)


def test_terms_are_those_of_the_epoch_that_was_over(runs):
    run = runs["plain"]
    terms, history = terms_at(run, run.film), run.history
    assert np.isnan(terms["kl"][0])  # before the first epoch was over
    for moment, epoch in enumerate(run.film.epoch):
        over = [row for row, at in enumerate(history["epoch"]) if at <= epoch + 1e-6]
        if over:
            assert terms["kl"][moment] == np.float32(history["test_kl"][over[-1]])
            assert terms["kl_per_dim"][moment].sum() == pytest.approx(terms["kl"][moment], rel=1e-4)


def test_points_have_no_kl(runs):
    terms = terms_at(runs["points"], runs["points"].film)
    assert (terms["kl"] == 0).all() and (terms["kl_per_dim"] == 0).all()


def test_every_plane_drops_the_last_codes_where_the_map_has_them(runs):
    run = runs["plain"]
    header, arrays = arrays_of(pack_film(run))
    names = [one["name"] for one in header["maps"]]
    assert "pca" in names
    for name in names:
        basis, origin = arrays[f"basis.{name}"], arrays[f"origin.{name}"]
        dropped = (run.encodings.mu - origin) @ basis.T
        np.testing.assert_allclose(dropped, run.projections[name].to_map(run.encodings.mu, run.encodings.mu), atol=1e-4)


def test_a_run_that_kept_no_weights_says_so_and_decodes_by_those_of_the_end():
    run = load_run("mnist-2d", ASSETS)
    header, arrays = arrays_of(pack_film(run))
    assert header["why_no_decoder"].startswith("This run kept no weights of its film")
    assert arrays["moment"].tolist() == [len(run.film.mu) - 1]
    for key, array in plain_network(run, "decoder").arrays.items():
        np.testing.assert_allclose(arrays[f"w.decoder.{key}"], array[None], atol=1e-3, rtol=1e-3)


def test_a_conditional_film_decodes_as_the_class_that_is_chosen(runs):
    run = runs["told"]
    header, arrays = arrays_of(pack_film(run, 3))
    assert header["decoded_as"] == run.info.dataset.class_names[3]
    for i in range(len(arrays["moment"])):
        for key, array in plain_network(run.decoder_at(i), "decoder", 3).arrays.items():
            np.testing.assert_allclose(arrays[f"w.decoder.{key}"][i], array, atol=1e-3, rtol=1e-3)


def test_a_film_is_shown_on_the_map_that_was_chosen_and_on_the_main_axes_where_that_is_no_plane():
    run = load_run("digits-16d", ASSETS)
    shown = {name: shown_on(run, projection) for name, projection in run.projections.items()}
    for name in ("pca", "axes"):
        plane, projection = shown[name]["plane"], run.projections[name]
        assert shown[name]["note"] == "" and plane is not None
        dropped = (run.encodings.mu - plane["origin"]) @ np.reshape(plane["basis"], (2, 16)).T
        np.testing.assert_allclose(dropped, projection.points, atol=1e-4)
    assert shown["umap"]["plane"] == shown["pca"]["plane"]
    assert shown["umap"]["note"].startswith("UMAP lays out the codes of the end only")
    plane_itself = load_run("digits-2d", ASSETS)
    assert shown_on(plane_itself, plane_itself.projections["latent"])["plane"] is None


def unpacked(data: bytes) -> tuple[dict, bytes]:
    """How the film is shown, and its own bytes, of a page without a server."""
    raw = zlib.decompress(data[4:])
    assert len(raw) == int.from_bytes(data[:4], "little")
    end = 4 + int.from_bytes(raw[:4], "little")
    film = raw[end:]
    begin = 4 + int.from_bytes(film[:4], "little")
    table = json.loads(film[4:begin])["arrays"]
    return json.loads(raw[4:end]), film[:begin] + out_of_planes(film[begin:], table.values())


def test_a_page_without_a_server_has_the_same_film_on_every_map(runs):
    run = runs["plain"]
    record, film = unpacked(pack_film_bundle(run))
    assert film == pack_film(run)
    assert record["shown"] == {name: shown_on(run, one) for name, one in run.projections.items()}
    assert pack_film_bundle(load_run("digits-pca", ASSETS)) == b""


def test_a_large_film_is_thinned_there_evenly_and_stays_itself():
    run = load_run("mnist-20d", ASSETS)
    data = pack_film_bundle(run)
    assert len(data) <= MOST_CODES + 3_000_000
    _, arrays = arrays_of(unpacked(data)[1])
    assert arrays["mu"].nbytes <= MOST_CODES < 2 * arrays["mu"].nbytes
    rows = [int(np.flatnonzero(run.film.index == index)[0]) for index in arrays["index"]]
    assert (rows[0], rows[-1]) == (0, len(run.film.index) - 1)
    assert max(np.diff(rows)) - min(np.diff(rows)) <= 1
    np.testing.assert_array_equal(arrays["mu"], run.film.mu[:, rows])
    np.testing.assert_array_equal(arrays["label"], run.film.label[rows])


def test_decoders_of_fewer_moments_are_those_of_the_run_and_the_last_is_among_them(runs):
    run = runs["plain"]
    _, whole = arrays_of(pack_film(run))
    moments = whole["moment"]
    assert len(moments) > 2
    _, arrays = arrays_of(pack_film(run, most_weights=1))
    assert arrays["moment"].tolist() == [moments[0], moments[-1]]
    for key in (key for key in whole if key.startswith("w.decoder.")):
        np.testing.assert_array_equal(arrays[key], whole[key][[0, -1]])


@pytest.mark.parametrize(
    ("name", "why"), [("digits-pca", "was solved in one step"), ("sweep-digits-beta-1-seed-0", "to be compared")]
)
def test_a_run_without_a_film_is_refused_with_the_reason(name, why):
    with pytest.raises(RunError, match=f"{why}, so it has no film of its training"):
        pack_film(load_run(name, shipped_roots()))


def test_a_training_that_keeps_no_film_is_whole_without_one(tmp_path):
    config = FitConfig(hidden=(8,), epochs=1, classifier=False, umap=False)
    list(fit(config, load_dataset(config.data), "unwatched", tmp_path, snapshots=0))
    run = load_run("unwatched", tmp_path)
    assert run.info.state == "finished"
    assert not (tmp_path / "unwatched" / "film.safetensors").exists()
    assert not has_film(run)
    assert pack_film_bundle(run) == b""


def test_no_sweep_ships_a_film():
    assert not any(load_run(name, shipped_roots()).has_film for name in [*swept(), *mnist_swept(), *linear()])


@pytest.mark.parametrize(("name", "kind"), [("plain", "gif"), ("points", "mp4"), ("told", "webp")])
def test_the_command_writes_the_film_of_any_run(runs, tmp_path, capsys, name, kind):
    target = tmp_path / f"film.{kind}"
    assert main(["film", name, str(target), "--runs", str(runs[name].folder.parent)]) == 0
    signs = {"gif": b"GIF89a", "webp": b"RIFF", "mp4": b"ftyp"}
    assert signs[kind] in target.read_bytes()[:16]
    assert f"the training of run {name}" in capsys.readouterr().out


def test_the_film_as_a_file_has_the_codes_of_its_moments(runs):
    run = runs["plain"]
    drawn = map_film(run, map_for_film(run))
    pca = run.projections["pca"]
    for moment in range(len(run.film.mu)):
        expected = (run.film.mu[moment].astype(np.float32) - pca.origin) @ pca.basis.T
        np.testing.assert_allclose(drawn.places[STEPS * moment], expected, atol=1e-5)
        assert drawn.epoch[STEPS * moment] == run.film.epoch[moment]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["film", "digits-2d"], " is missing"),
        (["film", "digits-2d", "film.avi"], "allowed: a name that ends in .gif, .webp, .mp4"),
        (["film", "digits-2d", "film.gif", "--map", "globe"], "has no map 'globe'; allowed: latent"),
        (["film", "digits-pca", "film.gif"], "has no film of its training"),
        (["film", "nowhere", "film.gif"], "nowhere"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(words, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--runs", str(ASSETS)] if len(words) > 2 else words) == 2
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
