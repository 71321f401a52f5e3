/** Which parts is a map made of, and how do they know each other? Parts do what tools, commands and panels ask; all are told of the state in one order. */

import type { Panel } from "../../kernel/extension";
import { Compositor } from "../../layers/compositor";
import { LAYER_PANELS, LAYERS } from "../../layers/index";
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
import { paletteEntries } from "./palette";
import { Pinning } from "./pinning";
import { Playback } from "./playback";
import { Presenting } from "./presenting";
import { Probing } from "./probing";
import { ScreenPart } from "./screen";

/** What the editor itself asks something of. */
export interface Parts {
  readonly finding: Finding;
  readonly playback: Playback;
  readonly probing: Probing;
  readonly maps: Maps;
  readonly hostUpdates: HostUpdates;
  readonly ownPictures: OwnPictures;
  readonly panels: readonly Panel[];
  readonly layout: PageLayout;
  readonly screen: ScreenPart;
  readonly compositor: Compositor;
  readonly commands: CommandEditor;
  /** In the order in which they are told of the state. */
  readonly watchers: readonly Watcher[];
}

/** root: of the whole surface · body: what is hidden while there is no map. */
export function makeParts(context: Context, root: HTMLElement, body: HTMLElement): Parts {
  const { stage } = context;
  const playback = new Playback(context);
  const probing = new Probing(context, playback);
  const choices = new Choices(context);
  const finding = new Finding(context, probing, choices);
  const maps = new Maps(context, playback, choices);
  const pinning = new Pinning(context);
  const run = (id: string): void => {
    const command = COMMANDS.find((one) => one.id === id);
    if (command) act(command, null);
  };
  const actions = actionsOf(context, { probing, playback, pinning, maps, choices, finding }, run, () =>
    paletteEntries(context, choices, panels, run),
  );
  const panels: Panel[] = [...PANELS, ...LAYER_PANELS].map((Made) => new Made(actions));
  const left = h("div", { class: "la-left" }, stage.element);
  body.append(left);
  const fit = mount(panels, {
    above: (child) => stage.element.before(child),
    over: (child) => stage.element.append(child),
    below: (child) => left.append(child),
    side: (child) => body.append(child),
  });
  const draw = panels.flatMap(({ places }) => places?.["tab-draw"] ?? []);
  const ownPictures = new OwnPictures(context, probing, pinning, (pad) => draw.forEach((stand) => void stand(pad)));
  new Presenting(root, context); // it says how large letters are before the page is measured
  const layout = new PageLayout(root, context, fit);
  const commands = commandEditor(context, { playback, probing, pinning, choices, finding, actions, maps });
  const act = (command: EditorCommand, key: KeyboardEvent | null): void => {
    if (command.enabled?.(context.state) !== false) command.run(commands, key);
  };
  new Input(context, actions, act);
  const hostUpdates = new HostUpdates(context, probing);
  const watchers: Watcher[] = [playback, ownPictures, ...panels];
  return {
    finding,
    playback,
    probing,
    maps,
    hostUpdates,
    ownPictures,
    panels,
    layout,
    screen: new ScreenPart(context, choices, maps, ownPictures, pinning, playback, probing, finding),
    compositor: new Compositor(stage, LAYERS),
    commands,
    watchers,
  };
}
