"""What the model makes of pictures that a person brings."""
