"""What does the browser get, byte for byte?

    bytes  = u32 length | dynamic JSON | static blob          what changes at every rerun comes first: pins, a path, markers
    static = u32 length | header JSON  | arrays               packed once for a run and a map

All little-endian; both JSON parts are padded with spaces and every array begins at a multiple of eight, so that the browser
reads them in place. `explorer/surface/frontend/src/blob.ts` is the reader; `unpack` here is its second opinion in the tests.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trainer import layers as spec
from trainer.layers import Layer, decoder_layers, encoder_layers
from trainer.projection import Projection
from trainer.runs import Run

Precision = Literal["float16", "float32"]
Arrays = Mapping[str, NDArray[Any]]

FORMAT, VERSION = "latent-atlas", 1
ALIGN = 8


@dataclass(frozen=True)
class Marked:
    """A place on the map with a name: a pin, or an uploaded picture. ellipse: posterior 1σ half-axes in map units."""

    label: str
    map: tuple[float, float]
    z: tuple[float, ...]
    ellipse: tuple[float, float] | None = None


@dataclass(frozen=True)
class PathShown:
    """An interpolation to be played: T codes, their places on the map, the names of its ends."""

    title: str
    z: tuple[tuple[float, ...], ...]
    map: tuple[tuple[float, float], ...]
    ends: tuple[str, str]


@dataclass(frozen=True)
class Options:
    """How a host wants the surface."""

    show_card: bool = True
    pinnable: bool = True
    hint: bool = True
    manifold: bool = False
    rings: bool = True


@dataclass(frozen=True)
class Dynamic:
    """What changes from one rerun to the next; small.

    exact: a code that the card shows until the person moves, where no place on the map stands for it · taken: events already counted.
    """

    pins: Sequence[Marked] = ()
    path: PathShown | None = None
    markers: Sequence[Marked] = ()
    probe: tuple[float, float] | None = None
    exact: Marked | None = None
    taken: Sequence[str] = ()
    height: int = 560
    options: Options = field(default_factory=Options)

    def record(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "pins": [_marked(pin) for pin in self.pins],
            "path": None if self.path is None else asdict(self.path),
            "markers": [_marked(marker) for marker in self.markers],
            "exact": None if self.exact is None else {"z": self.exact.z, "label": self.exact.label}, "taken": list(self.taken),
            "probe": self.probe, "height": self.height, "options": asdict(self.options),
        }  # fmt: skip


def pack(dynamic: Dynamic, static: bytes) -> bytes:
    """The bytes that the component is given."""
    return _with_length(dynamic.record()) + static


def pack_static(
    run: Run, projection: Projection, originals: NDArray[np.uint8] | None = None, precision: Precision = "float16"
) -> bytes:
    """Points, network and map of a run. `originals` (N, C, H, W): the encoded pictures, where the data set is on this machine."""
    encodings = run.encodings
    arrays: dict[str, NDArray[Any]] = {
        "points_map": projection.points.astype(np.float32),
        "points_mu": encodings.mu.astype(precision),
        "points_label": encodings.label.astype(np.int16),
        "points_index": np.arange(len(encodings.mu), dtype=np.int32),  # the number of a test image, as Reconstruct asks for it
        "support": np.round(np.clip(projection.support, 0, 1) * 255).astype(np.uint8),
    }
    if projection.kind == "linear":
        assert projection.basis is not None and projection.origin is not None
        arrays |= {"basis": projection.basis, "origin": projection.origin}
    if projection.kind == "lattice":
        assert projection.lattice_z is not None
        arrays["lattice_z"] = projection.lattice_z.astype(precision)
    arrays |= {f"w.{name}": weight.astype(precision) for name, weight in run.weights.items() if name != "log_sigma"}
    if originals is not None:
        arrays["originals"] = originals
    return pack_arrays(_header(run, projection), arrays, compress={"originals"})


def reference(static: bytes) -> bytes:
    """The static blob without its arrays, for a browser that has just said that it shows this map: megabytes less a pin."""
    header, _ = _split(memoryview(static))
    return _with_length({**header, "reference": True, "arrays": {}})


def static_id(static: bytes) -> str:
    """The `id` of a static blob."""
    return str(_split(memoryview(static))[0]["id"])


def _header(run: Run, projection: Projection) -> dict[str, Any]:
    shape = run.image_shape
    center = projection.to_map(np.zeros((1, run.config.latent_dim)), run.encodings.mu)[0]
    return {
        "format": FORMAT, "version": VERSION,
        "run": {"id": run.id, "dataset": run.info.dataset.name, "latent_dim": run.config.latent_dim, "image_shape": shape},
        "class_names": run.info.dataset.class_names, "likelihood": run.config.likelihood,
        "encoder": ops("encoder", encoder_layers(run.config, shape)), "decoder": ops("decoder", decoder_layers(run.config, shape)),
        "projection": {
            "name": projection.name, "kind": projection.kind, "title": projection.title, "note": projection.note,
            "x_label": projection.labels[0], "y_label": projection.labels[1], "extent": projection.extent,
            # a circle of the prior stays a circle under every linear map of ours: their bases are orthonormal
            "rings": projection.kind != "lattice" and run.config.latent_dim > 1, "ring_center": center.tolist(),
        },
        "view_extent": _robust_extent(projection.points),
    }  # fmt: skip


def _robust_extent(points: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Where the first camera looks: all but the outermost half per cent of the points, with a margin."""
    (x0, y0), (x1, y1) = np.quantile(points, [0.0025, 0.9975], axis=0).tolist()
    dx, dy = 0.06 * max(x1 - x0, 1e-3), 0.06 * max(y1 - y0, 1e-3)
    return (x0 - dx, x1 + dx, y0 - dy, y1 + dy)


def ops(part: str, layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """The layers as the browser's instructions; tensors by name."""
    return [_op(layer, f"w.{part}.{i}") for i, layer in enumerate(layers)]


def _op(layer: Layer, name: str) -> dict[str, Any]:
    tensors = {"weight": f"{name}.weight", "bias": f"{name}.bias"}
    match layer:
        case spec.Linear():
            return {"op": "linear", **tensors}
        case spec.Conv2d(stride=stride, padding=padding):
            return {"op": "conv2d", **tensors, "stride": stride, "padding": padding}
        case spec.ConvTranspose2d(stride=stride, padding=padding):
            return {"op": "conv_transpose2d", **tensors, "stride": stride, "padding": padding}
        case spec.Upsample(scale):
            return {"op": "upsample", "scale": scale}
        case spec.Activation(kind):
            return {"op": "activation", "kind": kind}
        case spec.Flatten():
            return {"op": "flatten"}
        case spec.Unflatten(shape):
            return {"op": "unflatten", "shape": shape}
        case spec.Crop(height, width):
            return {"op": "crop", "height": height, "width": width}
        case spec.Bias():
            return {"op": "bias", "bias": tensors["bias"]}


def pack_arrays(header: dict[str, Any], arrays: Arrays, compress: set[str] = frozenset()) -> bytes:  # type: ignore[assignment]
    """Header and arrays as one static blob; `id` in the header is the hash of everything else."""
    table, parts, offset = {}, [], 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        data = zlib.compress(data, 1) if name in compress else data
        table[name] = {
            "dtype": array.dtype.name, "shape": list(array.shape), "offset": offset, "nbytes": len(data),
            "codec": "zlib" if name in compress else "raw",
        }  # fmt: skip
        padded = data + bytes(-len(data) % ALIGN)
        parts.append(padded)
        offset += len(padded)
    body = b"".join(parts)
    digest = hashlib.sha256(json.dumps([header, table]).encode() + body).hexdigest()[:16]
    return _with_length({**header, "id": digest, "arrays": table}) + body


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, Any], dict[str, NDArray[Any]]]:
    """Dynamic record, header and arrays of `pack`'s bytes. Raises `ValueError` for another format."""
    dynamic, rest = _split(data)
    header, body = _split(rest)
    if header.get("format") != FORMAT or header.get("version") != VERSION:
        raise ValueError(f"payload format {header.get('format')!r} version {header.get('version')!r}; expected {FORMAT} {VERSION}")
    arrays = {}
    for name, entry in header["arrays"].items():
        raw = body[entry["offset"] : entry["offset"] + entry["nbytes"]]
        raw = zlib.decompress(raw) if entry["codec"] == "zlib" else raw
        arrays[name] = np.frombuffer(raw, entry["dtype"]).reshape(entry["shape"])
    return dynamic, header, arrays


def _marked(marked: Marked) -> dict[str, Any]:
    ellipse = None if marked.ellipse is None else {"rx": marked.ellipse[0], "ry": marked.ellipse[1]}
    return {"label": marked.label, "map": marked.map, "z": marked.z, "ellipse": ellipse}


def _with_length(record: dict[str, Any]) -> bytes:
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-(len(text) + 4) % ALIGN)
    return len(text).to_bytes(4, "little") + text


def _split(data: bytes | memoryview) -> tuple[dict[str, Any], bytes | memoryview]:
    length = int.from_bytes(data[:4], "little")
    return json.loads(bytes(data[4 : 4 + length])), data[4 + length :]
