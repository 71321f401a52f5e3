"""What do Python and the browser tell each other? Every record and limit of the wire, declared once.

`python -m explorer.surface.write_schema` writes `frontend/src/wire/schema.ts` from this file, network_schema.py and training_schema.py:
one interface for each record, with the sentences that stand under its fields. A dataclass is made in Python; a TypedDict is JSON, of
which a type checker knows the keys. A field with a default may be left out by another writer; `Options` and `Dynamic` are completed by
the reader with the same defaults.

Letters: K latent dimensions, T frames of a path, Y classes, C, H, W channels, height, width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, NotRequired, TypeAlias, TypedDict

from explorer.pictures.protocols import PictureProtocol
from explorer.surface.network_schema import ImageShape, Op
from trainer.latent.paths import LatentPathKind
from trainer.likelihoods.registry import LikelihoodName
from trainer.maps.projection import Kind as ProjectionKind

PAYLOAD_FORMAT: Final = "latent-atlas"
"""Of the bytes of one map."""
PAYLOAD_VERSION: Final = 2
BUNDLE_FORMAT: Final = "latent-atlas-book"
"""Of the bytes of all maps of a run."""
BUNDLE_VERSION: Final = 1

MAX_PINS: Final = 26
"""A to Z; the oldest goes."""
MAX_NAME: Final = 40
"""Letters of a pin's name."""
MAX_PAST: Final = 60
"""Steps that can be taken back."""
MAX_TAKEN: Final = 60
"""Names of events that are remembered: more than can be under way at once."""

Point: TypeAlias = tuple[float, float]
"""x and y on a map."""
Extent: TypeAlias = tuple[float, float, float, float]
"""x0, x1, y0, y1 of a part of a map."""
Code: TypeAlias = Sequence[float]
"""z (K,)."""
ArrayType: TypeAlias = Literal["float32", "float16", "uint8", "int32", "int16"]


# ---- what changes from one rerun of the host to the next ------------------------------------------------------------


@dataclass(frozen=True)
class PinRecord:
    """A place that the person kept: where on the map, and which code it stands for."""

    label: str
    """A to Z."""
    map: Point
    z: Code
    name: str = ""
    """What the person calls it."""


@dataclass(frozen=True)
class Ellipse:
    """Half-axes in map units."""

    rx: float
    ry: float


@dataclass(frozen=True)
class MarkerRecord:
    """Something that the host put on the map."""

    label: str
    map: Point
    z: Code
    ellipse: Ellipse | None = None
    """One posterior standard deviation."""


@dataclass(frozen=True)
class OtherPathRecord:
    """A path of another kind between the same stops: drawn thin, and one of them played beside."""

    title: str
    """Its kind."""
    z: Sequence[Code]
    """T codes."""
    map: Sequence[Point]
    """Their places."""
    labels: Sequence[int] | None = None
    """The class as which each code is decoded (T,), of a class-conditional model."""


@dataclass(frozen=True)
class StripRecord:
    """A number for every frame of a path, or one for every class of every frame, drawn under its film."""

    name: str
    definition: str
    values: Sequence[float] | Sequence[Sequence[float]]
    """(T,) or (T, Y)."""
    top: float
    """Of the scale, which begins at 0."""
    of: Literal["density", "classes", ""] = ""
    """What the values are, where the card beside the map tells of it too, in the same words."""


@dataclass(frozen=True)
class LegRecord:
    """From one stop of a path to the next, where a geodesic is wanted."""

    a: Code
    b: Code
    label_a: int | None = None
    """The class as which the first stop is decoded; None for a decoder that is told none."""
    label_b: int | None = None
    """The class of the second."""
    of: str = ""
    """Which run it was, for a host that keeps what was found."""


@dataclass(frozen=True)
class PathRecord:
    """An interpolation to be played."""

    title: str
    z: Sequence[Code]
    """T codes."""
    map: Sequence[Point]
    """Their places."""
    ends: Sequence[str]
    """Names of the first and the last stop."""
    others: Sequence[OtherPathRecord] = ()
    strips: Sequence[StripRecord] = ()
    """What is measured along it."""
    is_loop: bool = False
    """Its end is its beginning."""
    stops: Sequence[Point] = ()
    """Places of its stops, in their order."""
    labels: Sequence[int] | None = None
    """The class as which each code is decoded (T,), of a class-conditional model; None: the chosen one."""
    missing: Sequence[LegRecord] = ()
    """Legs whose geodesic the page is to find, and to tell the host."""
    is_meanwhile: bool = False
    """It plays until its geodesic is found."""


@dataclass(frozen=True)
class SubjectRecord:
    """A picture of the person's own, whose posterior is shown."""

    label: str
    mu: Code
    std: Code
    """0 where the code is a point."""
    x: str | None
    """What the model was fed, (C·H·W,) bytes in base64, where it is the picture itself and no stand-in."""


@dataclass(frozen=True)
class ExactCode:
    """A code that the card shows at the probe until the person moves: no place of the map stands for it."""

    z: Code
    label: str


@dataclass(frozen=True)
class Undo:
    """Whether the host can take the pins back, and forth again."""

    back: bool
    forth: bool


@dataclass(frozen=True)
class Options:
    """How a host wants the surface."""

    pinnable: bool = True
    hint: bool = True
    manifold: bool = False
    rings: bool = True
    compact: bool = False
    """For a narrow column: the map, and below it the picture with what is said of it."""
    folded: bool = False
    """Beside the map only the decoded picture, in a corner, until the person opens the rest: for a page with columns of its own."""
    link: str = ""
    """Surfaces of one page with the same name move together: their runs have the same test images."""
    column: int = 0
    """Its place among maps beside each other, from 1, by which the page's link knows it; 0 for a map alone."""
    pad: PictureProtocol | None = None
    """A drawing pad, with what it must know of the data set; it also takes pictures that are pasted, dropped or taken."""
    pad_hands_over: bool = False
    """The host looks at what was drawn when it is handed over."""
    drawable: bool = False
    """A path can be drawn by hand, of which the host hears."""
    film: bool = False
    """The film of the run's training can be asked for; the host puts it in the map's place."""
    saves_page: bool = False
    """The host has the run as a web page in its menu for sharing, and opens that menu when it is asked for."""


@dataclass(frozen=True)
class Dynamic:
    """The part that changes at every rerun of the host; small."""

    pins: Sequence[PinRecord] = ()
    path: PathRecord | None = None
    markers: Sequence[MarkerRecord] = ()
    probe: Point | None = None
    exact: ExactCode | None = None
    taken: Sequence[str] = ()
    """Names of the pin events that the host has counted."""
    subject: SubjectRecord | None = None
    """Whose posterior is shown, unless the pad has a drawing."""
    undo: Undo = Undo(back=False, forth=False)
    height: int = 560
    """Of the whole surface, CSS pixels, 0 for as much as the window has below its upper edge; of a column or a map alone, of its map."""
    searches: str = ""
    """Where the program is that searches for true posteriors and geodesics, from the page's own address on; "" where the page has it."""
    sound: str = ""
    """Where the program is that plays piano rolls, from the page's own address on; "" where the page has it or does without it."""
    options: Options = field(default_factory=Options)

    def record(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


# ---- what belongs to a run and a map --------------------------------------------------------------------------------


class ProjectionRecord(TypedDict):
    """How codes become places on the map."""

    name: str
    kind: ProjectionKind
    title: str
    x_label: str
    y_label: str
    note: str
    """What a place stands for, and how far to trust the map."""
    extent: Extent
    rings: bool
    """Whether circles of the prior are circles on this map."""
    ring_center: Point


class RunRecord(TypedDict):
    """Which run this is."""

    id: str
    dataset: str
    latent_dim: int
    image_shape: ImageShape


class PianoRoll(TypedDict):
    """How pictures that are piano rolls are heard: a column is a step of time, a row is a pitch, the lowest below."""

    lowest_pitch: int
    """Of the lowest row, in semitones as MIDI counts them: 69 is the A of 440 Hz."""
    steps_per_beat: int
    beats_per_minute: int


class Scores(TypedDict):
    """On n pictures that were not learned from; see trainer/models/picture_classifier.py."""

    n: int
    accuracy: float
    nll: float
    """−log p(y|x), nats."""
    ece: float
    """Expected calibration error."""


class ClassifierFacts(TypedDict):
    """How good the classifier of decoded pictures is."""

    images: Scores
    """On test images."""
    decoded: Scores
    """On what the decoder makes of them."""


class MapHeader(TypedDict):
    """What is to be known of a run and one of its maps, beside the arrays."""

    format: str
    version: int
    run: RunRecord
    roll: NotRequired[PianoRoll]
    """Only of runs whose pictures are piano rolls."""
    class_names: Sequence[str]
    decoded_as: str | None
    """The class that a conditional model's decoder is told here; None for one that is told none."""
    label: int | None
    """Its number among `class_names`: what operations that take the class, and `biases`, are told."""
    factor_names: Sequence[str]
    """Names of the columns of `points_factors`."""
    likelihood: LikelihoodName
    decoder_note: NotRequired[str]
    """What the pictures are, where they are not the decoder's own; only of imported runs."""
    log_sigma: NotRequired[float | None]
    """Log scale of a Gaussian or Laplace pixel; None where p(x|z) depends on more than is here."""
    encoder: Sequence[Op]
    decoder: Sequence[Op]
    classifier: NotRequired[Sequence[Op]]
    """Of decoded pictures; not every run has one."""
    classifier_facts: NotRequired[ClassifierFacts]
    projection: ProjectionRecord
    view_extent: Extent
    """Where the first camera looks."""


class NamedHeader(MapHeader):
    """As packed."""

    id: str
    """Hash of everything else, arrays included."""


class ArrayEntry(TypedDict):
    """Where an array lies among the bytes."""

    dtype: ArrayType
    shape: Sequence[int]
    offset: int
    """A multiple of 8."""
    nbytes: int
    codec: Literal["raw", "zlib"]


class Header(NamedHeader):
    """The JSON before the arrays of one map."""

    arrays: Mapping[str, ArrayEntry]
    reference: NotRequired[bool]
    """The arrays were left out, because the page has them already or fetches them."""
    address: NotRequired[str]
    """Of a reference: where all of the map is, from the page's own address on; "" or missing where the page has it."""


# ---- all maps of a run ----------------------------------------------------------------------------------------------


class PoolEntry(TypedDict):
    """Where an array lies in the pool."""

    dtype: ArrayType
    shape: Sequence[int]
    offset: int
    nbytes: int


class BundleEntry(TypedDict):
    """One map, of a conditional run as one class."""

    map: str
    label: str | None
    header: NamedHeader
    arrays: Mapping[str, int]
    """Number of each array in the pool."""


class BundleSource(TypedDict):
    """Where the run's pictures come from."""

    dataset: str
    licence: str
    n: int
    """Test images."""


class BundleContents(TypedDict):
    """What the page says and offers beside the map."""

    format: str
    version: int
    title: str
    facts: Sequence[str]
    meanings: Sequence[tuple[str, str]]
    """Terms of the facts, each with what it means."""
    units: str
    source: BundleSource
    has_prior: bool
    paths: Sequence[LatentPathKind]
    pad: PictureProtocol
    leaves: Sequence[BundleEntry]
    pool: Sequence[PoolEntry]
