/** What is a piece about? Sentences on the picture, which the pieces of one image share. */

import type { Subject } from "../wire/piece";

/** For those who do not see the picture. */
export function imageWords({ header: { image, is_decoding } }: Subject): string {
  return is_decoding ? `The decoding of the code of test image ${image}` : `Test image ${image}`;
}

export function subjectWords({ header: { run, dataset, image, is_decoding } }: Subject): string {
  const of = `run ${run}`;
  return is_decoding
    ? `The pictures of ${dataset} are not on this machine: x is the decoding of the code of test image ${image}, and the encoder was given that picture (${of}).`
    : `x is test image ${image} of ${dataset}; decoder and encoder are those of ${of}.`;
}
