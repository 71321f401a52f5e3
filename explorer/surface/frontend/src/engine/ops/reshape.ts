/** Which layers only lay numbers out anew, or add one to each pixel? */

import { product } from "../../wire/payload";
import { expectFit, type Plan, type Weights } from "../plan";

export function planUpsample(scale: number, shape: readonly number[]): Plan {
  expectFit(shape.length === 3 && Number.isInteger(scale) && scale >= 1, "upsample", shape);
  const [channels, height, width] = shape;
  const y = new Float32Array(product(shape) * scale * scale);
  return {
    shape: [channels, height * scale, width * scale],
    run: (x) => {
      for (let row = 0, to = 0; row < channels * height * scale; row++) {
        const from = Math.floor(row / scale) * width;
        for (let col = 0; col < width; col++) {
          for (let n = 0; n < scale; n++) y[to++] = x[from + col];
        }
      }
      return y;
    },
  };
}

export function planUnflatten(wanted: readonly number[], shape: readonly number[]): Plan {
  expectFit(product(wanted) === product(shape), `unflatten to ${wanted.join("×")}`, shape);
  return { shape: wanted, run: (x) => x };
}

export function planCrop(height: number, width: number, shape: readonly number[]): Plan {
  const [channels, fullH, fullW] = shape;
  expectFit(shape.length === 3 && height <= fullH && width <= fullW, `crop to ${height}×${width}`, shape);
  const y = new Float32Array(channels * height * width);
  return {
    shape: [channels, height, width],
    run: (x) => {
      for (let c = 0, to = 0; c < channels; c++) {
        for (let row = 0; row < height; row++) {
          const from = (c * fullH + row) * fullW;
          for (let col = 0; col < width; col++) y[to++] = x[from + col];
        }
      }
      return y;
    },
  };
}

export function planBias(name: string, shape: readonly number[], weights: Weights): Plan {
  const bias = weights.floats(name);
  expectFit(bias.length === product(shape), "bias", shape);
  return {
    shape,
    run: (x) => {
      for (let i = 0; i < x.length; i++) x[i] += bias[i];
      return x;
    },
  };
}
