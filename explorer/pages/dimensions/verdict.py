"""What does the clinic say of a run, and what does its verdict rest on? In words, above all sections."""

from __future__ import annotations

import streamlit as st

from explorer.text.escape import escape_markdown
from explorer.text.verdict import ALARM_COLOUR
from trainer.console import program
from trainer.diagnosis.checks import PASSED, Check, failed
from trainer.diagnosis.diagnose import Diagnosis, diagnose, implied_line
from trainer.numerals import count
from trainer.runs.examination import Examination
from trainer.runs.read import Run

CAUSE = "**Likely cause:** "
VERDICT_HELP = """**Information**: E[log q(z|x) − log q(z)] against all posteriors of the examined images (Hoffman & Johnson 2016), at most
log N of N images; a code holds more where its upper bound, the mean KL less the lower bound of the distance to the prior, is larger.
**Distance to the prior**: KL(q(z) ‖ p(z)); below by E[log m(z) − log p(z)] for a density m, a mixture of Gaussians, of images that are not
scored (less two standard errors), above by the mixture of all posteriors. **Shuffling** exchanges codes between images.

A dimension counts as used when its posterior mean varies (variance above 0.01, Burda et al. 2016) and shuffling it costs more than 0.05
nats beyond two standard errors. KL alone does not tell: a constant encoder N(4, I) has 8 nats a dimension and no information.

**Overfitting**: over the epochs of the last β the loss, reconstruction + β KL, rose on test images by at least 1 nat and 5 % of what it had
fallen, means over a twentieth of the epochs, while that on training images fell. Such a model is "Overfitted".

Three counts may differ, each by a question of its own. *Collapsed* asks the KL of single images, *active* whether the posterior mean varies
(Burda et al. 2016), *used* also whether the decoder needs it: a dimension may vary, and be active, where the decoder ignores it."""
CHECKS_HELP = """What must hold before anything is concluded from the figures of a model; where one of the first fails there is no verdict.

**Implied β**: Σ (∂/∂z_k −log p(x|z)) σ_k ε_k / Σ (1 − σ_k²) over images, draws z = μ + σε and used dimensions. At a minimum of
E_q[−log p(x|z)] + β KL the derivative by log σ_k vanishes, which makes this β. 95 % interval by bootstrap over the images."""


def examined(run: Run) -> Diagnosis | None:
    """The verdict, or the way to one where the run is older than the clinic."""
    found = run.info.examination
    if found is None and run.info.origin is not None:
        st.info("There is no verdict: this run was imported without its images, and a verdict rests on what reconstruction loses.")
        return None
    if found is None:
        st.info(
            f"This run was not examined: it is older than the clinic. `{program()} examine {run.id}` does so, where its data set is."
        )
        return None
    return diagnose(run.config, found, run.encodings.mu, run.info.overfitting)


def show_verdict(run: Run, diagnosis: Diagnosis) -> None:
    """First of all, in words, with the numbers that it rests on."""
    found = run.info.examination
    assert found is not None
    icon = "help" if diagnosis.kind == "no-verdict" else "warning" if diagnosis.is_alarm else "check_circle"
    words = f":material/{icon}: {escape_markdown(diagnosis.headline)}"
    st.markdown(f"## :{ALARM_COLOUR}[{words}]" if diagnosis.is_alarm else f"## {words}")
    lines = [f"- {CAUSE if line in diagnosis.causes else ''}{escape_markdown(line)}" for line in diagnosis.because]
    st.markdown("\n".join(lines), help=VERDICT_HELP)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="measured"):
        told = f"Measured on {which_images(run, found)}.{_when_imported(run)} {_implied(run, diagnosis, found)}".rstrip()
        st.caption(escape_markdown(told), help=CHECKS_HELP, width="content")
        if diagnosis.checks:
            with st.popover("Checks before the verdict", type="tertiary", key="checks"):
                for check in diagnosis.checks:
                    st.markdown(check_line(check, diagnosis))


def _when_imported(run: Run) -> str:
    return " These figures were taken when the run was imported." if run.info.origin is not None else ""


def which_images(run: Run, found: Examination) -> str:
    """All test images, or a fixed sample of them."""
    n_test = len(run.encodings.mu)
    if found.n < n_test:
        return f"a fixed sample of {count(found.n)} of the {count(n_test)} test images"
    return "1 test image" if found.n == 1 else f"all {count(found.n)} test images"


def _implied(run: Run, diagnosis: Diagnosis, found: Examination) -> str:
    """Declared and implied β, or why there is no implied one; nothing where it stands among the reasons above."""
    told = implied_line(run.config, found, run.encodings.mu, run.encodings.logvar)
    is_headline = any(check.sentence == told for check in failed(diagnosis.checks)[:1])
    return "" if is_headline or told in diagnosis.because else told


def check_line(check: Check, diagnosis: Diagnosis) -> str:
    """A check by name; its sentence says what is wrong, so it stands only where something is, and once on the page."""
    if check.passed:
        return f":material/check: {escape_markdown(check.name)}: {escape_markdown(PASSED[check.name])}"
    icon = ":material/block:" if check.decides else ":material/info:"
    if check.sentence in diagnosis.because or check is next(iter(failed(diagnosis.checks)), None):
        return f"{icon} {escape_markdown(check.name)}: see above"
    return f"{icon} {escape_markdown(check.name)}: {escape_markdown(check.sentence)}"
