/** What is on the page that trains? The program with the learner, and the images that the site has. */

import { h } from "../ui/dom";
import { PayloadError } from "../wire/errors";
import type { SiteImages, SiteIndex } from "../wire/schema";
import { queried } from "./address";
import { absent, type Place } from "./frame";
import { part } from "./parts";
import { trainProgram } from "./programs";

export async function trainPage({ images, programs }: SiteIndex, place: Place): Promise<void> {
  place.title("Train");
  place.head.append(h("h1", { class: "lp-h1" }, "Train in this page"));
  const first = imagesOf(images, queried("data") || (images[0]?.name ?? ""));
  const program = await trainProgram(programs.train ?? "");
  program.inSite(place.body, await bytesOf(first), {
    images: images.map(({ name, title }) => ({ name, title })),
    fetch: (name) => bytesOf(imagesOf(images, name)),
  });
}

/** Raises `PayloadError` with a sentence for the person. */
export function imagesOf(images: readonly SiteImages[], name: string): SiteImages {
  const found = images.find((one) => one.name === name);
  if (found) return found;
  throw new PayloadError(
    absent(
      "data set",
      name,
      images.map((one) => one.name),
    ),
  );
}

export function bytesOf(images: SiteImages): Promise<Uint8Array> {
  return part(images.part);
}
