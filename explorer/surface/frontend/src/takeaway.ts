/** What can be taken along? The map as a picture, the pins as JSON, the picture under the cursor as three lines of Python. */

import type { PinRecord } from "./blob";
import { css } from "./colour";
import { h } from "./dom";
import type { Scene } from "./scene";
import type { Stage } from "./stage";
import type { Theme } from "./theme";

const CARD_PX = 260;

/** The map as it is on the screen, its axes, and beside it what is under the cursor. */
export function screenPicture(stage: Stage, theme: Theme, decoded: HTMLCanvasElement, lines: readonly string[]): HTMLCanvasElement {
  const { ratio, width, height, plot } = stage;
  const canvas = h("canvas");
  canvas.width = Math.round((width + CARD_PX) * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(ratio, ratio);
  context.fillStyle = css(theme.background);
  context.fillRect(0, 0, width + CARD_PX, height);
  for (const { source, left, top, alpha } of stage.pictures()) {
    context.globalAlpha = alpha;
    context.drawImage(source, left, top, source.width / ratio, source.height / ratio);
  }
  context.globalAlpha = 1;
  const room = CARD_PX - 40;
  const factor = room / Math.max(decoded.width, decoded.height);
  context.imageSmoothingEnabled = false;
  context.drawImage(decoded, width + 20, plot.top, decoded.width * factor, decoded.height * factor);
  context.fillStyle = css(theme.text);
  context.font = `500 14px ${theme.font}`;
  lines.forEach((line, i) => context.fillText(line, width + 20, plot.top + decoded.height * factor + 26 + 21 * i, room));
  return canvas;
}

/** Run, map and every pin with its code: what another program needs to draw them again. */
export function pinsJson(scene: Scene, pins: readonly PinRecord[]): string {
  const { run, projection, decoded_as } = scene.header;
  return `${JSON.stringify({ run: run.id, map: projection.name, decoded_as: decoded_as ?? null, pins }, null, 1)}\n`;
}

/** Python that gives the picture of a code, in [0, 1]; `label` is the class that a conditional decoder is told. */
export function pythonCode(runId: string, z: ArrayLike<number>, label: number | null): string {
  const told = label === null ? "" : `, [${label}]`;
  return [
    "from trainer import load_run",
    "",
    `run = load_run(${JSON.stringify(runId)})`,
    `x_hat = run.model.decode([${JSON.stringify(Array.from(z))}]${told})[0]  # (C, H, W) in [0, 1]`,
    "",
  ].join("\n");
}

export function save(name: string, data: Blob): void {
  const url = URL.createObjectURL(data);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
