/** Which layers and colours has the person chosen? */

import type { RunOnMap } from "../../data/run-on-map";
import { BY_CLASS, colourChoice } from "../../kernel/derive";
import { named, offered, offerOf, spoken } from "../../kernel/layer-choice";
import type { MapState, Tiles } from "../../kernel/state";
import { LAYERS } from "../../layers/index";
import type { Context } from "../context";

export class Choices {
  private wantedTiles: Tiles | null = null;

  constructor(private readonly context: Context) {}

  /** For another map: of what was chosen all that it offers too. */
  configure(data: RunOnMap, { layers, colourBy }: MapState): Pick<MapState, "layers" | "colourBy"> {
    const offer = offerOf(LAYERS, data);
    const tiles = offer.tiles.find((one) => one === this.wantedTiles) ?? offer.tiles[0];
    const background = offer.backgrounds.find(({ id }) => id === layers.background) ?? offer.backgrounds[0];
    const colour = offer.colours.some(({ id }) => id === colourBy.id) ? colourBy.id : BY_CLASS;
    return { layers: { ...layers, tiles, background: background.id }, colourBy: colourChoice(data, colour) };
  }

  setBackground(id: string): void {
    const { state, store, reader } = this.context;
    const layer = offered(LAYERS, state.data, "background", id);
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
    const layer = offered(LAYERS, state.data, "overlay", id);
    if (!layer) return;
    const isOn = !state.layers.on[id];
    store.set({ layers: { ...state.layers, on: { ...state.layers.on, [id]: isOn } } });
    reader.now(`${spoken(layer)} ${isOn ? "shown" : "hidden"}`);
  }

  setColour(id: string): void {
    this.context.store.set({ colourBy: colourChoice(this.context.state.data, id) });
  }
}
