"""What does the clinic say of a run, in a line? From run.json alone, and with the codes where they are in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from trainer.diagnosis.diagnose import diagnose
from trainer.runs.records import RunInfo

COLOURS = {"healthy": "green", "surplus": "green", "no-verdict": "gray"}  # all others are alarms
ICONS = {"healthy": "check_circle", "surplus": "check_circle", "no-verdict": "help"}
ALARM_COLOUR, ALARM_ICON = "red", "warning"
DAMAGE = "damaged"


@dataclass(frozen=True)
class Line:
    """The clinic's verdict in a line."""

    headline: str
    """A sentence."""
    because: tuple[str, ...]
    """What it rests on."""
    kind: str
    """Of the verdict; "no-verdict" where there is none."""

    @property
    def is_alarm(self) -> bool:
        return self.kind not in COLOURS

    @property
    def is_damage(self) -> bool:
        """Whether it says that the run does not open, which is said in every view."""
        return self.kind == DAMAGE

    @property
    def colour(self) -> str:
        """A colour of Streamlit's."""
        return COLOURS.get(self.kind, ALARM_COLOUR)

    @property
    def icon(self) -> str:
        """The name of a Material symbol."""
        return ICONS.get(self.kind, ALARM_ICON)

    @property
    def brief(self) -> str:
        """Of an alarm what comes before the first comma, of all others what comes before the colon."""
        return re.split(r"[,;] |\.$" if self.is_alarm else ":", self.headline)[0]


def damaged_line(damage: str) -> Line:
    """Of a run that does not open, whatever its figures say: damage is what `trainer.runs.damage` found."""
    return Line(f"Damaged: {damage}; restore the file or train the run again.", (), DAMAGE)


POINTS = Line("No verdict: codes are points, so there is no KL that could vanish.", (), "no-verdict")
"""Of a deterministic model."""


def line_of(info: RunInfo, mu: NDArray[Any] | None = None) -> Line | None:
    """The verdict, or why there is none; None for a model without a posterior. mu (N, K): posterior means, for old examinations."""
    if info.config.is_deterministic:
        return None
    if info.examination is None:
        why = "this run was imported without its images" if info.origin is not None else "this run was not examined"
        return Line(f"No verdict: {why}.", (), "no-verdict")
    told = diagnose(info.config, info.examination, mu, info.overfitting)
    return Line(told.headline, told.because, told.kind)
