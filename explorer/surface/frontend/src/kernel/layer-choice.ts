/** Which layers are on, which does a map offer, and what are they called? Read from the records; nothing here knows a layer by name. */

import type { RunOnMap } from "../data/run-on-map";
import { BY_CLASS } from "./derive";
import type { Layer, LayerWords } from "./extension";
import type { LayerChoice, MapState, Tiles } from "./state";

export type NamedLayer = Layer & { readonly words: LayerWords };

export function firstChoice(layers: readonly Layer[]): LayerChoice {
  const on = named(layers, "overlay").map(({ id, isOnAtFirst }) => [id, isOnAtFirst === true] as const);
  return { background: named(layers, "background")[0].id, tiles: "steps", on: Object.fromEntries(on) };
}

/** In the order of the menu. */
export function named(layers: readonly Layer[], group: LayerWords["group"]): NamedLayer[] {
  const all = layers.filter((layer): layer is NamedLayer => layer.words?.group === group);
  return all.sort((a, b) => a.words.rank - b.words.rank);
}

export function isOffered(layer: Layer, data: RunOnMap): boolean {
  return layer.offered?.(data) ?? true;
}

/** Whether it is drawn: always, as the one background, or because its switch is on; and only where it makes sense. */
export function isOn({ id, words, follows, offered }: Layer, { data, layers }: MapState): boolean {
  const isWanted = follows
    ? layers.on[follows]
    : words?.group === "background"
      ? layers.background === id
      : words === null || layers.on[id];
  return Boolean(isWanted) && (offered?.(data) ?? true);
}

/** The usual one first: a plane that is the latent space is known by its prior, another one by its points. */
export function tilesOf({ header, space }: RunOnMap): readonly Tiles[] {
  if (!header.projection.rings) return ["steps"];
  return space.how === "identity" ? ["shares", "steps"] : ["steps", "shares"];
}

/** The layer of a name, where this map has it. */
export function offered(
  layers: readonly Layer[],
  data: RunOnMap,
  group: LayerWords["group"],
  id: string,
): Layer | null {
  return named(layers, group).find((layer) => layer.id === id && isOffered(layer, data)) ?? null;
}

/** Its name in announcements. */
export function spoken({ words }: Layer): string {
  return words?.spoken ?? words?.name ?? "";
}

/** What the layers menu shows of a map. */
export interface LayerOffer {
  readonly backgrounds: readonly NamedLayer[];
  /** Of the decoded manifold. */
  readonly tiles: readonly Tiles[];
  readonly overlays: readonly NamedLayer[];
  readonly colours: readonly { readonly id: string; readonly name: string; readonly definition: string }[];
}

/** What makes sense on this map. */
export function offerOf(layers: readonly Layer[], data: RunOnMap): LayerOffer {
  const offers = (layer: Layer): boolean => isOffered(layer, data);
  const first = { id: BY_CLASS, name: data.hasLabels ? "Class" : "Nothing", definition: "" };
  return {
    backgrounds: named(layers, "background").filter(offers),
    tiles: tilesOf(data),
    overlays: named(layers, "overlay").filter(offers),
    colours: [first, ...data.quantities, ...(data.purity ? [data.purity] : [])],
  };
}
