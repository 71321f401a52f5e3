"""Codes between codes: interpolation, the metric that the decoder pulls back, geodesics and paths."""
