"""What do `evaluate` and `examine` say of a run that cannot be measured here, and how is a verdict printed?

A run that was imported with stored pictures in place of its decoder, or without its encoder, was measured when it was imported, with the
model itself; measuring the stand-in would give other figures. So the figures of then are shown, and said to be that.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from trainer.diagnosis.continuity_sentences import completeness_sentence, steps_sentence
from trainer.diagnosis.diagnose import diagnose
from trainer.errors import LatentError, RunError
from trainer.numerals import count, number, percent
from trainer.runs.examination import Examination
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

if TYPE_CHECKING:
    from trainer.metrics.cost import Budget
    from trainer.models.picture_classifier import PictureClassifier

LEAST_SECONDS = 1.0


def budget_of(seconds: float | None) -> Budget | None:
    """The budget that was typed. Raises `LatentError` for none that can be kept."""
    from trainer.metrics.cost import Budget

    if seconds is None:
        return None
    if not (math.isfinite(seconds) and seconds >= LEAST_SECONDS):
        raise LatentError(f"--seconds is {seconds:g}; allowed: {LEAST_SECONDS:g} or more.")
    return Budget(seconds)


def classifier_line(classifier: PictureClassifier, remedy: str = "") -> str:
    """How good it is; of one whose word does not count, that the app leaves it out, and what to do."""
    found = classifier.images
    line = f"classifier of pictures: right on {percent(found.accuracy, 1)} of {count(found.n)} test images"
    if classifier.is_reliable:
        return line
    return f"{line}; too few for the app to show its answers" + (f" ({remedy})" if remedy else "")


def is_measurable(run: Run) -> bool:
    """Whether encoder and decoder are here."""
    try:
        run.check_measurable()
    except RunError:
        return False
    return True


def why_stored(run: Run) -> str:
    """One sentence: which figures these are, and how to get others."""
    origin = run.info.origin
    missing = "decoder" if origin is not None and origin.decoder == "pictures" else "encoder"
    why = f"because its {missing} is not here; import it again for others."
    return f"{run.id}: figures measured when it was imported, with the model itself, {why}"


def stored_record(run: Run) -> dict[str, Any]:
    """The figures of the import for `--json`, under the names of `evaluate`."""
    metrics, found = run.info.metrics, run.info.examination
    return {
        "run": run.id,
        "dataset": run.info.dataset.name,
        "measured": "at import",
        **({} if metrics is None else metrics.model_dump()),
        "examination": None if found is None else found.model_dump(),
    }


def stored_lines(run: Run) -> list[str]:
    """The figures of the import, a line each."""
    metrics = run.info.metrics
    lines = [why_stored(run)]
    if metrics is None or metrics.reconstruction is None:
        return [*lines, "  it was imported without its pictures, so there is no bound"]
    if metrics.elbo is not None and metrics.nll is not None and metrics.kl is not None:
        error = "" if metrics.nll_standard_error is None else f" ± {number(metrics.nll_standard_error)}"
        draws = f"importance-sampled, {count(metrics.samples or 0)} samples, {count(metrics.nll_n or 0)} images"
        lines += [
            f"  {'ELBO':<15} {number(metrics.elbo):>10}   = −(reconstruction + KL), {count(metrics.n)} images",
            f"  {'NLL':<15} {number(metrics.nll):>10}   {draws}{error}",
            f"  {'KL':<15} {number(metrics.kl):>10}   {metrics.active_units} of {run.config.latent_dim} dimensions active",
        ]
    lines.append(f"  {'reconstruction':<15} {number(metrics.reconstruction):>10}   mean of −log p(x|z)")
    if metrics.squared_error is not None:
        lines.append(f"  {'squared error':<15} {number(metrics.squared_error, 3):>10}   Σ over pixels at the mean code")
    if metrics.knn_accuracy is not None:
        lines.append(f"  {'15-NN':<15} {percent(metrics.knn_accuracy):>10}   of the images")
    return lines


def stored_verdict(run: Run) -> list[str]:
    """The verdict on the figures of the import."""
    if run.info.examination is None:
        return [why_stored(run), "  there is no verdict: it was imported without its images"]
    return [why_stored(run), *verdict_of_info(run, run.info)]


def verdict_of_info(run: Run, info: RunInfo) -> list[str]:
    """Verdict, or why there is none, and the two figures that every run has."""
    points = f"{run.id}: no verdict, because the codes of this model are points: there is no KL that could collapse"
    told = [points] if info.examination is None else verdict_lines(run, info.examination)
    if info.continuity is None:
        return told
    of_run = {run.id: info.continuity}
    return [*told, f"  {steps_sentence(of_run)}", f"  {completeness_sentence(of_run)}"]


def verdict_lines(run: Run, found: Examination) -> list[str]:
    """Headline, what it rests on, remedies."""
    verdict = diagnose(run.config, found, run.encodings.mu, run.info.overfitting)
    return [
        f"{run.id}: {verdict.headline}",
        *(f"  {line}" for line in verdict.because),
        *(f"  {remedy.name}: {remedy.why}" for remedy in verdict.remedies),
    ]
