/** Which colours have the charts? Those of the page around them, as variables of the style sheet. */

import { css } from "../ui/colour";
import type { Theme } from "../ui/theme";

export function colourCharts({ style }: HTMLElement, theme: Theme): void {
  style.setProperty("--lc-text", css(theme.text));
  style.setProperty("--lc-muted", css(theme.muted));
  style.setProperty("--lc-border", css(theme.border));
  style.setProperty("--lc-background", css(theme.background));
  style.setProperty("--lc-accent", css(theme.accent));
  style.setProperty("--lc-second", theme.isDark ? "#fca45b" : "#c2540a");
  style.setProperty("--lc-font", theme.font);
}
