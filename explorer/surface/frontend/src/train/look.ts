/** What does the Train page look like? The style sheets that it brings along, and the colours of the page around it. */

import sheet from "../charts/clinic.css";
import { colourCharts } from "../charts/colours";
import { STYLE } from "../ui/style";
import { applyTheme, readTheme, type Theme } from "../ui/theme";
import { unpackText } from "../wire/unpack";
import own from "./train.css";

/** In this order, an element each: a page's policy names them by their hashes. */
export const STYLES: readonly string[] = [STYLE, unpackText(sheet), unpackText(own)];
/** Of the letters on map and charts, CSS pixels. */
const LABEL_PX = 14;

export function themeOf(root: HTMLElement): Theme {
  return readTheme(root, matchMedia("(prefers-color-scheme: dark)").matches, LABEL_PX);
}

/** Gives the page's colours to the root. */
export function themed(root: HTMLElement): Theme {
  const theme = themeOf(root);
  applyTheme(root, theme);
  colourCharts(root, theme);
  return theme;
}
