"""Is a lesson read as it is written, is every mistake told with its line and remedy, and does nothing else ever come out of the reader?"""

from __future__ import annotations

import html
import json
import re
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from explorer.hosts.cli import main
from explorer.lessons import blocks, shows
from explorer.lessons.check import Runs, check_lesson, numbers_of, scenes
from explorer.lessons.conditions import RELATIONS, SUBJECTS, Clause, Condition, condition_text, read_condition
from explorer.lessons.fields import Field, fields_of
from explorer.lessons.measures import MEASURES, OF_DIMENSIONS, MeasureName, measured, read_measure
from explorer.lessons.parse import MOST_BYTES, MOST_PARTS, MOST_STEPS, read_lesson
from explorer.lessons.problems import LessonError, Mistake, Problem
from explorer.lessons.prose import Node, inner_nodes, read_line, read_text
from explorer.lessons.records import Formula, Lesson, NumberAnswer, PlaceAnswer, Predict, Task, Train, plain, prose_of
from tests.explorer.lesson_texts import CHANGES, MISFITS, SOUND, changed
from tests.places import ASSETS, ROOT
from trainer.runs.catalogue import list_runs, load_run
from trainer.runs.records import RunInfo

FRONT = SOUND[: SOUND.index("## ")]
SURFACE = ROOT / "explorer/surface/frontend/src"


@pytest.fixture(scope="module")
def runs():
    infos = {name: info for name, info in list_runs(ASSETS).items() if isinstance(info, RunInfo)}
    return Runs(infos, lambda run: tuple(load_run(run, ASSETS).projections))


def told(data: bytes) -> list[tuple[int, str]]:
    """Line and sentence of every problem."""
    with pytest.raises(LessonError) as caught:
        read_lesson(data, "lesson.md")
    return [(problem.line, f"{problem.what}; {problem.remedy}") for problem in caught.value.problems]


def outcome(data: bytes) -> Lesson | tuple[Problem, ...]:
    """The lesson, or what is wrong with it; anything else that is raised fails the test."""
    try:
        return read_lesson(data, "lesson.md")
    except LessonError as error:
        return error.problems


# --- what is read


def test_a_sound_lesson_is_what_it_says(runs):
    lesson = read_lesson(SOUND.encode(), "lesson.md")
    assert (lesson.title, lesson.minutes, lesson.run, lesson.language, lesson.lecture) == ("Two pins", 6, "mnist-2d", "en", "S0")
    assert [plain(step.title) for step in lesson.steps] == ["A map of digits", "What lies between", "Learn it"]
    found = {type(part.block).__name__: part.block for step in lesson.steps for part in step.parts}
    task, train, formula = found["Task"], found["Train"], found["Formula"]
    assert isinstance(task, Task) and plain(task.do) == "Bring the KL below 2 nats."
    assert task.until == Condition((Clause("kl", "", "<", 2.0), Clause("step", "", ">=", 10.0)))
    assert train == Train("digits", 4.0, 8, 3, 0.001, True, 1.0)
    assert isinstance(formula, Formula) and [(term.name, term.light) for term in formula.terms] == [
        ("reconstruction", ""),
        ("rate", "rings"),
    ]
    questions = [part.block for part in lesson.steps[1].parts if isinstance(part.block, Predict)]
    assert [question.answer for question in questions] == [
        NumberAnswer(MeasureName("mnist-2d", "accuracy"), 5),
        PlaceAnswer("1", 1),
        blocks.ChoiceAnswer(1),
    ]
    check_lesson(lesson, "lesson.md", runs)


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_change_nothing(newline):
    sound = read_lesson(SOUND.encode(), "lesson.md")
    other = read_lesson(b"\xef\xbb\xbf" + SOUND.replace("\n", newline).encode(), "lesson.md")
    assert other == sound
    assert [step.line for step in other.steps] == [step.line for step in sound.steps]


def test_steps_and_parts_know_their_lines():
    lines = SOUND.splitlines()
    lesson = read_lesson(SOUND.encode(), "lesson.md")
    assert [lines[step.line - 1][:3] for step in lesson.steps] == ["## "] * 3
    for step in lesson.steps:
        for part in step.parts:
            assert lines[part.line - 1].strip() != ""


def test_what_stands_beside_a_step_stays_until_another_says_more():
    text = (
        FRONT
        + "## a\n\nx\n\n## b\n\n```show\nrun: mnist-20d\n```\n\n## c\n\nx\n\n## d\n\n```train\ndata: digits\n```\n\n## e\n\nx\n"
    )
    found = scenes(read_lesson(text.encode(), "lesson.md"))
    assert [scene.run for scene in found] == ["mnist-2d", "mnist-20d", "mnist-20d", "mnist-2d", "mnist-2d"]
    assert [scene.surface for scene in found] == ["map", "map", "map", "training", "training"]


# --- what is refused


@pytest.mark.parametrize(("old", "new", "line", "words"), CHANGES, ids=lambda value: str(value)[:30])
def test_a_mistake_is_told_with_line_and_remedy(old, new, line, words):
    found = told(changed(old, new))
    assert any(at == line and words in sentence for at, sentence in found), found
    assert all(re.fullmatch(r".+; .+", sentence, flags=re.S) for _, sentence in found)


@pytest.mark.parametrize(("old", "new", "line", "words"), MISFITS, ids=lambda value: str(value)[:30])
def test_what_no_run_has_is_told_with_line_and_remedy(runs, old, new, line, words):
    lesson = read_lesson(changed(old, new), "lesson.md")
    with pytest.raises(LessonError) as caught:
        check_lesson(lesson, "lesson.md", runs)
    found = [(problem.line, f"{problem.what}; {problem.remedy}") for problem in caught.value.problems]
    assert any(at == line and words in sentence for at, sentence in found), found


def test_every_mistake_of_a_file_is_told_at_once():
    text = SOUND.replace("bg: density", "bg: x").replace("until: pins", "until: pinz").replace("beta: 4", "beta: -1")
    starts = ("bg: x", "until: pinz", "beta: -1")
    wrong = [line for line, words in enumerate(text.splitlines(), 1) if words.startswith(starts)]
    assert [line for line, _ in told(text.encode())] == wrong and len(wrong) == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "does not begin with its title"),
        (b"---\n---\n", "“title” is missing"),
        (FRONT.encode(), "the lesson has no step"),
        (b"\xff\xfe---", "the file is not UTF-8"),
        (b"x" * (MOST_BYTES + 1), f"the file has {MOST_BYTES + 1} bytes"),
        (b"\n" * 6000, "the file has 6001 lines"),
        (SOUND.encode() + b"y" * 6000, "the line has 6000 letters"),
        (SOUND.encode() + b"\x00", "control sign, U+0000"),
        (FRONT.encode() + b"## a\n\n" * (MOST_STEPS + 1), f"more than {MOST_STEPS} steps"),
        (FRONT.encode() + b"## a\n\n" + b"x\n\n" * (MOST_PARTS + 1), f"more than {MOST_PARTS} parts"),
        (FRONT.encode() + b"## \n", "the step has no title"),
        (FRONT.encode() + b"## a\n\n```task\n\n```\n", "the block “task” is empty"),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_what_is_no_lesson_at_all(data, words):
    assert any(words in sentence for _, sentence in told(data))


# --- whatever comes in


@settings(max_examples=150)
@given(st.binary(max_size=400))
def test_bytes_are_a_lesson_or_a_lesson_error(data):
    for text in (data, FRONT.encode() + data, FRONT.encode() + b"## a\n\n" + data):
        assert outcome(text)


SIGNS = ["```\n", "## ", "- ", "> ", "| a |\n|---|\n", "$", "{{", "}}", "<b>", "\\", "[a](", ")", "\n", "\n\n"]
PIECES = st.sampled_from([*SIGNS, *(f"```{name}\n" for name in blocks.READERS), *(f"{line}\n" for line in SOUND.splitlines())])


@settings(max_examples=200)
@given(st.lists(PIECES | st.text(max_size=12), max_size=25).map("".join))
def test_pieces_of_lessons_are_a_lesson_or_a_lesson_error(body):
    found = outcome((FRONT + "## a\n\n" + body).encode("utf-8", "surrogatepass"))
    problems = found if isinstance(found, tuple) else ()
    assert all(problem.line >= 1 and problem.what and problem.remedy for problem in problems)
    assert problems or (isinstance(found, Lesson) and found.steps)


@settings(max_examples=100)
@given(st.text(max_size=80), st.integers(0, len(SOUND)), st.integers(0, 60))
def test_a_damaged_lesson_is_a_lesson_or_a_lesson_error(text, at, gone):
    damaged = SOUND[:at] + text + SOUND[at + gone :]
    assert outcome(damaged.encode("utf-8", "surrogatepass"))


def test_deep_nesting_is_read_or_refused_and_never_too_deep():
    for text in (
        "> " * 400 + "x",
        "- " * 400 + "x",
        "*" * 2000 + "x" + "*" * 2000,
        "[" * 2000 + "]" * 2000,
        "{{" * 1000,
        "$" * 4001,
    ):
        assert outcome(f"{FRONT}## a\n\n{text}\n".encode())


# --- no HTML


class Tags(HTMLParser):
    """The tags of a text, as a browser would find them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)


def has_html(markdown: str) -> bool:
    """Whether a reader that lets HTML through would let some through here: the second opinion."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table").disable(["code", "lheading", "reference"])
    every = [inner for token in reader.parse(markdown) for inner in (token, *(token.children or ()))]
    return any(token.type in ("html_block", "html_inline") for token in every)


TAGS = st.sampled_from(
    ["<b>", "</p>", "<img src=x onerror=alert(1)>", "<script>", "<!-- x -->", "<svg/onload=1>", "<a href='x'>", "<?x?>"]
)


@settings(max_examples=200)
@given(st.lists(TAGS | st.text(alphabet="ab *_`<>&\\[]()\n-|#$", max_size=8), min_size=1, max_size=8).map("".join))
def test_html_is_refused_or_is_text(markdown):
    try:
        nodes = read_text(markdown, 1)
    except Mistake:
        return
    assert not has_html(markdown) or "$" in markdown  # within a formula a sign of tags is a sign of LaTeX
    for node in inner_nodes(nodes):
        parser = Tags()
        parser.feed(html.escape(node.text))
        assert parser.found == []
        assert node.kind not in ("html_block", "html_inline", "image")


@pytest.mark.parametrize("tag", ["<b>", "<script>alert(1)</script>", "<img src=x onerror=y>", "<!-- a -->"])
@pytest.mark.parametrize("place", ["title", "text", "list", "table", "task", "choice", "note", "term"])
def test_html_is_refused_in_every_place(tag, place):
    places = {
        "title": f"## a {tag}\n",
        "text": f"## a\n\nx {tag}\n",
        "list": f"## a\n\n- x\n  - {tag}\n",
        "table": f"## a\n\n| a |\n|---|\n| x {tag} |\n",
        "task": f"## a\n\n```task\ndo: x {tag}\nuntil: pins > 1\nhint: y\n```\n",
        "choice": f"## a\n\n```predict\nquestion: x\nchoice: a {tag}\nchoice: b\nanswer: choice 1\nbecause: z\n```\n",
        "note": f"## a\n\n```note\n- {tag}\n```\n",
        "term": f"## a\n\n```formula\ntex: \\term{{a}}{{x}}\nterm: a = {tag}\n```\n",
    }
    assert any("is HTML" in sentence for _, sentence in told((FRONT + places[place]).encode()))


# --- conditions


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12).filter(
    lambda name: '"' not in name
)


def clauses(surface: str):
    """Comparisons about one surface."""

    @st.composite
    def clause(draw):
        name = draw(st.sampled_from([name for name, subject in SUBJECTS.items() if subject.surface == surface]))
        subject = SUBJECTS[name]
        of = draw(st.just("") | {"class": NAMES, "dimension": st.integers(1, 99).map(str), "": st.just("")}[subject.of])
        if subject.kind == "name":
            return Clause(name, of, draw(st.sampled_from(("=", "!="))), draw(NAMES))
        digits = 3 if subject.kind == "number" else 0
        steps = draw(st.integers(int(subject.low) * 10**digits, int(subject.high) * 10**digits))
        value = float(Decimal(steps).scaleb(-digits))  # the number that is nearest to the text, which a quotient need not be
        return Clause(name, of, draw(st.sampled_from(RELATIONS)), value)

    return clause()


@settings(max_examples=300)
@given(st.sampled_from(["map", "training", "piece"]).flatmap(lambda surface: st.lists(clauses(surface), min_size=1, max_size=5)))
def test_a_condition_is_read_as_it_is_written(found):
    condition = Condition(tuple(found))
    assert read_condition(condition_text(condition)) == condition


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_mistake(text):
    with suppress(Mistake):
        condition = read_condition(text)
        assert read_condition(condition_text(condition)) == condition


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os') = 1",
        "pins.__class__ >= 1",
        "pins >= 1; support > 0",
        "pins >= (1)",
        "pins >= 1e3",
        "pins >= 0x10",
        "pins >= inf",
        "pins >= nan",
    ],
)
def test_code_is_not_a_condition(text):
    with pytest.raises(Mistake):
        read_condition(text)


def test_spellings_of_relations():
    assert read_condition("support ≥ 0.5") == read_condition("support>=0.5") == read_condition("support  >=  0.50")
    assert read_condition('class = "T-shirt/top"').clauses[0].value == "T-shirt/top"


# --- shows


def test_a_link_of_the_app_says_the_same_as_its_words():
    words = {
        "run": "mnist-20d",
        "projection": "axes",
        "x": "3",
        "y": "1",
        "pins": "0.41_-1.2~-0.3_2.2*tall%20two",
        "cam": "0.4_-1.2_7.5",
    }
    words |= {
        "bg": "density",
        "over": "points_rings",
        "by": "kl",
        "hide": "3_4",
        "tab": "pins",
        "side": "0",
        "walk": "linear_1_2_all",
    }
    show = shows.read_show(fields_of([f"{key}: {value}" for key, value in words.items()], 1, shows.KEYS))
    assert {word.key: word.value for word in show.words} == words
    link = show.address("mnist-2d")
    again = shows.read_show(fields_of([f"link: http://127.0.0.1:8501/{link}"], 1, (*shows.KEYS, shows.LINK)))
    assert again == show


@pytest.mark.parametrize(
    "link", ["?view=train", "?a=b", "nothing", "?run=../x", "?run=a&stops=1_2", "?" + "&".join(["run=a"] * 80)]
)
def test_links_that_show_no_map(link):
    with pytest.raises(Mistake):
        shows.read_show(fields_of([f"link: {link}"], 1, (*shows.KEYS, shows.LINK)))


def test_layers_tabs_and_dials_are_those_of_the_page():
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((SURFACE / "layers").rglob("*.ts")))
    named = dict(re.findall(r'^\s+id: "([\w-]+)",\n(?:.*\n){0,2}?\s+group: "(\w+)"', source, flags=re.M))
    assert {name for name, group in named.items() if group == "background"} == set(shows.BACKGROUNDS)
    assert {name for name, group in named.items() if group == "overlay"} == set(shows.OVERLAYS)
    tabs = re.findall(r'\{ id: "(\w+)"', (SURFACE / "kernel/tabs.ts").read_text(encoding="utf-8"))
    assert tuple(tabs) == shows.TABS
    controls = (SURFACE / "train/controls.ts").read_text(encoding="utf-8")
    choice = (SURFACE / "train/model/choice.ts").read_text(encoding="utf-8")
    assert re.search(r"DIMENSIONS: .* = \[(.*?)\]", choice)[1] == ", ".join(map(str, blocks.DIMENSIONS))
    assert re.search(r"low: (\S+),\n\s+high: (\S+),", controls).groups() == ("1e-5", "0.1")
    pane = (SURFACE / "train/pane.ts").read_text(encoding="utf-8")
    assert tuple(map(float, re.search(r"low: (\S+),\n\s+high: (\S+),", pane).groups())) == (blocks.LEAST_BETA, blocks.MOST_BETA)


# --- numbers


def test_numbers_are_those_of_the_file(runs):
    raw = json.loads((ASSETS / "mnist-20d/run.json").read_text(encoding="utf-8"))
    metrics, examined = raw["metrics"], raw["examination"]
    expected = {
        "elbo": metrics["elbo"],
        "nll": metrics["nll"],
        "distortion": metrics["reconstruction"],
        "reconstruction": metrics["elbo"] + metrics["kl"],
        "kl": sum(metrics["kl_per_dim"]),
        "largest_kl": max(metrics["kl_per_dim"]),
        "dimensions_with_kl": len([kl for kl in metrics["kl_per_dim"] if kl >= 0.05]),
        "active_units": metrics["active_units"],
        "latent_dim": raw["config"]["latent_dim"],
        "accuracy": metrics["knn_accuracy"],
        "information": examined["information"],
        "marginal_kl": examined["mean_kl"] - examined["information"],
        "pixels": 28 * 28,
        "training_images": raw["dataset"]["n_train"],
        "images": metrics["n"],
        "beta": raw["config"]["beta"],
        "parameters": raw["n_parameters"],
        "step_change": raw["continuity"]["change"],
        "class_changes": raw["continuity"]["class_changes"] / raw["continuity"]["n_pairs"],
        "known_prior": raw["continuity"]["known_prior"] / raw["continuity"]["n_draws"],
        "known_box": raw["continuity"]["known_box"] / raw["continuity"]["n_draws"],
    }
    for name, value in expected.items():
        assert measured(MeasureName("mnist-20d", name), runs.infos["mnist-20d"]).value == pytest.approx(value, rel=2e-3), name
    for k, kl in enumerate(metrics["kl_per_dim"], 1):
        assert measured(read_measure(f"mnist-20d.kl_of {k}"), runs.infos["mnist-20d"]).value == kl


def test_every_number_has_unit_words_and_a_run_that_has_it():
    infos = [info for info in list_runs().values() if isinstance(info, RunInfo)]
    for name, measure in MEASURES.items():
        assert len(measure.definition) > 10
        assert any(measure.value(info) is not None for info in infos), name
    for name, of in OF_DIMENSIONS.items():
        assert any(of.values(info) for info in infos), name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mnist-2d.elbo", r"−\d+\.\d\d nats"),
        ("mnist-2d.accuracy", r"\d\d\.\d\s%"),
        ("mnist-2d.active_units", "2 dimensions"),
        ("mnist-2d.training_images", r"60\s000 images"),
        ("mnist-2d.beta", "1"),
        ("mnist-20d.kl_of 3", r"\d\.\d\d nats"),
    ],
)
def test_a_number_is_shown_with_its_unit(runs, text, shown):
    name = read_measure(text)
    assert re.fullmatch(shown, measured(name, runs.infos[name.run]).text)
    assert str(name) == text


def test_numbers_in_every_place_are_known():
    lesson = read_lesson(SOUND.encode(), "lesson.md")
    found = [str(name) for step in lesson.steps for part in step.parts for name in numbers_of(part.block)]
    written = re.findall(r"\{\{ (.*?) \}\}|^(?:of|answer): (mnist\S+)", SOUND, flags=re.M)
    assert sorted(found) == sorted(one or other for one, other in written)


# --- prose


def test_prose_is_what_markdown_says():
    nodes = read_line(r"a *b* **c** `d` $e_1$ [f](#step-1) \$5 {{ mnist-2d.kl }}", 1)
    kinds = [(node.kind, node.text or plain(node.children)) for node in nodes if node.text != " "]
    assert ("emphasis", "b") in kinds and ("strong", "c") in kinds and ("code", "d") in kinds and ("formula", "e_1") in kinds
    assert ("link", "#step-1") in kinds and ("number", "mnist-2d.kl") in kinds
    assert "$5" in "".join(text for kind, text in kinds if kind == "text")


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40))
def test_escaped_text_is_that_text(text):
    escaped = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
    assert plain(read_line(escaped, 1)) == text


def test_plain_text_has_no_addresses():
    assert plain((Node("link", "https://x.org", (Node("text", "the paper"),)),)) == "the paper"


# --- the command


def test_the_command_says_what_is_in_a_sound_lesson(tmp_path, capsys):
    file = tmp_path / "lesson.md"
    file.write_text(SOUND, encoding="utf-8")
    assert main(["lesson", "check", str(file)]) == 0
    shown = capsys.readouterr()
    assert f"{file}: sound; “Two pins”, 6 minutes, 3 steps, 2 tasks, 3 predictions, 6 numbers of runs." in shown.out
    assert shown.err == ""


def test_the_command_ends_with_2_and_a_line_for_each_problem(tmp_path, capsys):
    good, bad = tmp_path / "good.md", tmp_path / "bad.md"
    good.write_text(SOUND, encoding="utf-8")
    bad.write_bytes(changed("bg: density", "bg: dens").replace(b"beta: 4", b"beta: x"))
    assert main(["lesson", "check", str(bad), str(good)]) == 2
    shown = capsys.readouterr()
    assert "sound" in shown.out
    assert [line.split("bad.md, ")[1].split(":")[0] for line in shown.err.splitlines()] == ["line 25", "line 82"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "a command is missing"),
        (["chek"], "did you mean check?"),
        (["check"], "FILE"),
        (["check", "/nowhere/lesson.md"], "cannot be read"),
        (["check", "/"], "cannot be read"),
        (["check", "a\0b"], "cannot be read"),
    ],
)
def test_the_command_with_wrong_words(words, sentence, capsys):
    assert main(["lesson", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_fields_go_on_in_lines_that_begin_with_a_space():
    found = fields_of(["a: one", "  two", "", "b: 3"], 5, ("a", "b"))
    assert found.get("a") == Field("a", "one two", 5)
    assert found.get("b") == Field("b", "3", 8)


def test_problems_do_not_count_in_what_a_lesson_is():
    lesson = read_lesson(SOUND.encode(), "lesson.md")
    moved = read_lesson(SOUND.replace("## A map", "\n\n## A map").encode(), "lesson.md")
    assert moved == lesson
    assert replace(moved, title="x") != lesson
    assert all(prose_of(part.block) is not None for step in lesson.steps for part in step.parts)


# --- the document


def test_the_document_names_every_block_key_subject_and_an_example_that_is_sound(runs):
    text = (ROOT / "explorer/lessons/README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([^`\n]+)`", text))
    assert {*blocks.READERS, *SUBJECTS, *shows.KEYS, shows.LINK} <= named
    example = re.search(r"````\n(.*?)````", text, flags=re.S)
    assert example is not None
    check_lesson(read_lesson(example[1].encode(), "README.md"), "README.md", runs)
