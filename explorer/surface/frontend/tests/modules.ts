/** What do the source files import of each other, types included? Read from their text. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface Module {
  /** Path within src, without its ending. */
  readonly name: string;
  readonly folder: string;
  readonly text: string;
  /** Names of the modules of ours that it imports. */
  readonly imports: readonly string[];
}

const SRC = join(import.meta.dirname, "..", "src");
const IMPORT = /^(?:import|export)\b[^;"]*\bfrom "(\.[^"]+)"/gm;

export function modules(): Module[] {
  return (readdirSync(SRC, { recursive: true }) as string[])
    .filter((path) => path.endsWith(".ts"))
    .map((path) => {
      const text = readFileSync(join(SRC, path), "utf8");
      const found = [...text.matchAll(IMPORT)].map(([, to]) => normalize(join(dirname(path), to)));
      const imports = [...new Set(found)].filter((to) => !to.endsWith(".css"));
      return { name: path.slice(0, -3), folder: dirname(path), text, imports };
    });
}

/** The style sheets: path within src, and text. */
export function sheets(): { readonly name: string; readonly text: string }[] {
  return (readdirSync(SRC, { recursive: true }) as string[])
    .filter((path) => path.endsWith(".css"))
    .map((path) => ({ name: path, text: readFileSync(join(SRC, path), "utf8") }));
}

/** Both ways: what is found and not allowed, and what is allowed and not found, so that lists of exceptions only shrink. */
export function differences(
  found: Iterable<string>,
  allowed: ReadonlySet<string>,
): { added: string[]; strike: string[] } {
  const all = new Set(found);
  return {
    added: [...all].filter((words) => !allowed.has(words)).sort(),
    strike: [...allowed].filter((words) => !all.has(words)).sort(),
  };
}
