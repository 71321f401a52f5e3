"""Does the page of lessons list them, show each step beside its map, and say what is true only after an answer?"""

from __future__ import annotations

import pytest

from explorer.cache.lessons import lessons
from explorer.lessons.answers import is_near, is_near_place
from explorer.lessons.markdown import Writer
from explorer.lessons.prose import read_text
from tests.explorer.lesson_texts import OF_A_TEACHER
from tests.explorer.shown import app, sound, words
from trainer.runs.catalogue import load_run, shipped_roots

pytestmark = pytest.mark.usefixtures("fresh_app")
N_STEPS = {
    "01-from-pca-to-autoencoders": 4,
    "01-from-pca-to-autoencoders.de": 4,
    "02-why-it-cannot-dream": 4,
    "03-what-is-p-of-x": 4,
    "04-be-the-encoder": 5,
    "05-noise-one-can-differentiate": 3,
    "06-one-network-for-all": 4,
    "07-watch-it-learn": 4,
    "08-dimensions-that-die": 6,
    "08-dimensions-that-die.de": 6,
    "09-kl-is-not-information": 5,
    "10-style-and-content": 3,
    "11-few-labels": 4,
    "12-walks": 4,
    "13-things-that-move": 6,
    "14-yours": 4,
}
NAMES = tuple(N_STEPS)


def verdicts(test) -> str:
    """What is said of answers."""
    return " ".join(one.value for one in [*test.success, *test.info])


def writer() -> Writer:
    return Writer(lambda name: f"<{name}>", lambda step: f"?step={step}")


def test_the_list_has_every_lesson_and_opens_one():
    test = sound(app(view="lessons").run())
    assert {f"open-{name}" for name in NAMES} <= {button.key for button in test.button}
    test = sound(test.button(key="open-08-dimensions-that-die").click().run())
    assert test.selectbox(key="run").value == "sweep-digits-beta-1-seed-0"
    assert "Eight numbers for a digit" in words(test)


@pytest.mark.parametrize("name", NAMES)
def test_every_lesson_runs_from_its_first_step_to_its_last(name):
    test = sound(app(view="lessons", lesson=name).run())
    for step in range(1, N_STEPS[name]):
        assert f"Step {step} of {N_STEPS[name]}" in words(test)
        test = sound(test.button(key="lesson-next").click().run())
    assert test.button(key="lesson-next").disabled
    assert test.query_params["step"] in (str(N_STEPS[name]), [str(N_STEPS[name])])


@pytest.mark.parametrize(("answer", "verdict"), [("right", "Right:"), ("wrong", "Not quite:")])
def test_a_number_is_shown_only_after_an_answer(answer, verdict):
    kl = load_run("sweep-digits-beta-4-seed-0", shipped_roots()).info.metrics.kl_per_dim
    truth = sum(one >= 0.05 for one in kl)
    test = sound(app(view="lessons", lesson="08-dimensions-that-die", step="2").run())
    assert verdicts(test) == ""
    [asked] = test.number_input
    test = sound(asked.set_value(float(truth if answer == "right" else truth + 4)).run())
    assert verdict in verdicts(test)
    assert f"{truth} dimensions" in verdicts(test)


@pytest.mark.parametrize(("choice", "verdict"), [(1, "Right:"), (0, "Not quite:")])
def test_so_is_a_choice(choice, verdict):
    test = sound(app(view="lessons", lesson="07-watch-it-learn").run())
    [asked] = [radio for radio in test.radio if radio.label == "Your answer"]
    test = sound(asked.set_value(choice).run())
    assert verdict in verdicts(test)


def test_a_folder_of_ones_own_is_listed_and_a_faulty_lesson_says_what_is_wrong(monkeypatch, tmp_path):
    (tmp_path / "mine.md").write_text(OF_A_TEACHER, encoding="utf-8")
    (tmp_path / "broken.md").write_text(OF_A_TEACHER.replace("digits-2d", "no-such-run"), encoding="utf-8")
    monkeypatch.setenv("LATENT_LESSONS", str(tmp_path))
    found = lessons()
    assert found["mine"].lesson is not None and found["broken"].lesson is None
    test = sound(app(view="lessons").run())
    assert "no-such-run" in words(test)
    assert any("lesson check broken.md" in code.value for code in test.code)
    test = sound(app(view="lessons", lesson="mine").run())
    assert "Answer with the last pin" in [button.label for button in test.button]


def test_a_lesson_that_is_not_there_is_said_to_be_so():
    test = sound(app(view="lessons", lesson="none").run())
    assert "There is no sound lesson" in words(test)


def test_nothing_of_a_text_is_read_as_markdown_twice():
    text = writer().text(read_text(r"A \*star\*, a [map](?view=atlas) and \:red\[x\] cost 5 \$ or 6 \$.", 1))
    assert r"\*star\*" in text and "](<?view=atlas>)" in text and r"\:red\[x\]" in text and r"5 \$" in text


def test_prose_keeps_its_form():
    text = writer().text(
        read_text("1. one\n2. **two** [again](#step-3)\n\n| a | b |\n|---|---|\n| $x$ | {{ digits-2d.kl }} |\n", 1)
    )
    assert text.splitlines()[:2] == ["1. one", "2. **two** [again](<?step=3>)"]
    assert r"| $x$ | **\<digits\-2d\.kl\>** |" in text


def test_what_is_near():
    assert is_near(7.2, 7.0, 0.2) and not is_near(7.21, 7.0, 0.2)
    assert is_near_place((3, 4), (0, 0), 5) and not is_near_place((3, 4.01), (0, 0), 5)
