/** What do the bytes from the host say? Version 1 of the payload: dynamic JSON, header JSON, arrays; little endian. */

import type { PathChoice } from "../data/interpolation";
import type { Op } from "../engine/ops";
import type { StripRecord } from "../panels/path-traces";
import type { Protocol } from "../prepare/prepare";
import { halvesToFloats } from "./float16";

export const FORMAT = "latent-atlas";
export const VERSION = 1;

export type Point = readonly [x: number, y: number];
export type Extent = readonly [x0: number, x1: number, y0: number, y1: number];

/** A place that the person kept: where on the map, and which z it stands for. */
export interface PinRecord {
  readonly label: string;
  readonly map: Point;
  readonly z: readonly number[];
  /** What the person calls it. */
  readonly name?: string;
}

/** z (T, K) and map (T, 2) of an interpolation to be played. */
export interface PathRecord {
  readonly title: string;
  readonly z: readonly (readonly number[])[];
  readonly map: readonly Point[];
  readonly ends: readonly string[];
  /** Paths of other kinds between the same stops: drawn thin, and one of them played beside. */
  readonly others?: readonly {
    readonly title: string;
    readonly z: readonly (readonly number[])[];
    readonly map: readonly Point[];
    readonly labels?: readonly number[] | null;
  }[];
  /** The class as which each code is decoded (T,), of a class-conditional model; null: the chosen one. */
  readonly labels?: readonly number[] | null;
  readonly strips?: readonly StripRecord[];
  /** Its end is its beginning. */
  readonly is_loop?: boolean;
  /** Places of its stops, in their order. */
  readonly stops?: readonly Point[];
}

/** Something the host put on the map; the ellipse is one posterior standard deviation in axis units. */
export interface MarkerRecord {
  readonly label: string;
  readonly map: Point;
  readonly z: readonly number[];
  readonly ellipse: { readonly rx: number; readonly ry: number } | null;
  /** Covariance xx, xy, yy on the map, where that is a plane. */
  readonly spread?: readonly [number, number, number] | null;
  /** Samples of the posterior, and which of them is told of. */
  readonly dots?: readonly Point[];
  readonly chosen?: number;
}

/** A picture of the person's own as the host knows it. */
export interface SubjectRecord {
  readonly label: string;
  readonly mu: readonly number[];
  readonly std: readonly number[];
  /** (C·H·W,) bytes in base64, where the picture is no stand-in. */
  readonly x: string | null;
}

export interface Options {
  readonly show_card: boolean;
  readonly pinnable: boolean;
  readonly hint: boolean;
  readonly manifold: boolean;
  readonly rings: boolean;
  /** For a narrow column: the map, and below it the picture with what is said of it. */
  readonly compact: boolean;
  /** Surfaces of one page with the same name move together: their runs have the same test images. */
  readonly link: string;
  /** A drawing pad, with what it must know of the data set; it also takes pictures that are pasted, dropped or taken. */
  readonly pad: Protocol | null;
  /** The pad stands before the map. */
  readonly pad_first: boolean;
  /** The host looks at what was drawn when it is handed over. */
  readonly pad_hands_over: boolean;
  /** A path can be drawn by hand, of which the host hears. */
  readonly drawable?: boolean;
}

/** The part that changes at every rerun of the host. */
export interface Dynamic {
  readonly pins: readonly PinRecord[];
  readonly path: PathRecord | null;
  readonly markers: readonly MarkerRecord[];
  readonly height: number;
  readonly probe: Point | null;
  /** A code that the card shows at the probe until the person moves: no place of the map stands for it. */
  readonly exact: { readonly z: readonly number[]; readonly label: string } | null;
  /** Names of the pin events that the host has counted. */
  readonly taken: readonly string[];
  /** Whether the host can take the pins back, and forth again. */
  readonly undo: { readonly back: boolean; readonly forth: boolean };
  /** The path through pins that the host keeps, for a host that does. */
  readonly walk: PathChoice | null;
  /** Whose posterior is shown, unless the pad has a drawing. */
  readonly subject: SubjectRecord | null;
  readonly options: Options;
}

export interface Projection {
  readonly name: string;
  readonly kind: "identity" | "linear" | "lattice";
  readonly title: string;
  readonly x_label: string;
  readonly y_label: string;
  readonly note: string;
  readonly extent: Extent;
  readonly rings: boolean;
  readonly ring_center: Point;
}

interface ArrayEntry {
  readonly dtype: "float32" | "float16" | "uint8" | "int32" | "int16";
  readonly shape: readonly number[];
  readonly offset: number;
  readonly nbytes: number;
  readonly codec: "raw" | "zlib";
}

/** On n pictures that were not learned from; see trainer/models/picture_classifier.py. */
export interface Scores {
  readonly n: number;
  readonly accuracy: number;
  readonly nll: number;
  readonly ece: number;
}

/** On test images, and on what the decoder makes of them. */
export interface ClassifierFacts {
  readonly images: Scores;
  readonly decoded: Scores;
}

/** The part that belongs to a run and a projection. */
export interface Header {
  readonly format: string;
  readonly version: number;
  readonly id: string;
  readonly run: {
    readonly id: string;
    readonly dataset: string;
    readonly latent_dim: number;
    readonly image_shape: readonly [channels: number, height: number, width: number];
  };
  readonly class_names: readonly string[];
  /** The class that a conditional model's decoder is told here; null for one that is told none. */
  readonly decoded_as?: string | null;
  /** Names of the columns of `points_factors`. */
  readonly factor_names?: readonly string[];
  readonly likelihood: Likelihood;
  /** What the pictures are, where they are not the decoder's own; only of imported runs. */
  readonly decoder_note?: string;
  /** Log scale of a Gaussian or Laplace pixel; null where p(x|z) depends on more than is here. */
  readonly log_sigma?: number | null;
  readonly encoder: readonly Op[];
  readonly decoder: readonly Op[];
  /** Of decoded pictures; not every run has one. */
  readonly classifier?: readonly Op[];
  readonly classifier_facts?: ClassifierFacts;
  readonly projection: Projection;
  readonly view_extent: Extent;
  readonly arrays: Readonly<Record<string, ArrayEntry>>;
}

/** What makes the decoder's numbers pictures: a logistic function, the continuous Bernoulli's mean, or nothing but a clip. */
export type Likelihood = "bernoulli" | "continuous-bernoulli" | "gaussian" | "laplace";

/** The bytes cannot be used; the message is one sentence for the person. */
export class BlobError extends Error {
  override readonly name = "BlobError";
}

const BYTES_PER_ELEMENT = { float32: 4, float16: 2, uint8: 1, int32: 4, int16: 2 } as const;

export const DEFAULT_OPTIONS: Options = {
  show_card: true,
  pinnable: true,
  hint: true,
  manifold: false,
  rings: true,
  compact: false,
  link: "",
  pad: null,
  pad_first: false,
  pad_hands_over: false,
};

const DEFAULT_DYNAMIC: Dynamic = {
  pins: [],
  path: null,
  markers: [],
  height: 560,
  probe: null,
  exact: null,
  taken: [],
  undo: { back: false, forth: false },
  walk: null,
  subject: null,
  options: DEFAULT_OPTIONS,
};

/** One parsed payload. Arrays are views into the bytes; float16 becomes float32 when it is asked for. */
export class Payload {
  constructor(
    readonly header: Header,
    readonly dynamic: Dynamic,
    private readonly section: Uint8Array,
  ) {}

  has(name: string): boolean {
    return name in this.header.arrays;
  }

  shape(name: string): readonly number[] {
    return this.entry(name).shape;
  }

  /** float32 or float16 array as Float32Array. */
  floats(name: string): Float32Array {
    const { dtype, offset, nbytes } = this.rawEntry(name);
    const at = this.section.byteOffset + offset;
    if (dtype === "float32") return new Float32Array(this.section.buffer, at, nbytes / 4);
    if (dtype === "float16") return halvesToFloats(new Uint16Array(this.section.buffer, at, nbytes / 2));
    throw new BlobError(
      `The map's data are damaged: array “${name}” has type ${dtype}, floating point is needed. Reload the page.`,
    );
  }

  /** int16 or int32 array. */
  integers(name: string): Int16Array | Int32Array {
    const { dtype, offset, nbytes } = this.rawEntry(name);
    const at = this.section.byteOffset + offset;
    if (dtype === "int16") return new Int16Array(this.section.buffer, at, nbytes / 2);
    if (dtype === "int32") return new Int32Array(this.section.buffer, at, nbytes / 4);
    throw new BlobError(
      `The map's data are damaged: array “${name}” has type ${dtype}, whole numbers are needed. Reload the page.`,
    );
  }

  bytes(name: string): Uint8Array {
    const { offset, nbytes } = this.rawEntry(name);
    return this.section.subarray(offset, offset + nbytes);
  }

  /** A uint8 array that may be compressed; inflated without blocking and never beyond the size its shape declares. */
  async inflate(name: string): Promise<Uint8Array> {
    const entry = this.entry(name);
    const stored = this.section.subarray(entry.offset, entry.offset + entry.nbytes);
    if (entry.codec === "raw") return stored;
    return inflateExactly(stored, product(entry.shape));
  }

  private entry(name: string): ArrayEntry {
    const entry = this.header.arrays[name];
    if (!entry) throw new BlobError(`The map's data are incomplete: array “${name}” is missing. Reload the page.`);
    return entry;
  }

  private rawEntry(name: string): ArrayEntry {
    const entry = this.entry(name);
    if (entry.codec !== "raw")
      throw new BlobError(`The map's data are damaged: array “${name}” is compressed. Reload the page.`);
    return entry;
  }
}

export function parsePayload(given: Uint8Array): Payload {
  const bytes = aligned(given);
  const dynamic = section(bytes, 0);
  const header = section(bytes, dynamic.end);
  const parsed = header.json as Header;
  checkVersion(parsed);
  const arrays = bytes.subarray(header.end);
  checkArrays(parsed, arrays.byteLength);
  return new Payload(parsed, withDefaults(dynamic.json as Partial<Dynamic>), arrays);
}

/** Which map is meant, and whether its arrays were left out because this page has them already. */
export function peek(given: Uint8Array): { readonly id: string; readonly isReference: boolean } {
  const bytes = aligned(given);
  const { id, reference } = section(bytes, section(bytes, 0).end).json as { id?: string; reference?: boolean };
  return { id: id ?? "", isReference: reference === true };
}

/** Typed arrays need their start at a multiple of their element size: copy once where the host's view has none. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}

function section(bytes: Uint8Array, start: number): { json: unknown; end: number } {
  if (start + 4 > bytes.byteLength) throw new BlobError("The map's data are cut short. Reload the page.");
  const length = new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0, true);
  const end = start + 4 + length;
  if (length < 2 || end > bytes.byteLength) throw new BlobError("The map's data are cut short. Reload the page.");
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(start + 4, end)));
    if (typeof json === "object" && json !== null) return { json, end };
  } catch {
    // falls through to the one sentence below
  }
  throw new BlobError("The map's data are damaged: the header cannot be read. Reload the page.");
}

function checkVersion(header: Header): void {
  if (header.format !== FORMAT) throw new BlobError("These bytes are no Latent Atlas map. Reload the page.");
  if (header.version !== VERSION) {
    throw new BlobError(
      `This map has format version ${header.version}, this page reads version ${VERSION}. Reload the page; if that does not help, update Latent Atlas.`,
    );
  }
  const { image_shape, latent_dim } = header.run ?? {};
  const isWhole = (n: unknown): boolean => Number.isInteger(n) && (n as number) > 0;
  if (!Array.isArray(image_shape) || image_shape.length !== 3 || !image_shape.every(isWhole) || !isWhole(latent_dim)) {
    throw new BlobError(
      "The map's data are damaged: the image shape or the latent dimension is missing. Reload the page.",
    );
  }
}

function checkArrays(header: Header, available: number): void {
  for (const [name, { dtype, shape, offset, nbytes, codec }] of Object.entries(header.arrays ?? {})) {
    const size = BYTES_PER_ELEMENT[dtype];
    const fits =
      Number.isInteger(offset) && offset >= 0 && nbytes >= 0 && offset % 8 === 0 && offset + nbytes <= available;
    const agrees = codec === "zlib" ? dtype === "uint8" : product(shape) * size === nbytes;
    if (!size || !fits || !agrees)
      throw new BlobError(`The map's data are damaged at array “${name}”. Reload the page.`);
  }
}

function withDefaults(given: Partial<Dynamic>): Dynamic {
  const options = { ...DEFAULT_DYNAMIC.options, ...given.options };
  return { ...DEFAULT_DYNAMIC, ...given, options };
}

export function product(shape: readonly number[]): number {
  return shape.reduce((total, n) => total * n, 1);
}

async function inflateExactly(stored: Uint8Array, expected: number): Promise<Uint8Array> {
  const copy = stored.slice(); // a view into a shared payload cannot be transferred to the stream
  const reader = new Blob([copy]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const out = new Uint8Array(expected);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (filled + value.byteLength > expected)
      throw new BlobError("The pictures are damaged: more bytes than declared.");
    out.set(value, filled);
    filled += value.byteLength;
  }
  if (filled !== expected) throw new BlobError("The pictures are damaged: fewer bytes than declared.");
  return out;
}
