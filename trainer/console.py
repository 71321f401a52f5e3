"""How does a command begin and end, whatever the terminal, the pipe and the signals are like?

`enter` is the door of every command of this project: the streams of the process never refuse a sign, an interrupt stops work in a way
that leaves a run that resumes, a reader that has gone away is no error. `fenced` turns a person's mistake into one sentence. Nothing but
the standard library is imported here, so that an interrupt is caught from the first moment on.
"""

from __future__ import annotations

import codecs
import contextlib
import difflib
import errno
import os
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

from trainer.errors import LatentError

VERSION = "0.1.0"
MODULE_NAME = "python -m trainer"
MISTAKE, INTERRUPTED, NOBODY_READS = 2, 130, 141  # exit codes; those of signals are 128 + their number, as shells have them

FULL = (errno.ENOSPC, errno.EDQUOT)

Main = Callable[[Sequence[str]], int]


class Stopped(KeyboardInterrupt):
    """The process was asked to end, by SIGTERM or because its terminal closed: what an interrupt does, with another exit code."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True)
class Command:
    """One word after the program's name."""

    run: Callable[[list[str]], None]
    """what it does with the words after it"""
    line: str
    """what it is for"""
    argument: str = ""
    """what stands after it in the list of commands"""
    example: str = ""
    """its arguments in an example"""


# --- the name under which the program was called

_called = MODULE_NAME


def program() -> str:
    """What a person types before a command: `atlas`, or `python -m trainer` where it was called so."""
    return _called


def call_it(name: str) -> None:
    """From now on the program is called so in messages."""
    global _called
    _called = name


# --- the door


def enter(load: Callable[[], Main], argv: Sequence[str], name: str) -> int:
    """Runs a command as a process; its exit code. load: imports the command, so that an interrupt of the imports is quiet too."""
    call_it(name)
    never_refuse_a_sign()
    hear_signals()
    code = _ended(lambda: load()(argv))
    return _ended(_flush) or code


def fenced(work: Callable[[], None]) -> int:
    """0, or 2 after a `LatentError`, whose sentence goes to stderr; other codes for an interrupt and for a pipe that nobody reads."""

    def told() -> int:
        try:
            work()
        except LatentError as error:
            if os.environ.get("RANK", "0") == "0":  # only rank 0 prints
                print(f"{program()}: {error}", file=sys.stderr)
            return MISTAKE
        return 0

    return _ended(told)


def _ended(work: Callable[[], int]) -> int:
    """What `work` says, or the exit code of how it was ended."""
    try:
        return work()
    except Stopped as stopped:
        return 128 + stopped.number
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return NOBODY_READS
    except OSError as error:
        if error.errno not in FULL:
            raise
        return _not_written(error)
    except SystemExit as leave:  # of --help
        return leave.code if isinstance(leave.code, int) else int(leave.code is not None)


def _flush() -> int:
    """What is still in the buffer goes out, while somebody can be told that it does not."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        return _not_written(error)
    return 0


def _not_written(error: OSError) -> int:
    """A disk that is full is nobody's fault here."""
    _let_go_of_stdout()
    print(
        f"{program()}: the output could not be written: {error.strerror or error}; make room or write elsewhere.", file=sys.stderr
    )
    return MISTAKE


def _let_go_of_stdout() -> None:
    """Nowhere to write: Python would complain again while it closes stdout."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# --- signals


def hear_signals() -> None:
    """Ctrl-C, SIGTERM and a terminal that closes stop the work; a run that is being trained resumes.

    A shell that starts something in the background of a script has it ignore SIGINT, and a child inherits that: a handler of our own makes
    `kill -INT` work there too. SIGHUP stays ignored where somebody wants so (nohup).
    """
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _stop)
    except ValueError:
        pass  # not in the main thread, which alone may: whoever runs us so hears them


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)


# --- signs

READABLE = "readable"  # the name of the error handler
_DASHES = dict.fromkeys("\u2212\u2013\u2014\u2010\u2011\u2500\u2501", "-")
_QUOTES = {**dict.fromkeys("\u00ab\u00bb\u201c\u201d\u201e", '"'), **dict.fromkeys("\u2018\u2019", "'")}
_RELATIONS = {"\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u2248": "~", "\u2192": "->", "\u2190": "<-", "\u2194": "<->"}
_OPERATORS = {"\u00d7": "x", "\u00f7": "/", "\u00b1": "+/-", "\u221a": "sqrt", "\u2202": "d", "\u222b": "int", "\u2208": " in "}
_MARKS = {"\u2026": "...", "\u00b7": "*", "\u2022": "*", "\u2717": "x", "\u2713": "ok", "\u2588": "#", "\u2502": "|", "\u2503": "|"}
_LETTERS = {"\u221e": "inf", "\u2016": "||", "\u0302": "^", "\u0304": "_", "\u00df": "ss", "\u00b0": " degrees"}
_PLAIN = {**_DASHES, **_QUOTES, **_RELATIONS, **_OPERATORS, **_MARKS, **_LETTERS}
_POWERS = {"\u00b2": "^2", "\u00b3": "^3", "\u00b9": "^1", "\u207b": "^-", "\u00bd": "1/2", "\u00bc": "1/4", "\u00be": "3/4"}


def plain_sign(sign: str) -> str:
    """A sign in ASCII that says the same: − is -, ≤ is <=, β is beta, ² is ^2; ? for one that has no such spelling."""
    if sign in _PLAIN or sign in _POWERS:
        return _PLAIN.get(sign) or _POWERS[sign]
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK ") and " LETTER " in name:
        letter = name.partition(" LETTER ")[2].split()[0].lower().replace("lamda", "lambda")
        return {"sigma": "sum"}.get(letter, letter.capitalize()) if "CAPITAL" in name else letter
    if name.startswith("BOX DRAWINGS "):
        return "+"
    if unicodedata.category(sign) == "Zs":
        return " "
    if unicodedata.combining(sign):
        return ""
    letters = unicodedata.normalize("NFKD", sign)  # é to e, ₂ to 2
    kept = "".join(part for part in letters if ord(part) < 128)
    return kept or "?"


def never_refuse_a_sign() -> None:
    """stdout and stderr spell out what their encoding lacks, in place of a UnicodeEncodeError in the middle of a sentence."""
    codecs.register_error(READABLE, _spell_out)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=READABLE)


def _spell_out(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain_sign, error.object[error.start : error.end])), error.end


# --- what can be typed


def run_one(argv: Sequence[str], groups: Mapping[str, Mapping[str, Command]]) -> int:
    """Runs the command that the first word names; returns the exit code: 0, 2 for a mistake, 130 for Ctrl-C."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(usage(groups))
        return 0 if argv else MISTAKE
    if argv[0] in ("-V", "--version"):
        print(version_line())
        return 0
    commands = {name: command for group in groups.values() for name, command in group.items()}
    return fenced(lambda: choose(commands, argv[0]).run(list(argv[1:])))


def choose(commands: Mapping[str, Command], word: str) -> Command:
    """The command of that name. Raises `LatentError` with the nearest one."""
    if word in commands:
        return commands[word]
    raise LatentError(f"unknown command {word!r}{meant(word, commands)}; allowed: {', '.join(commands)} ({program()} --help).")


def meant(word: str, known: Iterable[str]) -> str:
    """` (did you mean fit?)` where something known is spelled much like the word; else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def usage(groups: Mapping[str, Mapping[str, Command]]) -> str:
    """What --help prints: the commands under their headings, an example of each that has one, and how to go on."""
    commands = [(f"{name} {command.argument}".strip(), command) for group in groups.values() for name, command in group.items()]
    width = max(len(head) for head, _ in commands)
    lines = [f"usage: {program()} COMMAND …", ""]
    for heading, group in groups.items():
        lines += [heading]
        lines += [f"  {f'{name} {command.argument}'.strip():<{width}}  {command.line}" for name, command in group.items()]
        lines += [""]
    lines += ["for example"]
    lines += [
        f"  {program()} {name} {command.example}" for group in groups.values() for name, command in group.items() if command.example
    ]
    return "\n".join([*lines, "", f"{program()} COMMAND --help says more; {program()} --version says which this is."])


def version_line() -> str:
    """The program's version, and those of what its figures depend on."""
    from importlib.metadata import PackageNotFoundError, version

    def of(package: str) -> str:
        try:
            return f"{package} {version(package)}"
        except PackageNotFoundError:
            return f"no {package}"

    python = ".".join(map(str, sys.version_info[:3]))
    return f"Latent Atlas {VERSION} (Python {python}, {of('torch')}, {of('numpy')})"
