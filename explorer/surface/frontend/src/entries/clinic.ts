/** The clinic's live charts as a Streamlit component: data in, nothing out; they act while a slider is dragged. */

import { CollapseBars, type CollapseData } from "../charts/bars";
import sheet from "../charts/clinic.css";
import { colourCharts } from "../charts/colours";
import { Staircase, type StaircaseData } from "../charts/staircase";
import { h } from "../ui/dom";
import { readTheme } from "../ui/theme";
import { unpackText } from "../wire/unpack";

const STYLE = unpackText(sheet);
/** Of the letters in the charts, CSS pixels. */
const LABEL_PX = 14;

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
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  colourCharts(here.root, readTheme(here.root, isDark, LABEL_PX));
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
