/** How large is everything, and which colours has it? Follows the page: its width, its window, its theme. */

import type { Room } from "../../kernel/extension";
import type { Theme } from "../../ui/theme";
import { applyTheme, readTheme } from "../../ui/theme";
import type { Context } from "../context";

const WIDE_PX = 760;
/** Below the surface, to the window's edge. */
const MARGIN_PX = 10;
/** Of the letters on the map. */
const LABEL_PX = 14;
const PRESENTER_LABEL_PX = 20;
/** Around a surface of presenter size; `presenter.css` says the same. */
const PRESENTER_MARGIN_PX = 20;
/** A surface lower than this, or than the window, is of no use: then the page scrolls. On a phone picture and tabs stand below the map. */
const LEAST_PX = 440;
const LEAST_STACKED_PX = 600;
/** On a phone, under what else the page shows, a map alone may be as low as this, rather than out of sight. */
const LEAST_SHARED_PX = 260;
/** A surface that begins lower down the window than this fills it once it is scrolled to. */
const LOW_START = 0.45;
/** A window that is narrower has its columns below each other. */
const STACKED_PX = 640;
/** One of two columns on a phone. */
const TINY_PX = 260;
/** What stands above and below the map of a column among columns, its picture too. */
const COLUMN_AROUND_PX = 600;

/** Of the column beside the map. */
function cardWidthIn(width: number): number {
  return Math.round(Math.min(Math.max(336, width * 0.21), Math.max(272, width * 0.26)));
}

export function themeOf(root: HTMLElement): Theme {
  const labelPx = root.hasAttribute("data-presents") ? PRESENTER_LABEL_PX : LABEL_PX;
  return readTheme(root, matchMedia("(prefers-color-scheme: dark)").matches, labelPx);
}

/** Gives the page's colours to the surface, which may have no map. */
export function themed(root: HTMLElement): Theme {
  const theme = themeOf(root);
  applyTheme(root, theme);
  return theme;
}

export class PageLayout {
  /** Of the surface, CSS pixels; 0 while it is not on the page. */
  width = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly context: Context,
    /** Tells the panels how much room there is. */
    private readonly fit: (room: Room) => void,
  ) {
    const { disposer, store, stage } = context;
    const changed = (): void => {
      if (this.measure()) context.showNow(); // a canvas of another size is empty until it is drawn
    };
    const observer = new ResizeObserver(changed);
    // what stands above and below the map comes and goes, and what stands above the surface: it begins elsewhere then
    for (const one of [stage.element, root, ...around(root)]) observer.observe(one);
    disposer.add(() => observer.disconnect());
    disposer.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.retheme());
    disposer.listen(window, "resize", changed); // a window moved to another screen changes devicePixelRatio
    disposer.add(store.on(["isSideOpen"], changed));
    disposer.add(
      store.on(["isPresenting"], () => {
        this.retheme();
        changed();
      }),
    );
  }

  retheme(): void {
    const theme = themed(this.root);
    const { state, store } = this.context;
    if (JSON.stringify(theme) !== JSON.stringify(state.theme)) store.set({ theme });
  }

  /** Returns whether the map has another size than before. */
  measure(): boolean {
    const width = this.root.clientWidth;
    if (width === 0) return false;
    this.width = width;
    const { isSideOpen, isPresenting, host } = this.context.state;
    const { options, height: wanted } = host;
    const { root } = this;
    const isCompact = options.compact && !isPresenting; // the screen is its own then, also for one column of several
    const isWide = width >= WIDE_PX && !isCompact;
    const isNarrow = width < 520;
    const fills = !isCompact;
    const cardWidth = isPresenting ? Math.round(0.4 * width) : cardWidthIn(width);
    const isFolded = fills && !isSideOpen && !isPresenting;
    const marks = [
      ["column", isCompact],
      ["wide", isWide],
      ["narrow", isNarrow],
      ["tiny", width < TINY_PX],
      ["fills", fills],
      ["folded", isFolded],
    ] as const; // the style sheets look at them
    for (const [name, is] of marks) root.toggleAttribute(`data-${name}`, is);
    root.style.setProperty("--la-card-width", `${cardWidth}px`);
    const height = isPresenting
      ? innerHeight - 2 * PRESENTER_MARGIN_PX
      : fills
        ? this.heightOf(wanted, isWide, isFolded)
        : 0;
    root.style.setProperty("--la-height", `${height}px`);
    this.fit({
      isWide: isWide && !isFolded,
      isFolded,
      isNarrow,
      isCompact,
      isPresenting,
      width,
      height,
      sideWidth: cardWidth,
    });
    return this.resizeMap(fills, isCompact && innerWidth >= STACKED_PX, isNarrow);
  }

  /** wanted: by the host; 0: as much as the window has below the surface's upper edge. */
  private heightOf(wanted: number, isWide: boolean, isFolded: boolean): number {
    if (wanted > 0) return wanted;
    const top = topOf(this.root);
    const isShared = isFolded && !isWide;
    const least = isShared
      ? LEAST_SHARED_PX
      : isWide
        ? Math.min(LEAST_PX, innerHeight - 2 * MARGIN_PX)
        : LEAST_STACKED_PX;
    const above = top > LOW_START * innerHeight && !isShared ? MARGIN_PX : top;
    return Math.max(least, Math.floor(innerHeight - MARGIN_PX - above)); // a pixel more, and the page scrolls
  }

  private resizeMap(fills: boolean, isColumn: boolean, isNarrow: boolean): boolean {
    const { element } = this.context.stage;
    const mapWidth = fills ? element.clientWidth : this.width;
    this.root.toggleAttribute("data-compact", mapWidth < 600);
    const height = fills ? element.clientHeight : this.fixedHeight(mapWidth, isColumn);
    element.style.height = fills ? "" : `${height}px`;
    const { stage, viewport, state } = this.context;
    if (!stage.resize(mapWidth, height, devicePixelRatio || 1, isNarrow, state.theme.labelPx)) return false;
    viewport.resize(state.data.header.view_extent, stage.plot);
    this.context.cameraMoved();
    return true;
  }

  /** Of a map that does not fill the window, as high as the host wants it where it has room. */
  private fixedHeight(width: number, isColumn: boolean): number {
    const around = isColumn ? COLUMN_AROUND_PX : innerHeight / 2;
    const room = Math.max(240, Math.min(Math.round(width * 0.92), innerHeight - around));
    return Math.min(this.context.state.host.height, room);
  }
}

/** Where an element begins within the page, however far that is scrolled, CSS pixels. */
function topOf(element: HTMLElement): number {
  return around(element).reduce((top, one) => top + one.scrollTop, element.getBoundingClientRect().top);
}

/** All elements that an element stands in, outwards from its own, through shadow roots. */
function around(element: Element): Element[] {
  const outer = element.parentElement ?? (element.getRootNode() as Partial<ShadowRoot>).host;
  return outer ? [outer, ...around(outer)] : [];
}
