"""What the model draws, beside test images."""
