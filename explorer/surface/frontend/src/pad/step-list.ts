/** How did a picture become what the model is fed? Every step as a picture with a sentence, and a switch for those that can be left out. */

import type { Plane } from "../prepare/plane";
import type { Step } from "../prepare/records";
import { h, setText } from "../ui/dom";

const SHOWN_PX = 140;

export class StepList {
  readonly element: HTMLDetailsElement;
  private readonly list = h("ol", { class: "la-sketch-steps", "data-testid": "steps" });
  private readonly switches = h(
    "fieldset",
    { class: "la-sketch-switches" },
    h("legend", { class: "la-small" }, "Steps that are taken"),
  );
  private steps: readonly Step[] = [];

  constructor(
    switches: readonly (readonly [name: string, title: string, help: string])[],
    turned: (name: string, isOn: boolean) => void,
  ) {
    this.element = h(
      "details",
      { class: "la-details" },
      h("summary", {}, "How it is prepared, step by step"),
      this.switches,
      this.list,
    );
    for (const [name, title, help] of switches) {
      const box = h("input", { type: "checkbox", checked: true, name });
      box.addEventListener("change", () => turned(name, box.checked));
      this.switches.append(h("label", { class: "la-check", title: help }, box, title));
    }
    this.element.addEventListener("toggle", () => this.paint());
  }

  show(steps: readonly Step[]): void {
    this.steps = steps;
    this.paint();
  }

  /** Only where someone looks. */
  private paint(): void {
    if (!this.element.open) return;
    const { list, steps } = this;
    while (list.children.length < steps.length)
      list.append(
        h(
          "li",
          {},
          h("canvas", { class: "la-pixels", "aria-hidden": "true" }),
          h("b", {}),
          h("span", { class: "la-small" }),
        ),
      );
    while (list.children.length > steps.length) list.lastElementChild?.remove();
    steps.forEach(({ title, sentence, planes }, i) => {
      const [canvas, name, words] = list.children[i].children;
      paintPlanes(canvas as HTMLCanvasElement, planes());
      setText(name, title);
      setText(words, sentence);
    });
  }
}

function paintPlanes(canvas: HTMLCanvasElement, planes: readonly Plane[]): void {
  const [{ h: height, w: width, v: red }] = planes,
    green = planes[1]?.v ?? red,
    blue = planes[2]?.v ?? red;
  canvas.width = width;
  canvas.height = height;
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0, at = 0; i < red.length; i++, at += 4) {
    data[at] = red[i];
    data[at + 1] = green[i];
    data[at + 2] = blue[i];
    data[at + 3] = 255;
  }
  canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
  const longer = Math.max(width, height),
    factor = longer <= SHOWN_PX ? Math.max(1, Math.floor(SHOWN_PX / longer)) : SHOWN_PX / longer;
  canvas.style.width = `${Math.round(width * factor)}px`;
  canvas.style.height = `${Math.round(height * factor)}px`;
}
