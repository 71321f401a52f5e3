"""How is a gradient computed without autograd? The backward pass of our own graphs, written out from their records."""
