"""How many bytes does a visitor of a web site without a server wait for before the first map can be touched?

    python -m tests.bench.site mnist-2d digits-2d

Chromium opens the page of each run from a plain static host on this machine; counted are the files that were asked for until the picture
under the pointer was decoded, as they lie on disk and as a host sends them that compresses with gzip (level 6).
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from explorer.hosts.cli import main as atlas
from tests.browser.conftest import ARGUMENTS, chromium_path
from tests.browser.sites import sizes, static_host
from tests.browser.surface import hover, ready, tab

LATER = re.compile(r"\.(rest|film)\.[0-9a-f]+\.js$")


def main() -> int:
    """Prints a line for each run."""
    runs = sys.argv[1:] or ["digits-2d", "mnist-2d"]
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        if code := atlas(["site", str(site), "--lessons", "--runs", *runs]):
            return code
        with static_host(site) as (url, asked), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
            for run in runs:
                asked.clear()
                with tab(browser, reduced_motion="reduce", service_workers="block") as page:
                    page.route(LATER, lambda route: route.abort())
                    begin = time.perf_counter()
                    page.goto(f"{url}run.html?run={run}")
                    canvas = ready(page)
                    seconds = time.perf_counter() - begin
                    hover(page, canvas, 0.4, 0.6)
                    on_disk, sent = sizes(site, asked)
                print(f"{run}: {on_disk / 1e6:.2f} MB on disk, {sent / 1e6:.2f} MB with gzip, map after {seconds:.1f} s")
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
