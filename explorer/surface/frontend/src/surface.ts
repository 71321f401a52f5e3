/**
 * What happens when a hand moves over the map? The surface joins scene, stage, card and player, and does all work in one frame.
 *
 * Nothing is computed in an event: events set what is wanted (`want`), the next animation frame does it once.
 */

import { Announcer } from "./announce";
import { BlobError, parsePayload, type Dynamic, type Payload, type PinRecord, type Point } from "./blob";
import { Card, looksWords, nearestWords } from "./card";
import { Disposer, h, prefersReducedMotion, setText } from "./dom";
import { count, plainNumber, zText } from "./format";
import { GestureMachine, listenToGestures, type Intents, type Mode } from "./gesture";
import { HelpPanel } from "./help";
import { Hint } from "./hint";
import { keyIntent, type KeyIntent } from "./keyboard";
import { allShown, Legend, type LegendEntry, type Shown } from "./legend";
import { Model, type Posterior } from "./model";
import { GLIDE_MS, Navigator } from "./navigator";
import { OpError } from "./ops";
import { Painter, type Layers, type Things, type View } from "./painter";
import { PENDING_MS, PinBook } from "./pins";
import type { Picture } from "./picture";
import { Player } from "./player";
import { Scene } from "./scene";
import { supportWords, type How } from "./space";
import { Stage } from "./stage";
import { Stats, type FrameStats } from "./stats";
import { STYLE } from "./style";
import { applyTheme, readTheme, type Theme } from "./theme";
import { Toolbar } from "./toolbar";

/** What the host hears. */
export interface Pin {
  /** Makes two pins at one place two events, and lets a host say which it has counted. */
  readonly nonce: string;
  readonly map: [number, number];
  readonly z: number[];
  readonly how: How;
  readonly support: number;
}

export interface Callbacks {
  onPin?(pin: Pin): void;
}

export interface Surface {
  update(bytes: Uint8Array): void;
  destroy(): void;
  /** Names of the pin events that the host says it has counted. */
  taken(): readonly string[];
  /** Which run and map is shown: a place means something else on another. */
  mapId(): string;
  /** x (C·H·W,) in [0, 1]. */
  encode(x: Float32Array): Posterior;
  /** x_hat (C·H·W,) in [0, 1]. */
  decode(z: ArrayLike<number>): Float32Array;
  moveProbe(map: readonly [number, number]): void;
  stats(): FrameStats;
  /** Forgets the measured frames. */
  resetStats(): void;
  /** Shows everything again and forgets the measured frames. */
  reset(): void;
}

const WIDE_PX = 760;
/** What stands above and below the map on a wide page: header, title row, axis, legend. */
const PAGE_AROUND_PX = 240;
const LOW_WINDOW_PX = 860;
let pinCount = 0;
const PATH_DRAW_MS = 280;
/** A decoder slower than this leaves the nearest point's picture for when the hand rests. */
const CHEAP_DECODE_MS = 2.5;
const REST_MS = 90;

interface Wanted {
  ground: boolean;
  points: boolean;
  above: boolean;
  probe: boolean;
}

export class SurfaceView implements Surface {
  private readonly root = h("div", { class: "la-root" });
  private readonly body = h("div", { class: "la-body" });
  private readonly failure = h("p", { class: "la-error", role: "alert", hidden: true });
  private readonly disposer = new Disposer();
  private readonly announcer = new Announcer();
  private readonly stats_ = new Stats();
  private readonly help = new HelpPanel(() => this.act({ kind: "escape" }));
  private readonly stage = new Stage(this.help.element);
  private readonly painter = new Painter(this.stage);
  private readonly hint = new Hint(this.stage.hint);
  private readonly toolbar = new Toolbar((intent) => this.act(intent));
  private readonly legend = new Legend((next) => this.setShown(next(this.shown)));
  private readonly player = new Player({ seek: () => this.followPath(), playing: (isPlaying) => this.onPlaying(isPlaying) });
  private readonly card = new Card(this.player.element);
  private readonly gestures: GestureMachine;
  private readonly navigator = new Navigator(() => !prefersReducedMotion());
  private readonly pinBook: PinBook;

  private scene: Scene | null = null;
  private dynamic: Dynamic | null = null;
  private theme: Theme;
  private probe: Point = [0, 0];
  /** The picture is the path's, not the map's: its z need not be the map's z. */
  private isOnPath = false;
  /** The host's code is shown instead of the place's, until the probe moves. */
  private exactZ: readonly number[] | null = null;
  private announcedPlace = "";
  private z = new Float64Array(2);
  private support = 0;
  private nearest = -1;
  private shown: Shown = new Uint8Array(0);
  private readonly layers: Layers = { manifold: false, rings: true, shapes: false };
  private layerDefaults = "";
  private isHelpOpen = false;
  private isHover = false;
  private want: Wanted = { ground: false, points: false, above: false, probe: false };
  private frameRequest = 0;
  private lastFrame = 0;
  private pathStart = 0;
  private dropStart = 0;
  private decodeMs = 0;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private width = 0;

  constructor(element: HTMLElement | ShadowRoot, bytes: Uint8Array, private readonly callbacks: Callbacks) {
    this.pinBook = new PinBook(callbacks.onPin !== undefined);
    const left = h("div", { class: "la-left" }, this.toolbar.element, this.stage.element, this.legend.element);
    this.body.append(left, this.card.element);
    this.root.append(h("style", {}, STYLE), this.failure, this.body, this.announcer.element);
    element.append(this.root);
    Object.defineProperty(this.root, "surface", { value: this }); // a handle for hosts and browser tests
    this.theme = this.readTheme();
    const intents = this.intents();
    this.gestures = new GestureMachine(intents);
    listenToGestures(this.stage.map, this.gestures, intents, this.disposer);
    this.listenToKeys();
    this.watchThePage();
    this.update(bytes);
  }

  // ---- the host's side ----------------------------------------------------------------------------------------------

  update(bytes: Uint8Array): void {
    try {
      const payload = parsePayload(bytes);
      const isNew = payload.header.id !== this.scene?.header.id;
      const isNewMap = isNew && this.load(payload);
      this.applyDynamic(payload.dynamic, isNewMap, isNew);
      this.fail(null);
    } catch (error) {
      this.fail(sentenceFor(error));
    }
    this.retheme();
    this.measure();
    if (this.width > 0) this.frame(performance.now()); // the first picture does not wait for a frame
  }

  destroy(): void {
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
    clearTimeout(this.restTimer);
    this.hint.dispose();
    this.announcer.dispose();
    this.disposer.dispose();
    this.scene = null;
    this.root.remove();
  }

  encode(x: Float32Array): Posterior {
    return this.model().encode(x);
  }

  decode(z: ArrayLike<number>): Float32Array {
    return this.model().decode(z);
  }

  moveProbe(map: readonly [number, number]): void {
    this.pausePlayer();
    this.setProbe([map[0], map[1]]);
  }

  stats(): FrameStats {
    return this.stats_.read();
  }

  resetStats(): void {
    this.stats_.reset();
  }

  reset(): void {
    this.stats_.reset();
    this.showEverything();
  }

  private showEverything(): void {
    this.navigator.glideHome();
    this.cameraMoves();
  }

  private model(): Model {
    if (!this.scene) throw new BlobError("No map is loaded.");
    return this.scene.model;
  }

  private fail(sentence: string | null): void {
    this.failure.hidden = sentence === null;
    this.body.hidden = sentence !== null;
    setText(this.failure, sentence ?? "");
    if (sentence) this.pausePlayer();
  }

  // ---- loading ------------------------------------------------------------------------------------------------------

  /** Returns whether it is another map: the same one with another decoder keeps probe, camera, classes and path. */
  private load(payload: Payload): boolean {
    const scene = new Scene(payload);
    const { run, projection } = scene.header;
    const before = this.scene;
    const isNewMap = !before?.isSameMap(scene);
    this.scene = scene;
    this.nearest = -1;
    this.announcedPlace = "";
    this.painter.reset();
    this.decodeMs = 0;
    this.card.configure(run.image_shape, run.latent_dim, projection, scene.decodedAs);
    if (isNewMap) this.startMap(scene);
    this.loadOriginalsLater(scene);
    return isNewMap;
  }

  private startMap(scene: Scene): void {
    this.z = new Float64Array(scene.space.latentDim);
    this.shown = allShown(scene.nClasses);
    this.isOnPath = false;
    this.pinBook.clear();
    this.navigator.reset();
    if (this.width > 0) this.navigator.resize(scene.header.view_extent, this.stage.plot);
    this.layerDefaults = "";
    this.legend.setEntries(legendEntries(scene));
    this.showLegend();
  }

  /** Never before the first picture: inflating 10 000 images takes a while. */
  private loadOriginalsLater(scene: Scene): void {
    const timer = setTimeout(() => {
      scene
        .loadOriginals()
        .then((isNew) => {
          if (!isNew || this.scene !== scene) return;
          this.nearest = -1;
          this.request({ probe: true });
        })
        .catch(() => undefined); // damaged originals: the reconstruction stays, labelled as such
    }, 400);
    this.disposer.add(() => clearTimeout(timer));
  }

  private applyDynamic(dynamic: Dynamic, isNew: boolean, isNewDecoder: boolean): void {
    const scene = this.scene as Scene;
    const before = this.dynamic;
    this.dynamic = dynamic;
    this.root.toggleAttribute("data-bare", !dynamic.options.show_card);
    this.card.element.hidden = !dynamic.options.show_card;
    this.applyLayerDefaults(dynamic);
    const exactZ = dynamic.exact?.z ?? null;
    if (isNew || String(exactZ) !== String(before?.exact?.z ?? null)) this.exactZ = exactZ?.length === this.z.length ? exactZ : null;
    const probeMoved = dynamic.probe && String(dynamic.probe) !== String(before?.probe ?? "");
    if (isNew) this.probe = dynamic.probe ?? scene.startPlace();
    else if (probeMoved && dynamic.probe) this.probe = dynamic.probe;
    this.pinBook.confirm(dynamic.pins, performance.now(), dynamic.taken);
    const shape = scene.header.run.image_shape;
    const film = (picture: Picture, frame: number): void => picture.paint(scene.model.decodeShared(dynamic.path?.z[frame] ?? []));
    const isNewPath = this.player.setPath(dynamic.path, shape, film);
    if (isNewDecoder && !isNewPath) this.player.repaint(shape, film);
    if (!dynamic.path) this.isOnPath = false;
    if (isNewPath && dynamic.path) {
      this.pathStart = performance.now();
      this.followPath();
    }
    if (dynamic.options.hint) this.hint.show(dynamic.options.pinnable);
    this.showTitle();
    this.showToolbar();
    this.showPins();
    this.request({ ground: true, points: true, above: true, probe: isNewDecoder || Boolean(probeMoved) });
  }

  /** The host's wish counts when it changes; between two wishes the person's switch counts. */
  private applyLayerDefaults({ options }: Dynamic): void {
    const key = `${options.manifold} ${options.rings}`;
    if (key === this.layerDefaults) return;
    this.layerDefaults = key;
    this.layers.manifold = options.manifold;
    this.layers.rings = options.rings;
  }

  // ---- the page's side: size, theme -----------------------------------------------------------------------------------

  private watchThePage(): void {
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(this.root);
    this.disposer.add(() => observer.disconnect());
    this.disposer.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.retheme());
    this.disposer.listen(window, "resize", () => this.measure()); // a window moved to another screen changes devicePixelRatio
  }

  private measure(): void {
    const width = this.root.clientWidth;
    if (width === 0 || !this.dynamic || !this.scene) return;
    this.width = width;
    const isWide = width >= WIDE_PX && this.dynamic.options.show_card;
    const isNarrow = width < 520;
    this.root.toggleAttribute("data-wide", isWide);
    this.root.toggleAttribute("data-narrow", isNarrow);
    const cardWidth = Math.round(Math.min(336, Math.max(272, width * 0.26)));
    this.root.style.setProperty("--la-card-width", `${cardWidth}px`);
    const mapWidth = isWide ? width - cardWidth - 24 : width;
    this.root.toggleAttribute("data-compact", mapWidth < 600);
    const wanted = this.dynamic.height;
    // with its axis, legend and the page's header it must fit a projector; on a phone finger and picture are seen together
    const roomy = Math.max(320, window.innerHeight - PAGE_AROUND_PX);
    const narrow = Math.max(260, Math.min(Math.round(mapWidth * 0.92), Math.round(window.innerHeight * 0.5)));
    const height = Math.min(wanted, width < WIDE_PX ? narrow : roomy);
    const changed = this.stage.resize(mapWidth, height, window.devicePixelRatio || 1, isNarrow);
    // on a projector the player's buttons must be on the screen too
    const isLow = this.dynamic.path !== null && window.innerHeight < LOW_WINDOW_PX;
    this.card.fit(isWide ? (isLow ? 168 : cardWidth) : isNarrow ? Math.round(width * 0.45) : 224, isNarrow || isLow ? 48 : 64);
    if (changed) this.onResized();
  }

  private onResized(): void {
    const scene = this.scene as Scene;
    this.navigator.resize(scene.header.view_extent, this.stage.plot);
    this.request({ ground: true, points: true, above: true });
  }

  private readTheme(): Theme {
    return readTheme(this.root, matchMedia("(prefers-color-scheme: dark)").matches);
  }

  private retheme(): void {
    this.theme = this.readTheme();
    applyTheme(this.root, this.theme);
    this.showLegend();
    this.nearest = -1;
    this.request({ ground: true, points: true, above: true, probe: this.scene !== null });
  }

  // ---- intents --------------------------------------------------------------------------------------------------------

  private intents(): Intents {
    return {
      look: (left, top) => {
        if (this.player.isPlaying && this.gestureMode === "idle") return; // a passing mouse does not stop the film
        this.pausePlayer();
        this.isHover = true;
        this.setProbe(this.navigator.toMap(left, top));
        this.hint.leaveLater();
      },
      pin: (left, top) => {
        this.setProbe(this.navigator.toMap(left, top));
        this.pinProbe();
      },
      pan: (dx, dy) => {
        this.navigator.pan(dx, dy);
        this.cameraMoves();
      },
      zoom: (factor, left, top) => {
        this.navigator.zoomBy(factor, left, top);
        this.cameraMoves();
      },
      mode: (mode) => this.onGestureMode(mode),
    };
  }

  private gestureMode: Mode = "idle";

  private onGestureMode(mode: Mode): void {
    this.gestureMode = mode;
    const rest = this.gestures.panByDefault || this.gestures.spaceHeld ? "pan" : "";
    this.stage.map.dataset.drag = mode === "pan" || mode === "pinch" ? "panning" : rest;
  }

  private listenToKeys(): void {
    this.disposer.listen(this.stage.map, "keydown", (event: KeyboardEvent) => {
      if (event.key === " ") {
        event.preventDefault();
        this.holdSpace(true);
        return;
      }
      const intent = keyIntent(event);
      if (!intent) return;
      event.preventDefault();
      event.stopPropagation(); // hosts have one-letter shortcuts of their own
      this.act(intent);
    });
    this.disposer.listen(this.stage.map, "keyup", (event: KeyboardEvent) => {
      if (event.key === " ") this.holdSpace(false);
    });
    this.disposer.listen(this.stage.map, "blur", () => this.holdSpace(false));
  }

  private holdSpace(isHeld: boolean): void {
    this.gestures.spaceHeld = isHeld;
    this.onGestureMode(this.gestureMode);
  }

  private act(intent: KeyIntent): void {
    if (!this.scene) return;
    switch (intent.kind) {
      case "move":
        return this.step(intent.dx, intent.dy);
      case "zoom":
        return this.zoomStep(intent.factor);
      case "reset":
        return this.showEverything();
      case "pin":
        return this.pinProbe();
      case "pan":
        this.gestures.panByDefault = !this.gestures.panByDefault;
        this.onGestureMode(this.gestureMode);
        return this.showToolbar();
      case "play":
        return this.player.current ? this.player.setPlaying(!this.player.isPlaying) : undefined;
      case "help":
        return this.openHelp(!this.isHelpOpen);
      case "escape":
        if (this.isHelpOpen) this.openHelp(false);
        else this.pausePlayer();
        return;
      default:
        return this.toggleLayer(intent.kind);
    }
  }

  private step(dx: number, dy: number): void {
    this.pausePlayer();
    const unit = this.stage.plot.width / this.navigator.camera.scale;
    this.isHover = true;
    this.setProbe([this.probe[0] + dx * unit, this.probe[1] + dy * unit]);
    if (this.navigator.show(this.probe, 24)) this.cameraMoves();
    this.hint.leaveLater();
  }

  /** Around the probe, where the keyboard's attention is. */
  private zoomStep(factor: number): void {
    this.navigator.glideZoom(factor, this.probe);
    this.cameraMoves();
  }

  private openHelp(isOpen: boolean): void {
    this.isHelpOpen = isOpen;
    this.help.show(isOpen);
    if (!isOpen) this.toolbar.focusHelp();
    this.showToolbar();
  }

  private toggleLayer(layer: "manifold" | "rings" | "shapes"): void {
    this.layers[layer] = !this.layers[layer];
    if (layer === "shapes") {
      this.nearest = -1;
      this.showLegend();
    }
    this.showToolbar();
    this.announcer.now(`${LAYER_NAMES[layer]} ${this.layers[layer] ? "shown" : "hidden"}`);
    this.request({ ground: true, points: true, above: true, probe: layer === "shapes" });
  }

  private setShown(shown: Shown): void {
    this.shown = shown;
    this.nearest = -1;
    this.showLegend();
    this.showTitle();
    this.request({ points: true, probe: true });
  }

  // ---- camera, probe, pins, path --------------------------------------------------------------------------------------

  private cameraMoves(): void {
    this.request({ ground: true, points: true, above: true });
  }

  private setProbe(map: Point): void {
    this.probe = map;
    this.isOnPath = false;
    this.exactZ = null;
    this.request({ probe: true });
  }

  private pinProbe(): void {
    if (!this.scene || !this.dynamic?.options.pinnable) return;
    this.showProbe(); // the pin is exactly what is shown now
    const z = Array.from(this.z);
    const map: [number, number] = [this.probe[0], this.probe[1]];
    const nonce = `${Date.now()}-${++pinCount}`;
    const pin = this.pinBook.add(map, z, performance.now(), nonce);
    this.dropStart = performance.now();
    this.showPins();
    this.hint.leave();
    this.announcer.now(`Pinned ${pin.label} at ${zText(z, plainNumber)}`);
    this.request({ above: true });
    const timer = setTimeout(() => this.forgetRefusedPins(), PENDING_MS + 50);
    this.disposer.add(() => clearTimeout(timer));
    this.callbacks.onPin?.({ map, z: [...z], how: this.scene.space.how, support: this.support, nonce });
  }

  /** The host may have no further word for us: a pin that it did not keep must not stay on the map. */
  private forgetRefusedPins(): void {
    if (!this.pinBook.expire(performance.now())) return;
    this.showPins();
    this.request({ above: true });
  }

  private onPlaying(isPlaying: boolean): void {
    this.lastFrame = performance.now();
    if (isPlaying) this.request({});
    else if (this.player?.current) this.announcePlace();
  }

  private pausePlayer(): void {
    if (this.player.isPlaying) this.player.setPlaying(false);
  }

  /** The probe stands where the path's frame is, and shows exactly the path's z. */
  private followPath(): void {
    const path = this.player.current;
    if (!path || !this.scene) return;
    const frame = this.player.frame;
    this.isOnPath = true;
    this.probe = path.map[frame];
    this.showPicture(path.z[frame]);
    this.card.showHeading("On the path");
    this.request({});
  }

  // ---- words ------------------------------------------------------------------------------------------------------------

  private sentence(): string {
    if (!this.scene) return "";
    const label = this.nearest >= 0 ? this.scene.labels[this.nearest] : -1;
    const name = this.scene.className(label);
    const looks = looksWords(name, this.scene.decodedAs);
    const z = this.z.length > 3 ? `largest of z: ${zText(this.z, plainNumber)}` : `z = ${zText(this.z, plainNumber)}`;
    return `${z}, ${looks}${supportWords(this.support)}`;
  }

  private showTitle(): void {
    if (!this.scene) return;
    const { nPoints, perClass } = this.scene;
    const visible = perClass.reduce((sum, n, slot) => sum + (this.shown[slot] ? n : 0), 0);
    const points = `${count(nPoints)} test images`;
    this.toolbar.setTitle(this.scene.header.projection.title, visible < nPoints ? `${count(visible)} of ${points}` : points);
  }

  private showToolbar(): void {
    const { scene } = this;
    if (!scene) return;
    this.toolbar.show({
      ...this.layers,
      pan: this.gestures.panByDefault,
      help: this.isHelpOpen,
      hasRings: scene.header.projection.rings,
      hasClasses: scene.nClasses > 1,
    });
  }

  private showLegend(): void {
    this.legend.show(this.shown, this.theme.isDark, this.layers.shapes);
  }

  private showPins(): void {
    const { scene, dynamic } = this;
    if (!scene || !dynamic) return;
    this.card.showPins(this.pinBook.all(), dynamic.options.pinnable, (z) => scene.model.decodeShared(z), (pin) => this.goTo(pin));
  }

  private goTo(pin: PinRecord): void {
    this.pausePlayer();
    this.setProbe(pin.map);
    if (this.navigator.show(pin.map, 48)) this.cameraMoves();
  }

  // ---- frames -------------------------------------------------------------------------------------------------------------

  mapId(): string {
    return this.scene?.header.id ?? "";
  }

  taken(): readonly string[] {
    return this.dynamic?.taken ?? [];
  }

  private request(want: Partial<Wanted>): void {
    Object.assign(this.want, Object.fromEntries(Object.entries(want).filter(([, value]) => value)));
    if (this.frameRequest === 0) this.frameRequest = requestAnimationFrame((now) => this.frame(now));
  }

  private frame(now: number): void {
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
    if (!this.scene || !this.dynamic || this.width === 0) return;
    const start = performance.now();
    const want = this.want;
    this.want = { ground: false, points: false, above: false, probe: false };
    const cameraMoved = this.navigator.tick(now);
    if (this.player.tick(now - this.lastFrame)) this.followPath();
    this.lastFrame = now;
    if (want.probe) this.showProbe();
    const view = this.view(this.scene);
    if (want.ground || cameraMoved) this.painter.ground(view);
    if (want.points || cameraMoved) this.painter.points(view, this.navigator.zoom);
    if (want.above || cameraMoved) this.painter.above(view, this.things(now));
    this.placeMarks();
    if (want.probe && this.isHover) this.stats_.record(start, performance.now() - start);
    this.isHover = false;
    if (this.layers.manifold && this.painter.growManifold(view)) this.request({ ground: this.painter.manifoldIsDue(start) });
    if (this.navigator.isGliding || this.player.isPlaying || this.isAnimating()) this.request({ above: this.isAnimating() });
  }

  private isAnimating(): boolean {
    const now = performance.now();
    return !prefersReducedMotion() && (now - this.pathStart < PATH_DRAW_MS || now - this.dropStart < GLIDE_MS);
  }

  private showProbe(): void {
    if (this.isOnPath && this.player.current) this.followPath();
    else this.decodeProbe();
  }

  private decodeProbe(): void {
    const scene = this.scene as Scene;
    if (this.exactZ) {
      this.showPicture(this.exactZ);
      this.card.showHeading(this.dynamic?.exact?.label ?? "");
      return;
    }
    scene.space.toZ(this.probe[0], this.probe[1], this.z);
    this.showPicture(this.z);
    this.card.showHeading("Under the cursor");
  }

  private showPicture(z: ArrayLike<number>): void {
    const scene = this.scene as Scene;
    if (z !== this.z) this.z.set(z);
    this.support = scene.space.support(this.probe[0], this.probe[1]);
    const start = performance.now();
    const x_hat = scene.model.decodeShared(this.z);
    this.decodeMs += 0.2 * (performance.now() - start - this.decodeMs);
    this.card.showDecoded(x_hat, this.z, this.probe, this.support);
    this.showNearest(scene);
    this.announcePlace();
  }

  /** Once a place: a host's rerun must not talk over "Pinned A". */
  private announcePlace(): void {
    const place = String(this.probe);
    if (this.player.isPlaying || place === this.announcedPlace) return;
    this.announcedPlace = place;
    this.announcer.later(() => this.sentence());
  }

  private showNearest(scene: Scene): void {
    const nearest = scene.nearest(this.probe[0], this.probe[1], this.shown);
    if (nearest === this.nearest && nearest >= 0) return;
    this.nearest = nearest;
    const label = nearest >= 0 ? scene.labels[nearest] : -1;
    const caption = nearestWords(scene.numberOf(nearest), scene.originals !== null, scene.decodedAs);
    const info = nearest < 0 ? null : { label, className: scene.className(label), caption };
    this.card.showNearest(info, this.theme.isDark, this.layers.shapes);
    if (nearest < 0) return;
    clearTimeout(this.restTimer);
    const isCheap = scene.originals !== null || this.decodeMs < CHEAP_DECODE_MS;
    this.card.showNearestIsStale(!isCheap);
    if (isCheap) this.paintNearest(scene, nearest);
    else this.restTimer = setTimeout(() => this.paintNearest(scene, nearest), REST_MS);
  }

  private paintNearest(scene: Scene, i: number): void {
    if (this.scene !== scene || this.nearest !== i) return;
    if (scene.originals) this.card.nearest.paint(scene.originals, scene.originalOffset(i), 1);
    else this.card.nearest.paint(scene.model.decodeShared(scene.muOf(i)));
    this.card.showNearestIsStale(false);
  }

  private view(scene: Scene): View {
    return { scene, camera: this.navigator.camera, theme: this.theme, shown: this.shown, layers: this.layers };
  }

  /** What lies above the points, and how far its entrance has come. */
  private things(now: number): Things {
    const share = (since: number, length: number): number => (prefersReducedMotion() ? 1 : Math.min(1, Math.max(0, (now - since) / length)));
    return {
      path: this.player.current,
      pathShare: share(this.pathStart, PATH_DRAW_MS),
      markers: this.dynamic?.markers ?? [],
      pins: this.pinBook.all(),
      dropShare: share(this.dropStart, GLIDE_MS),
    };
  }

  private placeMarks(): void {
    const scene = this.scene as Scene;
    const nearest = this.nearest >= 0 ? this.navigator.toScreen(scene.place(this.nearest)) : null;
    this.stage.marks.place(this.navigator.toScreen(this.probe), nearest);
  }

}

const LAYER_NAMES = { manifold: "Decoded manifold", rings: "Prior rings", shapes: "Marker shapes" } as const;

function legendEntries(scene: Scene): LegendEntry[] {
  const slots = Array.from({ length: scene.nClasses + 1 }, (_, slot) => slot).filter((slot) => scene.perClass[slot] > 0);
  const name = (slot: number): string => scene.className(slot === scene.nClasses ? -1 : slot) ?? "no class";
  return slots.map((slot) => ({ slot, name: name(slot), nPoints: scene.perClass[slot] }));
}

/** A person never sees a stack trace; what is not ours is a bug and goes to the console too. */
function sentenceFor(error: unknown): string {
  if (error instanceof BlobError || error instanceof OpError) return error.message;
  console.error(error);
  return "The map cannot be shown: its data do not fit together. Reload the page.";
}
