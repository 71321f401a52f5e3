// How does src/ become the committed files of ../dist? The same sources and versions give the same bytes.
//   surface.js   the surface, and Streamlit's entry         studio.js  the same with the drawing pad
//   hosts.js   the page around it with the pad: the file from disk, the notebook
//   clinic.js    the clinic's live charts
//   surface.css  page.css   their style sheets once more, because a page's policy names each by its hash

import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

/** d3's four ramps of one file are calls, which a bundler keeps although three are never used: said to be pure, those go. */
const unusedRamps = {
  name: "unused-ramps",
  setup: ({ onLoad }) =>
    onLoad({ filter: /viridis\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8"))
        .replaceAll(/(ramp|colors)\("?/g, (call) => `/* @__PURE__ */ ${call}`)
        .replace("function /* @__PURE__ */ ", "function "),
    })),
};

const common = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2021",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  plugins: [unusedRamps],
};
const banner = { js: "/* Latent Atlas surface. Contains parts of d3 (ISC, Mike Bostock). */" };

for (const name of ["surface", "studio", "hosts", "clinic"]) {
  const outfile = `../dist/${name}.js`;
  const { metafile } = await build({
    ...common,
    entryPoints: [`src/entries/${name}.ts`],
    outfile,
    banner,
    metafile: true,
  });
  const [[path, { bytes }]] = Object.entries(metafile.outputs);
  console.log(`${path}: ${(bytes / 1000).toFixed(1)} kB`);
}
for (const [source, constant, name] of [
  ["ui/style", "STYLE", "surface"],
  ["ui/page-style", "PAGE_STYLE", "page"],
]) {
  const { outputFiles } = await build({ ...common, entryPoints: [`src/${source}.ts`], write: false });
  const module = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
  await writeFile(`../dist/${name}.css`, module[constant]);
}
