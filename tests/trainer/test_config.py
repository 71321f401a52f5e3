"""Are settings checked, and does a refusal say field, value and what is allowed?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.config import PRESET_NOTES, PRESETS, FitConfig, check_run_name, checked, preset
from trainer.errors import ConfigError


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("latent_dim", 0, "1 to 512"),
        ("latent_dim", 513, "1 to 512"),
        ("beta", -1, "0 to 1000"),
        ("learning_rate", 0, "more than 0"),
        ("epochs", 0, "1 to 100000"),
        ("network", "cnn", "'mlp', 'conv' or 'linear'"),
        ("hidden", (0,), "1 to 8192"),
        ("binarise", True, "likelihood 'bernoulli'"),
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


def test_unknown_preset_lists_those_that_exist():
    with pytest.raises(ConfigError, match="digits-2d, digits-16d, shapes-6d, mnist-2d, mnist-20d, burda, examples"):
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
