/** Are only those names shortened in the bundles that no other file, and no string, can mean? */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { privateNames } from "../private-names.mjs";

function namesIn(...sources: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "private-names-"));
  sources.forEach((text, i) => {
    writeFileSync(join(folder, `${i}.ts`), text);
  });
  try {
    return privateNames(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const OWN =
  "class A { private secret = 1; constructor(private readonly given: number) {} sum() { return this.secret + this.given; } }";

test("private members that are read from this alone", () => {
  expect(namesIn(OWN)).toEqual(["given", "secret"]);
  expect(namesIn("class A { private secret = 1; all() { const { secret } = this; return secret; } }")).toEqual([
    "secret",
  ]);
});

test.each([
  ["a public member of the name", "class B { secret = 2; }"],
  [
    "read from another object",
    "export const read = (a: { given: number }) => a.given;\nfunction f(a: any) { return a.secret; }",
  ],
  ["a string", 'export const name = "secret";'],
  ["an object's key", "export const record = { secret: 1 };"],
  ["a type's field", "export interface Record { secret: number }"],
  ["taken out of another object", "export const take = ({ secret }: any) => secret;"],
])("not where another file has %s", (_, other) => {
  expect(namesIn(OWN, other)).not.toContain("secret");
});

test("a variable of the name does not matter", () => {
  expect(namesIn(OWN, "export function f() { const secret = 1; return secret; }")).toContain("secret");
});
