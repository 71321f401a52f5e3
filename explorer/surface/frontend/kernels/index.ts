/** What the module offers: `src/engine/kernels.ts` has the types, `src/engine/scalar.ts` the same in plain TypeScript. */

export {
  collect,
  convolve,
  copyRows,
  fillRows,
  frame,
  patches,
  product,
  scatter,
  spread,
  unframe,
  unpatch,
} from "./convolution";
export { activate, activateBack, addColumns, addRows, addScaled } from "./elements";
export { adam, bernoulli, squares } from "./learning";
export { stamp, straighten } from "./raster";
