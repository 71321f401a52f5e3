/**
 * What happens when a hand moves over the map? The surface joins scene, stage, card and player, and does all work in one frame.
 *
 * Nothing is computed in an event: events set what is wanted (`want`), the next animation frame does it once.
 */

import { type Colouring, colouringOf } from "../data/colour-scale";
import type { Hole } from "../data/holes";
import type { PosteriorMarker } from "../data/posterior-marker";
import { extremesOf, type Quantity } from "../data/quantities";
import { RandomWalk, type Stationary, stationaryOf } from "../data/random-walk";
import { Scene } from "../data/run-on-map";
import { type Choice, caught, factsOf, named } from "../data/selection";
import type { Model, Posterior } from "../engine/model";
import { visibleExtent } from "../geometry/camera";
import { priorShareWithin } from "../geometry/gamma";
import { clamp, type How } from "../geometry/inverse";
import type { Near } from "../geometry/nearest-codes";
import { alongDirection, bounds, type Plane, throughThree } from "../geometry/planes";
import { isLow, norm, supportWords } from "../geometry/support";
import { BY_CLASS, colouredBy } from "../kernel/derive";
import type { CommandState } from "../kernel/extension";
import { choiceOf, endsOf, type PathEnds, pathOn } from "../kernel/path-ends";
import { allPins, noPins, PENDING_MS, type PinEdit, type PinsEvent, type PinsState, reducePins } from "../kernel/pins";
import { allShown, classEntries, only, type Shown } from "../kernel/shown-classes";
import type { Tiles } from "../layers/background/manifold";
import { Stage } from "../layers/canvas";
import { type Layers, Painter, type Things, type View } from "../layers/compositor";
import { canTellTruth, type OwnPicture, Truth, toStudy } from "../layers/overlays/true-posterior/layer";
import type { Easel, EaselEvents } from "../pad/pad";
import { ClassProbabilities, probability } from "../panels/class-probabilities";
import { DecodedPicture, looksWords, nearestWords, type Trust } from "../panels/decoded-picture";
import { type PictureKey, pinsJson, pythonCode, save, screenPicture } from "../panels/export";
import { Extremes } from "../panels/extremes";
import { GroupsPanel } from "../panels/groups";
import { HelpPanel } from "../panels/help";
import { Hint } from "../panels/hint";
import { type Background, LayersMenu, type LayersMenuOffer, type Overlay } from "../panels/layers-menu";
import { Legend } from "../panels/legend";
import { type Look, PathPlayer } from "../panels/path-player";
import { PicturesByClass } from "../panels/pictures-by-class";
import { PinsPanel } from "../panels/pins";
import { PlanePanel } from "../panels/plane";
import { type EncodedPicture, PosteriorPanel } from "../panels/posterior";
import { foundWords } from "../panels/select-form";
import { axesOf, LatentSliders } from "../panels/sliders";
import { Toolbar } from "../panels/toolbar";
import { GestureMachine, type Intents, listenToGestures, type Mode } from "../tools/pointer";
import { chip, Disposer, h, prefersReducedMotion, setText } from "../ui/dom";
import { classWords, count, distance, number, percent, zText } from "../ui/format";
import { classColour } from "../ui/palette";
import { channelWords } from "../ui/picture";
import { ScaleBar } from "../ui/scale-bar";
import { STYLE } from "../ui/style";
import { applyTheme, readTheme, type Theme } from "../ui/theme";
import { PayloadError } from "../wire/errors";
import { type HostRecord, type PathChoice, type Payload, parsePayload } from "../wire/payload";
import {
  type ImageShape,
  MAX_PINS,
  type PictureProtocol,
  type PinRecord,
  type Point,
  SUPPORT_NEIGHBOUR,
  type SubjectRecord,
} from "../wire/schema";
import { COMMANDS, type CommandEditor, type EditorCommand, GESTURES, TOOLBAR } from "./commands";
import { type FrameStats, Stats } from "./frame-stats";
import { commandFor } from "./keymap";
import { type Followed, followed, LinkedMaps, type Probed } from "./linked-maps";
import { ScreenReader } from "./screen-reader";
import { GLIDE_MS, Viewport } from "./viewport";

/** What the host hears. */
export interface Pin {
  /** Makes two pins at one place two events, and lets a host say which it has counted. */
  readonly nonce: string;
  readonly map: [number, number];
  readonly z: number[];
  readonly how: How;
  readonly support: number;
  /** The code is not that of the place on the host's map: sliders chose it, or a plane of one's own. */
  readonly isOwnCode: boolean;
}

export interface Callbacks {
  onPin?(pin: Pin): void;
  /** What the person wants done to the pins; the host does it and says so by an update. */
  onEdit?(edit: PinEdit, nonce: string): void;
  /** The path through pins that the person chose, for a host that keeps it. */
  onWalk?(choice: PathChoice | null): void;
  /** Another class to decode as, by its name; the host's chooser shall follow. */
  onClass?(name: string): void;
  /** A picture of the person's own that the host shall look at: PNG, its name, the steps of its preparation that were left out. */
  onPicture?(png: Uint8Array, name: string, off: readonly string[]): void;
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
  /** A picture of the host's own whose true posterior may be asked for; “none yet” for one that may come. */
  study(picture: OwnPicture): void;
  stats(): FrameStats;
  /** Forgets the measured frames. */
  resetStats(): void;
  /** Shows everything again and forgets the measured frames. */
  reset(): void;
}

type MakeEasel = (shape: ImageShape, pad: PictureProtocol, events: EaselEvents) => Easel;
let easelMaker: MakeEasel | null = null;

/** Bundles that bring the pad say so; the others are smaller by it. */
export function offerEasel(make: MakeEasel): void {
  easelMaker = make;
}

const WIDE_PX = 760;
/** What stands above and below the map on a wide page: header, title row, axis, legend. */
const PAGE_AROUND_PX = 240;
const LOW_WINDOW_PX = 860;
let eventCount = 0;
/** A window that is narrower has its columns below each other. */
const STACKED_PX = 640;
/** The same for a column among columns, with its picture below the map. */
const COLUMN_AROUND_PX = 600;
const PATH_DRAW_MS = 280;
/** A decoder slower than this leaves the nearest point's picture for when the hand rests. */
const CHEAP_DECODE_MS = 2.5;
const REST_MS = 90;
const N_LINKS = 8;
/** Places of a line drawn by hand. */
const MOST_DRAWN = 400;
/** Words follow a moving hand this often: nobody reads numbers faster, and each change lays out the page. */
const WORDS_MS = 50;
/** Short: the index is built while a hand may already be moving. */
const INDEX_SLICE_MS = 4;
/** A found image is looked at this much closer. */
const FLY_ZOOM = 6;
interface Wanted {
  ground: boolean;
  points: boolean;
  above: boolean;
  probe: boolean;
}

export class SurfaceView implements Surface, CommandEditor {
  private readonly root = h("div", { class: "la-root", "data-testid": "surface" });
  private readonly body = h("div", { class: "la-body" });
  private readonly failure = h("p", { class: "la-error", role: "alert", hidden: true });
  private readonly disposer = new Disposer();
  private readonly announcer = new ScreenReader();
  private readonly stats_ = new Stats();
  private readonly help = new HelpPanel([...COMMANDS.flatMap(({ help }) => (help ? [help] : [])), ...GESTURES], () =>
    this.escape(),
  );
  private readonly drawer = new LayersMenu({
    background: (name) => this.setBackground(name),
    tiles: (name) => this.setTiles(name),
    overlay: (name) => this.toggleOverlay(name),
    colour: (id) => this.setColour(id),
    find: (text) => this.find(text),
    select: (choice) => this.selectNamed(choice),
    close: () => this.escape(),
    savePicture: () => this.savePicture(),
    savePins: () =>
      this.scene && save("pins.json", new Blob([pinsJson(this.scene, this.pinsHere())], { type: "application/json" })),
    python: () => this.python(),
  });
  private readonly stage = new Stage(this.help.element, this.drawer.element);
  private readonly painter = new Painter(this.stage);
  private readonly hint = new Hint(this.stage.hint);
  private readonly toolbar = new Toolbar<CommandEditor>(
    TOOLBAR.map(([name, ids]) => [name, ids.flatMap((id) => COMMANDS.find((command) => command.id === id) ?? [])]),
    (command) => this.act(command, null),
    () => this.leavePlane(),
  );
  private readonly legend = new Legend((next) => this.setShown(next(this.shown)));
  private readonly player = new PathPlayer({
    seek: () => this.followPath(),
    playing: (isPlaying) => this.onPlaying(isPlaying),
    className: (label) => this.scene?.className(label) ?? "",
  });
  private readonly truth = new Truth((extent, share) => {
    this.viewport.lookAt(extent, share);
    this.cameraMoves();
  });
  private readonly classBars = new ClassProbabilities((classes) => this.isOnPath && this.player.say({ classes }));
  private readonly classStrip: PicturesByClass;
  private readonly card = new DecodedPicture(this.player.element, this.classBars.element, this.truth.element);
  private readonly rack = new LatentSliders((z) => this.setCode(z));
  private readonly strip = new Extremes(
    (i) => this.painter.thumbnailOf(this.scene as Scene, i),
    (i) => (this.scene as Scene).numberOf(i),
    (i) => this.flyTo(i),
  );
  private readonly groups = new GroupsPanel({
    here: () => Array.from(this.z),
    walk: (z, label) => this.setCode(z, label),
    clear: () => this.select([]),
    select: (indices) => this.select(indices),
    axis: (direction, name) =>
      this.scene &&
      this.layPlane(
        alongDirection(direction, this.scene.mu, name),
        "These two groups have the same mean code: no direction leads from one to the other.",
      ),
    go: (pin) => this.goTo(pin),
  });
  private readonly shelf = new PinsPanel({
    go: (pin) => this.goTo(pin),
    edit: (edit) => this.callbacks.onEdit?.(edit, nonce()),
    path: (choice) => this.walkAlong(choice),
    plane: (three) => this.planeOfPins(three),
  });
  private readonly ownPanel = new PosteriorPanel({
    go: (z, label) => this.setCode(z, label),
    changed: () => this.request({ above: true }),
    look: (extent) => {
      this.viewport.lookAt(extent, 1);
      this.cameraMoves();
      this.stage.element.scrollIntoView({ block: "nearest" });
    },
  });
  private easel: Easel | null = null;
  private easelKey = "";
  private drawnLabel = "";
  private readonly sliceBox = new PlanePanel({ here: () => Array.from(this.z), show: (plane) => this.layPlane(plane) });
  private pathEnds: PathEnds | null = null;
  private readonly wander = new RandomWalk(prefersReducedMotion);
  /** What the path's strips stand before where the map is wide; under the film they would be thumbs. */
  private besideMap: HTMLElement | null = null;
  private stationary: Stationary = { mean: [], std: [] };
  private readonly wanderButton = chip("Random walk", () => this.toggleRandomWalk(), {
    class: "la-chip la-all la-wander",
    title:
      "A smooth random walk whose codes are, in the long run, samples from the prior N(0, I); of a model without one, distributed as its codes (w)",
  });
  private readonly holeButton = chip("Show me a hole (h)", () => this.showHole());
  private readonly fieldBar = new ScaleBar(this.holeButton);
  private readonly colourBar = new ScaleBar();
  private readonly link = new LinkedMaps((probed) => {
    this.heard = probed;
    this.request({});
  });
  private readonly gestures: GestureMachine;
  private readonly viewport = new Viewport(() => !prefersReducedMotion());
  private pins: PinsState;

  /** What is shown: the host's map, or the same run on a plane of one's own. */
  private scene: Scene | null = null;
  /** The host's map. */
  private base: Scene | null = null;
  private dynamic: HostRecord | null = null;
  private theme: Theme;
  private probe: Point = [0, 0];
  /** The picture is the path's, not the map's: its z need not be the map's z. */
  private isOnPath = false;
  /** The host's code is shown instead of the place's, until the probe moves. */
  private exactZ: readonly number[] | null = null;
  private exactLabel = "";
  /** What another surface of the page last said, until the next frame shows it. */
  private heard: Probed | null = null;
  /** What this surface went to then; in force as long as its code is the shown one. */
  private following: Followed | null = null;
  /** The person moved the probe here: the next frame tells the others. */
  private hasMoved = false;
  private announcedPlace = "";
  private z = new Float64Array(2);
  /** Of the code that is shown, once it was asked for: a search among all codes need not follow every frame. */
  private supportOf: number | null = null;
  /** The class as which the shown picture is decoded. */
  private toldLabel = -1;
  /** Nearest point on the map, or −1; and the one that the card tells of. */
  private marked = -1;
  private nearest = -1;
  private wordsAreDue = false;
  private wordsAt = -Infinity;
  private shown: Shown = new Uint8Array(0);
  private readonly layers: Layers = {
    background: "none",
    tiles: "steps",
    points: true,
    rings: true,
    shapes: false,
    contours: false,
    ellipses: false,
    truth: false,
    neighbours: false,
    thumbnails: true,
  };
  private colourId = BY_CLASS;
  private colouring: Colouring | null = null;
  private links: number[] = [];
  private isDrawerOpen = false;
  private wantedTiles: Tiles | null = null;
  private own: OwnPicture = null;
  private loop: Point[] = [];
  private trail: Point[] = [];
  private selected: readonly number[] = [];
  private layerDefaults = "";
  private isHelpOpen = false;
  private isHover = false;
  private want: Wanted = { ground: false, points: false, above: false, probe: false };
  private frameRequest = 0;
  private lastFrame = 0;
  private pathStart = 0;
  private decodeMs = 0;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private width = 0;

  constructor(
    element: HTMLElement | ShadowRoot,
    bytes: Uint8Array,
    private readonly callbacks: Callbacks,
  ) {
    this.pins = noPins(callbacks.onPin !== undefined);
    this.classStrip = new PicturesByClass(
      callbacks.onClass ? (label) => callbacks.onClass?.(this.scene?.className(label) ?? "") : null,
    );
    const bars = h("div", { class: "la-bars" }, this.fieldBar.element, this.colourBar.element);
    const left = h(
      "div",
      { class: "la-left" },
      this.toolbar.element,
      this.stage.element,
      bars,
      this.classStrip.element,
      this.legend.element,
      this.groups.element,
      this.strip.element,
      this.rack.element,
    );
    this.besideMap = this.strip.element;
    this.rack.wake = () => this.request({});
    this.player.element.after(this.wanderButton);
    this.body.append(left, this.card.element, this.ownPanel.element, this.shelf.element);
    this.drawer.add(this.sliceBox.element);
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
    this.link.dispose();
    this.classBars.dispose();
    this.easel?.dispose();
    this.ownPanel.dispose();
    this.disposer.dispose();
    this.scene = this.base = null;
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

  study(picture: OwnPicture): void {
    this.own = picture;
    this.request({ probe: true, above: true });
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

  /** All but the outermost points, which would make the others small; asked again, those and all pins too. */
  showEverything(): void {
    const { scene } = this;
    if (scene && this.viewport.isAtHome)
      this.viewport.lookAt(
        bounds(
          scene.points,
          allPins(this.pins).map(({ map }) => map),
        ),
        0.94,
      );
    else this.viewport.glideHome();
    this.cameraMoves();
  }

  private model(): Model {
    if (!this.scene) throw new PayloadError("No map is loaded.");
    return this.scene.model;
  }

  private fail(sentence: string | null): void {
    this.failure.hidden = sentence === null;
    this.body.hidden = sentence !== null;
    setText(this.failure, sentence ?? "");
    if (sentence) this.pausePlayer();
  }

  // ---- loading ------------------------------------------------------------------------------------------------------

  /** Returns whether it is another map: the same one with another decoder keeps probe, camera, classes, path and plane. */
  private load(payload: Payload): boolean {
    const base = new Scene(payload);
    const isNewMap = !this.base?.isSameMap(base);
    const isNewRun = !this.base?.isSameRun(base);
    const plane = isNewMap ? null : (this.scene?.plane ?? null);
    if (this.base && !isNewMap) base.takeSearches(this.base);
    this.base = base;
    const scene = plane ? base.onto(plane) : base;
    this.show(scene);
    if (isNewMap) {
      this.z = new Float64Array(scene.space.latentDim);
      this.shown = allShown(scene.nClasses);
      this.changePins({ kind: "map changed" });
      this.layerDefaults = "";
      this.loop = [];
      if (isNewRun) this.selected = [];
      this.trail = [];
      this.wander.stop();
      this.startMap(scene);
    }
    this.classBars.configure(scene.classifier, scene.header.class_names);
    this.classStrip.configure(scene);
    this.rack.configure(scene);
    this.ownPanel.configure(scene);
    this.sliceBox.configure(axesOf(scene).map(({ k }) => k));
    this.groups.configure(scene, isNewRun);
    this.loadOriginalsLater(scene);
    return isNewMap;
  }

  private show(scene: Scene): void {
    const { run, projection } = scene.header;
    this.scene = scene;
    this.nearest = this.marked = -1;
    this.nextHole = 0;
    this.announcedPlace = "";
    this.painter.reset();
    this.decodeMs = 0;
    this.card.configure(
      run.image_shape,
      run.latent_dim,
      projection,
      scene.decodedAs,
      scene.header.decoder_note ?? "",
      scene.decimals,
    );
    this.truth.configure(scene);
    this.shelf.configure({
      shape: run.image_shape,
      latentDim: run.latent_dim,
      hasPrior: scene.logvar !== null,
      decimals: scene.decimals.z,
      decode: (z) => scene.model.decodeShared(z),
      isLow: (z) => isLow(scene.support.of(z)),
    });
    this.links = [];
  }

  private startMap(scene: Scene): void {
    this.isOnPath = false;
    this.viewport.reset();
    if (this.width > 0) this.viewport.resize(scene.header.view_extent, this.stage.plot);
    const offer = offerOf(scene);
    this.drawer.configure(offer);
    this.layers.tiles = offer.tiles.find((tiles) => tiles === this.wantedTiles) ?? offer.tiles[0];
    if (![...scene.quantities, scene.purity].some((one) => one?.id === this.colourId)) this.colourId = BY_CLASS;
    if (!offer.backgrounds.includes(this.layers.background)) this.layers.background = "none";
    this.recolour();
    this.legend.setEntries(classEntries(scene));
    this.showLegend();
  }

  // ---- planes of one's own --------------------------------------------------------------------------------------------

  private planeOfPins(three: readonly [number, number, number]): void {
    const pins = allPins(this.pins);
    const [a, b, c] = three.map((i) => pins[i]);
    if (!a || !b || !c) return;
    this.layPlane(
      throughThree(a.z, b.z, c.z, [a.label, b.label, c.label]),
      `Pins ${a.label}, ${b.label} and ${c.label} lie on one line, so they define no single plane. Choose another pin.`,
    );
  }

  /** Lays a plane in place of the host's map, the shown code staying what it is; without one, says why. */
  private layPlane(plane: Plane | null, refusal = ""): void {
    if (!this.base || !this.scene) return;
    if (!plane) {
      this.stage.element.scrollIntoView({ block: "nearest" });
      return this.say(refusal);
    }
    if (plane.key === this.scene.plane?.key) return;
    this.changeMap(this.base.onto(plane));
    if (this.isDrawerOpen) this.openDrawer(false);
    this.say(`Map: ${plane.title}`);
    this.stage.element.scrollIntoView({ block: "nearest" }); // what was pressed may be far below
  }

  leavePlane(): void {
    if (!this.base || !this.scene?.plane) return;
    this.changeMap(this.base.onto(null));
    this.announcer.now(`Map: ${this.base.header.projection.title}`);
  }

  private changeMap(scene: Scene): void {
    const z = Array.from(this.z);
    this.pausePlayer();
    this.show(scene);
    this.startMap(scene);
    this.loop = [];
    this.probe = scene.placeOf(z);
    this.exactZ = z;
    this.exactLabel = "The same code";
    this.showPath(false);
    this.showTitle();
    this.showToolbar();
    this.showFieldBar();
    this.showPins();
    this.measure();
    this.request({ ground: true, points: true, above: true, probe: true });
  }

  /** One sentence to everyone, where the hand is. */
  private say(sentence: string): void {
    this.hint.say(sentence);
    this.announcer.now(sentence);
  }

  /** Never before the first picture: inflating 10 000 images takes a while. */
  private loadOriginalsLater(scene: Scene): void {
    const timer = setTimeout(() => {
      scene
        .loadOriginals()
        .then((isNew) => {
          if (!isNew || this.scene !== scene) return;
          this.nearest = -1;
          this.request({ probe: true, above: true });
        })
        .catch(() => undefined); // damaged originals: the reconstruction stays, labelled as such
    }, 400);
    this.disposer.add(() => clearTimeout(timer));
  }

  private applyDynamic(dynamic: HostRecord, isNew: boolean, isNewDecoder: boolean): void {
    const scene = this.scene as Scene;
    const before = this.dynamic;
    this.dynamic = dynamic;
    this.root.toggleAttribute("data-bare", !dynamic.options.show_card);
    this.card.element.hidden = !dynamic.options.show_card;
    this.applyLayerDefaults(dynamic);
    const exactZ = dynamic.exact?.z ?? null;
    if (isNew || String(exactZ) !== String(before?.exact?.z ?? null)) {
      this.exactZ = exactZ?.length === this.z.length ? exactZ : null;
      this.exactLabel = dynamic.exact?.label ?? "";
    }
    this.joinOthers(dynamic, before, isNew);
    const probeMoved = dynamic.probe && String(dynamic.probe) !== String(before?.probe ?? "");
    if (isNew) this.probe = dynamic.probe ?? scene.startPlace();
    else if (probeMoved && dynamic.probe)
      this.probe = scene.plane && this.exactZ ? scene.placeOf(this.exactZ) : dynamic.probe;
    this.changePins({ kind: "confirmed", known: dynamic.pins, taken: dynamic.taken });
    if (JSON.stringify(dynamic.walk) !== JSON.stringify(before?.walk ?? null))
      this.pathEnds = endsOf(dynamic.walk, allPins(this.pins));
    this.showOwn(dynamic, before, isNewDecoder);
    this.showPath(isNewDecoder);
    if (dynamic.options.hint) this.hint.show(dynamic.options.pinnable);
    this.showTitle();
    this.showToolbar();
    this.showPins();
    this.request({ ground: true, points: true, above: true, probe: isNewDecoder || Boolean(probeMoved) });
  }

  // ---- pictures of the person's own -----------------------------------------------------------------------------------

  /** The pad, where the host wants one, and the posterior of what is on it, else of the host's picture. */
  private showOwn(dynamic: HostRecord, before: HostRecord | null, isNewDecoder: boolean): void {
    const { pad, pad_first } = dynamic.options;
    const key = pad ? JSON.stringify([this.scene?.header.run.id, pad]) : "";
    if (key !== this.easelKey) {
      this.easelKey = key;
      this.easel?.element.remove();
      this.easel?.dispose();
      this.easel = pad && this.scene ? this.makeEasel(this.scene, pad, dynamic.options.pad_hands_over) : null;
      if (this.easel) {
        this.easel.element.toggleAttribute("data-first", pad_first);
        if (pad_first) this.body.prepend(this.easel.element);
        else this.body.append(this.easel.element, this.ownPanel.element); // what comes with a drawing must not push the pad away
        this.own = "none yet";
      }
      this.showSubject(dynamic, true);
    } else if (isNewDecoder) {
      this.easel?.again();
      this.showSubject(dynamic, true);
    } else if (JSON.stringify(dynamic.subject) !== JSON.stringify(before?.subject ?? null))
      this.showSubject(dynamic, false);
  }

  private showSubject({ subject }: HostRecord, isForced: boolean): void {
    if (this.easel?.hasPicture || (!subject && !isForced)) return;
    this.showPicturesCode(subject && subject.mu.length === this.z.length ? ownOf(subject) : null);
  }

  private makeEasel(scene: Scene, pad: PictureProtocol, handsOver: boolean): Easel | null {
    return (
      easelMaker?.(scene.header.run.image_shape, pad, {
        encode: (x) => this.encode(x),
        decode: (z) => this.model().decodeShared(z),
        decimals: () => this.scene?.decimals.z ?? 2,
        label: () => this.scene?.decodedAs ?? null,
        drawn: (drawing) => {
          this.showPicturesCode(drawing);
          const label = drawing ? `${capitalised(drawing.label)}, decoded` : "";
          if (drawing) this.setCode(drawing.mu, label);
          else if (this.exactZ && this.exactLabel === this.drawnLabel) this.setProbe(this.probe); // what was drawn is gone, its code too
          this.drawnLabel = label;
        },
        pin: (z, label) => {
          this.setCode(z, label);
          this.pinProbe();
        },
        handOver:
          handsOver && this.callbacks.onPicture ? (png, name, off) => this.callbacks.onPicture?.(png, name, off) : null,
        say: (sentence) => this.announcer.now(sentence),
      }) ?? null
    );
  }

  private showPicturesCode(own: EncodedPicture | null): void {
    this.ownPanel.show(own);
    const logvar = own?.std.map((value) => 2 * Math.log(value)) ?? [];
    this.own = own?.x ? { x: own.x, q: { mu: own.mu, logvar } } : this.easel ? "none yet" : null;
    this.request({ above: true, probe: this.layers.truth });
  }

  /** The host's path, or the one through pins; a new one plays at once. */
  private showPath(isNewDecoder: boolean): void {
    const scene = this.scene as Scene;
    const path = this.pathHere(scene);
    const shape = scene.header.run.image_shape;
    const look: Look = {
      paint: (picture, z, label) => picture.paint(scene.model.decodeAsShared(z, label ?? scene.model.label)),
      isLow: (z) => isLow(scene.support.of(z)),
    };
    const isNewPath = this.player.setPath(path, shape, look, this.theme.isDark);
    if (isNewDecoder && !isNewPath) this.player.repaint(shape, look, this.theme.isDark);
    if (!path) this.isOnPath = false;
    if (!isNewPath) return;
    this.trail = [];
    this.measure();
    if (!path) return;
    this.pathStart = performance.now();
    this.followPath();
  }

  private pathHere(scene: Scene): HostRecord["path"] {
    const given = this.dynamic?.path ?? null;
    const onPlane = <P extends { z: readonly (readonly number[])[] }>(one: P): P & { map: Point[] } => ({
      ...one,
      map: one.z.map((z) => scene.placeOf(z)),
    });
    if (given) return scene.plane ? { ...onPlane(given), stops: [], others: given.others?.map(onPlane) ?? [] } : given;
    return pathOn(this.pathEnds, this.pinsHere(), (z) => scene.placeOf(z));
  }

  private walkAlong(choice: PathChoice | null): void {
    this.pathEnds = endsOf(choice, allPins(this.pins));
    this.showPath(false);
    this.showPins();
    this.callbacks.onWalk?.(choice);
    this.request({ above: true, probe: choice === null });
    if (choice) this.stage.element.scrollIntoView({ block: "nearest" });
  }

  /** The pins with their places on the map that is shown. */
  private pinsHere(): readonly PinRecord[] {
    const { scene } = this;
    const pins = allPins(this.pins);
    return scene?.plane ? pins.map((pin) => ({ ...pin, map: scene.placeOf(pin.z) })) : pins;
  }

  private joinOthers(dynamic: HostRecord, before: HostRecord | null, isNew: boolean): void {
    this.link.join(dynamic.options.link);
    // by its label: the code of the same image is another one after a change of the run
    if (before && dynamic.exact?.label !== before.exact?.label) this.link.forget();
    else if (isNew || dynamic.options.link !== before?.options.link) this.link.catchUp();
  }

  /** The host's wish counts when it changes; between two wishes the person's switch counts. */
  private applyLayerDefaults({ options }: HostRecord): void {
    const key = `${options.manifold} ${options.rings}`;
    if (key === this.layerDefaults) return;
    this.layerDefaults = key;
    if (options.manifold) this.layers.background = "manifold";
    else if (this.layers.background === "manifold") this.layers.background = "none";
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
    const isCompact = this.dynamic.options.compact;
    const isWide = width >= WIDE_PX && this.dynamic.options.show_card && !isCompact;
    const isNarrow = width < 520;
    this.player.placeStrips(isWide ? this.besideMap : null);
    const isStacked = window.innerWidth < STACKED_PX;
    this.root.toggleAttribute("data-column", isCompact);
    this.root.toggleAttribute("data-wide", isWide);
    this.root.toggleAttribute("data-narrow", isNarrow);
    const cardWidth = Math.round(Math.min(336, Math.max(272, width * 0.26)));
    this.root.style.setProperty("--la-card-width", `${cardWidth}px`);
    const mapWidth = isWide ? width - cardWidth - 24 : width;
    this.root.toggleAttribute("data-compact", mapWidth < 600);
    const wanted = this.dynamic.height;
    // with its axis, legend and the page's header it must fit a projector; on a phone finger and picture are seen together
    const roomy = Math.max(320, window.innerHeight - PAGE_AROUND_PX - this.classStrip.height);
    const narrow = Math.max(260, Math.min(Math.round(mapWidth * 0.92), Math.round(window.innerHeight * 0.5)));
    const column = Math.max(240, Math.min(Math.round(mapWidth * 0.92), window.innerHeight - COLUMN_AROUND_PX));
    const height = Math.min(wanted, isCompact && !isStacked ? column : width < WIDE_PX ? narrow : roomy);
    const changed = this.stage.resize(mapWidth, height, window.devicePixelRatio || 1, isNarrow);
    // on a projector the player's buttons must be on the screen too
    const isLow = this.player.current !== null && window.innerHeight < LOW_WINDOW_PX;
    const room = isWide ? (isLow ? 168 : cardWidth) : isNarrow ? Math.round(width * 0.45) : 224;
    this.card.fit(
      isCompact ? Math.min(room, window.innerHeight < LOW_WINDOW_PX ? 140 : 168) : room,
      isNarrow || isLow || isCompact ? 48 : 64,
    );
    if (changed) this.onResized();
  }

  private onResized(): void {
    const scene = this.scene as Scene;
    this.viewport.resize(scene.header.view_extent, this.stage.plot);
    this.request({ ground: true, points: true, above: true });
  }

  private readTheme(): Theme {
    return readTheme(this.root, matchMedia("(prefers-color-scheme: dark)").matches);
  }

  private retheme(): void {
    this.theme = this.readTheme();
    applyTheme(this.root, this.theme);
    this.player.retheme(this.theme.isDark);
    this.showLegend();
    this.nearest = -1;
    this.request({ ground: true, points: true, above: true, probe: this.scene !== null });
  }

  // ---- intents --------------------------------------------------------------------------------------------------------

  private intents(): Intents {
    return {
      look: (x, y) => {
        const [left, top] = this.onPlot(x, y);
        if ((this.player.isPlaying || this.wander.isWalking) && this.gestureMode === "idle") return; // a passing mouse does not stop the film
        this.pausePlayer();
        this.isHover = true;
        this.setProbe(this.viewport.toMap(left, top));
        this.hint.leaveLater();
      },
      pin: (left, top) => {
        this.setProbe(this.viewport.toMap(left, top));
        this.pinProbe();
      },
      pan: (dx, dy) => {
        this.viewport.pan(dx, dy);
        this.cameraMoves();
      },
      zoom: (factor, left, top) => {
        this.viewport.zoomBy(factor, left, top);
        this.cameraMoves();
      },
      loop: (left, top, phase) => this.drawLoop(this.viewport.toMap(left, top), phase),
      mode: (mode) => this.onGestureMode(mode),
    };
  }

  /** A drag may leave the canvas; the probe stays where it can be seen. */
  private onPlot(left: number, top: number): Point {
    const { width, height } = this.stage.plot;
    return [clamp(left, 0, width), clamp(top, 0, height)];
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
      const command = commandFor(COMMANDS, event);
      if (!command) return;
      event.preventDefault();
      event.stopPropagation(); // hosts have one-letter shortcuts of their own
      this.act(command, event);
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

  private act(command: EditorCommand, key: KeyboardEvent | null): void {
    if (this.scene && command.enabled?.(this.commandState()) !== false) command.run(this, key);
  }

  private commandState(): CommandState {
    return {
      layers: this.layers,
      tool: this.tool,
      open: this.isHelpOpen ? "help" : this.isDrawerOpen ? "layers" : null,
      host: { options: this.dynamic?.options ?? {} },
    };
  }

  private get tool(): string {
    const { panByDefault, loopByDefault } = this.gestures;
    return panByDefault ? "pan" : (loopByDefault ?? "probe");
  }

  toggleTool(id: "pan" | "lasso" | "box" | "draw"): void {
    if (id === "pan") this.togglePan();
    else this.selectBy(id);
  }

  private togglePan(): void {
    this.gestures.panByDefault = !this.gestures.panByDefault;
    if (this.gestures.panByDefault) this.gestures.loopByDefault = null;
    this.onGestureMode(this.gestureMode);
    this.showToolbar();
  }

  togglePlaying(): void {
    if (this.player.current) this.player.setPlaying(!this.player.isPlaying);
  }

  togglePanel(id: "layers" | "help"): void {
    if (id === "help") this.openHelp(!this.isHelpOpen);
    else this.openDrawer(!this.isDrawerOpen);
  }

  escape(): void {
    if (this.isHelpOpen) this.openHelp(false);
    else if (this.isDrawerOpen) this.openDrawer(false);
    else this.pausePlayer();
  }

  undo(): void {
    this.shelf.key("undo");
  }

  redo(): void {
    this.shelf.key("redo");
  }

  toggleBackground(id: Background): void {
    this.setBackground(this.layers.background === id ? "none" : id);
  }

  step(dx: number, dy: number): void {
    this.pausePlayer();
    const unit = this.stage.plot.width / this.viewport.camera.scale;
    this.isHover = true;
    this.setProbe([this.probe[0] + dx * unit, this.probe[1] + dy * unit]);
    if (this.viewport.show(this.probe, 24)) this.cameraMoves();
    this.hint.leaveLater();
  }

  /** Around the probe, where the keyboard's attention is. */
  zoomStep(factor: number): void {
    this.viewport.glideZoom(factor, this.probe);
    this.cameraMoves();
  }

  private openHelp(isOpen: boolean): void {
    if (isOpen && this.isDrawerOpen) this.openDrawer(false);
    this.isHelpOpen = isOpen;
    this.help.show(isOpen);
    if (!isOpen) this.toolbar.focus("help");
    this.showToolbar();
  }

  private openDrawer(isOpen: boolean): void {
    if (isOpen && this.isHelpOpen) this.openHelp(false);
    this.isDrawerOpen = isOpen;
    this.drawer.open(isOpen);
    if (!isOpen) this.toolbar.focus("layers");
    this.showToolbar();
  }

  private setBackground(background: Background): void {
    if (!this.scene || !offerOf(this.scene).backgrounds.includes(background)) return;
    this.layers.background = background;
    this.showToolbar();
    this.showFieldBar();
    this.announcer.now(`Background: ${BACKGROUND_NAMES[background]}`);
    this.request({ ground: true, points: true, above: true });
  }

  private setTiles(tiles: Tiles): void {
    this.wantedTiles = this.layers.tiles = tiles;
    this.showToolbar();
    this.request({ ground: true });
  }

  toggleOverlay(layer: Overlay): void {
    if (!this.scene || !offerOf(this.scene).overlays.includes(layer)) return;
    this.layers[layer] = !this.layers[layer];
    if (layer === "shapes") {
      this.nearest = -1;
      this.showLegend();
    }
    this.showToolbar();
    this.announcer.now(`${OVERLAY_NAMES[layer]} ${this.layers[layer] ? "shown" : "hidden"}`);
    this.request({
      ground: true,
      points: true,
      above: true,
      probe: layer === "shapes" || layer === "neighbours" || layer === "truth",
    });
  }

  // ---- selection --------------------------------------------------------------------------------------------------------

  private selectBy(shape: "lasso" | "box" | "draw"): void {
    const { gestures } = this;
    if (shape === "draw" && this.scene?.plane)
      return this.say("A path is drawn on the page’s own map: press “Back to” above this one first.");
    if (shape === "draw") this.pausePlayer();
    gestures.loopByDefault = gestures.loopByDefault === shape ? null : shape;
    if (gestures.loopByDefault) gestures.panByDefault = false;
    else this.select([]);
    this.onGestureMode(this.gestureMode);
    this.showToolbar();
  }

  private drawLoop(place: Point, phase: "start" | "move" | "end"): void {
    const { scene } = this;
    if (!scene) return;
    if (this.gestures.loopByDefault === "draw") return this.drawTrail(place, phase);
    if (phase === "start") this.select([]);
    if (this.gestures.loopByDefault === "box") this.loop = boxOf(this.loop[0] ?? place, place);
    else this.loop.push(place);
    if (phase === "end") {
      const found = caught(scene, this.loop, this.shown);
      if (found.length === 0) this.loop = [];
      this.select(found);
      if (found.length) this.announcer.now(`${count(found.length)} points selected`);
      else this.say("No point selected: there is none inside.");
    }
    this.request({ above: true });
  }

  /** A path by hand: every place decodes as it is drawn, the host keeps the line and plays it. */
  private drawTrail(place: Point, phase: "start" | "move" | "end"): void {
    if (phase === "start") this.trail = [];
    this.trail.push(place);
    this.setProbe(place);
    this.request({ above: true });
    if (phase !== "end") return;
    this.selectBy("draw");
    const places = thinned(this.trail, MOST_DRAWN);
    if (places.length < 2) return;
    this.announcer.now("Path drawn");
    this.callbacks.onEdit?.({ kind: "drawn", places }, nonce());
  }

  private selectNamed(choice: Choice): number {
    const { scene } = this;
    if (!scene) return 0;
    const found = named(scene, choice, this.shown, this.z, visibleExtent(this.viewport.camera, this.stage.plot));
    this.loop = [];
    this.select(found);
    this.announcer.now(foundWords(found.length));
    return found.length;
  }

  private select(indices: readonly number[]): void {
    const { scene } = this;
    if (!scene) return;
    if (indices.length === 0) this.loop = [];
    this.selected = indices;
    this.groups.show(indices.length ? factsOf(scene, indices) : null, this.theme.isDark);
    this.request({ above: true });
  }

  // ---- colours, lists, finding ----------------------------------------------------------------------------------------

  private setColour(id: string): void {
    if (!this.scene) return;
    this.colourId = id;
    this.recolour();
    this.showToolbar();
    this.request({ points: true, above: true });
  }

  /** The quantity that colours the points, once it is known. */
  private coloured(): Quantity | null {
    return this.scene && colouredBy(this.scene, this.colourId);
  }

  private recolour(): void {
    const { scene } = this;
    if (!scene) return;
    const quantity = this.coloured();
    this.colouring = quantity ? colouringOf(quantity, scene.slots, this.shown) : null;
    this.strip.show(quantity, (i) => this.shown[scene.slots[i]] === 1);
    const { purity } = scene;
    const isCounting = this.colourId === purity?.id && !quantity;
    const range = this.colouring?.range;
    const [least, most] = quantity ? extremesOf(quantity.values) : [0, 0];
    const words =
      quantity && range
        ? {
            title: quantity.name,
            definition: quantity.definition,
            ramp: "amount" as const,
            low: `${least < range[0] ? "≤ " : ""}${number(range[0])}`,
            high: `${most > range[1] ? "≥ " : ""}${number(range[1])}`,
          }
        : null;
    this.colourBar.show(
      words,
      isCounting ? `Computing ${purity.name.toLowerCase()}: ${percent(purity.job.share)}` : "",
    );
    this.showLegend();
  }

  private flyTo(i: number): void {
    const { scene } = this;
    if (!scene) return;
    this.pausePlayer();
    this.setProbe(scene.place(i));
    this.viewport.flyTo(scene.place(i), FLY_ZOOM);
    this.cameraMoves();
  }

  /** A test image by its number, or a class by its name. Returns what to say. */
  private find(text: string): string {
    const { scene } = this;
    if (!scene || text === "") return "Type an image number, or a class.";
    const wanted = text.toLowerCase();
    const label = Array.from({ length: scene.nClasses }, (_, k) => (scene.className(k) ?? "").toLowerCase()).indexOf(
      wanted.replace(/^class\s+/, ""),
    );
    const isNumber = /^#?\d+$/.test(wanted);
    if (label >= 0 && !(isNumber && scene.nClasses > 1 && wanted.startsWith("#"))) {
      this.setShown(only(scene.nClasses + 1, label));
      return `Only ${scene.className(label)} is shown: ${count(scene.perClass[label])} points.${isNumber ? ` For the image of that number: #${wanted}.` : ""}`;
    }
    if (!isNumber)
      return `No class is called “${text}”; type a class, or an image number from 0 to ${count(scene.nPoints - 1)}.`;
    const i = scene.pointOf(Number(wanted.replace("#", "")));
    if (i < 0)
      return `There is no test image ${wanted.replace("#", "")}; they go from 0 to ${count(scene.nPoints - 1)}.`;
    this.setShown(allShown(scene.nClasses));
    this.flyTo(i);
    return `Test image ${scene.numberOf(i)}${scene.labels[i] < 0 ? "" : `, class ${scene.className(scene.labels[i])}`}.`;
  }

  private savePicture(): void {
    const { scene } = this;
    if (!scene) return;
    const { run, projection } = scene.header;
    const lines = [
      `${run.id}, ${projection.title}`,
      this.z.length > 3 ? `largest: ${zText(this.z, scene.decimals.z)}` : `z = ${zText(this.z, scene.decimals.z)}`,
      supportWords(this.supportHere()),
    ];
    const told = this.toldName();
    if (told !== null) lines.push(`decoded as ${classWords(told)}`);
    const channels = channelWords(run.image_shape);
    if (channels) lines.push(...channels.split(/[:,] /));
    const picture = screenPicture(
      this.stage,
      this.theme,
      this.card.decoded.canvas,
      isLow(this.supportHere()),
      lines,
      this.keys(scene),
    );
    picture.toBlob((blob) => blob && save("map.png", blob), "image/png");
  }

  /** What the colours of the saved picture mean. */
  private keys(scene: Scene): PictureKey[] {
    const { background } = this.layers;
    const field =
      background === "none" || background === "manifold" ? null : this.painter.backdropOf(scene).words(background);
    const quantity = this.coloured();
    const classes =
      quantity || !scene.hasLabels ? [] : classEntries(scene).filter(({ slot }) => this.shown[slot] === 1);
    return [
      ...(field ? [{ text: `${field.title}: ${field.low} to ${field.high}`, ramp: field.ramp }] : []),
      ...(quantity && this.colouring
        ? [{ text: `${quantity.name}: ${this.colouring.range.map(number).join(" to ")}`, ramp: "amount" as const }]
        : []),
      ...classes.map(({ slot, name }) => ({
        text: name,
        colour: classColour(slot === scene.nClasses ? -1 : slot, this.theme.isDark),
      })),
    ];
  }

  private python(): string {
    const { scene } = this;
    if (!scene) return "";
    return pythonCode(scene.header.run.id, this.z, this.toldLabel < 0 ? null : this.toldLabel);
  }

  showHole(): void {
    const { scene } = this;
    if (!scene || scene.space.latentDim < 2) return;
    if (!scene.logvar) return this.say("This model has no prior, so there is nothing that its codes leave out.");
    if (offerOf(scene).backgrounds.includes("holes") && this.layers.background !== "holes") this.setBackground("holes");
    const { holes, share } = scene.holes(); // asked for by name: worth a short wait
    const hole = holes[this.nextHole % Math.max(1, holes.length)];
    if (!hole) return this.say(noHoleWords(scene));
    const words = holeWords(scene, hole, (this.nextHole++ % holes.length) + 1, holes.length, share);
    this.setCode(hole.z, `Hole ${((this.nextHole - 1) % holes.length) + 1} of ${holes.length}`);
    if (this.viewport.show(this.probe, 48)) this.cameraMoves();
    this.say(words);
    this.request({ ground: true });
  }

  private showFieldBar(): void {
    const {
      scene,
      layers: { background },
    } = this;
    const isField = background !== "none" && background !== "manifold";
    this.holeButton.hidden = background !== "holes";
    if (!scene || !isField) return this.fieldBar.show(null);
    const backdrop = this.painter.backdropOf(scene);
    this.fieldBar.show(
      backdrop.words(background),
      `Computing ${BACKGROUND_NAMES[background]}: ${percent(backdrop.share(background))}`,
    );
  }

  /** A code chosen number by number: no place of a crooked map need stand for it. */
  private setCode(z: readonly number[], label = "By the sliders"): void {
    const { scene } = this;
    if (!scene) return;
    this.pausePlayer();
    this.isOnPath = false;
    this.probe = scene.placeOf(z);
    this.exactZ = z;
    this.exactLabel = label;
    this.isHover = true;
    this.hasMoved = true;
    this.request({ probe: true, above: true });
  }

  private setShown(shown: Shown): void {
    this.shown = shown;
    this.nearest = -1;
    this.recolour();
    this.showTitle();
    this.request({ points: true, probe: true, above: true });
  }

  // ---- camera, probe, pins, path --------------------------------------------------------------------------------------

  private cameraMoves(): void {
    this.request({ ground: true, points: true, above: true });
  }

  private setProbe(map: Point): void {
    this.probe = map;
    this.isOnPath = false;
    this.exactZ = null;
    this.hasMoved = true;
    this.request({ probe: true });
  }

  /** Goes where another surface's hand is; says nothing aloud and tells nobody, or two surfaces would answer each other for ever. False: it is there already. */
  private follow(probed: Probed): boolean {
    const seen = followed(this.scene as Scene, probed);
    if (
      !seen ||
      (this.exactLabel === seen.heading && this.exactZ && this.exactZ.every((value, k) => value === seen.z[k]))
    )
      return false;
    this.pausePlayer();
    this.isOnPath = false;
    this.probe = seen.place ?? this.probe;
    this.following = seen;
    this.exactZ = seen.z;
    this.exactLabel = seen.heading;
    this.announcedPlace = String(this.probe);
    this.announcer.now(""); // what it said last is not what is shown
    this.isHover = true;
    return true;
  }

  private get followedHere(): Followed | null {
    return this.exactZ !== null && this.exactZ === this.following?.z ? this.following : null;
  }

  private tell(): void {
    this.hasMoved = false;
    if (!this.scene || !this.link.isJoined) return;
    const image = this.nearest < 0 ? null : this.scene.numberOf(this.nearest);
    this.link.tell({ run: this.scene.header.run.id, image, z: Array.from(this.z) });
  }

  pinProbe(): void {
    if (!this.scene || !this.dynamic?.options.pinnable) return;
    this.showProbe(); // the pin is exactly what is shown now
    const z = Array.from(this.z);
    const map: [number, number] = [this.probe[0], this.probe[1]];
    const name = nonce();
    const wasFull = allPins(this.pins).length === MAX_PINS;
    this.changePins({ kind: "added", map, z, nonce: name });
    const { label } = allPins(this.pins).slice(-1)[0];
    this.showPins();
    this.hint.leave();
    if (wasFull) this.say(`${MAX_PINS} pins are the most: the first one made room for this one. Undo brings it back.`);
    else this.announcer.now(`Pinned ${label} at ${zText(z, this.scene.decimals.z)}`);
    this.request({ above: true });
    const timer = setTimeout(() => this.forgetRefusedPins(), PENDING_MS + 50);
    this.disposer.add(() => clearTimeout(timer));
    const isOwnCode = this.exactZ !== null || this.isOnPath || this.scene.plane !== null;
    this.callbacks.onPin?.({
      map,
      z: [...z],
      how: this.scene.space.how,
      support: this.supportHere(),
      isOwnCode,
      nonce: name,
    });
  }

  private changePins(event: PinsEvent): void {
    this.pins = reducePins(this.pins, event, performance.now());
  }

  /** The host may have no further word for us: a pin that it did not keep must not stay on the map. */
  private forgetRefusedPins(): void {
    const before = this.pins;
    this.changePins({ kind: "waited" });
    if (this.pins === before) return;
    this.showPins();
    this.request({ above: true });
  }

  private onPlaying(isPlaying: boolean): void {
    this.lastFrame = performance.now();
    if (isPlaying) {
      this.stopWandering();
      this.request({});
    } else if (this.player?.current) {
      this.announcePlace();
      if (this.isOnPath) this.request({ probe: true });
    }
  }

  private pausePlayer(): void {
    this.stopWandering();
    if (this.player.isPlaying) this.player.setPlaying(false);
  }

  /** The probe stands where the path's frame is, and shows exactly the path's z. */
  private followPath(): void {
    const path = this.player.current;
    if (!path || !this.scene) return;
    this.isOnPath = true;
    this.probe = this.player.place;
    this.showPicture(this.player.code, this.player.label ?? this.scene.model.label);
    this.card.showHeading("On the path");
    this.request({});
  }

  /** Starts the random walk from the code that is shown, or stops it. */
  toggleRandomWalk(): void {
    const { scene } = this;
    if (!scene) return;
    if (this.wander.isWalking) return this.stopWandering();
    this.pausePlayer();
    const { latentDim } = scene.space;
    this.stationary = scene.logvar
      ? { mean: new Array<number>(latentDim).fill(0), std: new Array<number>(latentDim).fill(1) }
      : stationaryOf(scene.mu, latentDim);
    this.wander.start(this.z, this.stationary);
    this.lastFrame = performance.now();
    setText(this.wanderButton, "Stop the random walk");
    this.announcer.now("Random walk");
    this.request({});
  }

  private stopWandering(): void {
    if (!this.wander?.isWalking) return;
    this.wander.stop();
    setText(this.wanderButton, "Random walk");
  }

  private showWandering(z: readonly number[]): void {
    const scene = this.scene as Scene;
    this.isOnPath = false;
    this.probe = scene.placeOf(z);
    this.exactZ = z;
    this.exactLabel = "Random walk";
    this.decodeProbe();
  }

  // ---- words ------------------------------------------------------------------------------------------------------------

  private sentence(): string {
    if (!this.scene) return "";
    const label = this.marked >= 0 ? this.scene.labels[this.marked] : -1;
    const name = this.scene.className(label);
    const best = this.classBars.looks;
    const classified = best ? `${classWords(this.scene.className(best.label))}, ${probability(best.probability)}` : "";
    const looks = looksWords(name, this.toldName(), classified);
    const z = `${this.z.length > 3 ? "largest of z:" : "z ="} ${zText(this.z, this.scene.decimals.z)}`;
    return `${z}, ${looks}${supportWords(this.supportHere())}`;
  }

  private showTitle(): void {
    if (!this.scene) return;
    const { nPoints, perClass } = this.scene;
    const visible = perClass.reduce((sum, n, slot) => sum + (this.shown[slot] ? n : 0), 0);
    const points = `${count(nPoints)} test images`;
    this.toolbar.setTitle(
      this.scene.header.projection.title,
      visible < nPoints ? `${count(visible)} of ${points}` : points,
    );
    this.toolbar.setWayBack(this.scene.plane ? (this.base?.header.projection.title ?? null) : null);
  }

  private showToolbar(): void {
    const { scene } = this;
    if (!scene) return;
    this.toolbar.show(this.commandState());
    this.drawer.show({
      background: this.layers.background,
      tiles: this.layers.tiles,
      overlays: this.layers,
      colour: this.colourId,
    });
  }

  private showLegend(): void {
    this.legend.show(this.shown, this.theme.isDark, this.layers.shapes);
  }

  private showPins(): void {
    const { scene, dynamic } = this;
    if (!scene || !dynamic) return;
    const pins = this.pinsHere();
    const { pinnable, drawable } = dynamic.options;
    this.card.showPins(
      pins,
      pinnable && !drawable,
      (z) => ({ x_hat: scene.model.decodeShared(z), isLow: isLow(scene.support.of(z)) }),
      (pin) => this.goTo(pin),
    );
    this.shelf.element.hidden = !pinnable || Boolean(drawable); // there a click adds a stop, and stops are above the map
    this.shelf.show({
      pins,
      path: choiceOf(this.pathEnds, pins),
      canUndo: dynamic.undo.back,
      canRedo: dynamic.undo.forth,
    });
    this.sliceBox.showPins(pins);
    this.groups.showPins(pins);
  }

  /** The pin's own code, of which its place on a map may be only the nearest. */
  private goTo(pin: PinRecord): void {
    this.pausePlayer();
    this.setProbe(pin.map);
    if (pin.z.length === this.z.length) {
      this.exactZ = pin.z;
      this.exactLabel = `Pin ${pin.label}`;
    }
    if (this.viewport.show(pin.map, 48)) this.cameraMoves();
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
    const cameraMoved = this.viewport.tick(now);
    if (this.player.tick(now - this.lastFrame)) this.followPath();
    const wandered = this.wander.tick(now - this.lastFrame, this.stationary);
    if (wandered) this.showWandering(wandered);
    this.lastFrame = now;
    if (this.heard && !this.hasMoved && this.follow(this.heard)) want.probe = true;
    this.heard = null;
    if (want.probe) this.showProbe();
    else this.showWords(this.scene);
    if (this.hasMoved) this.tell();
    const view = this.view(this.scene);
    if (want.ground || cameraMoved) this.painter.ground(view);
    if (want.points || cameraMoved) this.painter.points(view);
    const follows = this.layers.neighbours || this.layers.ellipses || this.layers.truth;
    if (want.probe || want.above) this.followTruth(now);
    const isDrawn =
      want.above || cameraMoved || (follows && want.probe) ? this.painter.above(view, this.things(now)) : true;
    this.placeMarks();
    if (want.probe && this.isHover) this.stats_.record(start, performance.now() - start);
    this.isHover = false;
    if (this.painter.fill(view) || this.wordsAreDue) this.request({});
    this.growSlowly(view, start);
    if (!isDrawn) this.request({ above: true });
    // an entrance is drawn once more after its time, or a slow page would stop short of its end
    const isEntering = this.isAnimating() || this.wasAnimating;
    this.wasAnimating = this.isAnimating();
    if (this.viewport.isGliding || this.player.isPlaying || this.wander.isWalking || isEntering)
      this.request({ above: isEntering });
  }

  /** What takes longer than a frame goes on in slices: fields, the manifold, the sliders' films, purity. */
  private growSlowly(view: View, start: number): void {
    if (this.painter.grow(view)) {
      const isDue = this.painter.growthIsDue(start);
      this.request({ ground: isDue, above: isDue && this.layers.contours });
      if (isDue) this.showFieldBar();
      this.wasGrowing = true;
    } else if (this.wasGrowing) {
      this.wasGrowing = false;
      this.showFieldBar();
      this.request({ ground: true, above: true });
    }
    if (this.classStrip.work()) this.request({});
    if (this.rack.work()) this.request({});
    const step = this.truth.work(start);
    if (step !== "nothing") this.request({ above: step === "found" });
    if (this.growIndex()) return;
    const { purity } = view.scene;
    if (!purity || purity.job.isComplete || this.colourId !== purity.id) return;
    purity.job.work(performance.now() + 8);
    if (purity.job.isComplete || this.painter.growthIsDue(start)) this.recolour();
    this.request({ points: purity.job.isComplete, above: purity.job.isComplete });
  }

  /** The index of the codes first: purity asks it for every point. */
  private growIndex(): boolean {
    const { codes } = this.scene as Scene;
    if (codes.isComplete) return false;
    codes.work(performance.now() + INDEX_SLICE_MS);
    this.request({});
    return true;
  }

  /** Of the one selected image, else of the one nearest to the probe. */
  private followTruth(now: number): void {
    const scene = this.scene as Scene;
    const isAsked = this.layers.truth && canTellTruth(scene);
    this.truth.follow(
      isAsked ? toStudy(scene, this.selected.length === 1 ? this.selected[0] : this.nearest, this.own) : null,
      now,
    );
  }

  private nextHole = 0;
  private wasGrowing = false;
  private wasAnimating = false;

  private isAnimating(): boolean {
    const now = performance.now();
    return !prefersReducedMotion() && (now - this.pathStart < PATH_DRAW_MS || now - this.pins.droppedAt < GLIDE_MS);
  }

  private showProbe(): void {
    if (this.isOnPath && this.player.current) this.followPath();
    else this.decodeProbe();
  }

  private decodeProbe(): void {
    const scene = this.scene as Scene;
    if (this.exactZ) {
      this.showPicture(this.exactZ);
      this.card.showHeading(this.exactLabel);
      return;
    }
    scene.space.toZ(this.probe[0], this.probe[1], this.z);
    this.showPicture(this.z);
    this.card.showHeading("Under the cursor");
  }

  private showPicture(z: ArrayLike<number>, label = (this.scene as Scene).model.label): void {
    const scene = this.scene as Scene;
    if (z !== this.z) this.z.set(z);
    const isOwn = this.exactZ !== null && scene.space.how !== "identity"; // a code that no place of the map need stand for
    this.supportOf = null;
    this.toldLabel = label;
    const start = performance.now();
    const x_hat = scene.model.decodeAsShared(this.z, label);
    this.decodeMs += 0.2 * (performance.now() - start - this.decodeMs);
    this.card.showPicture(x_hat, this.z);
    this.classBars.show(x_hat, this.theme.isDark);
    this.classStrip.show(this.z);
    this.rack.show(this.z);
    const linked = this.followedHere?.nearest ?? -1;
    this.marked =
      linked >= 0
        ? linked
        : isOwn
          ? (this.nearestCodes(scene, 1)[0]?.index ?? -1)
          : scene.nearest(this.probe[0], this.probe[1], this.shown);
    if (this.layers.neighbours) this.links = this.nearestCodes(scene, N_LINKS).map(({ index }) => index);
    this.wordsAreDue = true;
    this.showWords(scene);
    this.announcePlace();
  }

  /** What the card says of the picture, now or a few frames later. */
  private showWords(scene: Scene): void {
    const now = performance.now();
    if (!this.wordsAreDue || now - this.wordsAt < WORDS_MS) return;
    this.wordsAt = now;
    this.wordsAreDue = false;
    const near = scene.codes.find(this.z, scene.support.k);
    this.supportOf = scene.support.of(this.z, near);
    this.card.showDecodedAs(this.toldName());
    this.card.showWords(this.z, this.probe, this.supportOf);
    if (this.isOnPath) this.player.say({ density: this.supportOf });
    this.stage.marks.showLow(isLow(this.supportOf));
    this.showTrust(scene, near);
    this.showNearest(scene);
  }

  private nearestCodes(scene: Scene, wanted: number): readonly Near[] {
    return scene.codes.find(this.z, wanted, (i) => this.shown[scene.slots[i]] === 1);
  }

  /** Where the norm lies among the prior's, and how far the nearest code is. near: the nearest of all codes. */
  private showTrust(scene: Scene, near: readonly Near[]): void {
    const isAmongAll = this.shown.every((one) => one === 1);
    const [nearest] = isAmongAll ? near : this.nearestCodes(scene, 1);
    const radius = norm(this.z);
    const trust: Trust = {
      radius,
      priorShare: scene.logvar ? priorShareWithin(radius, scene.space.latentDim) : null,
      distance: nearest?.distance ?? null,
      isAmongAll,
    };
    this.card.showTrust(trust);
  }

  /** How many encoded images are around the shown code. */
  private supportHere(): number {
    return (this.supportOf ??= (this.scene as Scene).support.of(this.z));
  }

  /** The class as which the shown picture is decoded; null for a model that is told none. */
  private toldName(): string | null {
    return this.toldLabel < 0 ? null : (this.scene?.header.class_names[this.toldLabel] ?? null);
  }

  /** Once a place: a host's rerun must not talk over "Pinned A". */
  private announcePlace(): void {
    const place = String(this.probe);
    if (this.player.isPlaying || this.wander.isWalking || place === this.announcedPlace) return;
    this.announcedPlace = place;
    this.announcer.later(() => this.sentence());
  }

  private showNearest(scene: Scene): void {
    const nearest = this.marked;
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
    const { camera, zoom } = this.viewport;
    return {
      scene,
      camera,
      zoom,
      theme: this.theme,
      shown: this.shown,
      layers: this.layers,
      colouring: this.colouring,
    };
  }

  /** What lies above the points, and how far its entrance has come. */
  private things(now: number): Things {
    const share = (since: number, length: number): number =>
      prefersReducedMotion() ? 1 : Math.min(1, Math.max(0, (now - since) / length));
    return {
      path: this.player.current,
      pathShare: share(this.pathStart, PATH_DRAW_MS),
      markers: this.markersHere(),
      pins: this.pinsHere(),
      dropShare: share(this.pins.droppedAt, GLIDE_MS),
      probe: this.probe,
      links: this.links,
      nearest: this.marked,
      truth: this.layers.truth ? this.truth : null,
      loop: this.loop,
      trail: this.trail,
      selected: this.selected,
    };
  }

  private markersHere(): readonly PosteriorMarker[] {
    const { scene } = this;
    const own = this.ownPanel.marker;
    const markers = [...(this.dynamic?.markers ?? []), ...(own ? [own] : [])];
    return scene?.plane
      ? markers.map((marker) => ({ ...marker, map: scene.placeOf(marker.z), ellipse: null }))
      : markers;
  }

  private placeMarks(): void {
    const scene = this.scene as Scene;
    const nearest = this.marked >= 0 ? this.viewport.toScreen(scene.place(this.marked)) : null;
    this.stage.marks.place(this.viewport.toScreen(this.probe), nearest);
  }
}

/** What is known of a hole; in more than two dimensions of the sample that shows it. */
function holeWords({ nPoints }: Scene, { expected, radius }: Hole, rank: number, n: number, share: number): string {
  if (expected === null)
    return `Hole ${rank} of ${n}: ${percent(share)} of samples from the prior have low density of encoded images, and this sample is one of them. Its point on the map is only the nearest.`;
  const samples = count(Math.round(expected));
  return `Hole ${rank} of ${n}: of ${count(nPoints)} samples from the prior about ${samples} lie within ${distance(radius)} of here, of the ${count(nPoints)} encoded images ${SUPPORT_NEIGHBOUR - 1}.`;
}

function noHoleWords({ space }: Scene): string {
  return space.latentDim === 2
    ? "No hole: wherever the prior puts much probability, encoded images are near."
    : "No hole: none of 500 samples from the prior has low density of encoded images.";
}

const BACKGROUND_NAMES: Readonly<Record<Background, string>> = {
  none: "plain",
  manifold: "decoded manifold",
  density: "density of the codes",
  holes: "posterior − prior",
  magnification: "magnification",
};
const OVERLAY_NAMES: Readonly<Record<Overlay, string>> = {
  points: "Points",
  rings: "Prior rings",
  shapes: "Marker shapes",
  contours: "Class contours",
  ellipses: "Posterior ellipses",
  truth: "True posterior",
  neighbours: "Nearest in latent space",
  thumbnails: "Pictures when close",
};

/** At most so many places of a line, evenly, both ends among them; places that repeat are left out. */
function thinned(line: readonly Point[], most: number): Point[] {
  const moved = line.filter(([x, y], i) => i === 0 || x !== line[i - 1][0] || y !== line[i - 1][1]);
  const n = Math.min(most, moved.length);
  return n < 2 ? moved : Array.from({ length: n }, (_, i) => moved[Math.round((i * (moved.length - 1)) / (n - 1))]);
}

/** The corners of a box, the one where it began first. */
function boxOf([x0, y0]: Point, [x1, y1]: Point): Point[] {
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}

/** A name for an event that no other event of this page has. */
function nonce(): string {
  return `${Date.now()}-${++eventCount}`;
}

function ownOf({ label, mu, std, x }: SubjectRecord): EncodedPicture {
  const bytes = x === null ? null : Float32Array.from(atob(x), (letter) => letter.charCodeAt(0) / 255);
  return { label, mu, std, x: bytes };
}

function capitalised(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

/** What makes sense on this map. */
function offerOf(scene: Scene): LayersMenuOffer {
  const { rings } = scene.header.projection;
  const isPlane = scene.spreadOnMap() !== null;
  const classes = scene.hasLabels;
  const overlays: Overlay[] = [
    "points",
    ...(rings ? ["rings" as const] : []),
    ...(classes ? ["contours" as const] : []),
    ...(isPlane ? ["ellipses" as const] : []),
    ...(canTellTruth(scene) ? ["truth" as const] : []),
    "neighbours",
    "thumbnails",
    ...(scene.nClasses > 1 ? ["shapes" as const] : []),
  ];
  const first = { id: BY_CLASS, name: classes ? "Class" : "Nothing", definition: "" };
  return {
    backgrounds: ["none", "manifold", "density", ...(rings && isPlane ? ["holes" as const] : []), "magnification"],
    // the usual one first: a plane that is the latent space is known by its prior, another one by its points
    tiles: !rings ? ["steps"] : scene.space.how === "identity" ? ["shares", "steps"] : ["steps", "shares"],
    overlays,
    colours: [first, ...scene.quantities, ...(scene.purity ? [scene.purity] : [])],
    classes: classes ? classEntries(scene) : [],
  };
}

/** A person never sees a stack trace; what is not ours is a bug and goes to the console too. */
function sentenceFor(error: unknown): string {
  if (error instanceof PayloadError) return error.message;
  console.error(error);
  return "The map cannot be shown: its data do not fit together. Reload the page.";
}
