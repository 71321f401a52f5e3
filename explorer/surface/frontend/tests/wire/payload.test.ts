import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { RunOnMap } from "../../src/data/run-on-map";
import { Model } from "../../src/engine/model";
import { parsePayload } from "../../src/wire/payload";
import { tinyRun, writePayload } from "../helpers";

const { header, arrays } = tinyRun();

describe("round trip", () => {
  const payload = parsePayload(
    writePayload({ pins: [{ label: "A", map: [1, 2], z: [1, 2] }], height: 400 }, header, arrays),
  );
  test("arrays come back as they were written", () => {
    for (const name of ["points_map", "w.e", "w.db"]) expect(payload.floats(name)).toEqual(arrays[name].values);
    expect(payload.integers("points_index")).toEqual(arrays["points_index"].values);
    expect(payload.shape("w.e")).toEqual([4, 6]);
  });
  test("what the host left out has its default", () => {
    expect(payload.dynamic.pins[0].label).toBe("A");
    expect(payload.dynamic.height).toBe(400);
    expect(payload.dynamic.options.pinnable).toBe(true);
    expect(payload.dynamic.path).toBeNull();
  });
  test("bytes at an odd address are read too", () => {
    const bytes = writePayload({}, header, arrays);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(parsePayload(shifted.subarray(3)).floats("points_map")).toEqual(arrays["points_map"].values);
  });
  test("non-ASCII class names survive", () => {
    const named = parsePayload(writePayload({}, { ...header, class_names: ["お", "き"] }, arrays));
    expect(named.header.class_names).toEqual(["お", "き"]);
  });
});

describe("compressed pictures", () => {
  const pixels = Uint8Array.from({ length: 18 }, (_, i) => i * 13);
  const withOriginals = (stored: Uint8Array): Uint8Array =>
    writePayload({}, header, { ...arrays, originals: { values: stored, shape: [3, 1, 2, 3], codec: "zlib" } });
  test("are inflated to what was deflated", async () => {
    const payload = parsePayload(withOriginals(Uint8Array.from(deflateSync(pixels))));
    expect(await payload.inflate("originals")).toEqual(pixels);
  });
  test("never grow beyond the declared size, nor stay below it", async () => {
    const bomb = parsePayload(withOriginals(Uint8Array.from(deflateSync(new Uint8Array(1_000_000)))));
    await expect(bomb.inflate("originals")).rejects.toThrow(/more bytes than declared/);
    const short = parsePayload(withOriginals(Uint8Array.from(deflateSync(pixels.subarray(0, 7)))));
    await expect(short.inflate("originals")).rejects.toThrow(/fewer bytes/);
  });
  test("cannot be read as if they were raw", () => {
    expect(() => parsePayload(withOriginals(Uint8Array.from(deflateSync(pixels)))).bytes("originals")).toThrow(
      /compressed/,
    );
  });
});

describe("broken bytes give one sentence", () => {
  const good = writePayload({}, header, arrays);
  test("another version", () => {
    expect(() => parsePayload(writePayload({}, { ...header, version: 3 }, arrays))).toThrow(
      "format version 3, this page reads version 2",
    );
  });
  test("something else altogether", () => {
    expect(() => parsePayload(writePayload({}, { ...header, format: "gif" }, arrays))).toThrow(/no Latent Atlas map/);
    expect(() => parsePayload(new TextEncoder().encode("<!doctype html><html></html>"))).toThrow(/cut short/);
  });
  test("every truncation is refused with a sentence of ours, none crashes", () => {
    for (let length = 0; length < good.length; length += 7) {
      expect(() => parsePayload(good.slice(0, length))).toThrow(/^(The map's data are|These bytes)/);
    }
  });
  test("a missing array, and one that lies about its size", () => {
    const { points_mu: _, ...rest } = arrays;
    expect(() => new RunOnMap(parsePayload(writePayload({}, header, rest)))).toThrow(/“points_mu” is missing/);
    const liar = { ...arrays, support_distances: { ...arrays["support_distances"], shape: [3, 3] } };
    expect(() => parsePayload(writePayload({}, header, liar))).toThrow(/damaged at array “support_distances”/);
    const unknown = { ...arrays, support_distances: { ...arrays["support_distances"], dtype: "complex64" } };
    expect(() => parsePayload(writePayload({}, header, unknown))).toThrow(/damaged at array “support_distances”/);
  });
  test("a header without a shape", () => {
    expect(() => parsePayload(writePayload({}, { ...header, run: { latent_dim: 2 } }, arrays))).toThrow(/image shape/);
  });
});

describe("model", () => {
  const bytes = writePayload({}, header, arrays);
  const dense = (w: string, b: string, x: readonly number[], nOut: number): number[] =>
    Array.from({ length: nOut }, (_, o) =>
      x.reduce((sum, v, i) => sum + v * arrays[w].values[o * x.length + i], arrays[b].values[o]),
    );
  test("decodes to probabilities and encodes to mu and logvar", () => {
    const model = new Model(bytes);
    const z = [0.3, -1.7];
    dense("w.d", "w.db", z, 6).forEach((logit, i) =>
      expect(model.decode(z)[i]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6),
    );
    const x = [0, 0.2, 1, 0.5, 0.1, 0.9];
    const { mu, logvar } = model.encode(x);
    dense("w.e", "w.eb", x, 4).forEach((value, i) => expect([...mu, ...logvar][i]).toBeCloseTo(value, 6));
  });
  test("a Gaussian decoder is clipped to [0, 1], not squashed", () => {
    const model = new Model(writePayload({}, { ...header, likelihood: "gaussian" }, arrays));
    const z = [2, -2];
    dense("w.d", "w.db", z, 6).forEach((mean, i) =>
      expect(model.decode(z)[i]).toBeCloseTo(Math.min(1, Math.max(0, mean)), 6),
    );
  });
  test("answers do not overwrite each other", () => {
    const model = new Model(bytes);
    const first = model.decode([1, 1]);
    const copy = first.slice();
    model.decode([-1, 0]);
    expect(first).toEqual(copy);
  });
  test("wrong sizes are sentences", () => {
    expect(() => new Model(bytes).decode([1, 2, 3])).toThrow("takes 2 numbers, got 3");
    const small = { ...header, run: { ...(header["run"] as object), image_shape: [1, 3, 3] } };
    expect(() => new Model(writePayload({}, small, arrays))).toThrow("decoder gives 6 numbers where 9 are needed");
    expect(() => new Model(writePayload({}, { ...header, encoder: [] }, arrays)).encode([1])).toThrow(
      "carries no encoder",
    );
  });
});

test("scene: counts, classes, nearest visible, start", () => {
  const scene = new RunOnMap(parsePayload(writePayload({}, header, arrays)));
  expect([...scene.perClass]).toEqual([1, 1, 1]);
  expect(scene.className(1)).toBe("flat");
  expect(scene.className(-1)).toBeNull();
  expect(scene.nearest(0.9, 0.9, Uint8Array.of(1, 1, 1))).toBe(1);
  expect(scene.nearest(0.9, 0.9, Uint8Array.of(1, 0, 1))).toBe(0);
  expect(scene.nearest(0.9, 0.9, Uint8Array.of(0, 0, 0))).toBe(-1);
  expect(scene.startPlace()).toEqual([0, 0]);
});

describe("the same map", () => {
  const scene = (change: Record<string, unknown> = {}, other = arrays): RunOnMap =>
    new RunOnMap(parsePayload(writePayload({}, { ...header, ...change }, other)));
  test("is one with another decoder: another class", () => {
    const changed = { ...arrays, "w.db": { ...arrays["w.db"], values: Float32Array.of(1, 2, 3, 4, 5, 6) } };
    expect(scene().isSameMap(scene({ id: "other", decoded_as: "flat" }, changed))).toBe(true);
    expect(scene({ decoded_as: "flat" }).decodedAs).toBe("flat");
    expect(scene().decodedAs).toBeNull();
  });
  test("is none with other points, or of another run", () => {
    const moved = { ...arrays, points_map: { ...arrays["points_map"], values: Float32Array.of(0, 0, 1, 1, -1, 0.6) } };
    expect(scene().isSameMap(scene({}, moved))).toBe(false);
    expect(scene().isSameMap(scene({ run: { ...(header["run"] as object), id: "else" } }))).toBe(false);
  });
});
