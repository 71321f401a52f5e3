import { describe, expect, test } from "vitest";
import { errorColours, meanError } from "../../src/panels/posterior/panel";
import { quantilesOf } from "../../src/panels/posterior/population";
import { random } from "../helpers";

describe("the error map", () => {
  test("is white where right, red where too bright, blue where too dark, as the app's", () => {
    const x = Float32Array.of(0.25, 0, 1),
      x_hat = Float32Array.of(0.25, 1, 0);
    const colours = Array.from(errorColours(x, x_hat, 1, 3, false), (value) => Math.round(255 * value));
    const pixel = (i: number): number[] => [colours[i], colours[3 + i], colours[6 + i]];
    expect([pixel(0), pixel(1), pixel(2)]).toEqual([
      [255, 255, 255],
      [178, 24, 43],
      [33, 102, 172],
    ]);
    expect(meanError(x, x_hat)).toBeCloseTo(2 / 3, 6);
  });
  test("on a dark page what is right is dark, what is wrong is light", () => {
    const colours = errorColours(Float32Array.of(0.5, 0, 1, 0), Float32Array.of(0.5, 1, 0, 0.5), 1, 4, true);
    const pixel = (i: number): number[] => [0, 4, 8].map((from) => Math.round(255 * colours[from + i]));
    expect(pixel(0)).toEqual([18, 21, 27]);
    expect(pixel(1)).toEqual([255, 118, 100]);
    expect(pixel(2)).toEqual([96, 172, 255]);
    pixel(3).forEach((value, c) => {
      expect(Math.abs(value - (pixel(0)[c] + pixel(1)[c]) / 2)).toBeLessThanOrEqual(1);
    });
  });
  test("is of the mean over colours: what is too bright in one and too dark in another cancels", () => {
    const colours = errorColours(Float32Array.of(0.5, 0.5), Float32Array.of(0.75, 0.25), 2, 1, false);
    expect(Array.from(colours)).toEqual([1, 1, 1]);
  });
});

describe("the bands of the population", () => {
  test("are the shares of a sorted column", () => {
    const next = random(4),
      n = 1001,
      K = 3;
    const mu = Float32Array.from({ length: n * K }, () => next());
    const bands = quantilesOf(mu, K);
    for (let k = 0; k < K; k++) {
      const below = bands[k].map(
        (value) => Array.from({ length: n }, (_, i) => mu[i * K + k]).filter((other) => other <= value).length / n,
      );
      [0.05, 0.25, 0.5, 0.75, 0.95].forEach((share, i) => expect(below[i]).toBeCloseTo(share, 2));
    }
  });
  test("of very many codes are those of a part, nearly", () => {
    const next = random(5),
      mu = Float32Array.from({ length: 60_000 }, () => next());
    quantilesOf(mu, 1)[0].forEach((value, i) =>
      expect(Math.abs(value - [0.05, 0.25, 0.5, 0.75, 0.95][i])).toBeLessThan(0.03),
    );
  });
  test("of no code are zeros", () =>
    expect(quantilesOf(new Float32Array(0), 2)).toEqual([
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ]));
});
