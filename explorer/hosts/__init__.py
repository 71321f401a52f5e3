"""Where else the map stands: an HTML file, a notebook, the command line."""
