import { describe, expect, test } from "vitest";
import { Viewport } from "../../src/editor/viewport";
import {
  allPins,
  type KeptPin,
  type KeptPins,
  noPins,
  PENDING_MS,
  type PinsState,
  reduceKept,
  reducePins,
} from "../../src/kernel/pins";
import { MAX_PINS, type PinRecord, type Point } from "../../src/wire/schema";

/** A host and what it says, one after the other. */
class Shown {
  state: PinsState;
  constructor(hostKeepsPins: boolean) {
    this.state = noPins(hostKeepsPins);
  }
  all(): readonly PinRecord[] {
    return allPins(this.state);
  }
  add(map: Point, z: readonly number[], now: number, nonce = ""): PinRecord {
    this.state = reducePins(this.state, { kind: "added", map, z, nonce }, now);
    return this.all()[this.all().length - 1];
  }
  confirm(known: readonly PinRecord[], now: number, taken: readonly string[] = []): void {
    this.state = reducePins(this.state, { kind: "confirmed", known, taken }, now);
  }
  expire(now: number): boolean {
    const before = this.state;
    this.state = reducePins(before, { kind: "waited" }, now);
    return this.state !== before;
  }
  clear(): void {
    this.state = reducePins(this.state, { kind: "map changed" }, 0);
  }
}

const labels = (shown: Shown): string =>
  shown
    .all()
    .map((pin) => pin.label)
    .join("");

describe("pins", () => {
  test("show at once, and once only when the host has them", () => {
    const shown = new Shown(true);
    expect(shown.add([1, 2], [1, 2], 0).label).toBe("A");
    shown.confirm([], 100); // an update that was on its way already
    expect(labels(shown)).toBe("A");
    shown.confirm([{ label: "A", map: [1, 2 + 1e-9], z: [1, 2] }], 200);
    expect(labels(shown)).toBe("A");
    expect(shown.add([3, 3], [3, 3], 300).label).toBe("B");
  });
  test("are recognised by their codes, which the host computes and rounds itself, and differ where the codes do", () => {
    const shown = new Shown(true);
    shown.add([7.01, 3], [0.123456789, -2.000049], 0);
    shown.add([7.1, 3], [0.2, -2], 0);
    shown.confirm([{ label: "A", map: [7.2, 3.3], z: [0.1235, -2] }], 50);
    expect(shown.all().map((pin) => pin.z[0])).toEqual([0.1235, 0.2]);
  });
  test("a host that hears of a pin and does not keep it has refused it", () => {
    const shown = new Shown(true);
    shown.add([1, 2], [1, 2], 0);
    shown.confirm([], PENDING_MS + 1);
    expect(labels(shown)).toBe("");
  });
  test("a refused pin goes even if the host says nothing more", () => {
    const shown = new Shown(true);
    shown.add([1, 2], [1, 2], 0);
    expect(shown.expire(PENDING_MS - 1)).toBe(false);
    expect(shown.expire(PENDING_MS + 1)).toBe(true);
    expect(labels(shown)).toBe("");
  });
  test("at most as many as the host keeps, lettered as the host does", () => {
    const shown = new Shown(true);
    for (let i = 0; i < MAX_PINS + 3; i++) shown.add([i, 0], [i, 0], 0);
    expect(labels(shown)).toBe("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    expect(shown.all()[0].z[0]).toBe(0); // none makes room for another
  });
  test("an event that the host has counted is over, whether its pin was kept or not", () => {
    const shown = new Shown(true);
    for (let i = 0; i < 15; i++) shown.add([i, 0], [i, 0], 0, `n${i}`);
    const kept = Array.from({ length: 12 }, (_, i) => ({
      label: "ABCDEFGHIJKL"[i],
      map: [i + 3, 0] as [number, number],
      z: [i + 3, 0],
    }));
    shown.confirm(
      kept,
      10,
      Array.from({ length: 15 }, (_, i) => `n${i}`),
    );
    expect(shown.all().map((pin) => pin.z[0])).toEqual(kept.map((pin) => pin.z[0]));
  });
  test("without a host that listens they stay", () => {
    const shown = new Shown(false);
    shown.add([1, 2], [1, 2], 0);
    shown.confirm([], 1e9);
    expect(labels(shown)).toBe("A");
  });
  test("another map has none of the old places", () => {
    const shown = new Shown(false);
    shown.add([1, 2], [1, 2], 0);
    shown.clear();
    expect(labels(shown)).toBe("");
  });
});

describe("pins that a page keeps itself", () => {
  const pin = (x: number): KeptPin => ({ z: [x, 0], on: "", place: null, name: "" });
  const three: KeptPins = {
    pins: [pin(1), pin(2), pin(3)],
    path: { kind: "linear", from: 0, to: 2, all: true },
    past: [],
    future: [],
  };
  const firsts = ({ pins }: KeptPins): number[] => pins.map(({ z }) => z[0]);
  test("a pin that goes takes the path with it only where it was an end", () => {
    const withoutMiddle = reduceKept(three, { kind: "drop", index: 1 });
    expect(firsts(withoutMiddle)).toEqual([1, 3]);
    expect(withoutMiddle.path).toMatchObject({ from: 0, to: 1 });
    expect(reduceKept(three, { kind: "drop", index: 0 }).path).toBeNull();
  });
  test("every step goes back and forth, and a new step forgets what was taken back", () => {
    const cleared = reduceKept(reduceKept(three, { kind: "rename", index: 0, name: "x".repeat(50) }), {
      kind: "clear",
    });
    expect(cleared.pins).toEqual([]);
    const back = reduceKept(cleared, { kind: "undo" });
    expect(back.pins[0].name).toHaveLength(40);
    expect(back.path).toEqual(three.path);
    expect(firsts(reduceKept(back, { kind: "redo" }))).toEqual([]);
    const other = reduceKept(back, { kind: "add", pin: pin(9) });
    expect(firsts(other)).toEqual([1, 2, 3, 9]);
    expect(other.future).toEqual([]);
    expect(reduceKept(other, { kind: "redo" })).toBe(other);
  });
  test("at most as many as letters: none makes room for another", () => {
    const many: KeptPins = { ...three, pins: Array.from({ length: MAX_PINS }, (_, i) => pin(i)) };
    expect(reduceKept(many, { kind: "add", pin: pin(99) })).toBe(many);
    const room = reduceKept(many, { kind: "drop", index: 0 });
    expect(firsts(reduceKept(room, { kind: "add", pin: pin(99) })).slice(-2)).toEqual([MAX_PINS - 1, 99]);
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
