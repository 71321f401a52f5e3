/** What stands beside the text of a lesson? The map of a run, put into the state of the step, a training, or an interactive piece. */

import type { KeptScreen } from "../../hosts/screen/kept-screen";
import { h } from "../../ui/dom";
import { PayloadError } from "../../wire/errors";
import type { Point, SiteIndex, SiteScene } from "../../wire/schema";
import { parted, write } from "../address";
import { part } from "../parts";
import { pieceProgram, trainProgram } from "../programs";
import { runOf } from "../run";
import { ShownRun } from "../shown-run";
import { bytesOf, imagesOf } from "../train";

export class SceneView {
  readonly element = h("div", { class: "sl-scene" });
  private shown: ShownRun | null = null;
  private scene: SiteScene | null = null;
  private stop: (() => void) | null = null;

  constructor(
    private readonly index: SiteIndex,
    private readonly screen: () => KeptScreen | null,
    /** Pins or the map have changed. */
    private readonly changed: () => void,
  ) {}

  get lastPin(): readonly number[] | null {
    return this.shown?.state?.pins.at(-1)?.z ?? null;
  }

  /** Of a code, on the map that the scene asks for. */
  place(z: readonly number[]): Point | null {
    const { shown, scene } = this;
    if (!shown?.state || !shown.contents || !scene) return null;
    const map = new URLSearchParams(scene.page).get("projection") ?? shown.contents.leaves[0].map;
    return shown.place(map, z);
  }

  /** isStaged: the map goes into the state of the scene; else it is in that of the address. */
  async show(scene: SiteScene, isStaged: boolean): Promise<void> {
    const before = this.scene;
    this.scene = scene;
    if (isStaged && before?.key === scene.key) return; // what a person has changed since stays
    if (isStaged) write({ page: scene.page, screen: scene.screen });
    if (scene.begin) await this.train(scene);
    else if (scene.piece) await this.play(scene);
    else await this.map(scene, before);
    this.changed();
  }

  private async map(scene: SiteScene, before: SiteScene | null): Promise<void> {
    if (this.shown && before?.run === scene.run && !before.begin && !before.piece) {
      this.shown.set(parted(location.hash).page);
      this.screen()?.again();
      return;
    }
    this.clear();
    const shown = new ShownRun(runOf(this.index, scene.run), {
      height: 0,
      filmProgram: this.index.programs.film ?? "",
      soundProgram: this.index.programs.sound ?? "",
      options: {},
      fromAddress: () => parted(location.hash).page,
      changed: (page) => {
        write({ page });
        this.changed();
      },
    });
    this.shown = shown;
    this.element.replaceChildren(shown.element);
    await shown.open();
  }

  private async train({ key, images, begin }: SiteScene): Promise<void> {
    this.clear();
    this.element.replaceChildren(h("p", { class: "wait", role: "status" }, "Loading the training …"));
    try {
      const found = imagesOf(this.index.images, images ?? "");
      const [program, bytes] = await Promise.all([trainProgram(this.index.programs.train ?? ""), bytesOf(found)]);
      if (this.scene?.key !== key || !begin) return;
      this.element.replaceChildren();
      this.stop = program.inLesson(this.element, begin, bytes);
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      this.element.replaceChildren(h("p", { class: "lp-error", role: "alert" }, error.message));
    }
  }

  private async play({ key, piece, subject }: SiteScene): Promise<void> {
    this.clear();
    this.element.replaceChildren(h("p", { class: "wait", role: "status" }, "The piece is on its way …"));
    try {
      const [show, bytes] = await Promise.all([
        pieceProgram(this.index.programs.pieces ?? ""),
        subject ? part(subject) : Promise.resolve(null),
      ]);
      if (this.scene?.key !== key || !piece) return;
      this.element.replaceChildren();
      this.stop = show(this.element, piece, bytes);
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      this.element.replaceChildren(h("p", { class: "lp-error", role: "alert" }, error.message));
    }
  }

  private clear(): void {
    this.stop?.();
    this.stop = null;
    this.shown?.destroy();
    this.shown = null;
  }
}
