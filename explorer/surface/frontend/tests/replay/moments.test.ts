/** Is a film at its moments what was kept, and between two of them on the straight line? Against the line's own formula. */

import { beforeEach, describe, expect, test } from "vitest";
import { LinkedFilms, type Standing } from "../../src/replay/linked-films";
import { advanced, codesAt, epochAt, LASTS_MS, placeOf, shareOf, termsAt } from "../../src/replay/moments";
import { writtenFilm } from "./written-film";

const CODES = [
  [0, 0, 1, 1],
  [2, -4, 1, 3],
  [5, 0, -1, 3],
];
const KL = [
  [Number.NaN, Number.NaN],
  [1, 0],
  [3, 0.5],
];
const FILM = writtenFilm({ codes: CODES, epoch: [0, 1, 10], klPerDim: KL, latentDim: 2 });

test("at a moment the codes are exactly those that were kept, beyond the ends too", () => {
  CODES.forEach((codes, moment) => {
    expect([...codesAt(FILM, moment)]).toEqual(codes);
  });
  expect([...codesAt(FILM, -3)]).toEqual(CODES[0]);
  expect([...codesAt(FILM, 7)]).toEqual(CODES[2]);
});

test("between two moments every code lies on the straight line, as far along as the place says", () => {
  for (const part of [0.25, 0.5, 0.875])
    for (const moment of [0, 1]) {
      const line = CODES[moment].map((value, i) => (1 - part) * value + part * CODES[moment + 1][i]);
      codesAt(FILM, moment + part).forEach((value, i) => expect(value).toBeCloseTo(line[i], 6));
    }
});

test("terms move with the codes, and are unknown until both moments have them", () => {
  expect([...termsAt(FILM, 1).klPerDim]).toEqual([1, 0]);
  expect([...termsAt(FILM, 1.5).klPerDim]).toEqual([2, 0.25]);
  expect(termsAt(FILM, 1.5).kl).toBeCloseTo(2.25, 6);
  expect(termsAt(FILM, 0.5).kl).toBeNaN();
});

test("a share of the training is the place at which so many epochs are over, and back", () => {
  expect([0, 0.1, 0.55, 1].map((share) => placeOf(FILM, share))).toEqual([0, 1, 1.5, 2]);
  for (const at of [0, 0.25, 1, 1.75, 2]) expect(placeOf(FILM, shareOf(FILM, at))).toBeCloseTo(at, 6);
  expect(epochAt(FILM, 1.5)).toBeCloseTo(5.5, 6);
});

test("it plays from end to end in its time, and stays at the end", () => {
  let at = 0;
  for (let i = 0; i < 10; i++) at = advanced(FILM, at, LASTS_MS / 20, 1);
  expect(at).toBeCloseTo(1, 6);
  expect(advanced(FILM, 0, LASTS_MS / 4, 2)).toBeCloseTo(1, 6);
  expect(advanced(FILM, 1.9, LASTS_MS, 1)).toBe(2);
});

describe("films beside each other", () => {
  const heard: string[] = [];
  const film = (page: EventTarget, group: string, name: string, now: Standing): LinkedFilms =>
    new LinkedFilms(
      group,
      ({ share, moving }) => heard.push(`${name}: ${share} ${moving}`),
      () => now,
      page,
    );
  const REST: Standing = { share: 0, moving: "rests" };

  beforeEach(() => {
    heard.length = 0;
  });

  test("of one name hear each other, not themselves and no other ones", () => {
    const page = new EventTarget();
    const a = film(page, "one", "a", REST);
    const b = film(page, "one", "b", REST);
    film(page, "two", "c", REST);
    const alone = film(page, "", "d", REST);
    a.tell({ share: 0.5, moving: "rests" });
    alone.tell({ share: 0.9, moving: "rests" });
    a.tell({ share: 0.55, moving: "leads" });
    expect(heard).toEqual(["b: 0.5 rests", "b: 0.55 leads"]);
    b.dispose();
    a.tell({ share: 0.6, moving: "rests" });
    expect(heard).toHaveLength(2);
  });

  test("tell one that comes later where they are", () => {
    const page = new EventTarget();
    film(page, "one", "a", { share: 0.25, moving: "rests" });
    film(page, "two", "other", { share: 0.75, moving: "leads" });
    film(page, "one", "late", { share: 0, moving: "leads" }).ask();
    expect(heard).toEqual(["late: 0.25 rests"]);
    film(page, "", "alone", REST).ask();
    expect(heard).toHaveLength(1);
  });
});
