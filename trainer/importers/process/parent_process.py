"""How is somebody else's code run so that nothing it does harms or stops this program?

`run_apart` starts a process of its own for one piece of work (`trainer.cli.import_worker` is its other end) and relays what it tells.
There, their code has its own command line, folder and module names. What it prints goes to stderr, as much as anybody reads; exceptions,
exits and crashes arrive as one sentence; Ctrl-C ends both processes, and the end of this one ends the other.

The two talk in lines of JSON: nothing that comes from there is unpickled.
"""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from trainer.importers.process.external_errors import MOST_FRAMES, ExternalCodeError, cleaned, shown_path
from trainer.importers.process.module_names import ROOT, is_theirs

MOST_RELAYED = 200_000  # bytes of what their code prints
TICK = 0.5  # seconds between two looks at the clock
PATIENCE = 3.0  # seconds that the process gets to end by itself after Ctrl-C
START = f"import sys; sys.path.insert(0, {ROOT!r}); from trainer.cli.import_worker import main; main()"
FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<name>\S+)')

Message = Mapping[str, Any]


@dataclass
class _Apart:
    """What is known of the process while it runs."""

    process: subprocess.Popen[bytes]
    """of the operating system"""
    messages: queue.Queue[Message | None] = field(default_factory=queue.Queue)
    """that have come; None when there will be no more"""
    fault: list[str] = field(default_factory=list)
    """what Python says when it crashes"""
    tail: bytes = b""
    """the last of what their code printed"""
    part: str = ""
    """what it last said that it was doing"""


def run_apart(request: Message, on_message: Callable[[Message], None], on_output: Callable[[bytes], None], folder: str) -> None:
    """Runs `request` in another process, started in `folder`; returns when it is done.

    request: what `trainer.cli.import_worker` understands.
    on_message: gets every message of it, and {} now and then.
    on_output: gets what their code prints.

    Raises `LatentError` with what it told of a mistake, `ExternalCodeError` where it ended without a word.
    """
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:replace"}
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment,
    )
    apart = _Apart(process)
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    threads = [
        threading.Thread(target=_listen, args=(process.stdout, apart), daemon=True),
        threading.Thread(target=_relay, args=(process.stderr, apart, on_output), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()  # and stays open: its end tells the other process that this one is gone
        is_done = _follow(apart, on_message)
        process.wait()
    except BaseException:
        _end(process)
        raise
    finally:
        for thread in threads:
            thread.join(PATIENCE)
        process.stdin.close()
    if not is_done:
        raise _without_a_word(apart)


def _follow(apart: _Apart, on_message: Callable[[Message], None]) -> bool:
    """Passes messages on until there are no more; whether the last word was that all is done."""
    is_done = False
    while True:
        try:
            message = apart.messages.get(timeout=TICK)
        except queue.Empty:
            on_message({})
            continue
        if message is None:
            return is_done
        if "error" in message:
            error = ExternalCodeError(str(message["error"]))
            error.missing = message.get("missing")
            apart.process.wait()
            raise error
        apart.part = str(message.get("part", apart.part))
        is_done = is_done or bool(message.get("done"))
        on_message(message)


def _listen(stream: IO[bytes], apart: _Apart) -> None:
    """Lines of the channel: messages, or what Python says of a crash."""
    for line in stream:
        try:
            message = json.loads(line)
        except ValueError:
            apart.fault.append(line.decode("utf-8", "replace").rstrip())
            continue
        if isinstance(message, dict):
            apart.messages.put(message)
    apart.messages.put(None)


def _relay(stream: IO[bytes], apart: _Apart, on_output: Callable[[bytes], None]) -> None:
    """What their code prints, until it is more than anybody reads; what is not shown is read all the same, so that nobody waits."""
    shown = 0
    while chunk := stream.read1(65536):  # type: ignore[attr-defined]
        apart.tail = (apart.tail + chunk)[-4000:]
        if shown < MOST_RELAYED:
            on_output(chunk[: MOST_RELAYED - shown])
            if shown + len(chunk) >= MOST_RELAYED:
                on_output(f"\n… more than {MOST_RELAYED // 1000} kB: what follows is not shown (Ctrl-C ends it)\n".encode())
        shown += len(chunk)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process: as Ctrl-C does, which a terminal has done already, and otherwise by force."""
    since = time.monotonic()
    for ask in (None, signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        if ask is not None:
            process.send_signal(ask)
        try:
            process.wait(PATIENCE / 4 if time.monotonic() - since < PATIENCE else 0.1)
        except subprocess.TimeoutExpired:
            continue


def _without_a_word(apart: _Apart) -> ExternalCodeError:
    """The sentence for a process that ended without one: a crash, a signal, os._exit."""
    code, what = apart.process.returncode, apart.part or "starting"
    if code < 0:
        name = {int(s): s.name for s in signal.Signals}.get(-code, str(-code))
        how = {
            "SIGSEGV": "it crashed in compiled code (a segmentation fault)",
            "SIGABRT": "compiled code gave up (abort)",
            "SIGKILL": "the system ended it, most often for want of memory",
            "SIGBUS": "it crashed in compiled code (a bus error)",
        }.get(name, f"signal {name} ended it")
        remedy = "look at the lines below" if apart.fault else "try it with fewer images, or on a machine with more memory"
    else:
        how = f"it ended the process with exit code {code}, past every clean-up (os._exit)"
        remedy = "take that out, or put it under if __name__ == '__main__':"
    frames = [match for match in map(FRAME.search, apart.fault) if match and is_theirs(match["file"])]
    lines = [f"{shown_path(match['file'])}, line {match['line']}, in {match['name']}" for match in frames[:MOST_FRAMES]]
    last = [line for line in cleaned(apart.tail.decode("utf-8", "replace")).splitlines() if line.strip()][-3:]
    lines += [f"printed last: {line}" for line in last]
    return ExternalCodeError("\n  ".join([f"the model's code did not come back while {what}: {how}; {remedy}.", *lines]))


def absolute(path: str) -> str:
    """A path that holds from another folder too."""
    return str(Path(path).expanduser().absolute())
