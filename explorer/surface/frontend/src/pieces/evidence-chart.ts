/** How near is an estimate of log p(x)? Against a number on a logarithmic axis, with the value by quadrature as a line. */

import { Chart } from "../charts/chart";
import type { Found } from "./maths/evidence";
import { decades, power } from "./powers";

export interface Trace {
  /** The number on the axis, and log p̂(x), nats. */
  readonly points: readonly (readonly [at: number, value: number])[];
}

/** What the axis has: from 1 or 2 on. */
export interface Span {
  readonly title: string;
  readonly low: number;
  readonly high: number;
  readonly ticks?: readonly number[];
  readonly format?: (value: number) => string;
}

/** Nats: an estimate that is further off is drawn at the edge. */
const MOST_OFF = 60;
const LEAST_OFF = 1.5;

export function evidenceChart(
  size: { readonly width: number; readonly height: number; readonly px: number },
  span: Span,
  traces: readonly Trace[],
  found: Found | null,
  words: string,
): SVGSVGElement {
  const chart = new Chart(size.height, size.px);
  const [low, high] = limits(traces, found);
  const ticks = span.ticks ?? decades(span.low, span.high);
  chart.begin(
    size.width,
    { title: span.title, kind: "log", low: span.low, high: span.high, ticks, format: span.format ?? power },
    { title: "log p(x), nats", kind: "linear", low, high, format: short },
    words,
  );
  const inside = (value: number): number => chart.y(Math.min(high, Math.max(low, value)));
  if (found) {
    const [top, bottom] = [inside(found.logPx + found.error), inside(found.logPx - found.error)];
    chart.add("rect", {
      x: chart.left,
      y: top,
      width: chart.right - chart.left,
      height: bottom - top,
      class: "lw-band",
    });
    const y = inside(found.logPx);
    chart.add("line", { x1: chart.left, x2: chart.right, y1: y, y2: y, class: "lw-exact" });
    chart.add("text", { x: chart.right - 4, y: y - 6, class: "lc-note", "text-anchor": "end" }, "by quadrature");
  }
  for (const { points } of traces) {
    if (points.length > 1) {
      const d = points.map(([at, value]) => `${chart.x(at).toFixed(1)} ${inside(value).toFixed(1)}`).join("L");
      chart.add("path", { d: `M${d}`, class: "lw-run" });
    }
    const last = points[points.length - 1];
    if (last) chart.add("circle", { cx: chart.x(last[0]), cy: inside(last[1]), r: 4, class: "lc-run" });
  }
  return chart.element;
}

/** As many decimals as there are: 31.5, −140. */
function short(value: number): string {
  return Number(value.toFixed(2)).toString().replace("-", "\u2212");
}

/** All estimates that are not too far off, and the exact value. */
function limits(traces: readonly Trace[], found: Found | null): readonly [number, number] {
  const values = traces.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  const exact = found?.logPx ?? values[values.length - 1] ?? 0;
  const lowest = Math.max(exact - MOST_OFF, Math.min(exact - LEAST_OFF, ...values));
  const highest = Math.min(exact + MOST_OFF, Math.max(exact, ...values));
  const margin = 0.06 * (highest - lowest) + 0.4;
  return [lowest - margin, highest + 2 * margin];
}
