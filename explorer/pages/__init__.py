"""One module or folder a page, each with `show(state)`: it reads like the screen, top to bottom. Pages do not import each other."""
