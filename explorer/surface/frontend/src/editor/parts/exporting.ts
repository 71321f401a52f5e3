/** What can be taken away? The map as a picture, the pins, and the picture under the cursor as a program. */

import type { Language } from "../../data/run-on-map";
import { isLow, supportWords } from "../../geometry/support";
import { offered } from "../../kernel/layer-choice";
import { classEntries } from "../../kernel/shown-classes";
import { LAYERS } from "../../layers/index";
import { classWords, number, zText } from "../../ui/format";
import { classColour } from "../../ui/palette";
import { channelWords, newPicture } from "../../ui/picture";
import { save } from "../../ui/save";
import type { Context } from "../context";
import { type PictureKey, pinsJson, programAt, screenPicture } from "../export";

export function savePins({ state, derived }: Context): void {
  save("pins.json", new Blob([pinsJson(state.data, derived.pins)], { type: "application/json" }));
}

/** A program that gives the picture under the cursor. */
export function programHere({ state, derived }: Context, language: Language): string {
  return programAt(state.data.program(language), derived.code, derived.label < 0 ? null : derived.label);
}

export function savePicture(context: Context): void {
  const { state, derived, stage } = context;
  const { run, projection } = state.data.header;
  const { code, support, decodedAs } = derived;
  const z = zText(code, state.data.decimals.z);
  const lines = [
    `${run.id}, ${projection.title}`,
    code.length > 3 ? `largest: ${z}` : `z = ${z}`,
    supportWords(support),
  ];
  if (decodedAs !== null) lines.push(`decoded as ${classWords(decodedAs)}`);
  const channels = channelWords(run.image_shape);
  if (channels) lines.push(...channels.split(/[:,] /));
  const decoded = newPicture();
  decoded.setShape(run.image_shape);
  decoded.paint(state.data.model.decodeAsShared(code, derived.label));
  const picture = screenPicture(stage, state.theme, decoded.canvas, isLow(support), lines, keysOf(context));
  picture.toBlob((blob) => blob && save("map.png", blob), "image/png");
}

/** What the colours of the saved picture mean. */
function keysOf({ state, derived: { quantity, colouring } }: Context): PictureKey[] {
  const { data, layers, shown, theme } = state;
  const field = offered(LAYERS, data, "background", layers.background)?.scale?.(data).words;
  const classes = quantity || !data.hasLabels ? [] : classEntries(data).filter(({ slot }) => shown[slot] === 1);
  return [
    ...(field ? [{ text: `${field.title}: ${field.low} to ${field.high}`, ramp: field.ramp }] : []),
    ...(quantity && colouring
      ? [
          {
            text: `${quantity.name}: ${colouring.range.map((end) => number(end)).join(" to ")}`,
            ramp: "amount" as const,
          },
        ]
      : []),
    ...classes.map(({ slot, name }) => ({
      text: name,
      colour: classColour(slot === data.nClasses ? -1 : slot, theme.isDark),
    })),
  ];
}
