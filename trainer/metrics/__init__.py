"""One file a figure: its definition, its source and its error."""
