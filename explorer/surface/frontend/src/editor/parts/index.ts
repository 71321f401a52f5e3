/** Which parts is a map made of, and how do they know each other? Each part owns its panels; all are told of the state in one order. */

import type { Scene } from "../../data/run-on-map";
import { visiblePoints } from "../../kernel/derive";
import { TruePosteriorWords } from "../../layers/overlays/true-posterior/words";
import { HelpPanel } from "../../panels/help";
import { PANELS } from "../../panels/index";
import { LayersMenu } from "../../panels/layers-menu/panel";
import { Toolbar } from "../../panels/toolbar";
import { h } from "../../ui/dom";
import { count } from "../../ui/format";
import { COMMANDS, type CommandEditor, type EditorCommand, GESTURES, TOOLBAR } from "../commands";
import type { Context, Watcher } from "../context";
import { actionsOf } from "./actions";
import { Choices } from "./choices";
import { commandEditor } from "./command-editor";
import { python, savePicture, savePins } from "./exporting";
import { Finding } from "./finding";
import { HostUpdates } from "./host-updates";
import { Input } from "./input";
import { Maps } from "./maps";
import { OwnPictures } from "./own-pictures";
import { PageLayout } from "./page-layout";
import { Pinning } from "./pinning";
import { Playback } from "./playback";
import { Probing } from "./probing";
import { Scales } from "./scales";
import { ShownCode } from "./shown-code";

/** What the editor itself asks something of. */
export interface Parts {
  readonly posterior: TruePosteriorWords;
  readonly playback: Playback;
  readonly probing: Probing;
  readonly code: ShownCode;
  readonly scales: Scales;
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
  const menu: LayersMenu = new LayersMenu({
    background: (id) => choices.setBackground(id),
    tiles: (name) => choices.setTiles(name),
    overlay: (id) => choices.toggleOverlay(id),
    colour: (id) => choices.setColour(id),
    find: (text) => finding.find(text),
    select: (choice) => finding.select(choice),
    close: () => editor.escape(),
    savePicture: () => savePicture(context, code.card.decoded.canvas),
    savePins: () => savePins(context),
    python: () => python(context),
  });
  const choices = new Choices(context, menu);
  const finding = new Finding(context, probing, choices);
  const scales = new Scales(choices, () => finding.showHole());
  context.disposer.add(context.store.on(["layers"], () => scales.showField(context.state))); // another ground has no colours yet
  const maps = new Maps(context, playback, choices, (data) => {
    code.configure(data);
    finding.configure();
  });
  const pinning = new Pinning(context, probing, code.card);
  const actions = actionsOf(context, { probing, playback, pinning, maps });
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
  const toolbar = new Toolbar<CommandEditor>(
    TOOLBAR.map(([name, ids]) => [name, ids.flatMap((id) => COMMANDS.find((command) => command.id === id) ?? [])]),
    (command) => act(command, null),
    () => maps.leavePlane(),
  );
  const help = new HelpPanel([...COMMANDS.flatMap((one) => (one.help ? [one.help] : [])), ...GESTURES], () =>
    editor.escape(),
  );
  stage.element.append(help.element, menu.element);
  const left = h("div", { class: "la-left" }, toolbar.element, stage.element, scales.element);
  body.append(left, code.card.element, ownPictures.panel.element);
  for (const { slot, element } of panels)
    if (slot === "layers-menu") menu.add(element);
    else (slot === "below" ? left : body).append(element);
  const watchers: Watcher[] = [
    playback,
    code,
    choices,
    scales,
    pinning,
    ...panels,
    ownPictures,
    around(toolbar, help, menu),
  ];
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
    scales,
    maps,
    hostUpdates,
    ownPictures,
    layout,
    editor,
    configureRun,
    watchers,
  };
}

/** Title, buttons, and what lies over the map. */
function around(toolbar: Toolbar<CommandEditor>, help: HelpPanel, menu: LayersMenu): Watcher {
  let wasOpen: string | null = null;
  return {
    reads: ["data", "shown", "layers", "tool", "open", "host"],
    update({ state }) {
      const { data, shown, open } = state;
      const points = `${count(data.nPoints)} test images`;
      const visible = visiblePoints(data, shown);
      toolbar.setTitle(
        data.header.projection.title,
        visible < data.nPoints ? `${count(visible)} of ${points}` : points,
      );
      toolbar.setWayBack(data.plane ? data.hostTitle : null);
      toolbar.show(state);
      help.show(open === "help");
      menu.open(open === "layers");
      if (wasOpen && !open) toolbar.focus(wasOpen);
      wasOpen = open;
    },
  };
}
