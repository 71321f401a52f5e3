/** A style sheet is imported as its text, made small and packed by the build: `wire/unpack.ts` gives it back. */
declare module "*.css" {
  const packed: string;
  export default packed;
}
