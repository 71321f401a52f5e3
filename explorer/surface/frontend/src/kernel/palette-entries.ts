/** What does the box behind Ctrl+K list, and which of it is meant by what is typed? */

/** One line of the box. */
export interface PaletteEntry {
  readonly name: string;
  /** What it does, or of what kind it is. */
  readonly what: string;
  /** The key that does the same, as the help writes it; "" for none. */
  readonly key: string;
  run(): void;
}

/** A word's place in an entry, the best first: begins the name, begins a word of it, within it, begins a word of what it does; else none. */
function rankOf(word: string, name: string, what: string): number {
  if (name.startsWith(word)) return 0;
  if (` ${name}`.includes(` ${word}`)) return 1;
  if (name.includes(word)) return 2;
  return ` ${what}`.includes(` ${word}`) ? 3 : Infinity;
}

/** Those that have every word, the best first, else in their order; all of them where nothing is typed. */
export function ranked(entries: readonly PaletteEntry[], text: string): PaletteEntry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return entries
    .map((entry, i) => {
      const [name, what] = [entry.name.toLowerCase(), entry.what.toLowerCase()];
      const isKey = entry.key !== "" && words.length === 1 && entry.key.toLowerCase() === words[0];
      return { entry, i, rank: isKey ? -1 : words.reduce((sum, word) => sum + rankOf(word, name, what), 0) };
    })
    .filter(({ rank }) => rank < Infinity)
    .sort((a, b) => a.rank - b.rank || a.i - b.i)
    .map(({ entry }) => entry);
}
