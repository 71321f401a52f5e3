/** How do colours mix, and does a person see the difference? sRGB in 0 … 255; contrast after WCAG 2.1. */

export interface Rgb {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

/** Reads #rgb, #rrggbb(aa) and rgb()/rgba(); null for anything else (a browser resolves the rest). */
export function parseColour(text: string): Rgb | null {
  const value = text.trim();
  const hex = /^#([0-9a-f]{3,8})$/i.exec(value)?.[1];
  if (hex && (hex.length === 3 || hex.length === 4)) return fromHex([...hex].map((digit) => digit + digit).join(""));
  if (hex && (hex.length === 6 || hex.length === 8)) return fromHex(hex);
  const numbers = /^rgba?\(([^)]+)\)$/i
    .exec(value)?.[1]
    ?.split(/[\s,/]+/)
    .map(Number);
  if (!numbers || numbers.length < 3 || numbers.slice(0, 3).some(Number.isNaN)) return null;
  return { r: numbers[0], g: numbers[1], b: numbers[2] };
}

function fromHex(hex: string): Rgb {
  const at = (i: number): number => Number.parseInt(hex.slice(i, i + 2), 16);
  return { r: at(0), g: at(2), b: at(4) };
}

export function css({ r, g, b }: Rgb, alpha = 1): string {
  const part = [r, g, b].map(Math.round).join(", ");
  return alpha === 1 ? `rgb(${part})` : `rgba(${part}, ${alpha})`;
}

/** `share` of `b` in `a`. */
export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const part = (x: number, y: number): number => x + (y - x) * share;
  return { r: part(a.r, b.r), g: part(a.g, b.g), b: part(a.b, b.b) };
}

/** Relative luminance, 0 black … 1 white. */
export function luminance({ r, g, b }: Rgb): number {
  const linear = (value: number): number => {
    const v = value / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** 1 … 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** `colour`, moved towards `towards` just as far as `wanted` contrast on every one of `grounds` needs. */
export function legible(colour: Rgb, towards: Rgb, grounds: readonly Rgb[], wanted = 4.5): Rgb {
  for (let step = 0; step <= 20; step++) {
    const candidate = mix(colour, towards, step / 20);
    if (grounds.every((ground) => contrast(candidate, ground) >= wanted)) return candidate;
  }
  return towards;
}
