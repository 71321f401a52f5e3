"""How is a finished run examined again?"""

from __future__ import annotations

from trainer.datasets import Dataset
from trainer.diagnosis.measure import Progress, examine
from trainer.metrics.cost import Budget
from trainer.metrics.model_continuity import model_figures
from trainer.runs.read import Run
from trainer.runs.records import RunInfo
from trainer.runs.write import RunWriter


def refresh_examination(
    run: Run, dataset: Dataset, budget: Budget | None = None, on_progress: Progress = lambda share: None
) -> RunInfo:
    """Examines a finished run, one without a posterior for continuity alone, and writes what was found into its run.json, unless it is a
    shipped one. Raises `RunError` for another data set.
    """
    run.check_dataset(dataset)
    found = None if run.config.is_deterministic else examine(run.model, dataset, budget=budget, on_progress=on_progress)
    codes = run.encodings
    continuity = model_figures(run.model, codes.mu, codes.label, run.told, run.classifier, budget)
    info = run.info.model_copy(update={"examination": found, "continuity": continuity})
    if not (writer := RunWriter(run.folder)).is_kept:
        writer.write_info(info)
    return info
