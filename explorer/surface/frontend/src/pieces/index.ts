/** Every interactive piece by its name in a lesson. */

import type { PieceName } from "../wire/schema";
import { DartsPiece } from "./darts";
import { EncoderPiece } from "./encoder";
import { GradientsPiece } from "./gradients";
import { IntegratePiece } from "./integrate";
import type { MakePiece } from "./piece";
import { SurgeryPiece } from "./surgery";

export const PIECES: Readonly<Record<PieceName, MakePiece>> = {
  encoder: (_told, subject) => new EncoderPiece(subject),
  darts: (_told, subject) => new DartsPiece(subject),
  integrate: (_told, subject) => new IntegratePiece(subject),
  gradients: ({ theta }) => new GradientsPiece(theta),
  surgery: () => new SurgeryPiece(),
};
