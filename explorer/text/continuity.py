"""How are continuity and completeness of a run told in a table and beside a chart?"""

from __future__ import annotations

import math

from trainer.console import program
from trainer.diagnosis.continuity_sentences import share_words, with_error
from trainer.metrics.run_continuity import RunContinuity
from trainer.numerals import count, percent
from trainer.runs.continuity_figures import ContinuityFigures, Share
from trainer.runs.read import Run
from trainer.runs.write import RunWriter

CONTINUITY = (
    "E Σ over pixels (x̂(z′) − x̂(z))² over the same of two test images, z′ a step of 10 % of the spread √Σ_k Var(z_k) from "
    "the code z of an image towards that of another; over disjoint pairs of images, ± one standard error (Rocca 2019)."
)
COMPLETENESS = (
    "Share of random codes, from N(0, I) and uniform in the smallest box that holds all codes of test images, whose picture "
    "the run's classifier names with a probability from which on it is right for 95 % of the reconstructed test images "
    "(Geifman & El-Yaniv 2017); ± one standard error (Wilson 1927)."
)
COLUMNS = (
    "run",
    "a step of 10 % changes the picture by",
    "and the class in",
    "recognised, of N(0, I)",
    "recognised, of the box around the codes",
)


def cells(name: str, found: ContinuityFigures | None) -> tuple[str, ...]:
    """A row of the table of `COLUMNS`."""
    if found is None:
        return (name, *["not measured"] * (len(COLUMNS) - 1))
    return (name, change_words(found), *(_share(share) for share in (found.class_share, found.prior_share, found.box_share)))


def change_words(found: ContinuityFigures) -> str:
    """The figure of continuity with its standard error."""
    if found.change is None:
        return "n/a: all codes decode alike"
    return with_error(found.change, math.nan if found.change_error is None else found.change_error)


def completeness_words(found: ContinuityFigures) -> str:
    """Both shares of completeness with their standard errors; empty where they are not known."""
    if found.prior_share is None or found.box_share is None:
        return ""
    draws = f"{count(found.prior_share.n)} draws each"
    return f"{share_words(found.prior_share)} of N(0, I), {share_words(found.box_share)} of the box around the codes, {draws}"


def calibration_sentence(name: str, found: RunContinuity) -> str:
    """Threshold of a run, and what it does with reconstructions that did not choose it; empty without one."""
    threshold = found.threshold
    if threshold is None:
        return ""
    right = "" if threshold.right is None else f" and is right for {percent(threshold.right.value)} of these"
    passed = f"{percent(threshold.passed.value)} of {count(threshold.passed.n)} other reconstructions"
    return f"{name}: recognised from a probability of {percent(threshold.value)} on, which the classifier gives to {passed}{right}."


def classifier_command(run: Run) -> str:
    """What trains the classifier that a run lacks, in a copy of one that comes with the program; "" where there is nothing to do."""
    if run.classifier is not None or run.info.origin is not None or len(run.info.dataset.class_names) < 2:
        return ""
    copy = f" --name {run.id}-with-classifier" if RunWriter(run.folder).is_kept else ""
    return f"{program()} classifier {run.id}{copy}"


def _share(share: Share | None) -> str:
    return "no classifier" if share is None else share_words(share)
