/** Where do codes and prior disagree? */

import { quantile } from "../../data/quantities";
import { difference, priorField } from "../../geometry/grid-field";
import { densityJob, fieldLayer, short } from "./field";

/** Of the prior's peak: where posterior and prior agree better than this, nothing is coloured, as noise would be. */
const LEAST_SHARE = 0.01;

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

export const holes = fieldLayer({
  id: "holes",
  words: {
    group: "background",
    rank: 3,
    name: "Posterior − prior",
    help: "q̄(z) − p(z): under- and over-represented regions",
    sketch: { soft: "M8 22C8 10 20 6 27 11s8 16 0 20S8 34 8 22z", line: "M15 21a5 5 0 1 0 10 0a5 5 0 1 0-10 0z" },
    spoken: "posterior − prior",
  },
  offered: (data) => data.header.projection.rings && data.spreadOnMap() !== null,
  job: densityJob,
  result(data) {
    const { grid } = densityJob(data);
    const prior = priorField(grid, data.header.projection.ring_center);
    const gap = difference(grid, prior);
    const sizes = gap.values.map(Math.abs);
    const least = LEAST_SHARE * largest(prior.values);
    const reach = Math.max(least, quantile(sizes, 0.995));
    return {
      grid: gap,
      look: {
        ramp: "difference",
        share: (value) => 0.5 + (0.5 * value) / reach,
        opacity: (value) => Math.min(0.95, 1.6 * Math.sqrt(Math.abs(value) / reach)),
      },
      scale: {
        title: largest(sizes) < least ? `Posterior − prior: everywhere less than ${short(least)}` : "Posterior − prior",
        ramp: "difference",
        low: `under-represented, −${short(reach)}`,
        high: `over-represented, +${short(reach)}`,
        definition: `q̄(z) − p(z) on this plane, ± ${short(reach)}; q̄(z) = (1/N) Σᵢ q(z|xᵢ) (Hoffman & Johnson 2016). In an under-represented region the prior has more probability than the encoded images: samples from there look like rare data, or like none. Far out, where the prior itself is small, so is the difference: a hole there has hardly any colour.`,
      },
    };
  },
});
