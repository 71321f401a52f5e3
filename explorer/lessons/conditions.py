"""When is a task done? A condition on what the page shows, in a small grammar that is read into a record and never evaluated as code.

condition = clause { "and" clause }
clause    = subject [ "of" name ] relation value          pins of 3 >= 1 and support < 0.1
relation  = "<" | "<=" | ">" | ">=" | "=" | "!="          names have = and != only
value     = number | word | "words in quotes"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from explorer.lessons.problems import Mistake, one_of, quoted

Kind = Literal["count", "number", "name"]
Surface = Literal["map", "training", "piece"]
Relation = Literal["<", "<=", ">", ">=", "=", "!="]

MOST_CLAUSES = 8
LONGEST = 400  # letters
LARGEST = 1e6
TOKEN = re.compile(r'\s*(?:"([^"]*)"|(<=|>=|!=|<|>|=|≤|≥|≠)|([^\s<>=!≤≥≠"]+))')
SPELLINGS: dict[str, Relation] = {"≤": "<=", "≥": ">=", "≠": "!="}
RELATIONS: tuple[Relation, ...] = ("<", "<=", ">", ">=", "=", "!=")
NUMBER = re.compile(r"[-−]?\d{1,9}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True)
class Subject:
    """Something of the page that a condition can be about."""

    kind: Kind
    """A count is whole and not below 0."""
    surface: Surface
    """What shows it: the map of a run, a training in the page, or an interactive piece (`pieces.py` says which)."""
    meaning: str
    of: Literal["", "class", "dimension"] = ""
    """What may stand after “of”."""
    low: float = 0
    high: float = LARGEST
    """The values that it can have at all, of a count or number."""


SUBJECTS: dict[str, Subject] = {
    "pins": Subject("count", "map", "pinned codes; of a class: those whose picture most probably is of it", "class"),
    "support": Subject("number", "map", "support at the cursor: 0 far from all encoded images, about 0.5 in their midst", high=1),
    "class": Subject("name", "map", "the most probable class of the picture under the cursor"),
    "zoom": Subject("number", "map", "how much closer than when everything is shown"),
    "selected": Subject("count", "map", "points within the lasso or box"),
    "path": Subject("name", "map", "the kind of the path through pins: linear, spherical, …; none"),
    "map": Subject("name", "map", "name of the map that is shown"),
    "background": Subject("name", "map", "what lies under the points"),
    "layer": Subject("name", "map", "a layer over the map that is on (=) or off (!=)"),
    "colour": Subject("name", "map", "the quantity that colours the points"),
    "tab": Subject("name", "map", "the tab beside the map"),
    "beta": Subject("number", "training", "weight of the KL in the loss", high=1000),
    "step": Subject("count", "training", "steps that were taken"),
    "epoch": Subject("number", "training", "passes over the images, with its fraction"),
    "kl": Subject("number", "training", "KL(q(z|x) ‖ p(z)), nats an image; of a dimension, from 1", "dimension"),
    "distortion": Subject("number", "training", "−E log p(x|z), nats an image", low=-LARGEST),
    "elbo": Subject("number", "training", "E log p(x|z) − KL, nats an image", low=-LARGEST),
    "active": Subject("count", "training", "dimensions with a KL of at least 0.05 nats an image"),
    "gap": Subject("number", "piece", "KL(q ‖ p(z|x)) of one's own Gaussian, nats: what its bound is below log p(x)"),
    "bound": Subject("number", "piece", "E_q log p(x|z) − KL(q ‖ p), nats, of one's own Gaussian", low=-LARGEST),
    "reconstruction": Subject("number", "piece", "E_q log p(x|z), nats, of one's own Gaussian", low=-LARGEST),
    "rate": Subject("number", "piece", "KL(q ‖ p), nats; of several images its mean"),
    "darts": Subject("count", "piece", "darts that were thrown in each repeat"),
    "source": Subject("name", "piece", "where the darts are drawn from: prior or encoder"),
    "grid": Subject("count", "piece", "cells along a side of the plane, once all of them are added up"),
    "error": Subject("number", "piece", "how far the estimate of log p(x) is from its value by quadrature, nats"),
    "draws": Subject("count", "piece", "most draws that were averaged in one estimate of the gradient"),
    "baseline": Subject("name", "piece", "whether a baseline is subtracted in those estimates: on or off"),
    "information": Subject("number", "piece", "mutual information of image and code, nats"),
    "marginal": Subject("number", "piece", "KL(q(z) ‖ p(z)) of the aggregated posterior, nats"),
    "images": Subject("count", "piece", "images on the line"),
}


@dataclass(frozen=True)
class Clause:
    """One comparison."""

    subject: str
    """One of `SUBJECTS`."""
    of: str
    """A class, or a dimension from 1; "" for the whole."""
    relation: Relation
    value: float | str
    """A name for a subject of names."""


@dataclass(frozen=True)
class Condition:
    """Holds where every clause holds."""

    clauses: tuple[Clause, ...]

    @property
    def surface(self) -> Surface:
        """Where all of it can be watched: a condition is about one surface."""
        return SUBJECTS[self.clauses[0].subject].surface


def condition_text(condition: Condition) -> str:
    """The condition as it is written, in one spelling; `read_condition` gives the same condition back."""
    return " and ".join(map(_clause_text, condition.clauses))


def read_condition(text: str) -> Condition:
    """The condition of a text. Raises `Mistake`."""
    if len(text) > LONGEST:
        raise Mistake(f"the condition has {len(text)} letters", f"use at most {LONGEST}")
    tokens = _Tokens(text)
    clauses = [_clause(tokens)]
    while tokens.rest:
        word = tokens.take("“and”")
        if word != Word("and", False):
            raise Mistake(f"after a comparison stands {quoted(word.text)}", "join comparisons by “and”")
        clauses.append(_clause(tokens))
        if len(clauses) > MOST_CLAUSES:
            raise Mistake(f"the condition has more than {MOST_CLAUSES} comparisons", "make several tasks of it")
    found = Condition(tuple(clauses))
    if any(SUBJECTS[clause.subject].surface != found.surface for clause in clauses):
        raise Mistake(f"the condition is about {_surfaces(found)}", "make a task of each")
    return found


def _surfaces(condition: Condition) -> str:
    every = {SUBJECTS[clause.subject].surface for clause in condition.clauses}
    return " and ".join(f"a {surface}" for surface in get_args(Surface) if surface in every)


# --- words


@dataclass(frozen=True)
class Word:
    """A word of the text, or what stands in quotes."""

    text: str
    is_quoted: bool


class _Tokens:
    """The words of a condition, taken one after the other."""

    def __init__(self, text: str) -> None:
        self.rest = list(_words(text))

    def take(self, wanted: str) -> Word:
        """The next word. Raises `Mistake` where there is none."""
        if not self.rest:
            raise Mistake("the condition ends too early", f"add {wanted}")
        return self.rest.pop(0)

    def take_if(self, word: str) -> bool:
        """Whether the next word is that one, which is taken then."""
        is_next = bool(self.rest) and self.rest[0] == Word(word, False)
        if is_next:
            self.rest.pop(0)
        return is_next


def _words(text: str) -> Iterator[Word]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = TOKEN.match(text, at)
        if match is None:
            raise Mistake(f"{quoted(text[at:])} cannot be read", 'write names with spaces in quotes: class = "T-shirt"')
        yield Word(match[1], True) if match[1] is not None else Word(match[2] or match[3], False)
        at = match.end()


# --- clauses


def _clause(tokens: _Tokens) -> Clause:
    name = one_of(tokens.take("what the condition is about, such as pins").text, SUBJECTS, "the condition's subject")
    subject = SUBJECTS[name]
    of = _of(tokens, name, subject) if tokens.take_if("of") else ""
    sign = tokens.take("a comparison, such as >= 1").text
    relation = SPELLINGS.get(sign, sign)
    if relation not in RELATIONS:
        raise Mistake(f"after {quoted(name)} stands {quoted(sign)}", f"write one of {' '.join(RELATIONS)}")
    value = tokens.take("a value")
    if subject.kind == "name":
        return Clause(name, of, _of_names(name, relation), _name(value.text))
    return Clause(name, of, _relation(relation), _number(name, subject, value))


def _relation(text: str) -> Relation:
    return next(relation for relation in RELATIONS if relation == text)


def _of(tokens: _Tokens, name: str, subject: Subject) -> str:
    if not subject.of:
        raise Mistake(f"{quoted(name)} takes no “of”", f"write “{name}” alone; only pins and kl take one")
    word = tokens.take(f"a {subject.of}").text
    if subject.of == "dimension" and not re.fullmatch(r"[1-9]\d{0,3}", word, re.ASCII):
        raise Mistake(f"{quoted(word)} is not a dimension", "dimensions count from 1")
    return _name(word)


def _name(text: str) -> str:
    if not 1 <= len(text) <= 100 or not text.isprintable() or text != text.strip():
        raise Mistake(f"{quoted(text)} is not a name", "use 1 to 100 letters without a space at an end")
    return text


def _of_names(name: str, relation: str) -> Relation:
    if relation not in ("=", "!="):
        raise Mistake(f"{quoted(name)} is a name, which is compared by {relation} here", "use = or !=")
    return _relation(relation)


def _number(name: str, subject: Subject, word: Word) -> float:
    if word.is_quoted or not NUMBER.fullmatch(word.text):
        raise Mistake(f"{quoted(name)} is compared with {quoted(word.text)}", "compare it with a number such as 3 or 0.25")
    value = float(word.text.replace("−", "-"))
    if not subject.low <= value <= subject.high:
        raise Mistake(f"{quoted(name)} is compared with {word.text}", f"it can be from {subject.low:g} to {subject.high:g}")
    if subject.kind == "count" and not value.is_integer():
        raise Mistake(f"{quoted(name)} is a count and compared with {word.text}", "compare it with a whole number")
    return value + 0.0  # no −0


def _clause_text(clause: Clause) -> str:
    of = f" of {_name_text(clause.of)}" if clause.of else ""
    value = _name_text(clause.value) if isinstance(clause.value, str) else _number_text(clause.value)
    return f"{clause.subject}{of} {clause.relation} {value}"


def _name_text(name: str) -> str:
    return name if re.fullmatch(r"[^\s<>=!≤≥≠\"]+", name) else f'"{name}"'


def _number_text(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".")
