/** Which networks can be asked for by a few words? Dense ones; a page that wants others writes the operations itself. */

import { product } from "../../wire/payload";
import type { ActivationKind, ImageShape, Op } from "../../wire/schema";
import type { Shape } from "../plan";
import type { VaeRecord } from "./records";

export interface DenseWords extends Pick<VaeRecord, "imageShape" | "latentDim" | "likelihood"> {
  /** Widths from the image to the code; none makes a linear model. */
  readonly hidden: readonly number[];
  readonly activation?: ActivationKind;
  readonly sigma?: number;
  readonly learnsSigma?: boolean;
  readonly isDeterministic?: boolean;
}

/** Dense layers both ways; arrays have the names that torch gives them in the trainer's runs. */
export function dense(words: DenseWords): VaeRecord {
  const { imageShape, latentDim, hidden, likelihood } = words;
  const { activation = "relu", sigma = 1, learnsSigma = false, isDeterministic = false } = words;
  const pixels = product(imageShape);
  const shapes: Record<string, Shape> = {};
  const encoder: Op[] = [{ op: "flatten" }];
  const decoder: Op[] = [];
  const answer = isDeterministic ? latentDim : 2 * latentDim;
  addLayers(encoder, "encoder", [pixels, ...hidden, answer], activation, shapes);
  addLayers(decoder, "decoder", [latentDim, ...[...hidden].reverse(), pixels], activation, shapes);
  decoder.push({ op: "unflatten", shape: imageShape as ImageShape });
  return { imageShape, latentDim, encoder, decoder, shapes, likelihood, sigma, learnsSigma, isDeterministic };
}

function addLayers(
  ops: Op[],
  network: string,
  widths: readonly number[],
  kind: ActivationKind,
  shapes: Record<string, Shape>,
): void {
  for (let i = 1; i < widths.length; i++) {
    if (i > 1) ops.push({ op: "activation", kind });
    const name = `${network}.${ops.length}`;
    shapes[`${name}.weight`] = [widths[i], widths[i - 1]];
    shapes[`${name}.bias`] = [widths[i]];
    ops.push({ op: "linear", weight: `${name}.weight`, bias: `${name}.bias` });
  }
}
