"""What is trained next: a preset or own settings, a data set, and a form made from the trainer's own settings."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.jobs.fit_form import FormField, configuration, form_fields
from explorer.jobs.own_data import kept_uploads
from explorer.pages.train.queueing import queue_training, suggested_name
from explorer.pages.train.uploading import upload_dialog
from explorer.session.remembered import shown
from explorer.session.trainings import choose_wanted_data
from explorer.text.run_sentence import data_title
from trainer.config import FitConfig, checked
from trainer.datasets import availability, dataset_names
from trainer.errors import ConfigError
from trainer.presets import PRESET_NOTES, PRESETS

OWN = "own settings"
FIRST = ("latent_dim", "beta", "epochs", "learning_rate")
"""The fields that matter to everybody; the others are under “All settings”."""
GREEK = "αβσ"  # their capitals are other letters
GROUPS = {"model": "Model", "objective": "Objective", "training": "Training", "afterwards": "Afterwards"}


def show_settings() -> None:
    """The form with its button."""
    preset, data = _what()
    base = checked(PRESETS.get(preset, FitConfig()), data=data)
    fields = form_fields(base)
    now = _as_it_stands(fields, preset, base)
    values: dict[str, Any] = {}
    columns = st.columns(2, gap="small")
    for place, field in enumerate(field for field in fields if field.name in FIRST):
        with columns[place % 2]:
            values[field.name] = _control(field, preset, field.applies(now))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="machine-go"):
        free = suggested_name(preset if preset in PRESETS else f"{data_title(data)}-own")
        name = st.text_input("Name of the run", placeholder=free, key="fit-name", width="stretch").strip() or free
        with st.popover("All settings", key="fit-all"):
            values |= _all(fields, preset, now)
        is_wanted = st.button("Train", key="fit-train", type="primary")
    if is_wanted:
        meant = {field.name for field in fields if field.applies(now)}
        queue_training(name, {key: value for key, value in values.items() if key in meant}, base, preset)


def _as_it_stands(fields: tuple[FormField, ...], preset: str, base: FitConfig) -> FitConfig:
    """What the form says now, as far as it was drawn before and goes together: by it some settings mean nothing."""
    drawn = {field.name: shown(f"fit-{preset}-{field.name}") for field in fields}
    try:
        return configuration(base.data, {name: value for name, value in drawn.items() if value is not None}, base)
    except ConfigError:
        return base


def _what() -> tuple[str, str]:
    """Preset and data set."""
    own = {kept.name: title for title, kept in kept_uploads().items()}
    here = [name for name in dataset_names() if availability(name).is_here]
    presets = [name for name, config in PRESETS.items() if config.data in here]
    preset = st.selectbox(
        "Preset",
        [*presets, OWN],
        key="fit-preset",
        format_func=lambda name: f"{name}: {PRESET_NOTES[name]}" if name in PRESETS else "Own settings",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        names = [*here, *own]
        usual = PRESETS[preset].data if preset in PRESETS else names[0]
        choose_wanted_data(f"fit-data-{preset}", names)
        data = st.selectbox(
            "Data set",
            names,
            index=names.index(usual),
            key=f"fit-data-{preset}",
            format_func=lambda name: own.get(name) or data_title(name),
            width="stretch",
        )
        if st.button("Upload", key="fit-upload", icon=":material/upload:"):
            upload_dialog()
    return preset, data


def _all(fields: tuple[FormField, ...], preset: str, now: FitConfig) -> dict[str, Any]:
    """Every other setting, those that mean nothing with the others greyed; their values."""
    values: dict[str, Any] = {}
    for tab, group in zip(st.tabs(list(GROUPS.values())), GROUPS, strict=True):
        with tab, st.container(height=330, border=False, key=f"fit-group-{group}"):
            for field in fields:
                if field.group == group and field.name not in FIRST:
                    values[field.name] = _control(field, preset, field.applies(now))
    return values


def _control(field: FormField, preset: str, applies: bool) -> Any:
    """One field of the form. Another preset is another form, with its own values."""
    how: dict[str, Any] = {"key": f"fit-{preset}-{field.name}", "help": field.help, "disabled": not applies}
    label = field.label if field.label[0] in GREEK else field.label[:1].upper() + field.label[1:]
    default = field.default
    match field.control:
        case "switch":
            return st.toggle(label, bool(default), **how)
        case "choice":
            return st.selectbox(label, field.choices, index=field.choices.index(str(default)), **how)
        case "whole":
            assert isinstance(default, int)
            return st.number_input(label, _whole(field.low), _whole(field.high), default, 1, **how)
        case "number":
            low, high = (None if bound is None else float(bound) for bound in (field.low, field.high))
            return st.number_input(label, low, high, float(str(default)), _step(default), format="%g", **how)
        case _:
            assert isinstance(default, tuple)
            return st.text_input(label, ", ".join(map(str, default)), **how)


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def _step(value: object) -> float:
    """A tenth of what stands there, so that a click is a small change."""
    return float(f"{abs(float(str(value))) / 10:.1g}") or 0.1
