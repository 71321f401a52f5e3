"""What frames every page: the list of pages, the choice of a run, what is said where something fails."""
