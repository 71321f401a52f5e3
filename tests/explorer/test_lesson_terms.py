"""Are the terms of a lesson's formula told as text, each in one colour that can be read in light and dark?"""

from __future__ import annotations

import itertools
import tomllib

import pytest

from explorer.lessons.markdown import with_colours
from explorer.lessons.prose import read_line
from explorer.pages.lessons import formulas
from tests.places import ROOT

THEMES = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
POINTED_AT = 0.08  # how much of its colour the ground of a chip has, as terms.css says


def channels(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def luminance(of: list[float]) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in of]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: list[float], other: list[float]) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("theme", "colours"), [("light", formulas.LIGHT), ("dark", formulas.DARK)])
def test_each_colour_can_be_read_on_the_page_and_on_a_chip_that_is_pointed_at(theme, colours):
    ground = channels(THEMES[theme]["backgroundColor"])
    for colour in map(channels, colours):
        mixed = [POINTED_AT * mine + (1 - POINTED_AT) * under for mine, under in zip(colour, ground, strict=True)]
        assert contrast(colour, ground) >= 4.5
        assert contrast(colour, mixed) >= 4.5
    assert f"{100 * POINTED_AT:g}%" in (ROOT / "explorer/surface/frontend/src/lessons/terms.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("colours", [formulas.LIGHT, formulas.DARK])
def test_no_two_colours_are_alike(colours):
    apart = [
        sum(abs(a - b) for a, b in zip(channels(one), channels(other), strict=True))
        for one, other in itertools.combinations(colours, 2)
    ]
    assert min(apart) > 0.2


def test_a_term_of_the_formula_is_in_the_colour_of_its_name():
    tex = r"\term{a}{x_{1}} + \term{b-2}{\term{a}{y}}"
    assert with_colours(tex, {"a": "#112233", "b-2": "#445566"}) == (
        r"\textcolor{#112233}{x_{1}} + \textcolor{#445566}{\textcolor{#112233}{y}}"
    )


def test_words_are_pieces_of_text_and_nothing_of_them_is_markdown():
    nodes = read_line(r"*much* of **it**, $\ge 0$ and `a_b`: [x](https://example.org) \* {{ digits-2d.kl }}", 1)
    found = [(word["kind"], word["text"]) for word in formulas._words(nodes, lambda name: f"<{name}>")]
    assert [one for one in found if one[0] != "text"] == [
        ("emphasis", "much"),
        ("strong", "it"),
        ("code", r"\ge 0"),
        ("code", "a_b"),
        ("strong", "<digits-2d.kl>"),
    ]
    assert "".join(text for _, text in found) == r"much of it, \ge 0 and a_b: x * <digits-2d.kl>"
