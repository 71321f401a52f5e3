import { beforeEach, describe, expect, test } from "vitest";
import type { MapTool } from "../../src/kernel/map-tool";
import { lasso } from "../../src/tools/lasso";
import { pan } from "../../src/tools/pan-zoom";
import { GestureMachine, type PointerInput, Scrolling, wheelFactor } from "../../src/tools/pointer";
import { probe } from "../../src/tools/probe";
import { fakeEditor } from "./fake-editor";

let log: string[];
let machine: GestureMachine;
let tool: MapTool;
let cursor: string;

beforeEach(() => {
  log = [];
  tool = probe;
  machine = new GestureMachine(fakeEditor(log), {
    pan,
    tool: () => tool,
    hover: (left, top) => log.push(`look ${left} ${top}`),
    cursor: (name) => (cursor = name),
  });
});

/** A tool that tells what is asked of it. */
const drawn: MapTool = {
  ...lasso,
  begin: (_, left, top) => log.push(`loop start ${left} ${top}`),
  move: (_, left, top) => log.push(`loop move ${left} ${top}`),
  end: (_, left, top) => log.push(`loop end ${left} ${top}`),
  cancel: () => log.push("loop cancel"),
};

function at(left: number, top: number, more: Partial<PointerInput> = {}): PointerInput {
  return { id: 1, left, top, button: 0, shift: false, isTouch: false, ...more };
}

describe("drawing a loop", () => {
  test("a drag is its corners, and pins nothing", () => {
    tool = drawn;
    machine.down(at(10, 10));
    machine.move(at(30, 10));
    machine.move(at(30, 30));
    machine.up(at(30, 30));
    expect(log).toEqual(["loop start 10 10", "loop move 30 10", "loop move 30 30", "loop end 30 30"]);
  });
  test("a click in this mode does not pin; Shift still pans", () => {
    tool = drawn;
    machine.down(at(10, 10));
    machine.up(at(10, 10));
    expect(log).toEqual(["loop start 10 10", "loop end 10 10"]);
    log.length = 0;
    machine.down(at(10, 10, { shift: true }));
    machine.move(at(20, 10, { shift: true }));
    expect(log).toEqual(["pan 10 0"]);
  });
});

describe("mouse", () => {
  test("moving looks, without any button", () => {
    machine.move(at(5, 6));
    expect(log).toEqual(["look 5 6"]);
  });
  test("a click pins where it began", () => {
    machine.down(at(10, 10));
    machine.move(at(12, 12));
    machine.up(at(12, 12));
    expect(log.at(-1)).toBe("pin 10 10");
  });
  test("more than four pixels is a drag: it looks along the way and pins nothing", () => {
    machine.down(at(10, 10));
    machine.move(at(15, 10));
    machine.move(at(10, 10));
    machine.up(at(10, 10));
    expect(log).toEqual(["look 10 10", "look 15 10", "look 10 10"]);
  });
  test.each([{ shift: true }, { button: 1 }, { button: 2 }])("pans with %o", (more) => {
    machine.down(at(10, 10, more));
    machine.move(at(30, 5, more));
    machine.up(at(30, 5, more));
    expect(log).toEqual(["pan 20 -5"]);
  });
  test("pans while Space is held, and with the toolbar's switch", () => {
    machine.holdSpace(true);
    machine.down(at(0, 0));
    machine.move(at(9, 0));
    machine.up(at(9, 0));
    machine.holdSpace(false);
    tool = pan;
    machine.down(at(0, 0));
    machine.move(at(0, 9));
    machine.up(at(0, 9));
    expect(log).toEqual(["pan 9 0", "pan 0 9"]);
  });
  test("with the switch on, a click still pins", () => {
    tool = pan;
    machine.down(at(4, 4));
    machine.up(at(4, 4));
    expect(log).toEqual(["pin 4 4"]);
  });
  test("a right click pins nothing", () => {
    machine.down(at(4, 4, { button: 2 }));
    machine.up(at(4, 4, { button: 2 }));
    expect(log).toEqual([]);
  });
});

describe("touch", () => {
  const one = { isTouch: true, id: 1 };
  const two = { isTouch: true, id: 2 };
  test("one finger looks, a tap pins", () => {
    machine.down(at(50, 50, one));
    machine.move(at(56, 50, one)); // trembling
    machine.up(at(56, 50, one));
    expect(log).toEqual(["look 50 50", "look 56 50", "pin 50 50"]);
  });
  test("a finger that hovers does nothing", () => {
    machine.move(at(50, 50, one));
    expect(log).toEqual([]);
  });
  test("two fingers pinch around their middle and pin nothing", () => {
    machine.down(at(100, 100, one));
    machine.down(at(200, 100, two));
    log.length = 0;
    machine.move(at(300, 100, two)); // the distance doubles, the middle moves by 50
    machine.up(at(300, 100, two));
    machine.move(at(0, 0, one)); // the finger that stays must not make the map jump
    machine.up(at(0, 0, one));
    expect(log).toEqual(["pan 50 0", "zoom 2.00 200 100"]);
  });
  test("after a cancelled touch everything works again", () => {
    machine.down(at(100, 100, one));
    machine.cancel(1);
    machine.down(at(5, 5, two));
    machine.up(at(5, 5, two));
    expect(log.at(-1)).toBe("pin 5 5");
  });
});

describe("what the pointer looks like", () => {
  test("usual over the map, panning while the map moves", () => {
    machine.showCursor();
    expect(cursor).toBe("");
    machine.down(at(0, 0, { shift: true }));
    expect(cursor).toBe("panning");
    machine.up(at(0, 0, { shift: true }));
    expect(cursor).toBe("");
  });
  test("it tells that a drag would pan", () => {
    machine.holdSpace(true);
    expect(cursor).toBe("pan");
    machine.holdSpace(false);
    expect(cursor).toBe("");
    tool = pan;
    machine.showCursor();
    expect(cursor).toBe("pan");
  });
});

test("a second finger ends the first one's drag: it pinches now", () => {
  tool = drawn;
  machine.down(at(10, 10, { isTouch: true }));
  machine.down(at(90, 10, { isTouch: true, id: 2 }));
  expect(log).toEqual(["loop start 10 10", "loop cancel"]);
});

test("wheel: up zooms in, down out by the same; a notch is modest; lines count as lines", () => {
  expect(wheelFactor(-100, 0, false)).toBeGreaterThan(1);
  expect(wheelFactor(-100, 0, false) * wheelFactor(100, 0, false)).toBeCloseTo(1, 12);
  expect(wheelFactor(-100, 0, false)).toBeLessThan(1.5);
  expect(wheelFactor(-3, 1, false)).toBeCloseTo(wheelFactor(-99, 0, false), 12);
  expect(wheelFactor(-1e6, 0, false)).toBeLessThan(2);
});

describe("a wheel over the map", () => {
  test("scrolls on while the page is being scrolled, and zooms for a pointer at rest", () => {
    const scrolling = new Scrolling();
    expect(scrolling.goesOn(1000)).toBe(false);
    scrolling.scrolled(1000);
    expect(scrolling.goesOn(1100)).toBe(true);
    scrolling.scrolled(1100); // what it scrolled
    expect(scrolling.goesOn(1400)).toBe(true);
    expect(scrolling.goesOn(2000)).toBe(false);
  });
  test("zooms at once when the hand has moved over the map since", () => {
    const scrolling = new Scrolling();
    scrolling.scrolled(1000);
    scrolling.rested(1050); // the page moves under a pointer at rest
    expect(scrolling.goesOn(1100)).toBe(true);
    scrolling.rested(1200);
    expect(scrolling.goesOn(1210)).toBe(false);
  });
});
