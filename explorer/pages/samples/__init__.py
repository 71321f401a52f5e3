"""What the model draws, beside real images."""
