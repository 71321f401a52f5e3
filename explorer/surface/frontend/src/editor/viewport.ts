/** Where is the camera, and where is it going? Keeps it within limits, glides it, and refits it when the stage changes size. */

import {
  between,
  type Camera,
  fit,
  type Limits,
  limitsFor,
  panBy,
  reveal,
  type Size,
  toMap,
  toScreen,
  zoomAt,
} from "../geometry/camera";
import { clamp } from "../geometry/inverse";
import type { Extent, Point } from "../wire/schema";

export const GLIDE_MS = 220;

interface Glide {
  readonly from: Camera;
  readonly to: Camera;
  readonly start: number;
}

export class Viewport {
  camera: Camera = { x: 0, y: 0, scale: 1 };
  private size: Size = { width: 1, height: 1 };
  private home: Camera = this.camera;
  private limits: Limits = limitsFor([0, 1, 0, 1], this.size);
  private glide: Glide | null = null;
  /** Whether everything is shown: then it stays so when the page changes size. */
  private isHome = true;

  /** `now` of a glide is performance.now(); `glides`: whether motion is welcome. */
  constructor(private readonly glides: () => boolean) {}

  get isGliding(): boolean {
    return this.glide !== null;
  }

  /** Whether what is seen is what is shown at first. */
  get isAtHome(): boolean {
    return this.isHome && this.glide === null;
  }

  /** How much closer than when everything is shown. */
  get zoom(): number {
    return this.camera.scale / this.home.scale;
  }

  /** Another map: begin with all of it. */
  reset(): void {
    this.glide = null;
    this.isHome = true;
  }

  resize(extent: Extent, size: Size): void {
    this.size = size;
    this.home = fit(extent, size);
    this.limits = limitsFor(extent, size);
    if (this.isHome) this.camera = this.home;
  }

  toMap(left: number, top: number): Point {
    return toMap(this.camera, this.size, left, top);
  }

  toScreen([x, y]: Point): Point {
    return toScreen(this.camera, this.size, x, y);
  }

  pan(dx: number, dy: number): void {
    this.jump(panBy(this.camera, dx, dy, this.limits));
  }

  zoomBy(factor: number, left: number, top: number): void {
    this.jump(zoomAt(this.camera, this.size, factor, left, top, this.limits));
  }

  /** Around the place if it is in view, else around the middle. */
  glideZoom(factor: number, place: Point): void {
    const { width, height } = this.size;
    const [left, top] = this.toScreen(place);
    const isInView = left >= 0 && left <= width && top >= 0 && top <= height;
    const [x, y] = isInView ? [left, top] : [width / 2, height / 2];
    this.glideTo(zoomAt(this.glide?.to ?? this.camera, this.size, factor, x, y, this.limits));
  }

  glideHome(): void {
    this.glideTo(this.home);
    this.isHome = true;
  }

  /** Glides to a place, at least `zoom` times as close as when everything is shown. */
  flyTo([x, y]: Point, zoom: number): void {
    this.glideTo({ x, y, scale: Math.max(this.camera.scale, this.home.scale * zoom) });
  }

  /** Glides to a part of the map, which then takes `share` of the screen at most along both axes. */
  lookAt([x0, x1, y0, y1]: Extent, share: number): void {
    const wanted =
      share * Math.min(this.size.width / Math.max(x1 - x0, 1e-9), this.size.height / Math.max(y1 - y0, 1e-9));
    this.glideTo({
      x: (x0 + x1) / 2,
      y: (y0 + y1) / 2,
      scale: clamp(wanted, this.limits.minScale, this.limits.maxScale),
    });
  }

  /** Brings the place into view; returns whether the camera had to move. */
  show([x, y]: Point, margin: number): boolean {
    const camera = reveal(this.camera, this.size, x, y, margin);
    if (camera === this.camera) return false;
    this.jump(camera);
    return true;
  }

  /**
   * Glides to a place that has less room than `margin` around it in view, which is in the middle then, as close as before; while everything
   * is shown only to one outside. Returns whether the camera moves.
   */
  bring([x, y]: Point, margin: number): boolean {
    const [left, top] = this.toScreen([x, y]);
    const room = Math.min(left, top, this.size.width - left, this.size.height - top);
    if (room >= (this.isAtHome ? 0 : margin)) return false;
    this.glideTo({ x, y, scale: this.camera.scale });
    return true;
  }

  /** Moves a running glide on; returns whether the camera moved. */
  tick(now: number): boolean {
    if (!this.glide) return false;
    const { from, to, start } = this.glide;
    const t = Math.min(1, Math.max(0, (now - start) / GLIDE_MS));
    this.camera = between(from, to, 1 - (1 - t) ** 3);
    if (t >= 1) {
      this.camera = to;
      this.glide = null;
    }
    return true;
  }

  /** Where somebody else looked. */
  put(x: number, y: number, scale: number): void {
    this.jump(panBy({ x, y, scale: clamp(scale, this.limits.minScale, this.limits.maxScale) }, 0, 0, this.limits));
  }

  private jump(camera: Camera): void {
    this.glide = null;
    this.isHome = false;
    this.camera = camera;
  }

  private glideTo(camera: Camera): void {
    this.isHome = false;
    if (this.glides()) this.glide = { from: this.camera, to: camera, start: performance.now() };
    else this.jump(camera);
  }
}
