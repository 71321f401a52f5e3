"""What does a person see while a run is trained, and what when it is done?

On a terminal one line that is drawn anew, in a file or a pipe a line every ten seconds and at every part of the work: never a thousand bars
that were meant to overwrite each other. The share is that of all work, so it is 100 % when the run is whole.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from trainer.console import program
from trainer.numerals import count, counted, number, percent

if TYPE_CHECKING:
    from trainer.config import FitConfig
    from trainer.training.events import Event, Finished, Finishing, StartedAgain

LINE_EVERY_S = 10.0


class Drawing(Protocol):
    """Where progress is shown."""

    def draw(self, share: float, words: str, is_new: bool = False) -> None:
        """`share` in [0, 1] is of all work; `is_new` where something else begins."""

    def say(self, words: str) -> None:
        """A line that stays."""

    def close(self) -> None: ...


class Bar:
    """One line of a terminal."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=1,
            bar_format="{percentage:3.0f} % {bar:24} {desc}",
            file=sys.stderr,
            mininterval=0.2,
            dynamic_ncols=True,
            leave=False,
        )

    def draw(self, share: float, words: str, is_new: bool = False) -> None:
        self._bar.n = share
        self._bar.set_description_str(words)

    def say(self, words: str) -> None:
        self._bar.write(words, file=sys.stderr)

    def close(self) -> None:
        self._bar.close()


class Lines:
    """Lines in a file: not more than one in ten seconds, but each part once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._said = clock, clock()

    def draw(self, share: float, words: str, is_new: bool = False) -> None:
        if is_new or self._clock() - self._said >= LINE_EVERY_S:
            self._said = self._clock()
            print(f"{percent(int(100 * share) / 100)} · {words}", file=sys.stderr, flush=True)

    def say(self, words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    def close(self) -> None:
        pass


def show(
    start: Callable[[Callable[[Finishing], None]], Iterator[Event]],
    config: FitConfig,
    goes_on: str,
    opening: str = "",
    drawing: Drawing | None = None,
) -> None:
    """Draws a training to its end, then says where the run is and how good; `goes_on` is the command that resumes it.

    `start` begins it, given who hears of a part while it goes on; `opening` is said once it has begun, so not before a refusal.
    """
    shown = Shown(config.epochs, drawing or (Bar() if sys.stderr.isatty() else Lines()), opening)
    with contextlib.closing(start(shown.part)) as events:  # type: ignore[type-var]  # a generator: closing it writes the state
        try:
            for event in events:
                shown.event(event)
        except KeyboardInterrupt:
            events.close()  # type: ignore[attr-defined]  # first what is on disk: the terminal may be gone
            with contextlib.suppress(OSError):
                shown.drawing.close()
                left = f"{program()} {goes_on} goes on from the last checkpoint" if shown.has_begun else "nothing was trained yet"
                print(f"\nstopped; {left}.", file=sys.stderr)
            raise
        finally:
            with contextlib.suppress(OSError):
                shown.drawing.close()


class Shown:
    """What is drawn of a training so far."""

    def __init__(self, n_epochs: int, drawing: Drawing, opening: str) -> None:
        self.drawing, self.has_begun = drawing, False
        self._n_epochs, self._opening = n_epochs, opening
        self._epoch, self._latest, self._part = 1, "", ""

    def event(self, event: Event) -> None:
        """Draws one event, the first one after the opening."""
        from trainer.training.events import EpochEnded, Finished, Finishing, StartedAgain, Stepped

        if self._opening and not self.has_begun:
            print(self._opening, file=sys.stderr)
        self.has_begun = True
        match event:
            case Stepped():
                losses = f"loss {number(event.loss)} · KL {number(event.kl)}{self._latest}"
                rest = f" · {count(round(event.images_per_s))} images/s{_left(event.seconds_left)}"
                self.drawing.draw(event.share, f"epoch {self._epoch}/{self._n_epochs} · {losses}{rest}")
            case EpochEnded():
                self._epoch, self._latest = min(event.epoch + 1, self._n_epochs), _latest(event.row)
            case StartedAgain():
                self.drawing.say(again_sentence(event))
                self._n_epochs, self._epoch, self._latest = event.config.epochs, 1, ""
            case Finishing():
                self.part(event)
            case Finished():
                self.drawing.close()
                report(event)

    def part(self, event: Finishing) -> None:
        """What comes after the training."""
        self.drawing.draw(event.share, f"{event.part} …{_left(event.seconds_left)}", is_new=event.part != self._part)
        self._part = event.part


def _latest(row: Mapping[str, float]) -> str:
    """What the line says of the last epoch."""
    if "test_error" in row:
        return f" · test error {percent(row['test_error'], 1)}"
    name = "test_elbo" if "test_elbo" in row else "test_reconstruction"
    return f" · {name.replace('_', ' ').replace('elbo', 'ELBO')} {number(row[name])}"


def again_sentence(event: StartedAgain) -> str:
    """That a training that overfits gives way to a shorter one, and why."""
    return f"The training starts again with {counted(event.config.epochs, 'epoch')}: {event.sentence}."


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f" · {clock(seconds)} left"


def report(event: Finished) -> None:
    """The line on stdout: where the run is, and its figures."""
    print(f"{event.folder}: {', '.join(_figures(event.info))}; trained in {clock(event.info.seconds)}.")
    if (found := event.info.overfitting) is not None:
        from trainer.diagnosis.sentences import overfitting_sentence

        print(f"{overfitting_sentence(found)} Type --epochs {found.fewer(event.info.config.epochs)}.")


def _figures(info: Any) -> list[str]:
    metrics = info.metrics
    if metrics.elbo is None:
        parts = [f"reconstruction {number(metrics.reconstruction)}", f"squared error {number(metrics.squared_error, 3)}"]
    else:
        given = " given the class" if info.config.is_conditional else ""
        parts = [
            f"test ELBO {number(metrics.elbo)}",
            f"NLL{given} {number(metrics.nll)} (IS-{metrics.samples}, {count(metrics.nll_n)} images)",
            f"KL {number(metrics.kl)}",
            f"{metrics.active_units} active units",
        ]
    if metrics.classifier_error is not None:
        parts.append(f"test error {percent(metrics.classifier_error, 1)} with {count(info.dataset.n_labelled)} labels")
    elif metrics.knn_accuracy is not None:
        parts.append(f"15-NN accuracy {percent(metrics.knn_accuracy, 1)}")
    return parts


def clock(seconds: float) -> str:
    """0:07, 12:30, 1:05:00."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
