"""Has the form every setting of the trainer, with its own bounds and words, and does it say the trainer's sentence?"""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.jobs import fit_form
from explorer.jobs.fit_form import LEFT_OUT, configuration, form_fields
from trainer.config import FitConfig, checked
from trainer.errors import ConfigError
from trainer.presets import PRESETS

FIELDS = {field.name: field for field in form_fields()}


def test_every_setting_is_in_the_form_or_left_out_with_a_reason():
    assert FIELDS.keys() | LEFT_OUT.keys() == FitConfig.model_fields.keys()
    assert not FIELDS.keys() & LEFT_OUT.keys()
    assert all(len(reason.split()) > 3 for reason in LEFT_OUT.values())
    assert FIELDS.keys() >= fit_form.OBJECTIVE | fit_form.MODEL | fit_form.AFTERWARDS
    assert fit_form.APPLIES.keys() <= FIELDS.keys()


def test_labels_are_told_apart_and_every_field_has_help():
    assert len({field.label for field in FIELDS.values()}) == len(FIELDS)
    assert all(field.help.endswith(".") and len(field.help) > 10 for field in FIELDS.values())


@pytest.mark.parametrize("name", FIELDS)
def test_bounds_are_those_that_the_trainer_keeps(name):
    """Each bound is allowed, or not where it is excluded, and what is beyond it is not: asked of the trainer itself."""
    field = FIELDS[name]
    base = FitConfig(network="linear", likelihood="gaussian") if name == "finish_linear" else FitConfig(epochs=20)
    step = 1 if field.control == "whole" else 1e-9

    def refused(value):
        try:
            checked(base, **{name: value})
        except ConfigError as error:
            return error.args and str(error).startswith(f"{name} is {value!r}; allowed: ") and "unless" not in str(error)
        return False

    if field.control in ("whole", "number"):
        assert field.low is not None
        kind = int if field.control == "whole" else float
        assert refused(kind(field.low)) == field.excludes_low
        assert refused(kind(field.low) - step)
        if field.high is not None:
            assert not refused(kind(field.high))
            assert refused(kind(field.high) + max(step, 1e-6 * field.high))
    elif field.control == "choice":
        assert field.default in field.choices
        with pytest.raises(ConfigError):
            checked(base, **{name: "something else"})
    elif field.control == "switch":
        assert field.default in (True, False)
    else:
        assert field.control == "widths"
        with pytest.raises(ConfigError):
            checked(base, **{name: (0,)})


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_that_is_filled_in_and_sent_is_the_preset(name):
    values = {field.name: field.default for field in form_fields(PRESETS[name])}
    as_typed = {key: ", ".join(map(str, value)) if isinstance(value, tuple) else value for key, value in values.items()}
    assert configuration(PRESETS[name].data, as_typed) == PRESETS[name]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"beta": -1}, r"^beta is -1; allowed: from 0 to 1000\.$"),
        ({"hidden": "256, x"}, r"^hidden is '256, x'; allowed: 1 to 8 whole numbers from 1 to 8192, with commas between\.$"),
        ({"hidden": "0"}, r"^hidden is .*; allowed: 1 to 8 whole numbers from 1 to 8192\.$"),
        ({"binarise": True, "likelihood": "gaussian"}, r"^binarise is True; allowed: False with this likelihood"),
        ({"model": "m1+m2"}, r"^feature_epochs is 0; allowed: 1 to 19 for 'm1\+m2'"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_the_trainers_sentence(values, sentence):
    with pytest.raises(ConfigError, match=sentence):
        configuration("digits", values)


@given(st.text(max_size=30))
def test_no_text_of_widths_breaks_the_form(text):
    """It is widths that the trainer takes, or its sentence; nothing else is raised."""
    with contextlib.suppress(ConfigError):
        assert all(1 <= width <= 8192 for width in configuration("digits", {"hidden": text}).hidden)


def test_what_means_nothing_is_known():
    plain = FitConfig()
    assert not FIELDS["alpha"].applies(plain)
    assert FIELDS["alpha"].applies(FitConfig(model="m2"))
    assert not FIELDS["sigma"].applies(plain)
    assert FIELDS["sigma"].applies(FitConfig(likelihood="gaussian"))
    assert not FIELDS["beta"].applies(FitConfig(model="autoencoder"))
    assert FIELDS["epochs"].applies(plain)
