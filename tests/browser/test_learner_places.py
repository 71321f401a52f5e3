"""Does the page learn where it is opened from disk, in a worker where its policy allows one and in slices where not, to the same digits?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from explorer.hosts.html_file import html_page
from tests.browser.learning import HELPERS, to_text
from tests.browser.surface import ready, tab
from tests.places import ASSETS, BUNDLES
from trainer.datasets import load_dataset
from trainer.runs.catalogue import load_run

N_STEPS = 20

TWENTY_STEPS = """async ({images, steps}) => {
  const program = document.getElementById('latent-atlas-learner')?.textContent ?? globalThis.learnerText;
  const record = latentLearner.dense({imageShape: [1, 8, 8], latentDim: 2, hidden: [32], likelihood: 'bernoulli'});
  let frames = 0, isDone = false;
  const draw = () => { frames++; if (!isDone) requestAnimationFrame(draw); };
  requestAnimationFrame(draw);
  const done = new Promise((resolve, reject) => {
    const session = latentLearner.openSession(program, (message) => {
      if (message.kind === 'stopped') reject(new Error(message.sentence));
      if (message.kind === 'progress' && message.step === steps && !message.isRunning)
        resolve({where: session.where, weights: textOf(message.weights), close: session.close()});
    });
    session.post({kind: 'start', record, seed: 1, images: floatsOf(images), isExact: true});
    session.post({kind: 'step', steps});
  });
  const answer = await done;
  const before = frames;
  while (frames < before + 2) await new Promise(requestAnimationFrame);
  isDone = true;
  return answer;
}"""


def learned(browser: Browser, address: str) -> dict[str, Any]:
    """What twenty steps give in this file; the debugger brings the programs, which no policy of a page stops."""
    program = (BUNDLES / "learner.js").read_text(encoding="utf-8")
    with tab(browser, offline=True) as page:
        page.goto(address)
        ready(page)
        page.evaluate(f"() => {{ {program}\nglobalThis.latentLearner = latentLearner; {HELPERS} }}")
        page.evaluate("text => { globalThis.learnerText = text }", program)
        images = to_text(load_dataset("digits").images.reshape(-1, 64) / 255)
        return dict(page.evaluate(TWENTY_STEPS, {"images": images, "steps": N_STEPS}))


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[bool, Path]:
    """By whether the file has the learner."""
    folder, run = tmp_path_factory.mktemp("files"), load_run("mnist-2d", ASSETS)
    found = {learns: folder / f"{learns}.html" for learns in (True, False)}
    for learns, path in found.items():
        path.write_bytes(html_page(run, learns))
    return found


def test_a_file_learns_in_a_worker_and_without_one_to_the_same_digits(browser, files):
    there, here = (learned(browser, files[learns].as_uri()) for learns in (True, False))
    assert there["where"] == "worker"
    assert here["where"] == "page"
    assert there["weights"] == here["weights"]


def test_only_the_file_that_learns_carries_the_learner(files):
    """Its text and the longer policy are all that it has more."""
    pages = [path.read_text(encoding="utf-8") for path in files.values()]
    rules = [set(re.findall(r'Policy" content="([^"]+)"', page)[0].split("; ")) for page in pages]
    assert rules[0] ^ rules[1] == {"worker-src blob:", "trusted-types latent-atlas-learner", "trusted-types 'none'"}
    more = files[True].stat().st_size - files[False].stat().st_size
    program = (BUNDLES / "learner.js").stat().st_size
    assert program < more < program + 200
