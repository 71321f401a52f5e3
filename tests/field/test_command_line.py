"""Does the command line keep its word on other people's machines: consoles of few signs, homes that cannot be written, background shells?

Rows A1, A2 and A6 of the cases, names that are taken, the bar that covers all of the work, and mistakes of every command.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from trainer.cli.progress import Lines, clock, show
from trainer.config import FitConfig, checked
from trainer.console import READABLE, fenced, never_refuse_a_sign, plain_sign
from trainer.errors import RunError
from trainer.runs.catalogue import default_roots, free_name, is_shipped, load_run, own_name, shipped_names, shipped_roots
from trainer.runs.folder import RUN_JSON
from trainer.runs.read import read_info
from trainer.runs.write import RunWriter, copy_of
from trainer.training.events import EpochEnded, Finished, Finishing, Stepped
from trainer.training.fit import fit
from trainer.training.pace import Forecast, Pace

pytestmark = pytest.mark.slow

SHORT = ("--epochs", "2", "--hidden", "8", "--no-umap", "--no-classifier")


def environment(**changes: str | None) -> dict[str, str]:
    """This process's, without what would lead it to runs and caches of the person who tests."""
    own = {key: value for key, value in os.environ.items() if key not in ("LATENT_RUNS", "NUMBA_CACHE_DIR", "PYTHONIOENCODING")}
    given_here = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **changes}
    return {**own, **{key: value for key, value in given_here.items() if value is not None}}


def ask(*words: str, cwd: Path, code: str = "explorer.command", **changes: str | None) -> subprocess.CompletedProcess[bytes]:
    """A real process, its bytes as they are."""
    return subprocess.run(
        [sys.executable, "-m", code, *words], cwd=cwd, env=environment(**changes), capture_output=True, check=False, timeout=600
    )


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    returncode: int
    out: str
    err: str


@pytest.fixture
def atlas(tmp_path, monkeypatch, capsys) -> Callable[..., Said]:
    """`atlas` in this process, in an empty folder: seconds less than a process of its own."""
    from explorer.hosts.cli import atlas_main

    monkeypatch.chdir(tmp_path)
    for name in ("LATENT_RUNS", "NUMBA_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("trainer.console._called", "atlas")

    def call(*words: str) -> Said:
        capsys.readouterr()
        try:
            code = atlas_main(words)
        except SystemExit as leave:
            code = int(leave.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


def one_line(done: Said, rc: int = 2) -> str:
    """The one sentence on stderr, of a command that ended as a mistake does."""
    err = done.err
    assert done.returncode == rc, err
    assert "Traceback" not in err, err
    assert len(err.strip().splitlines()) == 1, err
    return err


def checksums(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()
    }


# --- A2: signs


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "latin-1"])
@pytest.mark.parametrize(
    "words", [["import", "--help"], ["fit", "--help"], ["evaluate", "digits-2d", "--samples", "2"], ["list"], ["fly"]]
)
def test_no_command_dies_of_a_sign(encoding, words, tmp_path):
    if encoding in ("cp437", "latin-1") and words[0] == "evaluate":
        pytest.skip("two encodings are enough for the slow one")
    done = ask(*words, cwd=tmp_path, PYTHONIOENCODING=encoding)
    text = (done.stdout + done.stderr).decode(encoding)
    assert done.returncode == (2 if words == ["fly"] else 0), text
    assert "Traceback" not in text
    assert "�" not in text
    assert not re.search(r"\?(?![a-z-]+=)", text)  # of an address with ?size=64


def test_the_locale_c_is_no_obstacle(tmp_path):
    done = ask(
        "evaluate", "digits-2d", "--samples", "2", cwd=tmp_path, LC_ALL="C", LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    assert done.returncode == 0, done.stderr
    assert b"nats per image" in done.stdout


def test_signs_are_spelled_so_that_they_say_the_same():
    text = "−12.5 ≤ β · x̂², z₁ → Σ ± ½ ∞ “naïve” 10\u00a0000 … │─┐"
    encoded = "".join(sign if ord(sign) < 128 else plain_sign(sign) for sign in text)
    assert encoded == '-12.5 <= beta * x^^2, z1 -> sum +/- 1/2 inf "naive" 10 000 ... |-+'


@given(st.text())
def test_every_text_can_be_written_in_every_encoding(text):
    never_refuse_a_sign()
    for encoding in ("ascii", "cp1252", "utf-8"):
        out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=READABLE, newline="")
        out.write(text)
        out.flush()
    assert all(ord(part) < 128 for sign in text for part in plain_sign(sign))


# --- A1: nowhere to write


@pytest.fixture
def locked(tmp_path) -> dict[str, str]:
    """UMAP's packages, and a home, where nothing can be written, also by root: a file is in the way of each folder."""
    site = tmp_path / "site"
    for name in ("umap", "pynndescent"):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, site / name, ignore=shutil.ignore_patterns("__pycache__"))
        (site / name / "__pycache__").write_text("in the way")
    (tmp_path / "home").write_text("in the way")
    home = str(tmp_path / "home" / "nobody")
    return {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}", "HOME": home, "XDG_CACHE_HOME": f"{home}/.cache", "LATENT_CACHE": ""}


def test_where_nothing_can_be_written_a_run_of_many_dimensions_is_whole_all_the_same(locked, tmp_path):
    words = ("fit", "digits-16d", "--name", "locked", "--epochs", "1", "--hidden", "8", "--latent-dim", "3", "--no-classifier")
    done = ask(*words, cwd=tmp_path, **locked)
    err = done.stderr.decode()
    assert done.returncode == 0, err
    assert "UMAP's compiled code cannot be kept" in err
    assert "NUMBA_CACHE_DIR or LATENT_CACHE" in err
    assert set(load_run("locked", tmp_path / "runs").projections) == {"umap", "pca", "axes"}


def test_a_cache_folder_that_is_given_keeps_the_compiled_code(locked, tmp_path):
    code = "from trainer.preflight import keep_compiled_code as k; import os; print(repr(k()), os.environ.get('NUMBA_CACHE_DIR'))"
    for name, kept in (("LATENT_CACHE", tmp_path / "kept" / "numba"), ("NUMBA_CACHE_DIR", tmp_path / "kept")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(**{**locked, name: str(tmp_path / "kept")}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == f"'' {kept}\n", done.stderr


def test_without_any_folder_it_is_said_before_the_training(tiny_dataset, tmp_path, monkeypatch):
    import trainer.preflight as place

    monkeypatch.setattr(place, "_is_writable", lambda folder: False)

    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(place.tempfile, "mkdtemp", refuse)
    config = FitConfig(hidden=(4,), latent_dim=3, epochs=1)
    with pytest.raises(
        Exception, match=r"UMAP needs a folder for its compiled code.*set NUMBA_CACHE_DIR or LATENT_CACHE.*--no-umap"
    ):
        next(fit(config, tiny_dataset, "mine", tmp_path))
    assert not (tmp_path / "mine" / RUN_JSON).exists()


def test_a_disk_that_is_too_small_is_seen_before_the_training(tiny_dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.runs.write.shutil.disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(RunError, match=r"has 1 MB left, and this run needs \d+ MB; make room or choose another --runs folder"):
        next(fit(FitConfig(hidden=(4,), epochs=1), tiny_dataset, "mine", tmp_path))
    assert not (tmp_path / "mine" / RUN_JSON).exists()


def test_the_room_that_is_asked_for_is_what_a_run_takes(tiny_dataset, tmp_path):
    """Not less than the largest that its folder is at any moment, and not an order of magnitude more than its weights."""
    from trainer.training.loop import ROOM_BESIDE, Trainer

    config = FitConfig(hidden=(600, 600), epochs=2, umap=False)
    trainer = Trainer(config, tiny_dataset, RunWriter.at(tmp_path, "asked"), "custom", "")
    most = 0
    for _ in fit(config, tiny_dataset, "mine", tmp_path):
        most = max(most, sum(path.stat().st_size for path in (tmp_path / "mine").rglob("*") if path.is_file()))
    assert most <= trainer.bytes_on_disk()
    assert trainer.bytes_on_disk() - ROOM_BESIDE < 2 * most


# --- names that are taken


def test_the_names_of_shipped_runs_are_taken(tmp_path):
    names = shipped_names()
    assert {"digits-2d", "mnist-20d", "clinic-collapsed"} <= names
    assert own_name("digits-2d", tmp_path) == "digits-2d-2"
    assert free_name("mine", tmp_path) == "mine"
    for taken in ("digits-2d-2", "digits-2d-3", "mine"):
        (tmp_path / taken).mkdir()
    assert free_name("digits-2d", tmp_path) == "digits-2d-4"
    assert free_name("mine", tmp_path) == "mine-2"
    assert len(free_name("x" * 64, tmp_path)) == 64
    (tmp_path / ("x" * 64)).mkdir()
    assert free_name("x" * 64, tmp_path) == "x" * 62 + "-2"
    with pytest.raises(RunError, match="'mnist-2d' is the name of a run that comes with the program"):
        RunWriter.at(tmp_path, "mnist-2d")


def test_fit_takes_the_next_free_name_and_says_so(atlas, tmp_path):
    for name in ("digits-2d-2", "digits-2d-3"):
        said = atlas("fit", "digits-2d", *SHORT)
        assert said.returncode == 0, said.err
        assert f"This run is called {name}: digits-2d is a run that comes with the program" in said.err
        assert said.out.startswith(f"runs/{name}: ")
    before = checksums(tmp_path / "runs" / "digits-2d-3")
    assert atlas("fit", "digits-2d", *SHORT, "--seed", "9", "--overwrite").out.startswith("runs/digits-2d-2: ")
    assert checksums(tmp_path / "runs" / "digits-2d-3") == before
    assert read_info(tmp_path / "runs" / "digits-2d-2").config.seed == 9
    for words in (["--name", "digits-2d"], ["--name", "digits-2d", "--overwrite"]):
        assert "choose another --name" in one_line(atlas("fit", "digits-2d", *SHORT, *words))
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["digits-2d-2", "digits-2d-3"]


def test_a_training_that_another_program_starts_keeps_to_the_same_names(tmp_path):
    spec = {
        "config": checked(FitConfig(), hidden=(4,), epochs=1).model_dump(mode="json"),
        "name": "digits-2d",
        "runs": str(tmp_path),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "trainer.cli.job"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as job:
        assert job.stdin is not None
        assert job.stdout is not None
        job.stdin.write(json.dumps({**spec, "resume": False}) + "\n")
        job.stdin.flush()  # and left open: a closed one says that whoever started it has gone
        told = json.loads(job.stdout.readline())
        assert job.wait(120) == 2
    assert "is the name of a run that comes with the program" in told["error"]
    assert list(tmp_path.iterdir()) == []


def test_the_app_writes_where_it_was_started(tmp_path, monkeypatch):
    from explorer.jobs.trainings import TrainingQueue

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LATENT_RUNS", raising=False)
    monkeypatch.setattr(TrainingQueue, "_start_next", lambda self: None)
    job = TrainingQueue(tmp_path / "jobs").submit("me", "n", FitConfig(), str(default_roots()[0]))
    assert job is not None
    assert job.runs == str(tmp_path / "runs")


@pytest.mark.parametrize("command", ["examine", "maps", "classifier"])
def test_a_shipped_run_is_read_and_never_written(command, atlas, tmp_path):
    folder = shipped_roots()[0] / "digits-2d"
    before = checksums(folder)
    said = atlas(command, "digits-2d")
    assert said.returncode == 0, said.err
    assert "comes with the program and stays as it is" in said.err
    assert said.out.startswith("digits-2d: ")
    assert checksums(folder) == before
    assert list(tmp_path.iterdir()) == []


def test_a_copy_under_a_name_of_ones_own_is_written(atlas, tmp_path):
    said = atlas("maps", "digits-2d", "--name", "mine")
    assert said.returncode == 0, said.err
    original, mine = load_run("digits-2d", shipped_roots()), load_run("mine", tmp_path / "runs")
    assert (mine.encodings.mu == original.encodings.mu).all()
    assert mine.info.config == original.info.config
    assert set(mine.projections) == set(original.projections)
    assert mine.classifier is not None
    assert "already in" in one_line(atlas("maps", "digits-2d", "--name", "mine"))
    with pytest.raises(RunError, match="comes with the program"):
        copy_of(original, "digits-16d", tmp_path)


def test_writing_among_the_shipped_runs_needs_the_variable_that_says_so(monkeypatch):
    writer = RunWriter(shipped_roots()[0] / "digits-2d")
    assert is_shipped(writer.folder)
    with pytest.raises(RunError, match="stays as it is"):
        writer.write("run.json", b"{}")
    writer.clear()
    writer.drop_checkpoint()
    assert writer.has_run
    monkeypatch.setenv("LATENT_SHIP", "1")
    assert not writer.is_kept
    assert own_name("digits-2d", shipped_roots()[0]) == "digits-2d"


def test_a_run_of_before_that_has_a_shipped_name_opens_and_is_told_of(atlas, tmp_path):
    own = tmp_path / "runs"
    shutil.copytree(shipped_roots()[0] / "digits-16d", own / "digits-2d")
    listed = atlas("list").out
    (line,) = [line for line in listed.splitlines() if line.startswith("  digits-2d ") and "digits" in line and "16-D" in line]
    assert "hides the run of this name that comes with the program: rename runs/digits-2d to see both" in line
    assert load_run("digits-2d").config.latent_dim == 16
    assert RunWriter.at("runs", "digits-2d").has_run  # it goes on


def test_runs_are_looked_for_here_then_in_the_checkout_then_among_the_shipped(tmp_path, monkeypatch):
    monkeypatch.delenv("LATENT_RUNS", raising=False)
    monkeypatch.chdir(tmp_path)
    assert default_roots() == (Path("runs"), ROOT / "runs", *shipped_roots())
    monkeypatch.chdir(ROOT)
    assert default_roots() == (Path("runs"), *shipped_roots())
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path))
    assert default_roots()[0] == tmp_path


def test_resume_without_a_name_finds_the_one_that_was_interrupted(atlas, tmp_path):
    assert atlas("fit", "digits-2d", *SHORT).returncode == 0
    for number in ("3", "4"):
        folder = tmp_path / "runs" / f"digits-2d-{number}"
        shutil.copytree(tmp_path / "runs" / "digits-2d-2", folder)
        info = read_info(folder)
        RunWriter(folder).write_info(info.model_copy(update={"state": "interrupted", "epoch": 0, "metrics": None}))
    assert "digits-2d-3, digits-2d-4; say which with --name" in one_line(atlas("fit", "digits-2d", "--resume"))
    shutil.rmtree(tmp_path / "runs" / "digits-2d-4")
    said = atlas("fit", "digits-2d", "--resume")
    assert said.out.startswith("runs/digits-2d-3: "), said.err
    assert read_info(tmp_path / "runs" / "digits-2d-3").state == "finished"


# --- A6: signals


def begun(folder: Path, **options: object) -> subprocess.Popen[str]:
    """A long training, after its first checkpoint."""
    command = [
        sys.executable,
        "-m",
        "trainer",
        "fit",
        "digits-2d",
        "--name",
        "cut",
        "--runs",
        str(folder),
        "--epochs",
        "100000",
        "--hidden",
        "8",
    ]
    heard = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a test run under nohup ignores it, and a child would inherit that
    process = subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True, **options)
    signal.signal(signal.SIGHUP, heard)
    deadline = time.monotonic() + 300
    while not (folder / "cut/checkpoint/state.safetensors").exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_a_run_that_resumes(how, code, tmp_path):
    process = begun(tmp_path)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert f"fit digits-2d --name cut --runs {tmp_path} --resume goes on from the last checkpoint" in err
    assert read_info(tmp_path / "cut").state == "interrupted"
    assert not list((tmp_path / "cut").rglob("*.tmp"))


def test_ctrl_c_is_heard_where_the_shell_has_it_ignored(tmp_path):
    """What `make test &` in a script does to its children."""
    process = begun(tmp_path, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err


def test_nohup_stays_nohup(tmp_path):
    process = begun(tmp_path, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)  # what is heard first would have decided the exit code
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err


@pytest.mark.parametrize("words", [["list"], ["fit", "--help"], ["evaluate", "digits-2d", "--samples", "2"]])
def test_a_reader_that_has_gone_is_no_error(words, tmp_path):
    for code in ("explorer.command", "trainer"):
        process = subprocess.Popen(
            [sys.executable, "-m", code, *words], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(60) == 141, err
        assert err == b""
        process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_an_output_that_is_full_is_one_sentence(tmp_path):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "trainer", "list"],
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert b"the output could not be written: No space left on device" in done.stderr
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_an_interrupt_of_a_write_leaves_no_half_file(tmp_path, monkeypatch):
    from trainer.runs.storage import LocalFolder

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.runs.storage.os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        LocalFolder(tmp_path).write("run.json", b"{}")
    assert list(tmp_path.iterdir()) == []


# --- time left and the bar


def test_one_slow_step_moves_nothing():
    pace = Pace()
    assert pace.seconds is None
    pace.add(1, 30.0)  # the first step pays for what is made once
    assert pace.seconds is None
    for _ in range(5):
        pace.add(10, 0.2)
    assert pace.seconds == pytest.approx(0.02)
    pace.add(1, 30.0)
    assert pace.seconds == pytest.approx(0.02)


def test_the_share_is_that_of_all_work_and_never_falls():
    """100 steps of 1 s in 10 epochs with 2 s between, then parts of 30 and 50 s: 200 s in all."""
    forecast = Forecast(100, 10, {"maps": 30.0, "classifier": 50.0})
    assert (forecast.share, forecast.seconds_left) == (0.0, None)
    shares = []
    for epoch in range(1, 11):
        for step in range(10 * epoch - 9, 10 * epoch + 1):
            forecast.stepped(step, 1, 1.0)
            shares.append(forecast.share)
        forecast.epoch_ended(epoch, 2.0)
        left = 200 - 12 * epoch
        assert forecast.seconds_left == pytest.approx(left)
        assert forecast.share == pytest.approx(1 - left / 200, abs=0.02)
    for part, inside, left in [("maps", 0.0, 80), ("maps", 0.5, 65), ("classifier", 0.0, 50), ("classifier", 0.9, 5)]:
        forecast.entered(part, inside)
        assert forecast.seconds_left == pytest.approx(left)
        shares.append(forecast.share)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(195 / 200)
    forecast.guess({"classifier": 5000.0, "unknown": 7.0})
    assert forecast.share >= shares[-1]
    forecast.entered("classifier", 1.0)
    assert forecast.share < 1


def test_the_first_epoch_knows_of_what_comes_after_it(tiny_dataset, tmp_path, monkeypatch):
    """One epoch of many steps is not all of the work: its last step is not near the end of the bar."""
    monkeypatch.setattr("trainer.training.loop.STEP_EVENTS_S", 0.0)
    steps = [
        event
        for event in fit(FitConfig(hidden=(4,), epochs=1, batch_size=4, umap=False), tiny_dataset, "mine", tmp_path)
        if isinstance(event, Stepped)
    ]
    assert len(steps) == 15
    assert [event.seconds_left for event in steps[:2]] == [None, None]
    assert all(event.seconds_left is not None and event.seconds_left > 0 for event in steps[2:])
    assert steps[-1].share < 0.9


def test_the_bar_is_full_when_the_run_is_whole_and_counts_the_classifier(tiny_dataset, tmp_path):
    heard: list[Finishing] = []
    events = list(
        fit(FitConfig(hidden=(4,), epochs=6, batch_size=16, umap=False), tiny_dataset, "mine", tmp_path, heard=heard.append)
    )
    parts = [event.part for event in events if isinstance(event, Finishing)]
    assert list(dict.fromkeys(parts)) == ["evaluation", "encodings", "maps", "examination", "classifier of pictures", "continuity"]
    assert {event.part for event in heard} == {"evaluation", "examination"}
    shares = [event.share for event in events if isinstance(event, Stepped | Finishing)]
    assert shares == sorted(shares)
    assert max(shares) < 1
    classifier = [event for event in events if isinstance(event, Finishing) and event.part == "classifier of pictures"]
    assert classifier[0].share < classifier[-1].share
    assert isinstance(events[-1], Finished)
    assert sum(isinstance(event, EpochEnded) for event in events) == 6


class Heard:
    """Where progress is drawn, for a test."""

    def __init__(self) -> None:
        self.drawn: list[tuple[float, str, bool]] = []
        self.is_closed = False

    def draw(self, share: float, words: str, is_new: bool = False) -> None:
        self.drawn.append((share, words, is_new))

    def close(self) -> None:
        self.is_closed = True


def test_what_is_drawn_names_every_part_once_and_the_result_is_one_line(tiny_dataset, tmp_path, capsys):
    config, drawing = FitConfig(hidden=(4,), epochs=6, batch_size=16, umap=False), Heard()
    show(lambda heard: fit(config, tiny_dataset, "mine", tmp_path, heard=heard), config, "fit x", drawing=drawing)
    assert [words.split(" …")[0] for _, words, is_new in drawing.drawn if is_new] == [
        "evaluation",
        "encodings",
        "maps",
        "examination",
        "classifier of pictures",
        "continuity",
    ]
    assert drawing.is_closed
    out = capsys.readouterr()
    assert re.fullmatch(rf"{re.escape(str(tmp_path))}/mine: test ELBO .*; trained in \d+:\d\d\.\n", out.out)


def test_a_file_gets_lines_and_not_a_thousand_bars(capsys):
    now = [0.0]
    lines = Lines(lambda: now[0])
    for second in range(100):
        now[0] = second / 2
        lines.draw(second / 100, f"epoch {second}")
    lines.draw(0.999, "maps …", is_new=True)
    err = capsys.readouterr().err
    assert "\r" not in err
    assert [line.split(" · ")[1] for line in err.splitlines()] == ["epoch 20", "epoch 40", "epoch 60", "epoch 80", "maps …"]
    assert err.splitlines()[-1].startswith("99\u00a0%")  # not 100 % before the end


def test_an_interrupt_before_the_first_step_promises_nothing(capsys):
    def interrupted(_):
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        show(interrupted, FitConfig(), "fit x --resume", "a name", drawing=Heard())
    assert capsys.readouterr().err == "\nstopped; nothing was trained yet.\n"


def test_clock():
    assert [clock(seconds) for seconds in (0.2, 67, 3600, 36_061)] == ["0:00", "1:07", "1:00:00", "10:01:01"]


# --- mistakes


def test_what_is_nearly_right_is_guessed(atlas):
    assert "unknown command 'evalute' (did you mean evaluate?); allowed: app, export, film, serve, site, lesson, fit" in one_line(
        atlas("evalute")
    )
    assert "unknown option '--latnt-dim' (did you mean --latent-dim?)" in one_line(atlas("fit", "digits-2d", "--latnt-dim", "3"))
    assert "no run 'digit-2d' (did you mean digits-2d?)" in one_line(atlas("examine", "digit-2d"))
    assert "(did you mean digits-2d?)" in one_line(atlas("fit", "digits2d"))


COMMANDS = (
    "app",
    "export",
    "serve",
    "site",
    "fit",
    "list",
    "bench",
    "check",
    "import",
    "evaluate",
    "examine",
    "maps",
    "classifier",
)


def test_help_and_version(atlas):
    for words in ([], ["--help"], ["-h"], ["help"]):
        said = atlas(*words)
        assert said.returncode == (0 if words else 2)
        assert said.out.startswith("usage: atlas COMMAND …")
        for command in COMMANDS:
            assert re.search(rf"^  {command}\b", said.out, re.MULTILINE), command
        assert max(map(len, said.out.splitlines())) <= 100
    version = atlas("--version").out
    assert re.fullmatch(r"Latent Atlas \d+\.\d+\.\d+ \(Python 3\.\d+\.\d+, torch \S+, numpy \S+\)\n", version)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_defaults_in_words(command, atlas):
    said = atlas(command, "--help")
    assert said.returncode == 0
    assert f"usage: atlas {command}" in said.out
    assert "None" not in said.out


def test_messages_name_the_program_as_it_was_called(atlas, tmp_path):
    assert one_line(atlas("fly")).startswith("atlas: ")
    for code in ("trainer", "explorer"):
        assert ask("fly", cwd=tmp_path, code=code).stderr.startswith(f"python -m {code}: ".encode())


@pytest.fixture
def damaged(tmp_path) -> Path:
    """Runs with one thing wrong each, in the folder runs."""
    for name in ("no-json", "not-json", "no-weights", "short-weights", "newer"):
        shutil.copytree(shipped_roots()[0] / "digits-2d", tmp_path / "runs" / name)
    runs = tmp_path / "runs"
    (runs / "no-json" / "run.json").unlink()
    (runs / "not-json" / "run.json").write_bytes(b"\xff\xfe{")
    (runs / "no-weights" / "weights.safetensors").unlink()
    whole = (runs / "short-weights" / "weights.safetensors").read_bytes()
    (runs / "short-weights" / "weights.safetensors").write_bytes(whole[: len(whole) // 2])
    info = json.loads((runs / "newer" / "run.json").read_text())
    (runs / "newer" / "run.json").write_text(json.dumps({**info, "version": 99}))
    return tmp_path


@pytest.mark.parametrize("command", ["evaluate", "examine", "maps", "classifier", "export"])
def test_a_damaged_run_is_one_sentence_in_every_command(command, damaged, atlas):
    more = ("--html", "page.html") if command == "export" else ()
    for name in ("no-json", "not-json", "no-weights", "short-weights", "newer", "absent"):
        said = one_line(atlas(command, name, *more))
        assert name in said
    assert not (damaged / "page.html").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["fit", "digits-2d", "--runs", "a-file"], "a-file"),
        (["fit", "digits-2d", "--runs", "/dev/null/x"], "/dev/null/x"),
        (["fit", "digits-2d", "--name", "a/b"], "run name is 'a/b'"),
        (["fit", "digits-2d", "--name", "Ä"], "run name is"),
        (["fit", "digits-2d", "--beta", "nan"], "beta is nan"),
        (["fit", "digits-2d", "--beta", "inf"], "beta is inf"),
        (["fit", "digits-2d", "--learning-rate", "-1"], "learning_rate is -1"),
        (["fit", "digits-2d", "--epochs", "1000000000000000000000"], "epochs is 1000000000000000000000"),
        (["fit", "digits-2d", "--hidden", "1000000000"], "hidden is"),
        (["fit", "digits-2d", "--seed", "-1"], "seed is -1"),
        (["fit", "digits-2d", "--batch-size", "0"], "batch_size is 0"),
        (["fit", "digits-2d", "--resume"], "nothing to resume"),
        (["evaluate", "digits-2d", "--runs", "a-file"], "no run 'digits-2d'"),
        (["evaluate", "digits-2d", "--samples", "1e9"], "--samples"),
        (["evaluate", "digits-2d", "--images", "-5"], "--images is -5"),
        (["evaluate", "../digits-2d"], "run name is '../digits-2d'"),
        (["examine", "a/b"], "run name is 'a/b'"),
        (["list", "--runs", "ftpx://nowhere"], "ftpx://"),
        (["list", "extra"], "extra"),
        (["bench", "--epochs", "0"], "--epochs is 0"),
        (["bench", "--data", "nowhere"], "nowhere"),
        (["export", "digits-2d"], "no file to write was named"),
        (["export", "digits-2d", "--html", "."], "."),
        (["export", "digits-2d", "--html", "absent/page.html"], "absent"),
        (["export", "digits-2d", "--html", "/dev/null/page.html"], "/dev/null"),
        (["app", "--port", "70000"], "--port is 70000; allowed: 1 to 65535"),
        (["app", "--port", "x"], "--port: 'x' is not a whole number"),
        (["app", "--address", "999.1.1.1"], "--address is '999.1.1.1'"),
    ],
)
def test_a_mistake_of_any_command_is_one_sentence(words, sentence, atlas, tmp_path):
    (tmp_path / "a-file").write_text("not a folder")
    assert sentence in one_line(atlas(*words))
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


def test_a_fence_lets_faults_of_ours_through():
    def fault() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fenced(fault)
