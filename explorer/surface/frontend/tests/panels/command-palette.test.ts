/** Is the box behind Ctrl+K worked by the keyboard alone? */

import { expect, test } from "vitest";
import type { PaletteEntry } from "../../src/kernel/palette-entries";
import { CommandPalette } from "../../src/panels/command-palette";
import { FakeElement, fake, focus, withoutPage } from "../fake-dom";
import { frameOf, state } from "../map-state";

withoutPage();

function opened() {
  const ran: string[] = [];
  const entry = (name: string): PaletteEntry => ({ name, what: "", key: "", run: () => void ran.push(name) });
  const found = (text: string): PaletteEntry[] => (text === "7" ? [entry("Test image 7")] : []);
  let open: string | null = "palette";
  const palette = new CommandPalette({
    set: (patch) => {
      if (patch.open !== undefined) open = patch.open;
      palette.update(frameOf(state({ open })));
    },
    entries: () => [entry("Zoom in"), entry("Zoom out"), entry("Layer 7")],
    findings: found,
  });
  const before = new FakeElement("button");
  before.focus();
  palette.update(frameOf(state({ open })));
  const element = fake(palette.element);
  const input = element.find("Find a command, a layer, an image or a class");
  const names = (): string[] => element.find("What is found").children.map(({ textContent }) => textContent);
  const type = (text: string): void => {
    input.value = text;
    input.tell("input");
  };
  return { ran, before, element, input, names, type, isOpen: () => open === "palette" };
}

test("it takes the keyboard, lists everything, and Escape gives the keyboard back", () => {
  const { before, input, names, isOpen } = opened();
  expect(focus()).toBe(input);
  expect(names()).toEqual(["Zoom in", "Zoom out", "Layer 7"]);
  input.tell("keydown", { key: "Escape" });
  expect(isOpen()).toBe(false);
  expect(focus()).toBe(before);
});

test("images come first, arrows go round, Enter runs and closes", () => {
  const { ran, input, names, type, isOpen } = opened();
  type("7");
  expect(names()).toEqual(["Test image 7", "Layer 7"]);
  for (const key of ["ArrowDown", "ArrowDown", "ArrowUp"]) input.tell("keydown", { key });
  expect(input.getAttribute("aria-activedescendant")).toMatch(/-1$/);
  input.tell("keydown", { key: "Enter" });
  expect(ran).toEqual(["Layer 7"]);
  expect(isOpen()).toBe(false);
});

test("where nothing is found it says so, and Enter does nothing", () => {
  const { ran, element, input, type, isOpen } = opened();
  type("no such");
  expect(element.textContent).toContain("Nothing found for “no such”.");
  input.tell("keydown", { key: "Enter" });
  expect(ran).toEqual([]);
  expect(isOpen()).toBe(true);
});
