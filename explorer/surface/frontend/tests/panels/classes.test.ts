/** What a picture looks like, and the same z under every class. */
import { describe, expect, it } from "vitest";
import { RunOnMap } from "../../src/data/run-on-map";
import { Model } from "../../src/engine/model";
import { Classifier, mostProbable, softmax } from "../../src/engine/picture-classifier";
import { probability } from "../../src/kernel/reading";
import { looksWords } from "../../src/panels/decoded-picture/card";
import { parsePayload } from "../../src/wire/payload";
import { type ArraySpec, floats, random, tinyRun, writePayload } from "../helpers";

const { header, arrays } = tinyRun();
const linear = (x: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>): number[] =>
  Array.from({ length: b.length }, (_, o) => Array.from(x).reduce((sum, v, i) => sum + v * w[o * x.length + i], b[o]));

describe("softmax", () => {
  it("is the definition, in place", () => {
    const x = Float32Array.of(0.5, -1, 2);
    softmax(x);
    const odds = [0.5, -1, 2].map(Math.exp);
    const sum = odds.reduce((a, b) => a + b);
    odds.forEach((value, i) => expect(x[i]).toBeCloseTo(value / sum, 6));
  });
  it("does not overflow, and does not care about a constant", () => {
    const [a, b] = [Float32Array.of(500, -500, 499), Float32Array.of(1000, 0, 999)];
    softmax(a);
    softmax(b);
    expect([...a]).toEqual([...b]);
    expect(a[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });
});

describe("the most probable classes", () => {
  it("are those of a stable sort", () => {
    for (let seed = 0; seed < 50; seed++) {
      const next = random(seed);
      const p = Array.from({ length: 1 + Math.floor(12 * next()) }, () => Math.round(5 * next()) / 5);
      const sorted = p.map((_, k) => k).sort((i, j) => p[j] - p[i] || i - j);
      for (const n of [1, 3, 20]) expect(mostProbable(p, n)).toEqual(sorted.slice(0, n));
    }
  });
  it("are told in whole percent, never as certain", () => {
    expect([0, 0.009, 0.01, 0.874, 0.994, 0.995, 1].map(probability)).toEqual([
      "< 1\u00a0%",
      "1\u00a0%",
      "1\u00a0%",
      "87\u00a0%",
      "99\u00a0%",
      "> 99\u00a0%",
      "> 99\u00a0%",
    ]);
  });
  it("are what the sentence says, where there is a classifier", () => {
    expect(looksWords("3", null, "class 5, 87 %")).toBe("looks like class 5, 87 %, ");
    expect(looksWords("3", "7", "class 5, 87 %")).toBe("decoded as class 7, looks like class 5, 87 %, ");
  });
});

describe("a classifier", () => {
  const own: Record<string, ArraySpec> = {
    "w.c": { values: floats(12, 8), shape: [2, 6] },
    "w.cb": { values: floats(2, 9), shape: [2] },
  };
  const ops = [{ op: "flatten" }, { op: "linear", weight: "w.c", bias: "w.cb" }];
  const facts = {
    images: { n: 9, accuracy: 0.9, nll: 0.3, ece: 0.02 },
    decoded: { n: 9, accuracy: 0.8, nll: 0.4, ece: 0.03 },
  };
  const payload = parsePayload(
    writePayload({}, { ...header, classifier: ops, classifier_facts: facts }, { ...arrays, ...own }),
  );
  it("gives the softmax of its last layer", () => {
    const x = [0, 0.2, 1, 0.5, 0.1, 0.9];
    const [a, b] = linear(x, own["w.c"].values, own["w.cb"].values);
    const [p, q] = new Classifier(payload).probabilities(x);
    expect(p).toBeCloseTo(1 / (1 + Math.exp(b - a)), 6);
    expect(p + q).toBeCloseTo(1, 6);
  });
  it("is part of a scene, with its figures; a run without one has none", () => {
    expect(new RunOnMap(payload).classifier?.facts).toEqual(facts);
    expect(new RunOnMap(parsePayload(writePayload({}, header, arrays))).classifier).toBeNull();
  });
  it("of another number of classes is refused in a sentence", () => {
    const named = { ...header, class_names: ["a", "b", "c"], classifier: ops };
    expect(() => new RunOnMap(parsePayload(writePayload({}, named, { ...arrays, ...own })))).toThrow(
      "The classifier gives 2 numbers where 3 are needed.",
    );
  });
});

describe("a decoder that is told the class", () => {
  const column = (label: number): Float32Array =>
    Float32Array.from({ length: 6 }, (_, o) => Math.fround(0.3 * o - label));
  const biases: ArraySpec = {
    values: Float32Array.from({ length: 12 }, (_, i) => column(i % 2)[Math.floor(i / 2)]),
    shape: [6, 2],
  };
  const told = (label: number, shape = biases): Uint8Array => {
    const [first, last] = header["decoder"] as [object, object];
    const decoder = [{ ...first, biases: "w.d.biases" }, last];
    const decoded_as = (header["class_names"] as string[])[label];
    return writePayload(
      {},
      { ...header, decoder, decoded_as },
      { ...arrays, "w.db": { values: column(label), shape: [6] }, "w.d.biases": shape },
    );
  };
  const z = [0.3, -1.7];

  it("decodes as any class what a payload of that class decodes, and goes back to its own", () => {
    const bytes = told(0);
    const before = bytes.slice();
    const [model, other] = [new Model(bytes), new Model(told(1))];
    const [own, wanted] = [model.decode(z), other.decode(z)];
    expect(model.decodeAsShared(z, 1)).toEqual(wanted);
    expect(model.decode(z)).toEqual(own);
    expect(model.decodeAsShared(z, 0)).toEqual(own);
    expect(own).not.toEqual(wanted);
    linear(z, arrays["w.d"].values, column(1)).forEach((logit, i) =>
      expect(wanted[i]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6),
    );
    expect(bytes).toEqual(before); // the payload is shared
    expect([model.nClasses, model.label, other.label]).toEqual([2, 0, 1]);
  });
  it("is another thing than one that is told none", () => {
    const model = new Model(writePayload({}, header, arrays));
    expect([model.nClasses, model.label]).toEqual([0, -1]);
  });
  it("must have a bias for every class", () => {
    expect(() => new Model(told(0, { values: new Float32Array(18), shape: [6, 3] }))).toThrow(
      "gives 3 numbers where 2 are needed",
    );
    expect(() => new Model(told(0, { values: new Float32Array(10), shape: [5, 2] }))).toThrow("do not fit together");
  });
});
