/** Which folder may import which? Types count: a type from above ties a file to what it must not know. */

import { expect, test } from "vitest";
import { modules } from "./modules";

/** Each may import what stands in a later row, and nothing of its own row but its own folder. */
const ORDER = [
  ["entries"],
  ["site"],
  ["hosts"],
  ["replay", "lessons", "pieces"],
  ["train"],
  ["editor"],
  ["panels", "tools", "layers", "pad"],
  ["kernel"],
  ["data"],
  ["geometry", "charts", "sound"],
  ["engine"],
  ["prepare"],
  ["ui"],
  ["wire"],
];

const MODULES = modules();
const EDGES = MODULES.flatMap(({ name, imports }) =>
  imports.map((to) => ({ from: name, to, words: `${name} > ${to}` })),
);
const top = (name: string): string => name.split("/")[0];
const row = (name: string): number => ORDER.findIndex((folders) => folders.includes(top(name)));

/** What stands alone: a panel, a tool, an overlay (a file, or a folder of parts), and background, points and overlays among each other. */
function alone(name: string): string | null {
  const [folder, part] = name.split("/");
  if (/^(panels|tools|layers\/overlays)\//.test(name))
    return name.replace(/^((panels|layers\/overlays)\/[^/]+).*/, "$1");
  return folder === "layers" && name.split("/").length > 2 ? `layers/${part}` : null;
}

test("every folder stands in the order", () => {
  expect(MODULES.filter(({ name }) => row(name) < 0).map(({ name }) => name)).toEqual([]);
});

test("imports point downwards", () => {
  const isUp = (from: string, to: string): boolean => top(from) !== top(to) && row(from) >= row(to);
  const found = EDGES.filter(({ from, to }) => isUp(from, to));
  expect(found.map(({ words }) => words)).toEqual([]);
});

test("no panel, tool or layer imports a sibling", () => {
  const isIndex = (name: string): boolean => name.endsWith("/index"); // the list of them all
  const isSibling = (from: string, to: string): boolean =>
    alone(from) !== null && alone(to) !== null && alone(from) !== alone(to) && top(from) === top(to);
  const found = EDGES.filter(({ from, to }) => isSibling(from, to) && !isIndex(from));
  expect(found.map(({ words }) => words)).toEqual([]);
});

test("only hosts and entries import the editor itself", () => {
  const others = EDGES.filter(({ to }) => to === "editor/editor").filter(({ from }) => row(from) > row("hosts"));
  expect(others.map(({ words }) => words)).toEqual([]);
});

test("no module needs itself", () => {
  const imports = new Map(MODULES.map(({ name, imports }) => [name, imports]));
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    (imports.get(from) ?? []).some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))));
  expect(MODULES.filter(({ name }) => reaches(name, name)).map(({ name }) => name)).toEqual([]);
});
