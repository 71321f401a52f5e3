"""How does a test show a page of the app without a browser, and read what stands on it?"""

from __future__ import annotations

import io
import re
from functools import cache

import numpy as np
from PIL import Image
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from explorer.surface.payload import unpack
from tests.places import APP

# every app under test looks through all installed packages for components, a third of a second; they stay what they are
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)

TEXTS = ("markdown", "caption", "error", "warning", "info", "title", "code")


def app(**query: str) -> AppTest:
    """The app at that link, before its first run; `with_` stands for the query's `with`."""
    test = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in query.items():
        test.query_params[name.rstrip("_")] = value
    return test


def sound(test: AppTest) -> AppTest:
    assert not test.exception, test.exception
    return test


def faultless(test: AppTest) -> AppTest:
    """Without a sentence in red, too."""
    assert not sound(test).error, [error.value for error in test.error]
    return test


def said(element) -> str:
    """A text as it is read: Markdown's escapes removed."""
    return re.sub(r"\\(.)", r"\1", str(element.value))


def texts(test: AppTest, *kinds: str) -> str:
    """What elements of these kinds say."""
    return "\n".join(said(element) for kind in kinds for element in test.get(kind))


def words(test: AppTest, kinds: tuple[str, ...] = TEXTS) -> str:
    """Everything that can be read."""
    return "\n".join([texts(test, *kinds), *grids(test)])


def grids(test: AppTest) -> list[str]:
    """The HTML of picture grids."""
    bodies = [element.proto.body for element in test.get("html")]
    return [body for body in bodies if '<div class="picture-grid"' in body]


def pins(test: AppTest) -> list[dict]:
    """The pins that the page's first map is given."""
    return surfaces(test)[0][0]["pins"]


def surfaces(test: AppTest) -> list[tuple[dict, dict]]:
    """Dynamic record and header of every surface; the browser's history is a component too, without bytes."""
    protos = [element.proto for element in test.get("bidi_component")]
    return [unpack(bytes(proto.bytes))[:2] for proto in protos if proto.bytes]


def png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def upload(test: AppTest, name: str, data: bytes, mime: str = "image/png") -> AppTest:
    test.segmented_control(key="reconstruct-source").set_value("Upload")
    sound(test.run())
    test.file_uploader[0].set_value((name, data, mime))
    return sound(test.run())
