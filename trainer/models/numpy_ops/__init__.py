"""What does each operation of `trainer.models.layers` compute, in numpy alone? Independent of torch, whose second opinion it is."""
