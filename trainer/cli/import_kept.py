"""What does `import FILE.zip` do? It makes a run of a training that the Train page has kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from trainer.cli.arguments import NewName, RunsToWrite, parse
from trainer.cli.import_ import Show, run_line, slug
from trainer.config import check_run_name
from trainer.errors import LatentError
from trainer.numerals import count
from trainer.runs.catalogue import default_roots

MOST_MB = 512


@dataclass(frozen=True, kw_only=True)
class KeptOptions:
    """Make a run of a training that the Train page has kept as a zip: evaluated, mapped and examined as any other.

    Nothing of the file is executed.
    """

    file: Positional[Annotated[str, arg(metavar="FILE.zip")]]
    """what the page's Keep has saved"""
    name: NewName = None
    """name of the run (default: that of the file)"""
    runs: RunsToWrite = field(default_factory=lambda: str(default_roots()[0]))
    """folder of runs, a path or an fsspec URL such as s3://bucket/runs (default: $LATENT_RUNS, else runs)"""
    umap: bool = True
    """lay out a UMAP for more than two latent dimensions"""
    classifier: bool = True
    """train a small classifier of pictures, where the data set has classes"""
    overwrite: bool = False
    """replace a run of this name"""


def import_kept_command(argv: list[str], prog: str) -> None:
    """`import FILE.zip`, with the words after it; prog: how the program was called. Raises `LatentError`."""
    options = parse(KeptOptions, argv, f"{prog} import")
    if not options.runs.strip():
        raise LatentError("--runs is ''; allowed: a folder or an fsspec address.")
    name = check_run_name(slug(Path(options.file).stem) if options.name is None else options.name)
    data = _read(options.file)
    from trainer.importers.kept.reading import read_page_training
    from trainer.importers.kept.write_run import import_page_training

    kept = read_page_training(data)
    with Show(options.file) as show:
        run = import_page_training(
            kept,
            name,
            options.runs,
            overwrite=options.overwrite,
            umap=options.umap,
            classifier=options.classifier,
            on_part=lambda part, share: show.message({"part": part} if share is None else {"part": part, "share": share}),
        )
    print(f"{run.folder}: {run_line(run.info)}, after {count(kept.record.steps)} steps in the page.")


def _read(file: str) -> bytes:
    """The bytes of a zip that is not too large. Raises `LatentError`."""
    path = Path(file).expanduser()
    try:
        if path.suffix.lower() != ".zip":
            raise LatentError(
                f"{file!r} is not a .zip; allowed: a training that the Train page has kept, or --module for a model of your own."
            )
        if (size := path.stat().st_size) > MOST_MB * 10**6:
            raise LatentError(f"{file!r} has {size / 1e6:.0f} MB; allowed: {MOST_MB} MB.")
        return path.read_bytes()
    except OSError as error:
        raise LatentError(f"cannot read {file!r}: {error.strerror or error}.") from None
