/** Where are the pins? */

import { type Camera, type Size, toScreen } from "../../geometry/camera";
import type { Layer } from "../../kernel/extension";
import { css } from "../../ui/colour";
import type { Theme } from "../../ui/theme";
import type { PinRecord } from "../../wire/schema";
import { type Context, entranceShare } from "../marks";

/** Of the head, CSS pixels: for one or two letters, and for three. */
const RADII = [12, 16] as const;
const DROP_MS = 220;

export const pins: Layer = {
  id: "pins",
  stratum: "overlay",
  words: null,
  reads: ["pins"],
  draw({ context, plot }, frame) {
    const { camera } = frame.state.view;
    const drop = entranceShare(frame, frame.state.pins.droppedAt, DROP_MS);
    const { pins } = frame.derived;
    pins.forEach((pin, i) => drawPin(context, plot, camera, frame.state.theme, pin, i === pins.length - 1 ? drop : 1));
    return drop < 1;
  },
  labels({ plot }, { state: { view }, derived: { pins } }) {
    return pins.map(({ label, map: [x, y] }) => {
      const [left, tip] = toScreen(view.camera, plot, x, y);
      const radius = radiusOf(label);
      return { text: "", at: [left, tip - 1.35 * radius], reach: radius + 2, rank: 0 };
    });
  },
};

function radiusOf(label: string): number {
  return RADII[label.length > 2 ? 1 : 0];
}

/** `drop` 0 … 1: a new pin falls onto its place. The place itself is the tip. */
function drawPin(context: Context, size: Size, camera: Camera, theme: Theme, pin: PinRecord, drop: number): void {
  const [left, tip] = toScreen(camera, size, pin.map[0], pin.map[1]);
  const top = tip - 18 * (1 - drop) ** 2;
  const radius = radiusOf(pin.label);
  const middle = top - 1.35 * radius;
  context.save();
  context.globalAlpha = 0.3 + 0.7 * drop;
  context.beginPath();
  context.arc(left, middle, radius, 0.78 * Math.PI, 2.22 * Math.PI);
  context.lineTo(left, top);
  context.closePath();
  context.strokeStyle = css(theme.map);
  context.lineWidth = 3;
  context.stroke();
  context.fillStyle = css(theme.accent);
  context.fill();
  context.font = `600 ${theme.labelPx}px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = css(theme.onAccent);
  context.fillText(pin.label.slice(0, 3), left, middle + 0.5);
  context.restore();
}
