import { describe, expect, test } from "vitest";
import { Model } from "../../src/engine/model";
import { floats, writePayload } from "../helpers";

/** A decoder of one layer from two numbers to four pixels, told one of two classes. */
function model(): Model {
  const weight = floats(8, 1),
    biases = floats(8, 2);
  const header = {
    format: "latent-atlas",
    version: 2,
    run: { id: "r", dataset: "d", latent_dim: 2, image_shape: [1, 2, 2] },
    class_names: ["a", "b"],
    decoded_as: "a",
    likelihood: "bernoulli",
    encoder: [],
    projection: {},
    view_extent: [0, 1, 0, 1],
    decoder: [
      { op: "linear", weight: "w", bias: "b", biases: "bs" },
      { op: "unflatten", shape: [1, 2, 2] },
    ],
  };
  const arrays = {
    w: { values: weight, shape: [4, 2] },
    b: { values: floats(4, 3), shape: [4] },
    bs: { values: biases, shape: [4, 2] },
  };
  return new Model(writePayload({}, header, arrays));
}

describe("a picture that is asked for twice", () => {
  const codes = [
    [0.3, -1],
    [0.3, -1],
    [2, 0.5],
    [0.3, -1],
  ];
  test("is the same as when it is asked for alone, whatever was asked between", () => {
    const one = model();
    for (const label of [0, 1, 0]) {
      for (const z of codes) {
        const alone = Array.from(model().decodeAsShared(z, label));
        expect(Array.from(one.decodeAsShared(z, label))).toEqual(alone);
        expect(Array.from(one.decodeAsShared(z, label))).toEqual(alone);
        one.outputMany(Float32Array.from(z), 1); // logits in the same place
        expect(Array.from(one.decodeAsShared(z, label))).toEqual(alone);
      }
    }
  });
});
