/** Which networks can be asked for by a few words? Dense and convolutional ones; a page that wants others writes the operations itself. */

import { product } from "../../wire/payload";
import type { ActivationKind, ImageShape, Op, Sides } from "../../wire/schema";
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

/** The same of a small convolutional network. */
export interface NetworkWords extends DenseWords {
  /** `hidden` are channels of convolutions that halve the picture, each mirrored in the decoder. */
  readonly isConvolutional?: boolean;
}

/** Of the dense layer between the feature maps and the code, as in the trainer's convolutional networks. */
export const CONV_HEAD = 256;

export function networkOf(words: NetworkWords): VaeRecord {
  return words.isConvolutional ? convolutional(words) : dense(words);
}

/** Dense layers both ways; arrays have the names that torch gives them in the trainer's runs. */
export function dense(words: DenseWords): VaeRecord {
  const { imageShape, latentDim, hidden, likelihood } = words;
  const { activation = "relu" } = words;
  const pixels = product(imageShape);
  const shapes: Record<string, Shape> = {};
  const encoder: Op[] = [{ op: "flatten" }];
  const decoder: Op[] = [];
  addLayers(encoder, "encoder", [pixels, ...hidden, answerOf(words)], activation, shapes);
  addLayers(decoder, "decoder", [latentDim, ...[...hidden].reverse(), pixels], activation, shapes);
  decoder.push({ op: "unflatten", shape: imageShape as ImageShape });
  return { imageShape, latentDim, encoder, decoder, shapes, likelihood, ...pixelsOf(words) };
}

/** Height and width of the picture, and after each of n convolutions: every stride of 2 halves, rounding up. */
export function featureSizes([, height, width]: ImageShape, n: number): Sides[] {
  const sizes: Sides[] = [[height, width]];
  for (let i = 0; i < n; i++) sizes.push([Math.ceil(sizes[i][0] / 2), Math.ceil(sizes[i][1] / 2)]);
  return sizes;
}

/** The trainer's convolutional network, layer by layer: 3 × 3 with stride 2, a dense layer; back by 4 × 4 with stride 2. */
function convolutional(words: NetworkWords): VaeRecord {
  const { imageShape, latentDim, hidden, likelihood, activation = "relu" } = words;
  const shapes: Record<string, Shape> = {};
  const [encoder, decoder]: [Op[], Op[]] = [[], []];
  const sizes = featureSizes(imageShape, hidden.length);
  const channels = [imageShape[0], ...hidden];
  const top: ImageShape = [channels[hidden.length], ...sizes[hidden.length]];
  for (let i = 0; i < hidden.length; i++) {
    const names = named(shapes, `encoder.${encoder.length}`, [channels[i + 1], channels[i], 3, 3], channels[i + 1]);
    encoder.push({ op: "conv2d", ...names, ...HALVING }, { op: "activation", kind: activation });
  }
  encoder.push({ op: "flatten" });
  addLayers(encoder, "encoder", [product(top), CONV_HEAD, answerOf(words)], activation, shapes);
  addLayers(decoder, "decoder", [latentDim, CONV_HEAD, product(top)], activation, shapes);
  decoder.push({ op: "activation", kind: activation }, { op: "unflatten", shape: top });
  for (let i = hidden.length - 1; i >= 0; i--) {
    const [height, width] = sizes[i];
    const names = named(shapes, `decoder.${decoder.length}`, [channels[i + 1], channels[i], 4, 4], channels[i]);
    decoder.push({ op: "conv_transpose2d", ...names, ...HALVING, output_padding: [0, 0] });
    const isOdd = 2 * sizes[i + 1][0] !== height || 2 * sizes[i + 1][1] !== width;
    if (isOdd) decoder.push({ op: "crop", height, width });
    if (i > 0) decoder.push({ op: "activation", kind: activation });
  }
  const bias = `decoder.${decoder.length}.bias`;
  shapes[bias] = imageShape;
  decoder.push({ op: "bias", bias });
  return { imageShape, latentDim, encoder, decoder, shapes, likelihood, ...pixelsOf(words) };
}

const HALVING = { stride: [2, 2], padding: [1, 1], dilation: [1, 1], groups: 1 } as const;

/** Numbers that the encoder gives: mu and logvar, or the code alone. */
function answerOf({ isDeterministic = false, latentDim }: DenseWords): number {
  return isDeterministic ? latentDim : 2 * latentDim;
}

function pixelsOf({
  sigma = 1,
  learnsSigma = false,
  isDeterministic = false,
}: DenseWords): Pick<VaeRecord, "sigma" | "learnsSigma" | "isDeterministic"> {
  return { sigma, learnsSigma, isDeterministic };
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
    const names = named(shapes, `${network}.${ops.length}`, [widths[i], widths[i - 1]], widths[i]);
    ops.push({ op: "linear", ...names });
  }
}

/** Notes the shapes of a layer's weights, and says their names. */
function named(
  shapes: Record<string, Shape>,
  layer: string,
  weights: Shape,
  biases: number,
): { readonly weight: string; readonly bias: string } {
  const [weight, bias] = [`${layer}.weight`, `${layer}.bias`];
  shapes[weight] = weights;
  shapes[bias] = [biases];
  return { weight, bias };
}
