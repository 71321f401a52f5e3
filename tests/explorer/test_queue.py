"""Is the queue of trainings steered from outside, found again after the app was killed, and is what ran then the same to the last bit?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from explorer.jobs.training import read_trainings
from explorer.jobs.trainings import TrainingQueue
from tests.explorer.test_jobs import LONG, SHORT, alive, of, until
from trainer.config import FitConfig, checked
from trainer.runs.catalogue import HOME, load_run
from trainer.runs.read import read_info

pytestmark = pytest.mark.slow

MIDDLE = FitConfig(hidden=(8,), epochs=150, batch_size=32, umap=False, classifier=False)


@pytest.fixture
def queue(tmp_path):
    made = TrainingQueue(tmp_path / ".jobs")
    yield made
    for job in made.jobs():
        made.stop(job.number, None)
    until(lambda: not any(job.is_open for job in made.jobs()))
    made.close()


def test_a_training_is_paused_changed_and_goes_on(queue, tmp_path):
    job = queue.submit("me", "long", LONG, str(tmp_path))
    until(lambda: of(queue, job.number).step > 0)
    assert not queue.pause(job.number, "you")
    assert queue.pause(job.number, "me")
    until(lambda: of(queue, job.number).state == "paused")
    at = of(queue, job.number).step
    assert queue.set(job.number, "you", beta=2.0).startswith("This training does not go on")
    assert queue.set(job.number, "me", beta=-2.0) == "beta is -2.0; allowed: from 0 to 1000."
    assert queue.set(job.number, "me", beta=4.0, learning_rate=0.002) == ""
    assert of(queue, job.number).step == at  # it waits
    assert queue.resume(job.number, "me")
    until(lambda: of(queue, job.number).beta == 4.0)
    now = of(queue, job.number)
    assert (now.state, now.learning_rate) == ("running", 0.002)
    assert now.step > at
    assert queue.stop(job.number, None)  # the machine's own person may stop every one
    until(lambda: of(queue, job.number).state == "stopped")
    rows = (tmp_path / "long/changes.csv").read_text().splitlines()
    assert rows[0] == "step,beta,learning_rate"
    assert rows[1] == f"0,{LONG.beta},{LONG.learning_rate}"
    assert rows[2].split(",")[1:] == ["4.0", "0.002"]
    assert int(rows[2].split(",")[0]) >= at


def test_what_it_shows_is_there_before_it_has_learned_and_moves(queue, tmp_path, digits):
    job = queue.submit("me", "seen", LONG, str(tmp_path))
    until(lambda: queue.live_stamp(job.number) > 0)
    first = queue.live(job.number)
    assert first.mu.shape == (len(digits.splits["test"]), 2)
    assert first.decoder.decode(np.zeros((1, 2), np.float32)).shape == (1, 1, 8, 8)
    until(lambda: queue.live(job.number).step > first.step)
    assert queue.live(999) is None
    assert queue.live_stamp(999) == 0


def test_a_training_that_is_expected_begins_in_the_process_that_was_started_before(queue, tmp_path):
    queue.expect()
    expected = queue._spare.process.pid
    queue.expect()
    assert queue._spare.process.pid == expected
    job = queue.submit("me", "expected", LONG, str(tmp_path))
    until(lambda: of(queue, job.number).step > 0)
    assert queue._process.pid == expected
    assert queue._spare.process is None


def test_a_process_that_nobody_needed_ends(queue):
    queue.expect()
    spare = queue._spare.process
    queue._spare.let_go(spare)
    until(lambda: not spare.is_alive)


def test_the_line_is_put_in_another_order(queue, tmp_path):
    first = queue.submit("me", "first", LONG, str(tmp_path))
    a, b, c = (queue.submit("me", name, SHORT, str(tmp_path)) for name in "abc")
    order = lambda: [job.name for job in queue.waiting()]
    assert order() == ["a", "b", "c"]
    assert queue.move(c.number, "me", 0)
    assert order() == ["c", "a", "b"]
    assert not queue.move(a.number, "you", 0)
    assert not queue.move(first.number, "me", 0)  # it runs already
    assert queue.set(b.number, "me", beta=3.0) == ""
    assert of(queue, b.number).config == checked(SHORT, beta=3.0)
    assert queue.stop(a.number, "me")
    assert order() == ["c", "b"]
    assert queue.resume(a.number, "me")  # at the end of the line
    assert order() == ["c", "b", "a"]
    assert not queue.forget(a.number, "me")
    queue.stop(a.number, "me")
    assert queue.forget(a.number, "me")
    assert a.number not in read_trainings(tmp_path / ".jobs")


APP = """
import sys, time
from pathlib import Path
from explorer.jobs.trainings import TrainingQueue
from trainer.config import FitConfig
folder = Path(sys.argv[1])
queue = TrainingQueue(folder / ".jobs")
for name in sys.argv[3:]:
    queue.submit("me", name, FitConfig.model_validate_json(sys.argv[2]), str(folder))
while queue._process is None: time.sleep(0.01)
print(queue._process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("progress", [0.0, 0.3])
def test_an_app_that_is_killed_and_started_again_ends_with_the_same_bytes(tmp_path, progress):
    """kill -9 of its whole group, so that nobody can tidy up; then what ran is paused, what waited waits, and goes on bit for bit."""
    words = [sys.executable, "-c", APP, str(tmp_path), MIDDLE.model_dump_json(), "ran", "waited"]
    with subprocess.Popen(words, cwd=HOME, stdout=subprocess.PIPE, text=True, start_new_session=True) as app:
        child = int(app.stdout.readline())
        until(lambda: read_trainings(tmp_path / ".jobs")[1].share > progress)
        os.killpg(app.pid, signal.SIGKILL)
        app.wait(60)
    until(lambda: not alive(child))
    assert read_info(tmp_path / "ran").state == "training"
    queue = TrainingQueue(tmp_path / ".jobs")
    assert [(job.name, job.state) for job in queue.jobs()] == [("waited", "waiting"), ("ran", "paused")]
    assert queue.set(1, "me", beta=2.0) == "This training is not in memory; resume it first, then change its settings."
    assert queue.resume(1, "me")
    until(lambda: not any(job.is_open for job in queue.jobs()))
    assert [(job.name, job.state) for job in queue.jobs()] == [("waited", "finished"), ("ran", "finished")], queue.jobs()
    queue.close()
    ran, waited = load_run("ran", tmp_path), load_run("waited", tmp_path)
    for file in ("weights.safetensors", "history.csv", "film.safetensors", "film_weights.safetensors", "encodings.safetensors"):
        assert (ran.folder / file).read_bytes() == (waited.folder / file).read_bytes(), file


def test_one_app_at_a_time_trains_and_another_only_looks(queue, tmp_path):
    job = queue.submit("me", "long", LONG, str(tmp_path))
    other = TrainingQueue(tmp_path / ".jobs")
    assert "another app of this machine trains with" in other.why_not()
    assert [one.name for one in other.jobs()] == ["long"]
    assert other.submit("me", "second", SHORT, str(tmp_path)) is None
    assert not other.stop(job.number, None)


def test_what_cannot_be_understood_is_left_out_and_left_alone(tmp_path):
    folder = tmp_path / ".jobs"
    queue = TrainingQueue(folder)
    assert not folder.exists()  # who only looks writes nothing
    queue.submit("me", "a", SHORT, str(tmp_path))
    until(lambda: not any(job.is_open for job in queue.jobs()))
    queue.close()
    sound = json.loads((folder / "1/job.json").read_text())
    wrong = [
        b"",
        b"[]",
        b"{",
        {**sound, "state": "odd"},
        {**sound, "name": "../x"},
        {**sound, "config": {"epochs": 0}},
        {**sound, "share": 7},
    ]
    for number, content in enumerate(wrong, 2):
        (folder / str(number)).mkdir()
        (folder / str(number) / "job.json").write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    again = TrainingQueue(folder)
    assert [job.number for job in again.jobs()] == [1]
    again.close()
