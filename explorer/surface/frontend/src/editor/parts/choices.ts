/** Which layers, colours and classes has the person chosen? The layers menu. */

import type { Scene } from "../../data/run-on-map";
import { BY_CLASS, colourChoice } from "../../kernel/derive";
import type { Frame, Layer } from "../../kernel/extension";
import { isOffered, named, tilesOf } from "../../kernel/layer-choice";
import { classEntries } from "../../kernel/shown-classes";
import type { MapState, Tiles } from "../../kernel/state";
import { LAYERS } from "../../layers/index";
import type { LayersMenu, LayersMenuOffer } from "../../panels/layers-menu/panel";
import type { Context, Watcher } from "../context";

export class Choices implements Watcher {
  readonly reads: readonly (keyof MapState)[] = ["data", "layers", "colourBy"];
  private wantedTiles: Tiles | null = null;

  constructor(
    private readonly context: Context,
    private readonly menu: LayersMenu,
  ) {}

  /** For another map: what it offers, and of what was chosen all that it offers too. */
  configure(data: Scene, { layers, colourBy }: MapState): Pick<MapState, "layers" | "colourBy"> {
    const offer = offerOf(data);
    this.menu.configure(offer);
    const tiles = offer.tiles.find((one) => one === this.wantedTiles) ?? offer.tiles[0];
    const background = offer.backgrounds.find(({ id }) => id === layers.background) ?? offer.backgrounds[0];
    const colour = offer.colours.some(({ id }) => id === colourBy.id) ? colourBy.id : BY_CLASS;
    return { layers: { ...layers, tiles, background: background.id }, colourBy: colourChoice(data, colour) };
  }

  setBackground(id: string): void {
    const { state, store, reader } = this.context;
    const layer = offered(state.data, "background", id);
    if (!layer) return;
    store.set({ layers: { ...state.layers, background: id } });
    reader.now(`Background: ${spoken(layer)}`);
  }

  toggleBackground(id: string): void {
    this.setBackground(this.context.state.layers.background === id ? named(LAYERS, "background")[0].id : id);
  }

  setTiles(tiles: Tiles): void {
    this.wantedTiles = tiles;
    this.context.store.set({ layers: { ...this.context.state.layers, tiles } });
  }

  toggleOverlay(id: string): void {
    const { state, store, reader } = this.context;
    const layer = offered(state.data, "overlay", id);
    if (!layer) return;
    const isOn = !state.layers.on[id];
    store.set({ layers: { ...state.layers, on: { ...state.layers.on, [id]: isOn } } });
    reader.now(`${spoken(layer)} ${isOn ? "shown" : "hidden"}`);
  }

  setColour(id: string): void {
    this.context.store.set({ colourBy: colourChoice(this.context.state.data, id) });
  }

  update({ state }: Frame): void {
    const { layers, colourBy } = state;
    const { on, background, tiles } = layers;
    this.menu.show({ background, tiles, overlays: on, colour: colourBy.id });
  }
}

/** The layer of a name, where this map has it. */
export function offered(data: Scene, group: "background" | "overlay", id: string): Layer | null {
  return named(LAYERS, group).find((layer) => layer.id === id && isOffered(layer, data)) ?? null;
}

export function spoken({ words }: Layer): string {
  return words?.spoken ?? words?.name ?? "";
}

/** What makes sense on this map. */
function offerOf(data: Scene): LayersMenuOffer {
  const offers = (layer: Layer): boolean => isOffered(layer, data);
  const first = { id: BY_CLASS, name: data.hasLabels ? "Class" : "Nothing", definition: "" };
  return {
    backgrounds: named(LAYERS, "background").filter(offers),
    tiles: tilesOf(data),
    overlays: named(LAYERS, "overlay").filter(offers),
    colours: [first, ...data.quantities, ...(data.purity ? [data.purity] : [])],
    classes: data.hasLabels ? classEntries(data) : [],
  };
}
