"""How far can the way back from a map be trusted? Prints a table and writes a dated JSON.

    python tests/bench/inverse.py --run mnist-20d

A UMAP of a run's codes is laid out once; then, for each of three splits, 1000 codes are left out while a way back is made from the
others, and the code found for the place of each is held against its own: R² of z; −log p(picture|z) of the original picture, nats;
agreement, the share whose label most of the 15 real codes nearest to the found z have (left-out ones not among them); decoded, the same
vote for the code of the decoded picture. Methods on the layout's own places, then methods that let points settle: there a code that was
left out goes, within the same reach, to the place whose code is nearest its own, as every point of the map does.

A second table is of codes whose place is not known at all, as an uploaded picture's or a pin's: ways to find one on the settled map,
and there and back again. Beside the same columns: vote, the label of most of the 15 points around the place is the code's own;
kept, the share of the 15 nearest codes that are among the 15 points around the place; strayed, the share of places more than 5 % of the
map's width from where the layout and its settling put that code.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.datasets import load_dataset
from trainer.maps.inverse import LATTICE_SIZE, InverseProjection, find_inverse, held_out_quality, refine, settle
from trainer.maps.lattice import (
    NEIGHBOURS,
    Extent,
    Floats,
    Whole,
    bilinear,
    blend,
    gaussian_weights,
    lattice_nodes,
    local_fit,
    nearest_places,
)
from trainer.maps.placing import ON_MAP, _descend, _median, xy_of
from trainer.maps.projection import square_extent
from trainer.maps.quality import Decode, inverse_quality, nearest_codes, projection_quality
from trainer.metrics.evaluate import decode_of, encode_all
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run

Row = dict[str, float]

RESULTS = Path(__file__).parent / "results"
N_OUT, SEEDS = 1000, (0, 1, 2)
COLUMNS = ("r2", "nll", "agreement", "decoded")
PLACE_COLUMNS = ("r2", "nll", "agreement", "decoded", "vote", "kept", "strayed")
FAR = 0.05  # of the map's width


def umap_layout(mu: Floats, seed: int) -> Floats:
    import umap

    return np.asarray(umap.UMAP(n_neighbors=15, min_dist=0.1, random_state=seed, n_jobs=1).fit_transform(mu), np.float32)


def nearest(places: Floats, points: Floats, mu: Floats) -> Floats:
    return mu[nearest_places(places, points, 2)[1][:, 0]]


def lattice_of(fit: Callable[..., Floats], points: Floats, mu: Floats, extent: Extent) -> Floats:
    return fit(lattice_nodes(extent, LATTICE_SIZE), points, mu).reshape(LATTICE_SIZE, LATTICE_SIZE, -1)


def methods(layout: Floats, mu: Floats, extent: Extent, out: Whole, kept: Whole, decode: Decode) -> dict[str, Callable[[], Floats]]:
    """The codes found for the points left out, by method."""
    points, codes = layout[kept], mu[kept]
    known: Decode = lambda z, index: decode(z, kept[index])
    sheets: dict[bool, InverseProjection] = {}

    def on_layout(lattice: Floats | None) -> Floats:
        assert lattice is not None
        return bilinear(lattice, extent, layout[out])

    def settled(with_pictures: bool, places: Floats) -> Floats:
        if with_pictures not in sheets:
            sheets[with_pictures] = find_inverse(points, codes, extent, known if with_pictures else None)
        sheet = sheets[with_pictures].lattice_z
        return bilinear(sheet, extent, settle(places, mu[out], sheet, extent))

    fitted = lattice_of(local_fit, points, codes, extent)
    return {
        "its own code": lambda: mu[out],
        "nearest point": lambda: nearest(layout[out], points, codes),
        "kNN blend, k = 15 (before)": lambda: blend(layout[out], points, codes),
        "kNN blend, k = 30": lambda: blend(layout[out], points, codes, 30),
        "kNN blend through the lattice": lambda: on_layout(lattice_of(blend, points, codes, extent)),
        "local linear fit, lattice": lambda: on_layout(fitted),
        "local fit, refined by pictures": lambda: on_layout(refine(fitted, points, codes, extent, known)),
        "settled, local fit": lambda: settled(False, layout[out]),
        "settled, refined (the default)": lambda: settled(True, layout[out]),
    }


def placements(sheet: InverseProjection, z: Floats, codes: Floats, known: Floats, extent: Extent) -> dict[str, Floats]:
    """Places (M, 2) on a settled map for codes z (M, K), by method; `known`: where the layout has them."""
    lattice, points, reach = sheet.lattice_z, sheet.points, ON_MAP * (extent[1] - extent[0])
    blended = blend(z, codes, points)
    distance, index = nearest_places(z, codes, NEIGHBOURS)
    near, wide = points[index].astype(float), gaussian_weights(distance, distance.mean(1, keepdims=True) / 2)
    median = _median(near, wide, 1e-6 * (extent[1] - extent[0]))
    downhill = lambda start: _descend(np.asarray(start, float), z.astype(float), lattice, extent, reach).astype(np.float32)
    ends = np.stack([downhill(near[:, k]) for k in range(near.shape[1])])
    missed = np.stack([np.square(bilinear(lattice, extent, end) - z).sum(1) for end in ends])
    return {
        "place known: layout, settled": settle(known, z, lattice, extent),
        "kNN blend (before)": blended,
        "kNN blend, settled": settle(blended, z, lattice, extent),
        "kNN blend, downhill": downhill(blended),
        "nearest code's place": points[index[:, 0]],
        "nearest code's place, downhill": downhill(points[index[:, 0]]),
        "weighted median": median.astype(np.float32),
        "weighted median, downhill": downhill(median),
        "best end of 15 neighbours": ends[missed.argmin(0), np.arange(len(z))],
        "on the median's island (the default)": xy_of(z, codes, points, lattice, extent),
    }


def scores(found: Floats, out: Whole, kept: Whole, mu: Floats, labels: Whole, run: Run, decode: Decode) -> Row:
    """What the codes found for the points left out are worth."""
    error = inverse_quality(found, out, mu, decode, labels)
    y = labels[out] if run.config.is_conditional else None
    again, _ = encode_all(run.model, run.model.decode(found, y), y)
    votes = labels[kept][nearest_codes(again, mu[kept], NEIGHBOURS)]
    decoded = float(np.mean([np.bincount(row).argmax() for row in votes] == labels[out]))
    return {"r2": error.r2, "nll": error.nll or 0.0, "agreement": error.agreement or 0.0, "decoded": decoded}


def place_scores(
    places: Floats, strayed: Floats, sheet: InverseProjection, z: Floats, codes: Floats, own: Whole, labels: Whole
) -> Row:
    """Where on the map the places are. strayed (M,): how far off, of the map's width; own (M,), labels (N,): of codes left out, others."""
    around, near = (nearest_places(*pair, NEIGHBOURS)[1] for pair in ((places, sheet.points), (z, codes)))
    return {
        "vote": float(np.mean([np.bincount(row).argmax() for row in labels[around]] == own)),
        "kept": float(np.mean([len(np.intersect1d(a, b)) for a, b in zip(around, near, strict=True)])) / NEIGHBOURS,
        "strayed": float(np.mean(strayed > FAR)),
    }


def of_kept(decode: Decode, kept: Whole, z: Floats, index: Whole) -> tuple[Floats, Floats]:
    return decode(z, kept[index])


def measure(name: str, runs: str | None) -> dict[str, Any]:
    run = load_run(name, runs)
    split = load_dataset(run.info.dataset.name).subset("test")
    mu, labels = run.encodings.mu, run.encodings.label
    decode = decode_of(run.model, split.images, labels)
    layout = umap_layout(mu, run.config.seed)
    extent = square_extent(layout)
    table: dict[str, list[Row]] = {}
    place_table: dict[str, list[Row]] = {}
    n_out = min(N_OUT, len(mu) // 10)
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(mu))
        out, kept = order[:n_out], order[n_out:]
        for method, find in methods(layout, mu, extent, out, kept, decode).items():
            table.setdefault(method, []).append(scores(find(), out, kept, mu, labels, run, decode))
        part = find_inverse(layout[kept], mu[kept], extent, partial(of_kept, decode, kept))
        placed = placements(part, mu[out], mu[kept], layout[out], extent)
        known = next(iter(placed.values()))
        for method, places in placed.items():
            row = scores(bilinear(part.lattice_z, extent, places), out, kept, mu, labels, run, decode)
            strayed = np.linalg.norm(places - known, axis=1) / (extent[1] - extent[0])
            row |= place_scores(places, strayed, part, mu[out], mu[kept], labels[out], labels[kept])
            place_table.setdefault(method, []).append(row)
    began = time.perf_counter()
    sheet = find_inverse(layout, mu, extent, decode, run.config.seed)
    held_out_quality(layout, mu, extent, decode, labels, run.config.seed)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    honest = projection_quality(mu, sheet.points)
    honest_s = time.perf_counter() - began
    before = projection_quality(mu, layout)
    assert honest is not None and before is not None
    return {
        "run": name,
        "n": len(mu),
        "left_out": n_out,
        "seeds": SEEDS,
        "methods": table,
        "places": place_table,
        "layout": asdict(before),
        "settled": asdict(honest),
        "inverse_s": round(seconds, 1),
        "honesty_s": round(honest_s, 2),
    }


def table_of(record: dict[str, Any]) -> str:
    lines = [
        f"{record['run']}: {record['left_out']} of {record['n']} left out, mean of {len(record['seeds'])} splits (nll: ± spread)"
    ]
    lines.append(f"{'way back':<34}{'R²':>7}{'nll':>9}{'±':>6}{'agreement':>11}{'decoded':>9}")
    for method, rows in record["methods"].items():
        r2, nll, agreement, decoded = (np.mean([row[column] for row in rows]) for column in COLUMNS)
        spread = np.std([row["nll"] for row in rows])
        lines.append(f"{method:<34}{r2:>7.3f}{nll:>9.1f}{spread:>6.1f}{agreement:>11.3f}{decoded:>9.3f}")
    lines.append(f"{'place of a code that is no point':<38}" + "".join(f"{column:>10}" for column in PLACE_COLUMNS))
    for method, rows in record["places"].items():
        values = [np.mean([row[column] for row in rows]) for column in PLACE_COLUMNS]
        lines.append(f"{method:<38}" + "".join(f"{value:>10.{1 if value > 9 else 3}f}" for value in values))
    for what in ("layout", "settled"):
        kept = record[what]
        words = f"neighbours kept {kept['neighbours_kept']:.3f}, trustworthiness {kept['trustworthiness']:.3f} (k = {kept['k']})"
        lines.append(f"{what}: {words}")
    lines.append(f"way back and its held-out error: {record['inverse_s']} s; honesty: {record['honesty_s']} s")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--run", default="mnist-20d")
    parser.add_argument("--runs", help="folder of runs (default: runs/, then the pretrained ones)")
    options = parser.parse_args()
    record = measure(options.run, options.runs) | {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads",
        "command": f"python tests/bench/inverse.py --run {options.run}",
    }
    print(table_of(record))
    (RESULTS / f"{record['date'][:10]}-way-back-{options.run}.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
