/** Which points did a loop catch, and what are they together? */

import type { Extent, Point } from "../wire/schema";
import type { RunOnMap } from "./run-on-map";

export interface GroupFacts {
  readonly indices: readonly number[];
  /** Share of every slot (class, last: none) among them. */
  readonly shares: readonly { readonly slot: number; readonly share: number }[];
  /** Nats; null where codes are points. */
  readonly meanKl: number | null;
  /** Mean of the codes (K,). */
  readonly meanZ: readonly number[];
  /** Mean of the pictures (C·H·W,) in [0, 1]; null where the data set is not here. */
  readonly meanImage: Float32Array | null;
}

/** Even-odd: whether a place lies in a closed loop of corners. */
export function insideLoop(loop: readonly Point[], x: number, y: number): boolean {
  let isInside = false;
  for (let i = 0, j = loop.length - 1; i < loop.length; j = i++) {
    const [xi, yi] = loop[i];
    const [xj, yj] = loop[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) isInside = !isInside;
  }
  return isInside;
}

/** The points whose class is shown inside the loop. */
export function caught(scene: RunOnMap, loop: readonly Point[], shown: Uint8Array): number[] {
  if (loop.length < 3) return [];
  const found: number[] = [];
  const [xs, ys] = [loop.map(([x]) => x), loop.map(([, y]) => y)];
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  for (let i = 0; i < scene.nPoints; i++) {
    const [x, y] = scene.place(i);
    if (!shown[scene.slots[i]] || x < x0 || x > x1 || y < y0 || y > y1) continue;
    if (insideLoop(loop, x, y)) found.push(i);
  }
  return found;
}

/** Points named instead of drawn around. */
export type Choice =
  | { readonly kind: "near"; readonly n: number }
  | { readonly kind: "view" | "shown" }
  | { readonly kind: "class"; readonly slot: number };

/** The shown points that are meant; a class that is asked for by name counts though it is hidden. `z` is the probe's, `view` what is seen. */
export function named(
  scene: RunOnMap,
  choice: Choice,
  shown: Uint8Array,
  z: ArrayLike<number>,
  view: Extent,
): number[] {
  const isShown = (i: number): boolean => shown[scene.slots[i]] === 1;
  if (choice.kind === "near") return scene.codes.find(z, choice.n, isShown).map(({ index }) => index);
  if (choice.kind === "view") return scene.inside(view, Infinity, shown) ?? [];
  const accepts = choice.kind === "class" ? (i: number) => scene.slots[i] === choice.slot : isShown;
  const found: number[] = [];
  for (let i = 0; i < scene.nPoints; i++) if (accepts(i)) found.push(i);
  return found;
}

export function factsOf(scene: RunOnMap, indices: readonly number[]): GroupFacts {
  const K = scene.space.latentDim;
  const counts = new Map<number, number>();
  const sum = new Float64Array(K);
  for (const i of indices) {
    counts.set(scene.slots[i], (counts.get(scene.slots[i]) ?? 0) + 1);
    const mu = scene.muOf(i);
    for (let k = 0; k < K; k++) sum[k] += mu[k];
  }
  const kl = scene.quantities.find(({ id }) => id === "kl")?.values;
  const n = Math.max(1, indices.length);
  return {
    indices,
    shares: [...counts]
      .map(([slot, count]) => ({ slot, share: count / n }))
      .sort((a, b) => b.share - a.share || a.slot - b.slot),
    meanKl: kl ? indices.reduce((total, i) => total + kl[i], 0) / n : null,
    meanZ: Array.from(sum, (value) => value / n),
    meanImage: scene.originals ? meanImage(scene, indices) : null,
  };
}

function meanImage(scene: RunOnMap, indices: readonly number[]): Float32Array {
  const size = scene.originalOffset(1);
  const sum = new Float32Array(size);
  const all = scene.originals as Uint8Array;
  for (const i of indices) {
    const from = scene.originalOffset(i);
    for (let p = 0; p < size; p++) sum[p] += all[from + p];
  }
  return sum.map((value) => value / (255 * Math.max(1, indices.length)));
}

/** From the second group's mean code to the first's: "A without B" (K,). */
export function direction(a: GroupFacts, b: GroupFacts): number[] {
  return a.meanZ.map((value, k) => value - b.meanZ[k]);
}

/** One row a point: number, class, code, and what is known of it. */
export function selectionCsv(scene: RunOnMap, indices: readonly number[]): string {
  const K = scene.space.latentDim;
  const quantities = scene.quantities;
  const head = [
    "image",
    "class",
    ...Array.from({ length: K }, (_, k) => `z${k + 1}`),
    ...quantities.map(({ name }) => name),
  ];
  const rows = indices.map((i) => [
    scene.numberOf(i),
    scene.className(scene.labels[i]) ?? "",
    ...scene.muOf(i),
    ...quantities.map(({ values }) => values[i]),
  ]);
  return `${[head, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

/** Quoted where it must be; a text that a spreadsheet would run as a formula is made plain text. */
function csvCell(value: unknown): string {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
