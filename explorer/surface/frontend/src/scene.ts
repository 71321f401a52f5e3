/** What was loaded, ready to be drawn and asked? Everything that stays the same while one run and projection are shown. */

import { product, type Header, type Payload, type Point } from "./blob";
import type { Spread } from "./field";
import { Model } from "./model";
import { medianPlace, NearestIndex } from "./nearest";
import { slotOf } from "./points";
import { nearestCodes, quantitiesOf, type PointFacts, type Quantity } from "./quantities";
import { makeSpace, type Space } from "./space";

export class Scene {
  readonly header: Header;
  readonly model: Model;
  readonly space: Space;
  readonly points: Float32Array;
  readonly labels: Int16Array | Int32Array;
  /** Which sprite a point gets: its class, or one past the last for "no class". */
  readonly slots: Uint16Array;
  readonly nPoints: number;
  readonly nClasses: number;
  readonly perClass: Uint32Array;
  /** uint8 [N, C, H, W], once inflated. */
  originals: Uint8Array | null = null;
  readonly mu: Float32Array;
  /** (N·K,), or nothing where a code is a point. */
  readonly logvar: Float32Array | null;
  readonly quantities: readonly Quantity[];
  private readonly numbers: Int16Array | Int32Array;
  private index: NearestIndex | null = null;

  constructor(private readonly payload: Payload) {
    this.header = payload.header;
    this.model = new Model(payload);
    this.space = makeSpace(payload);
    this.points = payload.floats("points_map");
    this.nPoints = this.points.length / 2;
    this.mu = payload.floats("points_mu");
    this.logvar = payload.has("points_logvar") ? payload.floats("points_logvar") : null;
    this.labels = payload.integers("points_label");
    this.numbers = payload.integers("points_index");
    this.nClasses = Math.max(this.header.class_names.length, maximum(this.labels) + 1);
    this.slots = Uint16Array.from(this.labels, (label) => slotOf(label, this.nClasses));
    this.perClass = new Uint32Array(this.nClasses + 1);
    for (const slot of this.slots) this.perClass[slot]++;
    this.quantities = [...quantitiesOf(this.facts()), ...this.factors()];
  }

  private facts(): PointFacts {
    const column = (name: string): Float32Array | null => (this.payload.has(name) ? this.payload.floats(name) : null);
    return { latentDim: this.space.latentDim, mu: this.mu, logvar: this.logvar, elbo: column("points_elbo"), reconstruction: column("points_reconstruction") };
  }

  /** Known causes of the pictures, one quantity each. */
  private factors(): Quantity[] {
    const names = this.header.factor_names ?? [];
    if (names.length === 0 || !this.payload.has("points_factors")) return [];
    const all = this.payload.floats("points_factors");
    return names.map((name, f) => ({
      id: `factor:${name}`, name, definition: `“${name}”, a known factor of the data set.`,
      values: Float32Array.from({ length: this.nPoints }, (_, i) => all[i * names.length + f]),
    }));
  }

  /** Covariance xx, xy, yy of the posterior of point i on the map, in map units; null where the map is no plane or a code is a point. */
  spreadOnMap(): Spread | null {
    const { logvar, space } = this;
    if (!logvar || space.how === "lattice") return null;
    const K = space.latentDim;
    if (space.how === "identity") return K === 2 ? (i) => [Math.exp(logvar[2 * i]), 0, Math.exp(logvar[2 * i + 1])] : null;
    const basis = this.payload.floats("basis");
    return (i) => {
      let xx = 0;
      let xy = 0;
      let yy = 0;
      for (let k = 0; k < K; k++) {
        const variance = Math.exp(logvar[i * K + k]);
        xx += variance * basis[k] * basis[k];
        xy += variance * basis[k] * basis[K + k];
        yy += variance * basis[K + k] * basis[K + k];
      }
      return [xx, xy, yy];
    };
  }

  get decodedAs(): string | null {
    return this.header.decoded_as ?? null;
  }

  /** Whether another scene is the same map, perhaps decoded as another class: places, points and codes mean the same. */
  isSameMap(other: Scene): boolean {
    const of = ({ header: { run, projection, view_extent } }: Scene): string => JSON.stringify([run, projection, view_extent]);
    const equal = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);
    return of(this) === of(other) && equal(this.points, other.points) && equal(this.mu, other.mu);
  }

  /** The nearest point on the map whose class is shown, or −1. */
  nearest(x: number, y: number, shown: Uint8Array): number {
    this.index ??= new NearestIndex(this.points);
    return this.index.find(x, y, (i) => shown[this.slots[i]] === 1);
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

  /** Where a code lies on the map: exact on a plane (dropped onto it); on another map the place of the nearest real code. */
  placeOf(z: ArrayLike<number>): Point | null {
    const { space } = this;
    if (space.how === "identity") return space.latentDim === 2 ? [z[0], z[1]] : null;
    if (space.how === "linear") {
      const K = space.latentDim;
      const [basis, origin] = [this.payload.floats("basis"), this.payload.floats("origin")];
      const along = (axis: number): number => {
        let sum = 0;
        for (let k = 0; k < K; k++) sum += (z[k] - origin[k]) * basis[axis * K + k];
        return sum;
      };
      return [along(0), along(1)];
    }
    const nearest = nearestCodes(this.mu, space.latentDim, z, 1)[0];
    return nearest ? this.place(nearest.index) : null;
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

  async loadOriginals(): Promise<boolean> {
    if (this.originals || !this.payload.has("originals")) return false;
    this.originals = await this.payload.inflate("originals");
    return true;
  }
}

function maximum(values: ArrayLike<number>): number {
  let largest = -1;
  for (let i = 0; i < values.length; i++) if (values[i] > largest) largest = values[i];
  return largest;
}
