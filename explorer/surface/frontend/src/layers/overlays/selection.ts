/** Which points are selected, and what was drawn around them? */

import { toScreen } from "../../geometry/camera";
import type { Layer } from "../../kernel/extension";
import { css } from "../../ui/colour";
import { trace } from "../marks";

/** More rings than this would hide the points. */
const MOST_RINGS = 1500;

export const selection: Layer = {
  id: "selection",
  stratum: "overlay",
  words: null,
  reads: ["selection"],
  draw({ context, plot }, { state: { data, theme, view, selection } }) {
    const { indices, outline } = selection;
    if (outline.length < 2 && indices.length === 0) return false;
    context.save();
    trace(
      context,
      outline.map(([x, y]) => toScreen(view.camera, plot, x, y)),
    );
    context.closePath();
    context.fillStyle = css(theme.accent, 0.1);
    context.fill();
    context.setLineDash([6, 4]);
    context.strokeStyle = css(theme.accent);
    context.lineWidth = 1.75;
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 1.25;
    context.strokeStyle = css(theme.text, 0.7);
    context.beginPath();
    for (const i of indices.length > MOST_RINGS ? [] : indices) {
      const [left, top] = toScreen(view.camera, plot, ...data.place(i));
      context.moveTo(left + 4, top);
      context.arc(left, top, 4, 0, 2 * Math.PI);
    }
    context.stroke();
    context.restore();
    return false;
  },
};
