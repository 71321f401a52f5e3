"""How does another program train a run in a process of its own, see how far it is, and stop it?

    python -m trainer.cli.job

The first line on stdin is {"config": …, "name": …, "runs": …, "resume": false}; every line on stdout is a JSON object: {"share", "words"}
while it goes on, then one with "done", "stopped" or "error". It stops after the step that it is at, leaving a run that resumes, when it
is interrupted or when stdin ends: so it never outlives the program that asked for it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from trainer.numerals import count, number

if TYPE_CHECKING:
    from trainer.config import FitConfig
    from trainer.training.events import Event, Finishing

EVERY_S = 0.25
BEGUN = 0.001  # more than nothing: there is a run that goes on when asked


def main() -> int:
    # a flag and no exception: an interrupt in the middle of an import or a write is lost or does harm
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    spec = json.loads(sys.stdin.readline())
    threading.Thread(target=_watch_stdin, args=(stop,), daemon=True).start()
    from trainer.config import FitConfig  # torch takes seconds
    from trainer.datasets import load_dataset
    from trainer.errors import LatentError
    from trainer.training.fit import fit

    try:
        config = FitConfig(**spec["config"])
        data = load_dataset(config.data, download=False)
        events = fit(config, data, spec["name"], spec["runs"], resume=spec["resume"], heard=_hearing())
        ended = _train(events, config, stop) if not stop.is_set() else False
    except LatentError as error:
        _say({"error": str(error)})
        return 2
    _say({"done" if ended else "stopped": spec["name"]})
    return 0 if ended else 130


def _train(events: Iterator[Event], config: FitConfig, stop: threading.Event) -> bool:
    """Whether it went on to its end."""
    for line in _lines(events, config, stop):
        _say(line)
    if stop.is_set():
        events.close()  # type: ignore[attr-defined]  # a generator: closing it writes the checkpoint
    return not stop.is_set()


def _lines(events: Iterator[Event], config: FitConfig, stop: threading.Event) -> Iterator[dict[str, Any]]:
    from trainer.training.events import EpochEnded, Finished, Finishing, Stepped

    epoch, said = 1, 0.0
    for event in events:
        match event:
            case Stepped() if time.monotonic() - said > EVERY_S:
                said = time.monotonic()
                words = f"epoch {epoch} of {config.epochs} · loss {number(event.loss)} · KL {number(event.kl)}"
                yield {"share": max(event.share, BEGUN), "words": words + _left(event.seconds_left)}
            case EpochEnded():
                epoch = min(event.epoch + 1, config.epochs)
            case Finishing():
                yield _of_part(event)
            case Finished():
                stop.clear()  # it is whole: too late to stop
                yield {"share": 1.0, "words": "finished"}
        if stop.is_set():
            return


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


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def _watch_stdin(stop: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    stop.set()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # without the interpreter's farewell, in which the thread that watches stdin may be in the way
