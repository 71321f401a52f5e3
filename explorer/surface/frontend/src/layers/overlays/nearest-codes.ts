/** Which codes are nearest in latent space, wherever the map has put them? */

import { toScreen } from "../../geometry/camera";
import type { Layer } from "../../kernel/extension";
import { css } from "../../ui/colour";
import { discs } from "../../ui/sketch";
import { strokeTwice } from "../marks";

export const nearestCodes: Layer = {
  id: "neighbours",
  stratum: "overlay",
  words: {
    group: "overlay",
    rank: 6,
    name: "Nearest in latent space",
    help: "lines to the eight codes nearest to the probe, all dimensions counted",
    sketch: {
      line: "M20 20 8 10M20 20l12-9M20 20l10 11M20 20 9 30",
      fill: discs(2.5, [20, 20], [8, 10], [32, 11], [30, 31], [9, 30]),
    },
    key: ["n", "lines to the nearest codes in latent space"],
  },
  reads: ["probe", "shown"],
  /** Lines from the probe to points, thinner with every rank. */
  draw({ context, plot }, { state: { data, theme, view, probe }, derived }) {
    const [left, top] = toScreen(view.camera, plot, probe.at[0], probe.at[1]);
    context.save();
    context.lineCap = "round";
    derived.links.forEach((i, rank) => {
      const [a, b] = toScreen(view.camera, plot, ...data.place(i));
      context.beginPath();
      context.moveTo(left, top);
      context.lineTo(a, b);
      strokeTwice(context, [css(theme.map, 0.85), 4], [css(theme.accent, 1 - 0.07 * rank), 1.75]);
      context.beginPath();
      context.arc(a, b, 4, 0, 2 * Math.PI);
      context.fillStyle = css(theme.accent);
      context.fill();
    });
    context.restore();
    return false;
  },
};
