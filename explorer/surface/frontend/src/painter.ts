/** How does what is known become three layers of pixels? Ground, points, and what lies above; no state but caches. */

import { drawGrid, drawRingLabels, drawRings, drawTickLabels, fillGround } from "./axes";
import type { MarkerRecord, PathRecord, PinRecord } from "./blob";
import type { Camera } from "./camera";
import type { Shown } from "./legend";
import { Manifold, tileGrid } from "./manifold";
import { drawMarker, drawPath, drawPin } from "./overlay";
import { classRgb, classShape } from "./palette";
import { markerRadius } from "./points";
import type { Scene } from "./scene";
import { makeSprite, type Sprite } from "./sprites";
import type { Stage } from "./stage";
import type { Theme } from "./theme";

export interface Layers {
  manifold: boolean;
  rings: boolean;
  shapes: boolean;
}

/** All that decides how the map looks at one moment. */
export interface View {
  readonly scene: Scene;
  readonly camera: Camera;
  readonly theme: Theme;
  readonly shown: Shown;
  readonly layers: Readonly<Layers>;
}

/** Shares 0 … 1: how much of the path is drawn, how far the last pin has fallen. */
export interface Things {
  readonly path: PathRecord | null;
  readonly pathShare: number;
  readonly markers: readonly MarkerRecord[];
  readonly pins: readonly PinRecord[];
  readonly dropShare: number;
}

const SLICE_MS = 6;
/** While the manifold grows it is drawn this often: drawing it costs more than a slice of it. */
const SHOW_MS = 150;
/** Points above pictures: small and thin enough to see the pictures. */
const OVER_PICTURES = { size: 0.62, opacity: 0.4 } as const;
const MANY_POINTS = 30_000;

export class Painter {
  private manifold: Manifold | null = null;
  private manifoldShown = 0;
  private sprites: { readonly key: string; readonly list: (Sprite | null)[] } = { key: "", list: [] };

  constructor(private readonly stage: Stage) {}

  /** Another scene: nothing kept is of use. */
  reset(): void {
    this.manifold = null;
    this.sprites = { key: "", list: [] };
  }

  ground({ scene, camera, theme, layers }: View): void {
    const { stage } = this;
    const context = stage.begin("ground");
    if (!context) return;
    const { projection } = scene.header;
    fillGround(context, stage.plot, theme);
    if (layers.manifold) this.manifold?.draw(context, stage.plot, camera);
    else drawGrid(context, stage.plot, camera, theme);
    if (layers.rings && projection.rings) drawRings(context, stage.plot, camera, theme, projection, layers.manifold);
    drawTickLabels(context, stage, stage.plot, camera, theme, projection);
  }

  /** `zoom`: how much closer than when everything is shown. */
  points(view: View, zoom: number): void {
    const { stage } = this;
    const { camera, scene } = view;
    const scale = camera.scale * stage.ratio;
    const transform = {
      scaleX: scale,
      offsetX: (stage.plot.width / 2) * stage.ratio - camera.x * scale,
      scaleY: -scale,
      offsetY: (stage.plot.height / 2) * stage.ratio + camera.y * scale,
    };
    stage.raster.draw(scene.points, scene.slots, this.spritesFor(view, zoom), transform);
    stage.showPoints(view.layers.manifold ? OVER_PICTURES.opacity : 1);
  }

  above({ scene, camera, theme, layers }: View, { path, pathShare, markers, pins, dropShare }: Things): void {
    const { stage } = this;
    const context = stage.begin("map");
    if (!context) return;
    const { projection } = scene.header;
    if (layers.rings && projection.rings) drawRingLabels(context, stage.plot, camera, theme, projection);
    if (path) drawPath(context, stage.plot, camera, theme, path, pathShare);
    for (const marker of markers) drawMarker(context, stage.plot, camera, theme, marker);
    pins.forEach((pin, i) => drawPin(context, stage.plot, camera, theme, pin, i === pins.length - 1 ? dropShare : 1));
  }

  /** Decodes some tiles; false when there was nothing left to do. */
  growManifold({ scene }: View): boolean {
    if (this.manifold?.isComplete) return false;
    this.manifold ??= makeManifold(scene);
    this.manifold.work(performance.now() + SLICE_MS);
    return true;
  }

  /** Whether the growing manifold should be seen in the next frame. */
  manifoldIsDue(now: number): boolean {
    if (!this.manifold?.isComplete && now - this.manifoldShown < SHOW_MS) return false;
    this.manifoldShown = now;
    return true;
  }

  private spritesFor({ scene, theme, shown, layers }: View, zoom: number): readonly (Sprite | null)[] {
    const size = (layers.shapes ? 1.35 : 1) * (layers.manifold ? OVER_PICTURES.size : 1);
    const radius = markerRadius(scene.nPoints, zoom) * size * this.stage.ratio;
    const key = [radius, layers.shapes, theme.isDark, shown].join(" ");
    if (key !== this.sprites.key) {
      const alpha = scene.nPoints > MANY_POINTS ? 0.7 : 0.85;
      const sprite = (slot: number): Sprite | null => {
        if (!shown[slot]) return null;
        const label = slot === scene.nClasses ? -1 : slot;
        return makeSprite(classShape(label, layers.shapes), classRgb(label, theme.isDark), alpha, radius);
      };
      this.sprites = { key, list: Array.from({ length: scene.nClasses + 1 }, (_, slot) => sprite(slot)) };
    }
    return this.sprites.list;
  }
}

function makeManifold({ header, space, model }: Scene): Manifold {
  const [, height, width] = header.run.image_shape;
  const grid = tileGrid(space.how, header.view_extent, width / height, undefined, header.projection.rings);
  const z = new Float64Array(space.latentDim);
  return new Manifold(grid, header.run.image_shape, (x, y) => {
    space.toZ(x, y, z);
    return model.decodeShared(z);
  });
}
