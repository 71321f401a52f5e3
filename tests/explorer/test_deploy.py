"""Do the recipes hold what they say? A container's file is read as a builder reads it; what it leaves out, the app does without."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from explorer.room.gate import OPEN
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"


def steps() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile, each with what it is given, lines that go on joined."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def test_what_the_container_copies_is_here_and_not_ignored():
    allowed = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    copied = [name for step, given in steps() if step == "COPY" for name in given.split()[:-1]]
    assert copied and all((ROOT / name).exists() for name in copied)
    assert set(copied) == allowed


def test_the_container_runs_as_somebody_without_rights_and_says_whether_it_lives():
    told = steps()
    names = [name for name, _ in told]
    assert names.index("USER") < names.index("CMD") and dict(told)["USER"] not in ("root", "0")
    assert f"http://127.0.0.1:8501{OPEN[0]}" in dict(told)["HEALTHCHECK"]
    assert not any("WORD=" in given for name, given in told if name == "ENV")  # no secret in the image


def test_the_app_of_a_room_starts_without_what_the_container_leaves_out():
    [given] = [given for name, given in steps() if name == "RUN" and "grep" in given]
    left_out = re.search(r"grep -vE '\^\(([^)]*)\)==' requirements.txt", given).group(1).split("|")
    assert left_out == ["torch", "umap-learn"]
    listed = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert all(f"\n{name}==" in listed for name in left_out)
    program = (
        "import sys\n"
        "class Missing:\n"
        "    @staticmethod\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('torch', 'umap'): raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing)\n"
        "from explorer.room.key import Keys\n"
        "from explorer.room.room import Room, open_room\n"
        "open_room(Room('tulip-orchard', 'http://atlas.test', Keys('tulip-orchard')))\n"
        "from streamlit.testing.v1 import AppTest\n"
        "for view in ('atlas', 'reconstruct', 'interpolate', 'samples', 'dimensions', 'lessons', 'compare', 'train'):\n"
        f"    test = AppTest.from_file({str(ROOT / 'app.py')!r}, default_timeout=120)\n"
        "    test.query_params['view'] = view\n"
        "    test.run()\n"
        "    assert not test.exception, (view, test.exception)\n"
        "    assert not [error.value for error in test.error], (view, [error.value for error in test.error])\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]


def test_the_proxy_passes_on_what_the_app_needs_and_keeps_the_password():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for line in (
        "proxy_pass http://127.0.0.1:8501;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Host $http_host;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        'proxy_set_header Authorization "";',
        "auth_basic_user_file",
    ):
        assert line in text


def test_the_readme_of_the_recipes_names_files_that_are_here():
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert all((DEPLOY / name).is_file() for name in re.findall(r"\]\(([\w.]+)\)", text))
    assert all(Path(ROOT / name).is_file() for name in re.findall(r"-f (\S+)", text))
