"""What does the browser get, byte for byte?

    bytes  = u32 length | dynamic JSON | static blob          what changes at every rerun comes first: pins, a path, markers
    static = u32 length | header JSON  | arrays               packed once for a run and a map

All little-endian; both JSON parts are padded with spaces and every array begins at a multiple of eight, so that the browser
reads them in place. `explorer/surface/frontend/src/wire/payload.ts` is the reader; `unpack` here is its second opinion in the tests.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.surface.schema import PAYLOAD_FORMAT, PAYLOAD_VERSION, Dynamic
from trainer.config import ImportedConfig
from trainer.maps.projection import Projection, lattice_note
from trainer.maps.support import Support
from trainer.models import layers as spec
from trainer.models.layers import Layer, parts_of
from trainer.models.picture_classifier import PART as CLASSIFIER
from trainer.numerals import count, dimension, number, percent
from trainer.runs.read import Run

Precision = Literal["float16", "float32"]
Arrays = Mapping[str, NDArray[Any]]
Factors = tuple[Sequence[str], NDArray[np.float32]]

ALIGN = 8


def pack(dynamic: Dynamic, static: bytes) -> bytes:
    """The bytes that the component is given."""
    return _with_length(dynamic.record()) + static


def pack_static(
    run: Run,
    projection: Projection,
    originals: NDArray[np.uint8] | None = None,
    precision: Precision = "float16",
    label: int | None = None,
    factors: Factors | None = None,
) -> bytes:
    """Points, network and map of a run. `originals` (N, C, H, W): the encoded pictures, where the data set is on this machine.

    factors: names and columns (N, F) of known causes of the pictures, in the order of the encodings.

    label: the class as which a conditional model decodes, the first where none is given; no use to any other model.
    """
    encodings = run.encodings
    if run.config.is_conditional and label is None:
        label = 0
    arrays: dict[str, NDArray[Any]] = {
        "points_map": projection.points.astype(np.float32),
        "points_mu": _shortened(encodings.mu, precision),
        "points_label": encodings.label.astype(np.int16),
        "points_index": np.arange(len(encodings.mu), dtype=np.int32),  # the number of a test image, as Reconstruct asks for it
        "support_distances": Support(encodings.mu).distances,
    }
    has_bound = np.isfinite(encodings.reconstruction).any()  # not for a model that was imported without its pictures
    if has_bound:
        arrays["points_reconstruction"] = encodings.reconstruction.astype(np.float32)
    if not run.config.is_deterministic:  # its codes are points and it has no bound
        arrays["points_logvar"] = _shortened(encodings.logvar, precision)
    if has_bound and not run.config.is_deterministic:
        arrays["points_elbo"] = encodings.elbo.astype(np.float32)
    if factors is not None:
        arrays["points_factors"] = factors[1].astype(np.float32)
    if projection.kind == "linear":
        assert projection.basis is not None and projection.origin is not None
        arrays |= {"basis": projection.basis, "origin": projection.origin}
    if projection.kind == "lattice":
        assert projection.lattice_z is not None
        arrays["lattice_z"] = _shortened(projection.lattice_z, precision)
    networks = {part: plain_network(run, part, label) for part in ("encoder", "decoder")}
    if run.classifier is not None:
        weights = run.classifier.weights
        own = {name.removeprefix(f"{CLASSIFIER}."): weights[name] for name in run.classifier.shapes}  # in the order of the layers
        networks[CLASSIFIER] = PlainNetwork(run.classifier.layers, own)
    for part, network in networks.items():
        arrays |= {f"w.{part}.{name}": _shortened(array, precision) for name, array in network.arrays.items()}
    if originals is not None:
        arrays["originals"] = originals
    layers = {part: ops(part, network) for part, network in networks.items()}
    header = _header(run, projection, layers, label) | {"factor_names": [] if factors is None else factors[0]}
    if run.classifier is not None:
        header["classifier_facts"] = {"images": asdict(run.classifier.images), "decoded": asdict(run.classifier.decoded)}
    return pack_arrays(header, arrays, compress={"originals"})


def _shortened(array: NDArray[np.float32], precision: Precision) -> NDArray[Any]:
    """In the wanted precision, or as it is where a number is too large for that: nothing holds back the codes of an autoencoder."""
    if array.dtype == np.uint8:  # pictures in place of weights
        return array
    fits = np.abs(array).max(initial=0) <= np.finfo(precision).max
    return np.asarray(array, precision if fits else np.float32)


def picture_bytes(x: NDArray[np.float32]) -> str:
    """A picture (C, H, W) in [0, 1] as a `SubjectRecord` has it: bytes in base64."""
    return base64.b64encode(np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8).tobytes()).decode()


def reference(static: bytes) -> bytes:
    """The static blob without its arrays, for a browser that has just said that it shows this map: megabytes less a pin."""
    header, _ = _split(memoryview(static))
    return _with_length({**header, "reference": True, "arrays": {}})


def static_id(static: bytes) -> str:
    """The `id` of a static blob."""
    return str(_split(memoryview(static))[0]["id"])


@dataclass(frozen=True)
class PlainNetwork:
    """Layers that any engine runs, without classes or scales; arrays by layer number: `3.weight`.

    A decoder that is told the class has `0.biases` (n_out, Y) besides: the bias of that layer for every class.
    """

    layers: tuple[Layer, ...]
    arrays: dict[str, NDArray[np.float32]]


def plain_network(run: Run, part: Literal["encoder", "decoder"], label: int | None = None) -> PlainNetwork:
    """The encoder or decoder of a run for one class, as the browser runs it.

    A class is a constant input, so its column of weights goes into the bias. Of a layer of which only the first numbers go on (M1's mean,
    a pixel's mean and not its scale) only those rows are kept. Features come before the encoder.
    """
    parts = parts_of(run.config, run.image_shape, run.n_classes)
    names = ("features", "encoder") if part == "encoder" and "features" in parts else (part,)
    numbered = [(layer, f"{name}.{i}") for name in names for i, layer in enumerate(parts.get(name, ()))]
    kept: list[tuple[Layer, dict[str, NDArray[np.float32]]]] = []
    for layer, name in numbered:
        if isinstance(layer, spec.First):
            last, own = kept.pop()
            assert isinstance(last, spec.Linear)
            kept.append((replace(last, n_out=layer.n), {key: array[: layer.n] for key, array in own.items()}))
            continue
        own = _own(run, name)
        if isinstance(layer, spec.Linear) and layer.n_labels:
            biases = own["bias"][:, None] + own["weight"][:, layer.n_in :]
            own = {"weight": own["weight"][:, : layer.n_in], "bias": biases[:, label or 0]}
            own |= {"biases": biases} if part == "decoder" else {}
            layer = replace(layer, n_labels=0)
        kept.append((layer, own))
    if part == "decoder" and not isinstance(run.config, ImportedConfig):  # whose decoder gives means only
        kept = _means_only(kept, run.image_shape)
        kept += [(layer, _own(run, f"context.{i}")) for i, layer in enumerate(parts.get("context", ()))]
    arrays = {f"{i}.{key}": array for i, (_, own) in enumerate(kept) for key, array in own.items()}
    return PlainNetwork(tuple(layer for layer, _ in kept), arrays)


def _own(run: Run, name: str) -> dict[str, NDArray[np.float32]]:
    """The tensors of one layer, by their names within it."""
    return {
        key: run.weights[f"{name}.{key}"]
        for key in ("weight", "bias", "out", "pictures", "codes")
        if f"{name}.{key}" in run.weights
    }


def _means_only(
    kept: list[tuple[Layer, dict[str, NDArray[np.float32]]]], image_shape: tuple[int, int, int]
) -> list[tuple[Layer, dict[str, NDArray[np.float32]]]]:
    """Without the second half of the output channels, the log scales, where there are any."""
    channels, n_pixels = image_shape[0], int(np.prod(image_shape))
    out: list[tuple[Layer, dict[str, NDArray[np.float32]]]] = []
    last_linear = max(i for i, (layer, _) in enumerate(kept) if isinstance(layer, spec.Linear))
    has_convolutions = any(isinstance(layer, spec.ConvTranspose2d) for layer, _ in kept)
    last_convolution = max((i for i, (layer, _) in enumerate(kept) if isinstance(layer, spec.ConvTranspose2d)), default=-1)
    for i, (layer, own) in enumerate(kept):
        match layer:
            case spec.Linear() if i == last_linear and not has_convolutions:
                out.append((replace(layer, n_out=n_pixels), {key: array[:n_pixels] for key, array in own.items()}))
            case spec.Unflatten() if not has_convolutions:
                out.append((spec.Unflatten(image_shape), own))
            case spec.ConvTranspose2d() if i == last_convolution:
                cut = {"weight": own["weight"][:, :channels], "bias": own["bias"][:channels]}
                out.append((replace(layer, n_out=channels), cut))
            case spec.Bias():
                out.append((spec.Bias(image_shape), {"bias": own["bias"][:channels]}))
            case _:
                out.append((layer, own))
    return out


def _header(run: Run, projection: Projection, layers: dict[str, list[dict[str, Any]]], label: int | None) -> dict[str, Any]:
    shape, class_names = run.image_shape, run.info.dataset.class_names
    center = projection.to_map(np.zeros((1, run.config.latent_dim)), run.encodings.mu)[0]
    return {
        "format": PAYLOAD_FORMAT, "version": PAYLOAD_VERSION,
        "run": {"id": run.id, "dataset": run.info.dataset.name, "latent_dim": run.config.latent_dim, "image_shape": shape},
        "class_names": class_names, "decoded_as": class_names[label] if run.config.is_conditional and label is not None else None,
        "likelihood": run.config.likelihood, "log_sigma": _log_sigma(run), **_decoder_note(run),
        **layers,
        "projection": {
            "name": projection.name, "kind": projection.kind, "title": _title(projection), "note": _note(run, projection),
            "x_label": _axis(projection.labels[0]), "y_label": _axis(projection.labels[1]), "extent": projection.extent,
            # a circle of the prior stays a circle under every linear map of ours: their bases are orthonormal
            # and there is no prior to draw for a deterministic model
            "rings": projection.kind != "lattice" and run.config.latent_dim > 1 and not run.config.is_deterministic,
            "ring_center": center.tolist(),
        },
        "view_extent": _robust_extent(projection.points),
    }  # fmt: skip


def _decoder_note(run: Run) -> dict[str, str]:
    """What the pictures are, where they are not the decoder's own."""
    if run.info.origin is None or run.info.origin.decoder == "layers":
        return {}
    return {"decoder_note": run.info.origin.sentences()[0]}


def _log_sigma(run: Run) -> float | None:
    """Log scale of a pixel. None where the browser cannot tell p(x|z): its decoder has no scale of each pixel; M1+M2's is two models."""
    if run.info.origin is not None and run.info.origin.decoder == "pictures":
        return None
    if run.config.model == "m1+m2" or (run.config.has_scale and run.config.scale == "per-pixel"):
        return None
    log_sigma = float(run.weights["log_sigma"])
    return log_sigma if math.isfinite(log_sigma) else None


def _note(run: Run, projection: Projection) -> str:
    """What a place on the map stands for, and how far to trust the map; nothing is said of a prior where there is none."""
    first, second = map(_axis, projection.labels)
    if projection.kind == "lattice":
        note = lattice_note(projection.inverse_quality)
    elif projection.name == "axes":
        mean = "" if run.config.is_deterministic else ", the mean of the prior"
        note = f"Each map point sets {first} and {second}; all others are 0{mean}."
    else:
        note = re.sub(r"(\d)\s?%", "\\1\u00a0%", projection.note)  # as an older run says it
    return " ".join([note, *_quality(projection)])


def _title(projection: Projection) -> str:
    return " and ".join(map(_axis, projection.labels)) if projection.name == "axes" else projection.title


def _axis(name: str) -> str:
    """z₁ for the z1 of an older run."""
    return dimension(int(name[1:]) - 1) if re.fullmatch(r"z[0-9]+", name) else name


def _quality(projection: Projection) -> Iterator[str]:
    """Measured at the end of training, where the run has it."""
    if quality := projection.quality:
        yield (
            f"Of a point's {quality.k} nearest codes the map keeps {percent(quality.neighbours_kept)} near it; "
            f"trustworthiness {number(quality.trustworthiness)}."
        )
    if back := projection.inverse_quality:
        if projection.kind != "lattice":  # whose note says it already
            yield f"From point to code, R² {number(back.r2)} on {count(back.n)} points."
        if back.nll is not None and back.own_nll is not None:
            yield (
                f"−log p(x|z) with the mapped codes {number(back.nll, 0)} nats per image, with the images' own codes "
                f"{number(back.own_nll, 0)}."
            )


def _robust_extent(points: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Where the first camera looks: all but the outermost half per cent of the points, with a margin."""
    (x0, y0), (x1, y1) = np.quantile(points, [0.0025, 0.9975], axis=0).tolist()
    dx, dy = 0.06 * max(x1 - x0, 1e-3), 0.06 * max(y1 - y0, 1e-3)
    return (x0 - dx, x1 + dx, y0 - dy, y1 + dy)


def ops(part: str, network: PlainNetwork) -> list[dict[str, Any]]:
    """The layers as the browser's instructions; tensors by name."""
    found = [_op(layer, f"w.{part}.{i}") for i, layer in enumerate(network.layers)]
    for i, op in enumerate(found):
        if f"{i}.biases" in network.arrays:
            op["biases"] = f"w.{part}.{i}.biases"
    return found


def _op(layer: Layer, name: str) -> dict[str, Any]:
    tensors = {"weight": f"{name}.weight", "bias": f"{name}.bias"}
    match layer:
        case spec.Linear():
            return {"op": "linear", **tensors}
        case spec.Conv2d(stride=stride, padding=padding):
            return {"op": "conv2d", **tensors, "stride": stride, "padding": padding}
        case spec.ConvTranspose2d(stride=stride, padding=padding):
            return {"op": "conv_transpose2d", **tensors, "stride": stride, "padding": padding}
        case spec.First():
            raise ValueError("a browser's network has this layer folded into the one before: see plain_network")
        case spec.Upsample(scale):
            return {"op": "upsample", "scale": scale}
        case spec.Activation(kind, slope):
            return {"op": "activation", "kind": kind} | ({"slope": slope} if slope else {})
        case spec.Flatten():
            return {"op": "flatten"}
        case spec.Unflatten(shape):
            return {"op": "unflatten", "shape": shape}
        case spec.Crop(height, width):
            return {"op": "crop", "height": height, "width": width}
        case spec.Bias():
            return {"op": "bias", "bias": tensors["bias"]}
        case spec.Lattice(shape, _, size, low, high):
            return {"op": "lattice", "pictures": f"{name}.pictures", "shape": shape, "size": size, "low": low, "high": high}
        case spec.Gallery(shape):
            return {"op": "gallery", "pictures": f"{name}.pictures", "codes": f"{name}.codes", "shape": shape}
        case spec.Autoregress():
            return {"op": "autoregress", **tensors, "out": f"{name}.out"}


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
    if header.get("format") != PAYLOAD_FORMAT or header.get("version") != PAYLOAD_VERSION:
        raise ValueError(
            f"payload format {header.get('format')!r} version {header.get('version')!r}; expected {PAYLOAD_FORMAT} {PAYLOAD_VERSION}"
        )
    arrays = {}
    for name, entry in header["arrays"].items():
        raw = body[entry["offset"] : entry["offset"] + entry["nbytes"]]
        raw = zlib.decompress(raw) if entry["codec"] == "zlib" else raw
        arrays[name] = np.frombuffer(raw, entry["dtype"]).reshape(entry["shape"])
    return dynamic, header, arrays


def _with_length(record: dict[str, Any]) -> bytes:
    # allow_nan: the browser's parser knows neither NaN nor Infinity
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % ALIGN)
    return len(text).to_bytes(4, "little") + text


def _split(data: bytes | memoryview) -> tuple[dict[str, Any], bytes | memoryview]:
    length = int.from_bytes(data[:4], "little")
    return json.loads(bytes(data[4 : 4 + length])), data[4 + length :]
