/** How is the probe shown without redrawing anything else? Three small elements that are only moved. */

import { toScreen } from "../../geometry/camera";
import { isLow } from "../../geometry/support";
import type { Layer } from "../../kernel/extension";
import { perMap } from "../../kernel/per-map";
import { h, setHidden, svg } from "../../ui/dom";
import type { Point } from "../../wire/schema";

class ProbeMark {
  private readonly cross = h("div", { class: "la-probe" });
  private readonly ring = h("div", { class: "la-nearest-mark" });
  private readonly link = h("div", { class: "la-link" });

  constructor(marks: HTMLElement) {
    this.cross.append(
      svg("-14 -14 28 28", [
        { d: "M0-11A11 11 0 1 0 0 11A11 11 0 1 0 0-11Z", class: "la-probe-halo" },
        { d: "M0-11A11 11 0 1 0 0 11A11 11 0 1 0 0-11Z", class: "la-probe-ring" },
        { d: "M0-2.6A2.6 2.6 0 1 0 0 2.6A2.6 2.6 0 1 0 0-2.6Z", class: "la-probe-dot" },
      ]),
    );
    marks.append(this.link, this.ring, this.cross);
  }

  /** Few encoded images are around the code under the probe: its ring is dashed. */
  showLow(isLow: boolean): void {
    this.cross.toggleAttribute("data-low", isLow);
  }

  /** Screen places, CSS pixels; the line to the nearest point starts outside the probe's ring. */
  place(probe: Point, nearest: Point | null): void {
    this.cross.style.transform = `translate(${probe[0]}px, ${probe[1]}px)`;
    const isApart = nearest !== null && Math.hypot(nearest[0] - probe[0], nearest[1] - probe[1]) > 14;
    for (const element of [this.ring, this.link]) setHidden(element, !isApart); // within the probe's own ring it would only be clutter
    if (!nearest || !isApart) return;
    this.ring.style.transform = `translate(${nearest[0]}px, ${nearest[1]}px)`;
    const dx = nearest[0] - probe[0];
    const dy = nearest[1] - probe[1];
    const length = Math.max(0, Math.hypot(dx, dy) - 12 - 6);
    const angle = Math.atan2(dy, dx);
    const x = probe[0] + 12 * Math.cos(angle);
    const y = probe[1] + 12 * Math.sin(angle);
    this.link.style.transform = `translate(${x}px, ${y}px) rotate(${angle}rad) scaleX(${length})`;
  }
}

const marksIn = perMap((marks: HTMLElement) => new ProbeMark(marks));

export const probeMarker: Layer = {
  id: "probe",
  stratum: "marks",
  words: null,
  reads: ["probe", "shown", "reading"],
  place(marks, { state: { data, view, probe, reading }, derived: { marked } }) {
    const screen = ([x, y]: Point): Point => toScreen(view.camera, view.plot, x, y);
    const mark = marksIn(marks);
    mark.showLow(reading.support !== null && isLow(reading.support));
    mark.place(screen(probe.at), marked >= 0 ? screen(data.place(marked)) : null);
  },
};
