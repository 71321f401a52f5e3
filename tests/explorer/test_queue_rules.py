"""Is a training refused with the sentence that says why, and does nobody lose what another person trained? Records alone; nothing runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from explorer.jobs.queue_rules import (
    MOST_KEPT,
    MOST_OF_ALL,
    MOST_WAITING,
    in_line,
    listed,
    refused_to_queue,
    refused_to_resume,
    too_old,
)
from explorer.jobs.training import Training, read_trainings, write_training
from explorer.jobs.trainings import TrainingQueue
from trainer.config import FitConfig


def training(number: int, owner: str = "me", name: str = "", state: str = "stopped") -> Training:
    return Training(number, owner, name or f"run-{number}", FitConfig(), "/runs", state=state)


FULL = [training(number, state="waiting") for number in range(1, MOST_WAITING + 1)]


@pytest.mark.parametrize(
    ("jobs", "sentence"),
    [
        ([], ""),
        ([training(1, name="x")], ""),  # it goes on
        ([training(1, name="x", state="paused")], "under way"),
        ([training(1, "you", "x", "running")], "under way"),
        ([training(1, "you", "x")], "another person's"),
        ([training(1, "you", "x", "finished")], "another person's"),
        (FULL[1:], ""),
        (FULL, "8 trainings wait or run already"),
    ],
)
def test_what_is_queued_and_what_is_not(jobs, sentence):
    found = refused_to_queue(jobs, "me", "x")
    assert bool(found) == bool(sentence)
    assert sentence in found


@pytest.mark.parametrize(
    ("jobs", "sentence"),
    [
        ([training(9)], ""),
        ([training(9), *FULL[1:]], ""),
        ([training(9), *FULL], "8 trainings wait or run already"),
        ([training(9, state="paused"), *FULL], ""),  # it has its turn
        ([training(9, name="run-1"), FULL[0]], "Another training of run 'run-1' is under way"),
        ([], ""),
    ],
)
def test_what_goes_on_and_what_does_not(jobs, sentence):
    found = refused_to_resume(jobs, 9)
    assert bool(found) == bool(sentence)
    assert sentence in found


def test_the_list_of_one_person_never_shortens_another_ones():
    mine = [training(number) for number in range(1000, 1000 - MOST_KEPT - 3, -1)]
    old = [training(number, "you") for number in range(9, 0, -1)]
    assert too_old([*mine, *old], "me") == {job.number for job in mine[MOST_KEPT:]}
    assert too_old([*mine[:5], *old], "me") == set()
    crowd = [training(number, f"visitor {number}") for number in range(MOST_OF_ALL + 2, 0, -1)]
    assert too_old(crowd, "me") == {1, 2}
    assert too_old([replace(job, state="waiting") for job in crowd], "me") == set()


def test_a_queue_keeps_to_the_rules(tmp_path):
    for job in (training(1, "you", "x"), training(2, "me", "y"), *(replace(job, number=job.number + 10) for job in FULL)):
        write_training(tmp_path, job)
    (tmp_path / "13/job.json").unlink()  # one less than too many
    write_training(tmp_path, training(30, name="paused", state="paused"))
    queue = TrainingQueue(tmp_path)
    try:
        assert "another person's" in queue.why_not_queue("me", "x")
        assert queue.submit("me", "x", FitConfig(), str(tmp_path)) is None
        assert "8 trainings wait or run already" in queue.why_not_queue("me", "z")
        assert "8 trainings wait or run already" in queue.why_not_resume(2)
        assert not queue.resume(2, "me")
        assert read_trainings(tmp_path)[1].owner == "you"
        assert [job.number for job in queue.jobs() if job.state == "stopped"] == [2, 1]
    finally:
        queue.close()


def test_the_list_begins_with_what_runs_then_what_waits_in_its_order_then_what_has_ended():
    states = {6: "finished", 5: "waiting", 4: "waiting", 3: "running", 2: "waiting", 1: "stopped"}
    orders = {5: 1, 4: 3, 2: 2}
    jobs = [replace(training(number, state=state), order=orders.get(number, 0)) for number, state in states.items()]
    assert [job.number for job in in_line(jobs)] == [5, 2, 4]
    assert [job.number for job in listed(jobs)] == [3, 5, 2, 4, 6, 1]
