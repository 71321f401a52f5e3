/** How is an interpolation played? Controls and film, under the map. */

import type { RunOnMap } from "../../data/run-on-map";
import type { Frame, Panel } from "../../kernel/extension";
import type { PanelEditor } from "../../kernel/panel-editor";
import { frameAt, type Motion, pathKey, playable } from "../../kernel/path-playback";
import type { MapState } from "../../kernel/state";
import { button, h, icon, setText } from "../../ui/dom";
import type { PathRecord } from "../../wire/schema";
import { Beside } from "./beside";
import { Film } from "./film";
import { lookOf } from "./look";

const SPEEDS = [0.5, 1, 2] as const;

export class PathPlayer implements Panel {
  readonly id = "path-player";
  readonly slot = "below";
  readonly reads: readonly (keyof MapState)[] = ["data", "host", "path", "pins", "motion"];
  readonly element = h("div", { class: "la-player", role: "group", "aria-label": "Interpolation", hidden: true });
  private readonly title = h("h2", { class: "la-h" });
  private readonly playButton = button("la-tool la-play", {}, () =>
    this.editor.setPlaying(this.editor.state().motion.moving !== "path"),
  );
  private readonly slider = h("input", {
    type: "range",
    class: "la-slider",
    min: 0,
    max: 1,
    step: 1,
    value: 0,
    "aria-label": "Position on the path",
  });
  private readonly counter = h("span", { class: "la-muted la-number" });
  private readonly film = new Film((frame) => this.editor.seek(frame));
  private readonly beside = new Beside();
  private readonly speeds = SPEEDS.map((speed) =>
    button("la-tool", {}, () => this.change({ speed }), h("span", {}, `${speed}×`)),
  );
  private readonly loopButton = button(
    "la-tool",
    {
      title: "Start over at the end instead of turning round",
      "aria-label": "Loop: start over at the end instead of turning round",
    },
    () => this.toggleLoop(),
    icon("loop"),
    h("span", {}, "Loop"),
  );
  private path: PathRecord | null = null;
  private key = "";
  private model: RunOnMap["model"] | null = null;
  private settings = "";

  constructor(private readonly editor: Pick<PanelEditor, "state" | "set" | "setPlaying" | "seek">) {
    this.element.append(
      h(
        "div",
        { class: "la-transport" },
        this.playButton,
        this.title,
        this.slider,
        this.counter,
        h("div", { class: "la-tools", role: "group", "aria-label": "Speed" }, ...this.speeds, this.loopButton),
      ),
      h("div", { class: "la-reel" }, this.film.element, this.beside.element),
    );
    this.slider.addEventListener("input", () => editor.seek(Number(this.slider.value)));
  }

  update({ state: { data, motion }, derived }: Frame): void {
    const path = playable(derived.path);
    this.element.hidden = !path;
    if (path && (path !== this.path || data.model !== this.model)) this.configure(path, data);
    this.path = path;
    this.model = data.model;
    this.showSettings(motion);
    if (!path) return;
    const { position } = motion.head;
    const n = path.z.length;
    const frame = frameAt(position, n);
    this.slider.value = String(frame);
    setText(this.counter, `${frame + 1}\u00a0/\u00a0${n}`);
    this.film.at(frame, n);
    this.beside.at(position, motion.moving === "path");
  }

  /** The same path is painted anew by another decoder only; but another path beside it may have come. */
  private configure(path: PathRecord, data: RunOnMap): void {
    const key = pathKey(path);
    const shape = data.header.run.image_shape;
    const look = lookOf(data);
    this.beside.show(path, shape, look);
    if (key === this.key && data.model === this.model) return;
    this.key = key;
    const [first, last] = path.ends;
    const ends = first && last ? `, ${first} to ${last}` : "";
    setText(this.title, `${path.title.charAt(0).toUpperCase()}${path.title.slice(1)} path${ends}`);
    this.slider.max = String(path.z.length - 1);
    this.film.show(path, shape, look);
  }

  private change(motion: Partial<Motion>): void {
    this.editor.set({ motion: { ...this.editor.state().motion, ...motion } });
  }

  private toggleLoop(): void {
    const mode = this.editor.state().motion.mode === "loop" ? "ping-pong" : "loop";
    this.change({ mode, wantedMode: mode });
  }

  private showSettings({ moving, speed, mode }: Motion): void {
    const isPlaying = moving === "path";
    const settings = `${isPlaying} ${speed} ${mode}`;
    if (settings === this.settings) return;
    this.settings = settings;
    this.playButton.replaceChildren(icon(isPlaying ? "pause" : "play"));
    this.playButton.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
    this.speeds.forEach((button, i) => button.setAttribute("aria-pressed", String(SPEEDS[i] === speed)));
    this.loopButton.setAttribute("aria-pressed", String(mode === "loop"));
  }
}
