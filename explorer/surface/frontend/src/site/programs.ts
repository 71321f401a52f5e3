/** Which programs come only when they are needed, and what does each offer? They are loaded apart and find each other by these names. */

import type { PieceTold, TrainingBegin } from "../wire/schema";
import { scriptFile } from "./parts";

/** Of the program that trains. */
export interface TrainProgram {
  /** A lesson's training; returns what to do when the step is left. */
  inLesson(parent: HTMLElement, begin: TrainingBegin, images: Uint8Array): () => void;
  /** The whole page. fetch: brings the images of that name. */
  inSite(parent: HTMLElement, images: Uint8Array, offers: TrainOffers): void;
}

export interface TrainOffers {
  readonly images: readonly { readonly name: string; readonly title: string }[];
  fetch(name: string): Promise<Uint8Array>;
}

/** Of the program that sets formulas: into the element, as MathML. */
export type SetFormula = (tex: string, isDisplayed: boolean, element: HTMLElement) => void;

/** Of the program of the pieces. subject: null of one that is about no image; returns what to do when the step is left. */
export type ShowPiece = (parent: HTMLElement, told: PieceTold, subject: Uint8Array | null) => () => void;

export const TRAIN_PROGRAM = Symbol.for("latent-atlas-train-program");
export const MATH_PROGRAM = Symbol.for("latent-atlas-math-program");
export const PIECE_PROGRAM = Symbol.for("latent-atlas-piece-program");

type Programs = Window & { [TRAIN_PROGRAM]?: TrainProgram; [MATH_PROGRAM]?: SetFormula; [PIECE_PROGRAM]?: ShowPiece };

export function offerTraining(program: TrainProgram): void {
  (window as Programs)[TRAIN_PROGRAM] = program;
}

export function offerFormulas(program: SetFormula): void {
  (window as Programs)[MATH_PROGRAM] = program;
}

export function offerPieces(program: ShowPiece): void {
  (window as Programs)[PIECE_PROGRAM] = program;
}

/** Raises `PayloadError` where the file cannot be loaded. */
export async function trainProgram(file: string): Promise<TrainProgram> {
  await scriptFile(file);
  return (window as Programs)[TRAIN_PROGRAM] as TrainProgram;
}

export async function mathProgram(file: string): Promise<SetFormula> {
  await scriptFile(file);
  return (window as Programs)[MATH_PROGRAM] as SetFormula;
}

export async function pieceProgram(file: string): Promise<ShowPiece> {
  await scriptFile(file);
  return (window as Programs)[PIECE_PROGRAM] as ShowPiece;
}
