"""Is a roll what its melody says, can the melody be read from it again, and does each number change what it says?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.datasets import availability, load_dataset
from trainer.datasets.built_in import melodies
from trainer.datasets.built_in.melodies import (
    CLASS_NAMES,
    FACTOR_NAMES,
    HIGH,
    LOW,
    LOWEST_PITCH,
    N_PITCHES,
    N_STEPS,
    direction,
    draw_factors,
    load_melodies,
    render,
)

Floats = NDArray[np.float64]
C_MAJOR = "C D EF G A B"  # a letter a semitone


def some(n: int = 400) -> NDArray[np.float32]:
    return draw_factors(n, np.random.default_rng(3))


def degrees(roll: NDArray[np.uint8]) -> dict[int, tuple[int, int]]:
    """What is heard: by the step at which a note begins, its degree of the scale and for how many steps it is held."""
    heard: dict[int, tuple[int, int]] = {}
    began = None
    for step in range(N_STEPS):
        rows = np.flatnonzero(roll[0, :, step])
        assert len(rows) <= 1  # one note at a time
        if len(rows) == 0:
            began = None
            continue
        octave, semitone = divmod(N_PITCHES - 1 - int(rows[0]), 12)
        degree = 7 * octave + "CDEFGAB".index(C_MAJOR[semitone])  # fails for a note that is none of the scale
        if began is not None and heard[began][0] == degree:
            heard[began] = (degree, heard[began][1] + 1)
        else:
            heard[step], began = (degree, 1), step
    return heard


def spoken(factors: Floats) -> dict[int, tuple[int, int]]:
    """The melody by other words, from the table of factors, note after note."""
    register, contour, bend, leaps, notes, length = factors
    two = [4, 2, 3][: int(notes) - 4]
    melody = {}
    for beat in (1, 2, 3, 4):
        for half in (1, 2) if beat in two else (1,):
            step = 4 * (beat - 1) + 2 * (half - 1)
            u = -1 + step / 7
            leap = 0 if half == 2 else leaps if beat in (2, 4) else -leaps
            exact = register + contour * u + bend * (1 - 2 * u**2) + leap
            melody[step] = (round(exact), 1 if beat in two else int(length), exact)
    assert all(abs(abs(exact - round(exact)) - 0.5) > 1e-9 for _, _, exact in melody.values())  # else the nearest is not decided
    return {step: (degree, held) for step, (degree, held, _) in melody.items()}


# --- one roll


def test_a_roll_says_what_its_melody_says() -> None:
    factors = some()
    for roll, row in zip(render(factors), factors.astype(np.float64), strict=True):
        assert degrees(roll) == spoken(row)


def test_by_hand() -> None:
    """A scale upwards from the middle C: with contour 3 and 7 degrees at the middle, the beats are at 4, 5.71, 7.43 and 9.14."""
    roll = render(np.array([[7, 2.9999, 0, 0, 4, 3]], np.float32))[0]
    assert degrees(roll) == {0: (4, 3), 4: (6, 3), 8: (7, 3), 12: (9, 3)}
    lit = [(LOWEST_PITCH + N_PITCHES - 1 - int(row), int(step)) for row, step in np.argwhere(roll[0])]
    by_step = {step: pitch for pitch, step in lit}
    assert [by_step[step] for step in (0, 4, 8, 12)] == [67, 71, 72, 76]  # G B C E as MIDI numbers them


def test_pixels_are_on_or_off_and_no_melody_leaves_the_roll() -> None:
    low, high = LOW.astype(np.float32), np.nextafter(HIGH.astype(np.float32), np.float32(0))
    images = render(np.array(list(product(*np.stack([low, high], axis=1))), np.float32))
    assert set(np.unique(images)) == {0, 255}
    for roll in images:
        degrees(roll)
    pitches = np.flatnonzero(images.any(axis=(0, 1, 3)))
    assert (pitches[0], pitches[-1]) == (0, N_PITCHES - 1)  # and all of it is used


def test_register_and_contour_can_be_read_from_the_roll() -> None:
    """A straight line through the notes by least squares: rounding moves a note by half a degree at most."""
    factors = some(600).astype(np.float64)
    read = []
    for roll in render(factors.astype(np.float32)):
        heard = degrees(roll)
        u = np.array(list(heard)) / 7 - 1
        bent = np.stack([np.ones_like(u), u, 1 - 2 * u**2], axis=1)
        read.append(np.linalg.lstsq(bent, np.array([degree for degree, _ in heard.values()]), rcond=None)[0])
    register, contour, _ = np.array(read).T
    assert np.sqrt(np.mean((register - factors[:, 0]) ** 2)) < 0.6
    assert np.corrcoef(register, factors[:, 0])[0, 1] > 0.9
    assert np.corrcoef(contour, factors[:, 1])[0, 1] > 0.95


def test_the_number_of_notes_and_their_length_are_read_exactly() -> None:
    factors = some()
    for roll, row in zip(render(factors), factors, strict=True):
        heard = degrees(roll)
        assert len(heard) == int(row[FACTOR_NAMES.index("notes")])
        assert heard[0][1] == int(row[FACTOR_NAMES.index("length")])


def test_the_classes_are_where_melodies_go() -> None:
    """By what is heard: the last note of a rising melody lies above its first, of a falling one below it."""
    factors = some(2000)
    ends = [list(degrees(roll).values()) for roll in render(factors)]
    rises = np.array([notes[-1][0] - notes[0][0] for notes in ends])
    by_class = [rises[direction(factors) == label] for label in range(len(CLASS_NAMES))]
    falling, level, rising = by_class
    assert (falling <= 0).all()
    assert (rising > 0).all()
    assert falling.mean() < -2
    assert abs(level.mean()) < 1
    assert rising.mean() > 3


# --- one factor


@pytest.mark.parametrize("name", FACTOR_NAMES)
def test_every_factor_is_heard_and_changes_what_it_says(name: str) -> None:
    """From one end of its range to the other it changes every melody, whatever the others are; the whole ones among them nothing else."""
    k = FACTOR_NAMES.index(name)
    low, high = some(), some()
    low[:, k], high[:, k] = LOW[k], np.nextafter(np.float32(HIGH[k]), np.float32(0))
    pairs = [(degrees(one), degrees(other)) for one, other in zip(render(low), render(high), strict=True)]
    changed = np.mean([one != other for one, other in pairs])
    assert changed > (0.9 if name in ("bend", "leaps") else 0.999)
    for one, other in pairs:
        both = one.keys() & other.keys()
        if name in ("register", "contour", "bend", "leaps"):
            assert [(step, held) for step, (_, held) in one.items()] == [(step, held) for step, (_, held) in other.items()]
        else:
            assert all(one[step][0] == other[step][0] for step in both)
        if name == "register":
            assert all(other[step][0] - one[step][0] in (5, 6) for step in both)
        if name == "leaps":
            assert all(other[step][0] - one[step][0] in ((0, 1) if step in (4, 12) else (0, -1)) for step in both if step % 4 == 0)
        if name == "notes":
            assert (len(one), len(other)) == (4, 7)
        if name == "length":
            assert (one[0][1], other[0][1]) == (1, 3)


def test_no_two_factors_draw_the_same_change() -> None:
    """By what each moves, beat by beat: a constant, a slope, a bow and a zigzag are far from parallel; rhythm moves no pitch."""
    start = some(300)
    moved = []
    for k in range(4):
        low, high = start.copy(), start.copy()
        low[:, k], high[:, k] = LOW[k], np.nextafter(np.float32(HIGH[k]), np.float32(0))
        heard = [[[degrees(roll)[step][0] for step in (0, 4, 8, 12)] for roll in render(end)] for end in (low, high)]
        moved.append(np.diff(np.array(heard, float), axis=0)[0].mean(axis=0))
    unit = np.array(moved) / np.linalg.norm(moved, axis=1, keepdims=True)
    assert np.abs(unit @ unit.T - np.eye(4)).max() < 0.6
    assert np.linalg.matrix_rank(unit, tol=0.3) == 4


# --- the data set


def test_factors_are_uniform_and_independent() -> None:
    dataset = load_dataset("melodies")
    factors = dataset.factors
    assert factors is not None
    assert dataset.image_shape == (1, 24, 16)
    assert dataset.n == availability("melodies").n_images == 10_000
    assert {name: len(index) for name, index in dataset.splits.items()} == {"train": 7500, "validation": 1000, "test": 1500}
    n, n_factors = factors.shape
    unit = (factors.astype(np.float64) - LOW) / (HIGH - LOW)
    assert unit.min() >= 0
    assert unit.max() < 1
    for k in (4, 5):  # whole numbers, each as frequent as the others: 4 standard deviations
        share = 1 / (HIGH[k] - LOW[k])
        values, counts = np.unique(factors[:, k], return_counts=True)
        np.testing.assert_array_equal(values, np.arange(LOW[k], HIGH[k]))
        assert np.abs(counts - n * share).max() < 4 * (n * share * (1 - share)) ** 0.5
    for k in range(4):  # Kolmogorov-Smirnov, probability 0.001 a factor
        assert np.abs(np.sort(unit[:, k]) - (np.arange(n) + 0.5) / n).max() < 1.95 / n**0.5
    assert np.abs(np.corrcoef(unit.T) - np.eye(n_factors)).max() < 4 / n**0.5
    assert dataset.labels is not None
    assert np.abs(np.bincount(dataset.labels) - n / 3).max() < 4 * (n * 2 / 9) ** 0.5


def test_the_ends_of_the_ranges_are_outside() -> None:
    class Ends:
        def random(self, shape: tuple[int, int]) -> Floats:
            return np.array([[0.0] * 6, [1 - 2**-53] * 6])

    factors = draw_factors(2, Ends()).astype(np.float64)  # type: ignore[arg-type]
    assert factors[0] == pytest.approx(LOW, rel=1e-7)
    assert (factors[1] < HIGH).all()


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    again = load_melodies.__wrapped__(seed=3, n=60)
    assert load_melodies.__wrapped__(seed=3, n=60).sha256 == again.sha256
    assert load_melodies.__wrapped__(seed=4, n=60).sha256 != again.sha256
    assert {name: len(index) for name, index in again.splits.items()} == {"train": 45, "validation": 6, "test": 9}


def test_each_picture_depends_on_its_own_factors_only() -> None:
    dataset = load_dataset("melodies")
    assert dataset.factors is not None
    for i in (0, 499, 9_999):
        assert (render(dataset.factors[i : i + 1])[0] == dataset.images[i]).all()


def test_the_bytes_are_the_same_on_every_machine() -> None:
    """A run remembers this checksum. Where this fails, drawing has changed: runs must be trained anew."""
    assert load_dataset("melodies").sha256 == "27ab8712733df5e1c2ae5331ce18d7daf1e5d63c716e2168e53437fbe0513655"


def test_how_many_differ_and_how_many_test_images_are_known_from_training_is_told() -> None:
    dataset = load_dataset("melodies")
    bits = [image.tobytes() for image in dataset.images]
    assert f"({len(set(bits))} different)" in availability("melodies").description
    train = {bits[i] for i in dataset.splits["train"]}
    share = np.mean([bits[i] in train for i in dataset.splits["test"]])
    assert f"{share:.0%}".replace("%", " %") in str(melodies.__doc__)
