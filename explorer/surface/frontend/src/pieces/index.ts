/** Every interactive piece by its name in a lesson. */

import type { PieceName } from "../wire/schema";
import { EncoderPiece } from "./encoder";
import type { MakePiece } from "./piece";

export const PIECES: Partial<Record<PieceName, MakePiece>> = {
  encoder: (told, subject) => new EncoderPiece(told, subject),
};
