/** Which colours does the page around the map use? Read from Streamlit's `--st-*` variables, with a look of our own without them. */

import { contrast, css, legible, luminance, mix, parseColour, type Rgb } from "./colour";

export interface Theme {
  readonly isDark: boolean;
  readonly text: Rgb;
  readonly muted: Rgb;
  readonly background: Rgb;
  /** The map's ground. */
  readonly map: Rgb;
  readonly soft: Rgb;
  readonly border: Rgb;
  readonly grid: Rgb;
  readonly accent: Rgb;
  readonly accentText: Rgb;
  readonly onAccent: Rgb;
  readonly font: string;
  /** Of the letters on the map, CSS pixels. */
  readonly labelPx: number;
}

const WHITE: Rgb = { r: 255, g: 255, b: 255 };
const BLACK: Rgb = { r: 0, g: 0, b: 0 };
const INK: Rgb = { r: 12, g: 15, b: 20 };
const FALLBACK = {
  light: { background: WHITE, text: { r: 28, g: 32, b: 38 }, accent: { r: 36, g: 87, b: 214 } },
  dark: { background: { r: 14, g: 17, b: 23 }, text: { r: 240, g: 242, b: 246 }, accent: { r: 120, g: 164, b: 255 } },
} as const;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

export function readTheme(element: Element, prefersDark: boolean, labelPx: number): Theme {
  const style = getComputedStyle(element);
  const colour = (name: string): Rgb | null => parseColour(style.getPropertyValue(`--st-${name}`));
  return makeTheme({
    background: colour("background-color"),
    secondary: colour("secondary-background-color"),
    text: colour("text-color"),
    border: colour("border-color"),
    accent: colour("primary-color"),
    font: style.getPropertyValue("--st-font").trim() || FONT,
    prefersDark,
    labelPx,
  });
}

export interface ThemeSource {
  readonly background: Rgb | null;
  readonly secondary: Rgb | null;
  readonly text: Rgb | null;
  readonly border: Rgb | null;
  readonly accent: Rgb | null;
  readonly font: string;
  readonly prefersDark: boolean;
  readonly labelPx: number;
}

/** Everything follows from background, text and accent; text keeps 4.5:1 on all grounds it stands on. */
export function makeTheme(source: ThemeSource): Theme {
  const fallback = source.prefersDark ? FALLBACK.dark : FALLBACK.light;
  const background = source.background ?? fallback.background;
  const isDark = luminance(background) < 0.2;
  const own = isDark ? FALLBACK.dark : FALLBACK.light;
  const text = legible(source.text ?? own.text, isDark ? WHITE : INK, [background], 7);
  const accent = source.accent ?? own.accent;
  const map = isDark ? mix(background, BLACK, 0.2) : mix(background, WHITE, 0.6);
  const soft = source.secondary ?? mix(background, text, 0.06);
  return {
    isDark,
    text,
    muted: legible(mix(text, background, 0.42), text, [background, map, soft], 4.6),
    background,
    map,
    soft,
    border: mix(background, text, isDark ? 0.2 : 0.14),
    grid: mix(map, text, isDark ? 0.1 : 0.07),
    accent,
    accentText: legible(accent, text, [background, soft, map], 4.6),
    onAccent: contrast(WHITE, accent) >= 4.5 || contrast(WHITE, accent) >= contrast(INK, accent) ? WHITE : INK,
    font: source.font,
    labelPx: source.labelPx,
  };
}

/** The same as CSS variables for the style sheet. */
export function applyTheme(root: HTMLElement, theme: Theme): void {
  const set = (name: string, value: string): void => root.style.setProperty(`--la-${name}`, value);
  for (const name of ["text", "muted", "background", "map", "soft", "border", "accent"] as const)
    set(name, css(theme[name]));
  set("accent-text", css(theme.accentText));
  set("on-accent", css(theme.onAccent));
  set("glass", css(theme.map, 0.86));
  set("font", theme.font);
  root.style.colorScheme = theme.isDark ? "dark" : "light";
}
