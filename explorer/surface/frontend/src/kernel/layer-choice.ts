/** Which layers are on, which does a map offer, and what are they called? Read from the records; nothing here knows a layer by name. */

import type { Scene } from "../data/run-on-map";
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

export function isOffered(layer: Layer, data: Scene): boolean {
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
export function tilesOf({ header, space }: Scene): readonly Tiles[] {
  if (!header.projection.rings) return ["steps"];
  return space.how === "identity" ? ["shares", "steps"] : ["steps", "shares"];
}
