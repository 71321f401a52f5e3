"""What is a section of the page Dimensions, and what is it given?

A section is a module of `sections` with `TITLE`, `offered` and `show`; its charts are in `explorer/charts`, each with a caption that begins
“How to read this”, its numbers in `trainer/metrics`. `sections/__init__.py` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import streamlit as st
from numpy.typing import NDArray

from explorer.cache.datasets import originals
from explorer.cache.runs import all_runs
from explorer.session.load import State
from trainer.diagnosis.diagnose import Diagnosis
from trainer.runs.examination import Examination
from trainer.runs.read import Run
from trainer.runs.records import RunInfo


@dataclass(frozen=True)
class Examined:
    """The run that the page shows."""

    now: State
    run: Run
    diagnosis: Diagnosis | None
    """The verdict; None for a run that was not examined."""

    @property
    def examination(self) -> Examination | None:
        """What the verdict rests on."""
        return self.run.info.examination

    @property
    def has_posterior(self) -> bool:
        """Whether codes are distributions, with KL and bound, and not points."""
        return not self.run.config.is_deterministic

    @property
    def has_decoder(self) -> bool:
        """Whether pictures are the model's own, and not stored ones in place of a decoder that is not here."""
        return self.run.info.origin is None or self.run.info.origin.decoder != "pictures"

    @property
    def can_be_encoded_again(self) -> bool:
        """Whether posterior, encoder, decoder and test images are all here."""
        run = self.run
        return self.has_posterior and self.has_decoder and run.config.has_encoder and originals(run.id) is not None


class Section(Protocol):
    """What a module of `sections` has."""

    TITLE: str

    def offered(self, shown: Examined) -> bool:
        """Whether it has something to say of the run; where not, the switch lacks it."""

    def show(self, shown: Examined) -> None:
        """The section, below the verdict."""


def sound_runs() -> dict[str, RunInfo]:
    """Every run that can be opened, by name."""
    return {name: info for name, info in all_runs().items() if isinstance(info, RunInfo)}


def number_table(columns: Mapping[str, Any]) -> None:
    """What a chart shows as numbers, for screen readers and for copying."""
    with st.expander("The numbers"):
        st.dataframe(columns, hide_index=True)


def short(values: NDArray[Any]) -> list[float]:
    """With as many digits as a chart of the browser can show."""
    return [float(f"{value:.5g}") for value in values]
