/** All that what learns needs: the same, and what gradients are made with. */

export { patches, spread, unframe, unpatch } from "./convolution";
export { activateBack, addColumns, addRows, addScaled } from "./elements";
export { adam, fromBytes, squares } from "./learning";
export * from "./page";
