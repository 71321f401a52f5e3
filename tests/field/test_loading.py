"""Does somebody's project load as it stands, and is what goes wrong in it one sentence with their lines?

Each case is a project as people have them, written to disk, and loaded by the command in a process of its own. Where the model's own code
tells who it found (`self.found`), that is the second opinion.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from trainer.cli.arguments import parse
from trainer.cli.import_ import CheckOptions, ImportOptions, joined
from trainer.cli.main import main
from trainer.errors import LatentError
from trainer.importers.loading import arguments_of, load_model, unwrap
from trainer.importers.process.external_errors import cleaned, complaint
from trainer.importers.process.module_names import ROOT
from trainer.importers.process.module_reference import place_of

pytestmark = pytest.mark.slow

VAE = """
import torch
from torch import nn


class VAE(nn.Module):
    def __init__(self, n_codes=3, width=32):
        super().__init__()
        self.a, self.m, self.v = nn.Linear(64, width), nn.Linear(width, n_codes), nn.Linear(width, n_codes)
        self.b, self.c = nn.Linear(n_codes, width), nn.Linear(width, 64)

    def encode(self, x):
        h = torch.relu(self.a(x.flatten(1)))
        return self.m(h), self.v(h)

    def decode(self, z):
        return torch.sigmoid(self.c(torch.relu(self.b(z))))
"""


def project(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def check(folder, module, *options, capsys=None):
    """`check` started in that folder: exit code, stdout, stderr."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        code = main(["check", "--module", module, "--data", "digits", *options])
    finally:
        os.chdir(before)
    out, err = capsys.readouterr()
    return code, out, err


# --- projects that load: files, what is named, and from which of their folders

LOADS = {
    "a class in a file": ({"models.py": VAE}, "models.py:VAE", ""),
    "a file alone": ({"models.py": VAE}, "models.py", ""),
    "a file without its ending": ({"models.py": VAE}, "models:VAE", ""),
    "from another folder": ({"src/models.py": VAE, "run/readme": ""}, "../src/models.py:VAE", "run"),
    "a factory beside its network": (
        {"net.py": VAE, "models.py": "from net import VAE\ndef trained():\n    return VAE()\n"},
        "models:trained",
        "",
    ),
    "the same, named by its path from outside": (
        {"p/net.py": VAE, "p/models.py": "from net import VAE\ndef trained():\n    return VAE()\n"},
        "p/models.py:trained",
        "",
    ),
    "an instance": ({"models.py": VAE + "\nmodel = VAE()\n"}, "models.py:model", ""),
    "an attribute of a class": ({"models.py": VAE + "\nclass Zoo:\n    vae = VAE()\n"}, "models.py:Zoo.vae", ""),
    "a package with relative imports": (
        {"pkg/__init__.py": "", "pkg/net.py": VAE, "pkg/models.py": "from .net import VAE\n"},
        "pkg/models.py:VAE",
        "",
    ),
    "the same from within the package": (
        {"pkg/__init__.py": "", "pkg/net.py": VAE, "pkg/models.py": "from .net import VAE\n"},
        "models.py:VAE",
        "pkg",
    ),
    "two packages deep": (
        {"p/__init__.py": "", "p/q/__init__.py": "", "p/net.py": VAE, "p/q/models.py": "from ..net import VAE\nimport p.net\n"},
        "p/q/models.py:VAE",
        "",
    ),
    "relative imports without an __init__": (
        {"pkg/net.py": VAE, "pkg/models.py": "from .net import VAE\n"},
        "pkg/models.py:VAE",
        "",
    ),
    "by its name as a module": ({"pkg/net.py": VAE, "pkg/models.py": "from .net import VAE\n"}, "pkg.models:VAE", ""),
    "a package itself": ({"pkg/__init__.py": "from .net import VAE\n", "pkg/net.py": VAE}, "pkg:VAE", ""),
    "a folder that is a package": ({"pkg/__init__.py": "from .net import VAE\n", "pkg/net.py": VAE}, "./pkg:VAE", ""),
    "imports of the future": ({"models.py": "from __future__ import annotations\n" + VAE}, "models.py:VAE", ""),
    "a guard": ({"models.py": VAE + "\nif __name__ == '__main__':\n    raise SystemExit('training')\n"}, "models.py:VAE", ""),
    "a command line of its own": (
        {
            "models.py": "import argparse\np = argparse.ArgumentParser()\n"
            "p.add_argument('--n', type=int, default=3)\nargs = p.parse_args()\n" + VAE
        },
        "models.py:VAE",
        "",
    ),
    "a name that is no identifier": ({"my-model v2.py": VAE}, "my-model v2.py:VAE", ""),
    "a parent of three classes": (
        {"models.py": VAE.replace("class VAE", "class Encoder(nn.Module):\n    pass\n\n\nclass VAE")},
        "models.py",
        "",
    ),
    "it prints": ({"models.py": "print('hello from theirs')\n" + VAE}, "models.py:VAE", ""),
    "it goes elsewhere": ({"models.py": "import os\nos.chdir('/')\n" + VAE}, "models.py:VAE", ""),
    "weights beside it by a relative name": (
        {"models.py": VAE + "\nx = open('sizes.txt').read()\n", "sizes.txt": "3"},
        "models.py:VAE",
        "",
    ),
    "the same from another folder": (
        {"p/models.py": VAE + "\nx = open('sizes.txt').read()\n", "p/sizes.txt": "3"},
        "p/models.py:VAE",
        "",
    ),
    "processes at import": (
        {"models.py": VAE + "\nimport multiprocessing\nif __name__ == '__main__':\n    multiprocessing.Process().start()\n"},
        "models.py:VAE",
        "",
    ),
}


@pytest.mark.parametrize("case", LOADS)
def test_a_project_loads_as_it_stands(case, tmp_path, capsys):
    files, module, folder = LOADS[case]
    code, out, err = check(project(tmp_path, files) / folder, module, capsys=capsys)
    assert code == 0, err
    assert f"{64 * 32 + 32 + 2 * (32 * 3 + 3) + 3 * 32 + 32 + 32 * 64 + 64} parameters" in out
    assert "3 numbers" in out and "hello from theirs" not in out


# --- whose module is meant by a name

TELLS = VAE.replace("class VAE", "import {name}\n\n\nclass VAE").replace(
    "super().__init__()", "super().__init__()\n        {check}"
)
NAMESAKES = {
    "their trainer is theirs": ({"trainer.py": "WHO = 'theirs'\n"}, "trainer", "assert trainer.WHO == 'theirs'"),
    "their trainer is a package": (
        {"trainer/__init__.py": "from .loop import WHO\n", "trainer/loop.py": "WHO = 'theirs'\n"},
        "trainer.loop",
        "from trainer.loop import WHO; assert WHO == 'theirs' and trainer.WHO == 'theirs'",
    ),
    "their trainer is a folder": ({"trainer/loop.py": "WHO = 'theirs'\n"}, "trainer.loop", "assert trainer.loop.WHO == 'theirs'"),
    "their explorer is theirs": ({"explorer.py": "WHO = 'theirs'\n"}, "explorer", "assert explorer.WHO == 'theirs'"),
    "by importlib": ({"trainer.py": "WHO = 'theirs'\n"}, "importlib", "assert importlib.import_module('trainer').WHO == 'theirs'"),
    "their trainer imports what lies beside it": (
        {"trainer.py": "import sys\nsys.path.append('added')\nfrom helper import WHO\n", "helper.py": "WHO = 'theirs'\n"},
        "trainer, sys",
        "assert trainer.WHO == 'theirs' and 'added' in sys.path",
    ),
    "ours where they have none": ({}, "trainer", "assert trainer.load_dataset('digits').name == 'digits'"),
    "a stray random.py is not the standard one": (
        {
            "random.py": "raise RuntimeError('ran')\n",
            "copy.py": "raise RuntimeError('ran')\n",
            "types.py": "raise RuntimeError('ran')\n",
        },
        "random, copy, types",
        "random.random(); copy.deepcopy([1])",
    ),
    "but what only it has is found": ({"queue.py": "MINE = 1\n"}, "sys", "from queue import MINE; assert MINE == 1"),
    "their sklearn beside the installed one": ({"sklearn.py": "WHO = 'theirs'\n"}, "sklearn", "assert sklearn.WHO == 'theirs'"),
    "their utils, data, models": (
        {"utils.py": "A = 1\n", "data/__init__.py": "A = 2\n", "layers/block.py": "A = 3\n"},
        "utils, data, layers.block",
        "assert (utils.A, data.A, layers.block.A) == (1, 2, 3)",
    ),
}


@pytest.mark.parametrize("case", NAMESAKES)
def test_an_import_is_answered_by_who_asks(case, tmp_path, capsys):
    files, name, claim = NAMESAKES[case]
    files = {**files, "models.py": TELLS.format(name=name, check=claim)}
    code, out, err = check(project(tmp_path, files), "models.py:VAE", capsys=capsys)
    assert code == 0, err
    assert "3 numbers" in out


def test_the_file_of_the_model_may_have_a_name_of_ours_or_of_the_standard_library(tmp_path, capsys):
    project(tmp_path, {"trainer.py": VAE, "copy.py": VAE})
    for name in ("trainer.py", "copy.py:VAE"):
        code, out, err = check(tmp_path, name, capsys=capsys)
        assert code == 0 and "3 numbers" in out, err


# --- what goes wrong

FAILS = {
    "an exception": (
        VAE + "\ndef sizes(n):\n    return 10 // n\n\ndef trained():\n    return VAE(sizes(0))\n",
        "models.py:trained",
        (
            "trained gave no model: ZeroDivisionError: ",
            "models.py, line 23, in trained: return VAE(sizes(0))",
            "models.py, line 20, in sizes: return 10 // n",
        ),
    ),
    "an error of syntax": ("import torch\nclass VAE(:\n", "models.py", ("SyntaxError: ", "models.py, line 2: class VAE(:")),
    "a package that is missing": (
        "import no_such_thing\n",
        "models.py",
        ("it imports 'no_such_thing'", "pip", "models.py, line 1: import no_such"),
    ),
    "it leaves": ("import sys\nsys.exit(3)\n", "models.py", ("it ended itself with exit code 3", "models.py, line 2: sys.exit(3)")),
    "it leaves with a word": ("import sys\nsys.exit('no data')\n", "models.py", ("it ended itself: no data",)),
    "its command line wants something": (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--d', required=True)\np.parse_args()\n",
        "models.py",
        (
            "it ended itself with exit code 2: it reads a command line of its own",
            "--command-line",
            "models.py, line 4: p.parse_args()",
        ),
    ),
    "it interrupts": ("raise KeyboardInterrupt\n", "models.py", ("it stopped itself as Ctrl-C would", "models.py, line 1: raise")),
    "it ends the process": (
        "import os\nprint('bye now')\nos._exit(7)\n",
        "models.py",
        ("exit code 7, past every clean-up", "printed last: bye now"),
    ),
    "it crashes": (
        "import ctypes\ndef trained():\n    ctypes.string_at(0)\n",
        "models.py:trained",
        ("segmentation fault", "models.py, line 3, in trained"),
    ),
    "it asks": ("name = input('which? ')\n", "models.py", ("it asks for input", "models.py, line 1: name = input")),
    "a file that is nowhere": (
        "import torch\nw = torch.load('weights/no.pt')\n",
        "models.py",
        ("'weights/no.pt', which is not there", "models.py, line 2: w = "),
    ),
    "many lines and signs of a terminal": (
        "raise ValueError('\\x1b[31mfirst\\x1b[0m\\nsecond\\nthird\\nfourth')\n",
        "models.py",
        ("ValueError: first", "second", "fourth"),
    ),
    "nothing is returned": (
        "def trained():\n    pass\n",
        "models.py:trained",
        ("trained returned nothing; end the function with return",),
    ),
    "a class is returned": (
        VAE + "\ndef trained():\n    return VAE\n",
        "models.py:trained",
        ("returned the class VAE, not a model",),
    ),
    "weights are returned": (
        VAE + "\ndef trained():\n    return {'state_dict': VAE().state_dict(), 'epoch': 3}\n",
        "models.py:trained",
        ("gave weights, a checkpoint with state_dict, and not a model", "--weights FILE"),
    ),
    "a name is returned": ("def trained():\n    return 'model.pt'\n", "models.py:trained", ("gave a str, 'model.pt'",)),
    "a generator": ("def trained():\n    yield 1\n", "models.py:trained", ("gave a generator",)),
    "no such name": (VAE, "models.py:Vae", ("has no 'Vae'; it has: VAE.",)),
    "two classes": (
        "from torch import nn\nclass A(nn.Module):\n    pass\nclass B(nn.Module):\n    pass\n",
        "models.py",
        ("has 2 classes of models; say after a colon which is meant: A, B.",),
    ),
    "no class": ("x = 3\n", "models.py", ("has no class of torch.nn.Module",)),
    "arguments are missing": (
        VAE.replace("n_codes=3, width=32", "n_codes, width, *, depth=2, act=torch.relu"),
        "models.py:VAE",
        (
            'VAE needs n_codes and width: --arguments \'{"n_codes": …, "width": …}\'; it takes n_codes, width, depth = 2, act = relu.',
        ),
    ),
    "it reads the graphics card": (
        "import torch\nx = torch.zeros(1).cuda()\n",
        "models.py",
        ("uses a graphics card, and there is none here", "models.py, line 2"),
    ),
}


APART = ("its command line wants something", "it ends the process", "it crashes", "it asks", "it interrupts", "an exception")


@pytest.mark.parametrize("case", FAILS)
def test_what_goes_wrong_in_their_code_is_a_sentence_with_their_lines(case, tmp_path, capsys):
    """Of each kind in this process, where that is safe; some in a process of its own, as the command has it."""
    text, module, says = FAILS[case]
    if "graphics card" in case and torch.cuda.is_available():
        pytest.skip("there is a graphics card")
    project(tmp_path, {"models.py": text})
    if case in APART:
        code, out, err = check(tmp_path, module, capsys=capsys)
        assert code == 2 and out == ""
        told = err[err.index("python -m trainer: ") :]
    else:
        with pytest.raises(LatentError) as error:
            load_model(f"{tmp_path}/{module}")
        told = str(error.value)
    for words in says:
        assert words in told, told
    assert "Traceback" not in told and "\x1b" not in told and f"{ROOT}/trainer" not in told


BROUGHT = {
    "models.py:VAE(3)": "what is in brackets goes to --arguments",
    "notebook.ipynb": "is the notebook notebook.ipynb",
    "weights.pt": "is a file of weights; .* goes to --weights",
    "nowhere.py:VAE": r"nowhere.py is not there; in .* there are models.py",
    ":VAE": "allowed: FILE.py:CLASS",
    "models.py:": "allowed: FILE.py:CLASS",
    "models.py:a b": "allowed: FILE.py:CLASS",
    "./empty:VAE": "is a folder without an __init__.py",
}


@pytest.mark.parametrize("module", BROUGHT)
def test_what_names_no_module_is_a_sentence_at_once(module, tmp_path, monkeypatch):
    project(tmp_path, {"models.py": VAE, "empty/readme": ""})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LatentError, match=BROUGHT[module]):
        place_of(module)


# --- arguments


def test_arguments_are_keywords_or_values_in_their_order_and_mistakes_are_told(tmp_path):
    file = project(tmp_path, {"models.py": VAE}) / "models.py"
    assert load_model(f"{file}:VAE", '{"n_codes": 7}').model.m.out_features == 7
    assert load_model(f"{file}:VAE", "[5, 16]").model.a.out_features == 16
    assert load_model(f"{file}:VAE", "6").model.m.out_features == 6
    with pytest.raises(LatentError, match=r"VAE takes no 'n_code' \(is 'n_codes' meant\?\); it takes n_codes = 3, width = 32\."):
        load_model(f"{file}:VAE", '{"n_code": 7}')
    with pytest.raises(LatentError, match=r"--arguments gives 3 values, and VAE takes 2"):
        load_model(f"{file}:VAE", "[1, 2, 3]")
    with pytest.raises(LatentError, match=r"which is not JSON \(at character 2, .*'\{\"latent_dim\": 20\}'"):
        arguments_of("{n_codes: 7}")


def test_settings_in_one_object_are_read_both_ways(tmp_path):
    text = VAE.replace("n_codes=3, width=32", "cfg").replace(
        "super()", "n_codes, width = cfg.n_codes, cfg['net'].width\n        super()", 1
    )
    file = project(tmp_path, {"models.py": text}) / "models.py"
    model = load_model(f"{file}:VAE", '{"cfg": {"n_codes": 4, "net": {"width": 8}}}').model
    assert (model.a.out_features, model.m.out_features) == (8, 4)


# --- what their code leaves behind


def test_switches_of_torch_are_as_they_were(tmp_path):
    switches = "torch.set_grad_enabled(False); torch.set_default_dtype(torch.float64); torch.use_deterministic_algorithms(True)"
    text = f"{VAE}\n{switches}\n\n\n@torch.inference_mode()\ndef trained():\n    return VAE()\n"
    file = project(tmp_path, {"models.py": text}) / "models.py"
    try:
        model = load_model(f"{file}:trained").model.float()
        assert torch.is_grad_enabled() and torch.get_default_dtype() == torch.float32
        z = torch.zeros(2, 3, requires_grad=True)
        model.decode(z).sum().backward()
        assert z.grad is not None and model.c.weight.grad is not None
    finally:
        torch.set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)
        torch.use_deterministic_algorithms(False)


# --- wrappers


def test_wrappers_are_taken_off_at_any_depth():
    inner = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 2))
    weight = inner[0].weight
    for wrapped in (torch.nn.DataParallel(inner), torch.compile(inner), torch.nn.DataParallel(torch.compile(inner))):
        model, off = unwrap(wrapped)
        assert model is inner and off
    inner[0] = torch.nn.DataParallel(inner[0])
    model, off = unwrap(inner)
    assert model[0].weight is weight and off == ["DataParallel"]
    parts, _ = unwrap({"encoder": torch.compile(inner[0]), "decoder": inner[1]})
    assert parts["encoder"].weight is weight


# --- the process


START = f"import sys; sys.path.insert(0, {ROOT!r}); from trainer.cli.main import main; sys.exit(main(sys.argv[1:]))"


def command(folder, *words):
    return subprocess.Popen(
        [sys.executable, "-P", "-c", START, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )


def hear_interrupts():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_the_process_that_waits_for_their_code_and_the_digits_need_no_torch_and_no_scikit_learn():
    """Each takes seconds to import, and the process that does the work imports it once more."""
    code = (
        "import sys, trainer.cli.import_, trainer.importers.process.parent_process; from trainer.datasets import load_dataset;"
        "load_dataset('digits'); print(sorted({'torch', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


ENDLESS = """import os, time
print('child', os.getpid(), flush=True)
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
"""


def started(process):
    """The number of the process of their code, once it says so."""
    for line in process.stderr:
        if line.startswith("child "):
            return int(line.split()[1])
    raise AssertionError("it never began")


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"


def wait_until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        os.sched_yield()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_ctrl_c_ends_both_processes_and_the_end_of_one_ends_the_other(how, tmp_path):
    """Even where their code swallows every interrupt."""
    project(tmp_path, {"models.py": ENDLESS})
    process = command(tmp_path, "check", "--module", "models.py", "--data", "digits")
    child = started(process)
    process.send_signal(how)
    process.communicate(timeout=60)
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    wait_until(lambda: is_gone(child))


def test_endless_output_is_cut_and_said(tmp_path, capsys):
    noisy = VAE + "\nfor i in range(20_000):\n    print('step', i, 'of a training that nobody asked for')\n"
    code, out, err = check(project(tmp_path, {"models.py": noisy}), "models.py", capsys=capsys)
    assert code == 0 and "3 numbers" in out
    assert "what follows is not shown" in err and len(err) < 250_000


def test_nothing_of_theirs_is_imported_in_this_process(tmp_path, capsys):
    code, _out, _ = check(project(tmp_path, {"a_module_of_theirs.py": VAE}), "a_module_of_theirs.py", capsys=capsys)
    assert code == 0 and "a_module_of_theirs" not in sys.modules and str(tmp_path) not in sys.path


def test_the_command_itself_is_not_led_astray_by_what_lies_where_it_is_started(tmp_path):
    """`python -m` looks into that folder first; a file there that is named like one of Python's is not asked."""
    project(tmp_path, dict.fromkeys(("random.py", "queue.py", "uuid.py"), "raise RuntimeError('a stray file was imported')\n"))
    done = subprocess.run(
        [sys.executable, "-m", "trainer", "import", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0 and "--weights FILE" in done.stdout, done.stderr


def test_values_that_begin_with_a_minus_are_values():
    told = parse(ImportOptions, joined(["--module", "m", "--data", "d", "--pixels", "-1..1", "--command-line", "--lr 3"]), "atlas")
    assert (told.pixels, told.command_line) == ("-1..1", "--lr 3")
    assert joined(["--pixels", "--beta", "2"]) == ["--pixels", "--beta", "2"]


def test_the_commands_of_the_readme_are_understood():
    """Every option that the section names is one, with a value that is allowed."""
    text = (Path(ROOT) / "README.md").read_text(encoding="utf-8")
    section = text[text.index("### Diagnose your own VAE") : text.index("**Models.** Each is a preset")]
    typed = [shlex.split(line)[1:] for line in section.splitlines() if line.startswith("atlas ")]
    assert [words[0] for words in typed] == ["check", "import"]
    for words in typed:
        kind = {"check": CheckOptions, "import": ImportOptions}[words[0]]
        assert parse(kind, joined(words[1:]), "atlas").weights == ("vae.ckpt",)
    options = re.findall(r"`(--[a-z-]+(?: [^`|]+)?)`", section)
    assert len(options) > 12
    for option in options:
        words = option.split()
        words += [{"--weights": "w.pt", "--data": "mnist", "--module": "m.py"}.get(words[0], "x")] * (len(words) == 1)
        words = words[:1] if words[0] in ("--conditional", "--thorough") else words
        given = {"--module": "m.py", "--data": "mnist"} | dict([words] if len(words) == 2 else [])
        extra = words if len(words) != 2 else []
        parse(ImportOptions, joined([*(word for pair in given.items() for word in pair), *extra]), "atlas")


# --- words


def test_what_torch_says_of_names_becomes_the_remedy():
    """The text of `load_state_dict` itself, for each kind of difference."""
    layer = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 2))
    state = layer.state_dict()
    for change, says in {
        "module.": "begins with 'module.', because the model was saved from DataParallel",
        "_orig_mod.": "begins with '_orig_mod.', because the model was saved after torch.compile",
        "vae.": "begins with 'vae.', because the model was a part of another",
    }.items():
        with pytest.raises(RuntimeError) as error:
            layer.load_state_dict({f"{change}{name}": value for name, value in state.items()})
        assert says in str(complaint("x", error.value))
    with pytest.raises(RuntimeError) as error:
        layer.load_state_dict({"state_dict": state, "epoch": 3})
    assert "whose weights lie under 'state_dict'" in str(complaint("x", error.value))
    with pytest.raises(RuntimeError) as error:
        layer.load_state_dict({**state, "0.weight": torch.zeros(4, 2)})
    assert "0.weight is (4, 2) in the weights and (3, 2) in the model" in cleaned(str(complaint("x", error.value)))
    with pytest.raises(RuntimeError) as error:
        torch.nn.ModuleDict({"net": layer}).load_state_dict(state)
    assert "every name in the model begins with 'net.'" in str(complaint("x", error.value))
