/** How far is the encoder's Gaussian from the truth, in words? */

import type { RunOnMap } from "../../../data/run-on-map";
import { LOST } from "../../../data/searches";
import { withGaussian } from "../../../data/true-posterior/cells";
import type { TruePosterior } from "../../../data/true-posterior/summary";
import type { Frame, Panel, Progress } from "../../../kernel/extension";
import type { PanelEditor } from "../../../kernel/panel-editor";
import type { MapState } from "../../../kernel/state";
import { h, setHidden, setText } from "../../../ui/dom";
import { number, percent } from "../../../ui/format";
import { canTellTruth, type PosteriorStudy, studyOf } from "./study";

/** Both together take about so much of the map. */
const ZOOM_SHARE = 0.5;

const DEFINITION =
  "KL(q(z|x) ‖ p(z|x)) = log p(x) − ELBO, nats: the amortisation gap of one encoder for all images and the approximation gap of a Gaussian along the axes, " +
  "together (Cremer, Li & Duvenaud 2018). log p(x) = log ∫ p(x|z) N(z; 0, I) dz and E_q[log p(x|z)] are sums over the plane: " +
  "its cells are divided until the fullest holds at most 2 %. Grey pixels count as probabilities, as in the ELBO.";

export class TruePosteriorWords implements Panel {
  readonly id = "true-posterior";
  readonly slot = "tab-details";
  readonly reads: readonly (keyof MapState)[] = ["data", "layers"];
  readonly element: HTMLElement;
  private readonly heading = h("p", { class: "la-truth-words", "data-testid": "truth", role: "status" });
  private readonly more = h("p", { class: "la-small la-number" });
  private readonly key = h(
    "p",
    { class: "la-small la-truth-key" },
    h("span", {}, h("i", {}), "true p(z|x)"),
    h("span", {}, h("i", { class: "la-truth-q" }), "encoder's q(z|x)"),
    h("span", {}, "1σ, 2σ"),
  );
  private readonly zoom = h("button", { type: "button", class: "la-chip la-all" }, "Zoom to both");
  private study: PosteriorStudy | null = null;
  private said = "";
  private shareSaid = 0;

  constructor(editor: Pick<PanelEditor, "lookAt">) {
    this.element = h("div", { class: "la-truth", hidden: true }, this.heading, this.more, this.key, this.zoom);
    this.zoom.addEventListener("click", () => {
      const { studied, result } = this.study ?? {};
      if (studied && result) editor.lookAt(withGaussian(result.extent, studied.q, 2), ZOOM_SHARE);
    });
  }

  /** The search goes on in the layer, without a change of the state. */
  work(frame: Frame): Progress {
    this.update(frame);
    return "done";
  }

  update({ state: { data, layers } }: Frame): void {
    const isAsked = layers.on["truth"] && canTellTruth(data);
    setHidden(this.element, !isAsked);
    if (isAsked) this.say(data);
  }

  private say(data: RunOnMap): void {
    const study = studyOf(data);
    const { studied, result, share, refusal, isLost } = study;
    if (share === null || study !== this.study) this.shareSaid = 0;
    this.study = study;
    this.shareSaid = Math.max(this.shareSaid, Math.round(100 * (share ?? 0))); // where mass is found there is more to look at
    const all = [data.header.id, refusal, studied?.key, result !== null, this.shareSaid, isLost].join("|");
    if (all === this.said) return;
    this.said = all;
    this.key.hidden = result === null;
    this.zoom.hidden = result === null;
    this.element.title = result ? DEFINITION : "";
    if (result && studied) {
      setText(this.heading, truthWords(studied.name, result));
      setText(this.more, detailWords(result));
      this.heading.dataset.posterior = JSON.stringify({ key: studied.key, ...result, rings: undefined });
    } else {
      delete this.heading.dataset.posterior;
      setText(this.heading, refusal || `True posterior of ${studied?.name ?? ""}`);
      const doing = isLost ? LOST : `computing posterior: ${percent(this.shareSaid / 100)}`;
      setText(this.more, studied ? doing : "");
    }
    this.more.hidden = studied === null;
  }
}

export function truthWords(name: string, { logPx, elbo, isRough }: TruePosterior): string {
  return `q(z|x) of ${name} is ${isRough ? "about " : ""}${number(Math.max(0, logPx - elbo))} nats from the true posterior.`;
}

export function detailWords({ logPx, elbo, nPieces }: TruePosterior): string {
  const pieces = nPieces > 1 ? ` It has ${nPieces} separate modes: no single Gaussian covers them.` : "";
  return `log p(x) ${number(logPx)}, ELBO ${number(elbo)}, by quadrature.${pieces}`;
}
