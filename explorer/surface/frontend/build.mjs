// How does src/ become the one committed file ../dist/surface.js? The same sources and versions give the same bytes.
import { build } from "esbuild";

const result = await build({
  entryPoints: ["src/index.ts"],
  outfile: "../dist/surface.js",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2021",
  charset: "utf8",
  legalComments: "none",
  banner: { js: "/* Latent Atlas surface. Contains parts of d3 (ISC, Mike Bostock). */" },
  metafile: true,
  logLevel: "warning",
});
const [[path, { bytes }]] = Object.entries(result.metafile.outputs);
console.log(`${path}: ${(bytes / 1000).toFixed(1)} kB`);
