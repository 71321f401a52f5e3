import { scaleLinear, tickFormat } from "d3-scale";
import { describe, expect, it } from "vitest";
import { axisTicks } from "../../src/layers/background/grid";

describe("axisTicks", () => {
  it.each([
    [-4, 4, 500],
    [-0.35, 0.21, 300],
    [0.9991, 0.9994, 400],
    [-120, 310, 600],
    [-7000, 9000, 500],
  ])("%f to %f says the numbers that d3's ticks say", (low, high, length) => {
    const { ticks, text } = axisTicks(low, high, length);
    const wanted = Math.max(2, Math.round(length / 72));
    expect(ticks).toEqual(scaleLinear().domain([low, high]).ticks(wanted));
    const theirs = tickFormat(low, high, wanted);
    expect(ticks.map((tick) => Number(text(tick).replace("−", "-").replace(/\s/g, "")))).toEqual(
      ticks.map((tick) => Number(theirs(tick).replace("−", "-").replaceAll(",", ""))),
    );
  });

  it("writes numbers as everywhere", () => {
    expect(axisTicks(-20000, 20000, 300).text(-20000)).toBe("−20\u00a0000");
    expect(axisTicks(-1, 1, 300).text(0)).toBe("0.0");
    expect(axisTicks(-1, 1, 300).text(-0.5)).toBe("−0.5");
  });
});
