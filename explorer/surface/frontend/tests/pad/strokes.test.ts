import { describe, expect, test } from "vitest";
import { type Dot, layoutOf, paintStrokes, Sketch, type Stroke } from "../../src/pad/strokes";
import type { PictureProtocol } from "../../src/wire/schema";

const MNIST: PictureProtocol = {
  way: "handwriting",
  box: [20 / 28, 20 / 28],
  by_mass: true,
  is_bitmap: false,
  thin: 1.2 / 28,
  usual: 2 / 28,
  pen: 2.4 / 28,
  switches: [],
  ground: null,
  fit: "crop",
};
const PHOTOGRAPH: PictureProtocol = { ...MNIST, way: "photograph", box: null };

function line(...dots: Dot[]): Stroke {
  return { tool: "pen", width: 2.4, dots };
}

const L_SHAPE = [line([3, 2], [3, 9], [7, 9])];

/** Where the ink of a layout lies on its picture: the lines' ends and half a pen around. */
function inkOf(
  strokes: readonly Stroke[],
  protocol: PictureProtocol,
): { wide: number; high: number; pen: number; middle: readonly [number, number] } {
  const { left, top, scale, pen } = layoutOf(strokes, protocol, 28, 28, true);
  const xs = strokes.flatMap(({ dots }) => dots.map(([x]) => left + scale * x)),
    ys = strokes.flatMap(({ dots }) => dots.map(([, y]) => top + scale * y));
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const thick = pen * strokes[0].width;
  return { wide: x1 - x0 + thick, high: y1 - y0 + thick, pen, middle: [(x0 + x1) / 2, (y0 + y1) / 2] };
}

describe("a drawing brought to size", () => {
  test("has 20 of 28 pixels for its longer side and the pen of the data set, wherever and however large it was drawn", () => {
    const elsewhere = [line(...L_SHAPE[0].dots.map(([x, y]): Dot => [10 + 1.7 * x, 5 + 1.7 * y]))];
    for (const strokes of [L_SHAPE, elsewhere]) {
      const { wide, high, pen, middle } = inkOf(strokes, MNIST);
      expect(Math.max(wide, high) / pen).toBeCloseTo(20, 9); // in pixels of the model
      expect(middle[0]).toBeCloseTo(64, 9);
      expect(middle[1]).toBeCloseTo(64, 9);
    }
  });
  test("leaves paper on all sides, also where the data set's ink fills the frame", () => {
    const digits: PictureProtocol = { ...MNIST, box: [1, 6 / 8] };
    const { high } = inkOf([line([2, 1], [2, 7])], digits);
    expect(high).toBeLessThanOrEqual((128 * 5) / 7 + 1e-9);
  });
  test("that is a dot is not enlarged without end", () => {
    const { scale, pen } = layoutOf([line([4, 4])], MNIST, 28, 28, true);
    expect(scale / pen).toBeCloseTo(6, 12);
  });
  test("stays where it is where the data set says nothing, or where that is not wanted", () => {
    for (const layout of [layoutOf(L_SHAPE, PHOTOGRAPH, 28, 28, true), layoutOf(L_SHAPE, MNIST, 28, 28, false)])
      expect(layout).toEqual({ height: 128, width: 128, scale: 128 / 28, left: 0, top: 0, pen: 128 / 28 });
  });
  test("is never smaller than the model's images", () => {
    expect(layoutOf(L_SHAPE, PHOTOGRAPH, 256, 128, true)).toMatchObject({ height: 256, width: 128, scale: 1 });
  });
  test("is measured by what a pen did: an eraser far away does not move it", () => {
    const eraser: Stroke = { tool: "eraser", width: 6, dots: [[27, 27]] };
    expect(layoutOf([...L_SHAPE, eraser], MNIST, 28, 28, true)).toEqual(layoutOf(L_SHAPE, MNIST, 28, 28, true));
  });
});

describe("painting", () => {
  test("a pen leaves light and an eraser black, an eraser as wide as it looked", () => {
    const said: [string, number][] = [];
    const context = new Proxy({} as Record<string, unknown>, {
      get: (own, name: string) =>
        name === "stroke"
          ? () => said.push([own.strokeStyle as string, own.lineWidth as number])
          : (own[name] ?? (() => undefined)),
      set: (own, name: string, value) => Reflect.set(own, name, value),
    });
    const eraser: Stroke = { tool: "eraser", width: 6, dots: [[5, 5]] };
    paintStrokes(context as unknown as CanvasRenderingContext2D, [...L_SHAPE, eraser], {
      height: 168,
      width: 168,
      scale: 12,
      left: 0,
      top: 0,
      pen: 6,
    });
    expect(said).toEqual([
      ["#fff", 2.4 * 6],
      ["#000", 6 * 12],
    ]);
  });
});

describe("a sketch", () => {
  function drawn(): Sketch {
    const sketch = new Sketch();
    sketch.begin("pen", 2, [1, 1]);
    sketch.extend([
      [2, 2],
      [3, 3],
    ]);
    sketch.begin("eraser", 5, [2, 2]);
    return sketch;
  }
  test("takes strokes back and does them again, in order", () => {
    const sketch = drawn(),
      whole = sketch.strokes;
    expect(sketch.undo()).toBe(true);
    expect(sketch.strokes).toEqual([
      {
        tool: "pen",
        width: 2,
        dots: [
          [1, 1],
          [2, 2],
          [3, 3],
        ],
      },
    ]);
    expect(sketch.undo()).toBe(true);
    expect(sketch.strokes).toEqual([]);
    expect(sketch.undo()).toBe(false);
    expect(sketch.redo()).toBe(true);
    expect(sketch.redo()).toBe(true);
    expect(sketch.redo()).toBe(false);
    expect(sketch.strokes).toEqual(whole);
  });
  test("wiped comes back", () => {
    const sketch = drawn(),
      whole = sketch.strokes;
    sketch.clear();
    expect(sketch.isEmpty).toBe(true);
    sketch.undo();
    expect(sketch.strokes).toEqual(whole);
  });
  test("forgets what was taken back once something else is drawn", () => {
    const sketch = drawn();
    sketch.undo();
    sketch.begin("pen", 2, [9, 9]);
    expect(sketch.canRedo).toBe(false);
    expect(sketch.strokes).toHaveLength(2);
  });
  test("of an eraser alone is empty, and wiping nothing is no step", () => {
    const sketch = new Sketch();
    sketch.clear();
    expect(sketch.canUndo).toBe(false);
    sketch.begin("eraser", 5, [1, 1]);
    expect(sketch.isEmpty).toBe(true);
  });
});
