"""Are the models of `shared/cases`, and those beside them, read as their owners mean them, asked about, or refused, and never misread?

Rows M1, M5, M6, M7, M8; the networks are built here after those of the cases. Second opinions: the networks' own layers, closed forms.
"""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.field import zoo
from trainer import load_run
from trainer.diagnosis.diagnose import diagnose
from trainer.errors import ExternalModelError
from trainer.importers import conversion
from trainer.importers.calls.pixel_range import pixels_of
from trainer.importers.importing import HowTrained, check_model, import_model, make_run
from trainer.importers.model_adapter import adapt_model

QUICK = {"umap": False, "classifier": False}


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def plain():
    """A VAE with encode and decode and no forward, trained by the sum of cross-entropy and KL."""

    class Plain(zoo.Layers):
        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.pixels(z)

    torch.set_num_threads(1)
    return zoo.dense(Plain, epochs=40)


class Spread:
    """encode gives this kind of spread as a plain pair."""

    def __init__(self, net, kind):
        self.net, self.kind = net, kind

    def encode(self, x):
        mu, lv = self.net.two(x)
        return mu, {"sigma": torch.exp(lv / 2), "variance": torch.exp(lv), "log-sigma": lv / 2, "logvar": lv}[self.kind]

    def decode(self, z):
        return self.net.pixels(z)


def own_elbo(case, x) -> float:
    """Cross-entropy at draws and KL of a Gaussian, by torch.distributions, 20 draws."""
    torch.manual_seed(0)
    with torch.no_grad():
        mu, sigma = case.posterior(x)
        q = torch.distributions.Normal(mu, sigma)
        kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
        nll = np.mean(
            [
                float(functional.binary_cross_entropy(case.decode(q.sample()), x.flatten(1), reduction="sum")) / len(x)
                for _ in range(20)
            ]
        )
    return -float(nll + kl)


# --- M5: what the spread is


@pytest.mark.parametrize("kind", ["sigma", "variance", "log-sigma"])
def test_m5_another_spread_than_the_log_variance_is_seen_and_asked(plain, data, kind, tmp_path):
    with pytest.raises(ExternalModelError, match=rf"--spread {kind}\b") as error:
        import_model(Spread(plain.model, kind), data, "asked", runs=tmp_path)
    words = {"sigma": "the standard deviation", "variance": "the variance", "log-sigma": "the logarithm of the standard deviation"}
    assert re.search(rf"read as {words[kind]} it implies β (0\.9|1\.[01])\d in every dimension", str(error.value))
    run = import_model(Spread(plain.model, kind), data, "told", how=HowTrained(spread=kind), runs=tmp_path, **QUICK)
    assert run.info.metrics.elbo == pytest.approx(own_elbo(plain, zoo.digits("test")), abs=0.1)
    assert any("as --spread says" in line for line in run.info.origin.understood)


def test_m5_the_right_one_is_not_asked_about(plain, data, tmp_path):
    run = import_model(plain.model, data, "right", runs=tmp_path, **QUICK)
    assert run.info.metrics.elbo == pytest.approx(own_elbo(plain, zoo.digits("test")), abs=0.1)
    verdict = diagnose(run.config, run.info.examination, run.encodings.mu)
    assert verdict.kind in ("healthy", "surplus"), verdict.headline


@pytest.mark.parametrize("kind", ["sigma", "variance"])
def test_m5_a_wrong_answer_to_the_question_brings_no_verdict(plain, data, kind, tmp_path):
    """--spread logvar for what is never negative: figures are shown, and nothing is concluded from them."""
    run = import_model(Spread(plain.model, kind), data, "wrong", how=HowTrained(spread="logvar"), runs=tmp_path, **QUICK)
    verdict = diagnose(run.config, run.info.examination, run.encodings.mu)
    assert verdict.kind == "no-verdict" and not verdict.remedies


def test_m5_a_spread_that_cannot_be_is_refused(plain, data, tmp_path):
    with pytest.raises(
        ExternalModelError, match=r"values down to −\d+\.\d+, and the variance is never negative; allowed: logvar or log-sigma"
    ):
        import_model(plain.model, data, "x", how=HowTrained(spread="variance"), runs=tmp_path)
    with pytest.raises(ExternalModelError, match=r"--spread is sigma, but .* is the log variance \(seen where the code is drawn\)"):
        import_model(zoo.examples().model, data, "x", how=HowTrained(spread="sigma"), runs=tmp_path)


@pytest.mark.parametrize(("beta", "loss"), [(0.1, "sum"), (4.0, "sum")])
def test_m5_a_wrongly_declared_beta_is_not_taken_for_another_spread(plain, data, beta, loss, tmp_path):
    adapter, lines = check_model(plain.model, data, HowTrained(beta=beta, loss=loss))  # raises where it asks
    assert adapter.spread == "logvar" and any("not" in line and "as if β were" in line for line in lines), lines


# --- M1: the range of pixels


def test_m1_a_model_that_redraws_worse_than_the_mean_picture_gets_no_verdict(data, tmp_path):
    case = zoo.tanh_pixels()
    how = HowTrained(likelihood="gaussian", sigma=0.05**0.5, pixels="0..1")
    run = import_model(case.model, data, "kept", how=how, runs=tmp_path, **QUICK)
    verdict = diagnose(run.config, run.info.examination, run.encodings.mu)
    assert verdict.kind == "no-verdict" and "worse than one image for all, the mean image" in " ".join(
        (verdict.headline, *verdict.because)
    )


@pytest.mark.parametrize(
    ("text", "black", "white"),
    [
        ("", 0, 1),
        ("0..1", 0, 1),
        ("-1..1", -1, 1),
        ("−1..1", -1, 1),
        ("0..255", 0, 255),
        ("0.1307,0.3081", -0.1307 / 0.3081, 0.8693 / 0.3081),
    ],
)
def test_m1_ranges_lead_there_and_back(text, black, white):
    pixels, x = pixels_of(text), torch.tensor([0.0, 1.0, 0.3]).reshape(3, 1, 1, 1)
    assert pixels.into(x).flatten()[:2].tolist() == pytest.approx([black, white])
    assert torch.allclose(pixels.back(pixels.into(x)), x, atol=1e-6)


@pytest.mark.parametrize("text", ["1..0", "a..b", "0.5", "0.5,0", "1,2,3", "0..nan", "0.1/0.2,0.3/0.4"])
def test_m1_a_range_that_is_none_is_a_sentence(text, data, tmp_path):
    with pytest.raises(Exception, match=r"--pixels is .*; allowed: "):
        import_model(zoo.examples().model, data, "x", how=HowTrained(pixels=text), runs=tmp_path)


# --- M6: batch norm left in training


class Normed(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 2 * k))
        self.decoder = nn.Sequential(nn.Linear(k, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 64), nn.Sigmoid())

    def encode(self, x):
        return self.encoder(x).chunk(2, 1)

    def decode(self, z):
        return self.decoder(z)


class Nested:
    def __init__(self, net):
        self.parts = {"models": [{"net": net}]}

    def encode(self, x):
        return self.parts["models"][0]["net"].encode(x)

    def decode(self, z):
        return self.parts["models"][0]["net"].decode(z)


@pytest.fixture(scope="module")
def normed():
    net = Normed()

    def posterior(x):
        mu, lv = net.encode(x)
        return mu, torch.exp(lv / 2)

    torch.set_num_threads(1)
    return zoo.fit(net, posterior, net.decode, epochs=20)


HOLDERS = {
    "itself": lambda net: net,
    "closures": lambda net: {"encode": lambda x: net.encoder(x).chunk(2, 1), "decode": lambda z: net.decoder(z)},
    "nested": Nested,
    "bound methods": lambda net: {"encode": net.encode, "decode": net.decode},
    "a default": lambda net: {"encode": lambda x, net=net: net.encode(x), "decode": lambda z, net=net: net.decode(z)},
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_m6_batch_norm_left_in_training_is_found_wherever_it_is_held(normed, holder):
    normed.eval()
    x = zoo.digits("test")
    with torch.no_grad():
        mu, _ = normed.encode(x)
    held = HOLDERS[holder](normed.train())
    found = adapt_model(held, x[:48])
    assert torch.allclose(found.encode(x)[0], mu, atol=1e-5)


def test_m6_what_cannot_be_found_is_refused(normed, data, tmp_path):
    """A net in a module of Python that no attribute leads to; its running means would move with every question too."""
    net = zoo.mixed_batches()
    with pytest.raises(ExternalModelError, match=r"encode gives other numbers for an image alone than among 64 .*call eval\(\)"):
        import_model(net, data, "x", runs=tmp_path)


# --- M7: a clamp


@pytest.mark.parametrize("low", [1e-6, 1e-4, 1e-3, 0.05])
def test_m7_a_clamp_is_no_obstacle_to_layers(plain, data, low, tmp_path):
    """Within the tolerance it is left out, beyond it is a layer."""
    clamped = {"encode": plain.model.two, "decode": lambda z: plain.model.pixels(z).clamp(low, 1 - low)}
    run = import_model(clamped, data, "clamped", runs=tmp_path, **QUICK)
    assert run.info.origin.decoder == "layers"
    z = torch.randn(40, zoo.K, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        wanted = clamped["decode"](z).reshape(-1, 1, 8, 8).numpy()
    assert np.abs(run.forward.decode(z.numpy()) - wanted).max() < (1.1 * low if low < 0.01 else 0) + 1e-4


def test_m7_a_clamp_in_the_encoder_is_none_either(plain, data, tmp_path):
    model = {"encode": lambda x: (lambda mu, lv: (mu, lv.clamp(-10, 10)))(*plain.model.two(x)), "decode": plain.model.pixels}
    run = import_model(model, data, "clamped", runs=tmp_path, **QUICK)
    assert run.config.has_encoder
    model["encode"] = lambda x: (lambda mu, lv: (mu, lv.clamp(-1, -0.5)))(*plain.model.two(x))
    run = import_model(model, data, "cut", runs=tmp_path, **QUICK)
    x = zoo.digits("test")
    with torch.no_grad():
        logvar = model["encode"](x)[1].numpy()
    assert run.config.has_encoder and np.abs(run.forward.encode(x.numpy()).logvar - logvar).max() < 1e-4


# --- M8: a loss that is averaged over pixels


def of_loss(beta: float):
    class Net(zoo.Layers):
        def encode(self, x):
            return self.two(x)

        def decode(self, z):
            return self.pixels(z)

    net, x = Net(), zoo.digits()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
        for _ in range(60):
            for rows in torch.randperm(len(x)).split(128):
                mu, lv = net.two(x[rows])
                y = net.pixels(zoo.draw(mu, lv))
                kl = -0.5 * (1 + lv - mu.square() - lv.exp()).sum(1)
                loss = functional.mse_loss(y, x[rows].flatten(1)) + beta * kl.mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    return net.eval()


def test_m8_a_loss_averaged_over_pixels_has_the_weight_times_the_pixels(data, tmp_path):
    net = of_loss(0.002)
    how = HowTrained(likelihood="gaussian", sigma=0.5**0.5, loss="mean", beta=0.002)
    run = import_model(net, data, "mean", how=how, runs=tmp_path, **QUICK)
    assert run.config.beta == pytest.approx(0.002 * 64)  # Σ/64 + β KL is Σ + 64 β KL, over 64
    assert run.info.examination.implied.value == pytest.approx(0.128, rel=0.15)
    _, lines = check_model(net, data, how)
    assert any(" declared β 0.128 " in line or "declared 0.128 " in line for line in lines)


def test_m8_a_beta_times_many_pixels_is_within_the_bounds():
    how = HowTrained(loss="mean", beta=4.0)
    assert how.effective_beta((3, 256, 256)) == 4 * 3 * 256 * 256


# --- what else was told wrongly or not at all


def test_images_without_encode_say_that_encode_was_not_given(plain, tmp_path):
    x = zoo.digits("test")
    with torch.no_grad():
        mu, sigma = plain.posterior(x)
    images = (x.numpy() * 255).round().astype(np.uint8)
    run = make_run("codes", plain.decode, mu, 2 * sigma.log(), images=images, runs=tmp_path, umap=False)
    assert run.info.origin.sentences() == (
        "Its encoder is not known here, because encode was not given: Reconstruct offers the test images only.",
    )


def test_stored_pictures_state_their_error_near_codes_and_at_the_prior(data, tmp_path, monkeypatch):
    """Both figures again by brute force: the run's own engine against the model, whose decoder is taken for too large."""
    monkeypatch.setattr(conversion, "MOST_MULTIPLY_ADDS", 1000)
    case = zoo.residual()
    run = import_model(case.model, data, "stored", runs=tmp_path, **QUICK)
    origin = run.info.origin
    assert origin.decoder == "pictures"
    z = torch.randn(500, zoo.K, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        off = np.abs(run.forward.decode(z.numpy()) - case.decode(z).numpy())
    assert origin.prior_error == pytest.approx(off.mean(), rel=0.2)
    (sentence, *_) = origin.sentences()
    assert "near the codes of images; at samples from the prior by" in sentence
    assert ("trust no detail" in sentence) == (origin.prior_error >= 0.03)


@pytest.mark.parametrize("name", ["vamp", "with_flow", "hierarchy"])
def test_a_model_with_another_prior_is_shown_and_gets_no_verdict(name, data, tmp_path):
    run = import_model(getattr(zoo, name)(), data, "doubted", runs=tmp_path, **QUICK)
    again = load_run("doubted", tmp_path)
    verdict = diagnose(again.config, again.info.examination, again.encodings.mu)
    assert verdict.kind == "no-verdict"
    assert any(doubt[1:] in " ".join((verdict.headline, *verdict.because)) for doubt in run.config.doubts)


def test_what_was_understood_is_kept_in_the_run(data, tmp_path):
    import_model(zoo.layers_between().model, data, "kept", runs=tmp_path, **QUICK)
    raw = json.loads((tmp_path / "kept" / "run.json").read_text(encoding="utf-8"))
    text = "\n".join(raw["origin"]["understood"])
    assert "forward, with z in place of the code that it draws" in text and "seen where the code is drawn" in text
    assert "forward against decode(encode(x)) at the same noise: pixels differ by 0.000000" in text


def test_codes_of_a_thousand_numbers_become_a_run(data, tmp_path):
    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.down, self.up = nn.Conv2d(1, 32, 3, 1, 1), nn.Conv2d(16, 1, 3, 1, 1)

        def encode(self, x):
            return self.down(x).chunk(2, 1)

        def decode(self, z):
            return torch.sigmoid(self.up(torch.tanh(z)))

    torch.manual_seed(0)
    found = adapt_model(Wide().eval(), zoo.digits("test")[:48])
    assert found.latent_dim == 1024 and found.understood.code.startswith("1024 numbers (16 × 8 × 8)")
    x = zoo.digits("test")[:40]
    with torch.no_grad():
        mu, logvar = found.encode(x)
    run = make_run("wide", lambda z: found.decode(z), mu, logvar, image_shape=(1, 8, 8), runs=tmp_path, umap=False)
    assert run.config.latent_dim == 1024
    with torch.no_grad():
        assert np.abs(run.forward.decode(mu.numpy()) - found.decode(mu).numpy()).max() < 1e-4
