/** How does what is known become three layers of pixels? Ground, points, and what lies above; no state but caches. */

import type { Colouring } from "../data/colour-scale";
import type { PosteriorMarker } from "../data/posterior-marker";
import type { Scene } from "../data/run-on-map";
import { type Camera, visibleExtent } from "../geometry/camera";
import { isLow } from "../geometry/support";
import type { Shown } from "../kernel/shown-classes";
import type { Background, Overlay } from "../panels/layers-menu";
import { css } from "../ui/colour";
import { setText } from "../ui/dom";
import { count } from "../ui/format";
import { classRgb, classShape, SHAPES } from "../ui/palette";
import { rampColour } from "../ui/ramp";
import type { Theme } from "../ui/theme";
import type { Extent, PathRecord, PinRecord, Point } from "../wire/schema";
import { Backdrop } from "./background/backdrop";
import { ClassContours, drawContours } from "./background/field-raster";
import { drawGrid, drawRingLabels, drawRings, drawTickLabels, fillGround } from "./background/grid";
import { Manifold, shareTiles, stepTiles, type Tiles } from "./background/manifold";
import type { Stage } from "./canvas";
import {
  drawEllipses,
  drawLinks,
  drawLoop,
  drawMarker,
  drawOthers,
  drawPath,
  drawPin,
  drawTrail,
  MOST_RINGS,
} from "./overlays/overlay";
import type { Truth } from "./overlays/true-posterior/layer";
import { type Drawing, PointLayer } from "./points/points";
import { markerRadius } from "./points/raster";
import { makeSprite, type Sprite } from "./points/sprites";
import { inView, MOST_THUMBNAILS, Thumbnails } from "./points/thumbnails";

export type Layers = { background: Background; tiles: Tiles } & Record<Overlay, boolean>;

/** All that decides how the map looks at one moment. */
export interface View {
  readonly scene: Scene;
  readonly camera: Camera;
  /** How much closer than when everything is shown. */
  readonly zoom: number;
  readonly theme: Theme;
  readonly shown: Shown;
  readonly layers: Readonly<Layers>;
  /** Points coloured by a quantity instead of their class. */
  readonly colouring: Colouring | null;
}

/** Shares 0 … 1: how much of the path is drawn, how far the last pin has fallen. */
export interface Things {
  readonly path: PathRecord | null;
  readonly pathShare: number;
  readonly markers: readonly PosteriorMarker[];
  readonly pins: readonly PinRecord[];
  readonly dropShare: number;
  /** Where the probe is and which points its lines lead to. */
  readonly probe: Point;
  readonly links: readonly number[];
  /** The nearest point, or −1. */
  readonly nearest: number;
  /** The loop that is drawn or was drawn last, and the points in it. */
  readonly truth: Truth | null;
  readonly loop: readonly Point[];
  /** A path that is being drawn by hand. */
  readonly trail: readonly Point[];
  readonly selected: readonly number[];
}

const SLICE_MS = 6;
/** While the manifold grows it is drawn this often: drawing it costs more than a slice of it. */
const SHOW_MS = 150;
/** Points above pictures: small and thin enough to see the pictures. */
const OVER_PICTURES = { size: 0.62, opacity: 0.4 } as const;
const MANY_POINTS = 30_000;

/** Closer than this, pictures may take the place of dots and the manifold gets smaller tiles. */
const CLOSE = 1.5;
const MOST_ELLIPSES = 400;

export class Painter {
  /** The first look by its kind of tiles, and what was zoomed into last. */
  private readonly manifolds = new Map<Tiles, Manifold>();
  private detail: { readonly manifold: Manifold; readonly extent: Extent; readonly tiles: Tiles } | null = null;
  private backdrop: Backdrop | null = null;
  private contours: ClassContours | null = null;
  private thumbnails: Thumbnails | null = null;
  private manifoldShown = 0;
  private lastCamera: Camera | null = null;
  private sprites: { readonly key: string; readonly list: (Sprite | null)[] } = { key: "", list: [] };
  private readonly crowd: PointLayer;
  private resizes = 0;
  private seen: {
    readonly camera: Camera;
    readonly shown: Shown;
    readonly plot: unknown;
    readonly found: number[] | null;
  } | null = null;
  private said: { readonly sampled: Uint32Array; readonly shown: Shown; readonly words: string } | null = null;

  constructor(private readonly stage: Stage) {
    this.crowd = new PointLayer(stage.raster, () => stage.showPoints());
  }

  /** Another scene: nothing kept is of use. */
  reset(): void {
    this.manifolds.clear();
    this.detail = this.backdrop = this.contours = this.thumbnails = this.seen = this.said = null;
    this.sprites = { key: "", list: [] };
    this.crowd.reset();
  }

  ground({ scene, camera, zoom, theme, layers }: View): void {
    const { stage } = this;
    const context = stage.begin("ground");
    if (!context) return;
    const { projection } = scene.header;
    fillGround(context, stage.plot, theme);
    const { background } = layers;
    if (background === "manifold") {
      this.manifolds.get(layers.tiles)?.draw(context, stage.plot, camera, css(theme.text), css(theme.map));
      if (zoom > CLOSE && this.detail?.tiles === layers.tiles)
        this.detail.manifold.draw(context, stage.plot, camera, css(theme.text), css(theme.map));
    } else {
      if (background !== "none") this.backdropOf(scene).draw(background, context, stage.plot, camera);
      drawGrid(context, stage.plot, camera, theme);
    }
    if (layers.rings && projection.rings)
      drawRings(context, stage.plot, camera, theme, projection, background === "manifold");
    drawTickLabels(context, stage, stage.plot, camera, theme, projection);
  }

  points(view: View): void {
    const { stage } = this;
    const { camera, scene, colouring, layers, shown, theme } = view;
    const isPictured = this.pictured(view) !== null;
    stage.pointsOpacity(
      isPictured || !layers.points ? 0 : layers.background === "manifold" ? OVER_PICTURES.opacity : 1,
    );
    if (isPictured) return this.say(view);
    if (this.resizes !== stage.resizes) this.crowd.forget();
    this.resizes = stage.resizes;
    const scale = camera.scale * stage.ratio;
    const transform = {
      scaleX: scale,
      offsetX: (stage.plot.width / 2) * stage.ratio - camera.x * scale,
      scaleY: -scale,
      offsetY: (stage.plot.height / 2) * stage.ratio + camera.y * scale,
    };
    const drawing: Drawing = {
      points: scene.points,
      slots: colouring?.slots ?? scene.slots,
      transform,
      look: [layers.shapes, layers.background === "manifold", theme.isDark, shown, colouring?.key].join(" "),
      spritesFor: (nPoints) => this.spritesFor(view, nPoints),
    };
    this.crowd.draw(drawing, performance.now());
    this.say(view);
  }

  /** Draws what was left out while the map moved; true while there is something left to do. */
  fill(view: View): boolean {
    if (this.pictured(view) !== null) return false;
    const isWaiting = this.crowd.fill(performance.now());
    this.say(view);
    return isWaiting;
  }

  /** Nothing is left out without a word. */
  private say(view: View): void {
    const { sampled } = this.crowd;
    const {
      stage: { shown: line },
    } = this;
    line.hidden = sampled === null || this.pictured(view) !== null;
    if (!line.hidden) setText(line, this.wordsFor(sampled as Uint32Array, view));
  }

  private wordsFor(sampled: Uint32Array, { scene, shown }: View): string {
    if (this.said?.sampled === sampled && this.said.shown === shown) return this.said.words;
    let drawn = 0;
    for (const i of sampled) drawn += shown[scene.slots[i]];
    const all = scene.perClass.reduce((sum, n, slot) => sum + (shown[slot] ? n : 0), 0);
    const words = `${count(drawn)} of ${count(all)} points while moving`;
    this.said = { sampled, shown, words };
    return words;
  }

  /** The points that are shown as pictures, or nothing where they are dots. */
  private pictured({ scene, camera, zoom, shown, layers }: View): number[] | null {
    if (!layers.thumbnails || zoom < CLOSE) return null;
    const { plot } = this.stage;
    if (this.seen?.camera === camera && this.seen.shown === shown && this.seen.plot === plot) return this.seen.found;
    const found = inView(scene, camera, plot, shown, MOST_THUMBNAILS);
    this.seen = { camera, shown, plot, found };
    return found;
  }

  /** Returns whether all is drawn: pictures may need more frames. */
  above(
    view: View,
    { path, pathShare, markers, pins, dropShare, probe, links, nearest, truth, loop, trail, selected }: Things,
  ): boolean {
    const { stage } = this;
    const { scene, camera, theme, layers, shown } = view;
    const context = stage.begin("map");
    if (!context) return true;
    const { projection } = scene.header;
    let isComplete = true;
    const pictured = this.pictured(view);
    if (pictured) {
      this.thumbnails ??= new Thumbnails(scene);
      isComplete = this.thumbnails.draw(context, stage.plot, camera, pictured, (i) => pointRgb(view, i));
    }
    if (layers.contours && this.contours)
      drawContours(
        context,
        stage.plot,
        camera,
        this.contours,
        shown,
        (slot) => classRgb(slot === scene.nClasses ? -1 : slot, theme.isDark),
        theme.map,
      );
    if (layers.ellipses) this.ellipses(context, view, nearest);
    truth?.draw(context, stage.plot, camera, theme);
    if (loop.length > 1 || selected.length > 0)
      drawLoop(
        context,
        stage.plot,
        camera,
        theme,
        loop,
        selected.length > MOST_RINGS ? [] : selected.map((i) => scene.place(i)),
      );
    if (layers.rings && projection.rings) drawRingLabels(context, stage.plot, camera, theme, projection);
    if (layers.neighbours)
      drawLinks(
        context,
        stage.plot,
        camera,
        theme,
        probe,
        links.map((i) => scene.place(i)),
      );
    if (trail.length > 1) drawTrail(context, stage.plot, camera, theme, trail);
    if (path && pathShare >= 1) drawOthers(context, stage.plot, camera, theme, path);
    if (path) drawPath(context, stage.plot, camera, theme, path, pathShare);
    for (const marker of markers) drawMarker(context, stage.plot, camera, theme, marker);
    pins.forEach((pin, i) => drawPin(context, stage.plot, camera, theme, pin, i === pins.length - 1 ? dropShare : 1));
    return isComplete;
  }

  /** 1σ of every point when few are in view; 1σ and 2σ of the nearest one always. */
  private ellipses(context: CanvasRenderingContext2D, view: View, nearest: number): void {
    const { scene, camera, theme, shown } = view;
    const spread = scene.spreadOnMap();
    if (!spread) return;
    const few = inView(scene, camera, this.stage.plot, shown, MOST_ELLIPSES) ?? [];
    for (const i of few)
      drawEllipses(context, this.stage.plot, camera, scene.place(i), spread(i), [1], css(pointRgb(view, i), 0.55), 1);
    if (nearest < 0) return;
    drawEllipses(context, this.stage.plot, camera, scene.place(nearest), spread(nearest), [1, 2], css(theme.map), 4);
    drawEllipses(
      context,
      this.stage.plot,
      camera,
      scene.place(nearest),
      spread(nearest),
      [1, 2],
      css(theme.text),
      1.75,
    );
  }

  /** Works a slice of whatever is wanted and not yet there; false when there was nothing left to do. */
  grow(view: View): boolean {
    const { scene, layers } = view;
    if (layers.contours && !this.contours?.isComplete) {
      this.contours ??= new ClassContours(scene.points, scene.slots, scene.nClasses, scene.header.view_extent);
      this.contours.work(performance.now() + SLICE_MS);
      return true;
    }
    if (layers.background === "none") return false;
    if (layers.background === "manifold") return this.growManifold(view);
    return this.backdropOf(scene).grow(layers.background);
  }

  private growManifold(view: View): boolean {
    const {
      scene,
      camera,
      zoom,
      layers: { tiles },
    } = view;
    const isStill = camera === this.lastCamera;
    this.lastCamera = camera;
    const manifold = this.manifolds.get(tiles) ?? makeManifold(scene, tiles, null);
    this.manifolds.set(tiles, manifold);
    if (!manifold.isComplete) {
      manifold.work(performance.now() + SLICE_MS);
      return true;
    }
    if (zoom <= CLOSE) return false;
    if (!isStill) return true; // once more when the camera rests
    const seen = visibleExtent(camera, this.stage.plot);
    if (this.detail?.tiles !== tiles || !fits(this.detail.extent, seen))
      this.detail = { manifold: makeManifold(scene, tiles, seen), extent: seen, tiles };
    if (this.detail.manifold.isComplete) return false;
    this.detail.manifold.work(performance.now() + SLICE_MS);
    return true;
  }

  /** Whether what grows should be seen in the next frame. */
  growthIsDue(now: number): boolean {
    if (now - this.manifoldShown < SHOW_MS) return false;
    this.manifoldShown = now;
    return true;
  }

  backdropOf(scene: Scene): Backdrop {
    return (this.backdrop ??= new Backdrop(scene));
  }

  thumbnailOf(scene: Scene, i: number): HTMLCanvasElement {
    return (this.thumbnails ??= new Thumbnails(scene)).make(i);
  }

  private spritesFor(
    { scene, theme, shown, layers, zoom, colouring }: View,
    nPoints: number,
  ): readonly (Sprite | null)[] {
    const isOver = layers.background === "manifold";
    const size = (layers.shapes ? 1.35 : 1) * (isOver ? OVER_PICTURES.size : 1);
    const radius = markerRadius(nPoints, zoom) * size * this.stage.ratio;
    const alpha = nPoints > MANY_POINTS ? 0.7 : 0.85;
    const key = [radius, alpha, layers.shapes, theme.isDark, shown, colouring?.key ?? ""].join(" ");
    if (key === this.sprites.key) return this.sprites.list;
    const byClass = (slot: number): Sprite | null => {
      if (!shown[slot]) return null;
      const label = slot === scene.nClasses ? -1 : slot;
      return makeSprite(classShape(label, layers.shapes), classRgb(label, theme.isDark), alpha, radius);
    };
    const byLevel = (slot: number): Sprite | null => {
      if (!colouring || slot > colouring.levels) return null;
      const colour =
        slot === colouring.levels ? classRgb(-1, theme.isDark) : rampColour("amount", slot / (colouring.levels - 1));
      return makeSprite(SHAPES[0], colour, alpha, radius);
    };
    const list = colouring
      ? Array.from({ length: colouring.levels + 2 }, (_, slot) => byLevel(slot))
      : Array.from({ length: scene.nClasses + 1 }, (_, slot) => byClass(slot));
    this.sprites = { key, list };
    return list;
  }
}

function pointRgb({ scene, theme, colouring }: View, i: number): ReturnType<typeof classRgb> {
  if (!colouring) return classRgb(scene.labels[i], theme.isDark);
  const level = colouring.slots[i];
  return level < colouring.levels ? rampColour("amount", level / (colouring.levels - 1)) : classRgb(-1, theme.isDark);
}

/** Whether tiles made for one extent still do for another: it lies inside and is not much smaller. */
function fits(made: Extent, seen: Extent): boolean {
  const slack = 0.02 * (seen[1] - seen[0]);
  const isInside =
    seen[0] >= made[0] - slack &&
    seen[1] <= made[1] + slack &&
    seen[2] >= made[2] - slack &&
    seen[3] <= made[3] + slack;
  return isInside && made[1] - made[0] < 1.3 * (seen[1] - seen[0]);
}

/** `seen`: the part of the map that is zoomed into; null for the first look. */
function makeManifold({ header, space, model, support }: Scene, tiles: Tiles, seen: Extent | null): Manifold {
  const [, height, width] = header.run.image_shape;
  const grid =
    tiles === "shares"
      ? shareTiles(header.projection.ring_center, seen)
      : stepTiles(seen ?? header.view_extent, width / height);
  const z = new Float64Array(space.latentDim);
  return new Manifold(
    grid,
    header.run.image_shape,
    (x, y) => {
      space.toZ(x, y, z);
      return model.decodeShared(z);
    },
    (x, y) => {
      space.toZ(x, y, z);
      return isLow(support.of(z));
    },
  );
}
