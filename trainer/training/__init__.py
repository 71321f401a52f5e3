"""How a configuration becomes a run: the loop, what it minimises, and what is kept of it."""
