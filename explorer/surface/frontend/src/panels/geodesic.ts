/** How far is the geodesic that the path asks for? It is looked for between the frames, and given to the path when it is there. */

import { LOST, searchesAt } from "../data/searches";
import type { Frame, Panel, Progress } from "../kernel/extension";
import { keyOf, searchOf } from "../kernel/geodesics";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { h, setText } from "../ui/dom";
import { percent } from "../ui/format";
import type { LegRecord } from "../wire/schema";

/** Of every frame, for a comparison; and where the person waits for it. */
const SLICE_MS = 8;
const AWAITED_MS = 24;
/** So often a host is told that answers without the geodesic: what was said may have been lost on the way, or never fit. */
const MOST_TOLD = 3;

export class GeodesicProgress implements Panel {
  readonly id = "geodesic";
  readonly slot = "below";
  readonly reads: readonly (keyof MapState)[] = ["data", "host", "path", "pins"];
  readonly element = h("p", { class: "la-small", hidden: true, "data-testid": "geodesic" });
  private legs: readonly LegRecord[] = [];
  private meanwhile = "";
  /** Key of what the host was given, and has not answered. */
  private given = "";
  private told = 0;
  private host: MapState["host"] | null = null;

  constructor(private readonly editor: Pick<PanelEditor, "state" | "set" | "editPins">) {}

  update({ state: { data, host }, derived: { path } }: Frame): void {
    this.legs = path?.missing ?? [];
    this.meanwhile = path?.is_meanwhile ? ` The ${path.title} path is shown until then.` : "";
    if (this.legs.length === 0) this.told = 0;
    if (this.told === 0 || (host !== this.host && this.told < MOST_TOLD)) this.given = "";
    this.host = host;
    this.say(searchOf(data).known(this.legs).share);
  }

  work({ state: { data, host, path } }: Frame): Progress {
    const { legs } = this;
    if (legs.length === 0 || this.given === keyOf(legs)) return "done";
    const searches = searchesAt(host.searches);
    if (searches === "lost") setText(this.element, LOST + this.meanwhile);
    if (typeof searches === "string") return searches === "lost" ? "done" : "working";
    const search = searchOf(data);
    search.work(legs, performance.now() + (this.meanwhile ? AWAITED_MS : SLICE_MS), searches);
    const { share, ways } = search.known(legs);
    this.say(share);
    if (!ways) return "working";
    this.given = ways.key;
    this.told++;
    if (host.path)
      this.editor.editPins({ kind: "geodesic", ways: legs.map((leg, i) => ({ ...leg, z: ways.codes[i] })) });
    else this.editor.set({ path: { ...path, ways } });
    return "done";
  }

  /** Until it is found: how long the host takes to answer is not its progress. */
  private say(share: number): void {
    const isHidden = this.legs.length === 0 || share === 1;
    this.element.hidden = isHidden;
    setText(this.element, isHidden ? "" : `Computing the geodesic … ${percent(share)}${this.meanwhile}`);
  }
}
