// How do the kernels become part of the bundles? Compiled here, and written as text into src/engine/modules.ts and, for pages
// that only look, page-modules.ts, which are committed: nothing is fetched at run time, so that a page opened from disk has them too. The same
// sources and compiler give the same bytes.
//
// `node kernels/build.mjs --check` only says whether the committed files are what their sources give.

import { readFile, writeFile } from "node:fs/promises";
import asc from "assemblyscript/asc";
import { packed } from "../pack.mjs";

/** Where the arena's numbers begin: the modules' constants lie before, or the compiler refuses them. */
const KERNEL_BYTES = 256;
const OPTIONS = [
  "--runtime",
  "stub",
  "--noAssert",
  "-O3",
  "--shrinkLevel",
  "1",
  "--importMemory",
  "--memoryBase",
  "16",
  "--lowMemoryLimit",
  `${KERNEL_BYTES}`,
  "--enable",
  "simd",
];

async function compiled(name, ...more) {
  const files = {};
  const { error, stderr } = await asc.main(
    // vectors pass between functions of the module only
    [`kernels/${name}.ts`, "--outFile", "module.wasm", "--disableWarning", "112", ...OPTIONS, ...more],
    { writeFile: (file, contents) => (files[file] = contents) },
  );
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return Buffer.from(files["module.wasm"]);
}

const relaxed = await compiled("relaxed", "--enable", "relaxed-simd");

function textOf(simd, what) {
  return `/** WebAssembly modules, written by kernels/build.mjs from kernels/*.ts: do not edit. */

/** ${what} for plain SIMD, then those that gain from a fused multiply-add for relaxed SIMD: as \`pack.mjs\` packs them, in base64. */
export const MODULES =
  "${Buffer.from(packed(Buffer.concat([simd, relaxed]))).toString("base64")}";

/** Bytes of the first of them. */
export const SIMD_BYTES = ${simd.length};

/** Bytes at the beginning of an arena's memory where their constants lie; address 0 means "none". */
export const KERNEL_BYTES = ${KERNEL_BYTES};
`;
}

const files = {
  "modules.ts": textOf(await compiled("index"), "All kernels"),
  // in its place in the programs of pages, where nothing learns: build.mjs sees to it
  "page-modules.ts": textOf(await compiled("page"), "Kernels of pages that only look,"),
};
for (const [name, text] of Object.entries(files)) {
  const to = `src/engine/${name}`;
  if (!process.argv.includes("--check")) await writeFile(to, text);
  else if ((await readFile(to, "utf8")) !== text) {
    console.error(`${to} is not what kernels/ gives: run npm run kernels and commit it.`);
    process.exit(1);
  }
}
