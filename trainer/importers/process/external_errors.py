"""What went wrong in somebody else's code, as a sentence with the lines that matter?

`complaint` takes what was being done and the exception; it knows what torch says where weights do not fit, where a file holds a whole
pickled model, where a processor is asked for a graphics card, and puts the remedy in its place. The lines are those of their own files.
"""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from trainer.errors import ExternalModelError, LatentError
from trainer.importers.process.module_names import is_theirs

MOST_LINES, MOST_CHARACTERS, MOST_FRAMES = 12, 1200, 3
CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f]")
MISSING = re.compile(r"Missing key\(s\) in state_dict: (.*?)\.\s*$", re.M)
UNEXPECTED = re.compile(r"Unexpected key\(s\) in state_dict: (.*?)\.\s*$", re.M)
MISFIT = re.compile(
    r"size mismatch for (\S+): copying a param with shape torch\.Size\((.*?)\) from checkpoint, .*?torch\.Size\((.*?)\)"
)
REFUSED = re.compile(r"(?:GLOBAL|Unsupported global: GLOBAL|Unsupported class|Trying to instantiate a class) ([\w.]+)")
WHY_PREFIX = {
    "module.": "the model was saved from DataParallel or DistributedDataParallel",
    "_orig_mod.": "the model was saved after torch.compile",
    "_fsdp_wrapped_module.": "the model was saved from FSDP",
    "_forward_module.": "the model was saved from DeepSpeed or Lightning Fabric",
}
BY_US = "name the class and the file here (--module FILE.py:CLASS --weights FILE)"


NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory|Unable to allocate")
ASKED = re.compile(r"tried to allocate (\d+) bytes")


@contextmanager
def within_memory() -> Iterator[None]:
    """Raises `ExternalModelError` where memory runs out, as it does for models with very large tensors on the way of one picture."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # numpy's and torch's
        if not isinstance(error, MemoryError) and not NO_MEMORY.search(str(error)):
            raise
        asked = ASKED.search(str(error))
        at_once = f" ({int(asked[1]) / 1e9:.3g} GB were asked for at once)" if asked else ""
        raise ExternalModelError(
            f"there is not enough memory to measure the model on these images{at_once}; allowed: encode and decode with smaller tensors on "
            "the way, or a data set of fewer test images."
        ) from None


class ExternalCodeError(LatentError):
    """Somebody else's code raised; `str(error)` is the sentence, and below it the lines of theirs."""

    missing: str | None = None
    """the relative path of a file that it did not find"""


def cleaned(text: str) -> str:
    """Without codes for terminals and other signs that cannot be seen."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def said(error: BaseException) -> str:
    """The exception in its own words: type and message, all lines that fit."""
    lines = [" ".join(line.split()) for line in cleaned(str(error)).splitlines() if line.strip()]
    kind = type(error).__name__
    if not lines:
        return kind
    shown = lines[:MOST_LINES]
    text = "; ".join(shown) if len(lines) <= 3 else "\n    ".join(shown)
    text += "\n    …" if len(lines) > MOST_LINES else ""
    text = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} …"
    return f"{kind}: {text.rstrip('.;')}"


def lines_of(error: BaseException) -> tuple[str, ...]:
    """Where it happened, the last places that lie in files of theirs: file, line, function, what stands there."""
    if isinstance(error, SyntaxError) and error.filename:
        text = (error.text or linecache.getline(error.filename, error.lineno or 0)).strip()
        return (f"{shown_path(error.filename)}, line {error.lineno}: {text}",)
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if is_theirs(frame.filename)]
    return tuple(
        f"{shown_path(frame.filename)}, line {frame.lineno}"
        f"{'' if frame.name == '<module>' else f', in {frame.name}'}: {cleaned(frame.line or '')}"
        for frame in places[-MOST_FRAMES:]
    )


def shown_path(file: str) -> str:
    """A file as seen from here, where that is shorter."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def complaint(doing: str, error: BaseException) -> ExternalCodeError:
    """doing: what was being done, such as "models.py cannot be imported"; the sentence ends with a remedy where one is known."""
    for look in KNOWN:
        found = look(error)
        if found is not None:
            break
    else:
        found = said(error)
    end = "" if found.endswith((".", "…")) else "."
    made = ExternalCodeError("\n  ".join([f"{doing}: {cleaned(found)}{end}", *lines_of(error)]))
    if isinstance(error, FileNotFoundError) and error.filename and not Path(str(error.filename)).is_absolute():
        made.missing = str(error.filename)
    return made


def _of_state_dict(error: BaseException) -> str | None:
    """`load_state_dict` in their own code: which names do not fit, and what takes the difference away."""
    text = str(error)
    if "loading state_dict" not in text:
        return None
    missing, unexpected = _names(MISSING, text), _names(UNEXPECTED, text)
    for prefix in dict.fromkeys(name[: name.find(".") + 1] for name in unexpected if "." in name):
        if prefix and sum(name.removeprefix(prefix) in missing for name in unexpected) > len(missing) / 2:
            why = WHY_PREFIX.get(prefix, "the model was a part of another when it was saved")
            return (
                f"every name in the weights begins with {prefix!r}, because {why}; {BY_US}, which takes it off, or load "
                f"{{name.removeprefix({prefix!r}): value for name, value in weights.items()}}"
            )
    for prefix in dict.fromkeys(name[: name.find(".") + 1] for name in missing if "." in name):
        if prefix and sum(name.removeprefix(prefix) in unexpected for name in missing) > len(unexpected) / 2:
            return (
                f"every name in the model begins with {prefix!r} and those in the weights do not; {BY_US}, which finds that, "
                f"or load them into that part of the model"
            )
    held = {"state_dict", "model_state_dict", "model", "net", "network", "weights", "params", "ema"} & set(unexpected)
    if held:
        key = sorted(held)[0]
        return f"the file is a checkpoint, whose weights lie under {key!r}; {BY_US}, which finds them, or load checkpoint[{key!r}]"
    parts = []
    if missing:
        parts.append(f"the weights lack {listed(missing)}")
    if unexpected:
        parts.append(f"the model has no place for {listed(unexpected)}")
    parts += [
        f"{name} is ({theirs.strip('[]')}) in the weights and ({ours.strip('[]')}) in the model"
        for name, theirs, ours in MISFIT.findall(text)[:3]
    ]
    return f"{', '.join(parts) or said(error)}; make the model with the sizes that it was trained with, or choose its own weights"


def _names(kind: re.Pattern[str], text: str) -> list[str]:
    found = kind.search(text)
    return re.findall(r'"([^"]*)"', found[1]) if found else []


def listed(names: Sequence[str], most: int = 3) -> str:
    """The first few of some names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def refused_class(error: BaseException) -> str | None:
    """The class that torch's safe loader would not make, by its full name."""
    text = cleaned(str(error))
    if "weights" not in text.lower() and "Unsupported" not in text:
        return None
    found = REFUSED.search(text)
    return None if found is None else found[1].rstrip(".")


def _of_pickle(error: BaseException) -> str | None:
    """A whole pickled object where weights were expected, by the safe loader or by the one that is not."""
    text = cleaned(str(error))
    if type(error).__name__ == "UnpicklingError":
        name = refused_class(error)
        if name:
            return (
                f"the file holds more than tensors: an object of the class {name}, which loading as weights does not make; "
                "save the weights alone where the model was trained, torch.save(model.state_dict(), 'weights.pt'), and load those"
            )
        return f"the file is damaged or not a file of torch.save ({said(error)})"
    gone = re.search(r"Can't get attribute '(\w+)' on <module '([\w.]+)'", text)
    if gone:
        return (
            f"the file holds a whole pickled model whose class {gone[1]} was known as {gone[2]}.{gone[1]}, and it is not there; save "
            "the weights alone where the model was trained, torch.save(model.state_dict(), 'weights.pt'), and load those"
        )
    return None


def _of_device(error: BaseException) -> str | None:
    text = str(error)
    if "deserialize object on a CUDA device" in text or "deserialize object on CUDA device" in text:
        return f'the weights were saved on a graphics card, and there is none here; load them with map_location="cpu", or {BY_US}'
    if "Torch not compiled with CUDA" in text or "Found no NVIDIA driver" in text or "No CUDA GPUs are available" in text:
        return "the code uses a graphics card, and there is none here; let it check torch.cuda.is_available() first"
    return None


def _of_file(error: BaseException) -> str | None:
    if not isinstance(error, FileNotFoundError) or not error.filename:
        return None
    name = str(error.filename)
    where = "" if Path(name).is_absolute() else f" in {Path.cwd()}, where the command was started"
    return f"it reads the file {name!r}, which is not there{where}; go to the folder that has it, or give its full path"


def _of_import(error: BaseException) -> str | None:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"it imports {error.name!r}, which is neither beside it nor installed for {sys.executable}; install it there with pip, or "
            "name the folder that has it in PYTHONPATH"
        )
    if isinstance(error, ImportError) and "partially initialized" in str(error):
        return f"{said(error)}; two of the files import each other"
    return None


def _of_syntax(error: BaseException) -> str | None:
    return f"{type(error).__name__}: {error.msg}" if isinstance(error, SyntaxError) else None


def _of_end(error: BaseException) -> str | None:
    if isinstance(error, EOFError):
        return "it asks for input, and nobody can answer while it is imported; put that under if __name__ == '__main__':"
    if isinstance(error, KeyboardInterrupt):
        return "it stopped itself as Ctrl-C would (KeyboardInterrupt)"
    if not isinstance(error, SystemExit):
        return None
    code = error.code
    how = (
        f"it ended itself with exit code {code or 0}" if isinstance(code, int | None) else f"it ended itself: {cleaned(str(code))}"
    )
    frames = traceback.extract_tb(error.__traceback__)
    if any(Path(frame.filename).name == "argparse.py" for frame in frames):
        return (
            f"{how}: it reads a command line of its own, which is empty here; put that under if __name__ == '__main__':, or say with "
            "--command-line what it should read"
        )
    return f"{how}; put what ends it under if __name__ == '__main__':"


KNOWN: tuple[Callable[[BaseException], str | None], ...] = (
    _of_state_dict,
    _of_pickle,
    _of_device,
    _of_file,
    _of_import,
    _of_syntax,
    _of_end,
)
