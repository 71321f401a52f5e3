/** KL of every dimension, and which are collapsed at thresholds that move with the hand. */

import { h, setText } from "../ui/dom";
import { dimension, number, percent } from "../ui/format";
import { Chart, plain, steps } from "./chart";
import { Dial } from "./dial";
import { collapseCurve, collapsedAt, geometric } from "./sums";

export interface CollapseData {
  readonly kind: "collapse";
  /** Mean KL of every dimension, nats. */
  readonly kl: readonly number[];
  /** Var(μ) > .01 (Burda 2016). */
  readonly active: readonly boolean[];
  /** Whether reconstruction needs it, null where too few images were examined to tell; nothing where that was not measured. */
  readonly used: readonly (boolean | null)[] | null;
  /** KL of the images, ascending, for every dimension. */
  readonly sorted: readonly (readonly number[])[];
}

const LOW = 1e-3;
const HIGH = 10;
/** Of a bar, CSS pixels. */
const WIDEST_PX = 120;

export class CollapseBars {
  readonly element: HTMLElement;
  private readonly bars = new Chart(280);
  private readonly curve = new Chart(220);
  private readonly words = h("p", { class: "lc-words", role: "status" });
  private readonly epsilon: Dial;
  private readonly delta: Dial;
  private readonly order: readonly number[];

  constructor(
    private readonly data: CollapseData,
    private readonly width: () => number,
  ) {
    const again = (): void => this.draw();
    this.epsilon = new Dial(
      {
        name: "ε, nats below which a dimension counts as collapsed for an image",
        title:
          "A dimension is (ε, δ)-collapsed if at least a share 1 − δ of the images has KL below ε (Lucas et al. 2019, definition 1).",
        low: LOW,
        high: HIGH,
        value: 0.01,
        isLog: true,
        words: (value) => `${value.toPrecision(2)} nats`,
      },
      again,
    );
    this.delta = new Dial(
      {
        name: "δ, share of images that may exceed ε",
        title: "The share of images that a collapsed dimension may still encode.",
        low: 0,
        high: 0.5,
        value: 0.01,
        isLog: false,
        words: (value) => percent(value, 1),
      },
      again,
    );
    this.order = data.kl.map((_, k) => k).sort((a, b) => data.kl[b] - data.kl[a] || a - b);
    this.element = h(
      "div",
      { class: "lc-root" },
      this.words,
      legend(data.used),
      this.bars.element,
      h("div", { class: "lc-dials" }, this.epsilon.element, this.delta.element),
      this.curve.element,
    );
  }

  draw(): void {
    const { data } = this;
    const [epsilon, delta] = [this.epsilon.value, this.delta.value];
    const collapsed = collapsedAt(data.sorted, epsilon, delta);
    const n = collapsed.filter(Boolean).length;
    const active = data.active.filter(Boolean).length;
    const nUnknown = data.used?.filter((use) => use === null).length ?? 0;
    const unknown = nUnknown > 0 ? `, of ${nUnknown} it is not known` : "";
    const used = data.used === null ? "" : ` ${data.used.filter(Boolean).length} are needed by the decoder${unknown}.`;
    setText(
      this.words,
      `${n} of ${data.kl.length} dimensions are (${plain(epsilon)}, ${plain(delta)})-collapsed; ${active} are active units (Var(μ) > 0.01).${used}`,
    );
    this.drawBars(collapsed);
    this.drawCurve(epsilon, delta);
  }

  private drawBars(collapsed: readonly boolean[]): void {
    const { bars, data, order } = this;
    const most = Math.max(...data.kl, 0.1) * 1.08;
    const every = Math.ceil(order.length / Math.max(4, Math.floor(this.width() / 34)));
    const ticks = order.map((_, i) => i + 0.5).filter((_, i) => i % every === 0);
    bars.begin(
      this.width(),
      {
        title: "latent dimension, by KL",
        kind: "linear",
        low: 0,
        high: order.length,
        ticks,
        format: (value) => dimension(order[Math.floor(value)]),
      },
      { title: "mean KL, nats", kind: "linear", low: 0, high: most },
      `Bar chart: mean KL of ${order.length} dimensions, largest first; ${collapsed.filter(Boolean).length} are collapsed at these thresholds.`,
    );
    const step = bars.x(1) - bars.x(0);
    const gap = Math.max(Math.min(6, step * 0.25), step - WIDEST_PX); // few bars stay bars and do not become areas
    order.forEach((k, i) => {
      const top = bars.y(data.kl[k]);
      const use = data.used?.[k];
      const state = collapsed[k] ? "collapsed" : use === null ? "unknown" : use === false ? "idle" : "used";
      const bar = bars.add("rect", {
        x: bars.x(i) + gap / 2,
        y: Math.min(top, bars.bottom - 1.5),
        width: Math.max(1, step - gap),
        height: Math.max(1.5, bars.bottom - top),
        class: `lc-bar lc-${state}`,
      });
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      title.textContent = `${dimension(k)}: KL ${number(data.kl[k], 3)} nats, ${data.active[k] ? "active" : "not active"}${said(use)}${collapsed[k] ? ", collapsed" : ""}`;
      bar.append(title);
    });
  }

  private drawCurve(epsilon: number, delta: number): void {
    const { curve, data } = this;
    const at = geometric(LOW, HIGH, 120);
    const shares = collapseCurve(data.sorted, at, delta);
    curve.begin(
      this.width(),
      { title: "ε, nats", kind: "log", low: LOW, high: HIGH, ticks: [0.001, 0.01, 0.1, 1, 10] },
      {
        title: "collapsed",
        kind: "linear",
        low: 0,
        high: 1,
        format: (value) => percent(value),
        ticks: [0, 0.25, 0.5, 0.75, 1],
      },
      `Curve: share of collapsed dimensions over epsilon, at delta ${plain(delta)}; ${percent(collapseCurve(data.sorted, [epsilon], delta)[0])} at epsilon ${plain(epsilon)}.`,
    );
    curve.add("path", { d: steps(at.map((value, i) => [curve.x(value), curve.y(shares[i])])), class: "lc-line" });
    curve.add("line", {
      x1: curve.x(epsilon),
      x2: curve.x(epsilon),
      y1: curve.top,
      y2: curve.bottom,
      class: "lc-marker",
    });
    curve.add("circle", {
      cx: curve.x(epsilon),
      cy: curve.y(collapseCurve(data.sorted, [epsilon], delta)[0]),
      r: 5,
      class: "lc-dot",
    });
  }
}

/** What a bar's tooltip says of the decoder's use. */
function said(use: boolean | null | undefined): string {
  if (use === undefined) return "";
  if (use === null) return ", too few images to tell whether the decoder needs it";
  return use ? ", needed by the decoder" : ", not needed by the decoder";
}

function legend(used: CollapseData["used"]): HTMLElement {
  const hasUse = used !== null;
  const entry = (state: string, text: string): HTMLElement =>
    h("span", { class: "lc-key" }, h("i", { class: `lc-swatch lc-${state}` }), text);
  return h(
    "p",
    { class: "lc-legend" },
    entry("used", hasUse ? "needed by the decoder" : "carries information"),
    ...(hasUse ? [entry("idle", "not needed")] : []),
    ...(used?.includes(null) ? [entry("unknown", "not known whether needed")] : []),
    entry("collapsed", "(ε, δ)-collapsed"),
  );
}
