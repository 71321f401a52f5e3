"""How the code of an imported model runs in a process of its own, and how its files and faults are named."""
