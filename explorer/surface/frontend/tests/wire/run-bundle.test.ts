import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type RunBundle, readRunBundle } from "../../src/wire/run-bundle";
import { tinyRun } from "../helpers";

/** Contents and pool as explorer/surface/run_bundle.py lays them out; every array is padded to eight bytes. */
function bytes(change: Record<string, unknown> = {}): Uint8Array {
  const { header, arrays } = tinyRun();
  const pool: unknown[] = [];
  const parts: Buffer[] = [];
  let offset = 0;
  for (const { values, shape } of Object.values(arrays)) {
    const dtype = { Float32Array: "float32", Int16Array: "int16", Int32Array: "int32", Uint8Array: "uint8" }[
      values.constructor.name
    ];
    pool.push({ dtype, shape, offset, nbytes: values.byteLength });
    const padded = Buffer.alloc(Math.ceil(values.byteLength / 8) * 8);
    padded.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    parts.push(padded);
    offset += padded.length;
  }
  const numbers = Object.fromEntries(Object.keys(arrays).map((name, i) => [name, i]));
  // classes share all arrays here: what differs is the id
  const entry = (map: string, label: string): unknown => ({
    map,
    label,
    header: { ...header, id: map + label },
    arrays: numbers,
  });
  const leaves = ["pca", "umap"].flatMap((map) => [entry(map, "round"), entry(map, "flat")]);
  const contents = { format: "latent-atlas-book", version: 1, leaves, pool, ...change };
  let text = JSON.stringify(contents);
  text += " ".repeat((8 - ((Buffer.byteLength(text) + 4) % 8)) % 8);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text));
  const raw = Buffer.concat([length, Buffer.from(text), ...parts]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(raw.length);
  return Uint8Array.from(Buffer.concat([size, deflateSync(raw)]));
}

describe("a book", () => {
  test("gives every entry as a payload with the arrays that went in", async () => {
    const bundle: RunBundle = await readRunBundle(bytes());
    const payload = bundle.payload(bundle.entry("umap", "flat"));
    expect(payload.header.id).toBe("umapflat");
    for (const [name, { values, shape }] of Object.entries(tinyRun().arrays)) {
      expect(payload.shape(name)).toEqual(shape);
      const read =
        values instanceof Float32Array
          ? payload.floats(name)
          : values instanceof Uint8Array
            ? payload.bytes(name)
            : payload.integers(name);
      expect([...read]).toEqual([...values]);
    }
  });
  test("names its maps and classes once each", async () => {
    const bundle = await readRunBundle(bytes());
    expect(bundle.maps().map(({ name }) => name)).toEqual(["pca", "umap"]);
    expect(bundle.labels()).toEqual(["round", "flat"]);
  });
  test("gives the nearest entry for a map or class that is not there", async () => {
    const bundle = await readRunBundle(bytes());
    expect(bundle.entry("tsne", "flat")).toMatchObject({ map: "pca", label: "flat" });
    expect(bundle.entry("umap", "square")).toMatchObject({ map: "umap", label: "round" });
  });
  test("that is damaged, foreign or newer is refused in a sentence", async () => {
    const whole = bytes();
    await expect(readRunBundle(whole.slice(0, whole.length - 9))).rejects.toThrow("damaged or cut short");
    await expect(readRunBundle(new Uint8Array(2))).rejects.toThrow("damaged or cut short");
    await expect(readRunBundle(new Uint8Array(64))).rejects.toThrow("damaged or cut short");
    const flipped = whole.slice();
    flipped[flipped.length >> 1] ^= 0xff;
    await expect(readRunBundle(flipped)).rejects.toThrow("damaged or cut short");
    await expect(readRunBundle(bytes({ format: "else" }))).rejects.toThrow("no Latent Atlas map");
    await expect(readRunBundle(bytes({ version: 2 }))).rejects.toThrow("version 2, its program reads version 1");
  });
});
