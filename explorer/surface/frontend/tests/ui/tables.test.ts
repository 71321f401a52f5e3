/** The tables that Python reads too: tests/field/test_numbers_as_text.py. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CodeIndex } from "../../src/geometry/code-index";
import { nearestCodes } from "../../src/geometry/nearest-codes";
import { Support } from "../../src/geometry/support";
import { count, decimals, dimension, distance, number, percent } from "../../src/ui/format";

interface Row {
  readonly function: "count" | "number" | "percent" | "dimension" | "decimals" | "distance";
  readonly arguments: readonly [number, number?];
  readonly text: string;
}
interface Case {
  readonly has_prior: boolean;
  readonly mu: number[][];
  readonly distances: number[];
  readonly asked: number[][];
  readonly support: number[];
}

const table = <T>(name: string): T[] =>
  JSON.parse(readFileSync(new URL(`../../../../../tests/${name}.json`, import.meta.url), "utf8")) as T[];
const functions = { decimals, distance, count, number, percent, dimension };

test.each(table<Row>("numerals"))(
  "$function $arguments is $text",
  ({ function: name, arguments: [value, digits], text }) => {
    expect(String(digits === undefined ? functions[name](value) : functions[name](value, digits))).toBe(text);
  },
);

test.each(table<Case>("support"))("support of codes %#", ({ has_prior, mu, distances, asked, support }) => {
  const codes = Float32Array.from(mu.flat());
  const K = mu[0].length;
  const here = new Support(Float32Array.from(distances), mu.length, has_prior, (z, k) => nearestCodes(codes, K, z, k));
  asked.forEach((z, i) => expect(here.of(z)).toBeCloseTo(support[i], 6));
  const index = new CodeIndex(codes, K);
  index.work(Infinity);
  asked.forEach((z, i) => expect(here.of(z, index.find(z, here.k))).toBeCloseTo(support[i], 6));
});
