/** Is what the chart of the KL draws a picture at any β? Against the KL of the linear VAE at ever smaller β. */

import { expect, test } from "vitest";
import { linearKl } from "../../src/charts/sums";
import { KlChart, type KlShown } from "../../src/train/charts/kl-chart";
import { type FakeElement, fake, withoutPage } from "../fake-dom";

withoutPage();

const EIGENVALUES = [4, 1, 0.25, 0];

function drawn(beta: number): { paths: string[]; words: string; all: string } {
  const chart = new KlChart();
  const shown: KlShown = {
    terms: { klPerDim: [2, 0.5, 0.1, 0] },
    choice: { latentDim: EIGENVALUES.length },
    settings: { beta },
  };
  const kl = EIGENVALUES.map((value) => linearKl(value, beta));
  chart.draw([shown], 400, [{ kl, isExact: true }]);
  const inside = (element: FakeElement): FakeElement[] => [element, ...element.children.flatMap(inside)];
  const elements = inside(fake(chart.element));
  const paths = elements.filter(({ tag }) => tag === "path").map((one) => one.getAttribute("d") ?? "");
  const all = elements.map((one) => ["d", "x", "y", "height", "width"].map((name) => one.getAttribute(name)).join(" "));
  return { paths, words: fake(chart.element).textContent, all: all.join(" ") };
}

test.each([0, 1e-300, 0.01, 0.5, 1, 10])("at β = %s every number of the chart is finite", (beta) => {
  const { paths, all } = drawn(beta);
  expect(all).not.toMatch(/NaN|Infinity/);
  expect(paths).toHaveLength(EIGENVALUES.filter((value) => value > beta).length);
});

test("at β = 0 a step has no top, and the words say that it has no bound", () => {
  const [without, small] = [drawn(0), drawn(1e-6)];
  expect(without.paths.every((path) => !path.includes("h"))).toBe(true);
  expect(small.paths.every((path) => path.includes("h"))).toBe(true);
  expect(without.words).toContain("keeps 3 of 4 at β = 0, and their KL grows without bound at β = 0.");
  expect(small.words).not.toContain("without bound");
  expect(linearKl(4, 1e-300)).toBeGreaterThan(300);
});
