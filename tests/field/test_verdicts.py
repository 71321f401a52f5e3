"""Does a verdict say no more than its figures decide, and nothing at all of a model that was read wrongly?

Issue 11, section 3, and numbers.md §9 to §11: log N as a ceiling of what can be seen, the implied β, the checks before a verdict.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.text.about_run import figures
from explorer.text.run_summary import parameters, size
from tests.examinations import of_two_dimensions
from trainer.cli.shipped_runs import CLINIC
from trainer.config import FitConfig, ImportedConfig
from trainer.diagnosis.checks import PASSED, checks, failed, notes
from trainer.diagnosis.diagnose import diagnose
from trainer.diagnosis.implied import implied_differs, implied_sentence, why_not_implied
from trainer.diagnosis.measure import examine
from trainer.diagnosis.sentences import information_sentence, neighbours_sentence, prior_sentence
from trainer.metrics.cost import Budget
from trainer.metrics.evaluate import evaluate
from trainer.models.torch_engine import Posterior, Vae
from trainer.numerals import dimension, percent
from trainer.runs.catalogue import HOME, list_runs, load_run
from trainer.runs.examination import Implied, Measured

SHIPPED = [(part, name) for part in ("runs", "clinic", "sweep") for name in list_runs(HOME / "assets" / part)]
EXAMINED = [(part, name) for part, name in SHIPPED if load_run(name, HOME / "assets" / part).info.examination is not None]


def shipped(part: str, name: str):
    return load_run(name, HOME / "assets" / part)


# --- the ceiling of log N


@pytest.mark.parametrize(("part", "name"), EXAMINED)
def test_no_shipped_run_is_told_more_than_its_images_decide(part, name):
    run = shipped(part, name)
    found = run.info.examination
    assert found.prior_low is not None
    low, high = found.prior_distance
    at_least, at_most = found.information_between
    assert 0 <= low <= high
    assert at_least <= at_most <= found.mean_kl + 1e-9 + max(0.0, found.information - found.mean_kl)
    text = " ".join(diagnose(run.config, found).because)
    if found.is_capped:
        assert "at least" in information_sentence(found)
        assert "cannot be seen with" in information_sentence(found)
    if low < 1 <= high:
        assert "do not decide" in text
        assert "not spread as codes are" not in text
    assert "land where no codes are" not in text


def test_the_20_dimensions_of_mnist_are_not_15_nats_from_the_prior():
    """What is left of the KL beyond log N is only an upper bound of that distance: 4000 images decide no more than some tenths of a nat."""
    found = shipped("runs", "mnist-20d").info.examination
    low, high = found.prior_distance
    assert 0.3 < low < 1.5
    assert 14 < high < 16
    assert information_sentence(found).startswith("The latent code carries at least 8.2")
    assert "4000 images do not decide" in prior_sentence(found)


def test_codes_that_really_are_far_from_the_prior_are_said_to_be():
    found = shipped("runs", "shapes-6d").info.examination
    assert found.prior_distance[0] > 11
    assert "samples from the prior are not spread as codes are" in prior_sentence(found)


def gaussian_codes(n: int, n_dims: int, variance: float) -> tuple[np.ndarray, np.ndarray]:
    mu = np.random.default_rng(0).standard_normal((n, n_dims)) * math.sqrt(1 - variance)
    return mu, np.full(mu.shape, math.log(variance))


@pytest.mark.slow
def test_ten_thousand_and_four_thousand_images_give_the_same_sentence_of_the_same_codes():
    """A linear VAE at its optimum: q(z) is the prior, the information is ½ K log(1/variance) = 46 nats, whatever N."""
    from trainer.metrics.information import information_split
    from trainer.metrics.information_bracket import prior_distance

    told = []
    for n in (2000, 4000):
        mu, logvar = gaussian_codes(n, 20, 0.01)
        split, far = information_split(mu, logvar, np.random.default_rng(1)), prior_distance(mu, logvar, np.random.default_rng(1))
        found = made_up(
            n=n,
            mean_kl=split.mean_kl,
            information=split.mutual_information,
            marginal_kl=split.marginal_kl,
            prior_low=far.low,
            prior_error=far.error,
        )
        low, high = found.information_between
        assert low <= 46.05 <= high + 0.5
        assert found.prior_distance[0] < 0.1
        told.append(
            (
                diagnose(FitConfig(latent_dim=2), found).kind,
                "do not decide" in prior_sentence(found),
                "at least" in information_sentence(found),
            )
        )
    assert told[0] == told[1] == ("healthy", True, True)


# --- the verdict and what stands beside it


made_up = partial(of_two_dimensions, variance=(0.9, 0.9))


def test_no_threshold_depends_on_the_number_of_images():
    for information in (0.1, 0.5, 0.8, 3.0):
        kinds = {diagnose(FitConfig(latent_dim=2), made_up(n=n, information=information)).kind for n in (40, 539, 4000, 10_000)}
        assert len(kinds) == 1


@pytest.mark.parametrize(("part", "name"), EXAMINED)
def test_the_headline_needs_neither_codes_nor_torch(part, name):
    run = shipped(part, name)
    assert (
        diagnose(run.config, run.info.examination).headline == diagnose(run.config, run.info.examination, run.encodings.mu).headline
    )


def test_every_patient_still_gets_its_verdict():
    for name in CLINIC:
        kind = diagnose(CLINIC[name], shipped("clinic", name).info.examination).kind
        assert kind in ({"healthy", "surplus"} if "-mended-" in name else {name.removeprefix("clinic-")})


def test_neighbours_that_read_a_collapsed_code_are_explained():
    """The posterior means differ by a hundredth of the posterior's own width; a sample of it has lost that."""
    run = shipped("clinic", "clinic-collapsed")
    found = run.info.examination
    mu, logvar = run.encodings.mu.astype(float), run.encodings.logvar.astype(float)
    ratio = np.sqrt((mu.var(0) / np.exp(logvar).mean(0)).max())
    assert ratio < 0.02
    told = neighbours_sentence(found)
    assert f"{ratio:.3f} posterior standard deviations" in told
    assert found.knn_means > 0.7
    assert found.knn_draws < 0.2  # of ten classes
    assert told in diagnose(run.config, found).because
    by_name = {figure.name: figure for figure in figures(run.info, 0)}
    assert by_name["15-NN"].value == f"{percent(found.knn_means)} from posterior means, {percent(found.knn_draws)} from samples"
    assert told in by_name["15-NN"].meaning
    for share in (found.knn_means, found.knn_draws):  # the header's figures are those of the sentence
        assert percent(share) in told
    healthy = figures(shipped("clinic", "clinic-healthy").info, 0)
    assert "from samples" not in next(figure.value for figure in healthy if figure.name == "15-NN")


# --- checks


def imported(**changes: object) -> ImportedConfig:
    return ImportedConfig(**{"latent_dim": 2, "data": "digits", "parts": {}, **changes})


GOOD = Measured(
    n=500,
    n_pixels=784,
    n_positions=784,
    nll=70,
    mean_nll=206,
    perfect_nll=0,
    excess=-136,
    excess_error=1,
    alone=1e-6,
    outside=0,
    least_logvar=-6,
    mean_logvar=-3,
    ess=30,
    ess_draws=200,
)


def implied(value: float, spread: float = 0.01, width: float = 0.02) -> Implied:
    return Implied(value=value, low=value * (1 - width), high=value * (1 + width), spread=spread, n=500, per_dim=(value, value))


@pytest.mark.parametrize(
    ("n", "changes", "words"),
    [
        (12, {}, "Too few test images (12): at least 30 are needed"),
        (
            500,
            {"excess": 20.0, "nll": 226.0},
            "the mean image: −log p(x|z) at the posterior mean, z = μ, is 226.0 against 206.0",
        ),
        (500, {"alone": 0.3}, "batch normalisation or dropout is still in training mode"),
        (500, {"outside": 0.4}, "40\u00a0% of decoded pixels lie outside 0 to 1"),
        (500, {"least_logvar": 0.05, "mean_logvar": 0.3}, "probably a standard deviation or a variance"),
    ],
)
def test_what_must_hold_before_a_verdict(n, changes, words):
    made = checks(imported(), n, GOOD.model_copy(update=changes), implied(1.0))
    assert len(failed(made)) == 1
    assert words in failed(made)[0].sentence
    found = diagnose(imported(), made_up(n=n, measured=GOOD.model_copy(update=changes), implied=implied(1.0)))
    assert found.kind == "no-verdict"
    assert found.is_alarm
    assert not found.remedies
    assert found.headline.startswith("No verdict: ")
    assert words[1:] in found.headline


def test_a_sound_model_passes_and_a_thing_to_know_is_a_note():
    assert not failed(checks(imported(), 500, GOOD, implied(1.0))) and not notes(checks(imported(), 500, GOOD, implied(1.0)))
    told = notes(checks(imported(), 500, GOOD.model_copy(update={"ess": 1.2}), implied(1.0)))
    assert [check.name for check in told] == ["importance weights"]
    assert diagnose(imported(), made_up(measured=GOOD, implied=implied(1.0))).kind == "healthy"


@pytest.mark.parametrize(
    ("config", "value", "words"),
    [
        ({}, 782.0, "β 782 (95 % interval 766 to 798, on 500 images). Was the reconstruction averaged over its 784 pixels?"),
        ({}, 1 / 784, "Was the KL divided by the 784 pixels?"),
        ({"latent_dim": 20}, 39.0, "the reconstruction over 784 pixels, the KL over 20 dimensions?"),
        ({"likelihood": "gaussian", "scale": "fixed"}, 0.5, "Was the loss Σ(x − x̂)², without the ½?"),
        ({"likelihood": "gaussian", "scale": "fixed"}, 390.0, "averaged over its 784 pixels, without the ½?"),
        ({"likelihood": "gaussian", "scale": "fixed"}, 0.04, "the scale of a pixel would be σ = 0.2 instead of 1."),
        ({"beta": 4.0}, 4.1, "near the declared 4 but above it"),
    ],
)
def test_a_difference_of_beta_is_told_with_what_would_explain_it(config, value, words):
    config = imported(**config)
    assert words in implied_sentence(config, GOOD, implied(value)).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (
            1.26,
            1.22,
            1.30,
            "Implied β 1.26 (95 % interval 1.22 to 1.30, on 500 images), near the declared 1 but above it, as in models",
        ),
        (0.9, 0.88, 0.93, "Implied β 0.900 (95 % interval 0.880 to 0.930, on 500 images), near the declared 1 but below it."),
        (1.02, 0.99, 1.05, "The declared β 1 is what the model implies: implied β 1.02 (95 % interval 0.99 to 1.05"),
        (1.1, 1.0004, 1.2, "The declared β 1 is what the model implies"),  # 1.00 as it is written
        (1.6, 1.1, 2.1, "above the declared 1; so wide an interval does not tell by how much."),
        (-0.2, -0.3, -0.1, "is one that no training gives"),
    ],
)
def test_only_an_interval_that_holds_the_declared_beta_agrees_with_it(value, low, high, words):
    found = Implied(value=value, low=low, high=high, spread=0.01, n=500, per_dim=(value, value))
    told = implied_sentence(imported(), GOOD, found).replace("\u00a0", " ")
    assert words in told
    assert ("is what the model implies" in told) == (round(low, 2) <= 1 <= round(high, 2))


def test_dimensions_that_disagree_say_little_of_the_declared_beta():
    found = Implied(value=1.0, low=0.9, high=1.1, spread=0.6, n=500, per_dim=(0.4, 1.6))
    told = implied_sentence(imported(), GOOD, found)
    assert told.startswith("The implied β differs between dimensions (from 0.40 to 1.60)")
    assert "is what the model implies" not in told


@pytest.mark.parametrize(
    ("mu", "logvar", "words"),
    [
        (0.0, 0.0, "the mean KL is at most 0.05 nats"),
        (2.0, 0.0, "the mean variance of the posteriors is that of the prior"),
        (2.0, -3.0, "no finite gradient"),
        (np.nan, 0.0, "not finite"),
    ],
)
def test_why_there_is_no_implied_beta_is_said(mu, logvar, words):
    """A constant encoder N(0, I), one of the prior's width elsewhere, narrow posteriors whose decoder must be at fault, and no numbers."""
    shape = (50, 3)
    assert words in why_not_implied(np.full(shape, mu), np.full(shape, logvar))


def test_a_difference_within_its_interval_is_none():
    assert not implied_differs(imported(), implied(1.5, width=0.4))
    assert implied_differs(imported(), implied(1.5))
    assert not implied_differs(imported(importance_samples=5), implied(1.5))  # an importance-weighted bound has another optimum


def test_a_model_trained_as_if_beta_were_784_is_over_regularised_whatever_was_declared():
    found = diagnose(imported(), made_up(measured=GOOD, implied=implied(782.0)))
    assert found.kind == "over-regularised"
    assert any("averaged over its 784 pixels" in line for line in found.because)


def test_an_implied_beta_that_differs_between_dimensions_forbids_a_verdict_on_a_model_from_elsewhere_only():
    uneven = Implied(value=2, low=1.9, high=2.1, spread=0.6, n=500, per_dim=(0.4, 5.0))
    told = diagnose(imported(), made_up(measured=GOOD, implied=uneven))
    assert told.kind == "no-verdict"
    assert "differs between dimensions (from 0.40 to 5.00)" in told.headline
    own = diagnose(FitConfig(latent_dim=2), made_up(measured=GOOD, implied=uneven))
    assert own.kind != "no-verdict"
    assert any("more epochs" in line for line in own.because)


def test_a_run_of_ours_is_not_accused_of_having_been_misread():
    """Hardly trained: its log variances are what they are, and its pictures are poor because it learned little."""
    own = FitConfig(latent_dim=2)
    barely = GOOD.model_copy(update={"excess": 52.0, "nll": 66.0, "mean_nll": 14.0, "least_logvar": 0.03, "mean_logvar": 0.1})
    told = [check.sentence for check in failed(checks(own, 500, barely, None))]
    assert len(told) == 1 and told[0].endswith("It was trained too little, or on images unlike these.")


class Misread(Vae):
    """A shipped model that gives another thing than log variance, or sees other pixels."""

    reading = staticmethod(lambda logvar: logvar)
    seen = staticmethod(lambda x: x)

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        q = super().posterior(self.seen(x), y)
        return Posterior(q.mu, self.reading(q.logvar))


@pytest.mark.parametrize(
    ("reading", "seen", "words"),
    [
        (lambda v: (v / 2).exp(), lambda x: x, "probably a standard deviation or a variance"),
        (lambda v: v.exp(), lambda x: x, "probably a standard deviation or a variance"),
        (lambda v: v, lambda x: 6 * x - 3, "worse than one image for all, the mean"),
    ],
    ids=["σ for log σ²", "σ² for log σ²", "other pixels"],
)
def test_a_shipped_model_that_is_misread_gets_no_verdict(digits, reading, seen, words):
    run = shipped("clinic", "clinic-healthy")
    model = Misread(run.config, run.image_shape)
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in run.weights.items()})
    model.reading, model.seen = reading, seen
    config = imported(latent_dim=run.config.latent_dim, likelihood="gaussian")
    verdict = diagnose(config, examine(model.eval(), digits))
    assert verdict.kind == "no-verdict"
    assert any(words in check.sentence for check in failed(verdict.checks))


def test_a_tiny_set_is_examined_and_gets_no_verdict_it_cannot_carry(digits):
    tiny = replace(digits, splits={**digits.splits, "test": digits.splits["test"][:3]})
    model = Vae(FitConfig(hidden=(4,), latent_dim=2), digits.image_shape).eval()
    found = examine(model, tiny)
    verdict = diagnose(FitConfig(hidden=(4,), latent_dim=2), found)
    assert verdict.headline.startswith("No verdict: too few test images (3): at least 30 are needed.")
    assert len(verdict.because) == 1 and "nats" not in verdict.because[0]
    for n in (1, 2):
        few = replace(digits, splits={**digits.splits, "test": digits.splits["test"][:n]})
        assert diagnose(FitConfig(hidden=(4,), latent_dim=2), examine(model, few)).kind == "no-verdict"


@pytest.mark.parametrize("name", ["clinic-surplus", "clinic-healthy", "clinic-collapsed"])
def test_dimensions_that_are_not_used_are_named_each_with_what_decided_it(name):
    """Against a loop over the dimensions by the definitions, and counts that add up to the headline's."""
    run = shipped("clinic", name)
    found, verdict = run.info.examination, diagnose(run.config, run.info.examination, run.encodings.mu)
    variance = run.encodings.mu.astype(float).var(0)
    told = [line for line in verdict.because if line.startswith("Not used: ")]
    unused = [k for k in range(len(verdict.used)) if not verdict.used[k]]
    assert len(told) == (0 < len(unused) < len(verdict.used))
    for line in told:
        still = [k for k in unused if variance[k] <= 0.01]
        first, _, second = line.partition("; and ")
        for part, members in zip(
            [first, second] if second else [first], [m for m in (still, sorted({*unused} - {*still})) if m], strict=True
        ):
            assert [dimension(k) in re.findall("z[₀-₉]+", part) for k in members] == [i < 5 for i in range(len(members))]
            assert (f"and {len(members) - 5} more" in part) == (len(members) > 5)
            assert ("hardly varies" in part) == (members == still)
        assert found.shuffled is not None


# --- budgets


def test_a_budget_makes_fewer_decodes_and_says_how_many(digits, monkeypatch):
    from trainer.diagnosis import measure as module

    run = shipped("clinic", "clinic-surplus")
    whole = examine(run.model, digits)
    assert whole.interventions_n == 539
    monkeypatch.setattr(module, "seconds_a_decode", lambda *_: 0.01)  # a slow model
    small = examine(run.model, digits, budget=Budget(60.0))
    assert small.interventions_n == 100
    # 24 dimensions: each within its stated error, four of them in sixteen thousand
    errors = np.hypot(small.shuffled_error, whole.shuffled_error)
    assert (np.abs(np.array(small.shuffled) - whole.shuffled) <= 4 * errors + 1e-3).all()
    assert diagnose(run.config, small).kind == diagnose(run.config, whole).kind


def test_the_nll_of_a_budget_is_of_fewer_images_with_a_larger_error(digits, monkeypatch):
    from trainer.metrics import evaluate as module

    run = shipped("clinic", "clinic-healthy")
    whole = evaluate(run.model, digits, samples=200)
    monkeypatch.setattr(module, "seconds_a_decode", lambda *_: 0.001)
    small = evaluate(run.model, digits, samples=200, budget=Budget(60.0))
    assert small.nll_n < whole.nll_n == 539
    assert small.nll_n * small.samples * 0.001 <= 60
    assert small.nll_standard_error > whole.nll_standard_error
    assert small.nll == pytest.approx(whole.nll, abs=4 * small.nll_standard_error)
    assert small.reconstruction == pytest.approx(whole.reconstruction, abs=0.3)


def test_a_fast_model_has_the_full_counts_within_any_budget(digits):
    run = shipped("clinic", "clinic-healthy")
    assert evaluate(run.model, digits, samples=50, budget=Budget(600.0)).nll_n == 539


# --- the command


def test_examine_writes_nothing_into_a_shipped_run(capsys):
    from trainer.cli.main import main

    path = Path(HOME / "assets" / "clinic" / "clinic-healthy" / "run.json")
    before = path.read_bytes()
    try:
        assert main(["examine", "clinic-healthy"]) == 0
        assert path.read_bytes() == before
    finally:
        path.write_bytes(before)
    assert "Healthy: all 4 latent dimensions are used." in capsys.readouterr().out


# --- figures in one line


@pytest.mark.parametrize(
    ("n", "words"),
    [(1, "1 parameter"), (4421, "4421 parameters"), (42_310, "42 310 parameters"), (671_284, "0.67 M parameters")],
)
def test_few_parameters_are_counted(n, words):
    assert parameters(n).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("n_bytes", "words"), [(12, "12 bytes"), (40_300, "40 kB"), (99_999, "100 kB"), (100_000, "0.1 MB"), (1_540_000, "1.5 MB")]
)
def test_a_small_run_is_of_kilobytes(n_bytes, words):
    assert size(n_bytes) == words


def test_numbers_of_one_sentence_have_the_same_digits():
    found = made_up(n=4000, mean_kl=20.78, information=8.27, marginal_kl=12.51, prior_low=0.6, prior_error=0.0)
    told = information_sentence(found)
    assert found.is_capped
    assert {len(figure) for figure in re.findall(r"\.(\d+)", told)} == {2}


def test_every_check_says_what_holds_where_it_passed():
    source = "".join(path.read_text(encoding="utf-8") for path in (HOME / "trainer" / "diagnosis").glob("*.py"))
    names = set(re.findall(r'Check\(\s*"([^"]+)"', source))
    assert names - {"as understood"} == set(PASSED)  # that one is there only where it failed
