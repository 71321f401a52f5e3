/** Where is what one looks for? A test image by its number, a class by its name, a region that the codes leave out. */

import type { Hole } from "../../data/holes";
import type { RunOnMap } from "../../data/run-on-map";
import { type Choice, named } from "../../data/selection";
import { visibleExtent } from "../../geometry/camera";
import { offered } from "../../kernel/layer-choice";
import type { PaletteEntry } from "../../kernel/palette-entries";
import { allShown, only } from "../../kernel/shown-classes";
import { LAYERS } from "../../layers/index";
import { classWords, count, distance, percent } from "../../ui/format";
import { SUPPORT_NEIGHBOUR } from "../../wire/schema";
import type { Context } from "../context";
import type { Choices } from "./choices";
import type { Probing } from "./probing";

/** A link has six digits of a code. */
const SAME_PLACE = 1e-4;
const NONE_FOUND = "No point selected: none is shown there.";

export class Finding {
  private nextHole = 0;
  /** Of which map. */
  private searched: RunOnMap | null = null;

  constructor(
    private readonly context: Context,
    private readonly probing: Probing,
    private readonly choices: Choices,
  ) {}

  /** Test images by their number ("1192", "#1192", "image 1192"), classes by their name, or what it begins with ("class 7", "sneak"). */
  found(text: string): PaletteEntry[] {
    const { data } = this.context.state;
    const [, kind = "", wanted] = /^(?:(image|class|#)\s*)?(.*)$/.exec(text.toLowerCase()) ?? [];
    if (!wanted && kind !== "class") return [];
    const isNumber = /^\d+$/.test(wanted);
    const classes = kind === "" || kind === "class" ? classesOf(data, wanted).filter((k) => data.perClass[k] > 0) : [];
    const images = isNumber && kind !== "class" ? [this.imageEntry(wanted)] : [];
    return [...classes.map((label) => this.classEntry(label)), ...images];
  }

  private classEntry(label: number): PaletteEntry {
    const { store, state } = this.context;
    const { data } = state;
    const words = `${count(data.perClass[label])} points`;
    const run = (): void => {
      store.set({ shown: only(data.nClasses + 1, label) });
      this.context.say(`Only ${classWords(data.className(label))} is shown: ${words}.`);
    };
    return { name: `Only ${classWords(data.className(label))}`, what: words, key: "", run };
  }

  private imageEntry(number: string): PaletteEntry {
    const { store, state } = this.context;
    const { data } = state;
    const i = data.pointOf(Number(number));
    const name = `Test image ${number}`;
    if (i < 0)
      return { name, what: `is not there: they go from 0 to ${count(data.nPoints - 1)}`, key: "", run: () => {} };
    const what = data.labels[i] < 0 ? "" : classWords(data.className(data.labels[i]));
    const run = (): void => {
      store.set({ shown: allShown(data.nClasses) });
      this.probing.flyTo(i);
      this.context.say([name, what].filter(Boolean).join(", "));
    };
    return { name, what, key: "", run };
  }

  /** Points named instead of drawn around. Returns why there are none. */
  select(choice: Choice): string {
    const { state, store, derived, viewport, stage, reader } = this.context;
    const seen = visibleExtent(viewport.camera, stage.plot);
    const found = named(state.data, choice, state.shown, derived.code, seen);
    store.set({ selection: { indices: found, outline: [] } });
    reader.now(found.length ? `${count(found.length)} points selected` : NONE_FOUND);
    return found.length ? "" : NONE_FOUND;
  }

  showHole(): void {
    const { context } = this;
    const { data, layers } = context.state;
    if (data.space.latentDim < 2) return;
    if (!data.logvar) return context.say("This model has no prior, so there is nothing that its codes leave out.");
    if (layers.background !== "holes" && offered(LAYERS, data, "background", "holes"))
      this.choices.setBackground("holes");
    const { holes, share } = data.holes(); // asked for by name: worth a short wait
    if (data !== this.searched) this.nextHole = 0;
    this.searched = data;
    const rank = this.nextHole++ % Math.max(1, holes.length);
    const hole = holes[rank];
    if (!hole) return context.say(noHoleWords(data));
    this.probing.toCode(hole.z, holeName(rank, holes.length));
    this.probing.bring(context.state.probe.at);
    context.say(holeWords(data, hole, rank + 1, holes.length, share));
  }

  /** What was said when a hole was shown, for a link that shows it; nothing of any other code. */
  sayOfHole({ z, heading }: { readonly z: readonly number[]; readonly heading: string }): void {
    const { data } = this.context.state;
    if (!/^Hole \d+ of \d+$/.test(heading) || !data.logvar) return;
    const { holes, share } = data.holes();
    const isHere = (one: Hole): boolean => one.z.every((value, k) => Math.abs(value - z[k]) < SAME_PLACE);
    const rank = holes.findIndex((one, i) => heading === holeName(i, holes.length) && isHere(one));
    if (rank < 0) return;
    [this.searched, this.nextHole] = [data, rank + 1];
    this.context.say(holeWords(data, holes[rank], rank + 1, holes.length, share));
  }
}

function holeName(rank: number, n: number): string {
  return `Hole ${rank + 1} of ${n}`;
}

/** The class of that name, else those whose name has a word that begins so. */
function classesOf(data: RunOnMap, wanted: string): number[] {
  const names = Array.from({ length: data.nClasses }, (_, k) => (data.className(k) ?? "").toLowerCase());
  const exact = names.indexOf(wanted);
  if (exact >= 0) return [exact];
  if (!wanted) return names.map((_, k) => k);
  return names.flatMap((name, k) => (` ${name}`.includes(` ${wanted}`) && !/^\d+$/.test(wanted) ? [k] : []));
}

/** What is known of a hole; in more than two dimensions of the sample that shows it. */
function holeWords({ nPoints }: RunOnMap, { expected, radius }: Hole, rank: number, n: number, share: number): string {
  if (expected === null)
    return `Hole ${rank} of ${n}: ${percent(share)} of samples from the prior have low density of encoded images, and this sample is one of them. Its point on the map is only the nearest.`;
  const samples = count(Math.round(expected));
  return `Hole ${rank} of ${n}: of ${count(nPoints)} samples from the prior about ${samples} lie within ${distance(radius)} of here, of the ${count(nPoints)} encoded images ${SUPPORT_NEIGHBOUR - 1}.`;
}

function noHoleWords({ space }: RunOnMap): string {
  return space.latentDim === 2
    ? "No hole: wherever the prior puts much probability, encoded images are near."
    : "No hole: none of 500 samples from the prior has low density of encoded images.";
}
