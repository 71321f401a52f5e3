/** How are a path's pictures made? */

import type { RunOnMap } from "../../data/run-on-map";
import { isLow } from "../../geometry/support";
import type { Picture } from "../../ui/picture";

export interface Look {
  /** label: the class as which the code is decoded; null: the chosen one. */
  paint(picture: Picture, z: readonly number[], label: number | null): void;
  /** The pictures of several codes, each as its own class. */
  paintAll(
    pictures: readonly Picture[],
    codes: readonly (readonly number[])[],
    labels: readonly (number | null)[],
  ): void;
  /** Few encoded images are around the code: its picture gets a frame. */
  isLow(z: readonly number[]): boolean;
}

export function lookOf({ model, support }: RunOnMap): Look {
  return {
    paint: (picture, z, label) => picture.paint(model.decodeAsShared(z, label ?? model.label)),
    paintAll(pictures, codes, labels) {
      const told = labels.map((label) => label ?? model.label);
      model.decodeEach(codes, (x_hat, from, i) => pictures[i].paint(x_hat, from), told);
    },
    isLow: (z) => isLow(support.of(z)),
  };
}
