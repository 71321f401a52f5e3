/** Do the pad's numbers follow a moving hand at a readable pace, and stand for the last picture when it rests? */

import { describe, expect, test, vi } from "vitest";
import { type OnPad, PadView } from "../../src/pad/view";
import { fake, withoutPage } from "../fake-dom";

withoutPage();

function onPad(mu: readonly number[] | null): OnPad {
  const code = mu && { mu, std: [0.5, 0.5] };
  return { code, canUndo: code !== null, canRedo: false, isEmpty: code === null, decimals: 2, label: null };
}

describe("the numbers of a drawing", () => {
  test("are said at once, then ten times a second at most; the code itself is there at every picture", () => {
    vi.useFakeTimers();
    const view = new PadView([1, 28, 28], true),
      words = fake(view.words);
    const said = new Set<string>();
    for (let k = 0; k < 50; k++) {
      view.show(onPad([k, -k]));
      expect(words.dataset["z"]).toBe(JSON.stringify([k, -k]));
      if (k === 0) expect(words.textContent).toMatch(/^z = \(0/);
      said.add(words.textContent);
      vi.advanceTimersByTime(20); // fifty points a second
    }
    expect(said.size).toBeGreaterThanOrEqual(8);
    expect(said.size).toBeLessThanOrEqual(10);
    view.tell(onPad([49, -49]));
    expect(words.textContent).toMatch(/^z = \(49/);
  });

  test("go at once when nothing is drawn any more, and come at once with the next drawing", () => {
    vi.useFakeTimers();
    const view = new PadView([1, 28, 28], true),
      words = fake(view.words);
    view.show(onPad([1, 2]));
    view.show(onPad(null));
    expect(words.textContent).toBe("Nothing drawn yet");
    expect(words.dataset["z"]).toBeUndefined();
    view.show(onPad([3, 4]));
    expect(words.textContent).toMatch(/^z = \(3/);
  });
});
