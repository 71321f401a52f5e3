"""Which images can be heard? Piano rolls of one bar, which this file writes by a small grammar from six numbers.

| factor   | range          | unit and meaning                                                                          |
|----------|----------------|-------------------------------------------------------------------------------------------|
| register | [3.5, 9.5)     | the middle of the melody, in degrees of the scale above the lowest note                   |
| contour  | [−3, 3)        | degrees from the middle to the end of the bar: below 0 the melody falls, above it rises   |
| bend     | [−0.5, 0.5)    | degrees by which the middle of the bar is raised and its ends lowered                     |
| leaps    | [0, 0.5)       | degrees by which the second and fourth beat are raised and the first and third lowered    |
| notes    | 4, 5, 6, 7     | how many: one a beat, then the fourth beat has two, the second, the third                 |
| length   | 1, 2, 3        | steps that the one note of a beat is held; of two, each is held for one                   |

Each is drawn independently and uniformly. The bar has four beats of four steps. With u from −1 at its first step to 1
at the last in which a note may begin, the line register + contour · u + bend · (1 − 2u²) and the leap of the beat give
a note its degree, rounded to the nearest; the second note of a beat passes along the line, without a leap. A rest
follows each note, so that two of the same pitch are two.

Register and contour move every note far, the other four little: a map of two dimensions is to be spanned by those two.
Were bend and leaps larger, no pitch of a beat would have a probability of a half at most places of such a map, and
what it decodes could not be heard. The scale is C major over two octaves, and one note of a melody sounds at a time.

Degrees and steps are whole numbers, so 5 372 of the 10 000 images differ, and 63 % of the test images are among the
training images too: what a model reaches on them says less of new melodies than elsewhere. For the same reason a
number may be changed a little without another picture; over its whole range each changes it.

An image is a roll: time to the right, 16 steps; pitch upwards, 24 semitones, of which the lowest row is LOWEST_PITCH.
A pixel is 255 while its note sounds and 0 otherwise. The same seed gives the same bytes on every machine: all that is
done is + − × ÷ and rounding down.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import Dataset, dataset_of_factors, uniform_factors

NAME = "melodies"
N_IMAGES = 10_000
N_PITCHES, N_STEPS = 24, 16
IMAGE_SHAPE = (1, N_PITCHES, N_STEPS)
CLASS_NAMES = ("falling", "level", "rising")
FACTOR_NAMES = ("register", "contour", "bend", "leaps", "notes", "length")
WHOLE = 4  # the first factor that is a whole number, as the one behind it
LOW = np.array([3.5, -3, -0.5, 0, 4, 1], dtype=np.float64)
HIGH = np.array([9.5, 3, 0.5, 0.5, 8, 4], dtype=np.float64)
DESCRIPTION = (
    "10 000 melodies of a bar as piano rolls (5372 different), 24 pitches × 16 steps, six known factors; made here, "
    "and heard on the map"
)

N_TRAIN, N_VALIDATION, N_TEST = 7_500, 1_000, 1_500

N_BEATS, STEPS_PER_BEAT = 4, 4
LOWEST_PITCH = 60  # of the lowest row, as MIDI counts semitones: 69 is the A of 440 Hz, so this is the C below it
BEATS_PER_MINUTE = 100
SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19, 21, 23])  # semitones above the lowest pitch, by degree
TWO_NOTES = (3, 1, 2)  # beats in the order in which they get a second note; the first never does, and tells the length
MIDDLE = 7  # half way between the first step and that of the last note there can be, 14

Floats = NDArray[np.float64]


@lru_cache(maxsize=2)
def load_melodies(seed: int = 0, n: int = N_IMAGES) -> Dataset:
    """`n` melodies from `seed`; the factors are independent, so the first 3/4 are as good a training split as any."""
    factors = draw_factors(n, np.random.Generator(np.random.PCG64(seed)))
    labels = direction(factors)
    parts = N_TRAIN, N_VALIDATION, N_TEST
    return dataset_of_factors(NAME, render(factors), labels, CLASS_NAMES, factors, FACTOR_NAMES, parts)


def draw_factors(n: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """(n, 6), independent and uniform in [LOW, HIGH); notes and length whole numbers."""
    factors = uniform_factors(LOW, HIGH, n, generator)
    factors[:, WHOLE:] = np.floor(factors[:, WHOLE:])
    return factors


def direction(factors: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n,): whether the contour is in the lower, the middle or the upper third of its range."""
    return np.digitize(factors[:, 1], [-1, 1]).astype(np.int64)


def render(factors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """factors (n, 6) → images (n, 1, 24, 16), the highest pitch in the first row."""
    register, contour, bend, leaps, notes, length = factors.astype(np.float64).T
    images = np.zeros((len(factors), *IMAGE_SHAPE), dtype=np.uint8)
    n_second, held = notes - N_BEATS, length
    for beat in range(N_BEATS):
        start, second = STEPS_PER_BEAT * beat, STEPS_PER_BEAT * beat + STEPS_PER_BEAT // 2
        has_two = n_second > TWO_NOTES.index(beat) if beat in TWO_NOTES else np.zeros(len(factors), dtype=np.bool_)
        first = row(line(register, contour, bend, start) + (leaps if beat % 2 else -leaps))
        for step in range(STEPS_PER_BEAT - 1):
            _write(images, np.where(has_two, step == 0, step < held), first, start + step)
        _write(images, has_two, row(line(register, contour, bend, second)), second)
    return images


def line(register: Floats, contour: Floats, bend: Floats, step: int) -> Floats:
    """(n,): the degree along which a melody goes, without its leaps."""
    u = (step - MIDDLE) / MIDDLE
    return register + contour * u + bend * (1 - 2 * u * u)


def row(degree: Floats) -> NDArray[np.int64]:
    """(n,): in which row of the image the note of a degree lies."""
    return N_PITCHES - 1 - SCALE[np.floor(degree + 0.5).astype(np.int64)]


def _write(images: NDArray[np.uint8], sounds: NDArray[np.bool_], rows: NDArray[np.int64], step: int) -> None:
    which = np.flatnonzero(sounds)
    images[which, 0, rows[which], step] = 255
