"""Which mistakes can a person make here, and how are they told?

    LatentError
    ├── ConfigError        a setting: field, value, what is allowed
    ├── DataError          a data set: missing, damaged, not to be had
    │   └── ImageError     one picture: not an image, too large, blank
    ├── RunError           a run folder
    │   ├── RunNotFound    no such run; lists those that are there
    │   └── RunCorrupt     a file of it is damaged, foreign or newer; names the file
    ├── ExternalModelError a model that was brought along does not answer as one
    └── TrainingDiverged   a loss that is no longer a number: step, term, remedy

Every message is one sentence: what was wrong, the value, what is allowed, what to do. The command line prints it in one line and
exits with 2; a page shows it in `st.error`. Anything that is not a `LatentError` is a bug and keeps its traceback.
"""

from __future__ import annotations


class LatentError(Exception):
    """A mistake that a person can mend; `str(error)` is the sentence to show."""


class ConfigError(LatentError):
    """A setting has a value that is not allowed."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        super().__init__(f"{field} is {value!r}; allowed: {allowed}.")


class DataError(LatentError):
    """A data set is missing, damaged, or cannot be fetched."""


class ImageError(DataError):
    """A picture cannot be read or is not fit for the model."""


class RunError(LatentError):
    """A run folder cannot be used."""


class RunNotFound(RunError):
    """There is no run of that name."""


class RunCorrupt(RunError):
    """A file of a run is damaged, incomplete, or of a newer format."""


class ExternalModelError(LatentError):
    """A model that was brought along does not answer as one."""


class TrainingDiverged(LatentError):
    """A term of the loss stopped being a finite number."""

    def __init__(self, step: int, term: str, remedy: str) -> None:
        self.step, self.term, self.remedy = step, term, remedy
        super().__init__(f"training diverged at step {step}: {term} is not a finite number; {remedy}.")
