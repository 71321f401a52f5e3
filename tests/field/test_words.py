"""Is everything that a person reads in the field's words, with one form of numbers and one spelling of each term?

Every string of Python that can reach the page or the terminal, with the help of every option, every string of the browser's programs, and
the documents. What a machine can hold is here; a sentence that is right by these rules may still be a bad one.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.field.test_sentences import texts
from tests.field.test_surface_words import strings_of
from tests.places import ROOT

SOMEBODY = r"\b(the|its|a|this|your) (model|encoder|decoder|network|classifier|page|browser|program|prior|posterior|code|map|chart)"
THINGS = r"(zip|picture|image|archive|table|JSON|layers?|numbers?|logits|finite|whole|safetensors|classes)"
VERBS = r"(sees?|saw|knows?|asks?|wants?|says?|hears?|feels?|thinks?|believes?|remembers?)"
WORDS = {
    "models and programs feel, know and say nothing": rf"{SOMEBODY} (also |never |still )?{VERBS}\b",
    "is not a …": rf"(?<!there )\b(is|are|or) no {THINGS}\b(?! is\b)",
    "given, not told": r"\b(is|are|be|was|being) (not )?told\b",
    "again": r"\banew\b",
    "until then": r"\bmeanwhile\b",
    "your own": r"(?<!run of )\byours\b",
    "active, collapsed": r"\b(alive|dying|dead) dimensions?\b|\bdimensions? (is|are|stays?) alive\b",
    "background": r"\b(dark|light|its|opposite) ground\b",
    "on average": r"\bin the mean\b",
    "predicted, most probable": r"(?<!first )\bguess(es|ed)?\b",
    "deleted": r"\bthrown away\b",
}
SPELLINGS = {
    "data set": r"\bdatasets?\b(?![.:/(])",
    "grey": r"\bgray\b",
    "colour": r"\b(colors?|colored|colorful)\b",
    "centre": r"\bcenter(s|ed)?\b",
    "autoencoder": r"\bauto-encoders?\b",
    "class-conditional": r"\bclass conditional\b",
    "-ise": r"\b(normali|optimi|visuali|recogni|initiali|regulari|binari|reali|penali)z(e|es|ed|ing|ation)\b",
    "reparameterise": r"\breparametr",
    "hyperparameter": r"\bhyper-parameter",
    "reconstruction loss": r"\breconstruction error\b",
    "latent code": r"\blatent (vector|variable)s?\b",
    "posterior std. dev.": r"\bstddevs?\b|\bst\. dev",
}
FORMS = {
    "0.5, not .5": r"(?<![\w.…)\]*/-])\.\d",
    "5 %, not 5%": r"\d%(?!\d)",
    "−5, not -5": r"(?<=[\s(=±])-\d(?!\S*\.\.)(?![^\s]*, ?[-\d]+\))",
    "10 000, not 10,000": r"(?<![\d,])\d{1,3},\d{3}(?![\d,])",
    "8 × 8, not 8 x 8": r"\b\d+ ?x ?\d+\b",
    "±, not +/-": r"\+/-",
    "' as an apostrophe": r"\u2019",
}
RULES = WORDS | SPELLINGS | FORMS
PYTHON = [path for folder in ("explorer", "trainer") for path in sorted((ROOT / folder).rglob("*.py"))]
SOURCE = sorted((ROOT / "explorer/surface/frontend/src").rglob("*.ts"))
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "assets/README.md")]
NO_SENTENCES = {"modules.ts", "into_view.py", "write_schema.py", "borrowed.py", "style.py", "label_placement.py", "html_file.py"}
"""Programs, style sheets and tables of machines."""
NO_PROSE = re.compile(
    r"%\{[^}]*\}|`[^`]*`|--?[a-z][\w-]*|https?://\S+|reshape\(-1.*|\bNormalize\b|\bCenter for\b|partially initialized|:\.\df\b"
)


def is_sentence(text: str) -> bool:
    """Two words beside each other: no key, format or regular expression."""
    return re.search(r"[A-Za-z]{2,},? [a-zA-Z]{2,}", text) is not None and not re.search(r"\(\?:|\\[sdwbS]|[{;]\s*[a-z-]+:\s", text)


def helps(path: Path) -> list[str]:
    """What `--help` prints: docstrings of options and of their fields."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name.endswith("Options")]
    values = [line.value for node in classes for line in node.body if isinstance(line, ast.Expr)]
    return [value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]


def of_typescript(path: Path) -> list[str]:
    """Texts between what is put into them."""
    return [re.sub(r"\$\{[^}]*\}", "…", text.strip('"`')) for text in strings_of(path.read_text("utf-8"))]


def of_document(path: Path) -> list[str]:
    """Paragraphs without code."""
    return re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL).split("\n\n")


def broken(found: list[str]) -> list[str]:
    """Every rule that a text breaks, with the text."""
    faults = []
    for text in filter(is_sentence, found):
        prose = " ".join(NO_PROSE.sub("…", text).split())
        faults += [f"{rule}: “{hit.group()}” in: {prose}" for rule, sign in RULES.items() if (hit := re.search(sign, prose, re.I))]
    return faults


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("The decoder knows the class", "models and programs feel, know and say nothing"),
        ("This is no zip that opens", "is not a …"),
        ("The class is told to it", "given, not told"),
        ("about .5 of the images", "0.5, not .5"),
        ("some 50% of the images", "5 %, not 5%"),
        ("all values between -3 and 3", "−5, not -5"),
        ("all of 10,000 images shown", "10 000, not 10,000"),
        ("all pictures of 8 x 8 pixels", "8 × 8, not 8 x 8"),
        ("the dataset of faces", "data set"),
        ("the encoder\u2019s spread", "' as an apostrophe"),
        ("normalize the images", "-ise"),
    ],
)
def test_every_rule_finds_what_it_forbids(text, rule):
    assert [fault.split(": “")[0] for fault in broken([text])] == [rule]


@pytest.mark.parametrize(
    "text",
    [
        "β in 0.5 to 1.5, −3 to 3, 50 % of 10 000 images",
        "run atlas fit mnist-2d --beta 4",
        "pixels in -1..1 for a tanh",
        "there is no file x",
    ],
)
def test_what_is_right_passes(text):
    assert broken([text]) == []


@pytest.mark.parametrize(
    "path", [path for path in PYTHON if path.name not in NO_SENTENCES], ids=lambda path: str(path.relative_to(ROOT))
)
def test_what_python_says_is_plain(path):
    assert broken([*texts(path), *helps(path)]) == []


@pytest.mark.parametrize("path", [path for path in SOURCE if path.name not in NO_SENTENCES], ids=lambda path: path.name)
def test_what_the_browser_says_is_plain(path):
    assert broken(of_typescript(path)) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_documents_are_plain(path):
    assert broken(of_document(path)) == []
