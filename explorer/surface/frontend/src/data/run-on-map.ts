/** What was loaded, ready to be drawn and asked? Everything that stays the same while one run and projection are shown. */

import { Model } from "../engine/model";
import { Classifier } from "../engine/picture-classifier";
import { CodeIndex } from "../geometry/code-index";
import type { Spread } from "../geometry/grid-field";
import { makeSpace, planeSpace, type Space } from "../geometry/inverse";
import type { Near } from "../geometry/nearest-codes";
import { dropped, type Plane, robustExtent, squareExtent } from "../geometry/planes";
import { medianPlace, NearestIndex } from "../geometry/point-index";
import { linear, makeToMap, type ToMap } from "../geometry/projection";
import { Support } from "../geometry/support";
import { decimals } from "../ui/format";
import { type Payload, product } from "../wire/payload";
import type { Extent, Header, Point } from "../wire/schema";
import { type Codes, type FoundHoles, holesOf } from "./holes";
import { later, type PointFacts, PurityJob, purityOf, type Quantity, quantitiesOf } from "./quantities";

/** How many decimals numbers are written with: those of a code, and those of a place on the map. */
export interface Decimals {
  readonly z: number;
  readonly map: number;
}

/** What lies within this many standard deviations is nearly all of a Gaussian. */
const SPREAD = 6,
  MOST_LOOKED_AT = 10_000;

/** What a run's decoder is written in. */
export type Language = "torch" | "numpy";

/** Class −1 (no label) is kept at the end of the tables. */
export function slotOf(label: number, nClasses: number): number {
  return label >= 0 && label < nClasses ? label : nClasses;
}

/** Posteriors of all points (N·K). */
export interface Posteriors {
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
}

export class RunOnMap {
  readonly header: Header;
  readonly model: Model;
  readonly classifier: Classifier | null;
  readonly space: Space;
  readonly points: Float32Array;
  readonly labels: Int16Array | Int32Array;
  /** Which sprite a point gets: its class, or one past the last for "no class". */
  readonly slots: Uint16Array;
  readonly nPoints: number;
  readonly nClasses: number;
  readonly perClass: Uint32Array;
  readonly mu: Float32Array;
  /** (N·K,), or nothing where a code is a point. */
  readonly logvar: Float32Array | null;
  readonly quantities: readonly Quantity[];
  private readonly numbers: Int16Array | Int32Array;
  private index: NearestIndex | null = null;
  private toMap: ToMap | null = null;
  /** z = origin + x·basis[0] + y·basis[1], where the map is a plane in more than two dimensions. */
  private readonly linear: { readonly origin: Float32Array; readonly basis: Float32Array } | null;
  private readonly pictures: { originals: Uint8Array | null };
  /** What takes long and is the same on every map of these codes. */
  private searches: { codes: CodeIndex | null; purity: PurityJob | null };
  private decimals_: Decimals | null = null;
  private support_: Support | null = null;
  private holes_: FoundHoles | null = null;

  /**
   * `plane`: laid on the spot in place of the host's map; `of`: the same payload's scene, with which all but the map is shared; `posteriors`: of a
   * model that learns, in place of those that came with it.
   */
  constructor(
    private readonly payload: Payload,
    readonly plane: Plane | null = null,
    of: RunOnMap | null = null,
    posteriors: Posteriors | null = null,
  ) {
    const { latent_dim: K } = payload.header.run;
    this.model = of?.model ?? new Model(payload);
    this.classifier = of ? of.classifier : Classifier.of(payload);
    this.pictures = of?.pictures ?? { originals: null };
    this.searches = (!posteriors && of?.searches) || { codes: null, purity: null };
    this.mu = (posteriors ?? of)?.mu ?? payload.floats("points_mu");
    this.points = plane ? dropped(plane, this.mu) : (posteriors?.mu ?? payload.floats("points_map"));
    this.header = plane ? headerOf(payload.header, plane, this.points) : payload.header;
    this.space = plane ? planeSpace(plane, K) : makeSpace(payload);
    const { kind } = this.header.projection;
    this.linear =
      plane ?? (kind === "linear" ? { origin: payload.floats("origin"), basis: payload.floats("basis") } : null);
    this.nPoints = this.points.length / 2;
    this.logvar = (posteriors ?? of)?.logvar ?? (payload.has("points_logvar") ? payload.floats("points_logvar") : null);
    this.labels = payload.integers("points_label");
    this.numbers = payload.integers("points_index");
    this.nClasses = Math.max(this.header.class_names.length, maximum(this.labels) + 1);
    this.slots = new Uint16Array(this.labels.length);
    this.perClass = new Uint32Array(this.nClasses + 1);
    for (let i = 0; i < this.slots.length; i++)
      this.perClass[(this.slots[i] = slotOf(this.labels[i], this.nClasses))]++;
    this.quantities = [...quantitiesOf(factsOf(payload, K, this)), ...factorsOf(payload, this.header, this.nPoints)];
  }

  /** The same run and points on a plane of one's own, or back on the host's map. */
  onto(plane: Plane | null): RunOnMap {
    return new RunOnMap(this.payload, plane, this);
  }

  /** The same images where the model has put them meanwhile, on a plane, or on the map of the two dimensions that there are. */
  moved(posteriors: Posteriors, plane: Plane | null): RunOnMap {
    return new RunOnMap(this.payload, plane, this, posteriors);
  }

  /** Of the host's map, whatever plane is laid in its place. */
  get hostTitle(): string {
    return this.payload.header.projection.title;
  }

  /** uint8 [N, C, H, W], once inflated. */
  get originals(): Uint8Array | null {
    return this.pictures.originals;
  }

  /** Covariance xx, xy, yy of the posterior of point i on the map, in map units; null where the map is no plane or a code is a point. */
  spreadOnMap(): Spread | null {
    const { logvar, space } = this;
    if (!logvar || space.how === "lattice") return null;
    const K = space.latentDim;
    if (space.how === "identity")
      return K === 2 ? (i) => [Math.exp(logvar[2 * i]), 0, Math.exp(logvar[2 * i + 1])] : null;
    const { basis } = this.linear as Pick<Plane, "basis">;
    return (i) => variancesOnPlane(basis, K, (k) => Math.exp(logvar[i * K + k]));
  }

  /** The same of a Gaussian of one's own, standard deviations (K,). */
  spreadOf(std: ArrayLike<number>): readonly [number, number, number] | null {
    if (this.space.how === "lattice") return null;
    if (this.linear) return variancesOnPlane(this.linear.basis, this.space.latentDim, (k) => std[k] ** 2);
    return this.space.latentDim === 2 ? [std[0] ** 2, 0, std[1] ** 2] : null;
  }

  /** A program that decodes a code with the run's file of weights; trainer/exporting/program.py says how it ends. */
  program = (language: Language): string => this.payload.text(`program.${language}`);

  get decodedAs(): string | null {
    return this.header.decoded_as ?? null;
  }

  /** Whether another scene is the same map, perhaps decoded as another class: places, points and codes mean the same. */
  isSameMap(other: RunOnMap): boolean {
    const of = ({ header: { run, projection, view_extent } }: RunOnMap): string =>
      JSON.stringify([run, projection, view_extent]);
    const equal = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
      a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);
    return of(this) === of(other) && equal(this.points, other.points) && equal(this.mu, other.mu);
  }

  /** Whether another scene has the same points, on whatever map: their numbers mean the same. */
  isSameRun({ header: { run }, mu }: RunOnMap): boolean {
    return (
      JSON.stringify(run) === JSON.stringify(this.header.run) &&
      mu.length === this.mu.length &&
      mu.every((value, i) => value === this.mu[i])
    );
  }

  /** By how widely the codes are spread: in the dimension where they are most, and on the map. */
  get decimals(): Decimals {
    const [x0, x1, y0, y1] = this.header.view_extent;
    return (this.decimals_ ??= {
      z: decimals(SPREAD * widest(this.mu, this.space.latentDim)),
      map: decimals(Math.max(x1 - x0, y1 - y0)),
    });
  }

  /** Finds the codes nearest to a code, all latent dimensions counted. */
  get codes(): CodeIndex {
    return (this.searches.codes ??= new CodeIndex(this.mu, this.space.latentDim));
  }

  /** Goes on with what another decoder's scene of the same codes has found. */
  takeSearches({ searches }: RunOnMap): void {
    this.searches = searches;
  }

  /** Whether some point has a class, and there are several. */
  get hasLabels(): boolean {
    const { nClasses, perClass } = this;
    return nClasses > 1 && perClass[nClasses] < perClass.reduce((sum, n) => sum + n, 0);
  }

  /** How pure every point's neighbourhood is, counted in slices from when it is asked for; null without classes. */
  get purity(): (Quantity & { readonly job: PurityJob }) | null {
    if (!this.hasLabels) return null;
    const { mu, labels, space, searches } = this;
    const find = (z: ArrayLike<number>, k: number, i: number): readonly Near[] => this.codes.find(z, k, undefined, i);
    const job = (): PurityJob => (searches.purity ??= new PurityJob(mu, space.latentDim, labels, 15, find));
    return purityOf(job);
  }

  /** How many encoded images are around a code: the same on every map of a run. */
  get support(): Support {
    return (this.support_ ??= new Support(
      this.payload.floats("support_distances"),
      this.nPoints,
      this.logvar !== null,
      (z, k) => this.codes.find(z, k),
    ));
  }

  /** Where the prior has mass and no code is near. The index of the codes first. */
  holes(): FoundHoles {
    if (this.holes_) return this.holes_;
    const { codes, support, space, nPoints } = this;
    while (!codes.isComplete) codes.work(Infinity);
    const near: Codes["near"] = (z, k) => codes.find(z, k);
    const asked: Codes = { n: nPoints, near, support: (z, found) => support.of(z, found) };
    return (this.holes_ = holesOf(asked, space.latentDim, support.k));
  }

  private get places(): NearestIndex {
    return (this.index ??= new NearestIndex(this.points));
  }

  /** The points in a rectangle of the map whose class is shown; null where there are more than `most`. */
  inside([x0, x1, y0, y1]: Extent, most: number, shown: Uint8Array): number[] | null {
    return this.places.inside(x0, x1, y0, y1, most, (i) => shown[this.slots[i]] === 1);
  }

  /** The nearest point on the map whose class is shown, or −1. */
  nearest(x: number, y: number, shown: Uint8Array): number {
    return this.places.find(x, y, (i) => shown[this.slots[i]] === 1);
  }

  place(i: number): Point {
    return [this.points[2 * i], this.points[2 * i + 1]];
  }

  /** Posterior mean of point i, (K,). */
  muOf(i: number): Float32Array {
    const K = this.space.latentDim;
    return this.mu.subarray(i * K, (i + 1) * K);
  }

  /** The number of point i within its data set. */
  numberOf(i: number): number {
    return this.numbers[i];
  }

  /** The point of a data set's number, or −1. */
  pointOf(number: number): number {
    return this.numbers.indexOf(number);
  }

  /** Where a code lies on the map: on a plane dropped onto it at right angles, on a layout among the nearest real codes. */
  placeOf(z: ArrayLike<number>): Point {
    this.toMap ??= this.plane
      ? linear(this.plane.basis, this.plane.origin, this.space.latentDim)
      : makeToMap(this.payload);
    return this.toMap(z);
  }

  className(label: number): string | null {
    return label < 0 ? null : (this.header.class_names[label] ?? String(label));
  }

  /** The real point nearest to the median: a place that surely decodes to something. */
  startPlace(): Point {
    if (this.nPoints === 0) return this.header.projection.ring_center;
    const [x, y] = medianPlace(this.points);
    const i = this.nearest(x, y, new Uint8Array(this.nClasses + 1).fill(1));
    return i < 0 ? [x, y] : this.place(i);
  }

  /** Where the originals of point i start. */
  originalOffset(i: number): number {
    return i * product(this.header.run.image_shape);
  }

  /** Whether pictures of the data set came along and are not inflated yet. */
  get isWaitingForOriginals(): boolean {
    return this.originals === null && this.payload.has("originals");
  }

  async loadOriginals(): Promise<boolean> {
    if (this.originals || !this.payload.has("originals")) return false;
    this.pictures.originals = await this.payload.inflate("originals");
    return true;
  }
}

/** What the quantities of the points are computed from. */
function factsOf(payload: Payload, latentDim: number, { mu, logvar }: Pick<PointFacts, "mu" | "logvar">): PointFacts {
  const column = (name: string): Float32Array | null => (payload.has(name) ? payload.floats(name) : null);
  return {
    latentDim,
    mu,
    logvar,
    elbo: column("points_elbo"),
    reconstruction: column("points_reconstruction"),
  };
}

/** Known causes of the pictures, one quantity each. */
function factorsOf(payload: Payload, header: Header, nPoints: number): Quantity[] {
  const names = header.factor_names ?? [];
  if (names.length === 0 || !payload.has("points_factors")) return [];
  const all = payload.floats("points_factors");
  const column = (f: number): Float32Array =>
    Float32Array.from({ length: nPoints }, (_, i) => all[i * names.length + f]);
  return names.map((name, f) =>
    later({ id: `factor:${name}`, name, definition: `“${name}”, a known factor of the data set.` }, () => column(f)),
  );
}

/** Variances along the latent axes, seen on a plane through them: xx, xy, yy. basis: (2·K,), two directions of length 1. */
function variancesOnPlane(
  basis: Float32Array,
  K: number,
  variance: (k: number) => number,
): readonly [number, number, number] {
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let k = 0; k < K; k++) {
    xx += variance(k) * basis[k] * basis[k];
    xy += variance(k) * basis[k] * basis[K + k];
    yy += variance(k) * basis[K + k] * basis[K + k];
  }
  return [xx, xy, yy];
}

/** The header as if the host had sent this plane. */
function headerOf(header: Header, plane: Plane, points: Float32Array): Header {
  const { title, note, labels, origin, basis } = plane;
  const hasPrior = "points_logvar" in header.arrays; // the codes of a deterministic model are points
  const center = dropped({ origin, basis } as Plane, new Float32Array(origin.length));
  return {
    ...header,
    projection: {
      name: "plane",
      kind: "linear",
      title,
      note,
      x_label: labels[0],
      y_label: labels[1],
      extent: squareExtent(points),
      rings: hasPrior,
      ring_center: [center[0], center[1]],
    },
    view_extent: around(
      robustExtent(points),
      dropped(plane, Float32Array.from((plane.shows ?? []).flatMap((z) => Array.from(z)))),
    ),
  };
}

/** The extent, grown where a place (x, y pairs) lies outside or on its rim. */
function around([x0, x1, y0, y1]: Extent, places: Float32Array): Extent {
  const [dx, dy] = [0.06 * (x1 - x0), 0.06 * (y1 - y0)];
  let grown: Extent = [x0, x1, y0, y1];
  for (let i = 0; i < places.length; i += 2) {
    const [x, y] = [places[i], places[i + 1]];
    grown = [
      Math.min(grown[0], x - dx),
      Math.max(grown[1], x + dx),
      Math.min(grown[2], y - dy),
      Math.max(grown[3], y + dy),
    ];
  }
  return grown;
}

/** The largest standard deviation of a dimension of codes (N·K,), of many by a part; 0 for none. */
export function widest(mu: Float32Array, K: number): number {
  const every = Math.max(1, Math.floor(mu.length / K / MOST_LOOKED_AT)) * K,
    n = Math.ceil(mu.length / every);
  let most = 0;
  for (let k = 0; k < K; k++) {
    let [mean, squares] = [0, 0];
    for (let i = 0; i < n; i++) mean += mu[i * every + k] / n;
    for (let i = 0; i < n; i++) squares += (mu[i * every + k] - mean) ** 2 / n;
    most = Math.max(most, squares);
  }
  return Math.sqrt(most);
}

function maximum(values: ArrayLike<number>): number {
  let largest = -1;
  for (let i = 0; i < values.length; i++) if (values[i] > largest) largest = values[i];
  return largest;
}
