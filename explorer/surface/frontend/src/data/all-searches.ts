/** What does the program of searches hold? */

import { decodedGraphs } from "../geometry/decoded-graph";
import { shortestLeg } from "./geodesic";
import type { Searches } from "./searches";
import { CoarsePlane, planeExtent } from "./true-posterior/cells";
import { PosteriorJob } from "./true-posterior/search";

export const SEARCHES: Searches = { decodedGraphs, shortestLeg, planeExtent, CoarsePlane, PosteriorJob };
