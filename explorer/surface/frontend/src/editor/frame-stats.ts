/** How much work is a frame? Kept for benchmarks, a ring of the last frames. */

import { nearestRank } from "../data/quantities";

const KEEP = 4096;

export interface FrameStats {
  /** Frames in which the probe was decoded, since the last reset. */
  readonly frames: number;
  /** Milliseconds of script in each of the last frames, oldest first. */
  readonly work_ms: readonly number[];
  /** When each of them began, performance.now(). */
  readonly at_ms: readonly number[];
  readonly p50_ms: number;
  readonly p95_ms: number;
  /** Frames a second over those that follow each other within 100 ms; 0 without any. */
  readonly fps: number;
  /** What computes the networks: `relaxed` or `simd` WebAssembly, or `scalar`, with the reason why nothing faster does. */
  readonly arithmetic: string;
}

export class Stats {
  private frames = 0;
  private work: number[] = [];
  private at: number[] = [];

  record(at: number, work: number): void {
    this.frames++;
    this.at.push(at);
    this.work.push(work);
    if (this.work.length > KEEP) {
      this.at.splice(0, KEEP / 2);
      this.work.splice(0, KEEP / 2);
    }
  }

  reset(): void {
    this.frames = 0;
    this.work = [];
    this.at = [];
  }

  read(arithmetic: string): FrameStats {
    return {
      frames: this.frames,
      work_ms: [...this.work],
      at_ms: [...this.at],
      p50_ms: nearestRank(this.work, 0.5),
      p95_ms: nearestRank(this.work, 0.95),
      fps: framesPerSecond(this.at),
      arithmetic,
    };
  }
}

export function framesPerSecond(at: readonly number[]): number {
  const gaps = at
    .slice(1)
    .map((time, i) => time - at[i])
    .filter((gap) => gap < 100);
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  return total > 0 ? (1000 * gaps.length) / total : 0;
}
