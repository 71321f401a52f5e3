/** “What is p(x)?” by cells: the plane in n × n of them, each with its share of the integral, and what that would cost in more dimensions. */

import { Dial } from "../charts/dial";
import { css } from "../ui/colour";
import { button, h, setText } from "../ui/dom";
import { count, number, percent } from "../ui/format";
import { rampColour } from "../ui/ramp";
import type { Subject } from "../wire/piece";
import { evidenceChart } from "./evidence-chart";
import { Density } from "./maths/density";
import { Evidence } from "./maths/evidence";
import { costWords, FEWEST, Lattice, MOST, REACH, SWEEP } from "./maths/lattice";
import { OfImage } from "./of-image";
import type { Look, Piece } from "./piece";
import { clearPlane, ellipse, Plane } from "./plane";
import { Slices } from "./slices";

const FIRST = 8;
const TICKS = [2, 5, 10, 20, 50, 100, 200];
const DIMENSIONS = [2, 10, 20] as const;
const VIEW = { centre: [0, 0], half: REACH } as const;

export class IntegratePiece implements Piece {
  private readonly density: Density;
  private readonly evidence: Evidence;
  private readonly plane = new Plane("Latent plane in cells, each with its share of the integral", () => this.paint());
  private readonly slices = new Slices();
  private readonly dial: Dial;
  private readonly sweep: HTMLButtonElement;
  private readonly costs = h("tbody", {});
  private readonly page: OfImage;
  private readonly finished = new Map<number, number>();
  private look: Look | null = null;
  private lattice: Lattice;
  /** Numbers of cells that are still to be looked at. */
  private queue: number[] = [];

  constructor(subject: Subject) {
    this.density = new Density(subject);
    const { mu, logvar } = subject;
    const near = { mu: [mu[0], mu[1]], sigma: [Math.exp(logvar[0] / 2), Math.exp(logvar[1] / 2)] } as const;
    this.evidence = new Evidence(this.density.logLikelihood, near);
    this.lattice = new Lattice(FIRST, this.density.logLikelihood);
    this.plane.view = VIEW;
    this.plane.element.classList.add("lw-cells");
    this.dial = new Dial(
      {
        name: "cells along a side, n",
        title: "The square from −4 to 4 along both axes, in n × n cells.",
        low: FEWEST,
        high: MOST,
        value: FIRST,
        isLog: true,
        words: (value) => String(Math.round(value)),
      },
      () => this.begin(Math.round(this.dial.value), []),
    );
    this.sweep = button("lw-button", { "data-testid": "piece-go" }, () => this.toggle(), "From 2 to 160");
    this.page = new OfImage(
      "What is p(x)? Cells",
      subject,
      this.plane,
      [this.sweep, this.dial.element],
      [this.costTable()],
    );
  }

  get element(): HTMLElement {
    return this.page.element;
  }

  watched(): ReturnType<Piece["watched"]> {
    const { n, estimate } = this.lattice;
    const { found } = this.evidence;
    return {
      numbers: {
        grid: estimate === null ? null : n,
        error: found && estimate !== null ? Math.abs(estimate - found.logPx) : null,
      },
      names: {},
    };
  }

  draw(look: Look): void {
    this.look = look;
    this.page.draw(look);
    this.work();
    this.paint();
  }

  destroy(): void {
    this.slices.stop();
  }

  private begin(n: number, queue: readonly number[]): void {
    this.queue = [...queue];
    if (this.lattice.n !== n) this.take(n);
    this.work();
    this.paint();
  }

  private take(n: number): void {
    this.lattice = new Lattice(n, this.density.logLikelihood);
    this.dial.set(n);
  }

  private toggle(): void {
    if (this.queue.length > 0) this.begin(this.lattice.n, []);
    else this.begin(SWEEP[0], SWEEP.slice(1));
  }

  /** The cells first, then the exact value. */
  private work(): void {
    const work = (deadline: number): boolean => {
      if (this.lattice.estimate === null) {
        if (!this.lattice.work(deadline)) this.finished.set(this.lattice.n, this.lattice.estimate ?? Number.NaN);
      } else if (this.queue.length > 0) {
        this.take(this.queue.shift() as number);
      } else if (!this.evidence.isComplete) {
        this.evidence.work(deadline);
      }
      return this.lattice.estimate === null || this.queue.length > 0 || !this.evidence.isComplete;
    };
    this.slices.start(work, () => this.paint());
  }

  private paint(): void {
    const { look, lattice } = this;
    if (!look || !this.page) return;
    this.drawCells(look);
    this.plane.shapes.replaceChildren(ellipse(this.plane, [0, 0], [2, 2], "lw-prior"));
    setText(this.sweep, this.queue.length > 0 ? "Stop" : `From ${SWEEP[0]} to ${SWEEP[SWEEP.length - 1]}`);
    const points = [...this.finished].sort(([a], [b]) => a - b);
    this.page.say(this.words(), this.below());
    const found = this.finished.size > 1 ? this.evidence.found : null;
    this.page.show(
      evidenceChart(
        this.page.chartSize(look),
        { title: "cells along a side, n", low: FEWEST, high: MOST, ticks: TICKS, format: String },
        [{ points }, ...points.map((point) => ({ points: [point] }))],
        found,
        `Estimates of log p(x) with ${points.length} numbers of cells.`,
      ),
    );
    this.costs.replaceChildren(
      ...DIMENSIONS.map((d) =>
        h("tr", {}, h("th", { scope: "row" }, `${d} dimensions`), h("td", {}, costWords(lattice.n, d, count))),
      ),
    );
  }

  /** By the root of their share, or the fullest would be all that is seen. */
  private drawCells(look: Look): void {
    const { plane, lattice } = this;
    const context = clearPlane(plane, look);
    if (!context) return;
    const { n, values } = lattice;
    const best = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const side = plane.canvas.width / n;
    const gap = side > 8 ? 1 : 0;
    for (let i = 0; i < lattice.next; i++) {
      context.fillStyle = css(rampColour("amount", Math.exp(0.5 * (values[i] - best))));
      const [column, row] = [i % n, n - 1 - Math.floor(i / n)];
      const [left, top] = [Math.round(column * side), Math.round(row * side)];
      context.fillRect(
        left,
        top,
        Math.round((column + 1) * side) - left - gap,
        Math.round((row + 1) * side) - top - gap,
      );
    }
  }

  private words(): string {
    const { lattice, evidence } = this;
    const { n, estimate, values } = lattice;
    if (estimate === null) return `${count(n * n)} cells: ${percent(lattice.next / (n * n))} of them decoded …`;
    const best = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const share = Math.exp(best + 2 * Math.log(lattice.side) - estimate);
    const exact = evidence.found ? ` Finer cells give ${number(evidence.found.logPx)} nats.` : "";
    return `${count(n)} × ${count(n)} cells: log p(x) ≈ ${number(estimate)} nats, ${percent(share)} of it from the fullest cell.${this.finished.size > 1 ? exact : ""}`;
  }

  private below(): string {
    return (
      "A cell's colour is the root of its share of p(x): yellow the fullest, violet next to nothing. One decoding for each cell; where a " +
      "single cell holds most, the sum depends on whether its middle met the peak."
    );
  }

  private costTable(): HTMLElement {
    return h(
      "table",
      { class: "lw-table lw-costs" },
      h("caption", { class: "lw-said" }, "Decodings that as many cells along each axis ask for, nᵈ"),
      this.costs,
    );
  }
}
