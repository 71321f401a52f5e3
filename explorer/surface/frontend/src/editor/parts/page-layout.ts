/** How large is everything, and which colours has it? Follows the page: its width, its window, its theme. */

import type { Room } from "../../kernel/extension";
import type { Theme } from "../../ui/theme";
import { applyTheme, readTheme } from "../../ui/theme";
import type { Context } from "../context";

const WIDE_PX = 760;
/** What stands above and below the map on a wide page: header, title row, axis, legend. */
const PAGE_AROUND_PX = 240;
/** A window that is narrower has its columns below each other. */
const STACKED_PX = 640;
/** The same for a column among columns, with its picture below the map. */
const COLUMN_AROUND_PX = 600;

export function themeOf(root: HTMLElement): Theme {
  return readTheme(root, matchMedia("(prefers-color-scheme: dark)").matches);
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
    /** CSS pixels below the map that must be seen with it. */
    private readonly roomBelow: number,
  ) {
    const { disposer } = context;
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(root);
    disposer.add(() => observer.disconnect());
    disposer.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.retheme());
    disposer.listen(window, "resize", () => this.measure()); // a window moved to another screen changes devicePixelRatio
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
    const { options, height: wanted } = this.context.state.host;
    const isCompact = options.compact;
    const isWide = width >= WIDE_PX && options.show_card && !isCompact;
    const isNarrow = width < 520;
    const isStacked = window.innerWidth < STACKED_PX;
    this.root.toggleAttribute("data-column", isCompact);
    this.root.toggleAttribute("data-wide", isWide);
    this.root.toggleAttribute("data-narrow", isNarrow);
    const cardWidth = Math.round(Math.min(336, Math.max(272, width * 0.26)));
    this.root.style.setProperty("--la-card-width", `${cardWidth}px`);
    const mapWidth = isWide ? width - cardWidth - 24 : width;
    this.root.toggleAttribute("data-compact", mapWidth < 600);
    // with its axis, legend and the page's header it must fit a projector; on a phone finger and picture are seen together
    const roomy = Math.max(320, window.innerHeight - PAGE_AROUND_PX - this.roomBelow);
    const narrow = Math.max(260, Math.min(Math.round(mapWidth * 0.92), Math.round(window.innerHeight * 0.5)));
    const column = Math.max(240, Math.min(Math.round(mapWidth * 0.92), window.innerHeight - COLUMN_AROUND_PX));
    const height = Math.min(wanted, isCompact && !isStacked ? column : width < WIDE_PX ? narrow : roomy);
    this.fit({ isWide, isNarrow, isCompact, width, sideWidth: cardWidth });
    const { stage, viewport, state } = this.context;
    if (!stage.resize(mapWidth, height, window.devicePixelRatio || 1, isNarrow)) return false;
    viewport.resize(state.data.header.view_extent, stage.plot);
    this.context.cameraMoved();
    return true;
  }
}
