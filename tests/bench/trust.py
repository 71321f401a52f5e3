"""Does the trust gauge tell foreign pictures from a model's own? Prints a table of AUROCs and writes a dated JSON.

    LATENT_DATA=… python tests/bench/trust.py                  mnist-2d and mnist-20d, as the gauge is
    python tests/bench/trust.py --choose --runs digits-2d digits-16d digits-pca digits-conditional-vae pendulum-2d
    python tests/bench/trust.py --redrawn                      how many test images are redrawn as another class; only prints

The own pictures are of the validation split, which neither the model was trained on nor the gauge is made from; the foreign ones are made
from the test split. AUROC: the probability that a foreign picture is stranger than an own one, ties counted half. How the three figures
are put together was chosen with `--choose` on the small data sets; MNIST, on which it is measured, had no say.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.pictures import trust
from explorer.pictures.trust import Figures, Population
from trainer.datasets import load_dataset
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run

RESULTS = Path(__file__).parent / "results"
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
N_PICTURES = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="+", default=["mnist-2d", "mnist-20d"])
    parser.add_argument("--n", type=int, default=N_PICTURES, help="at most so many pictures of each kind")
    parser.add_argument("--choose", action="store_true", help="compare ways to put the figures together")
    parser.add_argument(
        "--redrawn", action="store_true", help="how many test images are redrawn as another class, and no other figure"
    )
    options = parser.parse_args()
    if options.redrawn:
        for name in options.runs:
            run = load_run(name)
            rows, n = redrawn_rows(run), len(run.encodings.index)
            print(f"{name} {len(rows) / n:.2%} of {n} test images; neighbours agree in {neighbours_agree(run, rows):.0%}")
        return
    records = [record for name in options.runs for record in measured(load_run(name), options.n, options.choose)]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}"
    what = "trust-choice" if options.choose else "trust"
    command = f"python tests/bench/trust.py {'--choose ' * options.choose}--n {options.n} --runs {' '.join(options.runs)}"
    found = {"machine": machine, "command": command, "records": records}
    if options.choose:
        found["means"] = means(records)
        print("mean of all rows: " + "  ".join(f"{way} {mean:.4f}" for way, mean in found["means"].items()))
    when = datetime.now(UTC).date().isoformat()
    (RESULTS / f"{when}-{what}.json").write_text(json.dumps(found, indent=1) + "\n")


def redrawn_rows(run: Run, n: int | None = None) -> list[int]:
    """Of the first `n` test images, or of all: those whose class and whose reconstruction's, by the run's classifier, differ and are each
    more likely than not."""
    assert run.classifier is not None
    images = load_dataset(run.info.dataset.name).images[run.encodings.index[:n]].astype(np.float32) / 255
    ours, theirs = (run.classifier.probabilities(x) for x in (images, run.forward.decode(run.encodings.mu[:n])))
    is_other = (ours.argmax(1) != theirs.argmax(1)) & (ours.max(1) > 0.5) & (theirs.max(1) > 0.5)
    return np.flatnonzero(is_other).tolist()


def neighbours_agree(run: Run, rows: list[int]) -> float:
    """Of which share of these 5 nearest neighbours among 10 000 training images take the reconstruction for another class than the
    picture's."""
    from sklearn.neighbors import KNeighborsClassifier

    assert run.classifier is not None
    data = load_dataset(run.info.dataset.name)
    train = data.subset("train")
    reader = KNeighborsClassifier(5).fit(train.images[:10_000].reshape(10_000, -1) / 255, train.labels[:10_000])
    claimed = run.classifier.probabilities(data.images[run.encodings.index[rows]].astype(np.float32) / 255).argmax(1)
    return float(np.mean(reader.predict(run.forward.decode(run.encodings.mu[rows]).reshape(len(rows), -1)) != claimed))


def measured(run: Run, n: int, choose: bool = False) -> list[dict[str, object]]:
    """A record for every kind of foreign picture."""
    stored = run.encodings
    began = time.perf_counter()
    among = trust.population(stored.mu, stored.reconstruction, None if run.config.is_deterministic else stored.elbo)
    seconds = time.perf_counter() - began
    dataset = load_dataset(run.info.dataset.name, download=False)
    ways = WAYS if choose else {"strangeness": lambda figures, among: trust.judge(figures, among).strangeness}
    own = scores(run, unit(dataset.subset("validation").images[:n]), among, ways)
    records = []
    for kind, pictures in foreign(unit(dataset.subset("test").images[:n]), run.info.dataset.name).items():
        theirs = scores(run, pictures, among, ways)
        auroc = {name: round(area_under_roc(own[name], theirs[name]), 4) for name in own}
        said = float(np.mean(theirs["percentile"] >= 95))
        records.append(
            {
                "run": run.id,
                "foreign": kind,
                "n own": len(own["percentile"]),
                "n foreign": len(pictures),
                "auroc": auroc,
                "share told as unlike 95 %": round(said, 3),
                "seconds for the population": round(seconds, 3),
            }
        )
        print(f"{run.id:<22} {kind:<22} " + "  ".join(f"{name} {value:.3f}" for name, value in auroc.items()), flush=True)
    print(
        f"{run.id:<22} own pictures that are told as unlike 95 %: {np.mean(own['percentile'] >= 95):.3f}; population {seconds:.2f} s"
    )
    return records


def scores(run: Run, x: Floats, among: Population, ways: dict[str, Callable[[Figures, Population], Doubles]]) -> dict[str, Doubles]:
    """Every figure and every way to put them together, larger is stranger; pictures have no class of their own."""
    y = run.forward.label_of(x) if run.config.is_conditional else None
    figures = trust.figures_of(run.forward, x, run.forward.encode(x, y), run.encodings.mu, y)
    percentile = trust.judge(figures, among).percentile
    return {**figures.bad, **{name: way(figures, among) for name, way in ways.items()}, "percentile": percentile}


def foreign(x: Floats, dataset: str) -> dict[str, Floats]:
    """Pictures (B, C, H, W) of other kinds, made from the model's own x: what they are, by a name."""
    generator = np.random.default_rng(0)
    flat = x.reshape(*x.shape[:2], -1)
    order = generator.permutation(flat.shape[2])
    found = {
        "inverted": 1 - x,
        "shuffled": flat[:, :, order].reshape(x.shape),
        "shuffled, each its way": np.stack([one[:, generator.permutation(flat.shape[2])] for one in flat]).reshape(x.shape),
        "mirrored": x[..., ::-1],
        "upside down": x[..., ::-1, :],
        "dimmed to 40 %": x * np.float32(0.4),
    }
    if x.shape[1] == 1:
        found = {"shapes in grey": drawn_shapes(*x.shape[2:], len(x)), **found}
    return {name: np.ascontiguousarray(pictures, np.float32) for name, pictures in found.items()}


def drawn_shapes(height: int, width: int, n: int) -> Floats:
    """The last n test images of `shapes` in grey, (n, 1, height, width)."""
    images = load_dataset("shapes").subset("test").images[-n:]
    grey = [Image.fromarray(image.transpose(1, 2, 0)).convert("L").resize((width, height)) for image in images]
    return unit(np.stack([np.asarray(picture) for picture in grey])[:, None])


def unit(images: NDArray[np.uint8]) -> Floats:
    return images.astype(np.float32) / np.float32(255)


def area_under_roc(own: Doubles, theirs: Doubles) -> float:
    """The share of pairs in which the foreign one is larger, ties half: Mann and Whitney's U by mean ranks (1947)."""
    both = np.concatenate([own, theirs])
    _, place, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n, m = len(own), len(theirs)
    return float((ranks[n:].sum() - m * (m + 1) / 2) / (n * m))


# --- ways to put the figures together, to choose from


def p_values(figures: Figures, among: Population) -> Doubles:
    """(figures, B)."""
    ordered = among.ordered
    return np.stack(
        [
            (1 + len(ordered[name]) - np.searchsorted(ordered[name], values)) / (1 + len(ordered[name]))
            for name, values in figures.bad.items()
        ]
    )


def two_sided(figures: Figures, among: Population) -> Doubles:
    """Too ordinary counts as strange as well: the typicality test (Nalisnick et al. 2019b) in place of the one-sided ELBO."""
    p, names = p_values(figures, among), list(figures.bad)
    k = names.index(trust.ELBO) if trust.ELBO in names else 0
    ordered = among.ordered[names[k]]
    below = (1 + np.searchsorted(ordered, figures.bad[names[k]], side="right")) / (1 + len(ordered))
    p[k] = np.minimum(1, 2 * np.minimum(p[k], below))
    rest = [i for i in range(len(names)) if names[i] != trust.RECONSTRUCTION or i == k]
    return -np.log(p[rest]).sum(0)


WAYS: dict[str, Callable[[Figures, Population], Doubles]] = {
    "sum of −log p": lambda figures, among: trust.judge(figures, among).strangeness,
    "least p": lambda figures, among: -np.log(p_values(figures, among).min(0)),
    "mean p": lambda figures, among: -p_values(figures, among).mean(0),
    "typicality": two_sided,
}


def means(records: list[dict[str, object]]) -> dict[str, float]:
    """Over all rows, of every way and every single figure that all runs have."""
    rows = [record["auroc"] for record in records]
    names = [name for name in rows[0] if all(name in row for row in rows)]  # type: ignore[union-attr, operator]
    return {name: float(np.mean([row[name] for row in rows])) for name in names}  # type: ignore[index]


if __name__ == "__main__":
    main()
