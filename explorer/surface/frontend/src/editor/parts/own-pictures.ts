/** What of pictures of the person's own? The pad, where the host wants one, and the posterior of what is on it, else of the host's picture. */

import type { RunOnMap } from "../../data/run-on-map";
import type { Frame } from "../../kernel/extension";
import type { EncodedPicture, MapState } from "../../kernel/state";
import type { Pad, PadEvents } from "../../pad/pad";
import type { HostRecord } from "../../wire/payload";
import type { ImageShape, PictureProtocol, SubjectRecord } from "../../wire/schema";
import type { Context, Watcher } from "../context";
import type { Pinning } from "./pinning";
import type { Probing } from "./probing";

type MakePad = (shape: ImageShape, pad: PictureProtocol, events: PadEvents) => Pad;
let padMaker: MakePad | null = null;

/** Bundles that bring the pad say so; the others are smaller by it. */
export function offerPad(make: MakePad): void {
  padMaker = make;
}

export class OwnPictures implements Watcher {
  readonly reads: readonly (keyof MapState)[] = ["data", "host"];
  pad: Pad | null = null;
  private padKey = "";
  private drawnHeading = "";
  private last: MapState | null = null;

  constructor(
    private readonly context: Context,
    private readonly probing: Probing,
    private readonly pinning: Pinning,
    /** Puts the pad on the page. */
    private readonly stand: (pad: HTMLElement) => void,
  ) {}

  update({ state }: Frame): void {
    const { data, host } = state;
    const { last } = this;
    this.last = state;
    const { pad, pad_hands_over } = host.options;
    const key = pad ? JSON.stringify([data.header.run.id, pad]) : "";
    if (key !== this.padKey) {
      this.padKey = key;
      this.pad?.element.remove();
      this.pad?.dispose();
      this.pad = pad ? this.makePad(data, pad, pad_hands_over) : null;
      if (this.pad) this.place(this.pad);
      this.showSubject(host);
    } else if (last && data.model !== last.data.model) {
      this.pad?.again();
      this.showSubject(host);
    } else if (JSON.stringify(host.subject) !== JSON.stringify(last?.host.subject ?? null)) this.showSubject(host);
  }

  dispose(): void {
    this.pad?.dispose();
  }

  private place({ element }: Pad): void {
    this.stand(element);
    this.context.store.set({ ownPicture: "none yet" });
  }

  /** The host's picture; where it has none any more, such as after a file that is no picture, its marker goes. */
  private showSubject({ subject }: HostRecord): void {
    if (this.pad?.hasPicture) return;
    const isOfRun = subject?.mu.length === this.context.state.data.space.latentDim;
    this.showPosterior(subject && isOfRun ? encodedOf(subject) : null);
  }

  private makePad({ header: { run } }: RunOnMap, pad: PictureProtocol, handsOver: boolean): Pad | null {
    const { context, probing } = this;
    const { callbacks } = context;
    const events: PadEvents = {
      encode: (x) => context.state.data.model.encode(x),
      decode: (z) => context.state.data.model.decodeShared(z),
      decimals: () => context.state.data.decimals.z,
      label: () => context.state.data.decodedAs,
      drawn: (drawing) => this.showDrawing(drawing),
      pin: (z, label) => {
        probing.toCode(z, label);
        this.pinning.pin();
      },
      handOver: handsOver && callbacks.onPicture ? (png, name, off) => callbacks.onPicture?.(png, name, off) : null,
      say: (sentence) => context.reader.now(sentence),
      show: () => context.store.set({ tab: "draw", isSideOpen: true }),
    };
    return padMaker?.(run.image_shape, pad, events) ?? null;
  }

  private showDrawing(drawing: EncodedPicture | null): void {
    this.showPosterior(drawing);
    const heading = drawing ? `${capitalised(drawing.label)}, decoded` : "";
    const { probe } = this.context.state;
    if (drawing) this.probing.toCode(drawing.mu, heading);
    else if (probe.from === "code" && probe.heading === this.drawnHeading) this.probing.toPlace(probe.at); // what was drawn is gone, its code too
    this.drawnHeading = heading;
  }

  private showPosterior(own: EncodedPicture | null): void {
    const logvar = own?.std.map((value) => 2 * Math.log(value)) ?? [];
    const ownPicture = own?.x ? { x: own.x, q: { mu: own.mu, logvar } } : this.pad ? "none yet" : null;
    this.context.store.set({ ownPicture, encoded: own });
    if (own) this.probing.bring(this.context.state.data.placeOf(own.mu)); // its marker is what one looks for
  }
}

function encodedOf({ label, mu, std, x }: SubjectRecord): EncodedPicture {
  const bytes = x === null ? null : Float32Array.from(atob(x), (letter) => letter.charCodeAt(0) / 255);
  return { label, mu, std, x: bytes };
}

function capitalised(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
