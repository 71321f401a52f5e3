/** Which parts is a map made of, and how do they know each other? Each part owns its panels; all are told of the state in one order. */

import type { Scene } from "../../data/run-on-map";
import { TruePosteriorWords } from "../../layers/overlays/true-posterior/words";
import { PANELS } from "../../panels/index";
import { h } from "../../ui/dom";
import { COMMANDS, type CommandEditor, type EditorCommand } from "../commands";
import type { Context, Watcher } from "../context";
import { mount } from "../mount";
import { actionsOf } from "./actions";
import { Choices } from "./choices";
import { commandEditor } from "./command-editor";
import { Finding } from "./finding";
import { HostUpdates } from "./host-updates";
import { Input } from "./input";
import { Maps } from "./maps";
import { OwnPictures } from "./own-pictures";
import { PageLayout } from "./page-layout";
import { Pinning } from "./pinning";
import { Playback } from "./playback";
import { Probing } from "./probing";
import { ShownCode } from "./shown-code";

/** What the editor itself asks something of. */
export interface Parts {
  readonly posterior: TruePosteriorWords;
  readonly playback: Playback;
  readonly probing: Probing;
  readonly code: ShownCode;
  readonly maps: Maps;
  readonly hostUpdates: HostUpdates;
  readonly ownPictures: OwnPictures;
  readonly layout: PageLayout;
  readonly editor: CommandEditor;
  /** Another run, or another decoder of it. */
  configureRun(data: Scene): void;
  /** In the order in which they are told of the state. */
  readonly watchers: readonly Watcher[];
}

/** root: of the whole surface · body: what is hidden while there is no map. */
export function makeParts(context: Context, root: HTMLElement, body: HTMLElement): Parts {
  const { stage } = context;
  const posterior = new TruePosteriorWords((extent, share) => {
    context.viewport.lookAt(extent, share);
    context.cameraMoved();
  });
  const playback = new Playback(context, {
    rested: () => code.announcePlace(),
    pathChanged: () => layout.measure(),
  });
  const probing = new Probing(context, playback);
  const code: ShownCode = new ShownCode(context, playback, posterior.element);
  const choices = new Choices(context);
  const finding = new Finding(context, probing, choices);
  const maps = new Maps(context, playback, choices, (data) => {
    code.configure(data);
    finding.configure();
  });
  const pinning = new Pinning(context, probing, code.card);
  const run = (id: string): void => {
    const command = COMMANDS.find((one) => one.id === id);
    if (command) act(command, null);
  };
  const actions = actionsOf(context, { probing, playback, pinning, maps, choices, finding }, run);
  const panels = PANELS.map((Made) => new Made(actions));
  const ownPictures = new OwnPictures(context, probing, pinning, body);
  const layout: PageLayout = new PageLayout(
    root,
    context,
    playback,
    code,
    panels.find(({ id }) => id === "extremes")?.element ?? null,
    () => panels.reduce((sum, { room }) => sum + (room ?? 0), 0),
  );
  const editor = commandEditor(context, { playback, probing, pinning, choices, finding, actions, maps });
  const act = (command: EditorCommand, key: KeyboardEvent | null): void => {
    if (command.enabled?.(context.state) !== false) command.run(editor, key);
  };
  new Input(context, actions, playback, act);
  const left = h("div", { class: "la-left" }, stage.element);
  body.append(left, code.card.element, ownPictures.panel.element);
  mount(panels, {
    above: (child) => stage.element.before(child),
    over: (child) => stage.element.append(child),
    below: (child) => left.append(child),
    page: (child) => body.append(child),
  });
  const watchers: Watcher[] = [playback, code, pinning, ...panels, ownPictures];
  const configureRun = (data: Scene): void => {
    code.configureRun(data);
    ownPictures.panel.configure(data);
  };
  const hostUpdates = new HostUpdates(context, probing);
  return {
    posterior,
    playback,
    probing,
    code,
    maps,
    hostUpdates,
    ownPictures,
    layout,
    editor,
    configureRun,
    watchers,
  };
}
