/** How fast do pictures change along the map? */

import { robustRange } from "../../data/quantities";
import type { RunOnMap } from "../../data/run-on-map";
import { gridOver, MagnificationJob } from "../../geometry/grid-field";
import { codesAt } from "../../geometry/inverse";
import { perMap } from "../../kernel/per-map";
import { product } from "../../wire/payload";
import { fieldExtent, fieldLayer, ramped, short } from "./field";

const CELLS = 60;

const jobOf = perMap((data: RunOnMap) => {
  const { space, model, header } = data;
  const decodeAt = (places: Float64Array): Float32Array => model.decodeMany(codesAt(space, places), places.length / 2);
  return new MagnificationJob(gridOver(fieldExtent(data), CELLS), decodeAt, product(header.run.image_shape));
});

export const magnification = fieldLayer({
  id: "magnification",
  words: {
    group: "background",
    rank: 4,
    name: "Magnification",
    help: "how fast pictures change along the map, √det(JᵀJ)",
    sketch: {
      line: "M4 20h32M20 4v32M4 10c10 6 22 6 32 0M4 30c10-6 22-6 32 0M10 4c6 10 6 22 0 32M30 4c-6 10-6 22 0 32",
    },
    spoken: "magnification",
  },
  job: jobOf,
  result(data) {
    const { grid } = jobOf(data);
    const log = (value: number): number => Math.log10(Math.max(value, 1e-9));
    const [low, high] = robustRange(grid.values.map(log));
    return {
      grid,
      look: ramped(low, high, log),
      scale: {
        title: "Magnification",
        ramp: "amount",
        low: short(10 ** low),
        high: short(10 ** high),
        definition:
          "√det(JᵀJ) of the decoder, log scale: how much pictures change for a step on the map. Bright ridges are borders between kinds of picture (Bishop 1997; Arvanitidis 2018, eq. 4).",
      },
    };
  },
});
