/** Where is every test image? A dot each, by class or by a quantity; small and thin over pictures, so that these are seen. */

import type { RunOnMap } from "../../data/run-on-map";
import { visiblePoints } from "../../kernel/derive";
import type { Frame, Layer, LayerCanvas } from "../../kernel/extension";
import { perMap } from "../../kernel/per-map";
import { count } from "../../ui/format";
import { classRgb, classShape, SHAPES } from "../../ui/palette";
import { rampColour } from "../../ui/ramp";
import { discs } from "../../ui/sketch";
import { pictured } from "../in-view";
import { MovingPoints } from "./moving";
import { markerRadius, PointRaster } from "./raster";
import { makeSprite, type Sprite } from "./sprites";

const OVER_PICTURES = { size: 0.62, opacity: 0.4 } as const;
const MANY_POINTS = 30_000;
/** Sizes of sprites that are kept. */
const MAX_SIZES = 30;

/** The points of one map: their pixels, and what was drawn of them. */
class Dots {
  private readonly raster = new PointRaster();
  private readonly moving = new MovingPoints(this.raster, () => this.show());
  private context: CanvasRenderingContext2D | null = null;
  private plot: unknown = null;
  /** Of one look by size: a wheel passes the same few again and again. */
  private sprites: { readonly look: string; readonly lists: Map<string, readonly (Sprite | null)[]> } = {
    look: "",
    lists: new Map(),
  };
  private said: { readonly sampled: Uint32Array; readonly shown: Uint8Array; readonly words: string } | null = null;

  draw({ context, ratio }: LayerCanvas, frame: Frame): void {
    const { data, layers, shown, theme, view } = frame.state;
    const { canvas } = context;
    const isPictured = pictured(frame) !== null;
    const isOver = layers.background === "manifold";
    canvas.style.opacity = String(isPictured || !layers.on["points"] ? 0 : isOver ? OVER_PICTURES.opacity : 1);
    if (isPictured) return;
    if (this.plot !== view.plot) this.moving.forget(); // another size has emptied the canvas
    this.plot = view.plot;
    this.context = context;
    this.raster.resize(canvas.width, canvas.height);
    const { colouring } = frame.derived;
    const scale = view.camera.scale * ratio;
    const transform = {
      scaleX: scale,
      offsetX: (view.plot.width / 2) * ratio - view.camera.x * scale,
      scaleY: -scale,
      offsetY: (view.plot.height / 2) * ratio + view.camera.y * scale,
    };
    const { points } = data;
    const slots = colouring?.slots ?? data.slots;
    const look = [layers.on["shapes"], isOver, theme.isDark, shown, colouring?.key].join(" ");
    const spritesFor = (n: number): readonly (Sprite | null)[] => this.spritesFor(frame, n);
    this.moving.draw({ points, slots, transform, look, spritesFor }, performance.now());
  }

  /** Draws what was left out while the map moved; true while there is something left to do. */
  fill(frame: Frame): boolean {
    return pictured(frame) === null && this.moving.fill(performance.now());
  }

  /** Nothing is left out without a word. */
  note(frame: Frame): string {
    const { sampled } = this.moving;
    return sampled === null || pictured(frame) !== null
      ? ""
      : this.wordsFor(sampled, frame.state.data, frame.state.shown);
  }

  private wordsFor(sampled: Uint32Array, data: RunOnMap, shown: Uint8Array): string {
    if (this.said?.sampled === sampled && this.said.shown === shown) return this.said.words;
    let drawn = 0;
    for (const i of sampled) drawn += shown[data.slots[i]];
    const words = `${count(drawn)} of ${count(visiblePoints(data, shown))} points while moving`;
    this.said = { sampled, shown, words };
    return words;
  }

  private spritesFor({ state, derived: { colouring } }: Frame, nPoints: number): readonly (Sprite | null)[] {
    const { data, theme, shown, layers, view } = state;
    const withShapes = Boolean(layers.on["shapes"]);
    const size = (withShapes ? 1.35 : 1) * (layers.background === "manifold" ? OVER_PICTURES.size : 1);
    const radius = markerRadius(nPoints, view.zoom) * size * view.ratio;
    const alpha = nPoints > MANY_POINTS ? 0.7 : 0.85;
    const look = [withShapes, theme.isDark, shown, colouring?.key ?? ""].join(" ");
    if (look !== this.sprites.look || this.sprites.lists.size >= MAX_SIZES) this.sprites = { look, lists: new Map() };
    const key = `${radius} ${alpha}`;
    const before = this.sprites.lists.get(key);
    if (before) return before;
    const byClass = (slot: number): Sprite | null => {
      if (!shown[slot]) return null;
      const label = slot === data.nClasses ? -1 : slot;
      return makeSprite(classShape(label, withShapes), classRgb(label, theme.isDark), alpha, radius);
    };
    const byLevel = (slot: number): Sprite | null => {
      if (!colouring || slot > colouring.levels) return null;
      const colour =
        slot === colouring.levels ? classRgb(-1, theme.isDark) : rampColour("amount", slot / (colouring.levels - 1));
      return makeSprite(SHAPES[0], colour, alpha, radius);
    };
    const list = colouring
      ? Array.from({ length: colouring.levels + 2 }, (_, slot) => byLevel(slot))
      : Array.from({ length: data.nClasses + 1 }, (_, slot) => byClass(slot));
    this.sprites.lists.set(key, list);
    return list;
  }

  /** Brings the raster's pixels to the screen. */
  private show(): void {
    const { width, height, straight } = this.raster;
    if (width === 0 || height === 0) return;
    const image = new ImageData(
      new Uint8ClampedArray(straight.buffer, straight.byteOffset, straight.byteLength),
      width,
      height,
    );
    this.context?.putImageData(image, 0, 0);
  }
}

/** A model's: its codes may move while it learns, and their pixels stay where they are. */
const dotsOfModel = perMap((_model: RunOnMap["model"]) => new Dots());
const dotsOf = ({ model }: RunOnMap): Dots => dotsOfModel(model);

export const points: Layer = {
  id: "points",
  stratum: "points",
  words: {
    group: "overlay",
    rank: 1,
    name: "Points",
    help: "a dot for every test image",
    sketch: { fill: discs(2.5, [10, 13], [15, 8], [18, 16], [28, 25], [32, 31], [23, 32], [10, 28]) },
  },
  isOnAtFirst: true,
  reads: ["shown", "colourBy"],
  draw(canvas, frame) {
    dotsOf(frame.state.data).draw(canvas, frame);
    return false;
  },
  work: (frame) => (dotsOf(frame.state.data).fill(frame) ? "working" : "done"),
  note: (frame) => dotsOf(frame.state.data).note(frame),
};

/** Of the points, and of the classes in the legend. */
export const shapes: Layer = {
  id: "shapes",
  stratum: "points",
  words: {
    group: "overlay",
    rank: 8,
    name: "Marker shapes",
    help: "a marker for each class, beside its colour",
    sketch: { fill: `${discs(4.5, [12, 13])}M23 9h9v9h-9zM20 23l6 10H14z` },
    key: ["s", "a marker shape for each class"],
  },
  offered: (data) => data.nClasses > 1,
  reads: [],
};
