"""Do near codes decode to near pictures, and do random codes decode to pictures at all? One run, and another beside it."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.figures import get_continuity
from explorer.charts.continuity import Bar, Curve, share_bars, step_curves
from explorer.charts.style import CONFIG
from explorer.pages.dimensions.run_beside import chosen_beside
from explorer.pages.dimensions.section import Examined, number_table
from explorer.pictures.arrays import Picture, fitted, picture_grid, strip, to_picture
from explorer.text.continuity import calibration_sentence
from explorer.text.escape import escape_markdown
from explorer.widgets.classifier_hint import classifier_hint
from trainer.diagnosis.continuity_sentences import completeness_sentence, steps_sentence
from trainer.metrics.continuity import Completeness, Floats
from trainer.metrics.run_continuity import LEAST_CODES, STEP, RunContinuity, figures
from trainer.numerals import percent
from trainer.runs.read import Run

TITLE = "continuity"
EXAMPLES = 8
CONTINUITY_HELP = """From the code z of an image a step towards the code of another, z′ = z + s·r·d: s is a share, r = √Σ_k Var(z_k) the
spread of the codes, d the unit vector between the two. Figure: E Σ over pixels (x̂(z′) − x̂(z))² / E Σ over pixels (x̂(z_i) − x̂(z_j))² over
random pairs of test images, no image in two of them; ± one standard error over the pairs (of a ratio, by the delta method). Shift, turn
and scale of the codes do not change it. A linear decoder that keeps lengths, PCA's, has s²/2: the dotted line. Continuity and completeness
as in Rocca 2019, “Understanding variational autoencoders”."""
COMPLETENESS_HELP = """Codes from N(0, I), and uniform in the smallest box along the axes that holds the codes of all test images.
Recognised: the classifier of the run names a class with at least the probability t, the smallest from ½ on at which it is right for 95 % of
one half of the reconstructed test images (selective classification, Geifman & El-Yaniv 2017); the other half is judged by it. Bars: 95 %
interval (Wilson 1927). A recognised picture is not necessarily a good one: it looks like one class and no other to this classifier."""


def offered(shown: Examined) -> bool:
    """Of every run with a decoder and two codes."""
    return shown.has_decoder and len(shown.run.encodings.mu) >= LEAST_CODES


def show(shown: Examined) -> None:
    """Steps, then draws, each of both runs, with the pictures of this one."""
    run = shown.run
    other = chosen_beside(run)
    runs = [run] if other is None else [run, other]
    found = {each.id: get_continuity(each.id) for each in runs}
    kept = {name: figures(each) for name, each in found.items()}
    st.markdown(f"## {escape_markdown(steps_sentence(kept))}", help=CONTINUITY_HELP)
    _steps(found)
    _largest_steps(run, found[run.id])
    st.markdown(f"## {escape_markdown(completeness_sentence(kept))}", help=COMPLETENESS_HELP)
    classifier_hint(runs)
    _draws(run, found)
    number_table(_table(found))


def _steps(found: dict[str, RunContinuity]) -> None:
    """How far pictures move, and how often their class changes, over the length of the step."""
    st.caption(
        "How to read this: the lower a curve at the left, the less a picture changes when its code moves a little; a curve that rises "
        "early has jumps between near codes. 100 % would be as different as two test images. Bars: two standard errors; of a share "
        "its 95 % interval.",
        help=CONTINUITY_HELP,
    )
    left, right = st.columns(2, gap="large")
    with left:
        curves = [_picture_curve(name, each) for name, each in found.items()]
        st.plotly_chart(step_curves(curves, "change of the picture, %", linear=True), config=CONFIG, key="continuity-pixels")
    with right:
        classes = [_class_curve(name, each) for name, each in found.items() if each.continuity.changed is not None]
        if classes:
            st.plotly_chart(step_curves(classes, "class changes, % of steps", linear=False), config=CONFIG, key="continuity-class")
        else:
            st.caption("There is no classifier for these images, so how often the class changes is not known.")


def _picture_curve(name: str, found: RunContinuity) -> Curve:
    steps = found.continuity
    value, error = steps.relative, steps.relative_error
    return Curve(name, steps.shares, value, error, value - 2 * error, value + 2 * error)


def _class_curve(name: str, found: RunContinuity) -> Curve:
    steps = found.continuity
    shares = [share for place in range(len(steps.shares)) if (share := steps.class_changes(place)) is not None]
    low, high = np.array([s.interval for s in shares]).T
    return Curve(name, steps.shares, np.array([s.value for s in shares]), np.array([s.standard_error for s in shares]), low, high)


def _largest_steps(run: Run, found: RunContinuity) -> None:
    """The pairs of near codes whose pictures differ most."""
    steps = found.continuity
    place = int(np.flatnonzero(steps.shares == STEP)[0])
    worst = np.argsort(-steps.squared[place], kind="stable")[:EXAMPLES]
    told = None if run.told is None else run.told[steps.rows[worst]]
    before, after = (run.forward.decode(codes[worst], told) for codes in (steps.codes, steps.at(place)))
    st.caption(
        f"The steps of {percent(STEP)} that change a picture most, of {steps.n} in {escape_markdown(run.id)}: before and after the step."
    )
    whole = float(steps.reference.mean())
    lines = [f"changes by {percent(float(steps.squared[place][i]) / whole)}" if whole > 0 else "no change" for i in worst]
    pairs = [fitted(strip([to_picture(a), to_picture(b)], gap=1), 112) for a, b in zip(before, after, strict=True)]
    st.html(picture_grid(pairs, lines, 112))


def _draws(run: Run, found: dict[str, RunContinuity]) -> None:
    """Shares of known draws of all runs, and some draws of this one."""
    bars = [bar for name, each in found.items() for bar in _bars(name, each)]
    if not bars:
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.caption(
            "How to read this: a high bar means that random codes decode to pictures in which the classifier recognises a class; what is "
            f"missing are holes. {' '.join(map(escape_markdown, filter(None, (calibration_sentence(*item) for item in found.items()))))}",
            help=COMPLETENESS_HELP,
        )
        st.plotly_chart(share_bars(bars), config=CONFIG, key="completeness")
    with right:
        for words, draws in (("N(0, I)", found[run.id].prior), ("the box around the codes", found[run.id].box)):
            if draws is not None:
                st.caption(f"Random codes of {escape_markdown(run.id)} from {words}, the first {EXAMPLES} of {draws.known.n}.")
                st.html(picture_grid(*_first_draws(run, draws), 72))


def _bars(name: str, found: RunContinuity) -> list[Bar]:
    """Of codes that were reconstructed, of N(0, I) and of the box."""
    shares = [
        (where, draws.known)
        for where, draws in (("random, N(0, I)", found.prior), ("random, box around the codes", found.box))
        if draws is not None
    ]
    if found.threshold is not None:
        shares.insert(0, ("test images", found.threshold.passed))
    return [Bar(name, where, share.value, *share.interval, share.n) for where, share in shares]


def _first_draws(run: Run, draws: Completeness) -> tuple[list[Picture], list[str]]:
    told = None if run.told is None else run.told[draws.rows[:EXAMPLES]]
    pictures: Floats = run.forward.decode(draws.codes[:EXAMPLES], told)
    names = run.info.dataset.class_names
    is_known: NDArray[np.bool_] = draws.probability >= draws.threshold.value
    lines = [
        f"{names[draws.named[i]]}, {percent(float(draws.probability[i]))}" if is_known[i] else "not recognised"
        for i in range(EXAMPLES)
    ]
    return [fitted(to_picture(picture), 72) for picture in pictures], lines


def _table(found: dict[str, RunContinuity]) -> dict[str, list[object]]:
    """All shares of both figures with their standard errors."""
    columns: dict[str, list[object]] = {"run": [], "figure": [], "share": [], "standard error": [], "n": []}

    def row(*cells: object) -> None:
        for column, cell in zip(columns.values(), cells, strict=True):
            column.append(cell)

    for name, each in found.items():
        steps = each.continuity
        for share, value, error in zip(steps.shares, steps.relative, steps.relative_error, strict=True):
            row(name, f"change of the picture, step of {percent(share)}", float(value), float(error), steps.n)
        if steps.changed is not None:
            curve = _class_curve(name, each)
            for share, value, error in zip(curve.shares, curve.value, curve.error, strict=True):
                row(name, f"class changes, step of {percent(share)}", float(value), float(error), steps.n)
        for where, draws in (("N(0, I)", each.prior), ("box", each.box)):
            if draws is not None:
                row(name, f"known, {where}", draws.known.value, draws.known.standard_error, draws.known.n)
    return columns
