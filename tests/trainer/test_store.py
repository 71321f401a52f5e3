"""Is a file there whole or as it was before, on a disk and in any other store, and does a store that is not there say so?"""

import resource
import shutil
import subprocess
import sys
from pathlib import Path

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from trainer.errors import RunError
from trainer.runs.storage import LocalFolder, RemoteFolder, place, store_of

pytestmark = pytest.mark.slow

OLD, NEW = b"old", bytes(1 << 20)


@pytest.fixture(params=["path", "file://", "memory://"])
def root(request, tmp_path):
    """An empty folder of each kind."""
    if request.param == "memory://":
        yield place(f"memory://{tmp_path.name}/runs")
        memory = fsspec.filesystem("memory")
        if memory.exists(f"/{tmp_path.name}"):
            memory.rm(f"/{tmp_path.name}", recursive=True)
    else:
        yield place(tmp_path / "runs" if request.param == "path" else f"{tmp_path.as_uri()}/runs/")


@pytest.fixture
def disk_is_full(monkeypatch):
    """Lets the named step of a write fail, as often as it is tried."""

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    return lambda *place: monkeypatch.setattr(*place, full)


def test_a_store_does_what_a_dictionary_does(root):
    """Random writes and removals, held against a dict of names."""
    store, expected, rng = store_of(root), {}, np.random.default_rng(3)
    names = ["a", "b.json", "sub/c", "sub/d", "x y/é"]
    for _ in range(120):
        name = names[rng.integers(len(names))]
        if rng.random() < 0.6:
            expected[name] = rng.bytes(rng.integers(0, 50))
            store.write(name, expected[name])
        else:
            expected.pop(name, None)
            store.remove(name)
        assert {name: store.read(name) for name in names if store.exists(name)} == expected
        assert store.list() == tuple(sorted({name.split("/")[0] for name in expected}))
        assert store.total_size() == sum(map(len, expected.values()))
        assert all(store.size(name) == len(data) for name, data in expected.items())
        assert all(store.start(name, 20) == data[:20] for name, data in expected.items())


def test_what_is_not_there(root):
    store = store_of(root)
    assert (store.list(), store.total_size(), store.exists("a"), store.stamp("a")) == ((), 0, False, 0)
    store.remove("a")
    store.remove("sub/a")
    for question in (store.read, store.size):
        with pytest.raises(FileNotFoundError):
            question("a")
    store.write("sub/a", b"1")
    assert not store.exists("sub")
    assert store.join("sub").read("a") == store_of(root / "sub").read("a") == b"1"
    assert (root / "sub" / "a").is_file()
    assert not (root / "sub").is_file()


def test_a_stamp_changes_when_the_file_is_written_anew(root):
    store = store_of(root)
    store.write("a", b"1")
    first = store.stamp("a")
    assert first == store.stamp("a") != 0
    store.write("a", b"22")
    assert store.stamp("a") not in (first, 0)


def test_paths_and_addresses():
    assert place("runs") == place(Path("runs")) == Path("runs")
    assert place("file:///a/b%20c/") == place("FILE://localhost/a/b%20c") == Path("/a/b c")
    assert place(Path("/tmp/ä #1").as_uri()) == Path("/tmp/ä #1")
    assert place("file:///") == Path("/")
    assert isinstance(store_of(place("runs")), LocalFolder)
    there = place("S3://bucket/runs/")
    assert there == place(there) == place(str(there)) == RemoteFolder("s3://bucket/runs")
    run = there / "digits-2d"
    assert (str(run), run.name, run.parent) == ("s3://bucket/runs/digits-2d", "digits-2d", there)
    memory = place("memory://") / "a"
    assert (str(memory), memory.name, str(memory.parent)) == ("memory://a", "a", "memory://")
    assert place("memory:///") == place("memory://")


@pytest.mark.parametrize("address", ["file://", "file://host/share", "file://runs"])
def test_a_file_address_without_a_path_is_refused(address):
    with pytest.raises(RunError, match=r"is not a folder of this machine; allowed: file:///absolute/path\.$"):
        place(address)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    store = store_of(place("s3://bucket/runs"))
    for use in (store.list, lambda: store.read("a"), lambda: store.write("a", b""), lambda: store.exists("a")):
        with pytest.raises(RunError) as error:
            use()
        assert str(error.value) == "s3:// needs the package s3fs: pip install s3fs."


def test_an_unknown_kind_of_address_is_named():
    with pytest.raises(RunError, match="begins with nowhere://, which fsspec does not know; allowed: a path, file://"):
        store_of(place("nowhere://x/runs")).list()


def test_a_store_that_cannot_be_reached_is_one_sentence():
    """Port 1 of this machine: refused at once."""
    with pytest.raises(RunError, match=r"cannot reach ftp://127\.0\.0\.1:1/runs: Connection refused; check the address") as error:
        store_of(place("ftp://127.0.0.1:1/runs")).list()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", [PermissionError("Forbidden"), ValueError("odd\nsecond line"), TimeoutError()])
def test_a_store_that_fails_is_not_taken_for_an_empty_one(monkeypatch, kind):
    def fail(*_, **__):
        raise kind

    for name in ("info", "ls", "cat_file", "du"):
        monkeypatch.setattr(MemoryFileSystem, name, fail)
    store = store_of(place("memory://failing/runs"))
    for use in (store.list, store.total_size, *(lambda f=f: f("a") for f in (store.exists, store.read, store.size, store.stamp))):
        with pytest.raises(RunError, match=r"^cannot .* memory://failing/runs.*; check the address and your rights\.$"):
            use()


@pytest.mark.parametrize("step", ["pipe_file", "cp_file"])
def test_a_remote_write_that_fails_leaves_the_file_before(disk_is_full, step):
    store = store_of(place("memory://full/runs"))
    store.write("a", OLD)
    disk_is_full(MemoryFileSystem, step)
    with pytest.raises(RunError, match=r"cannot write memory://full/runs/a: No space left on device;"):
        store.write("a", NEW)
    assert (store.list(), store.read("a")) == (("a",), OLD)


def test_an_object_store_gets_one_put_and_no_temporary(monkeypatch):
    """`s3` stands for the memory store here, which tells what it is asked for."""
    calls = []

    class Counting(MemoryFileSystem):
        protocol = "s3"

        @classmethod
        def _strip_protocol(cls, path):
            return MemoryFileSystem._strip_protocol(path.replace("s3://", "memory://"))

        def pipe_file(self, path, value, **kwargs):
            calls.append(("put", path))
            super().pipe_file(path, value, **kwargs)

        def makedirs(self, path, exist_ok=False):
            calls.append(("makedirs", path))  # of a bucket, that would be a new bucket

    monkeypatch.setattr(fsspec.core, "get_filesystem_class", lambda _: Counting)
    monkeypatch.setattr("fsspec.core.filesystem", lambda *_, **__: Counting())
    store = store_of(place("s3://bucket/runs"))
    store.write("one/a", b"1")
    assert calls == [("put", "/bucket/runs/one/a")]
    assert store.read("one/a") == b"1"
    store.remove("one/a")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_step_leaves_the_old_file_and_no_temporary(tmp_path, disk_is_full, step):
    store = LocalFolder(tmp_path / "run")
    store.write("a.txt", OLD)
    disk_is_full(f"trainer.runs.storage.os.{step}")
    with pytest.raises(RunError, match=r"cannot write .*a\.txt: No space left on device; nothing"):
        store.write("a.txt", NEW)
    assert (store.list(), store.read("a.txt")) == (("a.txt",), OLD)


def test_a_write_cut_by_the_system_leaves_the_old_file(tmp_path):
    """The kernel itself stops the file half way: no process may write more than 64 KiB to one."""
    store = LocalFolder(tmp_path / "run")
    store.write("a.txt", OLD)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        with pytest.raises(RunError, match=r"cannot write .*a\.txt: File too large; nothing that was there is changed"):
            store.write("a.txt", NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (store.list(), store.read("a.txt")) == (("a.txt",), OLD)


def test_a_full_disk_leaves_the_old_file(tmp_path):
    """A disk of 256 KiB, where this process may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no right to mount a small disk here")
    try:
        store = LocalFolder(disk / "run")
        store.write("a.txt", OLD)
        with pytest.raises(RunError, match=r"cannot write .*a\.txt: No space left on device; nothing that was there is changed"):
            store.write("a.txt", NEW)
        assert (store.list(), store.read("a.txt")) == (("a.txt",), OLD)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_fsspec_is_imported_only_for_an_address():
    code = (
        "import sys, trainer\nfrom trainer.runs.catalogue import list_runs\n"
        "list_runs('.')\nlist_runs('file:///')\nprint('fsspec' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
