/** How probable is the image where on the plane? log p(x|z) and log p(z), nats, and the decoded picture of a code. */

import { logLikelihoodsOf, meansIn } from "../../engine/likelihoods";
import { Network, Workspace } from "../../engine/network";
import { PayloadError } from "../../wire/errors";
import type { Subject } from "../../wire/piece";

/** log p(x|z), nats, of n places (x, y pairs): a new array or one that is overwritten by the next call. */
export type LogDensity = (places: Float32Array, n: number) => ArrayLike<number>;

const LOG_2PI = Math.log(2 * Math.PI);

/** log N(z; 0, I) in the plane. */
export function logPrior(x: number, y: number): number {
  return -0.5 * (x * x + y * y) - LOG_2PI;
}

/** What the decoder says of one image. */
export class Density {
  private readonly network: Network;
  private readonly workspace = new Workspace();
  private readonly toMean: ReturnType<typeof meansIn>;
  readonly logLikelihood: LogDensity;

  constructor({ header, weights, picture }: Subject) {
    this.network = new Network(header.decoder, [2], weights, 0, this.workspace);
    if (this.network.outputSize !== picture.length)
      throw new PayloadError("The decoder gives another number of pixels than the image has.");
    const scores = logLikelihoodsOf(header, this.workspace.arena, picture.length);
    if (!scores) throw new PayloadError("This run does not say all that p(x|z) depends on.");
    this.toMean = meansIn(header.likelihood);
    this.logLikelihood = (places, n) => scores(this.network.runMany(places, n), n, picture);
  }

  /** The mean picture of p(x|z): overwritten by the next call. */
  picture(x: number, y: number): Float32Array {
    return this.network.run([x, y], this.toMean);
  }
}
