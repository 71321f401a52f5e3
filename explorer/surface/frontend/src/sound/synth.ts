/** How does a note sound? One oscillator under an envelope, through a volume and a limiter; no recorded sound. */

import type { Instrument } from "./conductor";

/** What is needed of Web Audio. */
export type AudioGraph = Pick<
  AudioContext,
  "currentTime" | "destination" | "createOscillator" | "createGain" | "createDynamicsCompressor"
>;

/** Of full scale: several notes at once stay below it. */
const PEAK = 0.25;
/** Of the peak, while a note is held. */
const HELD = 0.6;
/** Seconds. A note that begins or ends at once clicks. */
const ATTACK = 0.008;
const DECAY = 0.15;
const RELEASE = 0.12;
export const CUT = 0.04;
/** Time constants of an exponential after which nothing is heard: e⁻⁵ is −43 dB. */
const CONSTANTS = 5;

interface Voice {
  readonly oscillator: OscillatorNode;
  readonly gain: GainNode;
}

export class Synth implements Instrument {
  private readonly master: GainNode;
  private readonly voices = new Set<Voice>();

  constructor(private readonly graph: AudioGraph) {
    this.master = graph.createGain();
    const limiter = graph.createDynamicsCompressor(); // where a decoder lights many pitches at once
    this.master.connect(limiter);
    limiter.connect(graph.destination);
  }

  get now(): number {
    return this.graph.currentTime;
  }

  /** 0 … 1; loudness grows about as the square root of the amplitude does. */
  setVolume(volume: number): void {
    this.master.gain.setTargetAtTime(volume ** 2, this.now, CUT / CONSTANTS);
  }

  play(frequency: number, at: number, seconds: number): void {
    const oscillator = this.graph.createOscillator();
    const gain = this.graph.createGain();
    const voice = { oscillator, gain };
    oscillator.type = "triangle";
    oscillator.frequency.value = frequency;
    gain.gain.value = 0; // it begins at 1, to which a note that is cut before it began would go back
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(PEAK, at + ATTACK);
    gain.gain.setTargetAtTime(HELD * PEAK, at + ATTACK, DECAY);
    gain.gain.setTargetAtTime(0, at + Math.max(seconds, ATTACK), RELEASE / CONSTANTS);
    oscillator.connect(gain);
    gain.connect(this.master);
    oscillator.onended = () => {
      gain.disconnect();
      this.voices.delete(voice);
    };
    this.voices.add(voice);
    oscillator.start(at);
    oscillator.stop(at + seconds + RELEASE);
  }

  silence(): void {
    for (const { oscillator, gain } of this.voices) {
      gain.gain.cancelScheduledValues(this.now);
      gain.gain.setTargetAtTime(0, this.now, CUT / CONSTANTS);
      oscillator.stop(this.now + CUT);
    }
  }
}
