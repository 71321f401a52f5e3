/** “Be the encoder”: one picture, its true posterior over the plane, and a Gaussian of one's own with both terms of its bound. */

import { Disposer } from "../ui/dom";
import type { Subject } from "../wire/piece";
import { EncoderView } from "./encoder-view";
import { Field } from "./field";
import { Ascent } from "./maths/ascent";
import { Density } from "./maths/density";
import { Evidence } from "./maths/evidence";
import { type Gaussian, hermiteRule, type Terms, termsOf } from "./maths/gaussian";
import { KEYS, OwnGaussian } from "./own-gaussian";
import type { Look, Piece } from "./piece";
import { ellipse, note, Plane, shape, type View, viewOf, WHOLE } from "./plane";
import { Slices } from "./slices";
import type { Line } from "./terms-table";

/** While the hand moves, and at rest. */
const QUICK = hermiteRule(10);
const EXACT = hermiteRule(24);
const COARSER = hermiteRule(18);
const ASCENT = hermiteRule(14);
const REST_MS = 160;
const PRIOR: Gaussian = { mu: [0, 0], sigma: [1, 1] };

interface Known {
  readonly q: Gaussian;
  readonly terms: Terms;
}

export class EncoderPiece implements Piece {
  private readonly density: Density;
  private readonly evidence: Evidence;
  private readonly field: Field;
  private readonly encoders: Gaussian;
  private readonly plane: Plane;
  private readonly hand: OwnGaussian;
  private readonly page: EncoderView;
  private readonly searching = new Slices();
  private readonly climbing = new Slices();
  private readonly disposer = new Disposer();
  private look: Look | null = null;
  private q = PRIOR;
  private terms: Terms;
  /** By how much a coarser rule differs, nats. */
  private termsError = 0;
  private others: ReadonlyMap<string, Known> = new Map();
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(subject: Subject) {
    this.density = new Density(subject);
    const { mu, logvar } = subject;
    this.encoders = { mu: [mu[0], mu[1]], sigma: [Math.exp(logvar[0] / 2), Math.exp(logvar[1] / 2)] };
    this.evidence = new Evidence(this.density.logLikelihood, this.encoders);
    this.field = new Field(this.density.logLikelihood);
    this.plane = new Plane(
      "Latent plane with the posterior of the picture and your Gaussian",
      () => this.paint(),
      KEYS,
    );
    this.hand = new OwnGaussian(
      this.plane,
      this.disposer,
      () => this.q,
      (q, isHeld) => this.take(q, isHeld),
    );
    this.terms = termsOf(this.q, QUICK, this.density.logLikelihood);
    this.page = new EncoderView(subject, this.plane, {
      encoder: () => this.goTo(this.encoders, "Encoder"),
      climb: () => this.toggleClimb(),
      fit: () => this.zoom(this.fitting()),
      whole: () => this.zoom(WHOLE),
    });
    this.disposer.listen<"keydown">(this.plane.element, "keydown", (event) => this.zoomBy(event));
    this.settle();
  }

  get element(): HTMLElement {
    return this.page.element;
  }

  watched(): ReturnType<Piece["watched"]> {
    const { reconstruction, rate, bound } = this.terms;
    return {
      numbers: { gap: this.hand.isHeld ? null : this.gapOf(this.terms), bound, reconstruction, rate },
      names: {},
    };
  }

  draw(look: Look): void {
    this.look = look;
    this.page.draw(look);
    this.see(this.plane.view);
  }

  destroy(): void {
    clearTimeout(this.rest);
    this.searching.stop();
    this.climbing.stop();
    this.plane.stop();
    this.disposer.dispose();
  }

  // ---- what the person does ---------------------------------------------------------------------------------------------

  private take(q: Gaussian, isHeld: boolean): void {
    this.endClimb();
    this.set(q);
    if (!isHeld) this.settle();
  }

  private set(q: Gaussian, terms = termsOf(q, QUICK, this.density.logLikelihood)): void {
    this.q = q;
    this.terms = terms;
    this.termsError = Number.NaN;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.settle(), REST_MS);
    this.paint();
  }

  /** Numbers by the finer rule, with what it changes. */
  private settle(): void {
    clearTimeout(this.rest);
    const { logLikelihood } = this.density;
    this.terms = termsOf(this.q, EXACT, logLikelihood);
    this.termsError = Math.abs(this.terms.bound - termsOf(this.q, COARSER, logLikelihood).bound);
    this.paint();
  }

  private goTo(q: Gaussian, name: string): void {
    this.endClimb();
    this.set(q);
    this.remember(name);
    this.zoom(this.fitting());
  }

  private remember(name: string): void {
    const terms = termsOf(this.q, EXACT, this.density.logLikelihood);
    this.others = new Map([...this.others, [name, { q: this.q, terms }]]);
    this.settle();
  }

  private toggleClimb(): void {
    if (this.climbing.isWorking) return this.endClimb();
    const ascent = new Ascent(this.q, ASCENT, this.density.logLikelihood);
    this.page.showClimbing(true);
    const climb = (): boolean => {
      ascent.step();
      this.set(ascent.q, ascent.terms);
      if (!ascent.isDone) return true;
      this.endClimb();
      this.remember("Optimised");
      this.zoom(this.fitting());
      return false;
    };
    this.climbing.start(climb, () => undefined);
  }

  private endClimb(): void {
    this.climbing.stop();
    this.page.showClimbing(false);
  }

  private zoomBy(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "0") this.zoom(WHOLE);
    else if (event.key === "f") this.zoom(this.fitting());
    else return;
    event.preventDefault();
  }

  private zoom(to: View): void {
    this.plane.glideOver(to, () => this.see(to));
  }

  /** All of the own Gaussian, and of the posterior once it is known. */
  private fitting(): View {
    const { found } = this.evidence;
    const box = ([x, y]: readonly number[], [sx, sy]: readonly number[], k: number) =>
      [x - k * sx, x + k * sx, y - k * sy, y + k * sy] as const;
    return viewOf([box(this.q.mu, this.q.sigma, 2.2), ...(found ? [box(found.mean, found.deviation, 3.5)] : [])]);
  }

  // ---- what is seen -----------------------------------------------------------------------------------------------------

  /** The rest of the field, after the quadrature. */
  private see(view: View): void {
    this.field.want(view);
    const work = (deadline: number): boolean => {
      const { evidence, field } = this;
      if (evidence.isComplete) return field.work(deadline);
      if (!field.work(deadline)) evidence.work(deadline); // something is seen first
      if (evidence.found) field.setPeak(evidence.found.peak);
      return true;
    };
    this.searching.start(work, () => this.paint());
    this.paint();
  }

  private gapOf(terms: Terms): number | null {
    const { found } = this.evidence;
    return found && found.logPx - terms.bound;
  }

  private paint(): void {
    const { look, plane } = this;
    if (!look) return;
    this.field.draw(plane, look);
    plane.shapes.replaceChildren();
    plane.shapes.append(
      ellipse(plane, [0, 0], [1, 1], "lw-prior"),
      note(plane, [0, -1], look.px + 4, "p(z), 1σ"),
      ...this.field.rings(plane).map((d) => shape("path", { d, class: "lw-ring" })),
    );
    for (const [name, { q }] of this.others)
      plane.shapes.append(
        ellipse(plane, q.mu, [q.sigma[0], q.sigma[1]], "lw-other"),
        note(plane, [q.mu[0], q.mu[1] - q.sigma[1]], look.px + 2, name.toLowerCase()),
      );
    this.hand.draw();
    this.page.decoded.paint(this.density.picture(this.q.mu[0], this.q.mu[1]));
    this.say();
  }

  private say(): void {
    const line = (name: string, terms: Terms): Line => ({ name, terms, gap: this.gapOf(terms) });
    this.page.table.show([
      line("Your Gaussian", this.terms),
      ...[...this.others].map(([name, { terms }]) => line(name, terms)),
    ]);
    this.page.say(this.evidence, this.termsError);
  }
}
