"""Trainings that the page has kept: its zip read, and a run made of it."""
