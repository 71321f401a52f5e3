"""Do trainings that the app starts run one at a time, stop when asked, resume, and end with the app?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from explorer.jobs.queue_rules import MOST_WAITING
from explorer.jobs.training import Training
from explorer.jobs.trainings import TrainingQueue
from trainer.config import FitConfig
from trainer.datasets import load_dataset
from trainer.runs.catalogue import HOME, load_run
from trainer.runs.folder import CHECKPOINT
from trainer.runs.read import read_info
from trainer.training.fit import fit

pytestmark = pytest.mark.slow

SHORT = FitConfig(hidden=(6,), epochs=2, umap=False, classifier=False)
LONG = FitConfig(hidden=(6,), epochs=100_000, umap=False)


def until(holds, seconds: float = 600.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def of(queue: TrainingQueue, number: int) -> Training:
    return next(job for job in queue.jobs() if job.number == number)


def test_trainings_run_one_after_the_other_and_give_what_fit_gives(tmp_path):
    queue = TrainingQueue(tmp_path / ".jobs")
    first = queue.submit("me", "one", SHORT, str(tmp_path))
    second = queue.submit("you", "two", SHORT, str(tmp_path))
    assert first is not None
    assert second is not None
    assert of(queue, second.number).state == "waiting"
    seen = set()
    until(lambda: seen.add(sum(job.state == "running" for job in queue.jobs())) or not any(job.is_open for job in queue.jobs()))
    assert seen <= {0, 1}
    assert [of(queue, job.number).state for job in (first, second)] == ["finished", "finished"]
    alone = f"""
import sys
from trainer.config import FitConfig
from trainer.datasets import load_dataset
from trainer.training.fit import fit
for _ in fit(FitConfig.model_validate_json(sys.argv[1]), load_dataset("digits"), "three", {str(tmp_path)!r}): pass
"""
    # in a process of its own too: as many threads give the same sums in the same order
    subprocess.run([sys.executable, "-c", alone, SHORT.model_dump_json()], cwd=HOME, check=True)
    runs = [load_run(name, tmp_path) for name in ("one", "two", "three")]
    told = {
        run.id: (run.info.machine, {name: float(np.abs(w - runs[0].weights[name]).max()) for name, w in run.weights.items()})
        for run in runs
    }
    assert len({(run.folder / "weights.safetensors").read_bytes() for run in runs}) == 1, told


def test_only_the_owner_stops_a_training_and_it_goes_on_from_there(tmp_path):
    queue = TrainingQueue(tmp_path / ".jobs")
    job = queue.submit("me", "long", LONG, str(tmp_path))
    assert job is not None
    until(lambda: of(queue, job.number).share > 0)
    assert "epoch" in of(queue, job.number).words
    assert not queue.stop(job.number, "you")
    assert not queue.stop(999, "me")
    until((tmp_path / "long" / CHECKPOINT).exists)
    assert queue.stop(job.number, "me")
    until(lambda: of(queue, job.number).state == "stopped")
    info = read_info(tmp_path / "long")
    assert info.state == "interrupted"
    assert info.epoch > 0
    assert not queue.resume(job.number, "you")
    assert queue.resume(job.number, "me")
    until(lambda: of(queue, job.number).words.startswith("epoch"))
    until(lambda: of(queue, job.number).words.split()[1] not in ("1", "2"))  # not from the start
    queue.stop(job.number, "me")
    until(lambda: of(queue, job.number).state == "stopped")


def test_a_waiting_training_is_taken_from_the_queue_and_the_queue_has_an_end(tmp_path):
    queue = TrainingQueue(tmp_path / ".jobs")
    jobs = [queue.submit("me", f"run-{i}", LONG, str(tmp_path)) for i in range(MOST_WAITING + 2)]
    assert jobs[MOST_WAITING] is None
    assert queue.submit("me", "run-1", LONG, str(tmp_path)) is None  # under way already
    for job in reversed(jobs[:MOST_WAITING]):
        assert job is not None
        queue.stop(job.number, "me")
    until(lambda: not any(job.is_open for job in queue.jobs()))
    assert of(queue, jobs[3].number).words == "taken from the queue"


def test_a_refusal_is_the_trainers_sentence(tmp_path):
    queue = TrainingQueue(tmp_path / ".jobs")
    for _ in fit(SHORT, load_dataset("digits"), "there", tmp_path):
        pass
    job = queue.submit("me", "there", SHORT, str(tmp_path))
    assert job is not None
    until(lambda: not of(queue, job.number).is_open)
    assert of(queue, job.number).state == "failed"
    assert "run 'there' is already in" in of(queue, job.number).words


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_training_ends_with_the_app(how, tmp_path):
    program = f"""
import sys, time
from pathlib import Path
from explorer.jobs.trainings import TrainingQueue
from trainer.config import FitConfig
w = TrainingQueue(Path({str(tmp_path)!r}) / ".jobs")
w.submit("me", "orphan", FitConfig(hidden=(6,), epochs=100_000, umap=False), {str(tmp_path)!r})
while not any(job.share > 0 for job in w.jobs()): time.sleep(0.05)
print(w._process.pid, flush=True); time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=HOME, stdout=subprocess.PIPE, text=True) as app:
        child = int(app.stdout.readline())
        app.send_signal(how)
        app.wait(60)
    until(lambda: not alive(child))
    assert read_info(tmp_path / "orphan").state in ("interrupted", "training")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_the_process_speaks_json_alone(tmp_path):
    spec = {"config": SHORT.model_dump(mode="json"), "name": "spoken", "runs": str(tmp_path), "resume": False}
    done = subprocess.run(
        [sys.executable, "-m", "trainer.cli.job"],
        cwd=HOME,
        input=json.dumps(spec) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    told = {"share", "words", "done", "stopped", "step", "n_steps", "epoch", "beta", "learning_rate"}
    assert all(set(line) <= told for line in lines)


def test_a_training_that_goes_on_is_one_line_of_the_list(tmp_path):
    queue = TrainingQueue(tmp_path / ".jobs")
    for _ in range(2):
        job = queue.submit("me", "same", LONG, str(tmp_path))
        assert job is not None
        assert queue.stop(job.number, "me")
        until(lambda: not any(job.is_open for job in queue.jobs()))
        assert [job.name for job in queue.jobs()] == ["same"]
    assert "nothing had been trained yet" in queue.jobs()[0].words or queue.jobs()[0].share > 0
