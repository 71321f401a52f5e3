/** What does a layer look like, in a small drawing? Paths on a field of 40 × 40, in the colours that the page has. */

import { svg } from "./dom";

export interface Sketch {
  /** Filled softly. */
  readonly soft?: string;
  /** Lines in the text's colour. */
  readonly line?: string;
  /** Filled in the accent colour. */
  readonly fill?: string;
}

/** Discs, each by its middle. */
export function discs(radius: number, ...middles: readonly (readonly [x: number, y: number])[]): string {
  const arc = `a${radius} ${radius} 0 1 0`;
  return middles.map(([x, y]) => `M${x - radius} ${y}${arc} ${2 * radius} 0${arc} ${-2 * radius} 0z`).join("");
}

export function drawn(sketch: Sketch): SVGSVGElement {
  const paths = (["soft", "line", "fill"] as const).flatMap((kind) => {
    const d = sketch[kind];
    return d ? [{ d, class: `la-sketch-${kind}` }] : [];
  });
  return svg("0 0 40 40", paths, { class: "la-layer-sketch" });
}
