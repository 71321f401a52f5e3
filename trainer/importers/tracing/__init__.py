"""Which of our layers a function of PyTorch computes: it is recorded, operation by operation."""
