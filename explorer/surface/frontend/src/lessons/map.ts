/** What of the map on the page can a lesson's task be about? */

import type { Watched } from "../data/watched";
import { choiceOf } from "../kernel/path-ends";
import { allPins } from "../kernel/pins";
import type { ScreenSource } from "../kernel/screen";

/** Classes of the pictures of codes, by run and code: each is asked for once. */
export type KnownClasses = Map<string, string>;

export function watchedMap(source: ScreenSource, known: KnownClasses): Watched {
  const { data, reading, view, selection, path, layers, colourBy, tab, pins } = source.state();
  const all = allPins(pins);
  const { id: run } = data.header.run;
  const nameOf = (label: number): string => data.className(label) ?? "";
  const classOf = (z: readonly number[]): string => {
    const key = `${run} ${z.join()}`;
    const found = known.get(key) ?? nameOf(source.looks(z));
    known.set(key, found);
    return found;
  };
  return {
    run,
    numbers: { pins: all.length, support: reading.support, zoom: view.zoom, selected: selection.indices.length },
    names: {
      pins: all.map(({ z }) => classOf(z)),
      class: reading.looks ? [nameOf(reading.looks.label)] : [],
      path: [choiceOf(path.ends, all)?.kind ?? "none"],
      map: [data.header.projection.name],
      background: [layers.background],
      layer: Object.keys(layers.on).filter((id) => layers.on[id]),
      colour: [colourBy.id],
      tab: [tab],
    },
  };
}
