/** A style sheet is imported as its text, made small and packed by the build: `wire/unpack.ts` gives it back. */
declare module "*.css" {
  const packed: string;
  export default packed;
}

/** The text of `learner.js`, which the build puts in place: what a page starts a worker with. */
declare module "learner-program" {
  const program: string;
  export default program;
}
