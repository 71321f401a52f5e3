"""How does another program train a run in a process of its own, see how far it is, change its settings, and stop it?

    python -m trainer.cli.job

The first line on stdin is {"config": …, "name": …, "runs": …, "resume": false}, with "folder", where the process may keep what only its
program reads, "preset", if there is one, and "chosen", sentences about settings that were chosen from the data. Every further line is a
command:

    {"do": "pause"}   {"do": "resume"}   {"do": "stop"}
    {"do": "set", "beta": 2.0, "learning_rate": 0.001}       either of the two; acts at the next step

Every line on stdout is a JSON object: {"share", "words"} while it goes on, with "step", "n_steps", "epoch", "beta" and "learning_rate"
between steps; {"paused": true} and {"paused": false}; {"refused": sentence} for a command that is not allowed; then one with "done",
"stopped" or "error". In `folder` lies `live.safetensors` (`trainer.runs.live`), and a lock as long as the process lives: another one of
the same folder waits for its end. It stops after the step that it is at, leaving a run that resumes, when it is interrupted or when stdin
ends: so it never outlives the program that asked for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.cli.progress import again_sentence
from trainer.numerals import count, number

if TYPE_CHECKING:
    from trainer.config import FitConfig
    from trainer.training.events import Event, Finishing, Stepped
    from trainer.training.steering import Steering

EVERY_S = 0.25
BEGUN = 0.001  # more than nothing: there is a run that goes on when asked
LIVE, LOCK = "live.safetensors", "lock"
MOST_LINE = 2**20  # characters of a command


def main() -> int:
    # flags and no exceptions: an interrupt in the middle of an import or a write is lost or does harm
    early = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: early.set())
    told = _stdin_lines()
    import trainer.training.fit  # noqa: F401  (seconds, in which whoever expects a training may have started the process already)

    if not _is_told():
        _make_optimiser()
    if not _is_told():
        import sklearn.datasets  # noqa: F401  (one more, which the first snapshot of most trainings would wait for)
    if (first := next(told, None)) is None:
        return 0
    spec = json.loads(first)
    with _alone(spec.get("folder")):
        from trainer.training.steering import Steering  # torch takes seconds

        steering = Steering(Path(spec["folder"]) / LIVE if spec.get("folder") else None)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: steering.stop())
        if early.is_set():
            steering.stop()
        return _job(spec, told, steering)


def _make_optimiser() -> None:
    """Torch's first one imports its compiler, which takes seconds too: here nobody waits for it."""
    import torch

    torch.optim.AdamW([torch.zeros(1)])


def _is_told() -> bool:
    """Whether stdin has something to say, or has ended; as far as a system tells that of a pipe."""
    try:
        return bool(select.select([0], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _job(spec: Mapping[str, Any], told: Iterator[bytes], steering: Steering) -> int:
    from trainer.config import FitConfig
    from trainer.datasets import load_dataset
    from trainer.errors import LatentError
    from trainer.runs.read import read_info
    from trainer.runs.storage import place
    from trainer.training.fit import fit

    try:
        config = FitConfig(**spec["config"])
        threading.Thread(target=_obey, args=(told, config, steering), daemon=True).start()
        data = load_dataset(config.data, download=False)
        how = {"resume": spec["resume"], "preset": spec.get("preset", "custom"), "chosen": tuple(spec.get("chosen", ()))}
        events = fit(config, data, spec["name"], spec["runs"], **how, heard=_hearing(), steering=steering)
        if spec["resume"]:  # it may have started again before, with fewer epochs
            config = read_info(place(spec["runs"]) / spec["name"]).config
        ended = _train(events, config, steering) if not steering.is_stopped else False
    except LatentError as error:
        _say({"error": str(error)})
        return 2
    _say({"done" if ended else "stopped": spec["name"]})
    return 0 if ended else 130


@contextlib.contextmanager
def _alone(folder: str | None) -> Iterator[None]:
    """As long as this process works with the folder no other one does: it may have been told to end and not have done so yet."""
    if folder is None:
        yield
        return
    from trainer.runs.lock import lock

    Path(folder).mkdir(parents=True, exist_ok=True)
    with (Path(folder) / LOCK).open("w") as file:
        lock(file, waits=True)
        yield


def _train(events: Iterator[Event], config: FitConfig, steering: Steering) -> bool:
    """Whether it went on to its end."""
    for line in _lines(events, config, steering):
        _say(line)
    if steering.is_stopped:
        events.close()  # type: ignore[attr-defined]  # a generator: closing it writes the state
    return not steering.is_stopped


def _lines(events: Iterator[Event], config: FitConfig, steering: Steering) -> Iterator[dict[str, Any]]:
    from trainer.training.events import EpochEnded, Finished, Finishing, StartedAgain, Stepped

    epoch, said, after = 1, 0.0, ""
    for event in events:
        match event:
            case Stepped() if time.monotonic() - said > EVERY_S or steering.is_paused:
                said = time.monotonic()
                yield _of_step(event, epoch, f"{count(config.epochs)}{after}")
            case EpochEnded():
                epoch = min(event.epoch + 1, config.epochs)
            case StartedAgain():
                epoch, config, after = 1, event.config, f", as {count(config.epochs)} overfit"
                yield {"share": BEGUN, "words": again_sentence(event)}
            case Finishing():
                yield _of_part(event)
            case Finished():
                steering.forget_stop()  # it is whole: too late to stop
                yield {"share": 1.0, "words": "finished"}
                return
        if steering.is_paused and not steering.is_stopped:
            yield {"paused": True}
            steering.wait()
            yield {"paused": False}
        if steering.is_stopped:
            return


def _of_step(event: Stepped, epoch: int, epochs: str) -> dict[str, Any]:
    words = f"epoch {count(epoch)} of {epochs} · training loss {number(event.loss)} · KL {number(event.kl)}"
    return {
        "share": max(event.share, BEGUN),
        "words": words + _left(event.seconds_left),
        "step": event.step,
        "n_steps": event.n_steps,
        "epoch": epoch,
        "beta": event.setting.beta,
        "learning_rate": event.setting.learning_rate,
    }


def _hearing() -> Callable[[Finishing], None]:
    """Says how far a part is, a few times a second."""
    said = 0.0

    def hear(event: Finishing) -> None:
        nonlocal said
        if time.monotonic() - said > EVERY_S:
            said = time.monotonic()
            _say(_of_part(event))

    return hear


def _of_part(event: Finishing) -> dict[str, Any]:
    return {"share": event.share, "words": f"{event.part} …{_left(event.seconds_left)}"}


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f" · {count(round(seconds))} s left"


_SAYING = threading.Lock()


def _say(line: dict[str, Any]) -> None:
    with _SAYING:
        print(json.dumps(line), flush=True)


def _stdin_lines() -> Iterator[bytes]:
    """Lines of stdin until its end, each as soon as it is there: Python's own reader would keep back what it has read ahead."""
    rest = b""
    while (read := os.read(0, 65_536)) and len(rest) < MOST_LINE:
        *lines, rest = (rest + read).split(b"\n")
        yield from lines


def _obey(told: Iterator[bytes], config: FitConfig, steering: Steering) -> None:
    """Takes commands until stdin ends, and then stops the training."""
    for line in told:
        if refused := _command(line, config, steering):
            _say({"refused": refused})
    steering.stop()


def _command(line: bytes, config: FitConfig, steering: Steering) -> str:
    """Does what a line says; the sentence where that is not allowed."""
    from trainer.training.steering import refusal

    try:
        command = json.loads(line)
        told = {key: float(command[key]) for key in ("beta", "learning_rate") if command.get(key) is not None}
        match command["do"]:
            case "pause":
                steering.pause()
            case "resume":
                steering.resume()
            case "stop":
                steering.stop()
            case "set":
                if refused := refusal(config, told.get("beta"), told.get("learning_rate")):
                    return refused
                steering.set(**told)
            case _:
                raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"this is no command: {line[:80].decode('utf-8', 'replace')}; allowed: pause, resume, stop, set."
    return ""


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # without the interpreter's farewell, in which the thread that reads stdin may be in the way
