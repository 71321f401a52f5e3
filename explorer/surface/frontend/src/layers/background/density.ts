/** How densely do the codes lie on the map? */

import { densityJob, fieldLayer, highest, short } from "./field";

export const density = fieldLayer({
  id: "density",
  words: {
    group: "background",
    rank: 2,
    name: "Density of the codes",
    help: "aggregated posterior q̄(z): the mean of q(z|x) over test images; of the points where the map is no plane or q has no spread",
    sketch: { soft: "M8 22C8 10 20 6 27 11s8 16 0 20S8 34 8 22z", fill: "M14 21c0-6 6-8 10-5s4 9 0 10-10 1-10-5z" },
    spoken: "density of the codes",
  },
  job: densityJob,
  result(data) {
    const isPlane = data.spreadOnMap() !== null;
    const { grid } = densityJob(data);
    const high = highest(grid.values.filter((value) => value > 0));
    return {
      grid,
      look: {
        ramp: "amount",
        share: (value) => Math.sqrt(value / high),
        opacity: (value) => Math.min(1, 3 * Math.sqrt(value / high)),
      },
      scale: {
        title: isPlane ? "Aggregated posterior" : "Density of the points",
        ramp: "amount",
        low: "0",
        high: short(high),
        definition: isPlane
          ? "q̄(z) = (1/N) Σᵢ q(z|xᵢ) over the test images, on this plane; it integrates to 1. Where it looks like the prior, samples look like data (Hoffman & Johnson 2016). A posterior narrower than a cell is drawn as wide as one."
          : "Kernel density (1/N) Σᵢ N(·; pointᵢ, h²) of the points on this map, h by Scott's rule (1992) from the spread within classes; it integrates to 1.",
      },
    };
  },
});
