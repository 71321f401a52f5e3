"""How does another program make a run of a training that the Train page has kept, in a process of its own, and see how far it is?

    python -m trainer.cli.keep_job FILE.zip NAME RUNS

Every line on stdout is a JSON object: {"part"}, with "share" where that is known, while it goes on; then one with "done" or "error". It
ends with whoever reads it: nothing of an unfinished run is left that counts as one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from trainer.errors import LatentError


def main(argv: list[str]) -> int:
    file, name, runs = argv
    from trainer.importers.kept.reading import read_page_training
    from trainer.importers.kept.write_run import import_page_training

    try:
        kept = read_page_training(Path(file).read_bytes())
        run = import_page_training(kept, name, runs, on_part=lambda part, share: _tell(part=part, share=share))
    except (LatentError, OSError) as error:
        _tell(error=str(error))
        return 1
    _tell(done=run.id)
    return 0


def _tell(**message: object) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
