"""The sections of the clinic: KL, information, aggregated posterior, the prediction of the linear VAE, what β does; each says how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.datasets import eigenvalues
from explorer.cache.runs import get_run
from explorer.charts import collapse as clinic_figures
from explorer.charts import style as figures
from explorer.pictures.arrays import fitted, picture_grid, to_picture
from explorer.session.load import choose_run, open_run_next
from explorer.surface.component import live_chart
from explorer.text.escape import plain
from explorer.text.test_images import image_name
from explorer.widgets.parts import decoder
from trainer.console import program
from trainer.diagnosis.checks import PASSED, Check, failed
from trainer.diagnosis.diagnose import USED, Diagnosis, diagnose, implied_line, information_sentence, prior_bracket, used_dimensions
from trainer.metrics.collapse import is_active, kl_per_dim, population_kl
from trainer.numerals import count, dimension, number
from trainer.runs.examination import Examination
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

Doubles = NDArray[np.float64]
MOST_SORTED = 1000  # numbers that stand for the images of one dimension in the live chart
MOST_SHOWN = 8
EXAMPLES = 6
MOST_DRAWS = 20_000
ICONS = {"no-verdict": ":material/help:", "alarm": ":material/warning:", "sound": ":material/check_circle:"}

VERDICT_HELP = """**Information**: E[log q(z|x) − log q(z)] against all posteriors of the examined images (Hoffman & Johnson 2016), at most
log N of N images; a code holds more where its upper bound, the mean KL less the lower bound of the distance to the prior, is larger.
**Distance to the prior**: KL(q(z) ‖ p(z)); below by E[log m(z) − log p(z)] for a density m, a mixture of Gaussians, of images that are not
scored (less two standard errors), above by the mixture of all posteriors. **Shuffling** exchanges codes between images.

A dimension counts as used when its posterior mean varies (variance above 0.01, Burda et al. 2016) and shuffling it costs more than 0.05
nats beyond two standard errors. KL alone does not tell: a constant encoder N(4, I) has 8 nats a dimension and no information."""
PRIOR_HELP = """KL(q(z) ‖ p(z)), q(z) the mean of all posteriors, between two bounds. Above: the mixture of the N examined posteriors, which
is too far from the prior by all the information beyond log N. Below: E[log m(z) − log p(z)] for the best of the prior and mixtures of up to
40 Gaussians, fitted to one half of the images and scored on the other, less two standard errors; other shapes of q(z) may be farther."""
CHECKS_HELP = """What must hold before anything is concluded from the figures of a model; where one of the first fails there is no verdict.

**Implied β**: Σ (∂/∂z_k −log p(x|z)) σ_k ε_k / Σ (1 − σ_k²) over images, draws z = μ + σε and used dimensions. At a minimum of
E_q[−log p(x|z)] + β KL the derivative by log σ_k vanishes, which makes this β. 95 % interval by bootstrap over the images."""
KL_HELP = """Mean over the test images of KL(q(z_k|x) ‖ N(0, 1)) = ½(μ² + σ² − 1 − log σ²), in nats (Kingma & Welling 2014, appendix B).

A dimension is **(ε, δ)-collapsed** if at least a share 1 − δ of the images has KL below ε (Lucas et al. 2019, definition 1). It is an
**active unit** when its posterior mean varies over the images by more than 0.01 in variance (Burda et al. 2016, section 5.1)."""
INFORMATION_HELP = """mean KL = I(x; z) + KL(q(z) ‖ p(z)), and KL(q(z) ‖ p(z)) = total correlation + Σ_k KL(q(z_k) ‖ p(z_k))
(Hoffman & Johnson 2016; Chen et al. 2018, eq. 2). q(z) is the mean of all N posteriors of the examined images, not of a minibatch, so the
first part is at most log N: what a code says beyond that is counted in the second and third."""
INTERVENTION_HELP = """The rise of −log p(x|z), mean over images, when z_k is that of another image, or 0: near 0 where the decoder does not
use the dimension, whatever its KL. Error bars: two standard errors over the images."""


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
    return diagnose(run.config, found, run.encodings.mu)


def verdict(run: Run, diagnosis: Diagnosis) -> None:
    """First of all, in words, with the numbers that it rests on."""
    found = run.info.examination
    assert found is not None
    icon = (
        ":material/help:"
        if diagnosis.kind == "no-verdict"
        else ":material/warning:"
        if diagnosis.is_alarm
        else ":material/check_circle:"
    )
    st.markdown(f"#### {icon} {plain(diagnosis.headline)}")
    st.markdown("\n".join(f"- {plain(line)}" for line in diagnosis.because), help=VERDICT_HELP)
    st.caption(
        plain(f"Measured on {_which_images(run, found)}.{_when_imported(run)} {_implied(run, diagnosis, found)}".rstrip()),
        help=CHECKS_HELP,
    )
    if diagnosis.checks:
        with st.expander("Checks before the verdict"):
            for check in diagnosis.checks:
                st.markdown(_checked(check, diagnosis))


def _when_imported(run: Run) -> str:
    return " These figures were taken when the run was imported." if run.info.origin is not None else ""


def _which_images(run: Run, found: Examination) -> str:
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


def _checked(check: Check, diagnosis: Diagnosis) -> str:
    """A check by name; its sentence says what is wrong, so it stands only where something is, and once on the page."""
    if check.passed:
        return f":material/check: {plain(check.name)}: {plain(PASSED[check.name])}"
    icon = ":material/block:" if check.decides else ":material/info:"
    if check.sentence in diagnosis.because or check is next(iter(failed(diagnosis.checks)), None):
        return f"{icon} {plain(check.name)}: see above"
    return f"{icon} {plain(check.name)}: {plain(check.sentence)}"


# --- KL


def kl_section(run: Run, diagnosis: Diagnosis | None) -> None:
    codes = run.encodings
    kl = population_kl(codes.mu, codes.logvar)
    mean, active = kl.mean(0), is_active(codes.mu)
    order = np.argsort(-mean, kind="stable").tolist()
    st.caption(
        "How to read this: a tall bar is a posterior far from the prior; blue ones are also needed by the decoder. The sliders say when a "
        f"small bar counts as nothing. Over all {count(len(kl))} test images.",
        help=KL_HELP,
    )
    live_chart(
        {
            "kind": "collapse", "kl": _short(mean), "active": active.tolist(),
            "used": None if diagnosis is None else diagnosis.used.tolist(), "sorted": [_short(column) for column in _quantiles(kl)],
        },
        key=f"collapse-{run.id}",
    )  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Image by image**")
        st.caption("A column dark all the way down is collapsed; one bright only for some classes encodes what they differ in.")
        rows = _rows_by_class(run)
        names = [_image_name(run, row) for row in rows.tolist()]
        st.plotly_chart(clinic_figures.kl_heat_map(kl[rows], order, names), config=figures.CONFIG, key="kl-heat")
    with right:
        _ribbon(run, order)
    _table({"dimension": [dimension(k) for k in order], "mean KL, nats": mean[order], "Var(μ)": codes.mu.astype(float).var(0)[order],
            "active": active[order]} | ({} if diagnosis is None else {"used": diagnosis.used[order]}))  # fmt: skip


def _ribbon(run: Run, order: list[int]) -> None:
    history = run.history
    if len(history["epoch"]) < 2:
        why = "trained elsewhere" if run.info.origin is not None else "trained for one epoch"
        st.caption(f"There is no history: this model was {why}.")
        return
    st.markdown("**Over the epochs**")
    st.caption(
        "A band that narrows to zero is a dimension collapsing; compare it with β(t) at that epoch. The slider moves the line."
    )
    kl = np.column_stack([history[f"kl_{k + 1}"] for k in range(run.config.latent_dim)])
    beta = history.get("beta", np.full(len(kl), run.config.beta))
    st.plotly_chart(clinic_figures.kl_ribbon(history["epoch"], kl, beta, order), config=figures.CONFIG, key="kl-ribbon")


def _quantiles(kl: Doubles) -> Doubles:
    """(K, Q): every dimension's KL over the images, ascending; all of them, or as many quantiles."""
    ascending = np.sort(kl, axis=0).T
    if ascending.shape[1] <= MOST_SORTED:
        return ascending
    return ascending[:, np.linspace(0, ascending.shape[1] - 1, MOST_SORTED).round().astype(int)]


def _rows_by_class(run: Run) -> NDArray[np.int64]:
    """Evenly spread images, sorted by class."""
    n = len(run.encodings.mu)
    rows = np.unique(np.linspace(0, n - 1, min(n, clinic_figures.MOST_ROWS)).round().astype(np.int64))
    return rows[np.argsort(run.encodings.label[rows], kind="stable")]


def _image_name(run: Run, row: int) -> str:
    return image_name(row, int(run.encodings.label[row]), run.info.dataset.class_names)


# --- information


def information_section(run: Run, found: Examination) -> None:
    kl = kl_per_dim(run.encodings.mu, run.encodings.logvar)
    order = np.argsort(-kl, kind="stable").tolist()
    st.markdown(f"**{plain(information_sentence(found).split('; ')[0].rstrip('.'))}**", help=VERDICT_HELP)
    st.caption(_how_to_read_the_stack(found), help=INFORMATION_HELP)
    stack = clinic_figures.information_stack(
        found.information,
        found.total_correlation,
        float(np.sum(found.dimension_wise_kl)),
        found.ceiling,
        found.information_between[1],
    )
    st.plotly_chart(stack, config=figures.CONFIG, key="information")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown("**What is lost without a dimension**")
        st.caption(
            f"How to read this: a bar near 0 is a dimension that the decoder does not use, whatever its KL.{_of_how_many(found)}",
            help=INTERVENTION_HELP,
        )
        bars = clinic_figures.intervention_bars(
            found.shuffled, found.zeroed, order, USED, found.shuffled_error, found.zeroed_error
        )  # fmt: skip
        st.plotly_chart(bars, config=figures.CONFIG, key="interventions")
    with right:
        st.markdown("**How far the image moves**")
        st.caption("How to read this: the longer the bar, the more grey levels change per unit of z, at the codes of images.",
                   help="Mean of the root of Σ over pixels of (∂x̂/∂z_k)², grey levels in [0, 1] per unit of z.")  # fmt: skip
        st.plotly_chart(clinic_figures.sensitivity_bars(found.sensitivity, order), config=figures.CONFIG, key="sensitivity")
    _pictures_of_interventions(run, order[0])
    _table({
        "dimension": [dimension(k) for k in order], "mean KL, nats": kl[order], "shuffled, nats": np.array(found.shuffled)[order],
        "set to 0, nats": np.array(found.zeroed)[order], "‖∂x̂/∂z‖": np.array(found.sensitivity)[order],
    })  # fmt: skip


def _of_how_many(found: Examination) -> str:
    return "" if found.interventions_n in (None, found.n) else f" On {count(found.interventions_n or 0)} of the images."


def _how_to_read_the_stack(found: Examination) -> str:
    """What the split shows, and what N images cannot show."""
    low, high = found.information_between
    ceiling = f"at most log N = {number(found.ceiling)} nats; ± {number(found.information_error)}"
    seen = f"information that {count(found.n)} images show ({ceiling})"
    open_part = "; grey is information too or part of that distance, which these images do not decide" if high - low > 0.05 else ""
    return f"How to read this: blue is {seen}; the other colours say how far the codes as a whole are from the prior{open_part}."


def _pictures_of_interventions(run: Run, k: int) -> None:
    """The same codes as they are, with the most used dimension of another image, and with it set to 0."""
    mu = run.encodings.mu
    rows = np.linspace(0, len(mu) - 1, EXAMPLES).round().astype(int)
    codes = mu[rows]
    swapped, zeroed = codes.copy(), codes.copy()
    swapped[:, k] = np.roll(codes[:, k], 1)
    zeroed[:, k] = 0
    st.markdown(f"**The same with images: {dimension(k)}**")
    st.caption("Top: decoded from the code of an image. Middle: with this dimension from another image. Bottom: with it set to 0.")
    pictures = [fitted(to_picture(x_hat), 84) for some in (codes, swapped, zeroed) for x_hat in decoder(run).decode(some)]
    words = [text for name in ("its own", "another’s", "0") for text in [f"{dimension(k)}: {name}"] * EXAMPLES]
    for start in range(0, len(pictures), EXAMPLES):
        st.html(picture_grid(pictures[start : start + EXAMPLES], words[start : start + EXAMPLES]))


# --- the aggregated posterior


def prior_section(run: Run, found: Examination | None) -> None:
    codes = run.encodings
    kl = kl_per_dim(codes.mu, codes.logvar)
    order = np.argsort(-kl, kind="stable").tolist()
    draws = _draws(codes.mu, codes.logvar)
    if found is not None:
        far = int(np.argmax(found.dimension_wise_kl))
        st.markdown(
            f"**{prior_bracket(found).capitalize()} between the aggregated posterior and the prior**; of single dimensions "
            f"{dimension(far)} is farthest, {number(found.dimension_wise_kl[far])} nats",
            help=PRIOR_HELP,
        )
    st.caption(
        "How to read this: where blue stands over the line, codes are denser than the prior; where the line stands alone, samples from the "
        "prior fall where few images are encoded.",
        help="Draws of z from the posteriors of all test images, against N(0, 1): q(z_k) = (1/N) Σ_n q(z_k|x_n) and p(z_k).",
    )
    st.plotly_chart(clinic_figures.marginals(draws, order[:MOST_SHOWN]), config=figures.CONFIG, key="marginals")
    if len(order) > 1:
        first, second = order[:2]
        st.markdown(f"**The two dimensions of most KL together: {dimension(first)} and {dimension(second)}**")
        st.plotly_chart(clinic_figures.pair_density(draws, first, second), config=figures.CONFIG, key="pair")


def _draws(mu: NDArray[Any], logvar: NDArray[Any]) -> Doubles:
    """Draws from the aggregated posterior, about 20 000, the same number of every image."""
    each = max(1, MOST_DRAWS // len(mu))
    means, stds = np.repeat(mu, each, axis=0), np.repeat(np.exp(logvar / 2), each, axis=0)
    return np.asarray(means + stds * np.random.default_rng(0).standard_normal(means.shape))


# --- the linear VAE's prediction


def before_section(run: Run, runs: Mapping[str, RunInfo]) -> None:
    values = eigenvalues(run.id)
    if values is None:
        why = (
            "those of your own data are not kept in the run" if run.info.dataset.is_own else
            "they are not on this machine, or have more than 1024 pixels"
        )  # fmt: skip
        st.info(f"The spectrum needs the training images, and {why}.")
        return
    linear = [_on_the_stairs(name, info) for name, info in runs.items() if _is_linear(info, run)]
    st.caption(
        "How to read this: for a linear VAE with Gaussian pixels of fixed σ² a direction of the data stays alive if its eigenvalue λ is "
        f"above the line βσ². Move the line and walk down the staircase{_of_dots(bool(linear))}.{_of_pixels(run)}",
        help="Dimension i is alive iff λ_i > βσ², with mean KL ½ log(λ_i/βσ²) (Lucas et al. 2019, with probabilistic PCA of Tipping & "
        "Bishop 1999). A deep VAE is not linear: for it the staircase is a first guess. λ: of the covariance of the training images.",
    )
    found = run.info.examination
    sigma2 = found.sigma**2 if found is not None and found.sigma else 0.04
    live_chart(
        {
            "kind": "staircase", "dataset": run.info.dataset.name, "eigenvalues": _short(values[values > 1e-9]),
            "runs": linear,
            "beta": float(np.clip(run.config.beta, 0.05, 50)), "sigma2": float(np.clip(sigma2, 1e-4, 1)),
        },
        key=f"staircase-{run.id}",
    )  # fmt: skip


def _of_dots(has_some: bool) -> str:
    if not has_some:
        return ""
    return "; the dots are linear VAEs that were trained, each with a number of latent dimensions that it cannot exceed"


def _of_pixels(run: Run) -> str:
    """What the line can tell of a model without the σ that it stands for."""
    if run.config.likelihood == "gaussian":
        return ""
    return (
        f" This model's likelihood is {run.config.likelihood}, which has no such σ²: here the staircase only shows how many "
        "directions hold how much of the variance of the images, not how many dimensions this model uses."
    )


def _is_linear(info: RunInfo, run: Run) -> bool:
    config = info.config
    is_kind = config.model == "vae" and config.network == "linear" and config.likelihood == "gaussian" and config.scale == "fixed"
    return is_kind and info.dataset.sha256 == run.info.dataset.sha256 and info.metrics is not None


def _on_the_stairs(name: str, info: RunInfo) -> dict[str, Any]:
    assert info.metrics is not None
    threshold = info.config.beta * info.config.sigma**2
    return {"name": name, "threshold": threshold, "active": info.metrics.active_units, "latent_dim": info.config.latent_dim}


# --- beta


def beta_section(run: Run, runs: Mapping[str, RunInfo]) -> None:
    """Runs of the shown run's data set that differ in β and seed only; a click opens one."""
    swept = {name: info for name, info in runs.items() if name.startswith("sweep-") and _goes_with(info, run)}
    if not swept:
        st.info(f"No sweep over β is here for {plain(run.info.dataset.name)}; digits and mnist have one.")
        return
    st.caption(
        "How to read this: every point is a run; from left to right the KL term weighs more. Click a point to open the run.",
        help="Used: needed by the decoder. Information: I(x; z) as seen with the N examined images, at most log N. NLL: importance-sampled "
        "−log p(x), lower is better (Burda et al. 2016, eq. 8).",
    )
    names = list(swept)
    betas = [swept[name].config.beta for name in names]
    charts: dict[str, list[float]] = {
        "dimensions used": [float(_used(name)) for name in names],
        "information seen, nats": [_examination(name).information for name in names],
        "NLL, nats": [_metric(swept[name]) for name in names],
    }
    for column, (title, values) in zip(st.columns(len(charts), gap="medium"), charts.items(), strict=True):
        with column:
            chosen = st.plotly_chart(
                clinic_figures.beta_sweep(betas, values, names, title),
                config=figures.CONFIG,
                key=f"beta-{title}",
                on_select="rerun",
            )
            points = chosen["selection"]["points"] if chosen else []
            if points and points[0]["customdata"] in swept and points[0]["customdata"] != run.id:
                open_run_next(points[0]["customdata"])
    opened = st.selectbox("Open a run of the sweep", names, index=None, placeholder="β and seed", key="beta-open", width=320)
    if opened:
        st.button(f"Open {opened}", on_click=choose_run, args=(opened,), key="beta-go")
    _table({"run": names, "β": betas, **charts})


def _goes_with(info: RunInfo, run: Run) -> bool:
    return info.dataset.sha256 == run.info.dataset.sha256 and info.examination is not None and info.config.network != "linear"


def _examination(name: str) -> Examination:
    found = get_run(name).info.examination
    assert found is not None
    return found


def _used(name: str) -> int:
    run = get_run(name)
    return int(used_dimensions(_examination(name), run.encodings.mu).sum())


def _metric(info: RunInfo) -> float:
    assert info.metrics is not None
    return float("nan") if info.metrics.nll is None else info.metrics.nll


# --- for all


def _table(columns: Mapping[str, Any]) -> None:
    """The same as numbers, for screen readers and for copying."""
    with st.expander("The numbers"):
        st.dataframe(columns, hide_index=True)


def _short(values: NDArray[Any]) -> list[float]:
    return [float(f"{value:.5g}") for value in values]
