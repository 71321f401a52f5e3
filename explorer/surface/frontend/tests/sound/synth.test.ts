/** Is a note loud only while it is played, also where it is cut before it begins? Against a gain that is computed from its schedule. */

import { expect, test } from "vitest";
import { type AudioGraph, CUT, Synth } from "../../src/sound/synth";

interface Planned {
  readonly kind: "set" | "ramp" | "target";
  readonly value: number;
  readonly at: number;
  readonly constant: number;
}

/** An AudioParam whose value at a time follows from what was planned, by the formulas of the Web Audio API. */
class Param {
  planned: Planned[] = [];

  constructor(
    private readonly clock: { now: number },
    private readonly first: number,
  ) {}

  set value(value: number) {
    this.setValueAtTime(value, this.clock.now);
  }

  setValueAtTime(value: number, at: number): void {
    this.planned.push({ kind: "set", value, at, constant: 0 });
  }

  linearRampToValueAtTime(value: number, at: number): void {
    this.planned.push({ kind: "ramp", value, at, constant: 0 });
  }

  setTargetAtTime(value: number, at: number, constant: number): void {
    this.planned.push({ kind: "target", value, at, constant });
  }

  cancelScheduledValues(from: number): void {
    this.planned = this.planned.filter(({ at }) => at < from);
  }

  valueAt(time: number): number {
    let [value, since] = [this.first, 0];
    let target: Planned | null = null;
    const reached = (until: number) =>
      target ? target.value + (value - target.value) * Math.exp(-(until - target.at) / target.constant) : value;
    for (const one of [...this.planned].sort((a, b) => a.at - b.at)) {
      if (one.kind === "ramp" && one.at > time) {
        const from = reached(since);
        return from + ((one.value - from) * Math.max(0, time - since)) / (one.at - since);
      }
      if (one.at > time) break;
      value = one.kind === "target" ? reached(one.at) : one.value;
      target = one.kind === "target" ? one : null;
      since = one.at;
    }
    return reached(time);
  }
}

function graphOf(clock: { now: number }) {
  const gains: Param[] = [];
  const spans: { start: number; stop: number }[] = [];
  const node = () => ({ connect: () => undefined, disconnect: () => undefined });
  const graph = {
    get currentTime() {
      return clock.now;
    },
    destination: {},
    createDynamicsCompressor: node,
    createGain: () => {
      const gain = new Param(clock, 1);
      gains.push(gain);
      return { ...node(), gain };
    },
    createOscillator: () => {
      const span = { start: 0, stop: 0 };
      spans.push(span);
      const start = (at: number) => {
        span.start = at;
      };
      const stop = (at: number) => {
        span.stop = at;
      };
      return { ...node(), type: "", frequency: { value: 0 }, start, stop };
    },
  };
  return { graph: graph as unknown as AudioGraph, gains, spans };
}

/** The largest gain of the first note while its oscillator runs. */
function loudest({ gains, spans }: ReturnType<typeof graphOf>): number {
  const [, gain] = gains; // the first is the volume of all
  const [{ start, stop }] = spans;
  return Math.max(0, ...Array.from({ length: 2000 }, (_, i) => gain.valueAt(start + ((stop - start) * i) / 2000)));
}

function played(cutAt: number | null) {
  const clock = { now: 1 };
  const heard = graphOf(clock);
  const synth = new Synth(heard.graph);
  synth.play(440, 1.1, 0.3);
  if (cutAt !== null) {
    clock.now = cutAt;
    synth.silence();
  }
  return heard;
}

test("a note that is played is as loud as every other", () => {
  expect(loudest(played(null))).toBeCloseTo(0.25, 2);
});

test.each([0.012, 0.006, 0.003, 0.0005])("a note that is cut %d s before it begins is not heard", (before) => {
  expect(loudest(played(1.1 - before))).toBeLessThan(1e-3);
});

test("a note that is cut while it sounds fades, and no louder than it was", () => {
  const heard = played(1.25);
  expect(loudest(heard)).toBeLessThan(0.26);
  expect(heard.gains[1].valueAt(1.25 + CUT)).toBeLessThan(0.01);
  expect(heard.spans[0].stop).toBeCloseTo(1.25 + CUT, 9);
});
