"""Are settings checked, and does a refusal say field, value and what is allowed?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.config import FitConfig, check_run_name, checked
from trainer.errors import ConfigError
from trainer.presets import PRESET_NOTES, PRESETS, preset


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("latent_dim", 0, "1 to 512"),
        ("latent_dim", 513, "1 to 512"),
        ("beta", -1, "0 to 1000"),
        ("learning_rate", 0, "more than 0"),
        ("epochs", 0, "1 to 100000"),
        ("network", "cnn", "'mlp', 'conv', 'residual' or 'linear'"),
        ("hidden", (0,), "1 to 8192"),
        ("binarise", True, "only with 'bernoulli'"),
    ],
)
def test_a_refusal_names_field_value_and_what_is_allowed(field, value, allowed):
    base = FitConfig(likelihood="gaussian") if field == "binarise" else FitConfig()
    with pytest.raises(ConfigError) as caught:
        checked(base, **{field: value})
    message = str(caught.value)
    assert field in message
    assert repr(value) in message
    assert allowed in message


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"model": "pca"}, "model is 'pca'; allowed: 'pca' only with network 'linear'"),
        ({"beta_cycles": 4, "warmup_epochs": 3}, "beta_cycles is 4; allowed: 0 where warmup_epochs is set"),
        ({"importance_samples": 5, "beta": 2}, "importance_samples is 5; allowed: 1 unless"),
        ({"importance_samples": 5, "model": "m2"}, "importance_samples is 5; allowed: 1 unless"),
        ({"lagging_steps": 5, "model": "autoencoder"}, "lagging_steps is 5; allowed: 0 unless"),
        ({"model": "m2", "network": "conv"}, "model is 'm2'; allowed: 'm2' only with network 'mlp'"),
        ({"model": "m1+m2"}, "feature_epochs is 0; allowed: 1 to 19 for 'm1+m2'"),
        ({"finish_linear": True}, "finish_linear is True; allowed: False unless"),
        ({"feature_hidden": ()}, "feature_hidden is (); allowed: 1 to 8 whole numbers"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, sentence):
    with pytest.raises(ConfigError) as caught:
        checked(FitConfig(), **settings)
    assert sentence in str(caught.value)


def test_every_textbook_model_is_a_preset_on_digits_and_on_mnist():
    models = ("pca", "linear-ae", "linear-vae", "autoencoder", "vae", "beta-vae", "conditional-vae", "m2", "m1+m2", "iwae")
    for name in models:
        assert PRESETS[name].data == "mnist"
        assert PRESETS[f"digits-{name}"].data == "digits"
        assert PRESETS[name].model == PRESETS[f"digits-{name}"].model


def test_unknown_preset_lists_those_that_exist():
    with pytest.raises(ConfigError, match=r"digits-2d, digits-16d, shapes-6d, .*, burda, examples"):
        preset("mnist2")


def test_every_preset_has_a_note_and_survives_a_round_trip():
    assert set(PRESET_NOTES) == set(PRESETS)
    for config in PRESETS.values():
        assert FitConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("name", ["../etc", "a/b", "", ".hidden", "A", "a b", "a" * 65, "x..y", "nul\0", "\u202e"])
def test_a_run_name_is_never_a_path(name):
    with pytest.raises(ConfigError, match="run name"):
        check_run_name(name)


@given(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True))
def test_plain_names_pass(name):
    assert check_run_name(name) == name
