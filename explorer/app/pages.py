"""Which pages are there, and which module shows each?

To add a page: a module under `explorer/pages` with `show(state)`, its name in `View`, and its line here.
"""

from __future__ import annotations

from explorer.session.state import View

PAGES: dict[View, str] = {
    "atlas": "explorer.pages.atlas",
    "reconstruct": "explorer.pages.reconstruct.page",
    "interpolate": "explorer.pages.interpolate.page",
    "dimensions": "explorer.pages.dimensions.page",
    "compare": "explorer.pages.compare.page",
}
