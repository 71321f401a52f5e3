/** What do several tests need? Reproducible numbers, and a writer of payloads that shares no code with the reader. */

/** mulberry32, uniform in [0, 1). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function floats(n: number, seed: number, spread = 1): Float32Array {
  const next = random(seed);
  return Float32Array.from({ length: n }, () => (2 * next() - 1) * spread);
}

type Values = Float32Array | Uint16Array | Uint8Array | Int16Array | Int32Array;

export interface ArraySpec {
  readonly values: Values;
  readonly shape: readonly number[];
  readonly dtype?: string;
  readonly codec?: "zlib";
}

const DTYPES: Readonly<Record<string, string>> = {
  Float32Array: "float32",
  Uint16Array: "float16",
  Uint8Array: "uint8",
  Int16Array: "int16",
  Int32Array: "int32",
};

export function writePayload(
  dynamic: unknown,
  header: Record<string, unknown>,
  arrays: Record<string, ArraySpec>,
): Uint8Array {
  return concatenate([json(dynamic), writeArrays(header, arrays)]);
}

/** As explorer/surface/payload.py's `pack_arrays` writes: length, JSON, spaces, arrays each at a multiple of eight. */
export function writeArrays(header: object, arrays: Readonly<Record<string, ArraySpec>>): Uint8Array {
  const table: Record<string, unknown> = {};
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { values, shape, dtype, codec }] of Object.entries(arrays)) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    table[name] = {
      dtype: dtype ?? DTYPES[values.constructor.name],
      shape,
      offset,
      nbytes: bytes.length,
      codec: codec ?? "raw",
    };
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    chunks.push(padded);
    offset += padded.length;
  }
  return concatenate([json({ ...header, arrays: table }), ...chunks]);
}

function json(value: unknown): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const length = Math.ceil((text.length + 4) / 8) * 8 - 4;
  const out = new Uint8Array(4 + length).fill(0x20);
  new DataView(out.buffer).setUint32(0, length, true);
  out.set(text, 4);
  return out;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A run with 2×3 grey pictures, three points, a linear decoder and encoder. */
export function tinyRun(): { header: Record<string, unknown>; arrays: Record<string, ArraySpec> } {
  const header = {
    format: "latent-atlas",
    version: 2,
    id: "tiny",
    run: { id: "tiny", dataset: "toy", latent_dim: 2, image_shape: [1, 2, 3] },
    class_names: ["round", "flat"],
    likelihood: "bernoulli",
    encoder: [{ op: "flatten" }, { op: "linear", weight: "w.e", bias: "w.eb" }],
    decoder: [
      { op: "linear", weight: "w.d", bias: "w.db" },
      { op: "unflatten", shape: [1, 2, 3] },
    ],
    projection: {
      name: "latent",
      kind: "identity",
      title: "Latent plane",
      x_label: "z1",
      y_label: "z2",
      note: "",
      extent: [-1, 1, -1, 1],
      rings: true,
      ring_center: [0, 0],
    },
    view_extent: [-1, 1, -1, 1],
  };
  const arrays: Record<string, ArraySpec> = {
    points_map: { values: Float32Array.of(0, 0, 1, 1, -1, 0.5), shape: [3, 2] },
    points_mu: { values: Float32Array.of(0, 0, 1, 1, -1, 0.5), shape: [3, 2] },
    points_label: { values: Int16Array.of(0, 1, -1), shape: [3] },
    points_index: { values: Int32Array.of(10, 20, 70000), shape: [3] },
    "w.e": { values: floats(24, 1), shape: [4, 6] },
    "w.eb": { values: floats(4, 2), shape: [4] },
    "w.d": { values: floats(12, 3), shape: [6, 2] },
    "w.db": { values: floats(6, 4), shape: [6] },
    support_distances: { values: Float32Array.of(1, 1, 1), shape: [3] },
  };
  return { header, arrays };
}
