"""Run folders: what is in them, how they are read, written, listed and kept whole."""
