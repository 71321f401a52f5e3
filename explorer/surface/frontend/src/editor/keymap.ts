/** Which command does a key give? The map can be used without a mouse. */

import type { KeyInput } from "../kernel/extension";

/**
 * The key as commands name it: "m", "Enter", "Ctrl+z" (⌘ counts as Ctrl), "Ctrl+Shift+z". Shift alone changes no name: it is part of the
 * sign, caps lock is none of the person's wishes, and a command may look at it. Null for keys that belong to the page or the browser.
 */
export function keyName({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyInput): string | null {
  const letter = key.length === 1 ? key.toLowerCase() : key;
  if (ctrlKey || metaKey) return `Ctrl+${shiftKey ? "Shift+" : ""}${letter}`;
  return altKey ? null : letter;
}

/** A letter that has another command with Shift gives that one: "Shift+p". */
export function commandFor<C extends { readonly keys: readonly string[] }>(
  commands: readonly C[],
  input: KeyInput,
): C | null {
  const name = keyName(input);
  const of = (wanted: string): C | undefined => commands.find(({ keys }) => keys.includes(wanted));
  if (name === null) return null;
  return (input.shiftKey && of(`Shift+${name}`)) || of(name) || null;
}

/** As it is written in the palette. */
export function keyWords(name = ""): string {
  return name.replace(/\+(\w)$/, (_, letter: string) => `+${letter.toUpperCase()}`).replace("Escape", "Esc");
}
