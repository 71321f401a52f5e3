/** What is a group called? As the person says, else after the class of most of its points; never as another one. */

import type { RunOnMap } from "../../data/run-on-map";
import type { GroupFacts } from "../../data/selection";
import { classWords } from "../../ui/format";

export interface Group {
  readonly name: string;
  readonly facts: GroupFacts;
}

/** Of a class, or of the points that have none. */
export function slotName(scene: Pick<RunOnMap, "nClasses" | "className">, slot: number): string {
  return classWords(scene.className(slot === scene.nClasses ? -1 : slot));
}

/** What it would be called if nobody named it. most: of which class most of its points are, and what share of them. */
export function wishedName(most: { readonly name: string; readonly share: number } | null): string {
  if (!most || most.share <= 0.5 || most.name === "") return "Group";
  return most.share === 1 ? most.name[0].toUpperCase() + most.name.slice(1) : `Mostly ${most.name}`;
}

/** With a number where the name is another group's. */
export function freeName(wish: string, groups: readonly Pick<Group, "name">[]): string {
  const used = new Set(groups.map(({ name }) => name));
  let name = wish;
  for (let i = 2; used.has(name); i++) name = `${wish} ${i}`;
  return name;
}
