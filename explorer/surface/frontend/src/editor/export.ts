/** What can be exported? The map as a picture, the pins as JSON, the picture under the cursor as a program. */

import type { RunOnMap } from "../data/run-on-map";
import type { Plot } from "../kernel/state";
import { css } from "../ui/colour";
import { h } from "../ui/dom";
import { type RampName, rampColour } from "../ui/ramp";
import type { Theme } from "../ui/theme";
import type { PinRecord } from "../wire/schema";

const CARD_PX = 260;
const LINE_PX = 21;
const KEY_PX = 19;
const RAMP_STEPS = 24;

/** The map's canvases from below, CSS pixels. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  readonly plot: Plot;
  pictures(): readonly {
    readonly source: HTMLCanvasElement;
    readonly left: number;
    readonly top: number;
    readonly alpha: number;
  }[];
}

/** A line of the saved picture's legend: what a colour, or a ramp of them, stands for. */
export interface PictureKey {
  readonly text: string;
  readonly colour?: string;
  readonly ramp?: RampName;
}

/** The map as it is on the screen, its axes, and beside it what is under the cursor and what the colours mean. */
export function screenPicture(
  screen: Screen,
  theme: Theme,
  decoded: HTMLCanvasElement,
  isLow: boolean,
  lines: readonly string[],
  keys: readonly PictureKey[],
): HTMLCanvasElement {
  const { ratio, width, plot } = screen;
  const room = CARD_PX - 40;
  const factor = room / Math.max(decoded.width, decoded.height);
  const below = plot.top + decoded.height * factor + 26 + LINE_PX * lines.length;
  const height = Math.max(screen.height, below + KEY_PX * keys.length + 8);
  const canvas = h("canvas");
  canvas.width = Math.round((width + CARD_PX) * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(ratio, ratio);
  context.fillStyle = css(theme.background);
  context.fillRect(0, 0, width + CARD_PX, height);
  for (const { source, left, top, alpha } of screen.pictures()) {
    context.globalAlpha = alpha;
    context.drawImage(source, left, top, source.width / ratio, source.height / ratio);
  }
  context.globalAlpha = 1;
  context.imageSmoothingEnabled = false;
  context.drawImage(decoded, width + 20, plot.top, decoded.width * factor, decoded.height * factor);
  if (isLow) frame(context, css(theme.text), width + 20, plot.top, decoded.width * factor, decoded.height * factor);
  context.fillStyle = css(theme.text);
  context.font = `500 14px ${theme.font}`;
  lines.forEach((line, i) =>
    context.fillText(line, width + 20, plot.top + decoded.height * factor + 26 + LINE_PX * i, room),
  );
  keys.forEach((key, i) => drawKey(context, key, width + 20, below + KEY_PX * i, room));
  return canvas;
}

/** Dashes around a picture of low density: its pixels stay the decoder's. */
export function frame(
  context: CanvasRenderingContext2D,
  ink: string,
  left: number,
  top: number,
  width: number,
  height: number,
): void {
  context.save();
  context.strokeStyle = ink;
  context.lineWidth = 2;
  context.setLineDash([6, 4]);
  context.strokeRect(left - 3, top - 3, width + 6, height + 6);
  context.restore();
}

function drawKey(
  context: CanvasRenderingContext2D,
  { text, colour, ramp }: PictureKey,
  left: number,
  base: number,
  room: number,
): void {
  const ink = context.fillStyle;
  const wide = ramp ? 48 : 10;
  for (let i = 0; ramp && i < RAMP_STEPS; i++) {
    const { r, g, b } = rampColour(ramp, (i + 0.5) / RAMP_STEPS);
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect(left + (wide * i) / RAMP_STEPS, base - 9, wide / RAMP_STEPS + 0.5, 9);
  }
  if (colour) {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(left + 5, base - 4.5, 4.5, 0, 2 * Math.PI);
    context.fill();
  }
  context.fillStyle = ink;
  context.fillText(text, left + wide + 8, base, room - wide - 8);
}

/** Run, map and every pin with its code: what another program needs to draw them again. */
export function pinsJson(scene: RunOnMap, pins: readonly PinRecord[]): string {
  const { run, projection, decoded_as } = scene.header;
  return `${JSON.stringify({ run: run.id, map: projection.name, decoded_as: decoded_as ?? null, pins }, null, 1)}\n`;
}

/** The run's program with a code in the place of its own, and of a conditional decoder with the class that it is told. */
export function programAt(program: string, z: ArrayLike<number>, label: number | null): string {
  const code = `z = [${Array.from(z, asFloat).join(", ")}]`;
  const at = program.replace(/^z = .*$/m, () => code);
  return label === null ? at : at.replace(/^label = .*$/m, () => `label = ${label}`);
}

/** All digits of single precision, and a point, without which Python would read a whole number. */
function asFloat(x: number): string {
  const text = String(Number(x.toPrecision(9)));
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
