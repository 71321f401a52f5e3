"""Is what the browser is compiled against what Python sends?"""

import ast
import re
from dataclasses import asdict
from typing import get_args

import pytest

from explorer.surface import schema
from explorer.surface.write_schema import TARGET, _comment, _type, schema_text
from trainer.config import FitConfig


def test_the_browsers_types_and_constants_are_those_of_schema_py():
    assert TARGET.read_text(encoding="utf-8") == schema_text(), "run python -m explorer.surface.write_schema and commit the file"


@pytest.mark.parametrize(
    ("annotation", "wanted"),
    [
        ("str | None", "string | null"),
        ("tuple[float, int]", "readonly [number, number]"),
        ("Sequence[Sequence[float]]", "readonly (readonly number[])[]"),
        ("Mapping[str, bool]", "Readonly<Record<string, boolean>>"),
        ("Literal['a', 'b']", '"a" | "b"'),
        ("Point", "Point"),
    ],
)
def test_a_python_type_has_its_typescript(annotation, wanted):
    assert _type(ast.parse(annotation, mode="eval").body) == wanted


def test_an_unknown_type_is_refused_by_name():
    with pytest.raises(TypeError, match=r"no TypeScript for dict\[str, int\]"):
        _type(ast.parse("dict[str, int]", mode="eval").body)


def test_a_long_comment_is_broken_at_a_word():
    lines = _comment("word " * 60).splitlines()
    assert (lines[0], lines[-1]) == ("/**", " */")
    assert max(map(len, lines)) <= 120


def test_what_the_wire_calls_a_likelihood_is_what_a_run_may_have():
    written = re.search(r"export type LikelihoodName = ([^;]+);", schema_text())
    assert written
    assert set(re.findall(r'"([\w-]+)"', written[1])) == set(get_args(FitConfig.model_fields["likelihood"].annotation))


def test_a_record_is_json_ready_without_further_work():
    record = schema.Dynamic(pins=[schema.PinRecord("A", (0.0, 1.0), (2.0,))]).record()
    assert record["pins"] == [{"label": "A", "map": (0.0, 1.0), "z": (2.0,), "name": ""}]
    assert record["options"] == asdict(schema.Options())
