/** What does the host want now? Its last word and the one before decide what changes; between two words the person's choice counts. */

import type { RunOnMap } from "../../data/run-on-map";
import { endsOf } from "../../kernel/path-ends";
import { allPins, reducePins } from "../../kernel/pins";
import type { LayerChoice, MapState, Probe } from "../../kernel/state";
import type { HostRecord } from "../../wire/payload";
import type { Context } from "../context";
import type { Loaded } from "./maps";
import type { Probing } from "./probing";

export class HostUpdates {
  private layerDefaults = "";
  private before: HostRecord | null = null;

  constructor(
    private readonly context: Context,
    private readonly probing: Probing,
  ) {}

  /** loaded: what came with it of run and map; null for the same. */
  apply(host: HostRecord, loaded: Loaded | null): void {
    const { before, context } = this;
    this.before = host;
    const { state, store } = context;
    const isNewMap = loaded?.isNewMap ?? false;
    const next = { ...state, ...loaded?.patch, host };
    const now = performance.now();
    const pins = reducePins(next.pins, { kind: "confirmed", known: host.pins, taken: host.taken }, now);
    const isSamePath = JSON.stringify(host.walk) === JSON.stringify(before?.walk ?? null);
    this.joinOthers(host, before, isNewMap);
    store.set({
      ...loaded?.patch,
      host,
      pins,
      path: isSamePath ? next.path : { ...next.path, ends: endsOf(host.walk, allPins(pins)) },
      layers: this.withDefaults(next.layers, host, isNewMap),
      probe: probeFor(next, before, isNewMap),
    });
    if (host.options.hint) context.hint.show(host.options.pinnable);
  }

  /** The host's wish counts when it changes. */
  private withDefaults(layers: LayerChoice, { options }: HostRecord, isNewMap: boolean): LayerChoice {
    const key = `${options.manifold} ${options.rings}`;
    if (key === this.layerDefaults && !isNewMap) return layers;
    this.layerDefaults = key;
    const background = options.manifold ? "manifold" : layers.background === "manifold" ? "none" : layers.background;
    return { ...layers, background, on: { ...layers.on, rings: options.rings } };
  }

  private joinOthers({ options, exact }: HostRecord, before: HostRecord | null, isNewMap: boolean): void {
    const { link } = this.probing;
    link.join(options.link);
    // by its label: the code of the same image is another one after a change of the run
    if (before && exact?.label !== before.exact?.label) link.forget();
    else if (isNewMap || options.link !== before?.options.link) link.catchUp();
  }
}

/** Where the host puts the probe, if it does. */
export function probeFor(next: MapState, before: HostRecord | null, isNewMap: boolean): Probe {
  const { data, host } = next;
  const probe: Probe = isNewMap ? { from: "map", at: host.probe ?? data.startPlace() } : next.probe;
  const asked = isNewMap || codeText(host) !== codeText(before) ? exactProbe(data, host, probe) : probe;
  const hasMoved = !isNewMap && host.probe !== null && String(host.probe) !== String(before?.probe ?? "");
  if (!hasMoved || host.probe === null) return asked;
  return { ...asked, at: data.plane && asked.from !== "map" ? data.placeOf(asked.z) : host.probe };
}

/** The host's code at the probe's place; a path that is shown goes on. */
function exactProbe(data: RunOnMap, { exact }: HostRecord, probe: Probe): Probe {
  const { at } = probe;
  if (probe.from === "path") return probe;
  if (!exact || exact.z.length !== data.space.latentDim) return { from: "map", at };
  return { from: "code", at, z: exact.z, heading: exact.label };
}

function codeText(host: HostRecord | null): string {
  return String(host?.exact?.z ?? null);
}
