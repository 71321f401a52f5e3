"""What is trained next: a preset or own settings, a data set, and a form made from the trainer's own settings."""

from __future__ import annotations

import contextlib
import zlib
from typing import Any

import streamlit as st

from explorer.cache.datasets import reasons_for, settings_for
from explorer.jobs.fit_form import FormField, configuration, form_fields
from explorer.jobs.own_data import kept_uploads
from explorer.pages.train.queueing import queue_training, suggested_name
from explorer.pages.train.uploading import upload_dialog
from explorer.session.remembered import shown
from explorer.session.trainings import choose_for_wanted_data, choose_wanted_data
from explorer.text.escape import escape_markdown
from explorer.text.run_sentence import data_title
from trainer.config import FitConfig, checked
from trainer.datasets import availability, dataset_names
from trainer.errors import ConfigError, LatentError
from trainer.presets import CHOSEN, PRESET_NOTES, PRESETS

OTHERS = {CHOSEN: "Chosen from the pictures", "own settings": "Own settings"}
"""What a training may begin with beside the presets, by how it is called."""
FIRST = ("latent_dim", "beta", "epochs", "learning_rate")
"""The fields that matter to everybody; the others are under “All settings”."""
GREEK = "αβσ"  # their capitals are other letters
GROUPS = {"model": "Model", "objective": "Objective", "training": "Training", "afterwards": "Afterwards"}


def show_settings() -> None:
    """The form with its button."""
    preset, data, title = _what()
    base = _base(preset, data)
    form = form_of(preset, base)
    fields = form_fields(base)
    now = _as_it_stands(fields, form, base)
    values: dict[str, Any] = {}
    columns = st.columns(2, gap="small")
    for place, field in enumerate(field for field in fields if field.name in FIRST):
        with columns[place % 2]:
            values[field.name] = _control(field, form, field.applies(now))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="machine-go"):
        free = suggested_name(preset if preset in PRESETS else title if preset == CHOSEN else f"{title}-own")
        name = st.text_input("Name of the run", placeholder=free, key="fit-name", width="stretch").strip() or free
        with st.popover("All settings", key="fit-all"):
            values |= _all(fields, form, now)
        is_wanted = st.button("Train", key="fit-train", type="primary")
        if preset == CHOSEN:
            _why(base)
    if is_wanted:
        meant = {field.name for field in fields if field.applies(now)}
        queue_training(name, {key: value for key, value in values.items() if key in meant}, base, preset)


def form_of(preset: str, base: FitConfig) -> str:
    """By what its fields are told from those of other forms: another data set has other settings chosen for it. No path of this machine."""
    return f"{CHOSEN}-{zlib.crc32(base.model_dump_json().encode()):08x}" if preset == CHOSEN else preset


def _base(preset: str, data: str) -> FitConfig:
    """What the form begins with."""
    if preset != CHOSEN:
        return checked(PRESETS.get(preset, FitConfig()), data=data)
    try:
        return settings_for(data)
    except LatentError as error:
        st.error(escape_markdown(str(error)))
        return checked(FitConfig(), data=data)


def _why(base: FitConfig) -> None:
    """What the settings were chosen by."""
    with st.popover("Why these settings", key="fit-why", type="tertiary"), contextlib.suppress(LatentError):  # `_base` has said it
        lines = [(f"{one.setting[:1].upper()}{one.setting[1:]} {one.value}", one.why) for one in reasons_for(base)]
        st.markdown("\n".join(f"- **{escape_markdown(what)}**: {escape_markdown(why)}" for what, why in lines))


def _as_it_stands(fields: tuple[FormField, ...], form: str, base: FitConfig) -> FitConfig:
    """What the form says now, as far as it was drawn before and goes together: by it some settings mean nothing."""
    drawn = {field.name: shown(f"fit-{form}-{field.name}") for field in fields}
    try:
        return configuration(base.data, {name: value for name, value in drawn.items() if value is not None}, base)
    except ConfigError:
        return base


def _what() -> tuple[str, str, str]:
    """Preset, data set and the data set's title."""
    own = {kept.name: title for title, kept in kept_uploads().items()}
    here = [name for name in dataset_names() if availability(name).is_here]
    presets = [name for name, config in PRESETS.items() if config.data in here]
    choose_for_wanted_data("fit-preset", CHOSEN, own)  # what was uploaded is tried with settings that fit it
    preset = st.selectbox(
        "Preset",
        [*presets, *OTHERS],
        key="fit-preset",
        format_func=lambda name: OTHERS.get(name) or f"{name}: {PRESET_NOTES[name]}",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        names = [*own, *here] if preset == CHOSEN else [*here, *own]
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
    return preset, data, own.get(data) or data_title(data)


def _all(fields: tuple[FormField, ...], form: str, now: FitConfig) -> dict[str, Any]:
    """Every other setting, those that mean nothing with the others greyed; their values."""
    values: dict[str, Any] = {}
    for tab, group in zip(st.tabs(list(GROUPS.values())), GROUPS, strict=True):
        with tab, st.container(height=330, border=False, key=f"fit-group-{group}"):
            for field in fields:
                if field.group == group and field.name not in FIRST:
                    values[field.name] = _control(field, form, field.applies(now))
    return values


def _control(field: FormField, form: str, applies: bool) -> Any:
    """One field. Another preset has another form, with its own values."""
    how: dict[str, Any] = {"key": f"fit-{form}-{field.name}", "help": field.help, "disabled": not applies}
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
