import { describe, expect, it } from "vitest";
import { outOfPlanes } from "../../src/wire/planes";

describe("arrays whose bytes lie in planes", () => {
  it("are as they were, each at its own place, and what lies between them stays", () => {
    const bytes = Uint8Array.of(1, 3, 5, 2, 4, 6, 99, 99, 10, 20, 11, 21, 12, 22, 13, 23, 7, 8, 9);
    outOfPlanes(bytes, [
      { dtype: "float16", offset: 0, nbytes: 6 },
      { dtype: "int32", offset: 8, nbytes: 8 },
      { dtype: "uint8", offset: 16, nbytes: 3 },
    ]);
    expect([...bytes]).toEqual([1, 2, 3, 4, 5, 6, 99, 99, 10, 11, 12, 13, 20, 21, 22, 23, 7, 8, 9]);
  });

  it("of a table that says more than there is change nothing beyond the end", () => {
    const bytes = Uint8Array.of(1, 3, 2, 4);
    outOfPlanes(bytes, [{ dtype: "int16", offset: 0, nbytes: 4_000_000_000 }]);
    expect([...bytes]).toEqual([1, 2, 3, 4]);
  });
});
