/** How is a link handed on? A dialog with the link to copy, who can open it, and its QR code, as large as the window allows. */

import { SHARE, WHICH_SCREEN } from "../kernel/screen";
import { button, h, setText, svg } from "../ui/dom";
import sheet from "../ui/share.css";
import { unpackText } from "../wire/unpack";
import { codeOf, codeWords, type QrCode, reach } from "./share-link";

/** A square of the code is this large at most, CSS pixels. */
const SQUARE_PX = 10;
/** Around what the dialog holds: its distance from the window's edges, its border and its padding, on both sides together, CSS pixels. */
const EDGES_PX = 50;

export class ShareDialog {
  private readonly field = h("textarea", {
    class: "ls-link",
    "aria-label": "Link to exactly this",
    readonly: true,
    rows: 3,
    spellcheck: "false",
  });
  private readonly copied = h("p", { class: "ls-note", role: "status" });
  private readonly reach = h("p", { class: "ls-note" });
  private readonly left = h("p", { class: "ls-note" });
  private readonly code = h("div", { class: "ls-code" });
  private readonly words = h(
    "div",
    { class: "ls-words" },
    h("h2", { class: "ls-title" }, "A link that opens exactly this"),
    this.field,
    h(
      "div",
      { class: "ls-row" },
      button("ls-button ls-main", {}, () => void this.copy(), "Copy link"),
      button("ls-button", {}, () => this.element.close(), "Close"),
    ),
    this.copied,
    this.reach,
    this.left,
  );
  private readonly element = h(
    "dialog",
    { class: "ls-dialog", "aria-label": "Share" },
    h("style", {}, unpackText(sheet)),
    this.words,
    this.code,
  );
  private shared: QrCode | null = null;

  /** What the page had, where anything is. */
  private get link(): string {
    return this.field.value;
  }

  constructor(private readonly page: Window) {
    page.addEventListener(SHARE, (event) => this.open((event as CustomEvent<boolean>).detail));
    page.addEventListener("resize", () => this.element.open && this.show());
    this.field.addEventListener("focus", () => this.field.select());
    this.element.addEventListener("keydown", (event) => event.stopPropagation()); // hosts have one-letter shortcuts of their own
    this.element.addEventListener("click", ({ target }) => target === this.element && this.element.close()); // beside it
    this.element.addEventListener("close", () => this.element.remove());
    page.addEventListener("keydown", (event) => this.closeFirst(event), { capture: true });
  }

  /** Before the menu from which it was opened, which stands behind it and hears of Esc as well. */
  private closeFirst(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.element.open) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.element.close();
  }

  /** What is on the screen changed while it is open. */
  refresh(): void {
    if (this.element.open && this.page.location.href !== this.link) this.show();
  }

  private open(copies: boolean): void {
    if (!this.element.isConnected) this.page.document.body.append(this.element);
    if (!this.element.open) this.element.showModal();
    setText(this.copied, "");
    this.page.dispatchEvent(new Event(WHICH_SCREEN)); // what the map has not told yet
    this.show();
    if (copies) void this.copy();
  }

  private show(): void {
    const { location } = this.page;
    this.field.value = location.href;
    setText(this.reach, reach(location));
    const shared = codeOf(this.link);
    setText(this.left, shared ? codeWords(shared) : "The link is too long for a QR code.");
    this.shared = shared?.code ?? null;
    this.draw();
  }

  /** As large as there is room beside or below the words. */
  private draw(): void {
    this.code.replaceChildren(); // so that words and room are not squeezed by what was there
    if (this.shared) this.code.append(this.drawn(this.shared));
  }

  /** Side of the square that is free, CSS pixels. */
  private room(): number {
    const { innerWidth, innerHeight } = this.page;
    const { flexDirection, rowGap, columnGap } = getComputedStyle(this.element);
    const { width, height } = this.words.getBoundingClientRect();
    const isStacked = flexDirection === "column"; // share.css decides
    const [right, below] = isStacked
      ? [0, height + Number.parseFloat(rowGap)]
      : [width + Number.parseFloat(columnGap), 0];
    return Math.min(innerWidth - EDGES_PX - right, innerHeight - EDGES_PX - below);
  }

  /** Whole pixels of the screen a square, so that all are of one size. */
  private drawn(code: QrCode): SVGSVGElement {
    const pixels = this.page.devicePixelRatio;
    const side = code.length;
    const square = Math.min(SQUARE_PX, Math.max(1, Math.floor((this.room() * pixels) / side)) / pixels);
    const dark = code.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
    return svg(`0 0 ${side} ${side}`, [{ d: `M0 0h${side}v${side}h-${side}z`, fill: "#fff" }, { d: dark.join("") }], {
      width: side * square,
      height: side * square,
      "shape-rendering": "crispEdges",
      role: "img",
      "aria-hidden": "false",
      "aria-label": "QR code of the link",
    });
  }

  /** A page without the right to the clipboard must not leave anyone without: then the link is selected. */
  private async copy(): Promise<void> {
    const { link } = this;
    this.field.focus();
    this.field.select();
    const isCopied = await this.page.navigator.clipboard?.writeText(link).then(
      () => true,
      () => false,
    );
    if (isCopied || this.page.document.execCommand("copy")) setText(this.copied, "Copied.");
    else setText(this.copied, "The browser does not let this page copy: the link is selected, press Ctrl+C (⌘C).");
    this.draw(); // the words need more room than before
  }
}
