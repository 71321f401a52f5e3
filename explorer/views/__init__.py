"""One thin module a page, each with `show(state)`: it reads like the screen, top to bottom."""
