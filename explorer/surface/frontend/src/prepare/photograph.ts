/** How does a photograph become what the model was trained on? Its middle, all of it padded, or squeezed; never stretched out of its tones. */

import { type ImageShape, type PictureProtocol, SHOWN_PX } from "../wire/schema";
import { inChannels, middle } from "./pixels";
import { median, type Plane, plane, resample, roundEven } from "./plane";
import { MODEL_INPUT, type Step } from "./records";

/** The middle of a picture, or all of it padded or squeezed, as the data set's own pictures were made. */
export function photograph(
  planes: readonly Plane[],
  [channels, height, width]: ImageShape,
  { fit }: PictureProtocol,
  off: ReadonlySet<string>,
): Step[] {
  const size = `${width} × ${height}`,
    kind = channels <= 2 ? "grey" : "colour",
    { w, h } = planes[0];
  if (fit === "pad" && height === width && !off.has("crop")) {
    const shown = Math.min(SHOWN_PX, Math.max(w, h)),
      fed = inChannels(
        planes.map((one) => padded(one, width)),
        channels,
      );
    const how = w === h ? "Resized to" : "Padded to a square,";
    const words = "The whole picture on a square, as the data set's: its edge goes on around it.";
    return [
      { title: "Padded", sentence: words, planes: () => planes.map((one) => padded(one, shown)) },
      { title: MODEL_INPUT, sentence: `${how} ${size}, in ${kind}.`, planes: () => fed },
    ];
  }
  const isWhole = fit === "stretch" || off.has("crop");
  const cut = isWhole ? planes : planes.map((one) => middle(one, width / height));
  const fed = inChannels(
    cut.map((one) => resample(one, height, width, filterFor(one, height, width), true)),
    channels,
  );
  const isCut = cut[0].w !== w || cut[0].h !== h;
  const how = isCut ? "Middle cut out," : w * height === h * width || !isWhole ? "Resized to" : "Squeezed to";
  return [
    isWhole
      ? {
          title: "Whole",
          sentence: "Not cut: it is squeezed into the aspect of the model's images.",
          planes: () => cut,
        }
      : {
          title: "Middle",
          sentence: `Cut to the middle, ${cut[0].w} × ${cut[0].h}: the model's images have that aspect.`,
          planes: () => cut,
        },
    { title: MODEL_INPUT, sentence: `${how} ${size}, in ${kind}.`, planes: () => fed },
  ];
}

/** As trainer.datasets.pictures.fitted pads: on the median of the outermost pixels. */
function padded(one: Plane, size: number): Plane {
  const longer = Math.max(one.w, one.h),
    inner = (side: number): number => Math.max(1, roundEven((size * side) / longer));
  const width = inner(one.w),
    height = inner(one.h),
    left = Math.floor((size - width) / 2),
    top = Math.floor((size - height) / 2);
  const small = resample(one, height, width, filterFor(one, height, width), true);
  const out = plane(size, size, new Float64Array(size * size).fill(edgeTone(one)));
  for (let y = 0; y < height; y++) out.v.set(small.v.subarray(y * width, (y + 1) * width), (top + y) * size + left);
  return out;
}

function edgeTone({ h, w, v }: Plane): number {
  const edge = new Float64Array(2 * (w + h));
  edge.set(v.subarray(0, w), 0);
  edge.set(v.subarray((h - 1) * w, h * w), w);
  for (let y = 0; y < h; y++) edge.set([v[y * w], v[y * w + w - 1]], 2 * (w + y));
  return Math.floor(median(edge));
}

/** Repeats pixels when enlarging; the sharpest when making smaller. */
function filterFor(one: Plane, height: number, width: number): "lanczos" | "box" {
  return one.w >= width && one.h >= height ? "lanczos" : "box";
}
