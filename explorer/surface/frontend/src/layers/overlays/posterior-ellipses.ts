/** How wide is each point's posterior on the map? */

import type { Layer } from "../../kernel/extension";
import { css } from "../../ui/colour";
import { discs } from "../../ui/sketch";
import { inView } from "../in-view";
import { drawEllipses, pointColour } from "../marks";

const MOST_ELLIPSES = 400;

export const posteriorEllipses: Layer = {
  id: "ellipses",
  stratum: "overlay",
  words: {
    group: "overlay",
    rank: 4,
    name: "Posterior ellipses",
    help: "1σ and 2σ of q(z|x) to scale for the nearest point; 1σ of all when few are in view",
    sketch: {
      line: "M7 15c2-5 12-7 13-3s-9 10-12 8-2-3-1-5zM20 28c2-4 12-4 12 0s-12 5-12 0z",
      fill: discs(2, [13, 15], [26, 28]),
    },
  },
  offered: (data) => data.spreadOnMap() !== null,
  reads: ["probe", "shown", "colourBy"],
  /** 1σ of every point when few are in view; 1σ and 2σ of the nearest one always. */
  draw({ context, plot }, frame) {
    const { data, theme, view, shown } = frame.state;
    const spread = data.spreadOnMap();
    if (!spread) return false;
    for (const i of inView(data, view.camera, plot, shown, MOST_ELLIPSES) ?? [])
      drawEllipses(context, plot, view.camera, data.place(i), spread(i), [1], [css(pointColour(frame, i), 0.55), 1]);
    const nearest = frame.derived.marked;
    if (nearest < 0) return false;
    for (const stroke of [
      [css(theme.map), 4],
      [css(theme.text), 1.75],
    ] as const)
      drawEllipses(context, plot, view.camera, data.place(nearest), spread(nearest), [1, 2], stroke);
    return false;
  },
};
