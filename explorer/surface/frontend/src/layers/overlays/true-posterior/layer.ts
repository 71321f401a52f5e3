/** How far is the encoder's Gaussian from the truth, for one image? Both are drawn. */

import { searchesAt } from "../../../data/searches";
import type { Ring } from "../../../data/true-posterior/summary";
import { type Camera, type Size, toScreen } from "../../../geometry/camera";
import type { Layer } from "../../../kernel/extension";
import { css } from "../../../ui/colour";
import { type Context, drawEllipses, strokeTwice } from "../../marks";
import { canTellTruth, followed } from "./study";

export const truePosterior: Layer = {
  id: "truth",
  stratum: "overlay",
  words: {
    group: "overlay",
    rank: 5,
    name: "True posterior",
    help: "p(z|x) of the nearest image by quadrature beside q(z|x), 1σ and 2σ of each, and the KL between them",
    sketch: {
      soft: "M8 27C6 17 14 5 20 9s4 10 12 12-2 13-10 13-13-2-14-7z",
      line: "M11 25c1-8 12-12 14-7s-4 11-9 11-5-1-5-4z",
    },
  },
  offered: canTellTruth,
  reads: ["probe", "shown", "selection", "ownPicture"],
  draw({ context, plot }, frame) {
    const { theme, view } = frame.state;
    const { studied, result } = followed(frame);
    if (!studied) return false;
    const { mu, logvar } = studied.q;
    context.save();
    context.lineJoin = "round";
    for (const rings of result?.rings ?? []) {
      traceRings(context, plot, view.camera, rings);
      context.fillStyle = css(theme.accent, 0.16);
      context.fill("evenodd");
    }
    for (const stroke of [
      [css(theme.map, 0.9), 4.5],
      [css(theme.accent), 2.25],
    ] as const)
      for (const rings of result?.rings ?? []) {
        traceRings(context, plot, view.camera, rings);
        strokeTwice(context, stroke);
      }
    const spread = [Math.exp(logvar[0]), 0, Math.exp(logvar[1])] as const;
    for (const stroke of [
      [css(theme.map, 0.9), 4],
      [css(theme.text), 1.75],
    ] as const)
      drawEllipses(context, plot, view.camera, [mu[0], mu[1]], spread, [1, 2], stroke);
    context.restore();
    return false;
  },
  work(frame) {
    const study = followed(frame);
    const before = study.result;
    const isWorking = study.work(frame.now, searchesAt(frame.state.host.searches));
    return study.result !== before ? "show" : isWorking ? "working" : "done";
  },
};

function traceRings(context: Context, size: Size, camera: Camera, rings: readonly Ring[]): void {
  context.beginPath();
  for (const ring of rings) {
    ring.forEach(([x, y], i) => {
      const [left, top] = toScreen(camera, size, x, y);
      if (i) context.lineTo(left, top);
      else context.moveTo(left, top);
    });
    context.closePath();
  }
}
