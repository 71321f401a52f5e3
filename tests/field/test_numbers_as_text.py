"""Are numbers, classes of density and the support written and counted the same in Python and in the browser? One table, two readers.

`frontend/tests/tables.test.ts` reads the same two files. numerals.json was written by hand; support.json by sorting all distances.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from trainer import numerals
from trainer.maps.support import SupportEstimator

TABLES = Path(__file__).resolve().parent.parent
NUMERALS = json.loads((TABLES / "numerals.json").read_text(encoding="utf-8"))
SUPPORT = json.loads((TABLES / "support.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", NUMERALS, ids=lambda row: f"{row['function']} {row['arguments']}")
def test_a_number_is_written_as_in_the_table(row):
    assert str(getattr(numerals, row["function"])(*row["arguments"])) == row["text"]


@pytest.mark.parametrize(
    "case", SUPPORT, ids=lambda case: f"{len(case['mu'])} codes of {len(case['mu'][0])}, prior {case['has_prior']}"
)
def test_support_is_that_of_the_table(case):
    support = SupportEstimator(np.array(case["mu"], np.float32), case["has_prior"])
    np.testing.assert_allclose(support.distances, case["distances"], rtol=1e-6)
    np.testing.assert_allclose(support.of(case["asked"]), case["support"], atol=1e-9)
