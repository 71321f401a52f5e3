/** How does a page find a geodesic between its frames? In slices; the graphs of a map are made once, when the first is asked for. */

import { type Geodesic, geodesic } from "../data/geodesic";
import { RunOnMap } from "../data/run-on-map";
import { type DecodedGraph, decodedGraphs } from "../geometry/decoded-graph";
import type { Decode, InParts } from "../geometry/decoded-length";
import { parsePayload, product } from "../wire/payload";
import { perMap } from "./per-map";

const SLICE_MS = 10;

const decodeOf = perMap(
  ({ model }: RunOnMap): Decode =>
    (codes, n) =>
      model.decodeMany(codes, n),
);

const graphsOf = perMap((data: RunOnMap): Promise<DecodedGraph[]> => {
  const { mu, space, header } = data;
  return inSlices(decodedGraphs(mu, space.latentDim, decodeOf(data), product(header.run.image_shape)));
});

/** The shortest path that is found from code a to code b, both (K,). */
export async function geodesicOn(data: RunOnMap, a: readonly number[], b: readonly number[]): Promise<Geodesic> {
  const graphs = await graphsOf(data);
  return inSlices(geodesic(a, b, graphs, decodeOf(data)));
}

/** Finds the paths of a payload, for a program without a page. */
export function geodesicsOf(bytes: Uint8Array): (a: readonly number[], b: readonly number[]) => Promise<Geodesic> {
  const data = new RunOnMap(parsePayload(bytes));
  return (a, b) => geodesicOn(data, a, b);
}

async function inSlices<T>(parts: InParts<T>): Promise<T> {
  for (;;) {
    const deadline = performance.now() + SLICE_MS;
    do {
      const { done, value } = parts.next();
      if (done) return value;
    } while (performance.now() < deadline);
    await new Promise((next) => setTimeout(next));
  }
}
