"""The other end of `trainer.importers.process.parent_process`: the process in which somebody else's code runs.

It loads all of ours first, then gives their code a command line, a standard input and module names of its own, and tells what happens in
lines of JSON on what was its standard output.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import shlex
import sys
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trainer.errors import LatentError
from trainer.importers.process.external_errors import ExternalCodeError, complaint, lines_of
from trainer.numerals import count, percent

if TYPE_CHECKING:
    from trainer.cli.import_ import ImportOptions, ModelOptions
    from trainer.datasets import Dataset
    from trainer.importers.importing import HowTrained
    from trainer.importers.loading import Loaded
    from trainer.importers.process.module_names import Namesakes

Tell = Callable[..., None]


class Channel:
    """Messages to the process that started this one."""

    def __init__(self, fd: int) -> None:
        self.fd, self._lock = fd, threading.Lock()

    def tell(self, **message: Any) -> None:
        """One message; ends the process where nobody listens any more."""
        line = json.dumps(message).encode() + b"\n"
        try:
            with self._lock:
                while line:
                    line = line[os.write(self.fd, line) :]
        except BrokenPipeError:
            os._exit(1)


def _request() -> dict[str, Any]:
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 65536)
        if not part:
            os._exit(1)
        line += part
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def _watch(lifeline: int) -> None:
    """Ends this process when the one that started it is gone."""
    with contextlib.suppress(OSError):
        while os.read(lifeline, 4096):
            pass
    os._exit(1)


def _own_streams() -> tuple[Channel, int]:
    """What was standard output is the channel; their code prints to standard error and reads nothing."""
    channel, lifeline = os.dup(1), os.dup(0)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return Channel(channel), lifeline


def main() -> None:
    """Does what the first line of standard input asks for."""
    request = _request()
    channel, lifeline = _own_streams()
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()
    faulthandler.enable(file=channel.fd)
    os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")  # what they compile is asked a few times only
    try:
        _work(request, channel)
        channel.tell(done=True)
    except LatentError as error:
        channel.tell(error=str(error), missing=error.missing if isinstance(error, ExternalCodeError) else None)
        code = 2
    except KeyboardInterrupt:
        code = 130
    except BaseException as error:
        code = _told(error, channel)
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # threads and exit handlers of theirs do not keep it


def _told(error: BaseException, channel: Channel) -> int:
    """Tells of an exception that nobody caught, theirs as a sentence, ours as it is; the exit code."""
    if lines_of(error):
        channel.tell(error=str(complaint("the model's code failed when it was asked", error)))
        return 2
    channel.tell(bug="".join(traceback.format_exception(error)))
    return 1


def _work(request: dict[str, Any], channel: Channel) -> None:
    channel.tell(part="starting")
    from trainer.cli.import_ import options_of
    from trainer.importers.process.module_names import Namesakes
    from trainer.importers.process.module_reference import place_of

    _load_all()
    options = options_of(request)
    place = place_of(options.module)
    sys.argv = [str(place.file or place.dotted), *shlex.split(options.command_line)]
    namesakes = Namesakes(place.folders)
    namesakes.install()
    _answer(str(request["command"]), options, namesakes, channel.tell)


def _load_all() -> None:
    """Everything of ours and of what it needs, before any module of theirs can stand in its place."""
    import trainer.importers.importing
    import trainer.importers.loading  # noqa: F401


def _answer(command: str, options: ModelOptions, namesakes: Namesakes, tell: Tell) -> None:
    """What `command` asks for, in this process; `tell` takes parts, notes and what is to be said. Raises `LatentError`."""
    import torch

    from trainer.cli.import_ import LOADING, ImportOptions
    from trainer.datasets import load_dataset
    from trainer.importers.importing import HowTrained
    from trainer.importers.loading import load_model

    tell(part=LOADING)
    torch.manual_seed(0)  # the same random weights twice, where there are no others
    loaded = load_model(options.module, options.arguments, options.weights, options.weights_key, namesakes)
    tell(part="reading the data set")
    dataset = load_dataset(options.data, progress=True)
    for note in dataset.notes:
        tell(note=note)
    how = HowTrained(
        likelihood=options.likelihood,
        sigma=options.sigma,
        beta=options.beta,
        output=options.output,
        binarise=options.binarise,
        pixels=options.pixels,
        loss=options.loss,
        spread=options.spread,
        conditional=options.conditional,
    )
    if isinstance(options, ImportOptions):
        _import(options, loaded, dataset, how, tell)
    else:
        _check(options, loaded, dataset, how, tell)


def _import(options: ImportOptions, loaded: Loaded, dataset: Dataset, how: HowTrained, tell: Tell) -> None:
    from trainer.cli.import_ import run_line, source_of
    from trainer.cli.measuring import classifier_line
    from trainer.diagnosis.diagnose import diagnose, implied_line
    from trainer.importers.importing import import_model

    assert options.name is not None
    run = import_model(
        loaded.model,
        dataset,
        options.name,
        source=source_of(options),
        loaded=loaded.notes,
        how=how,
        runs=options.runs,
        overwrite=options.overwrite,
        umap=options.umap,
        classifier=options.classifier,
        thorough=options.thorough,
        on_part=lambda part, share: tell(part=part) if share is None else tell(part=part, share=share),
    )
    lines = [f"{run.folder}: {run_line(run.info)}.", f"figures are of {_held_out_of(dataset)}"]
    lines += [*run.info.origin.understood, *run.info.origin.sentences()] if run.info.origin else []
    if run.classifier is not None:
        lines.append(classifier_line(run.classifier, f"`atlas classifier {run.id}` trains it again, without a limit of time"))
    if run.info.examination is not None:
        verdict = diagnose(run.config, run.info.examination, run.encodings.mu)
        lines += [verdict.headline, *(verdict.because if verdict.kind == "no-verdict" else ())]
        implied = implied_line(run.config, run.info.examination, run.encodings.mu, run.encodings.logvar)
        lines += [implied] if implied and implied not in lines else []
    tell(say="\n  ".join(lines))


def _held_out_of(dataset: Dataset) -> str:
    """The test images, and their share of all."""
    n_test, n = len(dataset.splits["test"]), len(dataset.images)
    return f"{count(n_test)} test images, {percent(n_test / n)} of the {count(n)} in {dataset.name}"


def _check(options: ModelOptions, loaded: Loaded, dataset: Dataset, how: HowTrained, tell: Tell) -> None:
    from trainer.cli.import_ import source_of
    from trainer.importers.importing import check_model

    tell(part="running the model")
    adapter, understood = check_model(loaded.model, dataset, how)
    lines = [
        f"{source_of(options)}: a {type(loaded.model).__name__}, {count(adapter.n_parameters)} parameters",
        *loaded.notes,
        *understood,
    ]
    tell(say="\n  ".join(lines))
