/**
 * Which arithmetic does the page have? WebAssembly with relaxed SIMD where the browser has it, else with SIMD, else plain TypeScript.
 *
 * Addresses are bytes in the arena's memory, sizes and strides count numbers (float32). Every tensor begins at a multiple of 16 bytes and has
 * room for three numbers beyond its last: kernels work on four at a time.
 */

import type { ActivationKind } from "../wire/schema";
import { unpack } from "../wire/unpack";
import { MODULES, SIMD_BYTES } from "./modules";

/** Activations that kernels know, by number. */
export const KERNEL_ACTIVATIONS = [
  "relu",
  "leaky-relu",
  "elu",
  "tanh",
  "sigmoid",
  "silu",
  "gelu",
  "gelu-erf",
  "softplus",
  "mish",
  "exp",
] as const satisfies readonly ActivationKind[];

/** In a table of places: no place, the number is 0. */
export const NOWHERE = 0xffffffff;
/** Numbers of the room that products need to lay out a block, a slab, a tile and a list of lines for each of 32 panels and the slab. */
export const PANEL = (256 + 6) * 256 + 6 * 8 + (32 + 1) * (4 + 256 / 4);

export interface Kernels {
  /** C (M × N) = A (M × K) · B (K × N), or C += A·B where `adds` is not 0; every matrix with strides of its own, C's columns contiguous. */
  product(
    M: number,
    N: number,
    K: number,
    a: number,
    aRow: number,
    aColumn: number,
    b: number,
    bRow: number,
    bColumn: number,
    c: number,
    cRow: number,
    adds: number,
    panel: number,
  ): void;
  /** C (M × N) += A (M × K) · patches, where number k of patch n lies at picture + taps[k] + places[n]. */
  convolve(
    M: number,
    N: number,
    K: number,
    a: number,
    picture: number,
    taps: number,
    places: number,
    c: number,
    panel: number,
  ): void;
  /** The patches (K × N) written out. */
  patches(N: number, K: number, picture: number, taps: number, places: number, to: number): void;
  /** The transpose of `patches`: adds every number to where it was taken from. */
  unpatch(N: number, K: number, from: number, taps: number, places: number, picture: number): void;
  /** Planes (H × W) into planes (toH × toW) with a margin, which stays as it is. */
  frame(
    planes: number,
    H: number,
    W: number,
    from: number,
    to: number,
    top: number,
    left: number,
    toH: number,
    toW: number,
  ): void;
  /** Planes (H × W) out of planes with a margin. */
  unframe(
    planes: number,
    H: number,
    W: number,
    from: number,
    to: number,
    top: number,
    left: number,
    fromH: number,
    fromW: number,
  ): void;
  /** y[places[n]] = x[n] for `rows` rows of N of x; `stride` numbers between two rows of y. */
  scatter(rows: number, N: number, from: number, places: number, to: number, stride: number): void;
  /** x[n] = y[places[n]], 0 for NOWHERE; `stride` numbers between two rows of y. */
  collect(rows: number, N: number, from: number, places: number, to: number, stride: number): void;
  /** The transpose of `collect`: y[places[n]] += x[n]. */
  spread(rows: number, N: number, from: number, places: number, to: number, stride: number): void;
  /** Every row of N filled with its own number of `bias`. */
  fillRows(rows: number, N: number, bias: number, to: number): void;
  /** Every row a copy of one. */
  copyRows(rows: number, N: number, row: number, to: number): void;
  /** y = f(x); `kind` by `KERNEL_ACTIVATIONS`; in place where y is x. */
  activate(kind: number, n: number, x: number, y: number, slope: number): void;
  /** dx += f′(x)·dy, x what the activation was given. */
  activateBack(kind: number, n: number, x: number, dy: number, dx: number, slope: number): void;
  /** y += by · x. */
  addScaled(n: number, by: number, x: number, y: number): void;
  /** sums[j] += Σᵢ x[i, j], x (rows × N). */
  addColumns(rows: number, N: number, x: number, sums: number): void;
  /** sums[i] += Σⱼ x[i, j], x (rows × N). */
  addRows(rows: number, N: number, x: number, sums: number): void;
  /** −log p of a Bernoulli likelihood, nats, of x in [0, 1] for logits; by·(σ(l) − x) into `gradient` where that is not 0. */
  bernoulli(n: number, logits: number, x: number, gradient: number, by: number): number;
  /** Σ (mean − x)²; by·(mean − x) into `gradient` where that is not 0. */
  squares(n: number, means: number, x: number, gradient: number, by: number): number;
  /** Bytes of pictures as numbers from 0 to 1. */
  fromBytes(n: number, bytes: number, to: number): void;
  /** One step of Adam on n numbers w, given their gradients g and both moments; `first` and `second` undo the moments' start at 0. */
  adam(
    n: number,
    w: number,
    g: number,
    m: number,
    v: number,
    rate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    first: number,
    second: number,
  ): void;
  /** Blends markers at points from … until − 1 into a picture; `scalar-raster.ts` says what a job is. Returns how many were drawn. */
  stamp(
    job: number,
    from: number,
    until: number,
    scaleX: number,
    offsetX: number,
    scaleY: number,
    offsetY: number,
  ): number;
  /** Premultiplied pixels with straight alpha; up to three beyond the last are made as well, from those beyond the last. */
  straighten(n: number, from: number, to: number): void;
}

export type Arithmetic = "relaxed" | "simd" | "scalar";

/** What was found when it was first asked for; `why` says what keeps it from being better, in a few words. */
export interface Found {
  readonly arithmetic: Arithmetic;
  readonly why: string;
  /** For an arena's memory; null for scalar arithmetic, which needs no module. */
  readonly instantiate: ((memory: WebAssembly.Memory) => Kernels) | null;
}

let found: Found | null = null;
/** Who is told when a module that is being compiled has become ready; null while none is. */
let waiting: (() => void)[] | null = null;
let compiling: Promise<void> | null = null;

/** The best that this page may use. Asked once: a page does not change its mind, but for old browsers that only compile in their own time. */
export function arithmetic(): Found {
  found ??= find();
  return found;
}

/** Calls back once where better arithmetic becomes ready after it was first asked for; keeps nothing where none will. */
export function onBetterArithmetic(run: () => void): void {
  waiting?.push(run);
}

/** Settles when it is known which arithmetic there is, whatever that is; null where that is known already. */
export function undecided(): Promise<void> | null {
  arithmetic();
  return compiling;
}

function find(): Found {
  if (typeof WebAssembly !== "object") return scalar("no WebAssembly here");
  const [simd, relaxed] = programs();
  if (!WebAssembly.validate(simd)) return scalar("WebAssembly without SIMD here");
  try {
    return compiled(new WebAssembly.Module(simd), relaxedModule(relaxed));
  } catch (error) {
    // Chrome before 115 compiles no more than 4 kB while the page waits
    if (error instanceof RangeError) compiling = compileLater(simd);
    return scalar(
      error instanceof RangeError ? "WebAssembly is being compiled" : "this page's policy forbids WebAssembly",
    );
  }
}

function scalar(why: string): Found {
  return { arithmetic: "scalar", why, instantiate: null };
}

function relaxedModule(bytes: BufferSource): WebAssembly.Module | null {
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

function compiled(simd: WebAssembly.Module, relaxed: WebAssembly.Module | null): Found {
  return {
    arithmetic: relaxed ? "relaxed" : "simd",
    why: relaxed ? "" : "no relaxed SIMD here",
    instantiate: (memory) => {
      const abort = (): void => {};
      const of = (module: WebAssembly.Module): object =>
        new WebAssembly.Instance(module, { env: { memory, abort } }).exports;
      return { ...of(simd), ...(relaxed ? of(relaxed) : {}) } as Kernels;
    },
  };
}

async function compileLater(simd: BufferSource): Promise<void> {
  const told: (() => void)[] = [];
  waiting = told;
  const isLatest = (): boolean => waiting === told;
  try {
    const later = compiled(await WebAssembly.compile(simd), null);
    // a browser that compiles no large module at once may not make an instance of one at once either
    later.instantiate?.(new WebAssembly.Memory({ initial: 1 }));
    if (!isLatest()) return;
    found = later;
    for (const run of told) run();
  } catch {
    if (isLatest()) found = scalar("this browser runs only small WebAssembly modules");
  } finally {
    if (isLatest()) waiting = compiling = null;
  }
}

/** For plain and for relaxed SIMD. */
function programs(): [simd: BufferSource, relaxed: BufferSource] {
  const both = unpack(MODULES);
  return [both.subarray(0, SIMD_BYTES), both.subarray(SIMD_BYTES)];
}

/** For tests and benchmarks: what is used from now on, `null` for what there is. */
export function use(kind: "scalar" | "simd" | null): void {
  waiting = compiling = null;
  found =
    kind === null ? null : kind === "scalar" ? scalar("chosen") : compiled(new WebAssembly.Module(programs()[0]), null);
}
