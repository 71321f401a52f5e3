import { describe, expect, test } from "vitest";
import { Viewport } from "../../src/editor/viewport";
import { MAX_PINS, PENDING_MS, PinBook } from "../../src/kernel/pins";

const labels = (book: PinBook): string =>
  book
    .all()
    .map((pin) => pin.label)
    .join("");

describe("pins", () => {
  test("show at once, and once only when the host has them", () => {
    const book = new PinBook(true);
    expect(book.add([1, 2], [1, 2], 0).label).toBe("A");
    book.confirm([], 100); // an update that was on its way already
    expect(labels(book)).toBe("A");
    book.confirm([{ label: "A", map: [1, 2 + 1e-9], z: [1, 2] }], 200);
    expect(labels(book)).toBe("A");
    expect(book.add([3, 3], [3, 3], 300).label).toBe("B");
  });
  test("are recognised by their codes, which the host computes and rounds itself, and differ where the codes do", () => {
    const book = new PinBook(true);
    book.add([7.01, 3], [0.123456789, -2.000049], 0);
    book.add([7.1, 3], [0.2, -2], 0);
    book.confirm([{ label: "A", map: [7.2, 3.3], z: [0.1235, -2] }], 50);
    expect(book.all().map((pin) => pin.z[0])).toEqual([0.1235, 0.2]);
  });
  test("a host that hears of a pin and does not keep it has refused it", () => {
    const book = new PinBook(true);
    book.add([1, 2], [1, 2], 0);
    book.confirm([], PENDING_MS + 1);
    expect(labels(book)).toBe("");
  });
  test("a refused pin goes even if the host says nothing more", () => {
    const book = new PinBook(true);
    book.add([1, 2], [1, 2], 0);
    expect(book.expire(PENDING_MS - 1)).toBe(false);
    expect(book.expire(PENDING_MS + 1)).toBe(true);
    expect(labels(book)).toBe("");
  });
  test("at most as many as the host keeps, lettered as the host does", () => {
    const book = new PinBook(true);
    for (let i = 0; i < MAX_PINS + 3; i++) book.add([i, 0], [i, 0], 0);
    expect(labels(book)).toBe("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    expect(book.all()[0].z[0]).toBe(3);
  });
  test("an event that the host has counted is over, whether its pin was kept or not", () => {
    const book = new PinBook(true);
    for (let i = 0; i < 15; i++) book.add([i, 0], [i, 0], 0, `n${i}`);
    const kept = Array.from({ length: 12 }, (_, i) => ({
      label: "ABCDEFGHIJKL"[i],
      map: [i + 3, 0] as [number, number],
      z: [i + 3, 0],
    }));
    book.confirm(
      kept,
      10,
      Array.from({ length: 15 }, (_, i) => `n${i}`),
    );
    expect(book.all().map((pin) => pin.z[0])).toEqual(kept.map((pin) => pin.z[0]));
  });
  test("without a host that listens they stay", () => {
    const book = new PinBook(false);
    book.add([1, 2], [1, 2], 0);
    book.confirm([], 1e9);
    expect(labels(book)).toBe("A");
  });
  test("another map has none of the old places", () => {
    const book = new PinBook(false);
    book.add([1, 2], [1, 2], 0);
    book.clear();
    expect(labels(book)).toBe("");
  });
});

describe("viewport", () => {
  const size = { width: 400, height: 300 };
  const make = (glides: boolean): Viewport => {
    const viewport = new Viewport(() => glides);
    viewport.resize([-2, 2, -1, 1], size);
    return viewport;
  };
  test("shows everything until touched, also after a resize; afterwards it keeps its place", () => {
    const viewport = make(true);
    const before = viewport.camera.scale;
    viewport.resize([-2, 2, -1, 1], { width: 800, height: 600 });
    expect(viewport.camera.scale).toBeGreaterThan(before * 1.9);
    viewport.pan(50, 0);
    const panned = viewport.camera;
    viewport.resize([-2, 2, -1, 1], size);
    expect(viewport.camera).toBe(panned);
  });
  test("a glide ends exactly where it was meant to, and home is home", () => {
    const viewport = make(true);
    const home = viewport.camera;
    viewport.glideZoom(2, [0.5, 0.5]);
    expect(viewport.isGliding).toBe(true);
    expect(viewport.tick(performance.now() + 1e5)).toBe(true);
    expect(viewport.zoom).toBeCloseTo(2, 9);
    viewport.glideHome();
    viewport.tick(performance.now() + 1e5);
    expect(viewport.camera).toEqual(home);
    expect(viewport.tick(performance.now())).toBe(false);
  });
  test("without motion it is there at once", () => {
    const viewport = make(false);
    viewport.glideZoom(2, [0, 0]);
    expect(viewport.isGliding).toBe(false);
    expect(viewport.zoom).toBeCloseTo(2, 9);
    viewport.glideHome();
    expect(viewport.zoom).toBe(1);
  });
  test("shows a place with the smallest move", () => {
    const viewport = make(false);
    expect(viewport.show([0, 0], 20)).toBe(false);
    expect(viewport.show([2.4, 0], 20)).toBe(true);
    expect(viewport.toScreen([2.4, 0])[0]).toBeCloseTo(380, 9);
  });
});
