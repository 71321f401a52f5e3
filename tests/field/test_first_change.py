"""Is the recipe of the README's "Your first change" true? A copy of the tree gets a likelihood exactly as it says, and its tests run.

The likelihood is Student's t with five degrees of freedom, which torch has too, so the tests of the copy hold it against torch.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

CLASS = '''@dataclass(frozen=True)
class Student:
    """Pixels are t-distributed with five degrees of freedom around the output, with scale exp(log_sigma)."""

    def nll(self, output: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
        """−log of the density, from its textbook formula."""
        constant = math.lgamma(3) - math.lgamma(2.5) - 0.5 * math.log(5 * math.pi)
        t = (x - output) * torch.exp(-log_sigma)
        return (3 * torch.log1p(t**2 / 5) - constant + log_sigma).flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        return output.clamp(0, 1)

    def draw(self, output: Tensor, log_sigma: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """A normal over the root of a χ² of five normals."""
        normals = torch.randn((6, *output.shape), generator=generator, dtype=output.dtype).to(output.device)
        t = normals[0] * (5 / normals[1:].square().sum(0)).sqrt()
        return (output + log_sigma.exp() * t).clamp(0, 1)

    def output_for(self, mean_image: Tensor) -> Tensor:
        return mean_image


'''
NUMPY = '''@dataclass(frozen=True)
class Student:
    """Pixels are t-distributed with five degrees of freedom around the output."""

    def mean(self, output: Floats) -> Floats:
        return np.clip(output, 0, 1)

    def nll(self, output: Doubles, x: Doubles, log_sigma: float) -> Doubles:
        t = (x - output) * np.exp(-log_sigma)
        return np.asarray(3 * np.log1p(t**2 / 5) + log_sigma + np.log(3 * np.pi * np.sqrt(5) / 8))

    def draw(self, output: Floats, log_sigma: float, rng: np.random.Generator) -> Floats:
        t = rng.standard_t(5, output.shape)
        return np.asarray(np.clip(output + np.exp(log_sigma) * t, 0, 1), np.float32)


'''  # Γ(3)/(Γ(5/2)√(5π)) = 8/(3π√5)
BROWSER = """
/** −Σ log of the density of Student's t with five degrees of freedom. */
function student(output: Float32Array, x: ArrayLike<number>, logScale: number): number {
  let sum = 0;
  for (let p = 0; p < output.length; p++) sum += 3 * Math.log1p(((x[p] - output[p]) * Math.exp(-logScale)) ** 2 / 5);
  return -sum - output.length * (logScale + Math.log((3 * Math.PI * Math.sqrt(5)) / 8));
}
"""
REGISTRY, TORCH_ENGINE = "trainer/likelihoods/registry.py", "trainer/likelihoods/torch_.py"
NUMPY_ENGINE, BROWSER_ENGINE = "trainer/likelihoods/numpy_.py", "explorer/surface/frontend/src/engine/likelihoods.ts"
TEST = "tests/trainer/test_likelihoods.py"
LINE = '        "laplace": Laplace(per_pixel),\n'
ORACLE = '    if name == "student":\n        return dist.StudentT(5.0, output, log_sigma.exp())\n'

# file, what is found in it, what is put before or after it
EDITS = [
    (REGISTRY, 'LikelihoodName = Literal["bernoulli", ', '"student", ', "after"),
    (REGISTRY, '    "laplace": LikelihoodKind(', '    "student": LikelihoodKind("place", is_density=True),\n', "before"),
    (TORCH_ENGINE, "def soft_clip(", CLASS, "before"),
    (TORCH_ENGINE, LINE, '        "student": Student(),\n', "after"),
    (NUMPY_ENGINE, "def sigmoid(", NUMPY, "before"),
    (NUMPY_ENGINE, LINE, '        "student": Student(),\n', "after"),
    (BROWSER_ENGINE, "  laplace: {", "  student: { toMean: clip01, logDensity: student },\n", "before"),
    (BROWSER_ENGINE, "\n/** So many factors between", BROWSER, "before"),
    (TEST, "    place, log_scale = output, log_sigma\n", ORACLE, "before"),
]


def recipe() -> str:
    return (ROOT / "README.md").read_text().partition("## Your first change\n")[2].partition("\n## ")[0]


@pytest.fixture(scope="module")
def changed(tmp_path_factory) -> Path:
    """A copy of the tree with the new likelihood."""
    tree = tmp_path_factory.mktemp("first-change")
    for name in ("trainer", "explorer", "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules", "screenshots"))
    (tree / "assets").mkdir()
    shutil.copytree(ROOT / "assets" / "runs" / "digits-pca", tree / "assets" / "runs" / "digits-pca")
    shutil.copy(ROOT / "pyproject.toml", tree)
    for file, found, put, where in EDITS:
        path = tree / file
        text = path.read_text()
        assert text.count(found) == 1, (file, found)
        path.write_text(text.replace(found, put + found if where == "before" else found + put))
    run(tree, sys.executable, "-m", "explorer.surface.write_schema")  # what `make front` begins with
    return tree


def run(tree: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_the_recipe_names_every_place_and_no_other():
    """The files that the copy needed are those that the recipe says."""
    named = set(re.findall(r"`([\w/]+\.(?:py|ts))`", recipe()))
    assert {file for file, *_ in EDITS} == named
    for file in named:
        assert (ROOT / file).is_file(), file
    for name in re.findall(r"`([A-Za-z_]+)` (?:of|in) `", recipe()):
        assert any(name in (ROOT / file).read_text() for file in named), name


def test_the_tests_that_the_recipe_names_pass_with_the_new_likelihood(changed):
    (command,) = re.findall(r"`(\.venv/bin/python -m pytest [^`]*)`", recipe())
    words = shlex.split(command)
    out = run(changed, sys.executable, *words[1:], "-n", "0", "-v", "-k", "not shape")  # one is slow
    assert re.search(r"\d+ passed", out), out
    assert "failed" not in out


def test_types_and_style_hold(changed):
    run(changed, sys.executable, "-m", "ruff", "check", "trainer", "tests/trainer/test_likelihoods.py")
    run(changed, sys.executable, "-m", "ruff", "format", "--check", "trainer/likelihoods")


def test_a_run_with_it_trains_and_is_evaluated(changed):
    words = ("--likelihood", "student", "--sigma", "0.1", "--epochs", "2", "--hidden", "8", "--no-umap", "--no-classifier")
    out = run(changed, sys.executable, "-m", "trainer", "fit", "digits-2d", "--name", "mine", *words)
    assert "test ELBO" in out
    out = run(changed, sys.executable, "-m", "trainer", "evaluate", "mine", "--samples", "5")
    assert "nats per image" in out
