/** How does a page find the geodesics of a path? Leg by leg, in slices between its frames; the graphs of a class are made once. */

import { SEARCHES } from "../data/all-searches";
import { type Geodesic, type Ground, geodesic } from "../data/geodesic";
import { RunOnMap } from "../data/run-on-map";
import type { Searches } from "../data/searches";
import type { Model } from "../engine/model";
import type { InParts, Path } from "../geometry/decoded-length";
import { parsePayload, product } from "../wire/payload";
import type { LegRecord } from "../wire/schema";

/** Legs whose geodesics are remembered. */
const MOST_KEPT = 128;

/** The geodesics of a path's legs. */
export interface Ways {
  /** Of the legs. */
  readonly key: string;
  /** Of every leg its codes, both ends exactly. */
  readonly codes: readonly Path[];
}

/** Two paths with the same legs have the same geodesic. */
export function keyOf(legs: readonly LegRecord[]): string {
  return JSON.stringify(legs);
}

export class GeodesicSearch {
  private readonly grounds = new Map<number | null, Ground>();
  private readonly found = new Map<string, Path>();
  private job: { readonly key: string; readonly parts: InParts<unknown> } | null = null;

  constructor(private readonly data: RunOnMap) {}

  /** The share of the legs and their graphs that is done, and the ways once all are. */
  known(legs: readonly LegRecord[]): { readonly share: number; readonly ways: Ways | null } {
    const codes = legs.flatMap((leg) => {
      const way = this.found.get(keyOf([leg]));
      return way ? [way] : [];
    });
    if (codes.length === legs.length) return { share: 1, ways: { key: keyOf(legs), codes } };
    const labels = [...new Set(legs.flatMap(({ label_a = null, label_b = null }) => [label_a, label_b]))];
    const graphs = labels.filter((label) => this.grounds.has(label)).length;
    return { share: (codes.length + graphs) / (legs.length + labels.length), ways: null };
  }

  /** A slice of work at the first leg that is missing, until the deadline (performance.now); a leg that nobody asks for any more is given up. */
  work(legs: readonly LegRecord[], deadline: number, searches: Searches): void {
    do {
      const leg = legs.find((one) => !this.found.has(keyOf([one])));
      if (!leg) return;
      const key = keyOf([leg]);
      if (this.job?.key !== key) this.job = { key, parts: this.leg(leg, key, searches) };
      if (this.job.parts.next().done) this.job = null;
    } while (performance.now() < deadline);
  }

  private *leg({ a, b, label_a = null, label_b = null }: LegRecord, key: string, searches: Searches): InParts<void> {
    const [first, second] = [yield* this.ground(label_a, searches), yield* this.ground(label_b, searches)];
    this.found.set(key, yield* searches.shortestLeg([...a], [...b], first, second));
    const [oldest] = this.found.keys();
    if (this.found.size > MOST_KEPT) this.found.delete(oldest);
  }

  private *ground(label: number | null, searches: Searches): InParts<Ground> {
    const known = this.grounds.get(label);
    if (known) return known;
    const made = yield* groundOf(this.data, label, searches);
    this.grounds.set(label, made);
    return made;
  }
}

function* groundOf(
  { mu, model, header }: RunOnMap,
  label: number | null,
  { decodedGraphs }: Searches,
): InParts<Ground> {
  const decode: Ground["decode"] = (codes, n) => model.decodeMany(codes, n, label ?? model.label);
  const graphs = yield* decodedGraphs(mu, model.latentDim, decode, product(header.run.image_shape));
  return { graphs, decode };
}

const searches = new WeakMap<Model, GeodesicSearch>();

/** The search of a run: a plane that is laid in place of its map changes nothing. */
export function searchOf(data: RunOnMap): GeodesicSearch {
  const search = searches.get(data.model) ?? new GeodesicSearch(data);
  searches.set(data.model, search);
  return search;
}

/** Finds the paths of a payload, for a program without a page. */
export function geodesicsOf(bytes: Uint8Array): (a: readonly number[], b: readonly number[]) => Promise<Geodesic> {
  const data = new RunOnMap(parsePayload(bytes));
  let ground: Ground | null = null;
  return async (a, b) => {
    ground ??= whole(groundOf(data, null, SEARCHES));
    return whole(geodesic(a, b, ground.graphs, ground.decode));
  };
}

function whole<T>(parts: InParts<T>): T {
  for (;;) {
    const { done, value } = parts.next();
    if (done) return value;
  }
}
