"""What does the browser get, byte for byte?

    bytes  = u32 length | dynamic JSON | static blob          what changes at every rerun comes first: pins, a path, markers
    static = u32 length | header JSON  | arrays               packed once for a run and a map

All little-endian; both JSON parts are padded with spaces and every array begins at a multiple of eight, so that the browser
reads them in place. `explorer/surface/frontend/src/wire/payload.ts` is the reader; `unpack` here is its second opinion in the tests.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from explorer.surface.header import map_header
from explorer.surface.lowering import plain_networks
from explorer.surface.schema import PAYLOAD_FORMAT, PAYLOAD_VERSION, ArrayEntry, ArrayType, Dynamic, PoolEntry
from trainer.exporting import DIALECTS, decoder_of, program
from trainer.maps.projection import Projection
from trainer.maps.support import SupportEstimator
from trainer.runs.read import Run

Precision = Literal["float16", "float32"]
Arrays = dict[str, NDArray[Any]]
Factors = tuple[Sequence[str], NDArray[np.float32]]

ALIGN = 8


def pack(dynamic: Dynamic, static: bytes) -> bytes:
    """The bytes that the component is given."""
    return with_length(dynamic.record()) + static


def pack_static(
    run: Run,
    projection: Projection,
    originals: NDArray[np.uint8] | None = None,
    precision: Precision = "float16",
    label: int | None = None,
    factors: Factors | None = None,
) -> bytes:
    """Points, network and map of a run.

    originals: the encoded pictures (N, C, H, W), where the data set is on this machine
    label: the class as which a conditional model decodes, the first where none is given; no use to any other model
    factors: names and columns (N, F) of known causes of the pictures, in the order of the encodings
    """
    if run.config.is_conditional and label is None:
        label = 0
    arrays = _points(run, projection, precision)
    if factors is not None:
        arrays["points_factors"] = factors[1].astype(np.float32)
    arrays |= _map_arrays(projection, precision)
    networks = plain_networks(run, label)
    for part, network in networks.items():
        arrays |= {f"w.{part}.{name}": _shortened(array, precision) for name, array in network.arrays.items()}
    arrays |= {f"program.{dialect}": _text(program(decoder_of(run), dialect)) for dialect in DIALECTS}
    if originals is not None:
        arrays["originals"] = originals
    header = map_header(run, projection, networks, label, [] if factors is None else factors[0])
    return pack_arrays(header, arrays, compress={"originals"})


def _points(run: Run, projection: Projection, precision: Precision) -> Arrays:
    """What is known of every encoded picture."""
    encodings = run.encodings
    arrays: Arrays = {
        # a place that is a code is kept as codes are: the same array, once in what is packed
        "points_map": _shortened(projection.points, precision if projection.kind == "identity" else "float32"),
        "points_mu": _shortened(encodings.mu, precision),
        "points_label": encodings.label.astype(np.int16),
        "points_index": np.arange(len(encodings.mu), dtype=np.int32),  # the number of a test image, as Reconstruct asks for it
        "support_distances": SupportEstimator(encodings.mu).distances,
    }
    has_bound = np.isfinite(encodings.reconstruction).any()  # not for a model that was imported without its pictures
    if has_bound:
        arrays["points_reconstruction"] = encodings.reconstruction.astype(np.float32)
    if not run.config.is_deterministic:  # its codes are points and it has no bound
        arrays["points_logvar"] = _shortened(encodings.logvar, precision)
    if has_bound and not run.config.is_deterministic:
        arrays["points_elbo"] = encodings.elbo.astype(np.float32)
    return arrays


def _map_arrays(projection: Projection, precision: Precision) -> Arrays:
    """What leads from a place to a code."""
    if projection.kind == "linear":
        assert projection.basis is not None and projection.origin is not None
        return {"basis": projection.basis, "origin": projection.origin}
    if projection.kind == "lattice":
        assert projection.lattice_z is not None
        return {"lattice_z": _shortened(projection.lattice_z, precision)}
    return {}


def _text(text: str) -> NDArray[np.uint8]:
    """An array of its bytes, UTF-8: kept once for all maps and classes, as arrays are."""
    return np.frombuffer(text.encode(), np.uint8)


def _shortened(array: NDArray[np.float32], precision: Precision) -> NDArray[Any]:
    """In the wanted precision, or as it is where a number is too large for that: nothing holds back the codes of an autoencoder."""
    if array.dtype == np.uint8:  # pictures in place of weights
        return array
    fits = np.abs(array).max(initial=0) <= np.finfo(precision).max
    return np.asarray(array, precision if fits else np.float32)


def picture_bytes(x: NDArray[np.float32]) -> str:
    """A picture (C, H, W) in [0, 1] as a `SubjectRecord` has it: bytes in base64."""
    return base64.b64encode(np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8).tobytes()).decode()


def reference(static: bytes, address: str = "") -> bytes:
    """The static blob without its arrays, for a browser that shows this map already or fetches it.

    address: where the browser fetches the blob, which it does once; "" where it has just said that it shows this map
    """
    header, _ = _split(memoryview(static))
    return with_length({**header, "reference": True, "address": address, "arrays": {}})


def deflated(raw: bytes) -> bytes:
    """Bytes as a page without a server unpacks them: how many they are, then zlib."""
    # the highest level makes a data set's images .5 to 4 % smaller, in six to eleven times the time
    return len(raw).to_bytes(4, "little") + zlib.compress(raw, 7)


def in_planes(body: bytes, table: Iterable[ArrayEntry | PoolEntry]) -> bytes:
    """The arrays of a body, each with the first bytes of all its numbers before all second bytes, and so on (the byte shuffle of HDF5).

    The bytes that hold signs and exponents are much alike, so that weights of 16 bits get 7 % smaller than they do packed as they are.
    `frontend/src/wire/planes.ts` takes them back.
    """
    data = np.frombuffer(body, np.uint8).copy()
    for entry in table:
        numbers = data[entry["offset"] : entry["offset"] + entry["nbytes"]]
        numbers[:] = numbers.reshape(-1, np.dtype(entry["dtype"]).itemsize).T.ravel()
    return data.tobytes()


def static_in_planes(static: bytes) -> bytes:
    """The static blob with its arrays in planes; none of them may be compressed already."""
    header, body = _split(static)
    return with_length(header) + in_planes(bytes(body), header["arrays"].values())


def zipped(static: bytes) -> bytes:
    """The static blob as a file that the browser fetches, in gzip."""
    return gzip.compress(static, 6, mtime=0)


def static_id(static: bytes) -> str:
    """The `id` of a static blob."""
    return str(_split(memoryview(static))[0]["id"])


def pack_arrays(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], compress: Collection[str] = ()) -> bytes:
    """Header and arrays as one static blob; `id` in the header is the hash of everything else."""
    table: dict[str, ArrayEntry] = {}
    parts, offset = [], 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        data = zlib.compress(data, 1) if name in compress else data
        table[name] = {
            "dtype": cast(ArrayType, array.dtype.name),
            "shape": list(array.shape),
            "offset": offset,
            "nbytes": len(data),
            "codec": "zlib" if name in compress else "raw",
        }
        padded = data + bytes(-len(data) % ALIGN)
        parts.append(padded)
        offset += len(padded)
    body = b"".join(parts)
    digest = hashlib.sha256(json.dumps([header, table]).encode() + body).hexdigest()[:16]
    return with_length({**header, "id": digest, "arrays": table}) + body


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, Any], dict[str, NDArray[Any]]]:
    """Dynamic record, header and arrays of `pack`'s bytes. Raises `ValueError` for another format."""
    dynamic, rest = _split(data)
    header, body = _split(rest)
    if header.get("format") != PAYLOAD_FORMAT or header.get("version") != PAYLOAD_VERSION:
        raise ValueError(
            f"payload format {header.get('format')!r} version {header.get('version')!r}; expected {PAYLOAD_FORMAT} {PAYLOAD_VERSION}"
        )
    return dynamic, header, _read(header, body)


def arrays_of(static: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and arrays of `pack_arrays`' bytes."""
    header, body = _split(static)
    return header, _read(header, body)


def _read(header: Mapping[str, Any], body: bytes | memoryview) -> dict[str, NDArray[Any]]:
    arrays = {}
    for name, entry in header["arrays"].items():
        raw = body[entry["offset"] : entry["offset"] + entry["nbytes"]]
        raw = zlib.decompress(raw) if entry["codec"] == "zlib" else raw
        arrays[name] = np.frombuffer(raw, entry["dtype"]).reshape(entry["shape"])
    return arrays


def with_length(record: Mapping[str, Any]) -> bytes:
    """JSON as the browser reads it: its length, the text, spaces up to a multiple of eight."""
    # allow_nan: the browser's parser knows neither NaN nor Infinity
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % ALIGN)
    return len(text).to_bytes(4, "little") + text


def _split(data: bytes | memoryview) -> tuple[dict[str, Any], bytes | memoryview]:
    length = int.from_bytes(data[:4], "little")
    return json.loads(bytes(data[4 : 4 + length])), data[4 + length :]
