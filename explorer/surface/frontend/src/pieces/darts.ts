/** “What is p(x)?”: darts thrown at p(x|z), and the running estimate of its mean in several repeats. */

import { Segmented } from "../ui/chooser";
import { button, setText } from "../ui/dom";
import { count, number } from "../ui/format";
import type { Subject } from "../wire/piece";
import { evidenceChart } from "./evidence-chart";
import { Field } from "./field";
import { Darts, MOST_DARTS, REPEATS } from "./maths/darts";
import { Density } from "./maths/density";
import { Evidence } from "./maths/evidence";
import { spread } from "./maths/gradients";
import { OfImage } from "./of-image";
import type { Look, Piece } from "./piece";
import { ellipse, Plane, shape, WHOLE } from "./plane";
import { Slices } from "./slices";

type Source = "prior" | "encoder";

const FIRST_SEED = 1;
/** A press throws as many again, at least so many. */
const LEAST_THROWN = 100;
const DART_PX = 2.5;

export class DartsPiece implements Piece {
  private readonly density: Density;
  private readonly evidence: Evidence;
  private readonly field: Field;
  private readonly plane = new Plane("Latent plane with the posterior of the picture and the darts", () =>
    this.paint(),
  );
  private readonly searching = new Slices();
  private readonly throwing = new Slices();
  private readonly page: OfImage;
  private readonly go: HTMLButtonElement;
  private readonly sources: Segmented;
  private look: Look | null = null;
  private source: Source = "prior";
  private seed = FIRST_SEED;
  private darts: Darts;

  constructor(private readonly subject: Subject) {
    this.density = new Density(subject);
    this.evidence = new Evidence(this.density.logLikelihood, this.encoders);
    this.field = new Field(this.density.logLikelihood);
    this.field.want(WHOLE);
    this.darts = this.begun();
    this.go = button("lw-button", { "data-testid": "piece-go" }, () => this.toggle());
    this.sources = new Segmented(
      "Darts are drawn from",
      [
        { value: "prior", text: "from the prior p(z)" },
        { value: "encoder", text: "from the encoder's q(z|x)" },
      ],
      (value) => this.choose(value as Source),
      "la",
    );
    this.sources.show(this.source);
    const again = button("lw-button lw-plain", {}, () => this.restart(), "Start again");
    this.page = new OfImage("What is p(x)? Darts", subject, this.plane, [this.go, again, this.sources.element]);
  }

  get element(): HTMLElement {
    return this.page.element;
  }

  watched(): ReturnType<Piece["watched"]> {
    const { found } = this.evidence;
    const error = found && this.darts.n > 0 ? Math.abs(this.mean() - found.logPx) : null;
    return { numbers: { darts: this.darts.n, error }, names: { source: [this.source] } };
  }

  draw(look: Look): void {
    this.look = look;
    this.page.draw(look);
    this.searching.start(
      (deadline) => this.search(deadline),
      () => this.paint(),
    );
    this.paint();
  }

  destroy(): void {
    this.searching.stop();
    this.throwing.stop();
  }

  private get encoders(): { readonly mu: readonly [number, number]; readonly sigma: readonly [number, number] } {
    const { mu, logvar } = this.subject;
    return { mu: [mu[0], mu[1]], sigma: [Math.exp(logvar[0] / 2), Math.exp(logvar[1] / 2)] };
  }

  private begun(): Darts {
    return new Darts(this.density.logLikelihood, this.source === "prior" ? null : this.encoders, this.seed);
  }

  private choose(source: Source): void {
    this.source = source;
    this.restart();
  }

  private restart(): void {
    this.throwing.stop();
    this.seed++;
    this.darts = this.begun();
    this.paint();
  }

  /** Ten times as many as there are. */
  private toggle(): void {
    if (this.throwing.isWorking) {
      this.throwing.stop();
      return this.paint();
    }
    const { darts } = this;
    const goal = this.goal;
    this.throwing.start(
      (deadline) => {
        while (darts.n < goal && performance.now() < deadline) darts.throwSome(goal);
        return darts.n < goal;
      },
      () => this.paint(),
    );
    this.paint();
  }

  private get goal(): number {
    const decade = 10 ** Math.floor(Math.log10(Math.max(1, this.darts.n)) + 1e-9);
    return Math.min(MOST_DARTS, Math.max(LEAST_THROWN, 10 * decade));
  }

  private search(deadline: number): boolean {
    const isField = this.field.work(deadline);
    if (!isField && !this.evidence.isComplete) this.evidence.work(deadline);
    if (this.evidence.found) this.field.setPeak(this.evidence.found.peak);
    return isField || !this.evidence.isComplete;
  }

  /** Of the repeats' estimates. */
  private mean(): number {
    return spread(Float64Array.from(this.darts.estimates())).mean;
  }

  private paint(): void {
    const { look, plane, darts } = this;
    if (!look || !this.page) return;
    this.field.draw(plane, look);
    const { mu, sigma } = this.encoders;
    const thrown = darts.shown.map(({ at: [x, y] }) =>
      shape("circle", { cx: plane.x(x), cy: plane.y(y), r: DART_PX, class: "lw-dart" }),
    );
    const best = darts.heaviest && [
      shape("circle", { cx: plane.x(darts.heaviest.at[0]), cy: plane.y(darts.heaviest.at[1]), r: 8, class: "lw-best" }),
    ];
    plane.shapes.replaceChildren(
      ellipse(plane, [0, 0], [2, 2], "lw-prior"),
      ...(this.source === "encoder" ? [ellipse(plane, mu, [2 * sigma[0], 2 * sigma[1]], "lw-other")] : []),
      ...thrown,
      ...(best ?? []),
    );
    setText(this.go, this.throwing.isWorking ? "Stop" : `Throw up to ${count(this.goal)} each`);
    this.go.disabled = !this.throwing.isWorking && darts.n >= MOST_DARTS;
    this.page.say(this.words(), this.below());
    this.page.show(
      evidenceChart(
        this.page.chartSize(look),
        { title: "darts N", low: 1, high: MOST_DARTS },
        Array.from({ length: REPEATS }, (_, i) => ({
          points: darts.marks.map(({ n, estimates }) => [n, estimates[i]] as const),
        })),
        darts.n > 0 ? this.evidence.found : null,
        `${REPEATS} running estimates of log p(x) against the number of darts, ${count(darts.n)} so far.`,
      ),
    );
  }

  private words(): string {
    const { darts } = this;
    if (darts.n === 0)
      return `Throw darts at the plane: each tells p(x|z) where it falls, and their mean is p(x). ${REPEATS} repeats at once.`;
    const { mean, deviation } = spread(Float64Array.from(darts.estimates()));
    const { found } = this.evidence;
    const exact = found
      ? ` By quadrature it is ${number(found.logPx)} ± ${number(Math.max(found.error, 1e-4), 4)}.`
      : "";
    return `N = ${count(darts.n)}: the ${REPEATS} estimates of log p(x) have a mean of ${number(mean)} nats and a standard deviation of ${number(deviation)}.${exact}`;
  }

  private below(): string {
    const jumps =
      this.source === "prior"
        ? "A line jumps up when a dart hits what none has hit before; between hits it sinks. "
        : "Each dart is weighed by p(z)/q(z|x), so that the mean stays p(x). ";
    return `${jumps}On average such an estimate is too low: E log p̂(x) ≤ log p(x), because the logarithm is concave. The ring is the dart of most weight.`;
  }
}
