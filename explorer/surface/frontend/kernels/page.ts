/** What a page needs that only looks: `src/engine/kernels.ts` has the types, `src/engine/scalar.ts` the same in plain TypeScript. */

export { collect, convolve, copyRows, fillRows, frame, product, scatter } from "./convolution";
export { activate } from "./elements";
export { bernoulli } from "./learning";
export { stamp, straighten } from "./raster";
