/** How does the page that trains stand on a web site without a server? With the images that the site has. */

import { goOn } from "../hosts/train";
import type { BenchHost } from "../train/bench-host";
import { Workbench } from "../train/workbench";
import { h } from "../ui/dom";
import { PayloadError } from "../wire/errors";
import { readTraining } from "../wire/training";
import type { TrainOffers } from "./programs";

/** images: of the first offer, or the asked one. */
export function inSite(program: string, parent: HTMLElement, images: Uint8Array, offers: TrainOffers): void {
  const words = h("p", { class: "lp-error", role: "alert", hidden: true });
  const host: BenchHost = { offers: offers.images, choose: (name) => void choose(name), keep: null };
  const bench = new Workbench(program, readTraining(images), host);
  const choose = async (name: string): Promise<void> => {
    try {
      bench.update(readTraining(await offers.fetch(name)), host);
      words.hidden = true;
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      words.textContent = error.message;
      words.hidden = false;
    }
  };
  parent.replaceChildren(words, bench.element);
  bench.retheme();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => bench.retheme());
  void goOn(bench);
}
