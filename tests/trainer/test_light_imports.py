"""Is anything heavy imported on the way to the first page?"""

import subprocess
import sys

import pytest

from tests.places import ROOT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import trainer", "torch umap sklearn scipy pooch streamlit plotly PIL"),
        ("import trainer; trainer.load_run('mnist-2d').forward", "torch umap sklearn scipy"),
        ("import explorer.app.page, explorer.pages.atlas.page", "torch umap sklearn scipy"),
        (
            "import explorer.pages.reconstruct.page, explorer.pages.interpolate.page, explorer.pages.dimensions.page",
            "torch umap sklearn scipy",
        ),
    ],
)
def test_the_first_page_needs_no_torch(statement, heavy):
    code = f"{statement}\nimport sys\nprint([m for m in '{heavy}'.split() if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip().splitlines()[-1] == "[]"
