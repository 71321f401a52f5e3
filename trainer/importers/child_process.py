"""The other end of `trainer.importers.parent_process`: the process in which somebody else's code runs.

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
from typing import Any

from trainer.errors import LatentError
from trainer.importers.external_errors import ForeignCodeError, complaint, lines_of


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
        channel.tell(error=str(error), missing=error.missing if isinstance(error, ForeignCodeError) else None)
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
    from trainer.cli import import_ as cli_import
    from trainer.importers.module_names import Namesakes
    from trainer.importers.module_reference import place_of

    cli_import.load_all()
    options = cli_import.options_of(request)
    place = place_of(options.module)
    sys.argv = [str(place.file or place.dotted), *shlex.split(options.command_line)]
    namesakes = Namesakes(place.folders)
    namesakes.install()
    cli_import.work(str(request["command"]), options, namesakes, channel.tell)
