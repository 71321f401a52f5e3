import { describe, expect, test } from "vitest";
import { programAt } from "../../src/editor/export";

const TEXT = [
  "# z = [1.0] and label = 5 in a comment stay",
  "def decode(z, label):",
  "    z = z",
  "    label = label",
  "",
  "z = [0.0, 0.0]",
  "label = 0",
  "x_hat = decode(z, label)[0]",
  "",
].join("\n");

/** The line that is put in the place of one that begins so. */
function line(begin: string, text: string): string[] {
  return text.split("\n").filter((one) => one.startsWith(begin));
}

describe("a program at a code", () => {
  test("has the code and the class in the place of its own, and nothing else is changed", () => {
    const at = programAt(TEXT, [0.5, -2], 7);
    expect(at.split("\n").filter((one, i) => one !== TEXT.split("\n")[i])).toEqual(["z = [0.5, -2.0]", "label = 7"]);
    expect(line("label = ", programAt(TEXT, [0.5, -2], null))).toEqual(["label = 0"]);
  });
  test("tells every digit of single precision", () => {
    const z = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i) * 10 ** ((i % 30) - 20));
    const [written] = line("z = ", programAt(TEXT, z, null));
    const numbers = written.slice("z = [".length, -1).split(", ");
    expect(Float32Array.from(numbers, Number)).toEqual(z);
  });
  test("writes no whole number, which would be no number of a code in Python", () => {
    const [written] = line("z = ", programAt(TEXT, [0, -0, 1, -3, 100000, 1e21, 1e-7], null));
    expect(written).toBe("z = [0.0, 0.0, 1.0, -3.0, 100000.0, 1e+21, 1e-7]");
  });
});
