import { describe, expect, test } from "vitest";
import { contrast, luminance, mix, parseColour, type Rgb } from "../../src/ui/colour";
import { classRgb, SHAPES, shapePath } from "../../src/ui/palette";
import { makeTheme, type ThemeSource } from "../../src/ui/theme";

const linear = (v: number): number => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);

/** CIE L*a*b*, D65. */
function lab([r, g, b]: number[]): number[] {
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Viénot, Brettel & Mollon 1999: another model of colour blindness than the one the palette was found with. */
const VISION: Record<string, number[][]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deutan: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
};

describe.each([
  ["light", false, "#ffffff"],
  ["dark", true, "#0e1117"],
] as const)("palette, %s", (_, isDark, ground) => {
  const colours = Array.from({ length: 10 }, (_, label) => classRgb(label, isDark));
  test("every class stands out from the map, 2.9 : 1 or more", () => {
    for (const colour of [...colours, classRgb(-1, isDark)])
      expect(contrast(colour, parseColour(ground) as Rgb)).toBeGreaterThan(2.9);
  });
  test.each(Object.keys(VISION))("no two classes look alike with %s vision", (kind) => {
    const seen = colours.map(({ r, g, b }) => {
      const rgb = [r, g, b].map(linear);
      return lab(
        VISION[kind].map((row) =>
          Math.max(
            0,
            row.reduce((sum, w, i) => sum + w * rgb[i], 0),
          ),
        ),
      );
    });
    let smallest = Infinity;
    for (let i = 0; i < 10; i++)
      for (let j = 0; j < i; j++) smallest = Math.min(smallest, Math.hypot(...seen[i].map((v, c) => v - seen[j][c])));
    expect(smallest).toBeGreaterThan(kind === "normal" ? 20 : 7); // 2.3 is just noticeable (Mahy 1994)
  });
});

test("an eleventh class has the first colour", () => {
  expect(classRgb(10, false)).toEqual(classRgb(0, false));
});

describe("theme", () => {
  const none: ThemeSource = {
    background: null,
    secondary: null,
    text: null,
    border: null,
    accent: null,
    font: "x",
    prefersDark: false,
    labelPx: 14,
  };
  const sources: Record<string, ThemeSource> = {
    "own light": none,
    "own dark": { ...none, prefersDark: true },
    "Streamlit light": {
      ...none,
      background: parseColour("#ffffff"),
      secondary: parseColour("#f0f2f6"),
      text: parseColour("#31333f"),
      accent: parseColour("#ff4b4b"),
    },
    "Streamlit dark": {
      ...none,
      background: parseColour("#0e1117"),
      secondary: parseColour("#262730"),
      text: parseColour("#fafafa"),
      accent: parseColour("#ff4b4b"),
    },
    "a pale accent": { ...none, accent: parseColour("#ffe680") },
    "a murky middle": { ...none, background: parseColour("#777777"), text: parseColour("#888888") },
  };
  test.each(Object.keys(sources))("%s: text is legible on every ground it stands on", (name) => {
    const theme = makeTheme(sources[name]);
    const grounds = name === "a murky middle" ? [theme.background] : [theme.background, theme.map, theme.soft];
    const wanted = name === "a murky middle" ? 4 : 4.5;
    for (const ground of grounds) {
      for (const ink of [theme.text, theme.muted, theme.accentText])
        expect(contrast(ink, ground)).toBeGreaterThanOrEqual(wanted);
    }
  });
  test("dark is what is dark, whatever the system prefers", () => {
    expect(makeTheme({ ...none, background: parseColour("#101010") }).isDark).toBe(true);
    expect(makeTheme({ ...none, background: parseColour("#fff"), prefersDark: true }).isDark).toBe(false);
  });
});

test("colours: parsing, WCAG's own anchors, mixing", () => {
  expect(parseColour("#0af")).toEqual({ r: 0, g: 170, b: 255 });
  expect(parseColour(" rgba(1, 2, 3, 0.5)")).toEqual({ r: 1, g: 2, b: 3 });
  expect(parseColour("rgb(4 5 6 / 20%)")).toEqual({ r: 4, g: 5, b: 6 });
  expect(parseColour("unset")).toBeNull();
  expect(contrast({ r: 0, g: 0, b: 0 }, { r: 255, g: 255, b: 255 })).toBeCloseTo(21, 9);
  expect(contrast({ r: 0x77, g: 0x77, b: 0x77 }, { r: 255, g: 255, b: 255 })).toBeCloseTo(4.48, 2);
  expect(luminance(mix({ r: 0, g: 0, b: 0 }, { r: 255, g: 255, b: 255 }, 1))).toBeCloseTo(1, 9);
});

test("markers as SVG stay within their box", () => {
  for (const shape of SHAPES) {
    const numbers =
      shapePath(shape)
        .match(/-?\d+\.\d+/g)
        ?.map(Number) ?? [];
    expect(numbers.length).toBeGreaterThan(5);
    expect(Math.max(...numbers.map(Math.abs))).toBeLessThanOrEqual(1.3);
  }
});
