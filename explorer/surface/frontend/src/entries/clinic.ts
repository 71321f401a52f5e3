/** The clinic's live charts as a Streamlit component: data in, nothing out; they act while a slider is dragged. */

import { CollapseBars, type CollapseData } from "../charts/bars";
import { Staircase, type StaircaseData } from "../charts/staircase";
import { css } from "../ui/colour";
import { h } from "../ui/dom";
import { readTheme } from "../ui/theme";

type Data = CollapseData | StaircaseData;

interface Component {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
}

interface Mounted {
  readonly root: HTMLElement;
  readonly observer: ResizeObserver;
  key: string;
  draw: () => void;
}

const STYLE = `
.lc-page{display:block;width:100%;color:var(--lc-text);font:400 15px/1.45 var(--lc-font);font-variant-numeric:tabular-nums}
.lc-root{display:grid;gap:10px;min-width:0}
.lc-dials{display:flex;flex-wrap:wrap;gap:10px 32px}
.lc-dial{display:grid;grid-template-columns:1fr auto;gap:0 12px;flex:1 1 260px;font-size:13px;color:var(--lc-muted)}
.lc-range{grid-column:1/-1;width:100%;height:24px;margin:0;accent-color:var(--lc-accent);cursor:pointer}
.lc-range:focus-visible{outline:2px solid var(--lc-accent);outline-offset:2px}
.lc-value{font-weight:600;color:var(--lc-text)}
.lc-words{margin:0;font-size:15px;font-weight:500}
.lc-legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0;font-size:13px;color:var(--lc-muted)}
.lc-key{display:inline-flex;align-items:center;gap:7px}
.lc-swatch{width:13px;height:13px;border-radius:3px;display:inline-block}
.lc-swatch.lc-used{background:var(--lc-accent)}.lc-swatch.lc-idle{background:var(--lc-second)}.lc-swatch.lc-collapsed{background:transparent;box-shadow:inset 0 0 0 1.5px var(--lc-muted)}
.lc-chart{display:block;width:100%;height:auto}
.lc-bar.lc-used{fill:var(--lc-accent)}.lc-bar.lc-idle{fill:var(--lc-second)}
.lc-bar.lc-collapsed{fill:var(--lc-background);stroke:var(--lc-muted);stroke-width:1.5}
.lc-grid{stroke:var(--lc-border);stroke-width:1}.lc-axis{stroke:var(--lc-muted);stroke-width:1}
.lc-tick{fill:var(--lc-muted);font-size:12px}.lc-title,.lc-note{fill:var(--lc-muted);font-size:13px}
.lc-line{fill:none;stroke:var(--lc-text);stroke-width:2}
.lc-marker{stroke:var(--lc-second);stroke-width:2;stroke-dasharray:5 4}
.lc-dot{fill:var(--lc-second);stroke:var(--lc-background);stroke-width:2}
.lc-run{fill:var(--lc-accent);stroke:var(--lc-background);stroke-width:1.5}
`;

const mounted = new WeakMap<Node, Mounted>();

export default function clinic({ parentElement: parent, data }: Component): (() => void) | undefined {
  const given = data as Data | null;
  if (!given || typeof given !== "object") return undefined;
  const here = mounted.get(parent) ?? mountIn(parent);
  const key = JSON.stringify(given);
  if (key !== here.key) {
    here.key = key;
    const width = (): number => Math.max(280, here.root.clientWidth);
    const chart = given.kind === "collapse" ? new CollapseBars(given, width) : new Staircase(given, width);
    here.root.replaceChildren(h("style", {}, STYLE), chart.element);
    here.draw = () => chart.draw();
  }
  colour(here.root);
  here.draw();
  return () => {
    here.observer.disconnect();
    here.root.remove();
    mounted.delete(parent);
  };
}

function mountIn(parent: HTMLElement | ShadowRoot): Mounted {
  const root = h("div", { class: "lc-page" });
  parent.append(root);
  const here: Mounted = { root, key: "", draw: () => undefined, observer: new ResizeObserver(() => here.draw()) };
  here.observer.observe(root);
  mounted.set(parent, here);
  return here;
}

function colour(root: HTMLElement): void {
  const theme = readTheme(root, matchMedia("(prefers-color-scheme: dark)").matches);
  const { style } = root;
  style.setProperty("--lc-text", css(theme.text));
  style.setProperty("--lc-muted", css(theme.muted));
  style.setProperty("--lc-border", css(theme.border));
  style.setProperty("--lc-background", css(theme.background));
  style.setProperty("--lc-accent", css(theme.accent));
  style.setProperty("--lc-second", theme.isDark ? "#fca45b" : "#c2540a");
  style.setProperty("--lc-font", theme.font);
}
