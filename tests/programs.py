"""What do programs that were written of a run give, where nothing of the project can be imported?"""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np

ALONE = """
import json, runpy, sys
import numpy as np

class Alone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("trainer", "explorer", "tests"):
            raise ImportError(f"a program must not need {name}")

sys.meta_path.insert(0, Alone())
found = {}
for file in json.loads(sys.argv[1]):
    found[file] = np.array(runpy.run_path(file)["x_hat"])
np.savez(sys.argv[2], **found)
"""


def alone(files, to, cwd=None):
    """What every program gives as `x_hat`, all run in one interpreter, in the folder `cwd`, else `to`."""
    names = json.dumps([str(file) for file in files])
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", ALONE, names, str(to / "found.npz")],
        cwd=cwd or to,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return np.load(to / "found.npz")
