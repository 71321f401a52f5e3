/**
 * Where is what takes many steps to find? The searches for a true posterior and for geodesics are a program of their own, which is fetched when
 * one of them is first asked for: nobody needs them for the first picture.
 */

import type { decodedGraphs } from "../geometry/decoded-graph";
import type { shortestLeg } from "./geodesic";
import type { CoarsePlane, planeExtent } from "./true-posterior/cells";
import type { PosteriorJob } from "./true-posterior/search";

export interface Searches {
  readonly decodedGraphs: typeof decodedGraphs;
  readonly shortestLeg: typeof shortestLeg;
  readonly planeExtent: typeof planeExtent;
  readonly CoarsePlane: typeof CoarsePlane;
  readonly PosteriorJob: typeof PosteriorJob;
}

/** Not yet, or not at all. */
export type Absent = "loading" | "lost";

export const LOST = "The program that searches for it did not load. Reload the page.";

let state: Searches | Absent | null = null;

/** Programs that bring the searches say so; the others are smaller by them. */
export function offerSearches(searches: Searches): void {
  state = searches;
}

/** `address`: of the program, from the page's own address on; "" from a host that has none. */
export function searchesAt(address: string): Searches | Absent {
  if (state) return state;
  if (address === "") return "lost";
  state = "loading";
  import(new URL(address, document.baseURI).href).then(
    (program: { readonly default: Searches }) => offerSearches(program.default),
    () => {
      state = "lost";
    },
  );
  return "loading";
}
