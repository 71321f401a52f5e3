/**
 * Which colour and which marker does a class get?
 *
 * Ten hues in two lightness ranges. They were found by annealing hue, chroma and lightness in OKLCh for the largest smallest
 * distance between any two, as seen with normal, protan, deutan and tritan vision (Machado 2009), under the condition of 3:1
 * contrast with a white or a near-black map. The eleventh class takes the first colour again with the second marker.
 */

import { parseColour, type Rgb } from "./colour";

const LIGHT = [
  "#5169ed",
  "#f2641b",
  "#127230",
  "#d01849",
  "#7f06a7",
  "#a28e66",
  "#b142b1",
  "#6d7077",
  "#534705",
  "#20a0a4",
];
const DARK = [
  "#6e86fe",
  "#fc9918",
  "#4ece75",
  "#fb4c04",
  "#cd92e4",
  "#a1906f",
  "#e14fbc",
  "#bfbfbf",
  "#bcf284",
  "#49e1fe",
];
const NEUTRAL = { light: "#5f6b7a", dark: "#9aa7b8" } as const;

/** A marker: polygons around the unit circle, y downwards, filled by the even-odd rule. */
export interface Shape {
  readonly name: string;
  readonly polygons: readonly (readonly (readonly [number, number])[])[];
}

function regular(corners: number, radius: number, turn = 0): [number, number][] {
  return Array.from({ length: corners }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / corners;
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
}

function star(points: number, outer: number, inner: number, turn = 0): [number, number][] {
  return Array.from({ length: 2 * points }, (_, i) => {
    const angle = turn + (Math.PI * i) / points;
    const radius = i % 2 ? inner : outer;
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
}

function plus(reach: number, half: number, turn = 0): [number, number][] {
  const corners = [
    [-half, -reach],
    [half, -reach],
    [half, -half],
    [reach, -half],
    [reach, half],
    [half, half],
    [half, reach],
    [-half, reach],
    [-half, half],
    [-reach, half],
    [-reach, -half],
    [-half, -half],
  ];
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  return corners.map(([x, y]) => [x * cos - y * sin, x * sin + y * cos]);
}

/** Sizes are chosen so that all markers carry about the same ink. */
export const SHAPES: readonly Shape[] = [
  { name: "disc", polygons: [regular(24, 0.86)] },
  { name: "square", polygons: [regular(4, 1.05, Math.PI / 4)] },
  { name: "triangle", polygons: [regular(3, 1.25)] },
  { name: "diamond", polygons: [regular(4, 1.08)] },
  { name: "plus", polygons: [plus(1.02, 0.36)] },
  { name: "star", polygons: [star(5, 1.25, 0.56)] },
  { name: "down triangle", polygons: [regular(3, 1.25, Math.PI)] },
  { name: "ring", polygons: [regular(24, 1.02), regular(24, 0.52)] },
  { name: "cross", polygons: [plus(1.02, 0.36, Math.PI / 4)] },
  {
    name: "bar",
    polygons: [
      [
        [-1.1, -0.48],
        [1.1, -0.48],
        [1.1, 0.48],
        [-1.1, 0.48],
      ],
    ],
  },
];

/** SVG path of a marker, within a box of −1.3 … 1.3. */
export function shapePath(shape: Shape): string {
  const polygon = (corners: readonly (readonly [number, number])[]): string =>
    `M${corners.map(([x, y]) => `${x.toFixed(3)} ${y.toFixed(3)}`).join("L")}Z`;
  return shape.polygons.map(polygon).join("");
}

export function classColour(label: number, isDark: boolean): string {
  if (label < 0) return isDark ? NEUTRAL.dark : NEUTRAL.light;
  const colours = isDark ? DARK : LIGHT;
  return colours[label % colours.length];
}

export function classRgb(label: number, isDark: boolean): Rgb {
  return parseColour(classColour(label, isDark)) as Rgb;
}

/** With shapes on, neighbours in number differ in marker too; off, the marker changes only where colours start over. */
export function classShape(label: number, withShapes: boolean): Shape {
  if (label < 0) return SHAPES[0];
  const round = Math.floor(label / LIGHT.length);
  return SHAPES[(withShapes ? label + round : round) % SHAPES.length];
}
