/**
 * Where do a model's numbers lie? In one memory that kernels work on: weights, tables and tensors, given out once and never moved.
 *
 * Every model has an arena of its own, so that its memory goes with it.
 */

import { PayloadError } from "../wire/errors";
import { arithmetic, type Found, type Kernels, PANEL } from "./kernels";
import { KERNEL_BYTES } from "./modules";
import { ScalarKernels } from "./scalar";

const PAGE = 65536; // bytes by which WebAssembly's memory grows
const ALIGN = 16;
/** Three numbers beyond the last of a tensor may be read and written. */
const SLACK = 12;

export class Arena {
  readonly kernels: Kernels;
  readonly found: Found;
  /** Room for the products' panels. */
  readonly panel: number;
  private readonly memory: WebAssembly.Memory | null;
  private view: Float32Array<ArrayBuffer>;
  private top = KERNEL_BYTES;

  constructor(found: Found = arithmetic()) {
    this.found = found;
    this.memory = found.instantiate ? new WebAssembly.Memory({ initial: 1 }) : null;
    this.view = new Float32Array(this.memory?.buffer ?? new ArrayBuffer(PAGE));
    this.kernels =
      this.memory && found.instantiate ? found.instantiate(this.memory) : new ScalarKernels(() => this.floats);
    this.panel = this.floatsOf(PANEL);
  }

  /** All numbers; to be asked for anew after every allocation. */
  get floats(): Float32Array<ArrayBuffer> {
    return this.view;
  }

  /** Bytes given out. */
  get size(): number {
    return this.top;
  }

  /** The address of room for n numbers, 0 at first. */
  floatsOf(n: number): number {
    const at = this.top;
    this.top = Math.ceil((at + 4 * n + SLACK) / ALIGN) * ALIGN;
    this.growTo(this.top);
    return at;
  }

  /** The address of a copy of these numbers. */
  keep(values: ArrayLike<number>): number {
    const at = this.floatsOf(values.length);
    this.view.set(values, at / 4);
    return at;
  }

  /** The address of a table of whole numbers. */
  table(values: ArrayLike<number>): number {
    const at = this.floatsOf(values.length);
    new Uint32Array(this.view.buffer).set(values, at / 4);
    return at;
  }

  /** The n numbers at an address: a view, good until the next allocation. */
  at(address: number, n: number): Float32Array<ArrayBuffer> {
    return this.view.subarray(address / 4, address / 4 + n);
  }

  private growTo(bytes: number): void {
    const had = this.view.byteLength;
    if (bytes <= had) return;
    if (this.memory) {
      // half as much again, so that a network of many layers does not grow it at each
      const wanted = Math.ceil((Math.max(bytes, 1.5 * had) - had) / PAGE);
      try {
        this.memory.grow(wanted);
      } catch {
        this.grow(this.memory, bytes - had);
      }
      this.view = new Float32Array(this.memory.buffer);
      return;
    }
    const larger = new Float32Array(Math.ceil(Math.max(bytes, 1.5 * had) / 4));
    larger.set(this.view);
    this.view = larger;
  }

  private grow(memory: WebAssembly.Memory, bytes: number): void {
    try {
      memory.grow(Math.ceil(bytes / PAGE));
    } catch {
      const size = Math.ceil((this.view.byteLength + bytes) / 2 ** 20);
      throw new PayloadError(`This network needs ${size} MiB of memory or more, which this browser does not give.`);
    }
  }
}
