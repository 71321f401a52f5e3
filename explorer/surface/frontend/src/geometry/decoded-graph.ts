/**
 * On which graph of codes is a short path looked for? The twin of `trainer.latent.decoded_graphs`: nodes are codes, an edge is as long as the
 * pictures of its ends differ.
 */

import { type Decode, distance, type InParts, type Path, pictures } from "./decoded-length";

/** Nodes a side of a lattice: the smoothing moves the path off the nodes. */
const LATTICE_SIZE = 48;
/** Of the codes' width, around them. */
const MARGIN = 0.1;
const MAX_NODES = 2000;
/** All pictures of a graph at once: 80 MB. */
const MOST_NUMBERS = 20_000_000;
const NEIGHBOURS = 12;
/** Of which neighbours are looked for, and edges that are measured, before a page may draw. */
const NODES_AT_ONCE = 32;
const EDGES_AT_ONCE = 256;
/** Nodes that an end is tied to. */
const JOINED = 4;
/** Grey levels per unit of z added to an edge, so that the way through a constant decoder is straight. */
const FLAT = 1e-6;
const MOVES = [
  [1, 0],
  [0, 1],
  [1, 1],
  [1, -1],
  [1, 2],
  [2, 1],
  [1, -2],
  [2, -1],
] as const;

export interface DecodedGraph {
  readonly codes: Path;
  /** Of each node the others that it is joined to, and how long the edges are. */
  readonly edges: readonly (readonly Edge[])[];
}

interface Edge {
  readonly to: number;
  readonly cost: number;
}

type Pair = readonly [number, number];

/** The graphs that suit real codes (N·K): themselves, and in two dimensions a lattice over their plane too. */
export function* decodedGraphs(mu: Float32Array, K: number, decode: Decode, nPixels: number): InParts<DecodedGraph[]> {
  const most = Math.min(MAX_NODES, Math.floor(MOST_NUMBERS / nPixels));
  const codes = thinned(mu, K, most);
  const own = yield* graphOf(codes, yield* neighbourPairs(codes), decode);
  if (K !== 2 || LATTICE_SIZE ** 2 > MOST_NUMBERS / nPixels) return [own];
  return [yield* graphOf(latticeCodes(mu), latticePairs(), decode), own];
}

/** Evenly thinned. */
function thinned(mu: Float32Array, K: number, most: number): Path {
  const n = mu.length / K;
  const kept = Math.min(n, most);
  return Array.from({ length: kept }, (_, i) => {
    const at = Math.round(kept > 1 ? (i * (n - 1)) / (kept - 1) : 0);
    return Array.from(mu.subarray(at * K, (at + 1) * K));
  });
}

function* neighbourPairs(codes: Path): InParts<Pair[]> {
  const found = new Map<number, Pair>();
  for (let i = 0; i < codes.length; i++) {
    for (const j of nearest(codes[i], codes, NEIGHBOURS + 1)) {
      const [low, high] = [Math.min(i, j), Math.max(i, j)];
      if (low !== high) found.set(low * codes.length + high, [low, high]);
    }
    if (i % NODES_AT_ONCE === 0) yield;
  }
  return [...found.values()];
}

/** The plane over all codes, and a margin around it. */
function latticeCodes(mu: Float32Array): Path {
  const [xs, ys] = [0, 1].map((axis) => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = axis; i < mu.length; i += 2) [low, high] = [Math.min(low, mu[i]), Math.max(high, mu[i])];
    const pad = Math.max(MARGIN * (high - low), 1e-3);
    const step = (high - low + 2 * pad) / (LATTICE_SIZE - 1);
    return Array.from({ length: LATTICE_SIZE }, (_, i) => low - pad + i * step);
  });
  return ys.flatMap((y) => xs.map((x) => [x, y]));
}

/** Straight, diagonal and knight's moves: the way along them is up to 2.8 % too long, which smoothing removes. */
function latticePairs(): Pair[] {
  const n = LATTICE_SIZE;
  const pairs: Pair[] = [];
  for (let node = 0; node < n * n; node++) {
    const [column, row] = [node % n, Math.floor(node / n)];
    for (const [right, up] of MOVES)
      if (column + right < n && row + up >= 0 && row + up < n) pairs.push([node, node + up * n + right]);
  }
  return pairs;
}

function* graphOf(codes: Path, pairs: readonly Pair[], decode: Decode): InParts<DecodedGraph> {
  const x = yield* pictures(codes, decode);
  const P = x.length / codes.length;
  const edges: Edge[][] = codes.map(() => []);
  for (let pair = 0; pair < pairs.length; pair++) {
    if (pair % EDGES_AT_ONCE === 0) yield;
    const [i, j] = pairs[pair];
    const cost = distance(x, i * P, x, j * P, P) + FLAT * Math.sqrt(squared(codes[i], codes[j]));
    edges[i].push({ to: j, cost });
    edges[j].push({ to: i, cost });
  }
  return { codes, edges };
}

/** Codes from a to b by way of the graph's nodes (Dijkstra 1959); null where the graph has no way. */
export function* shortestPath(
  a: readonly number[],
  b: readonly number[],
  { codes, edges }: DecodedGraph,
  decode: Decode,
): InParts<Path | null> {
  const [start, end] = [yield* tied(a, codes, decode), yield* tied(b, codes, decode)];
  const lengths = new Float64Array(codes.length).fill(Infinity);
  const before = new Int32Array(codes.length).fill(-1);
  for (const { to, cost } of start) lengths[to] = cost;
  settle(lengths, before, edges);
  const last = end.reduce((one, other) =>
    lengths[one.to] + one.cost <= lengths[other.to] + other.cost ? one : other,
  ).to;
  if (!Number.isFinite(lengths[last])) return null;
  const nodes: number[] = [];
  for (let node = last; node >= 0; node = before[node]) nodes.unshift(node);
  return [a, ...nodes.map((node) => codes[node]), b];
}

/** The nodes that an end is tied to. */
function* tied(end: readonly number[], codes: Path, decode: Decode): InParts<Edge[]> {
  const near = nearest(end, codes, JOINED);
  const x = yield* pictures([end, ...near.map((node) => codes[node])], decode);
  const P = x.length / (near.length + 1);
  return near.map((to, i) => ({
    to,
    cost: distance(x, 0, x, (i + 1) * P, P) + FLAT * Math.sqrt(squared(end, codes[to])),
  }));
}

/** From the lengths of a few nodes on to those of all; two thousand nodes need no queue. */
function settle(lengths: Float64Array, before: Int32Array, edges: DecodedGraph["edges"]): void {
  const isSettled = new Uint8Array(lengths.length);
  for (;;) {
    let node = -1;
    for (let i = 0; i < lengths.length; i++)
      if (!isSettled[i] && lengths[i] < (node < 0 ? Infinity : lengths[node])) node = i;
    if (node < 0) return;
    isSettled[node] = 1;
    for (const { to, cost } of edges[node]) {
      if (lengths[node] + cost >= lengths[to]) continue;
      lengths[to] = lengths[node] + cost;
      before[to] = node;
    }
  }
}

/** Numbers of the n codes nearest to a code, nearest first. */
function nearest(code: readonly number[], codes: Path, n: number): number[] {
  const best: { readonly i: number; readonly far: number }[] = [];
  codes.forEach((other, i) => {
    const far = squared(code, other);
    if (best.length === n && far >= best[n - 1].far) return;
    let place = best.length;
    while (place > 0 && best[place - 1].far > far) place--;
    best.splice(place, 0, { i, far });
    if (best.length > n) best.pop();
  });
  return best.map(({ i }) => i);
}

function squared(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] - b[k]) ** 2;
  return sum;
}
