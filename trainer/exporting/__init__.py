"""A run's decoder as a program of a few lines that needs nothing of this project."""

from trainer.exporting.program import DIALECTS, Decoder, Dialect, decoder_of, program

__all__ = ["DIALECTS", "Decoder", "Dialect", "decoder_of", "program"]
