/** How do layers become pixels? A loop over the list, a canvas a stratum: drawn again when a field that one of its layers reads was replaced. */

import type { Frame, Layer, Stratum } from "../kernel/extension";
import { isOn } from "../kernel/layer-choice";
import type { MapState } from "../kernel/state";
import { changedKeys } from "../kernel/store";
import type { Stage } from "./canvas";
import { drawLabels } from "./labels";

const STRATA: readonly Stratum[] = ["background", "points", "overlay", "marks"];
/** What decides the pixels of every layer. */
const ALWAYS: readonly (keyof MapState)[] = ["data", "view", "theme", "layers"];

export class Compositor {
  /** What each stratum was drawn from. */
  private readonly drawn = new Map<Stratum, MapState>();
  private readonly due = new Set<Stratum>(STRATA);

  constructor(
    private readonly stage: Stage,
    private readonly layers: readonly Layer[],
  ) {}

  /** Something outside the state has changed: pictures that were unpacked. */
  invalidate(): void {
    for (const stratum of STRATA) this.due.add(stratum);
  }

  /** Whether something must be drawn again in the next frame. */
  get isDue(): boolean {
    return this.due.size > 0;
  }

  /** Returns what was drawn. */
  draw(frame: Frame): ReadonlySet<Stratum> {
    const drawn = new Set(STRATA.filter((stratum) => this.hasChanged(stratum, frame.state)));
    for (const stratum of drawn) this.drawStratum(stratum, frame);
    return drawn;
  }

  /** A slice of what takes longer than a frame, in each stratum; true while there is something left to do. */
  work(frame: Frame): boolean {
    let isWorking = false;
    for (const stratum of STRATA)
      for (const layer of this.on(stratum, frame.state).reverse()) {
        const progress = layer.work?.(frame) ?? "done";
        if (progress === "show") this.due.add(stratum);
        if (progress === "done") continue;
        isWorking = true;
        break; // one slice a stratum: the hand is not to feel it
      }
    return isWorking;
  }

  /** What the layers say of what they leave out. */
  note(frame: Frame): string {
    return this.layers.flatMap((layer) => (isOn(layer, frame.state) ? (layer.note?.(frame) ?? []) : [])).join(" ");
  }

  private on(stratum: Stratum, state: MapState): Layer[] {
    return this.layers.filter((layer) => layer.stratum === stratum && isOn(layer, state));
  }

  private hasChanged(stratum: Stratum, state: MapState): boolean {
    const before = this.drawn.get(stratum);
    if (!before || this.due.has(stratum)) return true;
    const changed = changedKeys(before, state);
    if (changed.length === 0) return false;
    const reads = (keys: readonly (keyof MapState)[]): boolean => changed.some((key) => keys.includes(key));
    return reads(ALWAYS) || this.on(stratum, state).some((layer) => reads(layer.reads));
  }

  private drawStratum(stratum: Stratum, frame: Frame): void {
    this.due.delete(stratum);
    this.drawn.set(stratum, frame.state);
    const layers = this.on(stratum, frame.state);
    if (stratum === "marks") return layers.forEach((layer) => layer.place?.(this.stage.marks, frame));
    const canvas = this.stage.begin(stratum);
    if (!canvas) return;
    for (const layer of layers) if (layer.draw?.(canvas, frame)) this.due.add(stratum);
    const labels = layers.flatMap((layer) => layer.labels?.(canvas, frame) ?? []);
    drawLabels(canvas.context, canvas.plot, frame.state.theme, labels);
  }
}
