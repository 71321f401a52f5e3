import { scaleLinear } from "d3-scale";
import { interpolatePuOr, interpolateViridis } from "d3-scale-chromatic";
import { describe, expect, test } from "vitest";
import { axisTicks } from "../../src/layers/background/grid";
import { parseColour } from "../../src/ui/colour";
import { rampColour } from "../../src/ui/ramp";

describe("ramps and ticks are d3's", () => {
  test.each([0, 1, 2, 37, 100, 127, 128, 200, 254, 255])("colour %i of 256", (i) => {
    expect(rampColour("amount", i / 255)).toEqual(parseColour(interpolateViridis(i / 255)));
    expect(rampColour("difference", i / 255)).toEqual(parseColour(interpolatePuOr(1 - i / 255)));
  });
  test.each([
    [-4, 4, 700],
    [0.001, 0.0042, 300],
    [-120, 3500, 390],
    [2, 2.5, 900],
  ])("ticks from %f to %f", (low, high, length) => {
    const { ticks, text } = axisTicks(low, high, length);
    const scale = scaleLinear().domain([low, high]),
      wanted = Math.max(2, Math.round(length / 72));
    expect(ticks).toEqual(scale.ticks(wanted));
    expect(ticks.map(text)).toEqual(ticks.map(scale.tickFormat(wanted)).map((tick) => tick.replaceAll(",", ""))); // ours sets thousands apart from 10 000 on
  });
});
