/** Is every layer in the list that menu, keys and help are read from, once and under a name of its own? */

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Layer } from "../../src/kernel/extension";
import { LAYERS } from "../../src/layers";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../../src/layers");

function isLayer(value: unknown): value is Layer {
  return typeof value === "object" && value !== null && "stratum" in value && "words" in value && "reads" in value;
}

/** Names that occur more than once. */
function repeated(names: readonly string[]): string[] {
  return names.filter((name, i) => names.indexOf(name) !== i);
}

test("every layer that a file of the folder exports is in the list", async () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const missing: string[] = [];
  for (const file of files) {
    const exported = (await import(join(FOLDER, file))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exported))
      if (isLayer(value) && !LAYERS.includes(value)) missing.push(`${file}: ${name} is not in layers/index.ts`);
  }
  expect(missing).toEqual([]);
});

test("no two layers have one id, one name or one place in the menu", () => {
  expect(repeated(LAYERS.map(({ id }) => id))).toEqual([]);
  const words = LAYERS.flatMap(({ words }) => (words === null ? [] : [words]));
  expect(repeated(words.map(({ name }) => name))).toEqual([]);
  expect(repeated(words.map(({ group, rank }) => `${group} of rank ${rank}`))).toEqual([]);
});

test("a layer that shares a switch names a layer that has one", () => {
  const switches = LAYERS.filter(({ words }) => words !== null).map(({ id }) => id);
  for (const { id, follows } of LAYERS) if (follows !== undefined) expect(switches, id).toContain(follows);
});
