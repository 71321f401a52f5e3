/** How does a picture get the margin that a convolution looks at? One padded copy for all pictures of a batch, none where the margin is empty. */

import type { Maker, Tensor } from "../plan";

export interface Margin {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** A picture with a margin of zeros, one of the batch at a time. */
export interface Framed {
  readonly margin: Margin;
  readonly width: number;
  /** Numbers of one channel. */
  readonly plane: number;
  /** Address of picture i; good until the next is asked for. */
  of(i: number): number;
  /** Where the gradient of picture i is added up, given the address of all. */
  gradientOf(i: number, dx: number): number;
  /** Brings it to where it belongs. */
  endGradient(i: number, dx: number): void;
}

export function frameFor(x: Tensor, margin: Margin, make: Maker): Framed {
  const [channels, height, width] = x.shape;
  const [fullH, fullW] = [height + margin.top + margin.bottom, width + margin.left + margin.right];
  const { kernels } = make.arena;
  const shared = { margin, width: fullW, plane: fullH * fullW };
  if (fullH === height && fullW === width) {
    return {
      ...shared,
      of: (i) => x.at + 4 * i * x.size,
      gradientOf: (i, dx) => dx + 4 * i * x.size,
      endGradient: () => {},
    };
  }
  const padded = make.scratch(channels * fullH * fullW);
  const gradient = make.learns ? make.scratch(channels * fullH * fullW) : 0;
  const inner = make.learns ? make.scratch(x.size) : 0;
  return {
    ...shared,
    of: (i) => {
      kernels.frame(channels, height, width, x.at + 4 * i * x.size, padded, margin.top, margin.left, fullH, fullW);
      return padded;
    },
    gradientOf: () => {
      make.arena.at(gradient, channels * fullH * fullW).fill(0);
      return gradient;
    },
    endGradient: (i, dx) => {
      kernels.unframe(channels, height, width, gradient, inner, margin.top, margin.left, fullH, fullW);
      kernels.addScaled(x.size, 1, inner, dx + 4 * i * x.size);
    },
  };
}
