/** What gains from a fused multiply-add, compiled once more for relaxed SIMD: it replaces these functions of `page.ts`. */

export { convolve, product } from "./convolution";
