/** How is a Gaussian grasped? Its middle moves it, a handle on either axis stretches it; arrows and letters do the same. It never tilts. */

import type { Disposer } from "../ui/dom";
import type { Point } from "../wire/schema";
import { LEAST_SIGMA, MOST_SIGMA } from "./maths/ascent";
import type { Gaussian } from "./maths/gaussian";
import { ellipse, type Plane, shape } from "./plane";

/** As far as a mean may go. */
const FAR = 6;
/** Handles stand at least so far from the middle, or nobody could take one of them alone. */
const LEAST_ARM_PX = 34;
const HIT_PX = 17;
const STRETCH = 1.12;
export const KEYS =
  "Arrow keys move the mean; X and Y widen σ₁ and σ₂, with Shift they narrow; 0 shows the whole plane, F fits.";

type Grip = "mean" | "x" | "y";

export class OwnGaussian {
  private grip: { readonly of: Grip; readonly at: Point; readonly from: Gaussian } | null = null;

  /** `change` is told another Gaussian, and whether the hand still holds it. */
  constructor(
    private readonly plane: Plane,
    disposer: Disposer,
    private readonly q: () => Gaussian,
    private readonly change: (q: Gaussian, isHeld: boolean) => void,
  ) {
    const { element, marks } = plane;
    disposer.listen<"pointerdown">(marks, "pointerdown", (event) => this.take(event));
    disposer.listen<"pointermove">(marks, "pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"])
      disposer.listen<"pointerup">(marks, end, (event) => this.leave(event));
    disposer.listen<"click">(marks, "click", (event) => this.jump(event));
    disposer.listen<"keydown">(element, "keydown", (event) => this.key(event));
  }

  get isHeld(): boolean {
    return this.grip !== null;
  }

  draw(): void {
    const { plane } = this;
    const { mu, sigma } = this.q();
    const [x, y] = [plane.x(mu[0]), plane.y(mu[1])];
    const arms = sigma.map((s) => Math.max(LEAST_ARM_PX, plane.length(s)));
    const grip = (of: Grip, left: number, top: number): SVGElement =>
      shape(
        "g",
        { class: `lw-grip lw-grip-${of}`, "data-grip": of },
        shape("circle", { cx: left, cy: top, r: HIT_PX, class: "lw-hit" }),
        shape("circle", { cx: left, cy: top, r: of === "mean" ? 6 : 7, class: "lw-knob" }),
      );
    const halo = [1, 2].map((k) => ellipse(plane, mu, [k * sigma[0], k * sigma[1]], "lw-halo"));
    plane.shapes.append(
      ...halo,
      ellipse(plane, mu, [2 * sigma[0], 2 * sigma[1]], "lw-own lw-own-outer"),
      ellipse(plane, mu, [sigma[0], sigma[1]], "lw-own lw-own-body", { "data-grip": "mean" }),
      shape("line", { x1: x, y1: y, x2: x + arms[0], y2: y, class: "lw-arm" }),
      shape("line", { x1: x, y1: y, x2: x, y2: y - arms[1], class: "lw-arm" }),
      grip("mean", x, y),
      grip("x", x + arms[0], y),
      grip("y", x, y - arms[1]),
    );
  }

  private take(event: PointerEvent): void {
    if (event.button !== 0) return;
    const target = event.target as Element;
    const of = target.closest("[data-grip]")?.getAttribute("data-grip") as Grip | null;
    if (!of) return; // the page may scroll there, and a click is heard
    event.preventDefault();
    this.plane.element.focus({ preventScroll: true });
    this.plane.stop();
    this.plane.marks.setPointerCapture(event.pointerId);
    this.grip = { of, at: this.plane.pointed(event), from: this.q() };
  }

  /** A click beside it brings it there. */
  private jump(event: MouseEvent): void {
    if ((event.target as Element).closest("[data-grip]")) return;
    const [left, top] = this.plane.pointed(event);
    this.change(bounded({ mu: this.plane.placeOf(left, top), sigma: this.q().sigma }), false);
  }

  private move(event: PointerEvent): void {
    if (this.grip) this.change(this.dragged(event), true);
  }

  private leave(event: PointerEvent): void {
    if (!this.grip) return;
    const last = this.dragged(event);
    this.grip = null;
    this.change(last, false);
  }

  private dragged(event: PointerEvent): Gaussian {
    const { plane, grip } = this;
    if (!grip) return this.q();
    const { of, at, from } = grip;
    const [left, top] = plane.pointed(event);
    if (of === "mean") {
      const [x0, y0] = plane.placeOf(at[0], at[1]);
      const [x1, y1] = plane.placeOf(left, top);
      return bounded({ mu: [from.mu[0] + x1 - x0, from.mu[1] + y1 - y0], sigma: from.sigma });
    }
    const k = of === "x" ? 0 : 1;
    const arm = Math.max(LEAST_ARM_PX, plane.length(from.sigma[k]));
    const moved = k === 0 ? left - at[0] : at[1] - top;
    const sigma: [number, number] = [from.sigma[0], from.sigma[1]];
    sigma[k] *= Math.max(0.02, (arm + moved) / arm);
    return bounded({ mu: from.mu, sigma });
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { mu, sigma } = this.q();
    const step = this.plane.view.half / (event.shiftKey ? 200 : 40);
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
    const letter = event.key.toLowerCase();
    if (by) this.change(bounded({ mu: [mu[0] + by[0] * step, mu[1] + by[1] * step], sigma }), false);
    else if (letter === "x" || letter === "y") {
      const factor = event.shiftKey ? 1 / STRETCH : STRETCH;
      const scaled: Point = letter === "x" ? [sigma[0] * factor, sigma[1]] : [sigma[0], sigma[1] * factor];
      this.change(bounded({ mu, sigma: scaled }), false);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

export function bounded({ mu, sigma }: Gaussian): Gaussian {
  const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
  return {
    mu: [within(mu[0], -FAR, FAR), within(mu[1], -FAR, FAR)],
    sigma: [within(sigma[0], LEAST_SIGMA, MOST_SIGMA), within(sigma[1], LEAST_SIGMA, MOST_SIGMA)],
  };
}
