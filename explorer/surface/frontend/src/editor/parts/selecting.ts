/** What does a drag with the lasso, the box or the pen do, and which points are selected? */

import { type Choice, caught, factsOf, named } from "../../data/selection";
import { visibleExtent } from "../../geometry/camera";
import { alongDirection } from "../../geometry/planes";
import type { Frame } from "../../kernel/extension";
import type { MapState } from "../../kernel/state";
import { GroupsPanel } from "../../panels/groups";
import { foundWords } from "../../panels/select-form";
import { count } from "../../ui/format";
import type { Point } from "../../wire/schema";
import type { Context, Watcher } from "../context";
import { nonce } from "../host-events";
import type { Maps } from "./maps";
import type { Playback } from "./playback";
import type { Probing } from "./probing";

export type Phase = "start" | "move" | "end";

/** Places of a line drawn by hand. */
const MOST_DRAWN = 400;

export class Selecting implements Watcher {
  readonly reads: readonly (keyof MapState)[] = ["selection", "theme"];
  readonly groups: GroupsPanel;

  constructor(
    private readonly context: Context,
    private readonly probing: Probing,
    private readonly playback: Playback,
    maps: Maps,
  ) {
    this.groups = new GroupsPanel({
      here: () => Array.from(context.derived.code),
      walk: (z, label) => probing.toCode(z, label),
      clear: () => this.select([]),
      select: (indices) => this.select(indices),
      axis: (direction, name) =>
        maps.layPlane(
          alongDirection(direction, context.state.data.mu, name),
          "These two groups have the same mean code: no direction leads from one to the other.",
        ),
      go: (pin) => probing.toPin(pin),
    });
  }

  /** The chosen tool again: back to the probe. */
  toggleTool(tool: string): void {
    const { state, store } = this.context;
    if (tool === "draw" && state.data.plane)
      return this.context.say("A path is drawn on the page’s own map: press “Back to” above this one first.");
    if (tool === "draw") this.playback.pause();
    const isChosen = state.tool === tool;
    store.set({ tool: isChosen ? "probe" : tool });
    if (isChosen && tool !== "pan") this.select([]);
  }

  /** A place of a drag with the chosen tool. */
  draw(place: Point, phase: Phase): void {
    const { tool, selection, data, shown } = this.context.state;
    if (tool === "draw") return this.drawTrail(place, phase);
    const before = phase === "start" ? [] : selection.outline;
    const outline = tool === "box" ? boxOf(before[0] ?? place, place) : [...before, place];
    if (phase !== "end") return this.select(phase === "start" ? [] : selection.indices, outline);
    const found = caught(data, outline, shown);
    this.select(found, found.length ? outline : []);
    if (found.length) this.context.reader.now(`${count(found.length)} points selected`);
    else this.context.say("No point selected: there is none inside.");
  }

  /** Points named instead of drawn around. Returns how many were found. */
  selectNamed(choice: Choice): number {
    const { state, derived, viewport, stage, reader } = this.context;
    const seen = visibleExtent(viewport.camera, stage.plot);
    const found = named(state.data, choice, state.shown, derived.code, seen);
    this.select(found);
    reader.now(foundWords(found.length));
    return found.length;
  }

  update({ state: { data, selection, theme } }: Frame): void {
    this.groups.show(selection.indices.length ? factsOf(data, selection.indices) : null, theme.isDark);
  }

  private select(indices: readonly number[], outline: readonly Point[] = []): void {
    this.context.store.set({ selection: { indices, outline } });
  }

  /** A path by hand: every place decodes as it is drawn, the host keeps the line and plays it. */
  private drawTrail(place: Point, phase: Phase): void {
    const { state, store, callbacks, reader } = this.context;
    const trail = [...(phase === "start" ? [] : state.path.trail), place];
    this.probing.toPlace(place);
    store.set({ path: { ...state.path, trail } });
    if (phase !== "end") return;
    this.toggleTool("draw");
    const places = thinned(trail, MOST_DRAWN);
    if (places.length < 2) return;
    reader.now("Path drawn");
    callbacks.onEdit?.({ kind: "drawn", places }, nonce());
  }
}

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
