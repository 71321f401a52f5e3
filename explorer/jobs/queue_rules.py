"""What may be asked of a queue of trainings, and what follows from a line of a process? Rules over records, without process and disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.jobs.training import Training

MOST_WAITING = 8
MOST_KEPT, MOST_OF_ALL = 20, 200  # of those that have ended, of one person and of all


def refused_to_queue(jobs: Sequence[Training], owner: str, name: str) -> str:
    """Why a training of that name cannot be queued, as a sentence; empty where it can."""
    same = [job for job in jobs if job.name == name]
    if any(job.is_open for job in same):
        return f"A training of run {name!r} is under way; wait for it, or choose another name."
    if any(job.owner != owner for job in same):
        return f"A training of run {name!r} is another person's; choose another name."
    return refused_as_full(jobs)


def refused_to_resume(jobs: Sequence[Training], number: int) -> str:
    """Why what ended early cannot go on now, as a sentence; empty where it can, and of what is under way."""
    job = next((job for job in jobs if job.number == number), None)
    if job is None or job.is_open:
        return ""
    if any(other.is_open and other.name == job.name for other in jobs):
        return f"Another training of run {job.name!r} is under way; wait for it."
    return refused_as_full(jobs)


def refused_as_full(jobs: Sequence[Training]) -> str:
    """The sentence where no more trainings may wait."""
    is_full = sum(job.is_open for job in jobs) >= MOST_WAITING
    return f"{MOST_WAITING} trainings wait or run already; stop one, or wait for one to end." if is_full else ""


def too_old(jobs: Sequence[Training], owner: str) -> set[int]:
    """Which of those that have ended go from the list: those of `owner` beyond `MOST_KEPT`, and what is too much of all.

    jobs: the newest first.
    """
    over = [job for job in jobs if not job.is_open]
    own = [job for job in over if job.owner == owner]
    return {job.number for job in (*own[MOST_KEPT:], *over[MOST_OF_ALL:])}


def moved(line: list[int], number: int, position: int) -> list[int]:
    """The line with one of it at another position."""
    others = [each for each in line if each != number]
    return [*others[: max(0, position)], number, *others[max(0, position) :]]


def in_line(jobs: Sequence[Training]) -> list[Training]:
    """Those that wait, in the order in which they begin."""
    return sorted((job for job in jobs if job.state == "waiting"), key=lambda job: job.order)


def listed(jobs: Sequence[Training]) -> list[Training]:
    """As a list shows them: what runs or is paused, then what waits in the order in which it begins, then what has ended.

    jobs: the newest first.
    """
    under_way = [job for job in jobs if job.state in ("running", "paused")]
    return [*under_way, *in_line(jobs), *(job for job in jobs if not job.is_open)]


def given(**settings: float | None) -> dict[str, float]:
    """Those that are to change."""
    return {key: value for key, value in settings.items() if value is not None}


def reached(said: Mapping[str, Any], is_stopping: bool) -> dict[str, Any]:
    """What of a training changes with a line of its process that says how far it is."""
    known = {key: said[key] for key in ("step", "n_steps", "beta", "learning_rate") if key in said}
    return {"share": float(said["share"]), "words": "stopping …" if is_stopping else str(said["words"]), **known}


def ended(ending: Mapping[str, Any], share: float) -> dict[str, Any]:
    """What of a training changes when its process is over."""
    if "done" in ending:
        return {"state": "finished", "share": 1.0, "words": "finished"}
    if "error" in ending:
        return {"state": "failed", "words": str(ending["error"])}
    if "stopped" in ending:
        kept = "it can be resumed from its last checkpoint" if share > 0 else "nothing had been trained yet"
        return {"state": "stopped", "words": f"stopped; {kept}"}
    return {"state": "failed", "words": "the training process ended without a message; it may have run out of memory."}
