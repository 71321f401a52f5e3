"""Is a block `play` read, checked against the runs with line and remedy, and packed as one image with its posterior and decoder?"""

from __future__ import annotations

import numpy as np
import pytest

from explorer.lessons.blocks import BlockText, read_block
from explorer.lessons.check import Runs, check_lesson, scenes
from explorer.lessons.conditions import SUBJECTS
from explorer.lessons.parse import read_lesson
from explorer.lessons.piece_data import pack_piece
from explorer.lessons.pieces import PIECES, Play
from explorer.lessons.problems import LessonError, Mistake
from explorer.surface.payload import arrays_of
from tests.explorer.shown import app, sound
from tests.places import ASSETS
from trainer.datasets import load_dataset
from trainer.errors import RunError
from trainer.runs.catalogue import list_runs, load_run
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

LESSON = """---
title: A piece
summary: One.
minutes: 5
needs: nothing
run: digits-2d
language: en
---

## A picture

```play
piece: encoder
image: 12
```

## On

```task
do: Bring the gap below 1.
until: gap < 1 and rate > 0.5
hint: Drag.
```

## Another

```play
piece: surgery
```
"""


@pytest.fixture(scope="module")
def runs() -> Runs:
    infos = {name: info for name, info in list_runs(ASSETS).items() if isinstance(info, RunInfo)}
    return Runs(infos, lambda run: tuple(load_run(run, ASSETS).projections))


@pytest.fixture(scope="module")
def digits() -> Run:
    return load_run("digits-2d", ASSETS)


def block(*lines: str) -> object:
    return read_block(BlockText("play", lines, 5))


# --- the block


@pytest.mark.parametrize(
    ("lines", "play"),
    [
        (["piece: encoder", "image: 12"], Play("encoder", image=12)),
        (["piece: darts", "run: mnist-2d", "image: 0"], Play("darts", "mnist-2d", 0)),
        (["piece: gradients"], Play("gradients", theta=10)),
        (["piece: gradients", "theta: 2.5"], Play("gradients", theta=2.5)),
        (["piece: surgery"], Play("surgery")),
    ],
)
def test_it_is_read(lines, play):
    assert block(*lines) == play


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        (["piece: encodr", "image: 1"], 5, "the piece “encodr” is unknown (did you mean encoder?)"),
        (["image: 1"], 5, "“piece” is missing"),
        (["piece: encoder"], 5, "“image” is missing; add a line such as “image: 12”"),
        (["piece: encoder", "image: -1"], 6, "“image” is “-1”"),
        (["piece: encoder", "image: 1", "run: ../x"], 7, "“run” is “../x”; write the name of a run"),
        (["piece: encoder", "image: 1", "theta: 3"], 7, "the piece “encoder” takes no “theta”; remove the line"),
        (["piece: surgery", "run: mnist-2d"], 6, "the piece “surgery” takes no “run”"),
        (["piece: gradients", "theta: 1000"], 6, "“theta” is “1000”; write a number from 0 to 100"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_remedy(lines, line, words):
    with pytest.raises(Mistake) as caught:
        block(*lines)
    assert (caught.value.line or 5) == line
    assert words in f"{caught.value.what}; {caught.value.remedy}"


# --- the checker


def test_it_stands_beside_the_text_from_its_step_on(runs):
    lesson = read_lesson(LESSON.encode(), "x.md")
    check_lesson(lesson, "x.md", runs)
    found = scenes(lesson)
    assert [scene.play and scene.play.piece for scene in found] == ["encoder", "encoder", "surgery"]
    assert [scene.since for scene in found] == [0, 0, 2]
    assert {scene.surface for scene in found} == {"piece"}


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("image: 12", "image: 539", 12, "run digits-2d has no test image 539; use a number from 0 to 538"),
        ("image: 12", "image: 1\nrun: mnist-20d", 12, "run mnist-20d has 20 latent dimensions; use a run with two"),
        ("image: 12", "image: 1\nrun: digits-autoencoder", 12, "run digits-autoencoder is deterministic: it has no p(x|z)"),
        ("image: 12", "image: 1\nrun: mnist-3d", 12, "the run “mnist-3d” is unknown"),
        (
            "gap < 1",
            "darts > 1",
            19,
            "what the piece “encoder” tells “darts” is unknown; use one of gap, bound, rate, reconstruction",
        ),
        ("gap < 1 and rate > 0.5", "pins >= 1", 19, "of a map, and the step shows a piece; add a block “show”"),
        ("gap < 1 and rate > 0.5", "step >= 1", 19, "of a training, and the step shows a piece; add a block “train”"),
        ("```play\npiece: surgery", "```show\nbg: none\n```\n\n```play\npiece: surgery", 31, "shows two things beside its text"),
        (
            "```play\npiece: surgery\n```",
            "```task\ndo: x\nuntil: draws > 1\nhint: y\n```",
            27,
            "what the piece “encoder” tells “draws”",
        ),
        (
            "image: 12\n```",
            "image: 12\n```\n\n```predict\nquestion: Where?\nanswer: place class 1\ntolerance: 1\nbecause: x\n```",
            17,
            "shows a piece",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_line_and_remedy(runs, old, new, line, words):
    assert old in LESSON
    with pytest.raises(LessonError) as caught:
        check_lesson(read_lesson(LESSON.replace(old, new, 1).encode(), "x.md"), "x.md", runs)
    found = [(problem.line, f"{problem.what}; {problem.remedy}") for problem in caught.value.problems]
    assert any(at == line and words in sentence for at, sentence in found), found


def test_a_model_whose_density_the_browser_does_not_know_is_refused(runs):
    """Told a class, a decoder that sees the pixels before it, a scale of each pixel: the same record with that one thing changed."""
    info = runs.infos["digits-2d"]
    for change in ({"model": "conditional-vae"}, {"context": 70}, {"scale": "per-pixel"}):
        odd = info.model_copy(update={"config": info.config.model_copy(update=change)})
        with pytest.raises(LessonError, match="digits-2d"):
            check_lesson(read_lesson(LESSON.encode(), "x.md"), "x.md", Runs({"digits-2d": odd}, runs.maps))


def test_every_subject_of_a_piece_is_one_of_some_piece():
    told = {subject for piece in PIECES.values() for subject in piece.subjects}
    assert told == {name for name, subject in SUBJECTS.items() if subject.surface == "piece"}


# --- what travels


def test_one_image_travels_with_its_posterior_and_the_decoder(digits):
    picture = load_dataset("digits").images[digits.encodings.index[12]]
    packed = pack_piece(digits, 12, picture)
    header, arrays = arrays_of(packed)
    assert len(packed) < 200_000
    assert (header["run"], header["image"], header["is_decoding"]) == ("digits-2d", 12, False)
    np.testing.assert_array_equal(arrays["picture"], picture)
    np.testing.assert_array_equal(arrays["mu"], digits.encodings.mu[12])
    np.testing.assert_array_equal(arrays["logvar"], digits.encodings.logvar[12])
    assert header["log_sigma"] == pytest.approx(float(digits.weights["log_sigma"]))
    assert {op.get("weight") for op in header["decoder"] if op["op"] == "linear"} <= set(arrays)
    assert not any("encoder" in name for name in arrays)


def test_without_the_images_a_decoding_stands_for_one_and_the_posterior_is_that_of_it(digits):
    header, arrays = arrays_of(pack_piece(digits, 12, None))
    assert header["is_decoding"]
    decoded = digits.forward.decode(digits.encodings.mu[12:13])[0]
    assert np.abs(arrays["picture"] / 255 - np.clip(decoded, 0, 1)).max() <= 0.5 / 255 + 1e-6
    codes = digits.forward.encode((arrays["picture"] / np.float32(255))[None].astype(np.float32))
    np.testing.assert_allclose(arrays["mu"], codes.mu[0], rtol=1e-5)
    assert not np.allclose(arrays["mu"], digits.encodings.mu[12])


def test_an_image_that_is_not_there_is_told(digits):
    with pytest.raises(RunError, match="no test image 539; allowed: 0 to 538"):
        pack_piece(digits, 539, None)


# --- the page


@pytest.mark.usefixtures("fresh_app")
def test_the_page_shows_each_piece_of_a_lesson_without_an_error(monkeypatch, tmp_path):
    blocks = {
        name: "\n".join(f"{key}: {value}" for key, value in {"piece": name, "image": 3}.items() if key == "piece" or piece.of_image)
        for name, piece in PIECES.items()
    }
    steps = "\n\n".join(f"## {name}\n\n```play\n{text}\n```" for name, text in blocks.items())
    (tmp_path / "mine.md").write_text(LESSON[: LESSON.index("## ")] + steps + "\n", encoding="utf-8")
    monkeypatch.setenv("LATENT_LESSONS", str(tmp_path))
    test = sound(app(view="lessons", lesson="mine").run())
    for _ in range(len(PIECES) - 1):
        test = sound(test.button(key="lesson-next").click().run())
    assert test.button(key="lesson-next").disabled
