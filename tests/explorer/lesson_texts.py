"""A sound lesson for tests, and lessons that differ from it in one place."""

from __future__ import annotations

SOUND = r"""---
title: Two pins
summary: What a code of two numbers holds.
minutes: 6
needs: what an autoencoder is
run: mnist-2d
language: en
lecture: S0
---

## A map of *digits*

The ELBO is {{ mnist-2d.elbo }}, and $\mu$ has 2 numbers; a < b is text. See [the map](?view=atlas&run=mnist-2d), [step 2](#step-2)
and [the paper](https://arxiv.org/abs/1312.6114).

- one `code`
- two

| dimension | KL |
|---|---|
| 1 | {{ mnist-2d.kl_of 1 }} |

```show
projection: latent
bg: density
over: points_rings
cam: 0.4_-1.2_7.5
pins: 0.41_-1.2~-0.3_2.2*two
```

```formula
tex: \log p(x) \ge \term{reconstruction}{\mathbb{E}\log p(x|z)} - \term{rate}{\mathrm{KL}}
term: reconstruction = how well the picture is described
term: rate = what its code costs, $\ge 0$
light: rate = rings
```

## What lies between

```task
do: Pin a 3 and
  an 8.
until: pins of 3 >= 1 and pins of 8 >= 1 and support >= 0.2
hint: A click pins the code under the cursor.
```

```predict
question: Which share of the test images do 15 neighbours name?
answer: mnist-2d.accuracy
tolerance: 5
because: It is {{ mnist-2d.accuracy }}.
```

```predict
question: Where do the images of class 1 lie?
answer: place class 1
tolerance: 1
because: Together.
```

```predict
question: Would more dimensions help?
choice: yes
choice: no
answer: choice 1
because: They would.
```

```measure
of: mnist-2d.kl
of: mnist-2d.active_units
```

```note
Wait for **two** answers.
```

## Learn it

```train
data: digits
beta: 4
dimensions: 8
seed: 3
rate: 0.001
noise: on
beside: 1
```

```task
do: Bring the KL below 2 nats.
until: kl < 2 and step >= 10
hint: Raise β.
```
"""

CHANGES: list[tuple[str, str, int, str]] = [
    ("---\ntitle", "title", 1, "the file does not begin with its title"),
    ("title: Two pins\n", "", 2, "“title” is missing"),
    ("minutes: 6", "minutes: 0", 4, "“minutes” is “0”; write a whole number from 1 to 90"),
    ("minutes: 6", "minutes: ６", 4, "“minutes” is"),
    ("needs:", "need:", 5, "the key “need” is unknown (did you mean needs?)"),
    ("run: mnist-2d\nlanguage", "run: ../secret\nlanguage", 6, "“run” is “../secret”"),
    ("language: en", "language: English", 7, "“language” is “English”; write its code: en, de, pt-br"),
    ("lecture: S0", "lecture: S0\nlecture: S1", 9, "“lecture” stands twice"),
    ("lecture: S0", "no colon here", 8, "is not a “key: value” line"),
    ("## A map", "Text.\n\n## A map", 11, "text stands before the first step"),
    ("## A map", "# A map", 11, "text stands before the first step"),
    ("a < b is text", "a <b>is</b> text", 13, "“<b>” is HTML; write Markdown"),
    ("a < b is text", "a\n<script>alert(1)</script>", 14, "“<script>alert(1)</script>. See"),
    ("- one `code`", "<div>\n\nx", 16, "“<div>” is HTML"),
    ("- one `code`", "![a](https://x.org/y.png)", 16, "a picture of a file or an address is not shown"),
    ("(?view=atlas&run=mnist-2d)", "(javascript:alert(1))", 13, "the link goes to “javascript:alert(1)”"),
    ("(?view=atlas&run=mnist-2d)", "(data:text/html,x)", 13, "the link goes to"),
    ("(?view=atlas&run=mnist-2d)", "(//evil.example)", 13, "the link goes to"),
    ("#step-2", "#step-9", 13, "a link goes to step 9; link to a step from 1 to 3"),
    ("{{ mnist-2d.elbo }}", "{{ mnist-2d.elbow }}", 13, "the number “elbow” is unknown (did you mean elbo?)"),
    ("{{ mnist-2d.elbo }}", "{{ mnist-2d }}", 13, "names no number of a run"),
    ("{{ mnist-2d.elbo }}", "{{ mnist-2d.kl_of }}", 13, "is of a dimension, and none is named"),
    (r"$\mu$", r"$\href{x}{y}$", 13, r"the command “\href” is not allowed in formulas"),
    (r"$\mu$", r"$\frac{1}{2$", 13, "does not close a brace"),
    ("- two", "- ```show\n  bg: density\n  ```", 17, "stands within a list, a quote or a note"),
    ("- two", "- two\n\n### a\n\n> ## b", 21, "a heading of level 1 or 2 stands within a step"),
    ("```show", "```shwo", 23, "the block “shwo” is unknown (did you mean show?)"),
    ("bg: density", "bg: densty", 25, "the value of “bg” “densty” is unknown (did you mean density?)"),
    ("over: points_rings", "over: points_rngs", 26, "(did you mean rings?)"),
    ("cam: 0.4_-1.2_7.5", "cam: 0.4_-1.2", 27, "“cam” is “0.4_-1.2”; write it as the address has it"),
    ("pins: 0.41_-1.2~", "pins: 0.41_x~", 28, "“pins” is"),
    ("term: rate =", "term: rat =", 34, "“rat” is not in the formula"),
    ("light: rate = rings", "light: rate = ring", 35, "the layer “ring” is unknown (did you mean rings?)"),
    ("until: pins of 3", "until: pinz of 3", 43, "the condition's subject “pinz” is unknown (did you mean pins?)"),
    ("support >= 0.2", "support >= 2", 43, "“support” is compared with 2; it can be from 0 to 1"),
    ("support >= 0.2", "support near 0.2", 43, "after “support” stands “near”"),
    ("support >= 0.2", "support >=", 43, "the condition ends too early; add a value"),
    ("pins of 8 >= 1 and", "pins of 8 >= 1 or", 43, "after a comparison stands “or”; join comparisons by “and”"),
    ("hint: A click pins the code under the cursor.\n", "", 41, "“hint” is missing"),
    ("tolerance: 5\n", "", 48, "“tolerance” is missing"),
    ("answer: mnist-2d.accuracy", "answer: 88", 49, "“88” names no number of a run"),
    ("answer: place class 1", "answer: place 0.1_2", 56, "the place “0.1_2” cannot be read"),
    ("answer: choice 1", "answer: choice 3", 65, "“answer” is “3”; write a whole number from 1 to 2"),
    ("choice: yes\nchoice: no\n", "", 63, "the answer is a choice, and the question has none"),
    ("of: mnist-2d.active_units", "of: mnist-2d.active", 71, "the number “active” is unknown"),
    ("beta: 4", "beta: 1000", 82, "“beta” is “1000”; write a number from 0.01 to 100"),
    ("dimensions: 8", "dimensions: 7", 83, "the number of dimensions “7” is unknown; use one of 2, 4, 8, 16"),
    ("kl < 2 and", "kl < 2 and support > 0.1 and", 92, "the condition is about a map and a training"),
    ("hint: Raise β.\n```\n", "hint: Raise β.\n", 90, "the block “task” is not closed"),
]
"""What is replaced by what, and the line and words of what is told of it."""

MISFITS: list[tuple[str, str, int, str]] = [
    ("run: mnist-2d\nlanguage", "run: mnist-3d\nlanguage", 1, "the run “mnist-3d” is unknown (did you mean"),
    ("{{ mnist-2d.elbo }}", "{{ mnist-3d.elbo }}", 13, "the run “mnist-3d” is unknown"),
    ("{{ mnist-2d.kl_of 1 }}", "{{ mnist-2d.kl_of 3 }}", 19, "run mnist-2d has no dimension 3; use one from 1 to 2"),
    ("{{ mnist-2d.elbo }}", "{{ digits-pca.elbo }}", 13, "run digits-pca has no number “elbo”"),
    ("projection: latent", "projection: umap", 23, "is unknown; use one of latent"),
    ("projection: latent", "x: 3", 23, "run mnist-2d has no dimension 3"),
    ("projection: latent", "x: 1", 23, "axes are named, and the map is another one"),
    ("projection: latent", "as: 3", 23, "run mnist-2d is not given a class"),
    ("pins: 0.41_-1.2~", "pins: 0.41_-1.2_0.3~", 23, "has codes of 2 numbers, and a pin has another count"),
    ("pins of 8", "pins of eleven", 40, "the class of mnist “eleven” is unknown"),
    ("answer: place class 1", "answer: place class one", 54, "the class of mnist “one” is unknown"),
    ("kl < 2 and step", "kl of 9 < 2 and step", 90, "the training has no dimension 9; use one from 1 to 8"),
    ("data: digits", "data: digit", 80, "the data set “digit” is unknown (did you mean digits?)"),
    ("data: digits", "data: run:mnist-9d", 80, "the run “mnist-9d” is unknown"),
    ("support >= 0.2", "map = umap", 40, "is unknown; use one of latent"),
    ("kl < 2 and step >= 10", "support > 0.2", 90, "of a map, and the step shows a training; add a block “show”"),
    (
        "```note\nWait for **two** answers.",
        "```task\ndo: x\nuntil: beta > 2\nhint: y",
        74,
        "of a training, and the step shows a map",
    ),
    ("```note\nWait for **two** answers.", "```show\nbg: none\n```\n\n```show\nbg: none", 78, "shows two things beside its text"),
]
"""The same of what does not fit the runs that ship."""


def changed(old: str, new: str) -> bytes:
    """The sound lesson with its first `old` replaced."""
    assert old in SOUND
    return SOUND.replace(old, new, 1).encode()


OF_A_TEACHER = """---
title: A lesson of my own
summary: One step.
minutes: 5
needs: nothing
run: digits-2d
language: en
---

## Where is the 3?

```predict
question: Where do the threes lie?
answer: place class 3
tolerance: 1
because: Their mean.
```
"""
"""One that asks for a place."""
