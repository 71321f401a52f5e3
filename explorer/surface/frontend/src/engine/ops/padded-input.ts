/** How does a convolution read beyond the edge? Zeros are laid around its input once. */

/** The input with a border of zeros, so that the inner loops need no bounds checks. */
export class PaddedInput {
  readonly height: number;
  readonly width: number;
  private readonly data: Float32Array;

  constructor(
    private readonly channels: number,
    private readonly innerH: number,
    private readonly innerW: number,
    private readonly before: number,
    after: number,
  ) {
    this.height = innerH + before + after;
    this.width = innerW + before + after;
    this.data = new Float32Array(channels * this.height * this.width);
  }

  fill(x: Float32Array): Float32Array {
    const { innerH, innerW, before, width, height, data } = this;
    if (before === 0 && width === innerW && height === innerH) return x;
    for (let c = 0, from = 0; c < this.channels; c++) {
      let to = (c * height + before) * width + before;
      for (let row = 0; row < innerH; row++, to += width - innerW) {
        for (let col = 0; col < innerW; col++) data[to++] = x[from++];
      }
    }
    return data;
  }
}
