/** Does each note begin when the roll says, on a clock that goes as unevenly as frames do, and is what a note is played on silent in the end? */

import { expect, test } from "vitest";
import { Conductor, type Instrument, LEAD } from "../../src/sound/conductor";
import { type Cells, cellsOf, frequencyOf } from "../../src/sound/roll";
import { type AudioGraph, Synth } from "../../src/sound/synth";

const ROLL = { lowest_pitch: 60, steps_per_beat: 4, beats_per_minute: 100 };
const STEP = 0.15;

interface Played {
  readonly frequency: number;
  readonly at: number;
  readonly seconds: number;
}

class Recorder implements Instrument {
  now = 10;
  played: Played[] = [];
  silenced = 0;

  play(frequency: number, at: number, seconds: number): void {
    expect(at).toBeGreaterThanOrEqual(this.now); // never in the past
    this.played.push({ frequency, at, seconds });
  }

  silence(): void {
    this.silenced++;
  }
}

function drawn(...rows: readonly string[]): Cells {
  return cellsOf(
    rows.flatMap((row) => Array.from(row, (sign) => (sign === "#" ? 1 : 0))),
    rows.length,
    rows[0].length,
  );
}

/** Frames of 5 to 60 ms, until it is over or `seconds` have gone by. */
function run(conductor: Conductor, instrument: Recorder, seconds: number): number[] {
  const end = instrument.now + seconds;
  const seen: number[] = [];
  for (let i = 0; instrument.now < end; i++) {
    const step = conductor.tick();
    if (step === null) break;
    seen.push(step);
    instrument.now += 0.005 + 0.055 * ((i * 0.618) % 1);
  }
  return seen;
}

const BAR = drawn(
  "........####....",
  "....#.#.........",
  "###.........#...", // the lowest
);

test("a bar is played note for note at its time, once", () => {
  const instrument = new Recorder();
  const conductor = new Conductor(instrument);
  conductor.begin("bar", BAR, ROLL);
  const seen = run(conductor, instrument, 10);
  const wanted = [
    [60, 0, 3],
    [61, 4, 1],
    [61, 6, 1],
    [62, 8, 4],
    [60, 12, 1],
  ];
  expect(instrument.played).toHaveLength(wanted.length);
  wanted.forEach(([pitch, step, length], i) => {
    expect(instrument.played[i].frequency).toBeCloseTo(frequencyOf(pitch), 9);
    expect(instrument.played[i].at).toBeCloseTo(10 + LEAD + step * STEP, 9);
    expect(instrument.played[i].seconds).toBeCloseTo(length * STEP, 9);
  });
  expect(conductor.playing).toBeNull();
  expect(instrument.silenced).toBe(0); // its last note rings out
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen[0]).toBe(0);
  expect(Math.max(...seen)).toBeLessThan(16);
});

test("the first beat ends after its steps, and so does a note that goes on in the bar", () => {
  const instrument = new Recorder();
  const conductor = new Conductor(instrument);
  conductor.begin("beat", drawn("..######"), ROLL);
  run(conductor, instrument, 10);
  expect(instrument.played.map(({ seconds }) => seconds)).toEqual([expect.closeTo(2 * STEP, 9)]);
  expect(instrument.now).toBeLessThan(10 + LEAD + 4 * STEP + 0.07);
});

test("along a path each step is heard of the picture that is there by then, bar after bar", () => {
  const instrument = new Recorder();
  const conductor = new Conductor(instrument);
  const [low, high] = [drawn("....", "#.#."), drawn("#.#.", "....")];
  conductor.begin("path", low, ROLL);
  run(conductor, instrument, 8 * STEP);
  const before = instrument.played.length;
  conductor.follow(high);
  run(conductor, instrument, 8 * STEP);
  const pitches = instrument.played.map(({ frequency }) => frequency);
  expect(new Set(pitches.slice(0, before))).toEqual(new Set([frequencyOf(60)]));
  expect(new Set(pitches.slice(before))).toEqual(new Set([frequencyOf(61)]));
  const gaps = instrument.played.slice(1).map(({ at }, i) => at - instrument.played[i].at);
  for (const gap of gaps) expect(gap).toBeCloseTo(2 * STEP, 9); // no step is left out, none is played twice
  expect(conductor.playing).toBe("path");
});

test("a pitch that is held when the picture changes is not struck again before it ends", () => {
  const instrument = new Recorder();
  const conductor = new Conductor(instrument);
  conductor.begin("path", drawn("###.", "...."), ROLL);
  conductor.follow(drawn("####", "...."));
  run(conductor, instrument, 4 * STEP - 0.1);
  expect(instrument.played.map(({ seconds }) => Math.round(seconds / STEP))).toEqual([3, 1]);
});

test("what a page that stood still has missed is not made up for", () => {
  const instrument = new Recorder();
  const conductor = new Conductor(instrument);
  conductor.begin("bar", drawn("#.#.#.#.#.#.#.#."), ROLL);
  const before = instrument.played.length;
  instrument.now += 8 * STEP;
  conductor.tick();
  expect(instrument.played.length - before).toBeLessThanOrEqual(1);
});

test("stopped, or begun anew, it silences what is still to come", () => {
  const instrument = new Recorder();
  const conductor = new Conductor(instrument);
  conductor.stop();
  expect(instrument.silenced).toBe(0);
  conductor.begin("bar", BAR, ROLL);
  conductor.begin("beat", BAR, ROLL);
  expect(instrument.silenced).toBe(1);
  conductor.stop();
  expect(instrument.silenced).toBe(2);
  expect(conductor.tick()).toBeNull();
});

/** What is told of an audio graph that plays nothing. */
class FakeGraph {
  currentTime = 2;
  readonly destination = { name: "destination" };
  readonly oscillators: FakeNode[] = [];
  readonly gains: FakeNode[] = [];
  readonly limiter = new FakeNode();

  createOscillator(): FakeNode {
    return this.made(this.oscillators);
  }

  createGain(): FakeNode {
    return this.made(this.gains);
  }

  createDynamicsCompressor(): FakeNode {
    return this.limiter;
  }

  private made(list: FakeNode[]): FakeNode {
    const node = new FakeNode();
    list.push(node);
    return node;
  }
}

class FakeParam {
  value = 0;
  readonly events: [kind: string, value: number, at: number][] = [];

  setValueAtTime(value: number, at: number): void {
    this.events.push(["set", value, at]);
  }

  linearRampToValueAtTime(value: number, at: number): void {
    this.events.push(["ramp", value, at]);
  }

  setTargetAtTime(value: number, at: number): void {
    this.events.push(["target", value, at]);
  }

  cancelScheduledValues(at: number): void {
    this.events.push(["cancel", 0, at]);
  }
}

class FakeNode {
  readonly gain = new FakeParam();
  readonly frequency = new FakeParam();
  readonly to: unknown[] = [];
  readonly starts: number[] = [];
  readonly stops: number[] = [];
  type = "sine";
  onended: (() => void) | null = null;

  connect(node: unknown): void {
    this.to.push(node);
  }

  disconnect(): void {
    this.to.length = 0;
  }

  start(at: number): void {
    this.starts.push(at);
  }

  stop(at: number): void {
    this.stops.push(at);
  }
}

function synth(): { graph: FakeGraph; made: Synth } {
  const graph = new FakeGraph();
  return { graph, made: new Synth(graph as unknown as AudioGraph) };
}

test("a note is one oscillator under an envelope that begins and ends at nothing", () => {
  const { graph, made } = synth();
  made.play(440, 3, 0.45);
  const [oscillator] = graph.oscillators;
  const [master, envelope] = graph.gains;
  expect(graph.oscillators).toHaveLength(1);
  expect(oscillator.frequency.value).toBe(440);
  expect(oscillator.starts).toEqual([3]);
  expect(oscillator.stops[0]).toBeGreaterThan(3.45);
  expect(envelope.gain.events[0]).toEqual(["set", 0, 3]);
  expect(envelope.gain.events.at(-1)).toEqual(["target", 0, 3.45]);
  expect(Math.max(...envelope.gain.events.map(([, value]) => value))).toBeLessThanOrEqual(0.25);
  expect([oscillator.to, envelope.to, master.to, graph.limiter.to]).toEqual([
    [envelope],
    [master],
    [graph.limiter],
    [graph.destination],
  ]);
  oscillator.onended?.();
  expect(envelope.to).toEqual([]);
});

test("silence ends every note at once, also those that have not begun", () => {
  const { graph, made } = synth();
  made.play(440, 2, 1);
  made.play(550, 9, 1);
  made.silence();
  for (const { stops } of graph.oscillators) expect(stops.at(-1)).toBeCloseTo(2, 1);
});

test("no volume is silence, and half of it a quarter of the amplitude", () => {
  const { graph, made } = synth();
  made.setVolume(0);
  made.setVolume(0.5);
  made.setVolume(1);
  expect(graph.gains[0].gain.events.map(([, value]) => value)).toEqual([0, 0.25, 1]);
});
