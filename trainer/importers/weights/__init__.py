"""Weights in files: read as tensors, found among whatever else is saved, brought together with the names of a model."""
