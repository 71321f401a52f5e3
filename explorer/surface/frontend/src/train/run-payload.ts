/** How does a page make for itself what a host would send of a finished run? Header and arrays of one payload, the map the first two dimensions. */

import { dimension } from "../ui/format";
import { Payload, product } from "../wire/payload";
import {
  type ArrayEntry,
  DEFAULT_DYNAMIC,
  type Extent,
  type Header,
  PAYLOAD_FORMAT,
  PAYLOAD_VERSION,
} from "../wire/schema";

type Values = Float32Array | Int16Array | Int32Array;
/** By name: values and shape. */
export type PayloadArrays = Readonly<Record<string, readonly [Values, readonly number[]]>>;

export interface RunFacts
  extends Pick<Header, "id" | "run" | "class_names" | "decoded_as" | "encoder" | "decoder" | "likelihood"> {
  /** Codes are distributions: circles of the prior mean something. */
  readonly hasPrior: boolean;
  /** What is seen at first. */
  readonly extent: Extent;
}

const TYPES = [
  [Float32Array, "float32"],
  [Int16Array, "int16"],
  [Int32Array, "int32"],
] as const;

export function runPayload({ hasPrior, extent, ...facts }: RunFacts, given: PayloadArrays): Payload {
  const { table, bytes } = laidOut(given);
  const header: Header = {
    format: PAYLOAD_FORMAT,
    version: PAYLOAD_VERSION,
    ...facts,
    label: null,
    factor_names: [],
    projection: {
      name: "latent",
      kind: "identity",
      title: "Latent plane",
      note: "",
      x_label: dimension(0),
      y_label: dimension(1),
      extent,
      rings: hasPrior,
      ring_center: [0, 0],
    },
    view_extent: extent,
    arrays: table,
  };
  return new Payload(header, { ...DEFAULT_DYNAMIC, walk: null }, bytes);
}

/** Arrays one after the other, each at a multiple of eight. */
function laidOut(arrays: PayloadArrays): {
  readonly table: Record<string, ArrayEntry>;
  readonly bytes: Uint8Array;
} {
  const table: Record<string, ArrayEntry> = {};
  let offset = 0;
  for (const [name, [values, shape]] of Object.entries(arrays)) {
    const dtype = TYPES.find(([type]) => values instanceof type)?.[1] ?? "float32";
    table[name] = { dtype, shape, offset, nbytes: product(shape) * values.BYTES_PER_ELEMENT, codec: "raw" };
    offset += 8 * Math.ceil(values.byteLength / 8);
  }
  const bytes = new Uint8Array(offset);
  for (const [name, [values]] of Object.entries(arrays))
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), table[name].offset);
  return { table, bytes };
}
