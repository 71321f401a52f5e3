"""Is a file of a run that safetensors refuses named from its size and header alone, and none that it reads?"""

import shutil
from collections.abc import Callable

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import load, save

from tests import places
from tests.places import ASSETS
from trainer.runs.damage import damage_of
from trainer.runs.folder import ENCODINGS, PROJECTION, RUN_JSON, WEIGHTS
from trainer.runs.storage import place, store_of


def test_every_shipped_run_is_whole():
    folders = [folder for root in (ASSETS, places.CLINIC) for folder in root.iterdir() if (folder / RUN_JSON).exists()]
    assert len(folders) > 10
    assert [damage_of(folder) for folder in folders] == [""] * len(folders)


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "one byte short": lambda data: data[:-1],
    "half": lambda data: data[: len(data) // 2],
    "within its header": lambda data: data[:60],
    "seven bytes": lambda data: data[:7],
    "empty": lambda data: b"",
    "one byte more": lambda data: data + b"0",
    "a header that is no JSON": lambda data: data[:8] + b"?" + data[9:],
    "a header of 2^63 bytes": lambda data: b"\xff" * 7 + b"\x7f" + data[8:],
    "a header that is a list": lambda data: (2).to_bytes(8, "little") + b"[]",
    "a header of other words": lambda data: (9).to_bytes(8, "little") + b'{"a": {}}',
    "nested too deeply": lambda data: (10**5).to_bytes(8, "little") + b"[" * 10**5,
}


@pytest.mark.parametrize("name", [WEIGHTS, ENCODINGS, PROJECTION])
@pytest.mark.parametrize("how", BROKEN)
def test_what_safetensors_refuses_is_named(tmp_path, name, how):
    folder = tmp_path / "run"
    shutil.copytree(ASSETS / "digits-2d", folder)
    data = BROKEN[how]((folder / name).read_bytes())
    (folder / name).write_bytes(data)
    with pytest.raises(SafetensorError):
        load(data)
    assert damage_of(folder).startswith(f"{name} ")


def test_a_missing_file_is_named_and_an_empty_table_is_whole(tmp_path):
    shutil.copytree(ASSETS / "digits-2d", tmp_path / "run")
    (tmp_path / "run" / WEIGHTS).write_bytes(save({}))
    assert damage_of(tmp_path / "run") == ""
    (tmp_path / "run" / ENCODINGS).write_bytes(save({"a": np.zeros((0, 3)), "b": np.arange(5)}, {"about": "words"}))
    assert damage_of(tmp_path / "run") == ""
    (tmp_path / "run" / ENCODINGS).unlink()
    assert damage_of(tmp_path / "run") == f"{ENCODINGS} cannot be read"


def test_a_run_in_another_store_is_looked_at_too(tmp_path):
    folder = place(f"memory://{tmp_path.name}/run")
    for name in (WEIGHTS, ENCODINGS, PROJECTION):
        store_of(folder).write(name, (ASSETS / "digits-2d" / name).read_bytes())
    assert damage_of(folder) == ""
    store_of(folder).write(PROJECTION, (ASSETS / "digits-2d" / PROJECTION).read_bytes()[:-3])
    assert damage_of(folder) == f"{PROJECTION} is cut off"
