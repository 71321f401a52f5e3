/** How does a run stand on a page of the site? Its first map as soon as that is here, all else of it when it has come. */

import { makeToMap } from "../geometry/projection";
import { firstState, Page } from "../hosts/page";
import { type BringFilm, FILM_PROGRAM, type ShowFilm } from "../hosts/page-film";
import { type PageState, readFragment, writeFragment } from "../hosts/page-url";
import { button, h } from "../ui/dom";
import { PayloadError } from "../wire/errors";
import type { BundleContents, Options, Point, SiteRun } from "../wire/schema";
import { type GrowingBundle, growing } from "./growing-bundle";
import { packed, part, scriptFile } from "./parts";

export interface ShownOptions {
  /** Of the surface, CSS pixels; 0 for as much as the window has below its upper edge. */
  readonly height: number;
  /** The program of the film; "" where the page shows none. */
  readonly filmProgram: string;
  /** The program that plays piano rolls. */
  readonly soundProgram: string;
  readonly options: Partial<Options>;
  /** What the address says of map, class and pins. */
  fromAddress(): string;
  /** The same after something that the person did. */
  changed(text: string): void;
}

/** So long does the first map have the line for itself. */
const REST_AFTER_MS = 300;

export class ShownRun {
  readonly element = h("div", { class: "sr-run", "aria-busy": "true" });
  /** What the page says around the map, once the run is here. */
  contents: BundleContents | null = null;
  state: PageState | null = null;
  private page: Page | null = null;
  private bundle: GrowingBundle | null = null;
  private isGone = false;
  private readonly wait = h("p", { class: "wait", role: "status" });

  constructor(
    readonly run: SiteRun,
    private readonly options: ShownOptions,
  ) {
    this.wait.textContent = `Loading ${run.name} …`;
    this.element.append(this.wait);
  }

  /** Resolves once the first map stands, or a sentence says why it does not. */
  async open(): Promise<void> {
    try {
      await this.show();
    } catch (error) {
      this.fail(error);
    }
    this.element.removeAttribute("aria-busy");
  }

  /** Map, class and pins as that part of an address has them. */
  set(text: string): void {
    if (!this.page) return;
    this.state = this.read(text);
    this.page.set(this.state);
  }

  /** Where a code (K,) is on that map. */
  place(map: string, z: readonly number[]): Point {
    const bundle = this.bundle as GrowingBundle;
    return makeToMap(bundle.payload(bundle.entry(map, this.state?.label ?? null)))(z);
  }

  refresh(): void {
    this.page?.refresh();
  }

  destroy(): void {
    this.isGone = true;
    this.page?.destroy();
    this.element.remove();
  }

  private async show(): Promise<void> {
    const { run, options } = this;
    const bundle = growing(await part(run.first), run, options.options);
    this.bundle = bundle;
    this.contents = bundle.contents;
    if (run.rest === "") bundle.complete();
    const asked = this.read(options.fromAddress());
    if (!bundle.isHere(asked.map, asked.label)) await this.grow(bundle);
    await this.bringSound(bundle);
    if (this.isGone) return;
    this.stand(bundle, asked);
    if (!bundle.isWhole) setTimeout(() => void this.growUnderIt(), REST_AFTER_MS);
  }

  private stand(bundle: GrowingBundle, asked: PageState): void {
    const { options, element } = this;
    this.state = asked;
    this.page = new Page(bundle, asked, {
      height: options.height,
      film: this.film(),
      changed: (state) => this.hear(state),
    });
    element.replaceChildren(this.page.element);
    this.page.refresh(); // now that it has a width
  }

  private read(text: string): PageState {
    const { contents } = this.bundle as GrowingBundle;
    const defaults = firstState(this.bundle as GrowingBundle);
    return readFragment(text, contents.leaves[0].header.run.latent_dim, contents.paths, defaults);
  }

  private hear(state: PageState): void {
    const { bundle } = this;
    if (this.isGone) return; // a pin that comes late is of a step that was left
    this.state = state;
    if (bundle) this.options.changed(writeFragment(state, firstState(bundle)));
    if (bundle && !bundle.isHere(state.map, state.label)) void this.growUnderIt();
  }

  private async grow(bundle: GrowingBundle): Promise<void> {
    const bytes = await part(this.run.rest);
    if (!bundle.isWhole) bundle.grow(bytes);
  }

  /** The map that stands goes on with all of it: the same places, points and codes. Where the rest cannot be had, the map goes on as it is. */
  private async growUnderIt(): Promise<void> {
    const { bundle, state: before } = this;
    if (!bundle || bundle.isWhole) return;
    try {
      await this.grow(bundle);
    } catch (error) {
      if (before && this.state === before && !bundle.isHere(before.map, before.label)) this.fail(error);
      return;
    }
    if (!this.isGone && this.state) this.page?.set(this.state);
  }

  /** The map looks for it when it is made; where it cannot be had, the map is seen and not heard. */
  private async bringSound({ contents }: GrowingBundle): Promise<void> {
    const { soundProgram } = this.options;
    if (soundProgram !== "" && contents.leaves[0].header.roll) await scriptFile(soundProgram).catch(() => undefined);
  }

  private film(): BringFilm | null {
    const { run, options } = this;
    if (run.film === "" || options.filmProgram === "") return null;
    return async (place) => {
      const [bytes] = await Promise.all([packed(run.film), scriptFile(options.filmProgram)]);
      const show = (window as Window & { [FILM_PROGRAM]?: ShowFilm })[FILM_PROGRAM];
      if (!show) throw new PayloadError("The program of the film is not in this site. Write the site again.");
      return show(bytes, place);
    };
  }

  private fail(error: unknown): void {
    if (this.isGone) return;
    if (!(error instanceof PayloadError)) console.error(error);
    const sentence = error instanceof PayloadError ? error.message : "The run cannot be shown. Write the site again.";
    this.page?.destroy();
    this.page = null;
    this.element.replaceChildren(
      h("p", { class: "lp-error", role: "alert" }, sentence),
      button("lp-share", {}, () => void this.again(), "Try again"),
    );
  }

  private async again(): Promise<void> {
    this.element.replaceChildren(this.wait);
    await this.open();
  }
}
