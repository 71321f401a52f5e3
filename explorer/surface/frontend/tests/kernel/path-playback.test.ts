import { expect, test } from "vitest";
import { advance, filmFrames, frameAt, PASS_MS, type PlayHead } from "../../src/kernel/path-playback";

const start: PlayHead = { position: 0, direction: 1 };

test("a pass at speed 1 takes PASS_MS, at speed 2 half of it", () => {
  expect(advance(start, PASS_MS / 4, 1, "ping-pong").position).toBeCloseTo(0.25, 12);
  expect(advance(start, PASS_MS / 4, 2, "ping-pong").position).toBeCloseTo(0.5, 12);
});

test("ping-pong turns round at both ends", () => {
  expect(advance(start, 1.25 * PASS_MS, 1, "ping-pong")).toEqual({ position: 0.75, direction: -1 });
  expect(advance({ position: 0.25, direction: -1 }, 0.5 * PASS_MS, 1, "ping-pong")).toEqual({
    position: 0.25,
    direction: 1,
  });
});

test("a loop starts over", () => {
  expect(advance({ position: 0.75, direction: 1 }, 0.5 * PASS_MS, 1, "loop")).toEqual({ position: 0.25, direction: 1 });
});

test("many small steps end where one large one does: no time is lost at the ends", () => {
  for (const mode of ["ping-pong", "loop"] as const) {
    let head = start;
    for (let i = 0; i < 1000; i++) head = advance(head, 7.3, 0.5, mode);
    const once = advance(start, 7300, 0.5, mode);
    expect(head.position).toBeCloseTo(once.position, 9);
    expect(head.direction).toBe(once.direction);
  }
});

test("frames are whole, and both ends are reached", () => {
  expect([0, 0.004, 0.5, 0.999, 1].map((p) => frameAt(p, 61))).toEqual([0, 0, 30, 60, 60]);
  expect(frameAt(0.7, 1)).toBe(0);
});

test("the filmstrip has both ends, ascends, and never repeats", () => {
  for (const n of [1, 2, 5, 11, 12, 61, 241]) {
    const frames = filmFrames(n);
    expect(frames.length).toBe(Math.min(11, n));
    expect(frames[0]).toBe(0);
    expect(frames.at(-1)).toBe(n - 1);
    expect(new Set(frames).size).toBe(frames.length);
  }
  expect(filmFrames(0)).toEqual([]);
});
