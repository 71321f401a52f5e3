/** What follows from the shared state? The shown code, what is near it, pins on this map, colours: pure functions, each asked once a change. */

import { type Colouring, colouringOf } from "../data/colour-scale";
import type { PosteriorMarker } from "../data/posterior-marker";
import type { Quantity } from "../data/quantities";
import type { RunOnMap } from "../data/run-on-map";
import { priorShareWithin } from "../geometry/gamma";
import type { Near } from "../geometry/nearest-codes";
import { norm } from "../geometry/support";
import type { PathRecord, PinRecord, Point } from "../wire/schema";
import { pathOn } from "./path-ends";
import { allPins } from "./pins";
import type { Shown } from "./shown-classes";
import type { ColourChoice, MapState, Probe } from "./state";

export const BY_CLASS = "class";
/** Lines to the nearest codes. */
const N_LINKS = 8;

/** How far to trust a code. */
export interface Trust {
  /** ‖z‖. */
  readonly radius: number;
  /** Share of samples from the prior with a smaller norm; null for a model without a prior. */
  readonly priorShare: number | null;
  /** To the nearest shown code, all dimensions; null where none is shown. */
  readonly distance: number | null;
  /** False where classes are hidden: support still counts them, the distance does not. */
  readonly isAmongAll: boolean;
}

/** z (K,) into `out`. */
export function codeOf({ space }: RunOnMap, probe: Probe, out: Float64Array): Float64Array {
  if (probe.from === "map") space.toZ(probe.at[0], probe.at[1], out);
  else out.set(probe.z);
  return out;
}

/** The class as which its picture is decoded, −1 for a decoder that is told none. */
export function decodedLabel({ model }: RunOnMap, probe: Probe): number {
  return (probe.from === "path" ? probe.decodeAs : null) ?? model.label;
}

export function headingOf(probe: Probe): string {
  switch (probe.from) {
    case "map":
      return "Under the cursor";
    case "path":
      return "On the path";
    case "random-walk":
      return "Random walk";
    default:
      return probe.heading;
  }
}

/** Whether no place of the map need stand for the code. */
export function isOffMap({ space }: RunOnMap, probe: Probe): boolean {
  return probe.from !== "map" && probe.from !== "path" && space.how !== "identity";
}

/** The codes nearest to z whose class is shown, all latent dimensions counted. */
export function nearestShown(
  { codes, slots }: RunOnMap,
  z: ArrayLike<number>,
  n: number,
  shown: Shown,
): readonly Near[] {
  return codes.find(z, n, (i) => shown[slots[i]] === 1);
}

/** The point that is told of beside the picture, or −1: nearest on the map, or in latent space where no place stands for the code. */
export function markedPoint(data: RunOnMap, probe: Probe, z: ArrayLike<number>, shown: Shown): number {
  if (probe.from === "linked" && probe.nearest >= 0) return probe.nearest;
  if (isOffMap(data, probe)) return nearestShown(data, z, 1, shown)[0]?.index ?? -1;
  return data.nearest(probe.at[0], probe.at[1], shown);
}

/** near: the nearest of all codes, first the nearest one. */
export function trustOf(data: RunOnMap, z: ArrayLike<number>, shown: Shown, near: readonly Near[]): Trust {
  const isAmongAll = shown.every((one) => one === 1);
  const [nearest] = isAmongAll ? near : nearestShown(data, z, 1, shown);
  const radius = norm(z);
  return {
    radius,
    priorShare: data.logvar ? priorShareWithin(radius, data.space.latentDim) : null,
    distance: nearest?.distance ?? null,
    isAmongAll,
  };
}

/** Something with a code, at its place on a plane that was laid here. */
export function onPlane<T extends { readonly z: ArrayLike<number>; readonly map: Point }>(
  data: RunOnMap,
  things: readonly T[],
): readonly T[] {
  return data.plane ? things.map((thing) => ({ ...thing, map: data.placeOf(thing.z) })) : things;
}

/** A host's path, as it lies on the map that is shown. */
export function hostPathOn(data: RunOnMap, path: PathRecord): PathRecord {
  if (!data.plane) return path;
  const laid = <P extends { readonly z: PathRecord["z"] }>(one: P): P & { map: Point[] } => ({
    ...one,
    map: one.z.map((z) => data.placeOf(z)),
  });
  return { ...laid(path), stops: [], others: path.others?.map(laid) ?? [] };
}

/** What is known of a quantity now. */
export function colourChoice({ purity }: RunOnMap, id: string): ColourChoice {
  return { id, isKnown: id !== purity?.id || purity.job.isComplete };
}

/** The quantity that colours the points, once it is known; null: their class does. */
export function colouredBy({ quantities, purity }: RunOnMap, { id, isKnown }: ColourChoice): Quantity | null {
  if (!isKnown) return null;
  return [...quantities, ...(purity ? [purity] : [])].find((quantity) => quantity.id === id) ?? null;
}

/** How many of the points have a class that is shown. */
export function visiblePoints({ perClass }: RunOnMap, shown: Shown): number {
  return perClass.reduce((sum, n, slot) => sum + (shown[slot] ? n : 0), 0);
}

interface Memo {
  readonly from: readonly unknown[];
  readonly value: unknown;
}

/** All of it for the state of the moment: made when it is first asked for, and again when a field that it is made from was replaced. */
export class Derived {
  private readonly memos = new Map<string, Memo>();
  private buffer = new Float64Array(0);
  private pixels = new Float32Array(0);

  constructor(private readonly get: () => MapState) {}

  /** z (K,) that is shown: written over by the next one. */
  get code(): Float64Array {
    const { data, probe } = this.get();
    return this.memoised("code", [data, probe], () => {
      const { latentDim } = data.space;
      if (this.buffer.length !== latentDim) this.buffer = new Float64Array(latentDim);
      return codeOf(data, probe, this.buffer);
    });
  }

  get label(): number {
    const { data, probe } = this.get();
    return decodedLabel(data, probe);
  }

  /** x_hat (C·H·W,) of the shown code: written over by the next one. */
  get picture(): Float32Array {
    const { data, probe } = this.get();
    return this.memoised("picture", [data, probe], () => {
      const x_hat = data.model.decodeAsShared(this.code, this.label);
      if (this.pixels.length !== x_hat.length) this.pixels = new Float32Array(x_hat.length);
      this.pixels.set(x_hat); // the model writes over its own with whatever is decoded next
      return this.pixels;
    });
  }

  /** The class as which the shown picture is decoded; null for a model that is told none. */
  get decodedAs(): string | null {
    return this.label < 0 ? null : (this.get().data.header.class_names[this.label] ?? null);
  }

  /** The nearest of all codes, as many as the support needs: a search that need not follow every frame. */
  get near(): readonly Near[] {
    const { data, probe } = this.get();
    return this.memoised("near", [data, probe, data.codes.isComplete], () =>
      data.codes.find(this.code, data.support.k),
    );
  }

  /** How many encoded images are around the shown code. */
  get support(): number {
    const { data } = this.get();
    return this.memoised("support", [this.near], () => data.support.of(this.code, this.near));
  }

  get trust(): Trust {
    const { data, shown } = this.get();
    return this.memoised("trust", [this.near, shown], () => trustOf(data, this.code, shown, this.near));
  }

  /** The point that is told of, or −1. */
  get marked(): number {
    const { data, probe, shown } = this.get();
    return this.memoised("marked", [data, probe, shown], () => markedPoint(data, probe, this.code, shown));
  }

  /** The points whose codes are nearest in latent space. */
  get links(): readonly number[] {
    const { data, probe, shown } = this.get();
    return this.memoised("links", [data, probe, shown], () =>
      nearestShown(data, this.code, N_LINKS, shown).map(({ index }) => index),
    );
  }

  get pins(): readonly PinRecord[] {
    const { data, pins } = this.get();
    return this.memoised("pins", [data, pins.known, pins.pending], () => onPlane(data, allPins(pins)));
  }

  get markers(): readonly PosteriorMarker[] {
    const { data, host, markers } = this.get();
    return this.memoised("markers", [data, host.markers, markers], () =>
      onPlane(data, [...host.markers, ...markers]).map((one) => (data.plane ? { ...one, ellipse: null } : one)),
    );
  }

  /** The host's path, or the one through pins. */
  get path(): PathRecord | null {
    const { data, host, path } = this.get();
    return this.memoised("path", [data, host.path, path.ends, path.ways, this.pins], () =>
      host.path
        ? hostPathOn(data, host.path)
        : pathOn(path.ends, this.pins, (z) => data.placeOf(z), path.ways, data.model.label),
    );
  }

  /** The quantity that colours the points; null: their class does. */
  get quantity(): Quantity | null {
    const { data, colourBy } = this.get();
    return this.memoised("quantity", [data, colourBy], () => colouredBy(data, colourBy));
  }

  get colouring(): Colouring | null {
    const { data, shown } = this.get();
    const { quantity } = this;
    return this.memoised("colouring", [quantity, shown], () => quantity && colouringOf(quantity, data.slots, shown));
  }

  private memoised<T>(name: string, from: readonly unknown[], make: () => T): T {
    const memo = this.memos.get(name);
    if (memo && from.every((value, i) => Object.is(value, memo.from[i]))) return memo.value as T;
    const value = make();
    this.memos.set(name, { from, value });
    return value;
  }
}
