/** Which key means what? The map can be used without a mouse. */

export type KeyIntent =
  | { readonly kind: "move"; readonly dx: number; readonly dy: number }
  | { readonly kind: "zoom"; readonly factor: number }
  | {
      readonly kind:
        | "pin"
        | "reset"
        | "manifold"
        | "rings"
        | "shapes"
        | "neighbours"
        | "layers"
        | "hole"
        | "select"
        | "box"
        | "pan"
        | "play"
        | "help"
        | "escape"
        | "home"
        | "undo"
        | "redo"
        | "draw"
        | "wander";
    };

/** Shares of the visible width. */
const STEP = 1 / 50;
const BIG = 5;

const ARROWS: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

const PLAIN: Readonly<Record<string, KeyIntent>> = {
  Enter: { kind: "pin" },
  "0": { kind: "reset" },
  "+": { kind: "zoom", factor: 1.25 },
  "=": { kind: "zoom", factor: 1.25 },
  "-": { kind: "zoom", factor: 0.8 },
  _: { kind: "zoom", factor: 0.8 },
  m: { kind: "manifold" },
  r: { kind: "rings" },
  s: { kind: "shapes" },
  n: { kind: "neighbours" },
  l: { kind: "layers" },
  h: { kind: "hole" },
  x: { kind: "select" },
  b: { kind: "box" },
  v: { kind: "pan" },
  p: { kind: "play" },
  d: { kind: "draw" },
  w: { kind: "wander" },
  "?": { kind: "help" },
  Escape: { kind: "escape" },
};

export interface KeyInput {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Null for keys that belong to the page or the browser. */
export function keyIntent({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyInput): KeyIntent | null {
  if (ctrlKey || metaKey || altKey) return null;
  const arrow = ARROWS[key];
  if (arrow) {
    const step = STEP * (shiftKey ? BIG : 1);
    return { kind: "move", dx: arrow[0] * step, dy: arrow[1] * step };
  }
  return PLAIN[key.length === 1 ? key.toLowerCase() : key] ?? null;
}

/** For the help panel. */
export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["Arrows", "move the probe; with Shift five times as far"],
  ["Enter", "pin the code"],
  ["+  −", "zoom in, zoom out"],
  ["0", "show everything"],
  ["m", "decoded manifold as background"],
  ["r", "prior rings at 1, 2, 3 σ"],
  ["s", "a marker shape for each class"],
  ["l", "layers, colours, search"],
  ["n", "lines to the nearest codes in latent space"],
  ["h", "show me a hole: the next region where the prior has mass and no code is near"],
  ["p", "play or pause the path"],
  ["w", "start or stop a random walk under the prior"],
  ["d", "in Interpolate: drag draws a path; without a mouse: add stops above the map"],
  ["Ctrl+Z", "undo what was done to the pins; with Shift redo"],
  ["x  b", "drag draws a loop, or a box, that selects points; without a mouse: Select points, under Layers"],
  ["v", "drag moves the map instead of the probe"],
  ["Shift- or Space-drag", "move the map"],
  ["Wheel, pinch", "zoom"],
];
