/** Is anything growing too large? Not a matter of style: what is over its budget has more than one job. */

import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { differences, type Module, modules, sheets } from "./modules";

const FILE_LINES = 400;
const FOLDER_FILES = 20;
const CLASS_LINES = 250;
const MUTABLE_FIELDS = 15;
const FAN_OUT = 15;
/** What everything hangs on: it only loops, and must not grow with what is added. */
const ROOTS = ["editor/editor", "editor/map-editor"];
const ROOT_LINES = 250;
const ROOT_FAN_OUT = 12;

/** Exceptions that exist today. The lists only shrink: an entry that is within its budget again fails. */
const LONG_FILES = new Set<string>([]);
const FULL_FOLDERS = new Set<string>([]);
const LONG_CLASSES = new Set<string>([]);
const CLASSES_WITH_MANY_FIELDS = new Set<string>([]);
const MANY_IMPORTS = new Set<string>([]);

/** Written by a program, as long as there are records. */
const MODULES = modules().filter(({ name }) => name !== "wire/schema");

interface ClassFacts {
  readonly name: string;
  readonly lines: number;
  readonly mutable: number;
}

function classesOf({ name, text }: Module): ClassFacts[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest);
  const line = (at: number): number => source.getLineAndCharacterOfPosition(at).line;
  const found: ClassFacts[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassDeclaration(node)) {
      const mutable = node.members.filter((member) => ts.isPropertyDeclaration(member) && !isReadonly(member));
      const lines = line(node.end) - line(node.getStart(source)) + 1;
      found.push({ name: `${name} ${node.name?.text ?? ""}`, lines, mutable: mutable.length });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isReadonly(member: ts.ClassElement): boolean {
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Readonly) !== 0;
}

function holds(over: readonly { readonly name: string }[], allowed: ReadonlySet<string>): void {
  expect(
    differences(
      over.map(({ name }) => name),
      allowed,
    ),
  ).toEqual({ added: [], strike: [] });
}

test("files", () => {
  holds(
    MODULES.filter(({ text }) => text.trimEnd().split("\n").length > FILE_LINES),
    LONG_FILES,
  );
});

test("style sheets, each part of another or of a program", () => {
  const all = sheets();
  expect(all.filter(({ text }) => text.trimEnd().split("\n").length > FILE_LINES)).toEqual([]);
  const importsOf = (path: string, text: string, form: RegExp): string[] =>
    [...text.matchAll(form)].map(([, to]) => normalize(join(dirname(path), to)));
  const used = [
    ...all.flatMap(({ name, text }) => importsOf(name, text, /^@import "([^"]+)";/gm)),
    ...MODULES.flatMap(({ name, text }) => importsOf(name, text, /^import \w+ from "([^"]+\.css)";/gm)),
  ];
  const names = all.map(({ name }) => name);
  expect([...new Set(used)].sort()).toEqual(names.sort());
});

test("folders", () => {
  const sizes = new Map<string, number>();
  for (const { folder } of MODULES) sizes.set(folder, (sizes.get(folder) ?? 0) + 1);
  const over = [...sizes].filter(([, files]) => files > FOLDER_FILES);
  holds(
    over.map(([name]) => ({ name })),
    FULL_FOLDERS,
  );
});

const CLASSES = MODULES.flatMap(classesOf);

test("lines of a class", () => {
  holds(
    CLASSES.filter(({ lines }) => lines > CLASS_LINES),
    LONG_CLASSES,
  );
});

test("fields of a class that change", () => {
  holds(
    CLASSES.filter(({ mutable }) => mutable > MUTABLE_FIELDS),
    CLASSES_WITH_MANY_FIELDS,
  );
});

test("imports of one file", () => {
  holds(
    // an index lists what its folder holds: that is all it does
    MODULES.filter(({ name, imports }) => imports.length > FAN_OUT && !name.endsWith("/index")),
    MANY_IMPORTS,
  );
});

test("lines and imports of the roots", () => {
  const roots = MODULES.filter(({ name }) => ROOTS.includes(name));
  expect(roots).toHaveLength(ROOTS.length);
  for (const { name, text, imports } of roots) {
    expect(text.trimEnd().split("\n").length, name).toBeLessThanOrEqual(ROOT_LINES);
    expect(imports.length, name).toBeLessThanOrEqual(ROOT_FAN_OUT);
  }
});
