import { describe, expect, it } from "vitest";
import type { RunOnMap } from "../../src/data/run-on-map";
import { canTellTruth, type Studied, toStudy } from "../../src/layers/overlays/true-posterior/study";
import { detailWords, truthWords } from "../../src/layers/overlays/true-posterior/words";

/** Three points, the first two with a class. */
function scene(change: Partial<Record<keyof RunOnMap, unknown>> = {}, header: Record<string, unknown> = {}): RunOnMap {
  return {
    header: {
      run: { dataset: "toy", image_shape: [1, 1, 2] },
      projection: { rings: true },
      likelihood: "gaussian",
      log_sigma: -1,
      decoder: [{ op: "dense" }],
      ...header,
    },
    space: { how: "identity", latentDim: 2 },
    logvar: Float32Array.of(0, -1, -2, -3, -4, -5),
    labels: Int16Array.of(0, 1, -1),
    originals: Uint8Array.of(0, 51, 102, 153, 204, 255),
    isWaitingForOriginals: false,
    decodedAs: null,
    muOf: (i: number) => Float32Array.of(i, -i),
    numberOf: (i: number) => 100 + i,
    originalOffset: (i: number) => 2 * i,
    className: (label: number) => ["round", "flat"][label] ?? null,
    ...change,
  } as unknown as RunOnMap;
}

describe("the true posterior is offered", () => {
  it("on the latent plane of a model with a prior whose likelihood is known", () => {
    expect(canTellTruth(scene())).toBe(true);
  });
  it.each([
    ["a plane in more dimensions", scene({ space: { how: "linear", latentDim: 5 } as never })],
    ["one dimension", scene({ space: { how: "linear", latentDim: 1 } as never })],
    ["a model without a prior", scene({}, { projection: { rings: false } })],
    ["codes that are points", scene({ logvar: null })],
    ["a scale for each pixel", scene({}, { log_sigma: null })],
    ["a decoder that sees the pixels before", scene({}, { decoder: [{ op: "autoregress" }] })],
    ["an older payload", scene({}, { log_sigma: undefined })],
  ])("not on %s", (_, one) => {
    expect(canTellTruth(one)).toBe(false);
  });
});

describe("what is asked about", () => {
  it("is the point's own pixels and Gaussian", () => {
    const { key, name, q, pixels } = toStudy(scene(), 1, null) as Studied;
    expect([key, name]).toEqual(["image 1", "test image 101"]);
    expect([...(q.mu as Float32Array), ...(q.logvar as Float32Array)]).toEqual([1, -1, -2, -3]);
    expect([...pixels()].map((value) => Math.round(255 * value))).toEqual([102, 153]);
  });
  it("is the host's own picture first, and another one with another code", () => {
    const own = (mu: number): Studied =>
      toStudy(scene({ originals: null }), 1, {
        x: Float32Array.of(1, 0),
        q: { mu: [mu, 0], logvar: [0, 0] },
      }) as Studied;
    expect(own(1).name).toBe("your drawing");
    expect([...own(1).pixels()]).toEqual([1, 0]);
    expect(own(1).key).toBe(own(1).key);
    expect(own(1).key).not.toBe(own(2).key);
  });
  it("is said to be missing in words", () => {
    const missing = scene({ originals: null });
    expect(toStudy(missing, 1, null)).toBe(
      "The true posterior of an image needs its pixels, and those of toy are not here.",
    );
    expect(toStudy(missing, 1, "none yet")).toMatch(/not here\. Draw on the pad to see it for your drawing\.$/);
    expect(toStudy(scene({ originals: null, isWaitingForOriginals: true }), 1, null)).toMatch(/being unpacked/);
    expect(toStudy(scene(), -1, null)).toMatch(/All classes are hidden/);
  });
  it("is not asked of a decoder that is told another class", () => {
    const told = scene({ decodedAs: "flat" });
    expect(toStudy(told, 0, null)).toBe(
      "The posterior of test image 100 belongs to the decoder of its own class (round); pictures are decoded as flat now.",
    );
    expect(toStudy(told, 2, null)).toMatch(/own class \(no class\)/);
    expect((toStudy(told, 1, null) as Studied).name).toBe("test image 101");
  });
});

describe("words", () => {
  const found = { logPx: -120.5, elbo: -122.75, isRough: false, nPieces: 1 } as never;
  it("say the distance, and both of its parts", () => {
    expect(truthWords("test image 7", found)).toBe("q(z|x) of test image 7 is 2.25 nats from the true posterior.");
    expect(detailWords(found)).toBe("log p(x) −120.50, ELBO −122.75, by quadrature.");
  });
  it("say when it is rough, when there are pieces, and never a distance below 0", () => {
    expect(truthWords("x", { logPx: -1.0001, elbo: -1, isRough: true } as never)).toBe(
      "q(z|x) of x is about 0.00 nats from the true posterior.",
    );
    expect(detailWords({ logPx: 3.5, elbo: 1, nPieces: 2 } as never)).toBe(
      "log p(x) 3.50, ELBO 1.00, by quadrature. It has 2 separate modes: no single Gaussian covers them.",
    );
  });
});
